"""Green outside, red inside (R31): tickets whose every clock was met, and yet somebody was unhappy, it came back, it was
handed to and fro, or nobody said anything for long."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from gateway.domain.figures import open_time
from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import CellKind, Column, Section, Table
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.tally import so_many
from gateway.domain.reports.views import View
from gateway.domain.sla.terms import NONE


def section(basis: Basis) -> Section:
    """The list, the worst first."""
    found = melons(basis)
    table = Table(
        id="watermelons",
        title="Met on every clock, and yet …",
        columns=(
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="opened_at", title="Opened", kind=CellKind.MOMENT),
            Column(key="priority", title="Priority"),
            Column(key="site", title="Site"),
            Column(key="why", title="Why it is listed"),
        ),
        rows=tuple(
            (case.number or case.ticket_id, case.opened_at, case.priority, case.site, "; ".join(reasons))
            for case, reasons in found
        ),
        note=_note(basis),
        empty="No ticket was met on every clock and unhappy all the same.",
    )
    summary = (
        f"{so_many(len(found), 'ticket was')} met on every clock, and yet something was wrong."
        if found
        else ""
    )
    return Section(id="watermelons", title="Watermelons", summary=summary, tables=(table,))


def _note(basis: Basis) -> str:
    """Why a ticket is listed: what the reader is not told (R32) is no reason."""
    limits, view = basis.limits, basis.viewer.view
    back = f"more than {limits.returned} hand-backs, " if view is View.OPERATOR else ""
    listed = f"Listed for a rating below {limits.rating} %, {back}a reopening"
    later = "What was rated, reopened or handed back after the period is told too."
    if view is View.PARTNER:
        return f"{listed}. {later}"
    return (
        f"{listed}, or more than {open_time(limits.silence)} without a public word or a change up to the end of the period; "
        f"while it waited for the requester nobody owed it one. {later}"
    )


def melons(basis: Basis) -> list[tuple[Case, list[str]]]:
    """Each such ticket with what is wrong with it, most reasons first."""
    clocks: dict[str, list[Outcome]] = {}
    for one in basis.promises:
        clocks.setdefault(one.ticket_id, []).append(one)
    counted = {one.ticket_id for one in basis.counted}
    found = [
        (case, reasons)
        for case in basis.cases
        if case.ticket_id in counted and _is_green(clocks[case.ticket_id])
        if (reasons := list(_reasons(case, basis)))
    ]
    return sorted(found, key=lambda one: (-len(one[1]), one[0].opened_at, one[0].ticket_id))


def _is_green(outcomes: Sequence[Outcome]) -> bool:
    verdicts = {one.verdict for one in outcomes}
    return Verdict.MET in verdicts and not verdicts & {Verdict.BREACHED, Verdict.EXCLUDED}


def _reasons(case: Case, basis: Basis) -> Iterator[str]:
    limits, silence = basis.limits, _silence(case, basis)
    if case.rating is not None and case.rating < limits.rating:
        yield f"rated {case.rating} %"
    if case.reopened:
        yield "reopened" if case.reopened == 1 else f"reopened {case.reopened} times"
    if case.returned > limits.returned:
        yield f"handed back {case.returned} times"
    if silence > limits.silence:
        yield f"silent for {'at least ' if silence < case.silence else ''}{open_time(silence)}"


def _silence(case: Case, basis: Basis) -> timedelta:
    """What of its longest silence surely lay before the period's end: it may have begun any time, and all that came after
    the end may belong to it."""
    after = (case.closed_at or basis.as_of) - basis.until
    return max(NONE, case.silence - max(NONE, after))
