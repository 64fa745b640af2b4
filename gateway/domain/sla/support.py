"""Supportability (R21): can the targets underneath keep the promise above, whenever the ticket starts? Both sides are
piecewise linear in the start, so it is enough to look where a calendar opens or closes, seen through the legs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.domain.worktime import Amount, CalendarError, DayTarget, Worktime, done_at, instant, known_zone

_NONE = timedelta()
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Leg:
    """Time that one party may take: so much, in its calendar."""

    who: str
    work: Worktime
    amount: Amount

    def done(self, start: datetime) -> datetime:
        """When the party is done that begins at `start` and takes all its time."""
        return done_at(self.amount, self.work, start)


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Branches that run at the same time: the later one counts."""

    branches: tuple[tuple["Leg | Parallel", ...], ...]


Legs = Sequence[Leg | Parallel]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Starts from `first` to `last` that are equally bad."""

    first: datetime
    last: datetime


@dataclass(frozen=True, kw_only=True)
class Support:
    """`gap` in open time of the promise's calendar, negative where time is to spare; at the worst starts, the first being
    the example with its `due` and `finish`."""

    supported: bool
    gap: timedelta
    worst: tuple[Run, ...]
    due: datetime
    finish: datetime


def finish(legs: Legs, start: datetime) -> datetime:
    """When the legs are done, one after the other, each taking all its time."""
    for leg in legs:
        if isinstance(leg, Leg):
            start = leg.done(start)
        else:
            start = max(finish(branch, start) for branch in leg.branches)
    return start


def support(promise: Leg, legs: Legs, *, start: datetime, end: datetime) -> Support:
    """Check every start from `start` up to `end`."""
    moments = sorted({start, *(at for at in _breaks(promise, legs, start, end) if start <= at < end)})
    runs: list[tuple[timedelta, Run]] = []
    for place, at in enumerate(moments):
        runs.append((_gap(promise, legs, at), Run(first=at, last=at)))
        until = moments[place + 1] if place + 1 < len(moments) else end
        if until - at > 3 * _MICRO:
            runs += _between(promise, legs, at, until)
    worst = max(gap for gap, _ in runs)
    joined = _joined([run for gap, run in runs if gap == worst])
    example = joined[0].first
    return Support(
        supported=worst <= _NONE,
        gap=worst,
        worst=tuple(joined),
        due=promise.done(example),
        finish=finish(legs, example),
    )


def _gap(promise: Leg, legs: Legs, start: datetime) -> timedelta:
    due, done = promise.done(start), finish(legs, start)
    if done >= due:
        return promise.work.between(due, done)
    return -promise.work.between(done, due)


def _between(promise: Leg, legs: Legs, start: datetime, end: datetime) -> Iterator[tuple[timedelta, Run]]:
    """The straight line between two breaks: level, or worst towards one of its ends."""
    low, high = start + _MICRO, end - _MICRO
    first, last = _gap(promise, legs, low), _gap(promise, legs, high)
    if first == last:
        yield first, Run(first=low, last=high)
    else:
        slope = _gap(promise, legs, low + _MICRO) - first
        edge = (
            (first - slope, Run(first=low, last=low)) if first > last else (last, Run(first=high, last=high))
        )
        yield edge


def _joined(runs: Sequence[Run]) -> list[Run]:
    done: list[Run] = []
    for run in runs:
        if done and run.first - done[-1].last <= 2 * _MICRO:
            done[-1] = Run(first=done[-1].first, last=run.last)
        else:
            done.append(run)
    return done


def _breaks(promise: Leg, legs: Legs, start: datetime, end: datetime) -> Iterator[datetime]:
    """The starts at which some party's calendar opens or closes at the moment it is handed the ticket or done with it."""
    far = max(finish(legs, end), promise.done(end))
    for at in _edges(promise, start, far):
        yield from _back([promise], at)
        for leg, before in _stages(legs):
            yield from _back(before, at)
            yield from _back([*before, leg], at)
    for leg, before in _stages(legs):
        for at in _edges(leg, start, far):
            yield from _back(before, at)
            yield from _back([*before, leg], at)


def _stages(legs: Legs) -> Iterator[tuple[Leg, list[Leg]]]:
    """Each leg with what comes before it; of parallel branches every way is one."""
    ways: list[list[Leg]] = [[]]
    for leg in legs:
        if isinstance(leg, Leg):
            for way in ways:
                yield leg, way
            ways = [[*way, leg] for way in ways]
        else:
            longer = []
            for branch in leg.branches:
                for inner, before in _stages(branch):
                    for way in ways:
                        yield inner, [*way, *before]
                        longer.append([*way, *before, inner])
            ways = longer


def _edges(leg: Leg, start: datetime, end: datetime) -> Iterator[datetime]:
    """Where the leg's calendar opens or closes; for business days, where the day of receipt changes too."""
    for span in leg.work.spans(start, end):
        yield from (edge for edge in (span.opens, span.closes) if start <= edge <= end)
    if isinstance(leg.amount, DayTarget):
        yield from (edge for edge in _turns(leg.amount, leg.work, start, end) if start <= edge <= end)


def _turns(amount: DayTarget, work: Worktime, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every local midnight and cut-off hour, and each time of day at which some day closes."""
    zone = known_zone(work.calendar.zone)
    spans = work.spans(start, end)
    closings = {_seconds(span.closes.astimezone(zone)) for span in spans}
    seconds = {0, *closings} | ({amount.cut_off} if amount.cut_off is not None else set())
    for day in range(start.toordinal() - 1, end.toordinal() + 2):
        yield from (instant(zone, date.fromordinal(day), one) for one in sorted(seconds))


def _seconds(local: datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second


def _back(legs: Sequence[Leg], at: datetime) -> Iterator[datetime]:
    """The starts from which the legs end at that moment: the edges of the set, for time may stand still on the way."""
    found = [at]
    for leg in reversed(legs):
        if leg.amount:
            found = [edge for one in found for edge in _before(leg, one)]
    yield from found


def _before(leg: Leg, at: datetime) -> Iterator[datetime]:
    if isinstance(leg.amount, DayTarget):
        zone = known_zone(leg.work.calendar.zone)
        first = at.toordinal() - 5 * leg.amount.days - 25  # working days are rarely further apart
        for day in range(first, at.toordinal() + 1):
            yield instant(zone, date.fromordinal(day), _seconds(at.astimezone(zone)))
        return
    try:
        earlier = leg.work.add(at, -leg.amount)
    except CalendarError:
        return
    yield earlier
    closes = [
        span.closes
        for span in leg.work.spans(earlier - timedelta(days=40), earlier)
        if span.closes <= earlier
    ]
    if closes and not leg.work.between(closes[-1], earlier):
        yield closes[-1]
