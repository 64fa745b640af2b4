"""Reports that are published and mailed by themselves: which period comes next, and on which morning after its cut-off."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.domain.reports.period import Period, period_from

MORNING = time(6)
MOST_DAYS = 28
_DAY = timedelta(days=1)


class Every(StrEnum):
    """How often."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`org_id` reads the report. `after_days`: so many days after the period's last its figures are taken (the cut-off); it
    leaves on the morning after. `format`: what is enclosed. `next_period` is the one that comes next."""

    id: str
    org_id: str
    customer: str
    partner: str = ""
    view: str
    every: Every
    after_days: int
    zone: str
    recipients: tuple[str, ...]
    format: str
    language: str = "en"
    created_at: datetime
    created_by: str
    next_period: str
    due_at: datetime
    ended_at: datetime | None = None


def due_at(period: Period, after_days: int) -> datetime:
    """Six in the morning of the day after the cut-off, by the wall of the period's zone."""
    day = period.last + (after_days + 1) * _DAY
    return datetime.combine(day, MORNING, ZoneInfo(period.zone)).astimezone(UTC)


def period_of(every: Every, day: date, zone: str) -> Period:
    """The month, quarter or year that a day is in."""
    names = {
        Every.MONTH: f"{day:%Y-%m}",
        Every.QUARTER: f"{day.year}-Q{(day.month + 2) // 3}",
        Every.YEAR: f"{day.year}",
    }
    return period_from(names[every], zone=zone)


def first_period(every: Every, zone: str, now: datetime) -> Period:
    """The one that is under way when somebody asks for it."""
    return period_of(every, now.astimezone(ZoneInfo(zone)).date(), zone)


def done(schedule: Schedule) -> Schedule:
    """After its period was published: the one that follows."""
    over = period_from(schedule.next_period, zone=schedule.zone)
    after = period_of(schedule.every, over.last + _DAY, schedule.zone)
    return replace(schedule, next_period=after.name, due_at=due_at(after, schedule.after_days))
