"""The desk's own words, for the person who must act; and login pages that pose as answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connector import Response
from gateway.desk_client.words import desk_words, is_login_page


def answer(body: str | bytes, kind: str = "application/json") -> Response:
    raw = body.encode() if isinstance(body, str) else body
    return Response(status=422, headers={"content-type": kind}, body=raw)


WORDS = {
    "a message": (answer('{"message": "Queue not found"}'), "Queue not found"),
    "a list of errors": (
        answer('{"errors": ["Subject cannot be blank", "Tracker is invalid"]}'),
        "Subject cannot be blank; Tracker is invalid",
    ),
    "errors by field": (answer('{"errors": {"title": ["too long"]}}'), "title: too long"),
    "nested": (answer('{"error": {"message": "no", "detail": "why"}}'), "no; why"),
    "a bare list": (answer('["Ticket 7: Permission Denied"]'), "Ticket 7: Permission Denied"),
    "nothing telling": (answer('{"code": 17, "state": "bad"}'), "state: bad"),
    "problem details": (
        answer('{"title": "Bad", "detail": "field x"}', "application/problem+json"),
        "field x; Bad",
    ),
    "said twice": (answer('{"error": "no", "message": "no"}'), "no"),
    "plain text": (answer("Not here.\r\n", "text/plain"), "Not here."),
    "a web page": (
        answer("<html><style>p{}</style><h1>Sorry</h1><p>closed</p>", "text/html; charset=utf-8"),
        "Sorry closed",
    ),
    "no JSON": (answer("{oops"), ""),
    "nothing": (answer(""), ""),
    "control characters": (answer("a\x00b\x1b[31mc\u202ed", "text/plain"), "a b [31mc d"),
    "Cyrillic": (answer('{"message": "Очередь не найдена"}'), "Очередь не найдена"),
}


@pytest.mark.parametrize(("response", "words"), WORDS.values(), ids=WORDS.keys())
def test_the_desks_words(response: Response, words: str) -> None:
    assert desk_words(response) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda leaf: st.lists(leaf) | st.dictionaries(st.text(), leaf),
)


@given(
    st.one_of(JSON.map(json.dumps).map(str.encode), st.binary()), st.sampled_from(["text/html", "x/json", ""])
)
def test_whatever_comes_the_words_are_short_and_printable(body: bytes, kind: str) -> None:
    words = desk_words(answer(body, kind))
    assert len(words) <= 500
    assert words.isprintable()


def test_long_words_are_cut() -> None:
    assert desk_words(answer("x" * 9000, "text/plain")) == "x" * 499 + "…"


LOGINS = {
    "a password field": ('<form><INPUT  class="a" type="password">', "text/html", True),
    "without quotes": ("<input type=password name=p>", "text/html; charset=utf-8", True),
    "a page without one": ("<input type=text> password", "text/html", False),
    "an answer that speaks of one": ('{"help": "<input type=password>"}', "application/json", False),
}


@pytest.mark.parametrize(("body", "kind", "login"), LOGINS.values(), ids=LOGINS.keys())
def test_a_login_page(body: str, kind: str, login: bool) -> None:
    assert is_login_page(answer(body, kind)) is login
