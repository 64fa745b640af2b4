"""The timeline of a ticket as one party may see it (R32): lanes by desk and link, who held it when, what happened, and the
clocks with what moved them. How it is drawn is `gateway.web`."""

from gateway.domain.timeline.clocklines import ClockLine, Stage
from gateway.domain.timeline.lanes import Bar, Cell, Happening, Row
from gateway.domain.timeline.shifts import Shift
from gateway.domain.timeline.sight import Lane, LaneKind, Sight, sight
from gateway.domain.timeline.tidings import with_tidings
from gateway.domain.timeline.timeline import Timeline, timeline

__all__ = [
    "Bar",
    "Cell",
    "ClockLine",
    "Happening",
    "Lane",
    "LaneKind",
    "Row",
    "Shift",
    "Sight",
    "Stage",
    "Timeline",
    "sight",
    "timeline",
    "with_tidings",
]
