"""The compliance report of a customer and a period (R30): which chapters it has, in which order, and what is said first."""

from collections.abc import Mapping

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
from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import CellKind, Column, Report, Section, Table
from gateway.domain.reports.objectives import Standing
from gateway.domain.reports.outcome import Coverage
from gateway.domain.reports.tally import so_many
from gateway.domain.reports.views import View

_BOTH = "`interdesk sla show TICKET` shows both views of each, and its cure."


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
    """Coverage first; what a reader asks next after it."""
    return [
        population.section(basis),
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
        *scorecard.sections(basis),
    ]


def headlines(basis: Basis, summaries: Mapping[str, str]) -> tuple[str, ...]:
    """The page in front. `summaries`: what each chapter says first."""
    found = basis.total
    lines = (population.population_words(basis), population.coverage_words(basis))
    if not found.counted:
        return (targets.words(basis), *lines)
    gross = figures.share(found.met, found.counted)
    net = figures.share(found.met + found.excluded, found.counted)
    first = f"{gross} of {so_many(found.counted, 'clock was')} met ({net} net of agreed exclusions)."
    judged = [one.result.standing for one in basis.judged]
    kept = f"{judged.count(Standing.MET)} of {len(judged)} objectives were met." if judged else ""
    unhappy, owed = summaries["watermelons"], summaries.get("credits", "")
    return tuple(line for line in (first, kept, summaries["breaches"], unhappy, owed, *lines) if line)


def warnings(basis: Basis) -> tuple[str, ...]:
    """What a reader must know before trusting it."""
    found = basis.total
    every = basis.concerned
    partly = sum(one.coverage in (Coverage.UNLINKED, Coverage.LINK_DOWN) for one in every)
    said = {
        f"The period is not over: these are its figures as of {basis.as_of:%Y-%m-%d %H:%M} UTC.": basis.as_of
        < basis.period.end,
        f"{found.provisional} of {found.counted} clocks may still change.": found.provisional,
        f"{so_many(found.unmeasured, 'clock was')} counted under terms that were not in force.": found.unmeasured,
        f"{partly} of {len(every)} tickets could be followed only in part.": partly,
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
