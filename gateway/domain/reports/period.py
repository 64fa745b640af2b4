"""Periods of reports: a month, a quarter, a year, or any days, by the wall of the agreement's zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.errors import Invalid

_DAY = timedelta(days=1)
_MONTH, _QUARTER, _YEAR = (
    re.compile(r"(\d{4})-(\d{2})"),
    re.compile(r"(\d{4})-[Qq]([1-4])"),
    re.compile(r"(\d{4})"),
)
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.|:)(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days from `first` up to and including `last`, in an IANA zone."""

    first: date
    last: date
    zone: str = "UTC"

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self._midnight(self.last + _DAY)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(ZoneInfo("UTC"))

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def name(self) -> str:
        """`2026-10`, `2026-Q4`, `2026`, else `2026-10-05..2026-10-11`; what `period_from` reads."""
        for name in (
            f"{self.first:%Y-%m}",
            f"{self.first.year}-Q{(self.first.month + 2) // 3}",
            str(self.first.year),
        ):
            if _span(name) == (self.first, self.last):
                return name
        return f"{self.first}..{self.last}"

    def months(self, count: int) -> Iterator["Period"]:
        """So many whole months up to the one that its last day is in, the oldest first."""
        number = self.last.year * 12 + self.last.month - 1
        for one in range(number - count + 1, number + 1):
            yield period_from(f"{one // 12}-{one % 12 + 1:02}", zone=self.zone)


def period_from(text: str, *, zone: str = "UTC") -> Period:
    """`2026-10`, `2026-Q4`, `2026` or `2026-10-05..2026-10-11` (both days included). Raises Invalid."""
    span = _span(text)
    if span is None or span[1] < span[0]:
        raise Invalid(
            f"{text!r} is no period",
            why="a period is a month, a quarter, a year, or a first and a last day",
            cure="2026-10, 2026-Q4, 2026 or 2026-10-05..2026-10-11",
        )
    return Period(first=span[0], last=span[1], zone=zone)


def _span(text: str) -> tuple[date, date] | None:
    try:
        if found := _MONTH.fullmatch(text):
            return _months(int(found[1]), int(found[2]), 1)
        if found := _QUARTER.fullmatch(text):
            return _months(int(found[1]), int(found[2]) * 3 - 2, 3)
        if found := _YEAR.fullmatch(text):
            return _months(int(found[1]), 1, 12)
        if found := _DAYS.fullmatch(text):
            return date.fromisoformat(found[1]), date.fromisoformat(found[2])
    except ValueError:
        return None
    return None


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = year * 12 + month - 1 + count
    return date(year, month, 1), date(after // 12, after % 12 + 1, 1) - _DAY
