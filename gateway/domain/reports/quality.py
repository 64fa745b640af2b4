"""Figures about the work itself (R30): tickets that came back, were fixed at the first visit, had no fault; visits in vain."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Cell, CellKind, Column, Section, Table
from gateway.domain.reports.outcome import Case
from gateway.domain.reports.views import View


def section(basis: Basis) -> Section:
    """Each figure as so many of so many."""
    closed = [one for one in basis.concerned if _ended(basis, one)]
    again = repeats(basis)
    opened = [one for one in basis.concerned if one.opened_at >= basis.period.start]
    lines = [
        ("Repeat: opened about the same thing soon after the last was closed", len(again), len(opened)),
        ("Reopened at least once", _how_many(closed, lambda one: one.reopened > 0), len(closed)),
        (
            "Fixed at the first visit, for good",
            _how_many(closed, lambda one: one.fixed_first_time),
            _visited(closed),
        ),
        ("No fault found", _how_many(closed, lambda one: one.no_fault_found), len(closed)),
    ]
    rows: list[tuple[Cell, ...]] = [
        (name, part, of, Fraction(part, of) if of else None) for name, part, of in lines
    ]
    made, vain = sum(one.visits for one in closed), sum(one.abortive for one in closed)
    rows.append(
        (
            "Visits in vain: nobody could be let in or found",
            vain,
            made,
            Fraction(vain, made) if made else None,
        )
    )
    table = Table(
        id="quality",
        title="Quality of the work",
        columns=(
            Column(key="figure", title="Figure"),
            Column(key="part", title="So many", kind=CellKind.COUNT),
            Column(key="of", title="Of", kind=CellKind.COUNT),
            Column(key="share", title="Share", kind=CellKind.SHARE),
        ),
        rows=tuple(rows),
        note=_note(basis),
    )
    return Section(id="quality", title="Quality of the work", tables=(table, _again(again)))


def repeats(basis: Basis) -> list[tuple[Case, Case]]:
    """Each ticket opened in the period about the same asset, else the same service at the same site, with the one that was
    closed not long before."""
    last: dict[tuple[str, ...], Case] = {}
    found = []
    for case in sorted(basis.cases, key=lambda one: (one.opened_at, one.ticket_id)):
        thing = _thing(case)
        if thing is None or case.cancelled:
            continue
        before = last.get(thing)
        if before is not None and _is_soon(basis, before, case):
            found.append((case, before))
        last[thing] = case
    return found


def _thing(case: Case) -> tuple[str, ...] | None:
    if case.asset:
        return case.customer, "asset", case.asset
    return (case.customer, "site", case.site, case.service) if case.site and case.service else None


def _is_soon(basis: Basis, before: Case, case: Case) -> bool:
    inside = basis.period.start <= case.opened_at < basis.until
    closed = before.closed_at or before.resolved_at
    return inside and closed is not None and closed <= case.opened_at <= closed + basis.limits.repeat


def _ended(basis: Basis, case: Case) -> bool:
    return case.closed_at is not None and case.closed_at < basis.until and not case.cancelled


def _how_many(cases: Sequence[Case], holds: Callable[[Case], bool | None]) -> int:
    return sum(bool(holds(one)) for one in cases)


def _visited(closed: Sequence[Case]) -> int:
    return _how_many(closed, lambda one: one.fixed_first_time is not None)


def _note(basis: Basis) -> str:
    days = basis.limits.repeat.days
    mine = (
        " Figures of tickets in which others worked below or beside are left out."
        if basis.viewer.view is View.PARTNER
        else ""
    )
    return f"Repeats are of tickets opened in the period, within {days} days; all else is of tickets closed in it.{mine}"


def _again(found: Sequence[tuple[Case, Case]]) -> Table:
    return Table(
        id="repeats",
        title="Repeats",
        columns=(
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="opened_at", title="Opened", kind=CellKind.MOMENT),
            Column(key="before", title="After", kind=CellKind.TICKET),
            Column(key="closed_at", title="Closed", kind=CellKind.MOMENT),
            Column(key="site", title="Site"),
            Column(key="asset", title="Asset"),
        ),
        rows=tuple(
            (
                *(case.number or case.ticket_id, case.opened_at, before.number or before.ticket_id),
                *(before.closed_at or before.resolved_at, case.site, case.asset),
            )
            for case, before in found
        ),
        empty="Nothing came back.",
    )
