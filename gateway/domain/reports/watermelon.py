"""Green outside, red inside (R31): tickets whose every clock was met, and yet somebody was unhappy, it came back, it was
handed to and fro, or nobody said anything for long."""

from collections.abc import Iterator, Sequence

from gateway.domain.figures import open_time
from gateway.domain.reports.basis import Basis, Limits
from gateway.domain.reports.document import CellKind, Column, Section, Table
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.tally import so_many


def section(basis: Basis) -> Section:
    """The list, the worst first."""
    found = melons(basis)
    limits = basis.limits
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
        note=(
            f"A rating below {limits.rating} %, a reopening, more than {limits.returned} hand-backs, or "
            f"{open_time(limits.silence)} without a public word or a change."
        ),
        empty="No ticket was met on every clock and unhappy all the same.",
    )
    summary = (
        f"{so_many(len(found), 'ticket was')} met on every clock, and yet something was wrong."
        if found
        else ""
    )
    return Section(id="watermelons", title="Watermelons", summary=summary, tables=(table,))


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
        if (reasons := list(_reasons(case, basis.limits)))
    ]
    return sorted(found, key=lambda one: (-len(one[1]), one[0].opened_at, one[0].ticket_id))


def _is_green(outcomes: Sequence[Outcome]) -> bool:
    verdicts = {one.verdict for one in outcomes}
    return Verdict.MET in verdicts and not verdicts & {Verdict.BREACHED, Verdict.EXCLUDED}


def _reasons(case: Case, limits: Limits) -> Iterator[str]:
    if case.rating is not None and case.rating < limits.rating:
        yield f"rated {case.rating} %"
    if case.reopened:
        yield "reopened" if case.reopened == 1 else f"reopened {case.reopened} times"
    if case.returned > limits.returned:
        yield f"handed back {case.returned} times"
    if case.silence > limits.silence:
        yield f"silent for {open_time(case.silence)}"
