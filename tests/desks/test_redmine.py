"""The Redmine connector against a running Redmine 5: what it writes arrives, what people do there is seen, and what
Redmine refuses or drops without a word is noticed."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.redmine import CONNECTOR, listing
from gateway.connector import Effect, Exchange, Request
from gateway.domain.documents import merged_profile
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    HopStatus,
    NativeAttachment,
    Receipt,
    Snapshot,
    Visibility,
)
from gateway.errors import DeskDenied, DeskGone, DeskRejected
from tests.connectors.drive import Drive
from tests.connectors.record_redmine import settings
from tests.desks.launch import Redmine

pytestmark = pytest.mark.desks

WAITING = {"Waiting": {"status": "held", "reason": "third_party"}}


@pytest.fixture
def drive(redmine_vendor: Redmine) -> Drive:
    """The wire, with the key of the gateway's account."""
    return Drive(
        base_url=redmine_vendor.base_url, headers={"X-Redmine-API-Key": redmine_vendor.keys["fedbot"]}
    )


@pytest.fixture
def desk(redmine_vendor: Redmine) -> Desk:
    """The desk as the gateway would know it, with a status of its own beside Redmine's defaults."""
    manifest = CONNECTOR.manifest
    statuses = {row.native: {"status": row.status, "reason": row.reason} for row in manifest.profile.statuses}
    own = {"statuses": {**statuses, **WAITING}, "defaults": {"queue": redmine_vendor.project}}
    return Desk(
        id="dsk_1",
        code="vendor",
        org_id="org_1",
        connector=manifest.name,
        base_url=redmine_vendor.base_url,
        settings=settings(redmine_vendor),
        profile=merged_profile(manifest.profile, own),
        account=str(redmine_vendor.user_ids["fedbot"]),
    )


@pytest.fixture
def alice(redmine_vendor: Redmine) -> Iterator[httpx.Client]:
    """A person at the desk."""
    with redmine_vendor.client("alice") as client:
        yield client


@pytest.fixture
def admin(redmine_vendor: Redmine) -> Iterator[httpx.Client]:
    """The desk's administrator."""
    with redmine_vendor.client("admin") as client:
        yield client


Make = Callable[..., Receipt]


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    """Creates a ticket by the connector; each has its own marker."""

    def made(**fields: str | None) -> Receipt:
        wanted = {"title": "VPN down", "queue": "federation", "tracker": "Support", **fields}
        marker = f"idk-{datetime.now(UTC).timestamp()}"
        return drive.run(
            CONNECTOR.push(Command(id="dlv_1", kind=CommandKind.CREATE, marker=marker, fields=wanted), desk)
        )

    return made


def update(remote_id: str, **fields: str | None) -> Command:
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker="idk-u", remote_id=remote_id, fields=fields)


def note(
    remote_id: str, text: str, visibility: Visibility = Visibility.PUBLIC, occurrence: int = 1
) -> Command:
    draft = CommentDraft(text=text, visibility=visibility, occurrence=occurrence)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker="idk-c", remote_id=remote_id, comment=draft)


def say(person: httpx.Client, issue: str, **fields: Any) -> None:
    person.put(f"/issues/{issue}.json", json={"issue": fields}).raise_for_status()


def look(drive: Drive, desk: Desk, remote_id: str, since: str | None = None) -> Snapshot:
    return drive.run(CONNECTOR.fetch(remote_id, desk, since=since))


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
    assert look(drive, desk, made.remote_id).fields == wanted
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


CONTENT = bytes(range(256)) * 40 + b"\r\n\n \n"


@pytest.mark.parametrize("filename", ["photo.jpg", "a/b\\c: what?*.bin", "Фото è 中.png", " .x", "none"])
def test_a_file_arrives_byte_by_byte(drive: Drive, desk: Desk, make: Make, filename: str) -> None:
    ticket = make().remote_id
    draft = AttachmentDraft(
        filename=filename, media_type="image/png", blob=drive.file(CONTENT), visibility=Visibility.PUBLIC
    )
    command = Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=ticket, attachment=draft)
    receipt = drive.run(CONNECTOR.push(command, desk))
    (native,) = look(drive, desk, ticket).attachments
    assert (native.remote_id, native.size, native.author.kind) == (
        receipt.object_id,
        len(CONTENT),
        ActorKind.GATEWAY,
    )
    assert drive.run(CONNECTOR.download(native, desk)) == drive.file(CONTENT)
    assert [found.object_id for found in drive.run(CONNECTOR.find(command, desk))] == [receipt.object_id]


def test_files_of_one_name_and_size_are_told_apart(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id

    def command(content: bytes, occurrence: int = 1, filename: str = "x") -> Command:
        draft = AttachmentDraft(
            filename=filename, media_type="text/plain", blob=drive.file(content), visibility=Visibility.PUBLIC,
            occurrence=occurrence,
        )  # fmt: skip
        return Command(
            id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=ticket, attachment=draft
        )

    def found(wanted: Command) -> list[str | None]:
        return [receipt.object_id for receipt in drive.run(CONNECTOR.find(wanted, desk))]

    first = drive.run(CONNECTOR.push(command(b"one"), desk)).object_id
    assert found(command(b"six")) == [first], "a single file of that name and size is taken for it unread"
    second, third = (drive.run(CONNECTOR.push(command(b"two"), desk)).object_id for _ in range(2))
    assert found(command(b"one")) == [first]
    assert found(command(b"two")) == [second, third]
    assert found(command(b"two", occurrence=2)) == [third]
    assert found(command(b"six")) == []
    assert found(command(b"one", filename="y")) == [], "the same bytes under another name"
    other = drive.run(CONNECTOR.push(command(b"one", filename="y"), desk)).object_id
    assert found(command(b"one", filename="y", occurrence=2)) == [other], "the second with these bytes"


def test_a_file_too_large_is_refused_in_redmines_words(drive: Drive, desk: Desk, make: Make) -> None:
    limit = CONNECTOR.manifest.capabilities.attachment_max_bytes
    assert limit is not None
    draft = AttachmentDraft(
        filename="x", media_type="text/plain", blob=drive.file(bytes(limit + 1)), visibility=Visibility.PUBLIC
    )
    command = Command(
        id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=make().remote_id, attachment=draft
    )
    with pytest.raises(DeskRejected, match=f"exceeds the maximum allowed file size \\({limit}\\)"):
        drive.run(CONNECTOR.push(command, desk))


def test_equal_texts_are_told_apart_by_their_number(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client
) -> None:
    ticket = make().remote_id
    say(alice, ticket, notes="ping")
    assert drive.run(CONNECTOR.find(note(ticket, "ping"), desk)) == (), "another's words are not ours"
    first = drive.run(CONNECTOR.push(note(ticket, "ping"), desk))
    assert drive.run(CONNECTOR.find(note(ticket, "ping", occurrence=2), desk)) == ()
    second = drive.run(CONNECTOR.push(note(ticket, "ping", occurrence=2), desk))
    third = drive.run(CONNECTOR.push(note(ticket, "ping", Visibility.PRIVATE, occurrence=3), desk))

    def found(wanted: Command) -> list[str | None]:
        return [receipt.object_id for receipt in drive.run(CONNECTOR.find(wanted, desk))]

    assert found(note(ticket, "ping")) == [first.object_id, second.object_id]
    assert found(note(ticket, "ping", occurrence=2)) == [second.object_id]
    assert found(note(ticket, "ping", Visibility.PRIVATE, occurrence=3)) == [third.object_id]
    assert found(note(ticket, "ping", occurrence=3)) == [], "the third is private"


def test_a_change_that_redmine_drops_is_refused_in_words(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client, redmine_vendor: Redmine
) -> None:
    ticket = make().remote_id
    child = {
        "project_id": redmine_vendor.project_id,
        "tracker_id": 3,
        "subject": "part",
        "parent_issue_id": ticket,
    }
    alice.post("/issues.json", json={"issue": child}).raise_for_status()
    with pytest.raises(DeskRejected, match=r"status stayed 'New' instead of 'Closed'; .*In Progress"):
        drive.run(CONNECTOR.push(update(ticket, status="Closed"), desk))
    with pytest.raises(DeskRejected, match="due stayed None instead of '2026-12-24'"):
        drive.run(CONNECTOR.push(update(ticket, due="2026-12-24"), desk))
    with pytest.raises(DeskRejected, match="Redmine refuses: Due date is not a valid date"):
        drive.run(CONNECTOR.push(update(make().remote_id, due="soon"), desk))


def test_a_person_who_changes_it_again_at_once_is_no_refusal(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client, redmine_vendor: Redmine
) -> None:
    ticket = make().remote_id
    written: list[Request] = []

    def interfere(request: Request) -> None:
        if request.effect is Effect.READ and written:
            say(alice, ticket, status_id=redmine_vendor.statuses["Feedback"])
        if request.effect is Effect.WRITE:
            say(alice, ticket, notes="just looking", private_notes=True)
            written.append(request)

    drive.before = interfere
    receipt = drive.run(CONNECTOR.push(update(ticket, status="In Progress"), desk))
    drive.before = None
    seen = look(drive, desk, ticket)
    assert [(entry.new, entry.actor.kind) for entry in seen.history] == [
        ("In Progress", ActorKind.GATEWAY),
        ("Feedback", ActorKind.PERSON),
    ]
    assert receipt.entries == (seen.history[0].id,)


def lost_answer(drive: Drive, exchange: Exchange[Receipt]) -> None:
    """The write is carried out, its answer never arrives."""

    class Lost(Exception):
        pass

    def after_the_write(request: Request) -> None:
        if drive.said and drive.said[-1][0].effect is Effect.WRITE:
            raise Lost

    drive.said.clear()
    drive.before = after_the_write
    with pytest.raises(Lost):
        drive.run(exchange)
    drive.before = None


def test_what_a_lost_answer_left_is_found(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    draft = AttachmentDraft(
        filename="x", media_type="text/plain", blob=drive.file(b"x"), visibility=Visibility.PUBLIC
    )
    attach = Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=ticket, attachment=draft)
    for command in (update(ticket, status="Resolved"), note(ticket, "psst", Visibility.PRIVATE), attach):
        assert drive.run(CONNECTOR.find(command, desk)) == ()
        lost_answer(drive, CONNECTOR.push(command, desk))
        assert len(drive.run(CONNECTOR.find(command, desk))) == 1


def test_changes_are_listed_once_and_none_is_missed(
    drive: Drive, desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch, alice: httpx.Client
) -> None:
    monkeypatch.setattr(listing, "LIMIT", 2)
    old = make().remote_id
    page = drive.run(CONNECTOR.changed(None, desk))
    assert page.sightings == ()
    time.sleep(1)  # a cursor begins after the second in which it was handed out
    new = [make(site="PAR-01").remote_id for _ in range(4)]
    say(alice, old, notes="hello")
    seen: list[str] = []
    for _ in range(8):
        page = drive.run(CONNECTOR.changed(page.cursor, desk))
        seen += [sighting.remote_id for sighting in page.sightings]
    assert set(seen) == {old, *new}
    assert not page.more
    again = drive.run(CONNECTOR.changed(page.cursor, desk))
    assert again.sightings == ()
    assert again.cursor == page.cursor


def test_a_listed_ticket_tells_its_marker_and_where_it_stands(drive: Drive, desk: Desk, make: Make) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    made = make(site="PAR-01", assignee="Alice Agent")
    (sighting,) = drive.run(CONNECTOR.changed(cursor, desk)).sightings
    assert (sighting.remote_id, sighting.marker) == (made.remote_id, made.marker)
    assert sighting.snapshot is not None
    assert sighting.snapshot.fields == look(drive, desk, made.remote_id).fields
    assert (sighting.snapshot.has_history, sighting.snapshot.complete) == (False, False)


def test_deleted_and_moved_tickets_are_gone(
    drive: Drive, desk: Desk, make: Make, admin: httpx.Client
) -> None:
    deleted, moved = make().remote_id, make().remote_id
    admin.delete(f"/issues/{deleted}.json").raise_for_status()
    hidden = {"project": {"name": "Hidden", "identifier": "hidden", "is_public": False}}
    admin.post("/projects.json", json=hidden).raise_for_status()
    say(admin, moved, project_id="hidden")
    for ticket in (deleted, moved):
        with pytest.raises(DeskGone):
            look(drive, desk, ticket)
        with pytest.raises(DeskGone):
            drive.run(CONNECTOR.push(note(ticket, "hello"), desk))
        with pytest.raises(DeskGone):
            drive.run(CONNECTOR.find(note(ticket, "hello"), desk))


def test_a_file_that_was_removed_is_gone(drive: Drive, desk: Desk) -> None:
    with pytest.raises(DeskGone):
        drive.run(CONNECTOR.download(NativeAttachment(remote_id="99999", filename="x"), desk))


def test_a_wrong_key_is_denied_everywhere(desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    stranger = Drive(base_url=desk.base_url, headers={"X-Redmine-API-Key": "0" * 40})
    calls: list[Exchange[Any]] = [
        CONNECTOR.check(desk),
        CONNECTOR.fetch(ticket, desk, since=None),
        CONNECTOR.push(update(ticket, status="Closed"), desk),
    ]
    for exchange in calls:
        with pytest.raises(DeskDenied):
            stranger.run(exchange)


def test_check_says_what_it_sees_and_what_is_missing(
    drive: Drive, desk: Desk, redmine_vendor: Redmine, admin: httpx.Client
) -> None:
    facts = drive.run(CONNECTOR.check(desk))
    assert (facts.product, facts.account.id, facts.missing) == ("Redmine", desk.account, ())
    assert set(facts.statuses) == set(redmine_vendor.statuses)
    assert set(facts.priorities) == set(redmine_vendor.priorities)
    wrong = replace(
        desk,
        account="somebody",
        settings={**desk.settings, "custom_fields": {"marker": 99}, "project_ids": {"nowhere": 7}},
    )
    make_one = Command(
        id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "x", "queue": "federation"}
    )
    drive.run(CONNECTOR.push(make_one, desk))
    told = " | ".join(drive.run(CONNECTOR.check(wrong)).missing)
    for words in (
        "somebody",
        "custom field 99",
        "Used as a filter",
        "the project nowhere is not visible",
        "project_ids",
    ):
        assert words in told
    key = Drive(base_url=drive.base_url, headers={"X-Redmine-API-Key": redmine_vendor.keys["admin"]})
    assert (
        "everything: the key is an administrator's"
        in key.run(CONNECTOR.check(replace(desk, account=""))).sees_beyond
    )
