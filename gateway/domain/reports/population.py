"""Coverage and population (R30): by what the figures were measured, and which tickets are in them, so that "you show 412, we
logged 437" has an answer."""

from collections.abc import Iterable
from fractions import Fraction

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.outcome import Case, Coverage, Outcome, Verdict
from gateway.domain.reports.tally import COUNTED, so_many

_MEASURED = {
    Coverage.HISTORY: "by the desks' own history",
    Coverage.DIFFERENCE: "by comparing what a desk showed, look after look",
    Coverage.PERSON: "as somebody said",
    Coverage.UNLINKED: "partly at a desk that is not linked",
    Coverage.LINK_DOWN: "while a link was down",
}
_COUNT = Column(key="tickets", title="Tickets", kind=CellKind.COUNT)


def section(basis: Basis) -> Section:
    """The first chapter: how far the rest can be trusted."""
    coverage, population, left_out = _coverage(basis), _population(basis), _left_out(basis)
    tables = (coverage, population, *((left_out,) if left_out.rows else ()))
    chart = Chart(
        table="coverage",
        kind=ChartKind.BARS,
        label="measured",
        series=("share",),
        summary="The share of tickets by what measured them.",
    )
    return Section(
        id="coverage",
        title="Coverage and population",
        summary=f"{coverage_words(basis)} {population_words(basis)}",
        tables=tables,
        charts=(chart,) if basis.concerned else (),
    )


def by_history(basis: Basis) -> Fraction | None:
    """The share of tickets that desks' own histories tell whole; None of no ticket."""
    every = basis.concerned
    return Fraction(sum(one.coverage is Coverage.HISTORY for one in every), len(every)) if every else None


def coverage_words(basis: Basis) -> str:
    """One sentence."""
    every = basis.concerned
    whole = sum(one.coverage is Coverage.HISTORY for one in every)
    return f"{whole:,} of {so_many(len(every), 'ticket')} measured by the desks' own history alone."


def population_words(basis: Basis) -> str:
    """The population line."""
    opened, closed, counted = map(len, basis.circles)
    missing = len(basis.circles[0] - basis.circles[2])
    left_out = f"{missing:,} of those opened left out, each named with its reason"
    return (
        f"{so_many(opened, 'ticket')} opened in the period, {closed:,} ended, {counted:,} counted; "
        f"{left_out if missing else 'none of those opened left out'}."
    )


def _coverage(basis: Basis) -> Table:
    every = basis.concerned
    counts = {kind: sum(one.coverage is kind for one in every) for kind in Coverage}
    rows = tuple(
        (_MEASURED[kind], count, Fraction(count, len(every))) for kind, count in counts.items() if count
    )
    return Table(
        id="coverage",
        title="By what tickets were measured",
        columns=(
            Column(key="measured", title="Measured"),
            _COUNT,
            Column(key="share", title="Share", kind=CellKind.SHARE),
        ),
        rows=rows,
        totals=("all", len(every), Fraction(1)) if every else (),
        note="Tickets that were open at some moment of the period; the worst of a ticket's desks counts.",
        empty="No ticket was open in this period.",
    )


def _population(basis: Basis) -> Table:
    opened, closed, counted = basis.circles
    rows = [
        ("Opened in the period", len(opened)),
        ("Ended in the period: closed, or an imported history over", len(closed)),
        ("Counted: a clock was met, or fell due, in the period", len(counted)),
        ("– of these opened in the period", len(counted & opened)),
        ("– of these opened before it", len(counted - opened)),
        ("Opened in the period, not counted", len(opened - counted)),
    ]
    reasons = [why for _, why in _missing(basis)]
    rows += [(f"– {why}", reasons.count(why)) for why in dict.fromkeys(reasons)]
    return Table(
        id="population",
        title="Which tickets are counted",
        columns=(Column(key="line", title="Tickets that were …"), _COUNT),
        rows=tuple(rows),
        note="A clock counts in one period only: where it was met, or where it fell due.",
    )


def _left_out(basis: Basis) -> Table:
    rows = tuple(
        (case.number or case.ticket_id, case.opened_at, case.closed_at, why) for case, why in _missing(basis)
    )
    return Table(
        id="left-out",
        title="Opened in the period and not counted",
        columns=(
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="opened_at", title="Opened", kind=CellKind.MOMENT),
            Column(key="closed_at", title="Closed", kind=CellKind.MOMENT),
            Column(key="why", title="Why"),
        ),
        rows=rows,
    )


def _missing(basis: Basis) -> list[tuple[Case, str]]:
    opened, _, counted = basis.circles
    clocks: dict[str, list[Outcome]] = {}
    for one in basis.promises:
        clocks.setdefault(one.ticket_id, []).append(one)
    left, every = opened - counted, [*basis.cases, *basis.unpromised]
    return [(case, _why(case, clocks.get(case.ticket_id, ()))) for case in every if case.ticket_id in left]


def _why(case: Case, outcomes: Iterable[Outcome]) -> str:
    verdicts = {one.verdict for one in outcomes}
    if Verdict.RUNNING in verdicts:
        return "its clocks still run and are not due yet"
    if verdicts & {*COUNTED}:
        return "it was met, or fell due, after the period"
    if case.cancelled or Verdict.CANCELLED in verdicts:
        return "cancelled, withdrawn or merged before it was due"
    return "no agreement held for it"
