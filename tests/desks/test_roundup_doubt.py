"""A running Roundup 2.6 when things go wrong: refusals, who is faster, what a lost answer left, what is gone, and a poll
that misses nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from connectors.roundup import CONNECTOR, listing
from gateway.connector import Effect, Exchange, Request
from gateway.domain.model import (
    Desk,
    Receipt,
)
from gateway.errors import DeskDenied, DeskGone, DeskRejected, DeskStale
from tests.connectors.drive import Drive
from tests.connectors.record_roundup import change, say
from tests.desks.launch import Roundup
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


def test_equal_texts_are_told_apart_by_their_marker(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client
) -> None:
    ticket = make(description="ping").remote_id
    say(alice, ticket, "alice", "ping")
    first, second = (note(ticket, "ping", f"idk-{number}") for number in (1, 2))
    assert drive.run(CONNECTOR.find(first, desk)) == (), "neither another's words nor the description"
    receipts = [drive.run(CONNECTOR.push(command, desk)) for command in (first, second)]
    for command, receipt in zip((first, second), receipts, strict=True):
        (found,) = drive.run(CONNECTOR.find(command, desk))
        assert (found.object_id, found.marker) == (receipt.object_id, command.marker)
    assert [said.marker for said in look(drive, desk, ticket).comments] == [None, "idk-1", "idk-2"]


@pytest.mark.parametrize("what", ["update", "comment"])
def test_somebody_who_was_faster_makes_it_stale(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client, what: str
) -> None:
    ticket = make().remote_id

    def interfere(request: Request) -> None:
        if request.effect is Effect.WRITE:
            change(alice, ticket, title="VPN down, tunnel 7")

    command = update(ticket, status="resolved") if what == "update" else note(ticket, "hello")
    drive.before = interfere
    with pytest.raises(DeskStale):
        drive.run(CONNECTOR.push(command, desk))
    drive.before = None
    seen = look(drive, desk, ticket)
    assert (seen.fields["title"], seen.fields["status"], seen.comments) == (
        "VPN down, tunnel 7",
        "unread",
        (),
    )
    drive.run(CONNECTOR.push(command, desk))
    assert len(drive.run(CONNECTOR.find(command, desk))) == 1


def test_a_person_who_changes_it_again_at_once_is_no_refusal(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client
) -> None:
    ticket = make().remote_id

    def interfere(request: Request) -> None:
        if request.effect is Effect.READ and drive.said[-1][0].effect is Effect.WRITE:
            change(alice, ticket, status="need-eg")

    drive.said.clear()
    drive.run(CONNECTOR.fetch(ticket, desk, since=None))
    drive.before = interfere
    receipt = drive.run(CONNECTOR.push(update(ticket, status="in-progress"), desk))
    assert receipt.snapshot is not None
    assert (receipt.snapshot.fields["status"], receipt.at) == ("need-eg", None)


REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "an unknown status": ({"status": "nonsense"}, "'nonsense' is not a status"),
    "an unknown priority": ({"priority": "whenever"}, "'whenever' is not a priority"),
    "an unknown person": ({"assignee": "nobody-known"}, "'nobody-known' is not a user"),
    "a field it has not": ({"due": "2026-12-01"}, "has no field 'due'"),
    "no title": ({"title": " "}, "an issue without title"),
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=list(REFUSED))
def test_a_refusal_is_told_in_words(
    drive: Drive, desk: Desk, make: Make, fields: dict[str, str | None], words: str
) -> None:
    ticket = make().remote_id
    with pytest.raises(DeskRejected, match=words):
        drive.run(CONNECTOR.push(update(ticket, **fields), desk))


def test_what_a_lost_answer_left_is_found(drive: Drive, desk: Desk, make: Make) -> None:
    """Before the write only an orphan is left, a message or file that no issue shows: that is no effect."""
    ticket = make().remote_id
    commands = update(ticket, status="resolved"), note(ticket, "hello"), attach(ticket, drive.file(b"x"))
    for command in commands:
        drive.lose_answer(CONNECTOR.push(command, desk), written=False)
        assert drive.run(CONNECTOR.find(command, desk)) == ()
        drive.lose_answer(CONNECTOR.push(command, desk))
        assert len(drive.run(CONNECTOR.find(command, desk))) == 1
    seen = look(drive, desk, ticket)
    assert (len(seen.comments), len(seen.attachments)) == (1, 1)


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
    say(alice, old, "alice", "hello")
    assert poll() == {old, *new}
    time.sleep(1)
    assert old in poll(), "what was reported in the newest second is reported once more"
    assert poll() == set()


def test_the_zone_of_our_account_does_not_move_the_poll(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    """Roundup reads a bare time in the zone of the user who asks."""
    me = roundup_subcontractor.user_ids["fedbot"]
    page = drive.run(CONNECTOR.changed(None, desk))
    with roundup_subcontractor.client("fedbot") as us:
        for zone in ("-8", "9", ""):
            etag = us.get(f"/user/{me}").json()["data"]["@etag"]
            us.patch(f"/user/{me}", json={"timezone": zone}, headers={"If-Match": etag}).raise_for_status()
            time.sleep(1)
            made = make().remote_id
            page = drive.run(CONNECTOR.changed(page.cursor, desk))
            assert made in [sighting.remote_id for sighting in page.sightings]
            seen = look(drive, desk, made)
            assert seen.created_at is not None
            assert abs(datetime.now(UTC) - seen.created_at) < timedelta(minutes=1)


def test_a_listed_ticket_tells_its_marker_and_where_it_stands(drive: Drive, desk: Desk, make: Make) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    made = make(site="PAR-01", assignee="alice", priority="bug", description="It is down")
    (sighting,) = drive.run(CONNECTOR.changed(cursor, desk)).sightings
    assert (sighting.remote_id, sighting.marker) == (made.remote_id, made.marker)
    assert sighting.snapshot is not None
    described = {"description": "It is down"}
    assert {**sighting.snapshot.fields, **described} == look(drive, desk, made.remote_id).fields
    assert (sighting.snapshot.has_history, sighting.snapshot.complete) == (False, False)


def test_a_retired_ticket_is_gone(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    ticket = make().remote_id
    with roundup_subcontractor.client("admin") as admin:
        etag = admin.get(f"/issue/{ticket}").json()["data"]["@etag"]
        admin.delete(f"/issue/{ticket}", headers={"If-Match": etag}).raise_for_status()
        assert admin.get(f"/issue/{ticket}").status_code == 200, "its own page does not tell"
    for exchange in _calls(ticket, desk):
        with pytest.raises(DeskGone):
            drive.run(exchange)
    for exchange in _calls("99999", desk):
        with pytest.raises(DeskGone):
            drive.run(exchange)


def _calls(ticket: str, desk: Desk) -> list[Exchange[Any]]:
    return [
        CONNECTOR.fetch(ticket, desk, since=None),
        CONNECTOR.push(update(ticket, status="resolved"), desk),
        CONNECTOR.push(note(ticket, "hello"), desk),
        CONNECTOR.find(note(ticket, "hello"), desk),
    ]


def test_a_wrong_password_is_denied_everywhere(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    known = {name: value for name, value in drive.headers.items() if name != "Authorization"}
    anonymous = Drive(base_url=drive.base_url, headers=known)
    stranger = Drive(
        base_url=drive.base_url, headers={**known, "Authorization": "Basic bm9ib2R5Om5vYm9keQ=="}
    )
    for exchange in (CONNECTOR.check(desk), *_calls(ticket, desk)):
        with pytest.raises(DeskDenied):
            anonymous.run(exchange)
    with pytest.raises(DeskDenied):  # once: after a few wrong passwords Roundup answers 429 for a while
        stranger.run(CONNECTOR.check(desk))


def test_check_says_what_it_sees_and_what_is_missing(
    drive: Drive, desk: Desk, roundup_subcontractor: Roundup
) -> None:
    facts = drive.run(CONNECTOR.check(desk))
    assert (facts.product, facts.account.name, facts.missing) == ("Roundup", "fedbot", ())
    assert facts.clock is not None
    assert abs(facts.clock - datetime.now(UTC)) < timedelta(minutes=1)
    assert facts.statuses == tuple(roundup_subcontractor.statuses)
    assert facts.priorities == tuple(roundup_subcontractor.priorities)
    wrong = replace(
        desk, account="somebody", settings={"properties": {"marker": "externalref", "site": "place"}}
    )
    told = drive.run(CONNECTOR.check(wrong)).missing
    assert len(told) == 2
    assert "somebody" in told[0]
    assert "'place'" in told[1]
