"""The Roundup connector against a running Roundup 2.6: what it writes arrives, what people do there is seen, what the
tracker moves by itself is what the manifest declares, and nothing private is ever published."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from connectors.roundup import CONNECTOR
from gateway.domain.model import (
    ActorKind,
    Command,
    CommandKind,
    Desk,
    HopStatus,
    Message,
    Receipt,
    Visibility,
)
from gateway.errors import DeskRejected, SignatureInvalid
from tests.connectors.drive import Drive
from tests.connectors.record_roundup import change, say
from tests.desks.launch import Roundup
from tests.desks.receiver import Receiver
from tests.desks.roundup_commands import attach, desk_of, drive_of, look, made, note, update

Make = Callable[..., Receipt]

pytestmark = pytest.mark.desks


@pytest.fixture
def drive(roundup_subcontractor: Roundup) -> Drive:
    return drive_of(roundup_subcontractor)


@pytest.fixture
def desk(roundup_subcontractor: Roundup) -> Desk:
    return desk_of(roundup_subcontractor)


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    return partial(made, drive, desk)


@pytest.fixture
def alice(roundup_subcontractor: Roundup) -> Iterator[httpx.Client]:
    """A person at the desk."""
    with roundup_subcontractor.client("alice") as client:
        yield client


def test_round_trip_of_every_mapped_status(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    rows = desk.profile.statuses
    assert {row.native for row in rows} == set(roundup_subcontractor.statuses)
    ticket = make().remote_id
    assert look(drive, desk, ticket).fields["status"] == "unread"
    for row in (*rows[1:], rows[0]):
        receipt = drive.run(CONNECTOR.push(update(ticket, status=row.native), desk))
        assert receipt.snapshot is not None
        assert receipt.snapshot.fields["status"] == row.native
        assert look(drive, desk, ticket).fields["status"] == row.native
    read = {row.native: row.status for row in rows}
    for status, native in desk.profile.write_statuses.items():
        assert read[native] is status
    assert set(desk.profile.write_statuses) == {
        HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS, HopStatus.PENDING, HopStatus.HELD,
        HopStatus.RESOLVED, HopStatus.CLOSED,
    }  # fmt: skip


def test_every_mapped_priority_is_written_and_read(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    assert set(desk.profile.priorities) == set(roundup_subcontractor.priorities)
    ticket = make().remote_id
    for native in desk.profile.priorities:
        drive.run(CONNECTOR.push(update(ticket, priority=native), desk))
        assert look(drive, desk, ticket).fields["priority"] == native


def test_a_created_ticket_is_whole_and_found_by_its_marker_alone(
    drive: Drive, desk: Desk, make: Make
) -> None:
    made = make(description="Since 09:00.\nTunnel 7.", priority="urgent", site="PAR-01", assignee="alice")
    assert made.marker is not None
    seen = look(drive, desk, made.remote_id)
    assert seen.fields == {
        "title": "VPN down", "description": "Since 09:00.\nTunnel 7.", "priority": "urgent", "site": "PAR-01",
        "status": "unread", "assignee": "alice", "delegate": None, "tags": None, "marker": made.marker,
    }  # fmt: skip
    assert seen.comments == (), "the description is no comment"
    probe = Command(id="dlv_1", kind=CommandKind.CREATE, marker=made.marker)
    assert [found.remote_id for found in drive.run(CONNECTOR.find(probe, desk))] == [made.remote_id]
    part = replace(probe, marker=made.marker[:-1])
    assert drive.run(CONNECTOR.find(part, desk)) == (), "a part of a marker is not the marker"
    drive.run(CONNECTOR.push(update(made.remote_id, status="done-cbb"), desk))
    assert len(drive.run(CONNECTOR.find(probe, desk))) == 1


def test_a_ticket_by_a_person_has_a_description_too(drive: Drive, desk: Desk, alice: httpx.Client) -> None:
    first = alice.post("/msg", json={"author": "alice", "content": "It is down"}).json()["data"]["id"]
    with_it = alice.post("/issue", json={"title": "with", "messages": [first]}).json()["data"]["id"]
    without = alice.post("/issue", json={"title": "without"}).json()["data"]["id"]
    time.sleep(1)  # within one second nobody can tell a description from the first answer
    say(alice, without, "alice", "It is down")
    assert look(drive, desk, with_it).fields["description"] == "It is down"
    seen = look(drive, desk, without)
    assert seen.fields["description"] is None
    assert [said.text for said in seen.comments] == ["It is down"]


STRANGE = {
    "spaces": "  two  words ",
    "lines": "one\r\ntwo\rthree\n\nfour\n",
    "markup": "<b>bold</b> & h1. *textile*",
    "letters": "Привет, è già 中 😀",
    "numbers": "-1",
    "NUL": "a\0b",
    "control": "a\x01\x0bb",
    "long": "word " * 1000,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=list(STRANGE))
def test_what_a_text_becomes_is_foreseen(drive: Drive, desk: Desk, make: Make, text: str) -> None:
    fields = {"title": text, "site": text}
    foreseen = {name: CONNECTOR.normalised(name, value, desk) for name, value in fields.items()}
    made = make(**fields, description=text)
    assert made.snapshot is not None
    assert foreseen.items() <= made.snapshot.fields.items()
    drive.run(CONNECTOR.push(update(made.remote_id, title="x", site="x"), desk))
    drive.run(CONNECTOR.push(update(made.remote_id, **fields), desk))
    drive.run(CONNECTOR.push(note(made.remote_id, text), desk))
    seen = look(drive, desk, made.remote_id)
    described = {"description": CONNECTOR.normalised("description", text, desk)}
    assert (foreseen | described).items() <= seen.fields.items()
    assert [said.text for said in seen.comments] == [CONNECTOR.normalised("description", text, desk)]


def test_fields_can_be_emptied(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make(priority="bug", assignee="alice", site="PAR-01").remote_id
    empty = {"priority": None, "assignee": None, "site": None}
    drive.run(CONNECTOR.push(update(ticket, **empty), desk))
    assert empty.items() <= look(drive, desk, ticket).fields.items()


def test_what_people_do_is_seen(drive: Drive, desk: Desk, make: Make, alice: httpx.Client) -> None:
    ticket = make().remote_id
    change(alice, ticket, status="need-eg")
    say(alice, ticket, "alice", "Which tunnel?")
    seen = look(drive, desk, ticket)
    assert seen.fields["status"] == "need-eg"
    assert [(said.text, said.author.name, said.author.kind) for said in seen.comments] == [
        ("Which tunnel?", "alice", ActorKind.PERSON)
    ]
    now = datetime.now(UTC)
    assert seen.changed_at is not None
    assert now - timedelta(minutes=1) < seen.changed_at <= now + timedelta(seconds=1)
    assert (seen.has_history, seen.history, seen.complete) == (False, (), True)


@pytest.mark.parametrize(
    "status", ["unread", "resolved", "done-cbb", "in-progress", "need-eg", "deferred", "testing"]
)
def test_our_message_moves_only_what_the_manifest_declares(
    drive: Drive, desk: Desk, make: Make, status: str
) -> None:
    ticket = make(status=status).remote_id
    receipt = drive.run(CONNECTOR.push(note(ticket, "hello"), desk))
    assert receipt.snapshot is not None
    effects = {
        effect.old: effect.new for effect in CONNECTOR.manifest.side_effects if effect.field == "status"
    }
    assert receipt.snapshot.fields["status"] == effects.get(status, status)
    assert look(drive, desk, ticket).comments[0].author.kind is ActorKind.GATEWAY


@pytest.mark.parametrize("kind", ["comment", "file"])
def test_nothing_private_reaches_the_desk(drive: Drive, desk: Desk, make: Make, kind: str) -> None:
    ticket = make().remote_id
    private = (
        note(ticket, "They never pay", visibility=Visibility.PRIVATE)
        if kind == "comment"
        else attach(ticket, drive.file(b"x"), visibility=Visibility.PRIVATE)
    )
    drive.said.clear()
    with pytest.raises(DeskRejected, match="private"):
        drive.run(CONNECTOR.push(private, desk))
    assert drive.said == []


def test_a_first_message_of_ours_is_no_description(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    drive.run(CONNECTOR.push(note(ticket, "hello"), desk))  # within the second in which the ticket was made
    seen = look(drive, desk, ticket)
    assert (seen.fields["description"], [said.text for said in seen.comments]) == (None, ["hello"])


def test_the_detectors_message_is_verified_and_read(
    desk: Desk, make: Make, alice: httpx.Client, roundup_subcontractor: Roundup
) -> None:
    ticket = make().remote_id
    with Receiver() as receiver:
        roundup_subcontractor.hook_to(receiver.url)
        try:
            change(alice, ticket, status="testing")
            came = receiver.next()
        finally:
            roundup_subcontractor.hook_to(None)
    now = datetime.now(UTC)
    message = Message(id="msg_1", desk_id=desk.id, received_at=now, body=came.body, headers=came.headers)
    CONNECTOR.verify(message, desk, now=now)
    (sighting,) = CONNECTOR.parse(message, desk)
    assert (sighting.remote_id, sighting.snapshot, sighting.hints) == (ticket, None, {"actor": "alice"})
    with pytest.raises(SignatureInvalid):
        CONNECTOR.verify(replace(message, body=came.body.replace(b"alice", b"malic")), desk, now=now)
