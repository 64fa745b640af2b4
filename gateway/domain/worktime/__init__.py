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
from gateway.domain.worktime.days import Amount, DayTarget, DueAt, done_at, in_open_time
from gateway.domain.worktime.index import Worktime, worktime

__all__ = [
    "NO_HOURS",
    "ROUND_THE_CLOCK",
    "WEEK",
    "Amount",
    "Calendar",
    "CalendarError",
    "DayTarget",
    "DueAt",
    "Hours",
    "Span",
    "Week",
    "Worktime",
    "done_at",
    "in_open_time",
    "instant",
    "known_zone",
    "utc",
    "worktime",
]
