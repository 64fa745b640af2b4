"""Business time (R5–R9): the only place that knows of zones. Everything else counts in UTC."""

from gateway.domain.worktime.calendar import (
    NO_HOURS,
    ROUND_THE_CLOCK,
    WEEK,
    Calendar,
    CalendarError,
    Hours,
    Span,
    instant,
    known_zone,
)
from gateway.domain.worktime.days import DayTarget
from gateway.domain.worktime.index import Worktime, worktime

__all__ = [
    "NO_HOURS",
    "ROUND_THE_CLOCK",
    "WEEK",
    "Calendar",
    "CalendarError",
    "DayTarget",
    "Hours",
    "Span",
    "Worktime",
    "instant",
    "known_zone",
    "worktime",
]
