"""The Redmine connector against a running Redmine 5: what it writes arrives, what people do there is seen with times and
names, and what is private stays so."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from connectors.redmine import CONNECTOR
from gateway.domain.model import (
    ActorKind,
    Command,
    CommandKind,
    Desk,
    HopStatus,
    Receipt,
    Visibility,
)
from gateway.errors import DeskRejected
from tests.connectors.drive import Drive
from tests.desks.launch import Redmine
from tests.desks.redmine_commands import desk_of, drive_of, look, made, note, say, update

Make = Callable[..., Receipt]

pytestmark = pytest.mark.desks


@pytest.fixture
def drive(redmine_vendor: Redmine) -> Drive:
    return drive_of(redmine_vendor)


@pytest.fixture
def desk(redmine_vendor: Redmine) -> Desk:
    return desk_of(redmine_vendor)


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    return partial(made, drive, desk)


@pytest.fixture
def alice(redmine_vendor: Redmine) -> Iterator[httpx.Client]:
    """A person at the desk."""
    with redmine_vendor.client("alice") as client:
        yield client


def test_round_trip_of_every_mapped_status(
    drive: Drive, desk: Desk, make: Make, redmine_vendor: Redmine
) -> None:
    rows = desk.profile.statuses
    assert {row.native for row in rows} == set(redmine_vendor.statuses)
    ticket = make().remote_id
    for row in (*rows[1:], rows[0]):
        drive.run(CONNECTOR.push(update(ticket, status=row.native), desk))
        seen = look(drive, desk, ticket)
        assert seen.fields["status"] == row.native
        assert seen.history[-1].new == row.native
    read = {row.native: row.status for row in rows}
    for status, native in desk.profile.write_statuses.items():
        assert read[native] is status
    assert set(desk.profile.write_statuses) == {
        HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS, HopStatus.PENDING, HopStatus.HELD,
        HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.REJECTED,
    }  # fmt: skip


def test_every_mapped_priority_is_written_and_read(
    drive: Drive, desk: Desk, make: Make, redmine_vendor: Redmine
) -> None:
    assert set(desk.profile.priorities) == set(redmine_vendor.priorities)
    ticket = make().remote_id
    for native in desk.profile.priorities:
        drive.run(CONNECTOR.push(update(ticket, priority=native), desk))
        assert look(drive, desk, ticket).fields["priority"] == native


def test_a_created_ticket_is_whole_and_found_by_its_marker_alone(
    drive: Drive, desk: Desk, make: Make
) -> None:
    made = make(description="Since 09:00.\nTunnel 7.", priority="High", site="PAR-01", due="2026-12-01")
    assert made.marker is not None
    assert made.snapshot is not None
    wanted = {
        "title": "VPN down", "description": "Since 09:00.\nTunnel 7.", "priority": "High", "site": "PAR-01",
        "due": "2026-12-01", "queue": "federation", "tracker": "Support", "status": "New", "assignee": None,
        "category": None, "delegate": None, "marker": made.marker,
    }  # fmt: skip
    assert made.snapshot.fields == wanted
    looked = {**wanted, "related": None}
    assert look(drive, desk, made.remote_id).fields == looked, "relations are told by a look alone"
    probe = Command(id="dlv_1", kind=CommandKind.CREATE, marker=made.marker)
    assert [found.remote_id for found in drive.run(CONNECTOR.find(probe, desk))] == [made.remote_id]
    other = replace(probe, marker=f"{made.marker}-of-nobody")
    assert drive.run(CONNECTOR.find(other, desk)) == ()
    drive.run(CONNECTOR.push(update(made.remote_id, status="Closed"), desk))
    assert len(drive.run(CONNECTOR.find(probe, desk))) == 1, "closed tickets are searched too"


STRANGE = {
    "spaces": "  two  words ",
    "lines": "one\r\ntwo\rthree\n\nfour\n",
    "markup": "<b>bold</b> & h1. *textile*",
    "letters": "Привет, è già 中 😀",
    "none": "none",
    "NUL": "a\0b",
    "control": "a\x01\x0bb",
    "long": "word " * 60,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=list(STRANGE))
def test_what_a_text_becomes_is_foreseen(drive: Drive, desk: Desk, make: Make, text: str) -> None:
    ticket = make(title=text, description=text, site=text[:100]).remote_id
    fields = {"title": text, "description": text, "site": text[:100]}
    foreseen = {name: CONNECTOR.normalised(name, value, desk) for name, value in fields.items()}
    assert foreseen.items() <= look(drive, desk, ticket).fields.items()
    drive.run(CONNECTOR.push(update(ticket, title="x", description="x", site="x"), desk))
    drive.run(CONNECTOR.push(update(ticket, **fields), desk))
    drive.run(CONNECTOR.push(note(ticket, text), desk))
    seen = look(drive, desk, ticket)
    assert foreseen.items() <= seen.fields.items()
    (said,) = seen.comments
    assert said.text.split() == text.replace("\0", "").split()


def test_fields_can_be_emptied(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make(due="2026-12-01", assignee="Alice Agent", site="PAR-01", description="x").remote_id
    empty = {"due": None, "assignee": None, "site": None, "description": None}
    drive.run(CONNECTOR.push(update(ticket, **empty), desk))
    assert empty.items() <= look(drive, desk, ticket).fields.items()


def test_what_people_do_is_told_with_times_and_names(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client, redmine_vendor: Redmine
) -> None:
    ticket = make().remote_id
    before = look(drive, desk, ticket)
    statuses = redmine_vendor.statuses
    for status in ("Feedback", "In Progress", "Feedback"):
        say(alice, ticket, status_id=statuses[status])
    say(alice, ticket, assigned_to_id=redmine_vendor.user_ids["bob"], notes="Bob, please", private_notes=True)
    seen = look(drive, desk, ticket, before.position)
    told = [(entry.field, entry.old, entry.new) for entry in seen.history]
    assert told == [
        ("status", "New", "Feedback"),
        ("status", "Feedback", "In Progress"),
        ("status", "In Progress", "Feedback"),
        ("assignee", None, "Bob Agent"),
    ]
    assert {entry.actor.name for entry in seen.history} == {"Alice Agent"}
    assert {entry.actor.kind for entry in seen.history} == {ActorKind.PERSON}
    now = datetime.now(UTC)
    assert all(entry.at and now - timedelta(minutes=1) < entry.at <= now for entry in seen.history)
    assert [(said.text, said.visibility) for said in seen.comments] == [("Bob, please", Visibility.PRIVATE)]
    assert look(drive, desk, ticket, seen.position).history == ()


def test_our_own_changes_are_marked_as_ours(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    receipt = drive.run(CONNECTOR.push(update(ticket, status="In Progress", title="VPN"), desk))
    drive.run(CONNECTOR.push(note(ticket, "We are on it"), desk))
    for account in (desk.account, "fedbot"):
        seen = look(drive, replace(desk, account=account), ticket)
        assert {entry.actor.kind for entry in seen.history} == {ActorKind.GATEWAY}
        assert [entry.id for entry in seen.history] == list(receipt.entries)
        assert [said.author.kind for said in seen.comments] == [ActorKind.GATEWAY]


@pytest.mark.parametrize("visibility", Visibility)
def test_a_note_keeps_its_visibility(
    drive: Drive, desk: Desk, make: Make, visibility: Visibility, alice: httpx.Client
) -> None:
    ticket = make().remote_id
    receipt = drive.run(CONNECTOR.push(note(ticket, "They never pay", visibility), desk))
    journals = alice.get(f"/issues/{ticket}.json?include=journals").json()["issue"]["journals"]
    told = [(str(row["id"]), row["private_notes"]) for row in journals]
    assert told == [(receipt.object_id, visibility is Visibility.PRIVATE)]
    assert look(drive, desk, ticket).comments[0].visibility is visibility
    assert [
        found.object_id
        for found in drive.run(CONNECTOR.find(note(ticket, "They never pay", visibility), desk))
    ] == [receipt.object_id]
    other = Visibility.PUBLIC if visibility is Visibility.PRIVATE else Visibility.PRIVATE
    assert drive.run(CONNECTOR.find(note(ticket, "They never pay", other), desk)) == ()


@contextmanager
def without_permission(desk: Redmine, permission: str) -> Iterator[None]:
    """The role of our account loses a permission for a while. REST cannot change roles, so the database is told."""
    with sqlite3.connect(desk.directory / "redmine.sqlite3", timeout=10) as database:
        query = "SELECT id, permissions FROM roles WHERE name = 'Federation'"
        role, permissions = database.execute(query).fetchone()
        assert f"- :{permission}\n" in permissions
        less = permissions.replace(f"- :{permission}\n", "")
        database.execute("UPDATE roles SET permissions = ? WHERE id = ?", (less, role))
        database.commit()
        try:
            yield
        finally:
            database.execute("UPDATE roles SET permissions = ? WHERE id = ?", (permissions, role))
    database.close()


def test_without_the_permission_no_private_note_leaves(
    drive: Drive, desk: Desk, make: Make, redmine_vendor: Redmine
) -> None:
    ticket = make().remote_id
    with without_permission(redmine_vendor, "set_notes_private"):
        with pytest.raises(DeskRejected, match="Set notes as private"):
            drive.run(CONNECTOR.push(note(ticket, "secret", Visibility.PRIVATE), desk))
        assert (
            "permission `Set notes as private` in the project federation"
            in drive.run(CONNECTOR.check(desk)).missing
        )
        say_ = Drive(base_url=drive.base_url, headers=drive.headers)
        say_.run(CONNECTOR.push(note(ticket, "open"), desk))
    assert [said.text for said in look(drive, desk, ticket).comments] == ["open"]


def test_redmine_would_have_published_it(drive: Drive, make: Make, redmine_vendor: Redmine) -> None:
    """Why the permission is asked for first: the same request without it is a public note."""
    ticket = make().remote_id
    with without_permission(redmine_vendor, "set_notes_private"), redmine_vendor.client("fedbot") as us:
        say(us, ticket, notes="secret", private_notes=True)
        journals = us.get(f"/issues/{ticket}.json?include=journals").json()["issue"]["journals"]
    assert [row["private_notes"] for row in journals] == [False]
