"""Geometry of the pictures: moments become per cent of the width, so that a picture is as wide as its page, its texts keep
their size, and nothing has to be computed in the browser."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.timeline import Bar, ClockLine, Happening, Lane, LaneKind, Timeline
from gateway.web.telling import Said
from gateway.words.look import Look

_MINUTE = timedelta(minutes=1)
_SHORTEST = timedelta(seconds=10)
_STEPS = [
    *(timedelta(seconds=count) for count in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=count) for count in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=count) for count in (1, 2, 3, 6, 12)),
    *(timedelta(days=count) for count in (1, 2, 7, 14, 28, 91, 182, 364, 3640)),
]
MOST_TICKS = 5
_LABEL_FROM = 9.0
"""Per cent of the width below which a bar has no room for its word."""
AXIS, LABEL, GAP = 34, 20, 8
_BAR, _THIN, _MARKS = 20, 10, 16


@dataclass(frozen=True)
class Scale:
    """From moments to per cent; what lies outside stands at the edge."""

    start: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        """Where a moment stands, 0–100."""
        share = (moment - self.start) / (self.end - self.start)
        return min(max(share, 0.0), 1.0) * 100

    def holds(self, moment: datetime) -> bool:
        """Whether it is in the picture."""
        return self.start <= moment <= self.end


@dataclass(frozen=True)
class Tick:
    """A line of the axis: its place, the time, and the day where it is another than before."""

    x: float
    hour: str
    day: str
    anchor: str


@dataclass(frozen=True)
class Shape:
    """A stretch: where, how it looks, what it says."""

    x: float
    width: float
    look: str
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class Mark:
    """An event on a lane."""

    x: float
    sign: str
    title: str


@dataclass(frozen=True)
class LaneDrawn:
    """A lane: its top, where its bar begins, how high that is."""

    lane: Lane
    top: int
    bar: int
    height: int
    shapes: Sequence[Shape]
    marks: Sequence[Mark]


def scale_of(seen: Timeline) -> Scale:
    """From the beginning to the end or the last due moment of a clock that runs, but no further than the past is long: what
    happened must not be pressed flat by what is far ahead."""
    length = max(seen.end - seen.start, _SHORTEST)
    far = seen.end + length
    dues = [
        line.clock.due for line in seen.clocks if line.clock.ended_at is None and line.clock.due is not None
    ]
    last = max((due for due in dues if due <= far), default=seen.end)
    end = max(last, seen.start + length)
    return Scale(seen.start, end + (end - seen.start) * 0.02)


def ticks(scale: Scale, look: Look) -> list[Tick]:
    """At most five lines at round local times."""
    length = scale.end - scale.start
    step = next((step for step in _STEPS if length / step <= MOST_TICKS), _STEPS[-1])
    found, day = list[Tick](), ""
    for at in _round_moments(scale, step, look):
        x, today = scale.at(at), look.day(at)
        anchor = "start" if x < 5 else "end" if x > 95 else "middle"
        hour = f"{at.astimezone(look.zone):%H:%M:%S}" if step < _MINUTE else look.hour(at)
        found.append(Tick(x, hour, today if today != day else "", anchor))
        day = today
    return found


def _round_moments(scale: Scale, step: timedelta, look: Look) -> Iterator[datetime]:
    local = scale.start.astimezone(look.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = scale.start - ((local.replace(tzinfo=None) - midnight.replace(tzinfo=None)) % step)
    while at <= scale.end:
        if at >= scale.start:
            yield at
        at += step


def lanes(scale: Scale, seen: Timeline, said: Said) -> tuple[list[LaneDrawn], int]:
    """The lanes one below the other, and how high all of them are."""
    drawn, top = list[LaneDrawn](), AXIS
    for lane in seen.lanes:
        marks = _marks(scale, [one for one in seen.events if one.lane == lane.id], said)
        height = _THIN if lane.kind is LaneKind.LINK else _BAR
        shapes = [_shape(scale, bar, lane, said) for bar in seen.bars if bar.lane == lane.id]
        drawn.append(LaneDrawn(lane, top, top + LABEL, height, shapes, marks))
        top += LABEL + height + GAP + (_MARKS if marks else 0)
    return drawn, top


def _shape(scale: Scale, bar: Bar, lane: Lane, said: Said) -> Shape:
    x = scale.at(bar.start)
    width = scale.at(bar.end) - x
    if bar.stands_still:
        look = "rests" if bar.holds else "waits"
    else:
        look = "transit" if lane.kind is LaneKind.LINK else "holds"
    label = said.state(bar.state, bar.reason)
    return Shape(
        x, width, look, said.stretch(bar), label if width >= _LABEL_FROM and look != "transit" else ""
    )


_SIGNS = {
    "assignment": "handover",
    "ticket": "handover",
    "news": "handover",
    "status": "status",
    "pending": "status",
    "resolution": "status",
    "restoration": "status",
    "visit": "status",
    "comment": "words",
    "attachment": "words",
}


def sign_of(event: Happening) -> str:
    """The sign an event is drawn with."""
    return _SIGNS.get(event.type.partition(".")[0], "decision")


def _marks(scale: Scale, events: Sequence[Happening], said: Said) -> list[Mark]:
    return [Mark(scale.at(one.at), sign_of(one), said.event(one)) for one in events if scale.holds(one.at)]


def clock_shapes(scale: Scale, line: ClockLine, said: Said) -> list[Shape]:
    """The bar of a clock: running, standing still, closed hours, and what is over the target."""
    clock, found = line.clock, list[Shape]()
    for stage in line.stages:
        look = "rests" if stage.stopped else "runs"
        found.append(_between(scale, stage.start, stage.end, look, said.stage(stage)))
    found += [_between(scale, start, end, "shut") for start, end in line.closed]
    for stage in line.stages if clock.breached_at is not None else ():
        if not stage.stopped and clock.breached_at is not None and stage.end > clock.breached_at:
            since = max(stage.start, clock.breached_at)
            found.append(_between(scale, since, stage.end, "over", said.look.words("legend.over")))
    return found


def _between(scale: Scale, start: datetime, end: datetime, look: str, title: str = "") -> Shape:
    x = scale.at(start)
    return Shape(x, scale.at(end) - x, look, title)
