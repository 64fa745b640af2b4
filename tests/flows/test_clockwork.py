"""Clocks that live: folded when something happens and when a moment comes, kept, told once, restated when they were wrong."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.keeping import KeptClock
from gateway.domain.letters import Post, Posted
from gateway.domain.model import Contact, Event, Ticket
from gateway.flows import clockwork, postman, sla
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import clocks
from gateway.store.columns import moment
from gateway.store.db import Database
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAY_SHIFT = {"code": "days", "zone": "UTC", "weekly": {day: ["08:00-18:00"] for day in WORKDAYS}}
UC = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"acceptance": {"high": "30m"}, "resolution": {"high": "4h", "critical": "1h"}},
    "stops": {"requester_info": "by_consumer"},
}


def stage(*agreements: dict[str, Any], wait: timedelta = timedelta(seconds=5), **more: Any) -> Stage:
    """A ticket of high priority, offered to the vendor at 08:00 on a Monday."""
    cast = Cast(
        agreements=agreements or (UC,),
        calendars=(ALWAYS, DAY_SHIFT),
        links={"customer>vendor": {"answer_within": {"default": "3d"}}},
        **more,
    )
    found = Stage("customer>vendor", cast=cast)
    found.open(priority="high")
    found.wait(wait)
    return found


def kept(found: Stage) -> dict[str, KeptClock]:
    """The kept clocks by the target's kind (and number from the second on)."""
    with found.hub.database.read() as db:
        every = clocks.of_tickets(db, OPERATOR, [found.case.ticket.id]).get(found.case.ticket.id, [])
    return {clock.target_kind + (f"#{clock.place}" if clock.place > 1 else ""): clock for clock in every}


def told(found: Stage, kind: str) -> list[Event]:
    return [event for event in found.events() if event.type == f"clock.{kind}"]


def ticket(found: Stage) -> Ticket:
    return found.case.ticket


def next_fold(found: Stage) -> datetime:
    at = ticket(found).fold_at
    assert at is not None
    return at


def offered(found: Stage) -> datetime:
    at = found.hop("vendor").offered_at
    assert at is not None
    return at


def test_a_ticket_without_an_agreement_costs_nothing() -> None:
    found = Stage("customer>vendor")
    found.open(priority="high")

    assert (ticket(found).watched, ticket(found).fold_at, kept(found)) == (False, None, {})


def test_what_was_just_offered_has_its_clocks_at_once() -> None:
    found = stage()

    clock = kept(found)["resolution"]
    assert (clock.state, clock.key) == ("running", f"vendor-uc/{found.hop('vendor').id}/resolution")
    assert clock.due_at == offered(found) + timedelta(hours=4)
    assert clock.sheet.startswith("sht_")


def test_nothing_is_folded_until_something_happens_or_falls_due() -> None:
    found = stage()
    before = kept(found)["resolution"].folded_at

    found.wait(MINUTE)

    assert kept(found)["resolution"].folded_at == before
    assert before < next_fold(found) <= offered(found) + timedelta(minutes=30, microseconds=1)


def test_a_breach_is_told_the_moment_it_happens_and_once() -> None:
    found = stage()
    start = offered(found)
    found.wait(29 * MINUTE)
    assert told(found, "breached") == []
    found.wait(2 * MINUTE)
    found.wait(HOUR)

    [event] = told(found, "breached")
    assert event.data["clock"].endswith("/acceptance")
    assert datetime.fromisoformat(event.data["breached_at"]) == start + timedelta(minutes=30)
    assert event.observed_at - start < timedelta(minutes=30, seconds=2)
    assert event.cause_id is not None
    assert kept(found)["acceptance"].state == "breached"


def test_a_breach_at_a_closing_hour_is_told_when_the_calendar_opens() -> None:
    found = stage({**UC, "calendar": "days", "targets": {"resolution": {"high": "10h"}}})

    found.wait(15 * HOUR)  # 23:00
    assert told(found, "breached") == []
    found.wait(10 * HOUR)

    [event] = told(found, "breached")
    assert (event.observed_at.hour, event.observed_at.minute) == (8, 0)


def test_what_was_met_in_time_is_kept_as_met_and_then_left_alone() -> None:
    found = stage()
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "closed")
    found.wait(25 * HOUR)

    assert {kind: clock.state for kind, clock in kept(found).items()} == {
        "acceptance": "met",
        "resolution": "met",
    }
    assert told(found, "breached") == []
    assert ticket(found).fold_at is None


def test_a_stop_holds_the_breach_off_and_a_void_restates_what_was_told() -> None:
    found = stage()
    found.set("vendor", "status", "open")
    found.wait(HOUR)
    found.set("vendor", "status", "waiting")
    [request] = [
        one for one in found.events("vendor") if one.type == "status.changed" and one.data["to"] == "pending"
    ]
    order(found, sla.decide, request.id, "accepted")
    found.wait(10 * HOUR)
    assert kept(found)["resolution"].stopped
    assert told(found, "breached") == []
    found.set("vendor", "status", "solved")
    assert kept(found)["resolution"].state == "met"

    order(found, sla.decide, request.id, "voided")

    [event] = told(found, "restated")
    assert event.data["clock"].endswith("/resolution")
    assert (event.data["old"]["state"], event.data["new"]["state"]) == ("met", "breached")
    assert len(told(found, "breached")) == 1
    assert kept(found)["resolution"].breached_at is not None


def order(found: Stage, command: Any, *named: str) -> None:
    command(found.hub.context, *named, Order(actor="ann", now=found.hub.now, reason="as agreed"))
    found.wait()


def test_a_review_period_that_lapses_moves_the_clock_without_any_event() -> None:
    found = stage({**UC, "review_period": "1h"})
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "waiting")
    assert not kept(found)["resolution"].stopped

    found.wait(HOUR + MINUTE)

    assert kept(found)["resolution"].stopped


def test_a_rejection_goes_on_and_restates_nothing() -> None:
    found = stage()
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "solved")
    found.wait(HOUR)
    found.set("vendor", "status", "open")

    assert kept(found)["resolution"].state == "running"
    assert told(found, "restated") == []


def test_what_clocks_tell_is_read_by_no_clock() -> None:
    found = stage()
    found.wait(6 * HOUR)
    assert told(found, "breached")

    reading = sla.read(found.hub.context, ticket(found).id, now=found.hub.now)

    assert not any(record.type.startswith("clock.") for record in reading.folded.told.records)


def test_more_than_a_batch_has_its_turn_in_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clockwork, "LIMIT", 2)
    found = stage()
    for _ in range(4):
        found.person("customer", "maria").open(
            title="another", text="one", priority="high", delegate="vendor"
        )
    found.wait()
    with found.hub.database.write() as db:
        db.exec_driver_sql("UPDATE ticket SET fold_at = opened_at")

    assert clockwork.run(found.hub.context, now=found.hub.now) == 5
    assert clockwork.run(found.hub.context, now=found.hub.now) == 0


def test_events_that_cannot_be_folded_harm_no_other_ticket() -> None:
    found = stage()
    with found.hub.database.write() as db:
        db.exec_driver_sql("UPDATE hop SET parent_id = id WHERE parent_id IS NULL")
        db.exec_driver_sql("UPDATE ticket SET fold_at = opened_at")

    assert clockwork.run(found.hub.context, now=found.hub.now) == 1
    assert fold_at(found) == found.hub.now + clockwork.AGAIN


def fold_at(found: Stage) -> datetime:
    """As it stands in the row; the chain itself cannot be read any more."""
    with found.hub.database.read() as db:
        return moment(db.exec_driver_sql("SELECT fold_at FROM ticket").scalar_one()) or found.hub.now


def test_postgresql_keeps_and_warns_as_sqlite_does(migrated_postgres: str) -> None:
    database = Database(migrated_postgres)
    contact = Contact(
        id="ctc_1", org_id="org_vendor", code="duty", level=1, channel="email", address="duty@vendor.example"
    )
    terms = {"customer>vendor": {"answer_within": {"default": "3d"}}}
    cast = Cast(agreements=(UC,), calendars=(ALWAYS, DAY_SHIFT), contacts=(contact,), links=terms)
    found = Stage("customer>vendor", cast=cast, database=database)
    found.open(priority="high")
    found.wait(5 * HOUR)

    letters = postman.claim(found.hub.context, now=found.hub.now)

    assert len(told(found, "breached")) == 2
    assert {clock.state for clock in kept(found).values()} == {"breached"}
    assert "duty" in {letter.contact for letter in letters}
    assert all(
        postman.settle(found.hub.context, one, Posted(Post.SENT), now=found.hub.now) for one in letters
    )
    assert postman.claim(found.hub.context, now=found.hub.now) == []
    database.close()


def test_what_is_written_down_while_a_round_waits_for_its_turn_is_folded_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The round began before the question's note was settled, and had the ticket only after it."""
    found = stage({**UC, "stops": {"requester_info": "automatic"}})
    found.set("vendor", "status", "open")
    found.wait()
    with monkeypatch.context() as waiting:
        waiting.setattr(clockwork, "run", lambda _context, *, now: 0 * now.year)
        found.say("vendor", "Which till?")
        found.set("vendor", "status", "waiting")
        found.wait()
    began = next_fold(found)
    written = [event.observed_at for event in found.events() if event.observed_at > began]
    assert written

    clockwork.run(found.hub.context, now=began)

    assert next_fold(found) == min(written)
    found.wait(MINUTE)
    assert kept(found)["resolution"].stopped
