"""Sums of outcomes by day and by month, changed by what comes and goes; reports of whole years read nothing else (R34)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, Table, and_, bindparam, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from gateway.domain.reports.outcome import Coverage, Verdict
from gateway.domain.reports.period import Period
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import (
    DAY_KEY,
    MINUTES_KEY,
    MONTH_KEY,
    SITE_KEY,
    SUMS,
    YEAR_KEY,
    By,
    Deltas,
    Key,
    Measure,
    Minutes,
    Rolled,
    summed,
)
from gateway.store.db import Db
from gateway.store.outcome_tables import (
    OutcomeDayRow,
    OutcomeMinutesRow,
    OutcomeMonthRow,
    OutcomeRow,
    OutcomeSiteRow,
    OutcomeYearRow,
)
from gateway.store.prepared import Statement
from gateway.store.scope import Scope

DAY: Table = OutcomeDayRow.__table__  # type: ignore[attr-defined]
MONTH: Table = OutcomeMonthRow.__table__  # type: ignore[attr-defined]
YEAR: Table = OutcomeYearRow.__table__  # type: ignore[attr-defined]
SITE: Table = OutcomeSiteRow.__table__  # type: ignore[attr-defined]
OUTCOME: Table = OutcomeRow.__table__  # type: ignore[attr-defined]
MINUTES: Table = OutcomeMinutesRow.__table__  # type: ignore[attr-defined]
_MICRO = timedelta(microseconds=1)
_SPANS = {"year": 4, "month": 7, "day": 10, "counted_on": 10}
"""What names the time of sums, and how many letters of a day it is."""
_NAMED = ("customer", "provider", "agreement", "target_kind", "priority", "service", "site")


def merge(db: Db, deltas: Deltas) -> None:
    """Change the sums by these. Rows are locked in the order of their keys, so that no two who merge wait for each other."""
    _merge(db, _TO_DAYS, (DAY_KEY, SUMS), deltas.days)
    _merge(db, _TO_MONTHS, (MONTH_KEY, SUMS), deltas.months)
    _merge(db, _TO_YEARS, (YEAR_KEY, SUMS), deltas.years)
    _merge(db, _TO_SITES, (SITE_KEY, SUMS), deltas.sites)
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
_TO_YEARS = Statement(_adding(YEAR, YEAR_KEY, SUMS))
_TO_SITES = Statement(_adding(SITE, SITE_KEY, SUMS))
_TO_MINUTES = Statement(_adding(MINUTES, MINUTES_KEY, ["amount"]))


def clear(db: Db) -> None:
    """Take all sums away, so that they can be made anew."""
    for table in (DAY, MONTH, YEAR, SITE, MINUTES):
        db.execute(delete(table))


def rolled(db: Db, scope: Scope, query: Query, by: Sequence[By] = ()) -> list[Rolled]:
    """The sums of the outcomes that count into a day, told apart by these, in the order of their places. All verdicts are
    told, whichever the query names. Raises ValueError for single tickets, which sums do not know."""
    if query.ticket_ids is not None:
        raise ValueError("sums know no single tickets")
    table = _table_for(query, by)
    sums = (
        _sums_of_rows()
        if table is OUTCOME
        else [func.sum(table.c[name], type_=BigInteger()) for name in SUMS]
    )
    found = _grouped(db, (table, scope, query), by, sums)
    told = [summed(place, amounts) for place, amounts in sorted(found.items())]
    return [one for one in told if one.counted or one.cancelled]


def _table_for(query: Query, by: Sequence[By]) -> Table:
    """The smallest that can answer; what no sums know is read from the outcomes themselves, through their indexes."""
    asked = {name for name in _NAMED if getattr(query, name)} | {part.value for part in by}
    days, months = {By.DAY} & asked, {By.MONTH} & asked
    fits_months = not days and _is_of_months(query.period)
    fits_years = fits_months and not months and _is_of_years(query.period)
    for table, fits in ((YEAR, fits_years), (MONTH, fits_months), (SITE, fits_months), (DAY, True)):
        if fits and asked - days - months <= set(table.c.keys()):
            return table
    return OUTCOME


def _sums_of_rows() -> list[ColumnElement[Any]]:
    """The sums in their order, from outcomes."""
    one = OUTCOME.c
    counts, over = one.verdict != Verdict.CANCELLED.value, one.elapsed - one.target
    amounts: dict[str, tuple[ColumnElement[bool], Any]] = {}
    amounts |= {verdict.value: (one.verdict == verdict.value, 1) for verdict in Verdict}
    amounts |= {coverage.value: (and_(counts, one.coverage == coverage.value), 1) for coverage in Coverage}
    amounts |= {name: (and_(counts, one[name]), 1) for name in ("provisional", "unmeasured")}
    lengths = {"elapsed": one.elapsed, "stopped": one.stopped_time}
    amounts |= {name: (counts, amount) for name, amount in lengths.items()}
    amounts["overrun"] = (and_(counts, one.elapsed > one.target), over)
    return [func.sum(case(amounts[name], else_=0), type_=BigInteger()) for name in SUMS]


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


def _is_of_years(period: Period | None) -> bool:
    """Whether whole years make it up."""
    return period is None or ((period.first.month, period.last.month) == (1, 12) and _is_of_months(period))


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
        key, amounts = tuple(row[: len(place)]), list(map(int, row[len(place) :]))
        before = found.get(key)
        found[key] = (
            amounts if before is None else [one + more for one, more in zip(before, amounts, strict=True)]
        )
    return found


def _column(table: Table, name: str) -> ColumnElement[Any]:
    if name in (By.DAY, By.MONTH) and str(name) not in table.c:
        day = table.c.day if "day" in table.c else table.c.counted_on
        return day if name == By.DAY else func.substr(day, 1, 7, type_=String())
    return table.c[str(name)]


def _named(source: _Source) -> Iterator[ColumnElement[bool]]:
    table, _, query = source
    for name in _NAMED:
        value = getattr(query, name)
        if value:
            yield table.c[name] == str(value)
    if table is OUTCOME:
        yield table.c.counted_on.is_not(None)
    if query.period is not None:
        name, letters = next(span for span in _SPANS.items() if span[0] in table.c)
        yield table.c[name].between(str(query.period.first)[:letters], str(query.period.last)[:letters])
