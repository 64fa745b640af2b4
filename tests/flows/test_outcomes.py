"""What clocks came to is kept as they are folded, and counting everything again from the events gives the same, to the
microsecond (R34), on both databases."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import By, Minutes, Rolled
from gateway.domain.sla.terms import NONE
from gateway.flows import outcomes, sla
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import clocks, rollups
from gateway.store import outcomes as store
from gateway.store.db import Database
from tests.flows.scenes.stage import MINUTE, Cast, Stage
from tests.migrated import bring_up

HOUR = 60 * MINUTE
ALL = Query()
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
CALENDARS = (
    {"code": "always", "always": True},
    {"code": "days", "zone": "Europe/Rome", "weekly": {day: ["08:00-18:00"] for day in WORKDAYS}},
)
SLA = {
    "code": "sla",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "sla",
    "calendar": "days",
    "starts_on": "opened",
    "targets": {"response": {"high": "30m"}, "resolution": {"high": "6h"}, "update": {"high": "2h"}},
    "stops": {"requester_info": "automatic", "parts_upstream": "by_consumer"},
}
UC = {
    "code": "uc",
    "provider": "north",
    "consumer": "vendor",
    "kind": "uc",
    "calendar": "always",
    "targets": {"acceptance": {"high": "30m"}, "resolution": {"high": "4h"}},
    "stops": {"requester_info": "by_consumer"},
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    yield opened
    opened.close()


def stage(database: Database | None = None) -> Stage:
    """A customer whose vendor works with a partner of its own; a ticket of high priority, opened at 08:00 on a Monday."""
    links = {edge: {"answer_within": {"default": "3d"}} for edge in ("customer>vendor", "vendor>north")}
    cast = Cast(agreements=(SLA, UC), calendars=CALENDARS, links=links)
    return Stage("customer>vendor", "vendor>north", cast=cast, database=database)


def chain(found: Stage) -> None:
    """Hours in a chain: taken up late, handed on, a question, its answer, resolved below, closed above, reopened, closed."""
    found.open(priority="high")
    found.wait(40 * MINUTE)
    found.set("vendor", "status", "open")
    found.delegate("vendor", "north")
    found.wait(35 * MINUTE)
    found.set("north", "status", "open")
    found.wait(2 * HOUR)
    found.say("north", "which till?")
    found.wait(HOUR)
    found.say("vendor", "the second")
    found.wait(3 * HOUR)
    found.set("north", "status", "closed")
    found.wait(10 * MINUTE)
    found.set("vendor", "status", "closed")
    found.wait(HOUR)
    found.set("customer", "status", "closed")
    found.wait(2 * HOUR)
    found.set("customer", "status", "open")
    found.wait(HOUR)
    found.set("vendor", "status", "closed")
    found.set("customer", "status", "closed")
    found.wait(MINUTE)


Told = tuple[list[Outcome], list[Case], list[Rolled], list[Minutes]]


def kept(found: Stage) -> Told:
    with found.hub.database.read() as db:
        return (
            store.select_outcomes(db, OPERATOR, ALL),
            store.cases(db, OPERATOR, ALL),
            rollups.rolled(db, OPERATOR, ALL, [By.DAY, By.PROVIDER])
            + rollups.rolled(db, OPERATOR, ALL, [By.MONTH, By.PRIORITY])
            + rollups.rolled(db, OPERATOR, ALL, [By.SITE]),
            rollups.minutes(db, OPERATOR, ALL, [By.DAY]),
        )


def fold_all(found: Stage) -> None:
    """Let every ticket have its turn at this moment, so that what still runs is counted as of now too."""
    with found.hub.database.write() as db:
        clocks.postpone(db, store.watched(db, OPERATOR), until=found.hub.now)
    found.hub.step()


def test_r34_counting_again_from_the_events_gives_what_was_kept(database: Database) -> None:
    found = stage(database)
    chain(found)
    before = kept(found)
    verdicts = [one.verdict for one in before[0]]

    assert outcomes.rebuild(found.hub.context, now=found.hub.now) == 1
    assert kept(found) == before
    assert {Verdict.MET, Verdict.BREACHED} <= set(verdicts)
    assert Verdict.RUNNING not in verdicts


def test_r23_what_was_kept_adds_up() -> None:
    found = stage()
    chain(found)
    every, [case], _, _ = kept(found)

    assert len(every) >= 8
    for one in every:
        assert sum(one.time.values(), NONE) == one.elapsed
        assert sum(one.stopped.values(), NONE) == one.stopped_time
        assert sum(one.parts.values(), NONE) == (one.over if one.verdict is Verdict.BREACHED else NONE)
    assert (case.customer, case.reopened, case.parties) == (
        "org_customer",
        1,
        ("org_customer", "org_vendor", "org_north"),
    )
    assert case.closed_at is not None


_ACTS: tuple[tuple[str, ...], ...] = (
    ("set", "vendor", "status", "open"),
    ("set", "vendor", "status", "closed"),
    ("set", "customer", "status", "closed"),
    ("set", "customer", "status", "open"),
    ("set", "north", "status", "open"),
    ("set", "north", "status", "closed"),
    ("set", "customer", "priority", "low"),
    ("set", "customer", "priority", "high"),
    ("say", "north", "which till?"),
    ("say", "vendor", "the second"),
    ("say", "customer", "any news?"),
)


def play(found: Stage, dice: random.Random, acts: int) -> None:
    """A random history: acts of whoever has the ticket, and time that passes."""
    found.open(priority="high")
    found.wait(dice.randint(1, 60) * MINUTE)
    found.delegate("vendor", "north")
    for _ in range(acts):
        act, *told = dice.choice(_ACTS)
        getattr(found, act)(*told)
        found.wait(dice.choice((1, 20, 90)) * MINUTE)


@pytest.mark.parametrize("seed", range(6))
def test_r34_after_random_histories_all_is_as_if_counted_at_once(seed: int) -> None:
    found = stage()
    play(found, random.Random(seed), 8)
    fold_all(found)
    before = kept(found)

    outcomes.rebuild(found.hub.context, now=found.hub.now)

    assert kept(found) == before
    assert before[0]


def test_what_is_wrong_or_too_much_is_mended() -> None:
    found = stage()
    chain(found)
    before = kept(found)
    with found.hub.database.write() as db:
        db.exec_driver_sql("UPDATE outcome SET verdict = 'met', elapsed = 1 WHERE place = 1")
        db.exec_driver_sql("UPDATE outcome_month SET met = met + 7")
        db.exec_driver_sql("UPDATE case_outcome SET reopened = 9")
        db.exec_driver_sql(
            "INSERT INTO case_outcome SELECT 'tkt_gone', org_id, number, customer, parties, priority, service, site, asset,"
            " opened_at, resolved_at, closed_at, cancelled, coverage, reopened, returned, hops, visits, abortive,"
            " no_fault_found, fixed_first_time, rating, silence, discrepancies, time FROM case_outcome"
        )

    outcomes.rebuild(found.hub.context, now=found.hub.now)

    assert kept(found) == before


def test_a_ticket_that_cannot_be_counted_is_left_as_it_was_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = stage()
    found.open(priority="high")
    before = kept(found)
    with found.hub.database.write() as db:
        db.exec_driver_sql("UPDATE event SET data = '{}' WHERE type = 'agreement.bound'")

    assert outcomes.rebuild(found.hub.context, now=found.hub.now) == 1
    assert kept(found) == before
    assert "could not be counted" in caplog.text


def test_only_some_tickets_may_be_counted_again_and_progress_is_told() -> None:
    found = stage()
    chain(found)
    ticket = found.case.ticket.id
    said: list[tuple[int, int]] = []

    done = outcomes.rebuild(
        found.hub.context,
        now=found.hub.now,
        tickets=[ticket, ticket],
        progress=lambda *told: said.append(told),
    )

    assert (done, said) == (1, [(1, 1)])
    assert outcomes.rebuild(found.hub.context, now=found.hub.now, tickets=["tkt_nobody"]) == 1
    assert kept(found)[1]


def test_a_breach_that_is_taken_back_leaves_the_sums() -> None:
    """An exclusion that both agreed on makes it excluded; net and gross tell them apart."""
    found = stage()
    chain(found)
    late = next(
        one for one in kept(found)[0] if one.key.startswith("sla/") and one.key.endswith("/resolution")
    )
    assert late.verdict is Verdict.BREACHED
    start = late.started_at
    assert start is not None
    order = Order(actor="anna", reason="power cut", now=found.hub.now)
    sla.exclude(found.hub.context, late.hop_id, start, start + timedelta(hours=9), order)
    found.wait(MINUTE)

    again = next(one for one in kept(found)[0] if one.id == late.id)
    assert (again.verdict, again.counted_at) == (Verdict.EXCLUDED, late.counted_at)
    with found.hub.database.read() as db:
        [total] = rollups.rolled(db, OPERATOR, Query(agreement="sla", target_kind=late.target_kind))
    assert (total.excluded, total.gross is not None and total.gross < (total.net or 0)) == (1, True)


def test_r25_what_was_bound_after_its_end_is_flagged() -> None:
    found = stage()
    found.open(priority="high")
    reading = sla.read(found.hub.context, found.case.ticket.id, now=found.hub.now)
    late = replace(reading, bindings=[replace(one, in_renewal=True) for one in reading.bindings])

    assert {one.unmeasured for one in outcomes.came_to(reading, found.events())[1]} == {False}
    assert {one.unmeasured for one in outcomes.came_to(late, found.events())[1]} == {True}


def test_a_ticket_whose_clocks_run_is_among_the_running() -> None:
    found = stage()
    found.open(priority="high")
    every, [case], sums, _ = kept(found)

    assert {one.verdict for one in every} == {Verdict.RUNNING}
    assert (sums, case.closed_at) == ([], None)
