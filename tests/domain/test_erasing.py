"""A person is found however they are written, and nobody else is."""

import base64
import json
import zlib
from typing import Any
from urllib.parse import quote_plus

import pytest

from gateway.domain.erasing import ERASED, Person, left_of

ADA = Person(("ada.rossi@acme.example", "Ada Rossi", "+39 02 1234567", "Zoë Müller"))
MAIL = (
    b"From: x@y.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"I am Ada Rossi of Milan, call me")
)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param("call ADA  ROSSI, please", id="wide spaces and capitals"),
        pytest.param("<Ada.Rossi@ACME.example>", id="in brackets"),
        pytest.param("tel. +39(02)123-45-67", id="a number written otherwise"),
        pytest.param("Zoe\u0308 Mu\u0308ller", id="composed otherwise"),
        pytest.param({"x": [{"Ada Rossi": 1}]}, id="a name in a document"),
        pytest.param(json.dumps({"who": "Zoë Müller"}).encode(), id="escaped in JSON"),
        pytest.param(b"who=" + quote_plus("Zoë Müller").encode(), id="escaped in a form"),
        pytest.param(MAIL, id="in a part of a mail"),
        pytest.param(zlib.compress(b"... Ada Rossi ..."), id="compressed"),
        pytest.param("from Zoë Müller".encode("latin-1"), id="in Latin-1"),
        pytest.param("Zoë Müller".encode("utf-16"), id="in UTF-16"),
        pytest.param(b"who=Zo%EB+M%FCller", id="in Latin-1, escaped in a form"),
        pytest.param(
            b"Subject: x\nContent-Transfer-Encoding: quoted-printable\n\nZo=EB M=FCller",
            id="in a mail in Latin-1",
        ),
        pytest.param(b"<b>Zo&euml; M&#252;ller</b>", id="as entities of HTML"),
        pytest.param(b'{"text": "from\\nAda\\tRossi"}', id="behind line breaks of JSON"),
    ],
)
def test_found_however_it_is_written(found: object) -> None:
    assert ADA.is_in(found)


@pytest.mark.parametrize(
    "text", ["Adalbert Rossini", "bada rossi", "ada.rossi@acme.example.org2x", "39021234567890", "", None, 7]
)
def test_nobody_else_is_found(text: object) -> None:
    assert not ADA.is_in(text)


def test_what_stands_there_afterwards() -> None:
    assert ADA.without({"by": "Ada Rossi", "n": 3, "to": ["ada.rossi@acme.example"]}) == {
        "by": ERASED,
        "n": 3,
        "to": [ERASED],
    }
    assert ADA.without(b"raw of Ada Rossi") == b""


def test_short_terms_are_refused_for_they_stand_in_the_words_of_others() -> None:
    for terms in ((), ("Ada",), ("Ada Rossi", "..a..")):
        with pytest.raises(ValueError, match=r"term|fewer"):
            Person(terms)


def test_what_they_wrote_goes_whole_what_names_them_goes_by_the_name() -> None:
    row: dict[str, Any] = {
        "text": "the door is stuck",
        "author": "Ada Rossi",
        "kind": "comment",
        "filename": None,
    }
    row |= {"source": {"author": "7", "remote_id": "12"}, "salt": "s", "blob_key": None}
    words = ("text", "author", "filename", "source")
    gone = {"text": ERASED, "author": ERASED, "salt": "", "source": {"remote_id": "12"}}
    assert left_of("content", row, ADA, words=words) == gone
    named = {**row, "author": "Bob", "text": "Ada Rossi waits"}
    assert left_of("content", named, ADA, words=words) == {"text": f"{ERASED} waits", "salt": ""}
    assert left_of("content", {**row, "author": "Bob"}, ADA, words=words) == {}
    title = {**row, "author": "Bob", "kind": "title"}
    assert left_of("content", title, ADA, words=words, requested=True) == gone
    assert left_of("content", {**row, **gone}, ADA, words=words) == {}
