"""The breach list (R30) with whose the minutes are (R23). Each line names its clock, so that it can be explained down to the
events."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.tally import is_breached, numbered, so_many
from gateway.domain.reports.views import LINK, View, Viewer
from gateway.domain.sla.attribution import GAP
from gateway.domain.sla.terms import NONE

_EXPLAIN = "`interdesk report explain CLOCK` shows the events behind each figure."
_LIST = (
    Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
    Column(key="agreement", title="Agreement", kind=CellKind.CODE),
    Column(key="target", title="Target", kind=CellKind.CODE),
    Column(key="priority", title="Priority"),
    Column(key="due_at", title="Due", kind=CellKind.MOMENT),
    Column(key="ended_at", title="Ended", kind=CellKind.MOMENT),
    Column(key="over", title="Over by", kind=CellKind.LENGTH),
    Column(key="stopped", title="Stopped", kind=CellKind.LENGTH),
    Column(key="mostly", title="Mostly by"),
    Column(key="remark", title="Remark"),
    Column(key="clock", title="Clock", kind=CellKind.CODE),
)
_PARTS = (
    Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
    Column(key="target", title="Target", kind=CellKind.CODE),
    Column(key="party", title="Whose"),
    Column(key="part", title="Part of the breach", kind=CellKind.LENGTH),
    Column(key="time", title="Running time in all", kind=CellKind.LENGTH),
    Column(key="clock", title="Clock", kind=CellKind.CODE),
)


def section(basis: Basis) -> Section:
    """The list, what each party's part of each breach is, and the sums."""
    breached = sorted(
        (one for one in basis.promised if is_breached(one)), key=lambda one: (-one.over, one.id)
    )
    whose = summed(breached, basis.viewer)
    return Section(
        id="breaches",
        title="Breaches",
        summary=words(basis, breached),
        tables=(_list(breached, basis.viewer), _sums(whose, basis.viewer), _parts(breached, basis.viewer)),
        charts=(
            Chart(
                table="breach-parties",
                kind=ChartKind.BARS,
                label="party",
                series=("part",),
                summary=_worst(whose, basis.viewer),
            ),
        )
        if whose
        else (),
    )


def words(basis: Basis, breached: Sequence[Outcome]) -> str:
    """How many, and whose most of the time was."""
    if not breached:
        return "No clock was breached."
    left_out = sum(one.verdict is Verdict.EXCLUDED for one in breached)
    net = f", {left_out} of them left out of net by agreement" if left_out else ""
    return f"{so_many(len(breached), 'clock was')} breached{net}. {_worst(summed(breached, basis.viewer), basis.viewer)}"


def summed(breached: Sequence[Outcome], viewer: Viewer) -> dict[str, timedelta]:
    """Party → its parts of all these breaches, the largest first. The way to a party is one, whatever the ticket."""
    sums: dict[str, timedelta] = {}
    for one in breached:
        for party, part in one.parts.items():
            name = viewer.name(party) if party.startswith(LINK) else party
            sums[name] = sums.get(name, NONE) + part
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _worst(whose: dict[str, timedelta], viewer: Viewer) -> str:
    if not whose:
        return "Nobody's part of it is known."
    total = sum(whose.values(), NONE)
    first, *others = (
        (party, f"{viewer.name(party)} ({100 * part // total if total else 0} %)")
        for party, part in whose.items()
    )
    if first[0] != GAP:
        return f"Most of the time over: {first[1]}."
    then = f"; then {others[0][1]}" if others else ""
    return f"Most of the time over: {first[1]}, which no party's own target explains{then}."


def _list(breached: Sequence[Outcome], viewer: Viewer) -> Table:
    rows = tuple(
        (
            numbered(one),
            one.agreement,
            one.target_kind.value,
            one.priority,
            one.due_at,
            one.ended_at,
            one.over,
            one.stopped_time,
            viewer.name(max(one.parts, key=lambda party: one.parts[party])) if one.parts else "",
            _remark(one),
            one.key,
        )
        for one in breached
    )
    total = sum((one.over for one in breached), NONE)
    totals: tuple[Cell, ...] = (
        (
            so_many(len(rows), "breach") if len(rows) == 1 else f"{len(rows):,} breaches",
            *[None] * 5,
            total,
            *[None] * 4,
        )
        if rows
        else ()
    )
    return Table(
        id="breaches",
        title="Every breach, the longest first",
        columns=_LIST,
        rows=rows,
        totals=totals,
        note=_EXPLAIN if viewer.view is View.OPERATOR else "",
        empty="No clock was breached.",
    )


def _remark(one: Outcome) -> str:
    remarks = {
        "left out of net": one.verdict is Verdict.EXCLUDED,
        "provisional": one.provisional,
        "no agreement in force": one.unmeasured,
        "still open": one.ended_at is None,
    }
    return ", ".join(words for words, holds in remarks.items() if holds)


def _sums(whose: dict[str, timedelta], viewer: Viewer) -> Table:
    return Table(
        id="breach-parties",
        title="Whose the time over is",
        columns=(
            Column(key="party", title="Party"),
            Column(key="part", title="Part of all breaches", kind=CellKind.LENGTH),
        ),
        rows=tuple((viewer.name(party), part) for party, part in whose.items()),
        totals=("all", sum(whose.values(), NONE)) if whose else (),
        note=_whose_note(whose, viewer),
        empty="No clock was breached.",
    )


def _whose_note(whose: dict[str, timedelta], viewer: Viewer) -> str:
    """A gap is explained where there is one; a customer's provider answers for all below it, for gaps too."""
    if viewer.view is View.CUSTOMER:
        return "The time of all who work for a provider is told as the provider's."
    note = "Who met its own agreement has no part."
    if GAP not in whose:
        return note
    cure = "; `interdesk chain check` finds them" if viewer.view is View.OPERATOR else ""
    return (
        f"{note} A contract gap is time over that no party's own target explains: targets in the chain that do not fit "
        f"together{cure}."
    )


def _parts(breached: Sequence[Outcome], viewer: Viewer) -> Table:
    return Table(
        id="breach-parts",
        title="Each breach by party",
        columns=_PARTS,
        rows=tuple(_lines(breached, viewer)),
        note="The parts of a breach sum up to it, the running times to the clock's elapsed time, to the microsecond.",
        empty="No clock was breached.",
    )


def _lines(breached: Sequence[Outcome], viewer: Viewer) -> Iterator[tuple[Cell, ...]]:
    for one in breached:
        for party in dict.fromkeys([*one.parts, *one.time]):
            part, time = one.parts.get(party, NONE), one.time.get(party, NONE)
            yield numbered(one), one.target_kind.value, viewer.name(party), part, time, one.key
