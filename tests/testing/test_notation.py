"""Nouns to JSON and back: exact, strict, and with words for what is wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connector import Effect, FilePart, Request
from gateway.domain.model import (
    Actor,
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    HistoryEntry,
    NativeComment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)
from gateway.errors import Invalid
from gateway.testing.notation import blob_of, moments_in, public_parts, read, read_list, write

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = Actor(id="7", name="Rosa", kind=ActorKind.PERSON)
COMMENT = NativeComment(remote_id="1", text="hi", visibility=Visibility.PUBLIC, author=ACTOR, at=AT)
SNAPSHOT = Snapshot(
    remote_id="7",
    fields={"status": "open", "group": None},
    comments=(COMMENT,),
    history=(HistoryEntry(id="1", field="status", old=None, new="open", at=AT),),
    has_history=True,
    changed_at=AT,
)

NOUNS: Mapping[str, object] = {
    "snapshot": SNAPSHOT,
    "sighting": Sighting(remote_id="7", snapshot=SNAPSHOT, hints={"queue": "print"}),
    "page": Page(sightings=(Sighting(remote_id="7"),), cursor="c", more=True),
    "receipt": Receipt(remote_id="7", entries=("1", "2"), at=AT),
    "comment command": Command(
        id="d",
        kind=CommandKind.COMMENT,
        marker="m",
        remote_id="7",
        comment=CommentDraft(text="hi", visibility=Visibility.PRIVATE, occurrence=2),
    ),
    "attach command": Command(
        id="d",
        kind=CommandKind.ATTACH,
        marker="m",
        attachment=AttachmentDraft(
            filename="a", media_type="text/plain", blob=blob_of(b"a"), visibility=Visibility.PUBLIC
        ),
    ),
    "request": Request(
        effect=Effect.WRITE,
        method="POST",
        path="x",
        params=(("a", "1"), ("a", "2")),
        form={"b": "c"},
        files=(FilePart(name="f", filename="f.txt", media_type="text/plain", blob=blob_of(b"f")),),
        accept=(404,),
    ),
    "request with bytes": Request(effect=Effect.READ, method="GET", path="x", content=b"\xff\x00"),
    "request with any JSON": Request(
        effect=Effect.READ, method="GET", path="x", json={"a": [1, None, {"b": True}]}
    ),
    "desk": Desk(
        id="1", code="c", org_id="o", connector="x", poll_every=timedelta(minutes=5), zone="Europe/Rome"
    ),
}


@pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS.keys())
def test_there_and_back(noun: object) -> None:
    document = write(noun)
    assert read(type(noun), document) == noun
    assert write(read(type(noun), document)) == document


def test_defaults_are_left_out() -> None:
    assert write(Sighting(remote_id="7")) == {"remote_id": "7"}
    assert write(Page(sightings=[], cursor="c")) == {"sightings": [], "cursor": "c"}
    assert write(Receipt(remote_id="7", entries=[])) == {"remote_id": "7"}


def test_moments_are_compared_as_instants() -> None:
    here = AT.astimezone(timezone(timedelta(hours=5)))
    assert write(here) == write(AT) == "2026-03-01T12:00:00+00:00"


def test_a_naive_moment_stays_visible() -> None:
    assert write(AT.replace(tzinfo=None)) == "2026-03-01T12:00:00 (no offset!)"


def test_a_blob_by_its_text() -> None:
    document = {"filename": "a", "media_type": "b", "blob": {"text": "hello"}, "visibility": "public"}
    draft = read(AttachmentDraft, document)
    assert (draft.blob.size, draft.blob.sha256[:8]) == (5, "2cf24dba")


WRONG: Mapping[str, tuple[type[Any], object, str]] = {
    "an unknown key": (
        Sighting,
        {"remote_id": "7", "colour": "red"},
        "(top): 'colour' is not right; write keys of",
    ),
    "a missing key": (Sighting, {}, "remote_id as well"),
    "a number as id": (Sighting, {"remote_id": 7}, "remote_id: 7 is not right; write a str"),
    "a bool as number": (
        CommentDraft,
        {"text": "", "visibility": "public", "occurrence": True},
        "occurrence: True",
    ),
    "an unknown word": (
        CommentDraft,
        {"text": "", "visibility": "secret"},
        "visibility: 'secret' is not right",
    ),
    "no offset": (Receipt, {"remote_id": "7", "at": "2026-03-01T12:00:00"}, "at: '2026-03-01T12:00:00'"),
    "no list": (Page, {"sightings": "x", "cursor": ""}, "sightings: 'x' is not right; write a list"),
    "deep inside": (
        Page,
        {"sightings": [{"remote_id": "1"}, {"remote_id": 2}], "cursor": ""},
        "sightings[1].remote_id",
    ),
    "no mapping": (Snapshot, {"remote_id": "1", "fields": []}, "fields: [] is not right; write a mapping"),
    "no noun": (Snapshot, [], "write a Snapshot"),
    "bad base64": (
        Request,
        {"effect": "read", "method": "G", "path": "", "content": {"base64": "?"}},
        "content",
    ),
}


@pytest.mark.parametrize(("kind", "document", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(kind: type[Any], document: object, words: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(kind, document)
    assert words in str(raised.value)


def test_a_list_must_be_one() -> None:
    with pytest.raises(Invalid, match="write a list"):
        read_list(Sighting, {"remote_id": "7"}, at="expect")


def test_every_moment_is_found() -> None:
    assert moments_in(Sighting(remote_id="7", snapshot=SNAPSHOT)) == [AT, AT, AT]
    assert moments_in({"a": [SNAPSHOT], "b": "text"}) == [AT, AT, AT]


def test_public_parts() -> None:
    hidden = NativeComment(remote_id="2", text="hi", visibility=Visibility.PRIVATE)
    assert public_parts([None, Snapshot(remote_id="7", fields={}, comments=(COMMENT, hidden))]) == {
        "comment 1"
    }


TEXT = st.text(max_size=20)


@given(
    st.builds(
        Snapshot,
        remote_id=TEXT,
        fields=st.dictionaries(TEXT, st.none() | TEXT, max_size=4),
        changed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        deleted=st.booleans(),
    )
)
def test_any_snapshot_comes_back(snapshot: Snapshot) -> None:
    assert read(Snapshot, write(snapshot)) == snapshot
