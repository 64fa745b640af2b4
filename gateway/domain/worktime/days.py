"""Targets in business days (R8): turned into a due moment at the start; the open time up to it is the target from then on."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from gateway.domain.worktime.calendar import CalendarError, Span, instant, known_zone, utc
from gateway.domain.worktime.index import HORIZON, Worktime

_ONE = timedelta(days=1)


class DueAt(StrEnum):
    """When on the last day a target in business days is due."""

    CLOSE = "close"
    SAME_TIME = "same_time"


@dataclass(frozen=True, kw_only=True)
class DayTarget:
    """`days` working days after receipt: at close of business, or at the time of day of the receipt, clipped to the
    closing. With a `cut_off` (seconds of the local day), receipt from then on, and on a closed day, counts as the next
    working day."""

    days: int
    due: DueAt = DueAt.CLOSE
    cut_off: int | None = None

    def __post_init__(self) -> None:
        if self.days < 1:
            raise CalendarError(
                f"a target of {self.days} business days; the least is 1, the next business day"
            )

    def due_at(self, work: Worktime, received: datetime) -> datetime:
        """The due moment in UTC. Raises CalendarError where there are not so many working days in sight."""
        zone = known_zone(work.calendar.zone)
        local = utc(received).astimezone(zone)
        day = local.date()
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        if self.cut_off is not None and (seconds >= self.cut_off or not work.opened_on(day)):
            day, _ = self._working_day(work, day, 1)
        day, opened = self._working_day(work, day, self.days)
        closing = opened[-1].closes
        if self.due is DueAt.CLOSE:
            return closing
        same = instant(zone, day, seconds) + timedelta(microseconds=local.microsecond)
        return min(same, closing)

    def target(self, work: Worktime, received: datetime) -> timedelta:
        """The same as an amount of open time."""
        return work.between(received, self.due_at(work, received))

    def _working_day(self, work: Worktime, day: date, count: int) -> tuple[date, list[Span]]:
        """The `count`-th working day after `day`, with what opens on it."""
        opened = work.opened_on(day)
        for _ in range(HORIZON * 366):
            if not count:
                return day, opened
            day += _ONE
            opened = work.opened_on(day)
            count -= bool(opened)
        raise CalendarError(
            f"calendar {work.calendar.code} has not {self.days} working days within {HORIZON} years"
        )


Amount = timedelta | DayTarget
"""What a target promises: so much open time, or so many business days."""


def in_open_time(amount: Amount, work: Worktime, start: datetime) -> timedelta:
    """The amount as open time counted from `start`. Raises CalendarError as `DayTarget.due_at`."""
    return amount.target(work, start) if isinstance(amount, DayTarget) else amount


def done_at(amount: Amount, work: Worktime, start: datetime) -> datetime:
    """When the amount, begun at `start`, is used up; nothing at all is used up at once. Raises CalendarError."""
    if isinstance(amount, DayTarget):
        return amount.due_at(work, start)
    return work.add(start, amount) if amount else start
