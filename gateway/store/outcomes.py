"""What clocks and tickets came to, one row each. Writing them keeps the sums of `rollups` true in the same transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, delete, select

from gateway.domain.reports.outcome import Case, Coverage, Outcome, Verdict
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import Deltas
from gateway.domain.sla.terms import AgreementKind, TargetKind
from gateway.store import bulk, rollups, rows
from gateway.store.columns import plain
from gateway.store.db import Db
from gateway.store.outcome_tables import CaseOutcomeRow, OutcomeRow
from gateway.store.prepared import Statement, among
from gateway.store.scope import Scope

OUTCOME: Table = OutcomeRow.__table__  # type: ignore[attr-defined]
CASE: Table = CaseOutcomeRow.__table__  # type: ignore[attr-defined]
Kept = tuple[Case, Sequence[Outcome]]
"""A ticket and its clocks."""
_BATCH = 10_000
_MICRO = timedelta(microseconds=1)
_NAMES = [field.name for field in fields(Outcome)]
_CASE_NAMES = [field.name for field in fields(Case)]
_Made = TypeVar("_Made", Outcome, Case)
Row = Mapping[str, Any]


def keep(db: Db, given: Sequence[Kept]) -> None:
    """Keep what these tickets and their clocks came to in place of what was kept of them, and change the sums by the
    difference. The caller holds the tickets' locks; the locks of the sums are taken here, last and in order."""
    names = [case.ticket_id for case, _ in given]
    if not names:
        return
    before = {row[0]: tuple(row) for row in _KEPT.raw(db, ticket_ids=names)}
    after = {one.id: one for _, outcomes in given for one in outcomes}
    fresh = [one for one in after.values() if before.get(one.id) != _raw(one)]
    stale = [before[one.id] for one in fresh if one.id in before]
    stale += [row for name, row in before.items() if name not in after]
    deltas = Deltas()
    reads = _KEPT.reads(db)
    for row in stale:
        deltas.add(_outcome([reads[at](value) if at in reads else value for at, value in enumerate(row)]), -1)
    for one in fresh:
        deltas.add(one)
    if stale:
        _TAKE_BACK.run(db, ids=[row[0] for row in stale])
    bulk.add(db, OUTCOME, [_row(one) for one in fresh])
    _keep_cases(db, [case for case, _ in given])
    rollups.merge(db, deltas)


def _kept(dialect: str) -> Select[Any]:
    return select(*(OUTCOME.c[name] for name in _NAMES)).where(
        among(dialect, OUTCOME.c.ticket_id, "ticket_ids")
    )


_KEPT = Statement(_kept)
_TAKE_BACK = Statement(lambda dialect: delete(OUTCOME).where(among(dialect, OUTCOME.c.id, "ids")))


def _keep_cases(db: Db, given: Sequence[Case]) -> None:
    before = {row[0]: tuple(row) for row in _KEPT_CASES.raw(db, ticket_ids=[one.ticket_id for one in given])}
    fresh = [case for case in given if before.get(case.ticket_id) != _raw_case(case)]
    stale = [case.ticket_id for case in fresh if case.ticket_id in before]
    if stale:
        _TAKE_BACK_CASES.run(db, ids=stale)
    bulk.add(db, CASE, [_case_row(case) for case in fresh])


def _kept_cases(dialect: str) -> Select[Any]:
    found = select(*(CASE.c[name] for name in _CASE_NAMES))
    return found.where(among(dialect, CASE.c.ticket_id, "ticket_ids"))


_KEPT_CASES = Statement(_kept_cases)
_TAKE_BACK_CASES = Statement(lambda dialect: delete(CASE).where(among(dialect, CASE.c.ticket_id, "ids")))


def forget(db: Db, ticket_ids: Iterable[str]) -> None:
    """Take back all that is kept of these tickets."""
    names = sorted(set(ticket_ids))
    deltas = Deltas()
    gone = _KEPT.rows(db, ticket_ids=names)
    for row in gone:
        deltas.add(_outcome(row), -1)
    _TAKE_BACK.run(db, ids=[row[0] for row in gone])
    _TAKE_BACK_CASES.run(db, ids=names)
    rollups.merge(db, deltas)


def select_outcomes(db: Db, scope: Scope, query: Query) -> list[Outcome]:
    """The outcomes asked for, as `Query.takes` has it, in the order of tickets and clocks."""
    wanted = _asked(db, OUTCOME, _NAMES, query).where(scope.where(OUTCOME))
    found = [_outcome(row) for part in _parts(query) for row in db.execute(wanted.where(*part))]
    return sorted(
        found, key=lambda one: (one.ticket_id, one.agreement, one.hop_id, one.target_kind, one.place)
    )


Part = tuple[ColumnElement[bool], ...]
"""Conditions that an index answers. What is one of several is asked for one by one: with OR, a database gives its index up."""


def _parts(query: Query) -> Iterator[Part]:
    """What counts in a period, and what runs meanwhile."""
    if query.period is None:
        yield ()
        return
    day, period = OUTCOME.c.counted_on, query.period
    yield (day.between(str(period.first), str(period.last)),)
    if not query.verdicts or Verdict.RUNNING in query.verdicts:
        yield day.is_(None), OUTCOME.c.opened_at < period.end


def cases(db: Db, scope: Scope, query: Query) -> list[Case]:
    """The tickets asked for, the oldest first. Of the query the customer, service, site, priority, tickets and period
    count; the rest is of clocks."""
    wanted = _asked(db, CASE, _CASE_NAMES, query).where(scope.where(CASE))
    found = [_case(row) for part in _lives(query) for row in db.execute(wanted.where(*part))]
    return sorted(found, key=lambda one: (one.opened_at, one.ticket_id))


def _lives(query: Query) -> Iterator[Part]:
    """What was opened in a period, and what was opened before it and closed no earlier, or never."""
    if query.period is None:
        yield ()
        return
    opened, closed, period = CASE.c.opened_at, CASE.c.closed_at, query.period
    yield opened >= period.start, opened < period.end
    yield opened < period.start, closed >= period.start
    yield opened < period.start, closed.is_(None)


rolled, minutes = rollups.rolled, rollups.minutes


def sum_again(db: Db) -> None:
    """Make all sums anew from the outcomes."""
    rollups.clear(db)
    every = select(*(OUTCOME.c[name] for name in _NAMES)).execution_options(yield_per=_BATCH)
    for batch in db.execute(every).partitions():
        deltas = Deltas()
        for row in batch:
            deltas.add(_outcome(row))
        rollups.merge(db, deltas)


def tickets(db: Db, scope: Scope) -> list[str]:
    """Every ticket of which anything is kept."""
    return list(
        db.execute(select(CASE.c.ticket_id).where(scope.where(CASE)).order_by(CASE.c.ticket_id)).scalars()
    )


def watched(db: Db, scope: Scope) -> list[str]:
    """Every ticket whose clocks are kept."""
    ticket = rows.ticket.c
    return list(db.execute(select(ticket.id).where(ticket.watched, scope.where(rows.ticket))).scalars())


def _asked(db: Db, table: Table, names: Sequence[str], query: Query) -> Select[Any]:
    """What a query names, as far as the table has it; its period is left to the caller."""
    wanted = select(*(table.c[name] for name in names))
    for name in ("customer", "provider", "agreement", "target_kind", "priority", "service", "site"):
        value = getattr(query, name)
        if value and name in table.c:
            wanted = wanted.where(table.c[name] == str(value))
    if query.verdicts and "verdict" in table.c:
        wanted = wanted.where(table.c.verdict.in_(sorted(query.verdicts)))
    if query.ticket_ids is None:
        return wanted
    named = wanted.where(among(db.dialect.name, table.c.ticket_id, "ticket_ids"))
    return named.params(ticket_ids=sorted(query.ticket_ids))


# -- rows ------------------------------------------------------------------------------------------------------------------


def _row(one: Outcome) -> Row:
    plain = {
        "agreement_kind": one.agreement_kind.value,
        "target_kind": one.target_kind.value,
        "verdict": one.verdict.value,
        "coverage": one.coverage.value,
        "counted_on": None if one.counted_on is None else str(one.counted_on),
        "time": _micros(one.time),
        "stopped": _micros(one.stopped),
        "parts": _micros(one.parts),
    }
    return vars(one) | plain


def _raw(one: Outcome) -> tuple[Any, ...]:
    """The row as the driver gives it: what has not changed is known without being read."""
    return tuple([plain(value) for value in _row(one).values()])


def _raw_case(case: Case) -> tuple[Any, ...]:
    return tuple([plain(value) for value in _case_row(case).values()])


def _outcome(row: Iterable[Any]) -> Outcome:
    told = dict(zip(_NAMES, row, strict=True))
    told["agreement_kind"] = AgreementKind(told["agreement_kind"])
    told["target_kind"] = TargetKind(told["target_kind"])
    told["verdict"] = Verdict(told["verdict"])
    told["coverage"] = Coverage(told["coverage"])
    told["counted_on"] = date.fromisoformat(told["counted_on"]) if told["counted_on"] else None
    told["provisional"], told["unmeasured"] = bool(told["provisional"]), bool(told["unmeasured"])
    for name in ("time", "stopped", "parts"):
        told[name] = _lengths(told[name])
    return _made(Outcome, told)


def _case_row(case: Case) -> Row:
    plain = {"coverage": case.coverage.value, "parties": list(case.parties), "time": _micros(case.time)}
    return vars(case) | plain


def _case(row: Iterable[Any]) -> Case:
    told = dict(zip(_CASE_NAMES, row, strict=True))
    told |= {
        "coverage": Coverage(told["coverage"]),
        "parties": tuple(told["parties"]),
        "time": _lengths(told["time"]),
    }
    for name in ("cancelled", "no_fault_found"):
        told[name] = bool(told[name])
    first = told["fixed_first_time"]
    told["fixed_first_time"] = None if first is None else bool(first)
    return _made(Case, told)


def _made(kind: type[_Made], told: Row) -> _Made:
    """Built without __init__, which sets the fields of what is frozen one by one."""
    new = object.__new__(kind)
    vars(new).update(told)
    return new


def _micros(lengths: Mapping[str, timedelta]) -> dict[str, int]:
    return {name: length // _MICRO for name, length in lengths.items()}


def _lengths(micros: Mapping[str, int]) -> dict[str, timedelta]:
    return {name: amount * _MICRO for name, amount in micros.items()}
