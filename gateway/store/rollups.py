"""Sums of outcomes by day and by month, changed by what comes and goes; reports of whole years read nothing else (R34)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from gateway.domain.reports.period import Period
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import (
    DAY_KEY,
    MINUTES_KEY,
    MONTH_KEY,
    SUMS,
    By,
    Deltas,
    Key,
    Measure,
    Minutes,
    Rolled,
    summed,
)
from gateway.store.db import Db
from gateway.store.outcome_tables import OutcomeDayRow, OutcomeMinutesRow, OutcomeMonthRow
from gateway.store.prepared import Statement
from gateway.store.scope import Scope

DAY: Table = OutcomeDayRow.__table__  # type: ignore[attr-defined]
MONTH: Table = OutcomeMonthRow.__table__  # type: ignore[attr-defined]
MINUTES: Table = OutcomeMinutesRow.__table__  # type: ignore[attr-defined]
_MICRO = timedelta(microseconds=1)


def merge(db: Db, deltas: Deltas) -> None:
    """Change the sums by these. Rows are locked in the order of their keys, so that no two who merge wait for each other."""
    _merge(db, _TO_DAYS, (DAY_KEY, SUMS), deltas.days)
    _merge(db, _TO_MONTHS, (MONTH_KEY, SUMS), deltas.months)
    _merge(db, _TO_MINUTES, (MINUTES_KEY, ("amount",)), {key: [one] for key, one in deltas.minutes.items()})


def _merge(
    db: Db,
    statement: Statement,
    names: tuple[Sequence[str], Sequence[str]],
    changes: Mapping[Key, Sequence[int]],
) -> None:
    together = [*names[0], *names[1]]
    rows = [
        dict(zip(together, (*key, *sums), strict=True)) for key, sums in sorted(changes.items()) if any(sums)
    ]
    if rows:
        statement.run_all(db, rows)


def _adding(table: Table, key: Sequence[str], sums: Sequence[str]) -> Callable[[str], Executable]:
    """Add to the row of a key, which is made where there is none."""

    def build(dialect: str) -> Executable:
        values: dict[str, Any] = {name: bindparam(name, type_=String()) for name in key}
        values |= {name: bindparam(name, type_=BigInteger()) for name in sums}
        new = (sqlite if dialect == "sqlite" else postgresql).insert(table).values(values)
        grown = {name: table.c[name] + new.excluded[name] for name in sums}
        made: Executable = new.on_conflict_do_update(index_elements=list(key), set_=grown)
        return made

    return build


_TO_DAYS = Statement(_adding(DAY, DAY_KEY, SUMS))
_TO_MONTHS = Statement(_adding(MONTH, MONTH_KEY, SUMS))
_TO_MINUTES = Statement(_adding(MINUTES, MINUTES_KEY, ["amount"]))


def clear(db: Db) -> None:
    """Take all sums away, so that they can be made anew."""
    for table in (DAY, MONTH, MINUTES):
        db.execute(delete(table))


def rolled(db: Db, scope: Scope, query: Query, by: Sequence[By] = ()) -> list[Rolled]:
    """The sums of the outcomes that count into a day, told apart by these, in the order of their places. All verdicts are
    told, whichever the query names. Raises ValueError for single tickets, which sums do not know."""
    if query.ticket_ids is not None:
        raise ValueError("sums know no single tickets")
    by_month = not query.site and not {By.DAY, By.SITE} & set(by) and _is_of_months(query.period)
    table = MONTH if by_month else DAY
    sums = [func.sum(table.c[name], type_=BigInteger()) for name in SUMS]
    found = _grouped(db, (table, scope, query), by, sums)
    told = [summed(place, amounts) for place, amounts in sorted(found.items())]
    return [one for one in told if one.counted or one.cancelled]


def minutes(db: Db, scope: Scope, query: Query, by: Sequence[By] = ()) -> list[Minutes]:
    """Where the minutes of these outcomes went. Raises ValueError where more is asked for than customer, provider,
    agreement, target, day and month, which is all that is known of minutes."""
    beyond = {By.PRIORITY, By.SERVICE, By.SITE} & set(by)
    if query.ticket_ids is not None or beyond or query.priority or query.service or query.site:
        raise ValueError("minutes are summed by customer, provider, agreement, target and day only")
    total = func.sum(MINUTES.c.amount, type_=BigInteger())
    found = _grouped(db, (MINUTES, scope, query), (*by, "measure", "name"), [total])
    return [
        Minutes(place=tuple(place), measure=Measure(measure), name=name, length=amount * _MICRO)
        for (*place, measure, name), (amount,) in sorted(found.items())
        if amount
    ]


def _is_of_months(period: Period | None) -> bool:
    """Whether whole months make it up."""
    return period is None or (period.first.day == 1 and period.last == next(period.months(1)).last)


_Source = tuple[Table, Scope, Query]


def _grouped(
    db: Db, source: _Source, by: Sequence[str], sums: Sequence[ColumnElement[Any]]
) -> dict[tuple[str, ...], list[int]]:
    """Place → sums. Grouped by customer in the database and added up here, where numbers have no end: the microseconds of
    ten million clocks are more than 64 bits hold."""
    table, scope, _ = source
    place = [_column(table, name) for name in by]
    wanted = select(*place, *sums).where(scope.where(table), *_named(source))
    found: dict[tuple[str, ...], list[int]] = {}
    for row in db.execute(wanted.group_by(table.c.customer, *place)):
        key, amounts = tuple(row[: len(place)]), [int(one) for one in row[len(place) :]]
        before = found.get(key)
        found[key] = (
            amounts if before is None else [one + more for one, more in zip(before, amounts, strict=True)]
        )
    return found


def _column(table: Table, name: str) -> ColumnElement[Any]:
    if name == By.MONTH and "day" in table.c:
        return func.substr(table.c.day, 1, 7, type_=String())
    return table.c[str(name)]


def _named(source: _Source) -> Iterator[ColumnElement[bool]]:
    table, _, query = source
    for name in ("customer", "provider", "agreement", "target_kind", "priority", "service", "site"):
        value = getattr(query, name)
        if value:
            yield table.c[name] == str(value)
    if query.period is not None:
        first, last = str(query.period.first), str(query.period.last)
        yield (
            table.c.month.between(first[:7], last[:7])
            if "month" in table.c
            else table.c.day.between(first, last)
        )
