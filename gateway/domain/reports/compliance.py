"""The compliance report of a customer and a period (R30): which chapters it has, in which order, and what is said first."""

from collections.abc import Iterator, Mapping

from gateway.domain import figures
from gateway.domain.reports import (
    backlog,
    breaches,
    minutes,
    population,
    quality,
    scorecard,
    targets,
    trend,
    watermelon,
)
from gateway.domain.reports.basis import Basis, Judged
from gateway.domain.reports.document import CellKind, Column, Report, Section, Table
from gateway.domain.reports.objectives import Standing
from gateway.domain.reports.outcome import Coverage
from gateway.domain.reports.promises import percent
from gateway.domain.reports.tally import grouped, so_many, tally
from gateway.domain.reports.views import View

_BOTH = "`interdesk sla show TICKET` shows both views of each, and its cure."
_NAMED = 5
"""So many missed objectives are named on the first page; the chapter about compliance has all."""


def report(basis: Basis) -> Report:
    """The whole document; pure: equal bases make equal reports."""
    sections = tuple(chapters(basis))
    return Report(
        kind="compliance",
        title=title(basis),
        parameters=dict(basis.parameters),
        made_at=basis.as_of,
        zone=basis.period.zone,
        headlines=headlines(basis, {one.id: one.summary for one in sections}),
        sections=sections,
        warnings=warnings(basis),
    )


def title(basis: Basis) -> str:
    """To a partner it is about what the partner promised, and does not name whose customer it is."""
    who = basis.viewer.org if basis.viewer.view is View.PARTNER else basis.customer
    return f"Service level report: {basis.viewer.name(who)}, {basis.period.name}"


def chapters(basis: Basis) -> list[Section]:
    """Coverage first; what a reader asks next after it: a partner how it stands itself, everybody else that at the end."""
    partners = scorecard.sections(basis)
    first, last = (partners, []) if basis.viewer.view is View.PARTNER else ([], partners)
    return [
        population.section(basis),
        *first,
        targets.section(basis),
        breaches.section(basis),
        minutes.section(basis),
        discrepancies(basis),
        quality.section(basis),
        watermelon.section(basis),
        trend.section(basis),
        backlog.ageing(basis),
        backlog.chronic(basis),
        *basis.money,
        *last,
    ]


def headlines(basis: Basis, summaries: Mapping[str, str]) -> tuple[str, ...]:
    """The page in front. `summaries`: what each chapter says first."""
    lines = (population.population_words(basis), population.coverage_words(basis))
    if not basis.total.counted:
        return (targets.words(basis), *lines)
    said = [*_objectives(basis), *_shares(basis)]
    said += [summaries["breaches"], summaries["watermelons"], summaries.get("credits", "")]
    return tuple(line for line in (*said, *lines) if line)


def _shares(basis: Basis) -> Iterator[str]:
    """A line for each kind of target, named if there are several: many fast responses hide no late resolution."""
    kinds = grouped(basis.counted, lambda one: (one.target_kind.value,))
    for (kind,), outcomes in kinds.items():
        found, name = tally(outcomes), f"{kind.replace('_', ' ').capitalize()}: " if len(kinds) > 1 else ""
        gross = figures.share(found.met, found.counted)
        net = figures.share(found.met + found.excluded, found.counted)
        yield f"{name}{gross} of {so_many(found.counted, 'clock was')} met ({net} net of agreed exclusions)."


def _objectives(basis: Basis) -> Iterator[str]:
    """What was missed, by name, before how many were kept."""
    standings = [one.result.standing for one in basis.judged]
    missed = [one for one in basis.judged if one.result.standing is Standing.MISSED]
    if missed:
        more = f"; and {len(missed) - _NAMED:,} more" if len(missed) > _NAMED else ""
        yield f"Missed: {'; '.join(_missed(one, basis.period.name) for one in missed[:_NAMED])}{more}."
    if standings:
        yield f"{standings.count(Standing.MET):,} of {len(standings):,} objectives were met."


def _missed(judged: Judged, period: str) -> str:
    result = judged.result
    over = result.period.name if result.period is not None else period
    name = f"{result.objective.name} of {judged.agreement}" + (f" in {over}" if over != period else "")
    failed = [
        f"{figures.share(step.numerator, step.denominator)} within {step.within}, {percent(step.asked)} asked"
        for step in result.steps
        if not step.met
    ]
    why = result.margin if result.small else " and ".join(failed)
    return f"{name} ({why}{', may still change' if result.provisional else ''})"


def warnings(basis: Basis) -> tuple[str, ...]:
    """What a reader must know before trusting it."""
    found = basis.total
    every = basis.concerned
    partly = sum(one.coverage in (Coverage.UNLINKED, Coverage.LINK_DOWN) for one in every)
    said = {
        f"The period is not over: these are its figures as of {basis.as_of:%Y-%m-%d %H:%M} UTC.": basis.as_of
        < basis.period.end,
        f"{found.provisional:,} of {found.counted:,} clocks may still change.": found.provisional,
        f"{so_many(found.unmeasured, 'clock was')} counted under terms that were not in force.": found.unmeasured,
        f"{partly:,} of {len(every):,} tickets could be followed only in part.": partly,
    }
    return (*(words for words, holds in said.items() if holds), *basis.notes)


def discrepancies(basis: Basis) -> Section:
    """Tickets at which desks and the ledger tell different things (R24)."""
    found = sorted(
        (one for one in basis.concerned if one.discrepancies),
        key=lambda one: (-one.discrepancies, one.ticket_id),
    )
    table = Table(
        id="discrepancies",
        title="Where desks tell otherwise",
        columns=(
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="opened_at", title="Opened", kind=CellKind.MOMENT),
            Column(key="count", title="Discrepancies", kind=CellKind.COUNT),
        ),
        rows=tuple((one.number or one.ticket_id, one.opened_at, one.discrepancies) for one in found),
        totals=("all", None, sum(one.discrepancies for one in found)) if found else (),
        note=_BOTH if basis.viewer.view is View.OPERATOR else "",
        empty="No desk told anything that contradicts the ledger.",
    )
    return Section(id="discrepancies", title="Discrepancies", tables=(table,))
