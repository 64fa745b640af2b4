"""What is still open and how old it is, and which sites and assets keep coming back."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.outcome import Case
from gateway.domain.reports.tally import is_breached, so_many

_DAY = timedelta(days=1)
_AGES = (
    ("up to a day", _DAY),
    ("2 to 3 days", 3 * _DAY),
    ("4 to 7 days", 7 * _DAY),
    ("8 to 30 days", 30 * _DAY),
)
_OLDER = "more than 30 days"
_COUNT = Column(key="tickets", title="Tickets", kind=CellKind.COUNT)


def ageing(basis: Basis) -> Section:
    """Tickets open at the end, by age."""
    at = basis.until
    open_then = [
        one for one in basis.cases if one.opened_at < at and (one.closed_at is None or one.closed_at >= at)
    ]
    late = _late(basis)
    ages = {
        name: [one for one in open_then if _age(one, at) == name] for name in (*(n for n, _ in _AGES), _OLDER)
    }
    rows: list[tuple[Cell, ...]] = [
        (name, len(found), sum(one.ticket_id in late for one in found)) for name, found in ages.items()
    ]
    table = Table(
        id="backlog",
        title="Open tickets by age",
        columns=(
            Column(key="age", title="Open for"),
            _COUNT,
            Column(key="late", title="With a breach", kind=CellKind.COUNT),
        ),
        rows=tuple(rows) if open_then else (),
        totals=("all", len(open_then), sum(one.ticket_id in late for one in open_then)) if open_then else (),
        empty="Nothing was open.",
    )
    summary = f"{so_many(len(open_then), 'ticket was')} open at the end."
    chart = Chart(table="backlog", kind=ChartKind.BARS, label="age", series=("tickets",), summary=summary)
    oldest = sorted(open_then, key=lambda one: (one.opened_at, one.ticket_id))[:20]
    return Section(
        id="backlog",
        title="Backlog",
        summary=summary,
        tables=(table, _oldest(oldest, at)),
        charts=(chart,) if open_then else (),
    )


def _late(basis: Basis) -> frozenset[str]:
    """The tickets with a breach by the end; one that came later nobody knew of then."""
    return frozenset(
        one.ticket_id
        for one in basis.promises
        if is_breached(one) and one.counted_at is not None and one.counted_at < basis.period.end
    )


def _age(case: Case, at: datetime) -> str:
    age = at - case.opened_at
    return next((name for name, limit in _AGES if age <= limit), _OLDER)


def _oldest(cases: Sequence[Case], at: datetime) -> Table:
    return Table(
        id="oldest",
        title="The oldest that are open",
        columns=(
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="opened_at", title="Opened", kind=CellKind.MOMENT),
            Column(key="age", title="Open for", kind=CellKind.LENGTH),
            Column(key="priority", title="Priority"),
            Column(key="site", title="Site"),
        ),
        rows=tuple(
            (one.number or one.ticket_id, one.opened_at, at - one.opened_at, one.priority, one.site)
            for one in cases
        ),
        empty="Nothing was open.",
    )


def chronic(basis: Basis) -> Section:
    """Sites and assets with many tickets in the time looked back over."""
    since = basis.until - basis.limits.look_back
    recent = [one for one in basis.cases if since <= one.opened_at < basis.until and not one.cancelled]
    tables = (
        _often(basis, recent, "site", lambda one: one.site),
        _often(basis, recent, "asset", lambda one: one.asset),
    )
    found = sum(len(table.rows) for table in tables)
    days = basis.limits.look_back.days
    return Section(
        id="chronic",
        title="Chronic sites and assets",
        summary=f"{found} of the sites and assets had {basis.limits.chronic} tickets or more in the last {days} days.",
        tables=tables,
    )


def _often(basis: Basis, recent: Sequence[Case], name: str, key: Callable[[Case], str]) -> Table:
    found: dict[str, list[Case]] = {}
    for case in recent:
        if key(case):
            found.setdefault(key(case), []).append(case)
    late = _late(basis)
    often = [(thing, cases) for thing, cases in found.items() if len(cases) >= basis.limits.chronic]
    return Table(
        id=f"chronic-{name}s",
        title=f"{name.capitalize()}s that keep coming back",
        columns=(
            Column(key=name, title=name.capitalize()),
            _COUNT,
            Column(key="late", title="With a breach", kind=CellKind.COUNT),
            Column(key="reopened", title="Reopened", kind=CellKind.COUNT),
            Column(key="last", title="Last opened", kind=CellKind.MOMENT),
        ),
        rows=tuple(
            (
                thing,
                len(cases),
                sum(one.ticket_id in late for one in cases),
                sum(one.reopened > 0 for one in cases),
                max(one.opened_at for one in cases),
            )
            for thing, cases in sorted(often, key=lambda item: (-len(item[1]), item[0]))
        ),
        note="With a breach: up to the end of the period. Reopened: to this day.",
        empty="None.",
    )
