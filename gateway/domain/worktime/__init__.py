"""Business time (R5–R9): the only place that knows of zones. Everything else counts in UTC."""

from gateway.domain.worktime.calendar import (
    NO_HOURS,
    ROUND_THE_CLOCK,
    WEEK,
    Calendar,
    CalendarError,
    Hours,
    Span,
    Week,
    instant,
    known_zone,
    utc,
)
from gateway.domain.worktime.days import DayTarget, DueAt
from gateway.domain.worktime.index import Worktime, worktime

__all__ = [
    "NO_HOURS",
    "ROUND_THE_CLOCK",
    "WEEK",
    "Calendar",
    "CalendarError",
    "DayTarget",
    "DueAt",
    "Hours",
    "Span",
    "Week",
    "Worktime",
    "instant",
    "known_zone",
    "utc",
    "worktime",
]
