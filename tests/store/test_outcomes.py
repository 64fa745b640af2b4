"""Outcomes and cases in rows, and their sums: what is kept comes back, what changes moves the sums by the difference, on both
databases."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import By, Measure, rolled
from gateway.domain.sla.terms import NONE, TargetKind
from gateway.store import outcomes, rollups
from gateway.store.db import Database, Db
from gateway.store.scope import Scope
from tests.domain.reports.outcomes import kept
from tests.migrated import bring_up

OPERATOR = Scope.operator()
ALL = Query()
QUERIES = (
    ALL,
    Query(customer="acme"),
    Query(customer="acme", provider="north", target_kind=TargetKind.RESOLUTION),
    Query(agreement="gold", priority="high", service="tills"),
    Query(site="S-1"),
    Query(period=period_from("2026-02")),
    Query(customer="best", period=period_from("2026-Q1")),
    Query(period=period_from("2026")),
    Query(service="tills", period=period_from("2026")),
    Query(period=period_from("2026-02-03..2026-02-17"), site="S-2"),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    yield opened
    opened.close()


Told = dict[str, tuple[Case, list[Outcome]]]


def some(seed: int, count: int = 60) -> Told:
    dice = random.Random(seed)
    return {case.ticket_id: (case, found) for case, found in (kept(dice, n) for n in range(count))}


def keep(database: Database, told: Told) -> None:
    with database.write() as db:
        outcomes.keep(db, list(told.values()))


def every(told: Told) -> list[Outcome]:
    found = [one for _, clocks in told.values() for one in clocks]
    return sorted(
        found, key=lambda one: (one.ticket_id, one.agreement, one.hop_id, one.target_kind, one.place)
    )


def test_what_is_kept_comes_back_whole(database: Database) -> None:
    told = some(1)
    keep(database, told)

    with database.read() as db:
        assert outcomes.select_outcomes(db, OPERATOR, ALL) == every(told)
        assert outcomes.cases(db, OPERATOR, ALL) == sorted(
            (case for case, _ in told.values()), key=lambda case: (case.opened_at, case.ticket_id)
        )
        assert outcomes.tickets(db, OPERATOR) == sorted(told)


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_rows_are_chosen_as_the_query_takes_outcomes(database: Database, query: Query) -> None:
    told = some(2, 90)
    keep(database, told)

    with database.read() as db:
        found = outcomes.select_outcomes(db, OPERATOR, query)
    assert found == [one for one in every(told) if query.takes(one)]
    assert found


def test_verdicts_and_tickets_narrow_it(database: Database) -> None:
    told = some(3)
    keep(database, told)
    late = Query(verdicts={Verdict.BREACHED}, ticket_ids=set(sorted(told)[:30]))

    with database.read() as db:
        assert outcomes.select_outcomes(db, OPERATOR, late) == [one for one in every(told) if late.takes(one)]
        assert outcomes.select_outcomes(db, OPERATOR, Query(ticket_ids=set())) == []


def test_more_tickets_may_be_named_than_a_statement_has_places_for(database: Database) -> None:
    told = some(3)
    keep(database, told)
    many = {f"tkt_{number:06}" for number in range(70_000)} | {"tkt_0001"}

    with database.read() as db:
        found = outcomes.select_outcomes(db, OPERATOR, Query(ticket_ids=many))
        assert found == every({"tkt_0001": told["tkt_0001"]})
        assert [one.ticket_id for one in outcomes.cases(db, OPERATOR, Query(ticket_ids=many))] == ["tkt_0001"]


def test_a_case_is_in_every_period_in_which_it_was_open(database: Database) -> None:
    told = some(4)
    keep(database, told)
    month = period_from("2026-02")

    with database.read() as db:
        found = {
            case.ticket_id for case in outcomes.cases(db, OPERATOR, Query(period=month, customer="acme"))
        }
    assert found == {
        case.ticket_id
        for case, _ in told.values()
        if case.customer == "acme"
        and case.opened_at < month.end
        and (case.closed_at is None or case.closed_at >= month.start)
    }


def test_nobody_sees_what_is_not_in_its_scope(database: Database) -> None:
    told = some(5)
    keep(database, told)
    mine = [one for one in every(told) if one.org_id == "org_a"]

    with database.read() as db:
        scope = Scope.of("org_a")
        assert outcomes.select_outcomes(db, scope, ALL) == mine
        assert {case.org_id for case in outcomes.cases(db, scope, ALL)} == {"org_a"}
        assert rollups.rolled(db, scope, ALL) == rolled(mine)
        assert rollups.minutes(db, Scope.of("nobody"), ALL) == []


GROUPS: tuple[tuple[By, ...], ...] = (
    (),
    (By.CUSTOMER, By.PRIORITY),
    (By.MONTH, By.TARGET_KIND),
    (By.DAY,),
    (By.SITE, By.AGREEMENT),
    (By.SITE, By.PRIORITY, By.DAY),
    (By.SERVICE, By.PROVIDER, By.MONTH),
)


def is_told_as_counted(database: Database, told: Told) -> None:
    """The sums are those of the outcomes, whatever is asked for."""
    with database.read() as db:
        for query in QUERIES:
            taken = [one for one in every(told) if query.takes(one)]
            for by in GROUPS:
                assert rollups.rolled(db, OPERATOR, query, by) == rolled(taken, by), (query, by)


def test_r34_the_sums_follow_whatever_comes_goes_or_changes(database: Database) -> None:
    told = some(6)
    keep(database, told)
    is_told_as_counted(database, told)

    changed = {name: found for name, found in some(7).items() if name > "tkt_0030"}
    keep(database, changed)
    told |= changed
    is_told_as_counted(database, told)

    with database.write() as db:
        outcomes.forget(db, sorted(told)[:20])
    told = {name: found for name, found in told.items() if name in sorted(told)[20:]}
    is_told_as_counted(database, told)
    with database.read() as db:
        assert outcomes.tickets(db, OPERATOR) == sorted(told)


def test_keeping_the_same_again_writes_nothing(database: Database) -> None:
    told = some(8)
    keep(database, told)
    rows = "SELECT count(*), sum(met), sum(elapsed) FROM outcome_day"
    with database.write() as db:
        driver: Any = db.connection.driver_connection
        before = db.exec_driver_sql(rows).one()
        changes = driver.total_changes if database.is_sqlite else 0
        outcomes.keep(db, list(told.values()))
        assert db.exec_driver_sql(rows).one() == before
        assert not database.is_sqlite or driver.total_changes == changes


def test_many_may_keep_at_once_and_nobody_waits_for_each_other(database: Database) -> None:
    """Two workers whose tickets share their sums, in opposite orders."""
    told = list(some(12, 80).values())
    halves = (told[:40], told[:39:-1])

    def worker(mine: list[tuple[Case, list[Outcome]]]) -> None:
        for begun in range(0, len(mine), 4):
            with database.write() as db:
                outcomes.keep(db, mine[begun : begun + 4])

    with ThreadPoolExecutor(max_workers=2) as both:
        list(both.map(worker, halves))
    is_told_as_counted(database, {case.ticket_id: (case, found) for case, found in told})


def sums(db: Db) -> tuple[object, ...]:
    each = [rollups.rolled(db, OPERATOR, ALL, by) for by in ((), [By.DAY], [By.MONTH], [By.SITE])]
    return (*each, rollups.minutes(db, OPERATOR, ALL, [By.DAY]))


def test_sums_made_anew_are_the_same(database: Database) -> None:
    told = some(9)
    keep(database, told)
    with database.write() as db:
        before = sums(db)
        db.exec_driver_sql("UPDATE outcome_day SET met = met + 1")
        db.exec_driver_sql("UPDATE outcome_year SET breached = breached + 1")
        db.exec_driver_sql("UPDATE outcome_site SET breached = breached + 1")
        db.exec_driver_sql("DELETE FROM outcome_minutes")
        assert sums(db) != before
        outcomes.sum_again(db)
        after = sums(db)

    assert before == after
    is_told_as_counted(database, told)


def test_minutes_are_summed_by_party_and_by_reason(database: Database) -> None:
    told = some(10)
    keep(database, told)
    counted = [one for one in every(told) if one.verdict not in (Verdict.RUNNING, Verdict.CANCELLED)]
    mine = [one for one in counted if one.customer == "acme"]

    with database.read() as db:
        found = rollups.minutes(db, OPERATOR, Query(customer="acme"))
    by_name = {(one.measure, one.name): one.length for one in found}
    assert by_name[Measure.TIME, "vendor"] == sum((one.time["vendor"] for one in mine), NONE)
    assert by_name[Measure.TIME, "link"] == sum(
        (one.time["link:h1"] + one.time["link:h2"] for one in mine), NONE
    )
    assert by_name[Measure.STOPPED, "requester_info"] == sum((one.stopped_time for one in mine), NONE)
    assert by_name[Measure.PARTS, "contract_gap"] == sum((one.over for one in mine if one.parts), NONE)


def test_more_microseconds_than_64_bits_hold_are_summed(database: Database) -> None:
    """Ten million clocks of ten days each."""
    case, clocks = next(found for found in some(11).values() if found[1])
    long = replace(
        clocks[0],
        verdict=Verdict.MET,
        counted_on=period_from("2026-02").first,
        elapsed=timedelta(days=90_000_000),
    )
    parts = [
        (
            replace(case, ticket_id=f"tkt_{n}"),
            [replace(long, id=f"out_{n}", ticket_id=f"tkt_{n}", customer=f"c{n}")],
        )
        for n in range(3)
    ]
    with database.write() as db:
        outcomes.keep(db, parts)
        [found] = rollups.rolled(db, OPERATOR, ALL)

    assert found.elapsed == timedelta(days=270_000_000)


def test_sums_know_no_single_tickets(database: Database) -> None:
    with database.read() as db:
        with pytest.raises(ValueError, match="no single tickets"):
            rollups.rolled(db, OPERATOR, Query(ticket_ids={"tkt_1"}))
        with pytest.raises(ValueError, match="by customer, provider"):
            rollups.minutes(db, OPERATOR, Query(priority="high"))
