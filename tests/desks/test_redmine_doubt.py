"""A running Redmine 5 when things go wrong: what it drops without a word, what a lost answer left, who is faster, what is
gone, and a poll that misses nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest

from connectors.redmine import CONNECTOR, listing
from gateway.connector import Effect, Exchange, Request
from gateway.domain.model import (
    ActorKind,
    Command,
    CommandKind,
    Desk,
    Receipt,
    Visibility,
)
from gateway.errors import DeskDenied, DeskGone, DeskRejected
from tests.connectors.drive import Drive
from tests.desks.launch import Redmine
from tests.desks.redmine_commands import attach, desk_of, drive_of, look, made, note, say, update

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


def test_what_a_lost_answer_left_is_found(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    private = note(ticket, "psst", Visibility.PRIVATE)
    for command in (update(ticket, status="Resolved"), private, attach(ticket, drive.file(b"x"))):
        drive.lose_answer(CONNECTOR.push(command, desk), written=False)
        assert drive.run(CONNECTOR.find(command, desk)) == ()
        drive.lose_answer(CONNECTOR.push(command, desk))
        assert len(drive.run(CONNECTOR.find(command, desk))) == 1


def test_changes_are_listed_once_and_none_is_missed(
    drive: Drive, desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch, alice: httpx.Client
) -> None:
    monkeypatch.setattr(listing, "LIMIT", 7)  # so that the two minutes that are read again take several pages
    old = make().remote_id
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor

    def poll() -> set[str]:
        nonlocal cursor
        seen: set[str] = set()
        while True:
            page = drive.run(CONNECTOR.changed(cursor, desk))
            cursor = page.cursor
            seen |= {sighting.remote_id for sighting in page.sightings}
            if not page.more:
                return seen

    time.sleep(1)  # a cursor begins after the second in which it was handed out
    new = [make(site="PAR-01").remote_id for _ in range(4)]
    say(alice, old, notes="hello")
    assert poll() == {old, *new}
    time.sleep(1)
    assert old in poll(), "what was reported in the newest second is reported once more"
    assert poll() == set()


def test_a_listed_ticket_tells_its_marker_and_where_it_stands(drive: Drive, desk: Desk, make: Make) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    made = make(site="PAR-01", assignee="Alice Agent")
    (sighting,) = drive.run(CONNECTOR.changed(cursor, desk)).sightings
    assert (sighting.remote_id, sighting.marker) == (made.remote_id, made.marker)
    assert sighting.snapshot is not None
    listed = dict(sighting.snapshot.fields)
    assert "related" not in listed, "unknown, not empty: a list does not tell relations"
    assert {**listed, "related": None} == look(drive, desk, made.remote_id).fields
    assert (sighting.snapshot.has_history, sighting.snapshot.complete) == (False, False)


def test_deleted_and_moved_tickets_are_gone(
    drive: Drive, desk: Desk, make: Make, redmine_vendor: Redmine
) -> None:
    deleted, moved = make().remote_id, make().remote_id
    with redmine_vendor.client("admin") as admin:
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
    drive: Drive, desk: Desk, redmine_vendor: Redmine
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
