"""Compliance for each target (R30): what was met, breached, excluded, cancelled and still runs, the share as an exact fraction
beside its objective, and the same by priority, service, site and partner."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from gateway.domain.figures import share
from gateway.domain.reports.basis import Basis, Judged
from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.objectives import Result, weighted
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.tally import grouped, running, so_many, tally
from gateway.domain.reports.views import View

_COUNTS = (
    Column(key="counted", title="Counted", kind=CellKind.COUNT),
    Column(key="met", title="Met", kind=CellKind.COUNT),
    Column(key="breached", title="Breached", kind=CellKind.COUNT),
    Column(key="excluded", title="Excluded", kind=CellKind.COUNT),
    Column(key="cancelled", title="Cancelled", kind=CellKind.COUNT),
    Column(key="running", title="Running", kind=CellKind.COUNT),
    Column(key="gross", title="Gross", kind=CellKind.SHARE),
    Column(key="net", title="Net", kind=CellKind.SHARE),
)
_TARGET = (
    Column(key="agreement", title="Agreement", kind=CellKind.CODE),
    Column(key="target", title="Target", kind=CellKind.CODE),
)
_NOTE = (
    "Gross: met of all that were met or fell due. Net: the same with what the consumer agreed to exclude taken off. "
    "Cancelled before due and running clocks are in neither."
)


def section(basis: Basis) -> Section:
    """One line for each agreement and target, then by what people ask for."""
    tables = [_targets(basis), *((_objectives(basis.judged),) if basis.judged else ())]
    parts: dict[str, Callable[[Outcome], str]] = {
        "priority": lambda one: one.priority or "none",
        "service": lambda one: one.service or "none",
        "site": lambda one: one.site or "none",
    }
    tables += [_by(basis.promised, name, key) for name, key in parts.items()]
    tables += [_by_partner(basis), _sheets(basis)] if basis.viewer.view is View.OPERATOR else []
    chart = Chart(
        table="targets", kind=ChartKind.BARS, label="target", series=("gross", "net"), summary=words(basis)
    )
    return Section(
        id="targets",
        title="Compliance",
        summary=words(basis),
        tables=tuple(tables),
        charts=(chart,) if basis.counted else (),
    )


def words(basis: Basis) -> str:
    """How many of how many."""
    found = basis.total
    if not found.counted:
        return "No clock was met or fell due in this period: there is no share to tell."
    more = f"; {found.provisional} may still change" if found.provisional else ""
    return f"{found.met:,} of {so_many(found.counted, 'clock was')} met{more}."


def counts(outcomes: Sequence[Outcome]) -> tuple[Cell, ...]:
    """The counts and shares of some outcomes, as the columns of such tables have them."""
    found = tally(outcomes)
    return (
        *(found.counted, found.met, found.breached, found.excluded, found.cancelled, running(outcomes)),
        *(found.gross, found.net),
    )


def count_columns() -> tuple[Column, ...]:
    """The columns of `counts`."""
    return _COUNTS


def _targets(basis: Basis) -> Table:
    """A line for each; whose promise it is where there are several providers, for a code is only its provider's."""
    several = len({one.provider for one in basis.promised}) > 1
    groups = grouped(basis.promised, lambda one: (one.agreement, one.target_kind.value, one.provider))
    rows: list[tuple[Cell, ...]] = []
    for (agreement, target, provider), found in groups.items():
        whose = (basis.viewer.name(provider),) if several else ()
        rows.append((agreement, target, *whose, *counts(found)))
    who = (Column(key="provider", title="Provider"),) if several else ()
    return Table(
        id="targets",
        title="Each target",
        columns=(*_TARGET, *who, *_COUNTS),
        rows=tuple(rows),
        totals=("all", None, *(None for _ in who), *counts(basis.promised)) if len(groups) > 1 else (),
        note=_NOTE,
    )


def _by(outcomes: Sequence[Outcome], name: str, key: Callable[[Outcome], str]) -> Table:
    columns = (Column(key=name, title=name.capitalize()), _TARGET[1], *_COUNTS)
    groups = grouped(outcomes, lambda one: (key(one), one.target_kind.value))
    return Table(
        id=f"by-{name}",
        title=f"By {name}",
        columns=columns,
        rows=tuple((*place, *counts(found)) for place, found in groups.items()),
        totals=("all", None, *counts(outcomes)) if len(groups) > 1 else (),
    )


def _by_partner(basis: Basis) -> Table:
    """What became of the tickets that each partner worked on; one of several partners is told with each."""
    worked: dict[str, list[Outcome]] = {}
    parties = {one.ticket_id: one.parties for one in basis.cases}
    for one in basis.promised:
        for party in parties.get(one.ticket_id, ()):
            if party not in (one.consumer, one.provider):
                worked.setdefault(party, []).append(one)
    once = {one.id: one for found in worked.values() for one in found}
    return Table(
        id="by-partner",
        title="By partner that worked on it",
        columns=(Column(key="partner", title="Partner"), *_COUNTS),
        rows=tuple(
            (basis.viewer.name(party), *counts(worked[party]))
            for party in sorted(worked, key=basis.viewer.name)
        ),
        totals=("all", *counts(tuple(once.values()))) if len(worked) > 1 else (),
        note="The customer's clocks of the tickets that a partner had; what it promised itself is on its scorecard. In the "
        "sum a clock that several partners worked on is there once.",
        empty="No partner worked on a ticket of this period.",
    )


def _sheets(basis: Basis) -> Table:
    """The terms by the names that people give to `--under`; on the page in front agreements have only their codes."""
    groups = grouped(
        (one for one in basis.outcomes if one.sheet),
        lambda one: (one.agreement, basis.viewer.name(one.provider), one.sheet),
    )
    return Table(
        id="sheets",
        title="Terms that were counted under",
        columns=(
            _TARGET[0],
            Column(key="provider", title="Provider"),
            Column(key="sheet", title="Sheet", kind=CellKind.CODE),
            Column(key="clocks", title="Clocks", kind=CellKind.COUNT),
        ),
        rows=tuple((*place, len(found)) for place, found in groups.items()),
        note="A sheet is an agreement as it was when tickets were bound to it; `--under SHEET` counts all as if bound to it.",
        empty="No clock was counted under the terms of an agreement.",
    )


def _objectives(judged: Sequence[Judged]) -> Table:
    return Table(
        id="objectives",
        title="Objectives",
        columns=(
            Column(key="agreement", title="Agreement", kind=CellKind.CODE),
            Column(key="objective", title="Objective"),
            Column(key="period", title="Judged over"),
            Column(key="within", title="Within"),
            Column(key="asked", title="Asked", kind=CellKind.SHARE),
            Column(key="reached", title="Reached", kind=CellKind.SHARE),
            Column(key="inside", title="Inside", kind=CellKind.COUNT),
            Column(key="of", title="Of", kind=CellKind.COUNT),
            Column(key="verdict", title="Verdict"),
            Column(key="margin", title="Margin"),
        ),
        rows=tuple(row for one in judged for row in _lines(one)),
        note="A tail says how late the rest may be. Of a sample that is too small the agreement says what counts."
        + _weighed(judged),
    )


def _weighed(judged: Sequence[Judged]) -> str:
    """Of objectives that weigh differently, how much of their weight was met."""
    results = [one.result for one in judged]
    part = weighted(results)
    if part is None or len({one.objective.weight for one in results}) == 1:
        return ""
    return f" By weight {share(part.numerator, part.denominator)} of what was judged was met."


def _lines(judged: Judged) -> Iterator[tuple[Cell, ...]]:
    result = judged.result
    name, period = result.objective.name, result.period.name if result.period is not None else ""
    if not result.denominator:
        yield (
            judged.agreement,
            name,
            period,
            "the target",
            result.objective.share,
            None,
            0,
            0,
            _verdict(result),
            "",
        )
        return
    for place, step in enumerate(result.steps):
        first = place == 0
        yield (
            *(judged.agreement, name if first else "", period if first else "", step.within, step.asked),
            *(Fraction(step.numerator, step.denominator), step.numerator, step.denominator),
            *(_verdict(result) if first else "", result.margin if first else ""),
        )


def _verdict(result: Result) -> str:
    more = [
        *(["small sample"] if result.small else []),
        *([f"{result.carried} carried over"] if result.carried else []),
        *(["provisional"] if result.provisional else []),
    ]
    words = result.standing.value.replace("_", " ")
    return f"{words} ({', '.join(more)})" if more else words
