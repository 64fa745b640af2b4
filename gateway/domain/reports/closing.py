"""Closing a period (R36): the other side's list of tickets laid beside ours. Who is in both, only there, only here, and why; where
both have a ticket, whether both say that it was kept, and what makes the difference."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.domain.reports import verdicts
from gateway.domain.reports.lists import Cause, Comparison, Frame, Line, ListedBy, Ours, Place, Theirs
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.tally import COUNTED
from gateway.domain.sla.terms import TargetKind


def compare(theirs: Sequence[Theirs], ours: Sequence[Ours], frame: Frame) -> Comparison:
    """Lay the lists beside each other. `ours`: every ticket that any of their numbers names, and all that count here."""
    known = {_same(number): one for one in ours for number in one.numbers}
    lines: list[Line] = []
    matched: dict[str, Theirs] = {}
    for row in theirs:
        found = known.get(_same(row.number)) or _former(row, known)
        if found is not None and found.case.ticket_id in matched:
            lines.append(_doubled(row, found, matched[found.case.ticket_id]))
        elif found is None:
            lines.append(_unknown(row, known, frame))
        else:
            matched[found.case.ticket_id] = row
    counted = [one for one in ours if any(map(frame.counts, one.outcomes))]
    names = {one.case.ticket_id: one for one in ours}
    here = {one.case.ticket_id for one in counted}
    agreed = 0
    for ticket, row in matched.items():
        if ticket in here:
            found_lines, same = _both(row, names[ticket], frame)
            lines, agreed = [*lines, *found_lines], agreed + same
        else:
            lines.append(_uncounted(row, names[ticket], frame))
    lines += [_missing(one, frame) for one in counted if one.case.ticket_id not in matched]
    return Comparison(
        theirs=len(theirs),
        ours=len(counted),
        both=len(here & matched.keys()),
        agreed=agreed,
        lines=tuple(lines),
    )


def _same(number: str) -> str:
    """Numbers are the same whatever their letters' case and the spaces around them."""
    return number.strip().casefold()


def _former(row: Theirs, known: Mapping[str, Ours]) -> Ours | None:
    return next((known[name] for name in map(_same, row.former) if name in known), None)


def _doubled(row: Theirs, ours: Ours, first: Theirs) -> Line:
    is_merged = bool(row.merged_into or first.merged_into)
    return Line(
        place=Place.ONLY_THERE,
        ticket=row.number if _same(row.number) != _same(first.number) else f"{row.number} (row {row.row})",
        ticket_id=ours.case.ticket_id,
        cause=Cause.MERGED if is_merged else Cause.DOUBLED,
        words=f"rows {first.row} and {row.row} are one ticket here, {ours.name}: it counts once",
        ours=ours.name,
        theirs=row.number,
    )


def _unknown(row: Theirs, known: Mapping[str, Ours], frame: Frame) -> Line:
    into = known.get(_same(row.merged_into))
    if row.merged_into:
        goes_on = f", which counts here as {into.name}" if into is not None else ""
        cause, words = Cause.MERGED, f"merged into {row.merged_into} there{goes_on}"
    elif row.opened_at is not None and row.opened_at not in frame.period:
        cause, words = Cause.OUTSIDE, f"opened on {row.opened_at:%Y-%m-%d}, outside of {frame.period.name}"
    else:
        cause, words = (
            Cause.NOT_LINKED,
            "no linked desk has a ticket of this number: it was never handed over",
        )
    return Line(
        place=Place.ONLY_THERE,
        ticket=row.number,
        ticket_id=into.case.ticket_id if into is not None else "",
        cause=cause,
        words=words,
        theirs=row.number,
    )


def _uncounted(row: Theirs, ours: Ours, frame: Frame) -> Line:
    cause, words = _why_not(ours, frame)
    return Line(
        place=Place.ONLY_THERE,
        ticket=row.number,
        ticket_id=ours.case.ticket_id,
        cause=cause,
        words=words,
        ours=ours.name,
        theirs=row.number,
    )


def _why_not(ours: Ours, frame: Frame) -> tuple[Cause, str]:
    """Why a ticket that we know does not count here in this period."""
    found = {one.verdict for one in ours.outcomes}
    days = sorted(one.counted_on for one in ours.outcomes if one.verdict in COUNTED and one.counted_on)
    if days:
        return Cause.OUTSIDE, f"its clocks count on {days[0]}, outside of {frame.period.name}"
    if Verdict.RUNNING in found:
        return Cause.RUNNING, "its clocks still run and are not due yet"
    if ours.case.cancelled or Verdict.CANCELLED in found:
        return Cause.CANCELLED, "cancelled, withdrawn or merged here before it was due"
    return Cause.NO_AGREEMENT, "no agreement held for it when it was opened"


def _missing(ours: Ours, frame: Frame) -> Line:
    at = ours.case.opened_at if frame.listed_by is ListedBy.OPENED else ours.case.closed_at
    when = f"{frame.listed_by.value} on {at:%Y-%m-%d}" if at is not None else "still open"
    if at is None or at not in frame.period:
        cause, words = (
            Cause.OUTSIDE,
            f"{when}: their list has what was {frame.listed_by.value} in {frame.period.name}",
        )
    else:
        cause, words = Cause.MISSING, f"{when}: their list should have it"
    return Line(
        place=Place.ONLY_HERE,
        ticket=ours.name,
        ticket_id=ours.case.ticket_id,
        cause=cause,
        words=words,
        ours=ours.name,
    )


def _both(row: Theirs, ours: Ours, frame: Frame) -> tuple[list[Line], int]:
    """(the differences of a ticket that is on both lists, how many verdicts are the same)."""
    lines = []
    if _same(row.number) not in map(_same, ours.numbers):
        words = f"called {ours.name} here, by a number that it had before"
        lines.append(_line(row, ours, (Cause.RENAMED, words)))
    pairs = list(_pairs(row, ours, frame))
    for target, said, clock in pairs:
        if clock is None:
            told = (Cause.OUTSIDE, f"no clock of {target.value} counts here in {frame.period.name}")
            lines.append(_line(row, ours, told, (target, "not counted", said.value)))
        elif clock.verdict is not said:
            told = verdicts.explained(
                verdicts.Pair(theirs=said, ours=clock, row=row, case=ours.case),
                restated_at=ours.restated_at,
                exported_at=frame.exported_at,
            )
            lines.append(_line(row, ours, told, (target, verdicts.words(clock), said.value)))
    same = sum(clock is not None and clock.verdict is said for _, said, clock in pairs)
    return lines, same


def _pairs(row: Theirs, ours: Ours, frame: Frame) -> Iterator[tuple[TargetKind, Verdict, Outcome | None]]:
    """Each of their verdicts beside our clock; of several cycles the worst."""
    order = (Verdict.BREACHED, Verdict.EXCLUDED, Verdict.MET)
    for target, said in row.verdicts.items():
        clocks = [one for one in ours.outcomes if one.target_kind is target and frame.counts(one)]
        yield target, said, min(clocks, key=lambda one: (order.index(one.verdict), one.place), default=None)


def _line(
    row: Theirs, ours: Ours, told: tuple[Cause, str], about: tuple[TargetKind | None, str, str] | None = None
) -> Line:
    target, here, there = about or (None, ours.name, row.number)
    return Line(
        place=Place.BOTH,
        ticket=row.number,
        ticket_id=ours.case.ticket_id,
        target=target,
        cause=told[0],
        words=told[1],
        ours=here,
        theirs=there,
    )
