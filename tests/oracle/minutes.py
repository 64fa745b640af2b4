"""The oracle: a calendar (R6) as one byte for each minute of true time, and R7 and R8 by counting bytes. Whole minutes only.

Minutes of true time count from `origin`, a midnight of UTC; minutes on the wall from the same date's midnight there. What the
wall shows is asked for moments of UTC alone: which wall times are skipped or doubled is *seen*, never computed."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

HOUR, DAY = 60, 1440
EDGE = 4
"""Days at either end of a window that only lend their shifts to it: nothing is asked of them."""

Interval = tuple[int, int]
"""From, to: minutes of a local day, 0 … 1439 and 1 … 1440; `to` at or before `from` means the next day."""


@dataclass(frozen=True, kw_only=True)
class Spelled:
    """A calendar as a contract spells it; `closures` are minutes of true time, counted from the window's origin."""

    zone: str
    weekly: tuple[tuple[Interval, ...], ...]
    breaks: tuple[tuple[Interval, ...], ...] = ((),) * 7
    holidays: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    closures: tuple[Interval, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Window:
    """The days that are marked, edges included."""

    first: date
    days: int

    @property
    def origin(self) -> datetime:
        """Minute 0 of true time."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def asked(self) -> range:
        """The minutes that may be asked about."""
        return range(EDGE * DAY, (self.days - EDGE) * DAY)


def _shown(zone: ZoneInfo, at: datetime) -> int:
    """Minutes by which the clock on the wall is ahead of UTC at that moment of UTC."""
    wall = at.astimezone(zone).replace(tzinfo=None)
    ahead = wall - at.replace(tzinfo=None)
    if ahead % timedelta(minutes=1):
        raise ValueError(f"{zone} is {ahead} ahead at {at}: no whole minutes")
    return ahead // timedelta(minutes=1)


@lru_cache(maxsize=4)
def stretches(zone: str, window: Window) -> tuple[tuple[int, int, int], ...]:
    """From, to, minutes ahead of UTC: looked at every hour, and at every minute of an hour over which it changed."""
    return tuple(_stretches(ZoneInfo(zone), window))


def _stretches(place: ZoneInfo, window: Window) -> Iterator[tuple[int, int, int]]:
    minute = timedelta(minutes=1)
    begun, ahead, origin = 0, _shown(place, window.origin), window.origin
    for hour in range(0, window.days * DAY, HOUR):
        if _shown(place, origin + (hour + HOUR) * minute) == ahead:
            continue
        for at in range(hour, hour + HOUR + 1):
            now = _shown(place, origin + at * minute)
            if now != ahead:
                yield begun, at, ahead
                begun, ahead = at, now
    yield begun, window.days * DAY, ahead


@lru_cache(maxsize=4)
def first_shown(zone: str, window: Window) -> "array[int]":
    """For each minute on the wall the first minute of true time at which it is shown. One that is never shown stands for the
    one later by the length of what was skipped."""
    size = window.days * DAY
    shown = array("i", [-1]) * size
    for begun, ended, ahead in reversed(stretches(zone, window)):
        low, high = max(begun + ahead, 0), min(ended + ahead, size)
        if low < high:
            shown[low:high] = array("i", range(low - ahead, high - ahead))
    wall, end = 2 * DAY, size - 2 * DAY
    while -1 in shown[wall:end]:
        wall = shown.index(-1, wall)
        skipped = next(more for more in range(1, end) if shown[wall + more] != -1)
        shown[wall : wall + skipped] = shown[wall + skipped : wall + 2 * skipped]
    return shown


class Marked:
    """A calendar over a window, every minute marked."""

    def __init__(self, calendar: Spelled, window: Window) -> None:
        self.window = window
        self._shown = first_shown(calendar.zone, window)
        size = window.days * DAY
        weekly, special = bytearray(size), bytearray(size)
        for number in range(2, window.days - 3):
            day = window.first + timedelta(days=number)
            if day in calendar.special:
                self._mark(special, number, calendar.special[day], b"\1")
            elif day not in calendar.holidays:
                self._mark(weekly, number, calendar.weekly[day.weekday()], b"\1")
        for number in range(2, window.days - 3):
            day = window.first + timedelta(days=number)
            self._mark(weekly, number, calendar.breaks[day.weekday()], b"\0")
        both = int.from_bytes(weekly, "big") | int.from_bytes(special, "big")
        self.open = bytearray(both.to_bytes(size, "big"))
        for begun, ended in calendar.closures:
            self.open[begun:ended] = bytes(ended - begun)
        self.before = array("i", accumulate(self.open, initial=0))

    def _mark(self, minutes: bytearray, number: int, intervals: tuple[Interval, ...], mark: bytes) -> None:
        for opens, closes in intervals:
            begun = self._shown[number * DAY + opens]
            ended = self._shown[number * DAY + closes + (DAY if closes <= opens else 0)]
            if begun < ended:
                minutes[begun:ended] = mark * (ended - begun)

    def between(self, start: int, end: int) -> int:
        """R7."""
        return max(self.before[end] - self.before[start], 0)

    def next_open(self, at: int) -> int | None:
        """R8, amount 0; None if not within the window."""
        found = self.open.find(1, at, self.window.asked.stop)
        return None if found < 0 else found

    def add(self, at: int, amount: int) -> int | None:
        """R8: the first minute by which so much has passed, backwards the last one; None if not within the window."""
        if not amount:
            return self.next_open(at)
        wanted, asked = self.before[at] + amount, self.window.asked
        if not self.before[asked.start] <= wanted <= self.before[asked.stop]:
            return None
        if amount > 0:
            return bisect_left(self.before, wanted, at, asked.stop)
        return bisect_right(self.before, wanted, asked.start, at + 1) - 1
