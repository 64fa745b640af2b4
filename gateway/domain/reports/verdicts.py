"""Why two sides give one clock different verdicts (R36): each possible cause is tried on the figures, the most certain first;
what none explains is told with both views."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.figures import open_time, ran
from gateway.domain.reports.lists import Cause, Theirs
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.sla.terms import NONE

Told = tuple[Cause, str]
_LEAST = timedelta(minutes=1)
"""Moments of two desks that are nearer to each other are the same."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What they say of a clock, and what we have."""

    theirs: Verdict
    ours: Outcome
    row: Theirs
    case: Case


def words(clock: Outcome) -> str:
    """What we have, in a few words: `breached, 5 h of 4 h`."""
    target = f" of {open_time(clock.target)}" if clock.target is not None else ""
    return f"{clock.verdict.value}, {ran(clock.elapsed)}{target}"


def explained(pair: Pair, *, restated_at: datetime | None, exported_at: datetime | None) -> Told:
    """The first cause that the figures show."""
    late = _late_fact(restated_at, exported_at)
    if late is not None:
        return Cause.LATE_FACT, late
    return next(_causes(pair))


def _late_fact(restated_at: datetime | None, exported_at: datetime | None) -> str | None:
    if restated_at is None or (exported_at is not None and restated_at <= exported_at):
        return None
    since = f", after their list of {exported_at:%Y-%m-%d}" if exported_at is not None else ""
    return f"a fact that came late changed it on {restated_at:%Y-%m-%d}{since}"


def _causes(pair: Pair) -> Iterator[Told]:
    ours, theirs, row = pair.ours, pair.theirs, pair.row
    if ours.verdict is Verdict.EXCLUDED:
        yield Cause.EXCLUSION, "time was left out by agreement here: breached in gross, met in net"
    if theirs is Verdict.EXCLUDED:
        yield Cause.EXCLUSION, "excluded there; here nobody agreed to that"
    if theirs is Verdict.CANCELLED:
        yield Cause.CANCELLED, "cancelled there; here it came to its end"
    if theirs is Verdict.RUNNING:
        yield Cause.LATE_FACT, "still open there when their list was made"
    if row.priority and row.priority != ours.priority:
        yield Cause.PRIORITY, f"priority {row.priority} there, {ours.priority or 'none'} here"
    if ours.verdict is Verdict.MET:
        yield from _kinder(ours)
    else:
        yield from _stricter(ours)
    yield from _moments(pair)
    yield from _by_the_wall(ours)
    yield Cause.UNEXPLAINED, f"{theirs.value} there, {words(ours)} here; the figures show no reason"


def _kinder(ours: Outcome) -> Iterator[Told]:
    """We call met what they call breached: time that stood still here."""
    if ours.target is not None and ours.stopped_time and ours.elapsed + ours.stopped_time > ours.target:
        why = ", ".join(f"{name.replace('_', ' ')} {open_time(one)}" for name, one in ours.stopped.items())
        total = ran(ours.elapsed + ours.stopped_time)
        yield (
            Cause.STOP,
            f"the clock stood still for {why or open_time(ours.stopped_time)}; without that it ran {total}",
        )


def _stricter(ours: Outcome) -> Iterator[Told]:
    """We call breached what they call met: time that does not run there."""
    if ours.provisional:
        yield Cause.PROVISIONAL, "a request to stop the clock, or the end of the work, is not decided yet"
    transit = sum((length for party, length in ours.time.items() if party.startswith("link:")), NONE)
    if transit and transit >= ours.over:
        yield Cause.TRANSIT, f"{ran(transit)} were on the way between desks, which runs here"
    theirs = ours.time.get(ours.consumer, NONE)
    if theirs and theirs >= ours.over:
        yield Cause.CUSTOMER, f"{ran(theirs)} were with the customer without a stop that counts"
    if transit + theirs >= ours.over and transit and theirs:
        yield Cause.TRANSIT, f"{ran(transit)} on the way and {ran(theirs)} with the customer run here"


def _moments(pair: Pair) -> Iterator[Told]:
    """Other due moments: for another start, else by another calendar or target."""
    ours, row, opened = pair.ours, pair.row, pair.case.opened_at
    if row.opened_at is not None and abs(row.opened_at - opened) >= _LEAST:
        yield Cause.START, f"opened {_at(row.opened_at)} there, {_at(opened)} here"
    if row.due_at is not None and ours.due_at is not None and abs(row.due_at - ours.due_at) >= _LEAST:
        yield (
            Cause.CALENDAR,
            f"due {_at(row.due_at)} there, {_at(ours.due_at)} here: other hours, holidays or target",
        )


def _by_the_wall(ours: Outcome) -> Iterator[Told]:
    """Open time and time by the wall fall on two sides of the target."""
    if ours.started_at is None or ours.ended_at is None or ours.target is None:
        return
    wall = ours.ended_at - ours.started_at
    if (wall > ours.target) != (ours.elapsed > ours.target):
        yield Cause.CALENDAR, f"{ran(ours.elapsed)} of open time here, {ran(wall)} by the wall clock"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
