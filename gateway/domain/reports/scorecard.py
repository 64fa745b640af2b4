"""The partners' page (R30, R32): how each kept what it promised. A partner sees its own line and, of five or more others, an
anonymous median; a customer sees no such page."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Cell, CellKind, Column, Section, Table
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.tally import grouped, median, tally
from gateway.domain.reports.targets import count_columns, counts
from gateway.domain.reports.views import View
from gateway.domain.sla.terms import NONE

_MEAN = Column(key="mean", title="Mean time", kind=CellKind.LENGTH)
_MICRO = timedelta(microseconds=1)


def sections(basis: Basis) -> list[Section]:
    """The page, if the viewer has one."""
    if basis.viewer.view is View.CUSTOMER:
        return []
    table, share = _partners(basis), basis.viewer.view is View.PARTNER
    tables = (*((_beside_others(basis),) if share else ()), table)
    return [Section(id="scorecard", title="Partner scorecard", summary=_words(basis), tables=tables)]


def _below(basis: Basis) -> list[Outcome]:
    """The period's clocks of those who work for somebody in the chain; to a partner, of those who work for it, too."""
    every = [one for one in basis.as_of_the_end(basis.outcomes) if basis.is_of_period(one)]
    return [one for one in every if not basis.is_promise(one)]


def _partners(basis: Basis) -> Table:
    blamed = _blamed(basis)
    groups = grouped(_below(basis), lambda one: (one.provider, one.agreement, one.target_kind.value))
    rows: list[tuple[Cell, ...]] = []
    for (provider, agreement, target), found in groups.items():
        name = basis.viewer.name(provider)
        rows.append((name, agreement, target, *counts(found), _mean(found), blamed.get(provider, NONE)))
    every = [one for found in groups.values() for one in found]
    parts = sum((blamed.get(provider, NONE) for provider in {place[0] for place in groups}), NONE)
    return Table(
        id="partners",
        title="What each partner promised",
        columns=(
            Column(key="partner", title="Partner"),
            Column(key="agreement", title="Agreement", kind=CellKind.CODE),
            Column(key="target", title="Target", kind=CellKind.CODE),
            *count_columns(),
            _MEAN,
            Column(key="part", title="Part of breaches above", kind=CellKind.LENGTH),
        ),
        rows=tuple(rows),
        totals=("all", None, None, *counts(every), _mean(every), parts) if len(rows) > 1 else (),
        note="The mean is of the clocks that count. The part of breaches above is the partner's in all, for every line alike; "
        "the last line counts it once.",
        empty="No partner's clock was met or fell due in this period.",
    )


def _blamed(basis: Basis) -> dict[str, timedelta]:
    """Party → its part of the breaches of what was promised above it."""
    sums: dict[str, timedelta] = {}
    for one in basis.promised:
        for party, part in one.parts.items():
            if party != one.provider:
                sums[party] = sums.get(party, NONE) + part
    return sums


def _mean(outcomes: Sequence[Outcome]) -> timedelta | None:
    found = tally(outcomes)
    return (found.elapsed // _MICRO) // found.counted * _MICRO if found.counted else None


def _beside_others(basis: Basis) -> Table:
    own = basis.total.gross
    enough = len(basis.others) >= basis.limits.peers
    rows: list[tuple[Cell, ...]] = [(basis.viewer.name(basis.viewer.org), own)]
    if enough:
        rows.append(("median of the other partners", median(basis.others)))
    few = f"The median of others is told only of {basis.limits.peers} or more of them."
    return Table(
        id="beside-others",
        title="Beside the others",
        columns=(Column(key="who", title="Who"), Column(key="gross", title="Share met", kind=CellKind.SHARE)),
        rows=tuple(rows),
        note="" if enough else few,
    )


def _words(basis: Basis) -> str:
    found = tally(_below(basis))
    return (
        f"Partners met {found.met:,} of {found.counted:,} clocks of their own agreements."
        if found.counted
        else ""
    )
