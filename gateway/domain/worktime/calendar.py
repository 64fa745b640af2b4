"""Calendars (R6): when a service works, in local wall time. Data and its rules only; `index` counts with it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hours(NamedTuple):
    """One interval of a local day, in seconds since its midnight by the clock on the wall: `opens` 0 … 86,399, `closes`
    1 … 86,400. What closes at or before it opens, closes on the next day."""

    opens: int
    closes: int

    @property
    def overnight(self) -> bool:
        """Whether it closes on the next day."""
        return self.closes <= self.opens


class Span(NamedTuple):
    """An open interval of true time, in UTC: from `opens` up to, not including, `closes`."""

    opens: datetime
    closes: datetime


Week = tuple[tuple[Hours, ...], ...]
"""Monday to Sunday."""
NO_HOURS: Week = ((),) * 7
ROUND_THE_CLOCK: Week = ((Hours(0, DAY),),) * 7


class CalendarError(ValueError):
    """A calendar that means nothing; the message says what and what would be right."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Open hours as a contract states them. An interval belongs to the day on which it opens: a holiday takes away the
    shift that begins on it, not the end of the one before. `breaks` interrupt the weekly hours by the clock on the wall,
    whichever day the shift began on. `special` days state their hours whole (no weekly breaks) and win over `holidays`.
    `closures` are moments of true time at which nothing is open.

    `zone` "" and `site_holidays` are taken from the ticket's site: `at_site` fills them in.
    """

    code: str
    version: int = 1
    zone: str = "UTC"
    weekly: Week = NO_HOURS
    breaks: Week = NO_HOURS
    holidays: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict, hash=False)
    closures: tuple[Span, ...] = ()
    site_holidays: bool = False
    within: "Calendar | None" = None
    """Open only while that one is open too: the hours at which a site can be entered (R13)."""

    def __post_init__(self) -> None:
        if self.zone:
            known_zone(self.zone)
        if len(self.weekly) != 7 or len(self.breaks) != 7:
            raise CalendarError(f"calendar {self.code} needs seven days in a week, Monday first")
        for hours in chain(*self.weekly, *self.breaks, *self.special.values()):
            if not (0 <= hours.opens < DAY and 0 <= hours.closes <= DAY):
                raise CalendarError(
                    f"calendar {self.code} has {hours}: seconds of a day, 0 to {DAY}, are wanted"
                )
        if not any(self.weekly) and not any(self.special.values()):
            raise CalendarError(
                f"calendar {self.code} has no open hour; give it `weekly` hours or `special` days"
            )

    @property
    def always(self) -> bool:
        """Open at every instant, whatever the zone."""
        less = self.holidays or self.special or self.closures or self.site_holidays or any(self.breaks)
        plain = not (less or self.within)
        return plain and all(day == (Hours(0, DAY),) for day in self.weekly)

    def hours(self, day: date) -> tuple[Hours, ...]:
        """What opens on that day, weekly breaks not yet taken out."""
        if day in self.special:
            return self.special[day]
        return () if day in self.holidays else self.weekly[day.weekday()]

    def spans(self, day: date) -> list[Span]:
        """What opens on that local day, in UTC, in order; may reach into the next day and be empty."""
        opened = self._own_spans(day)
        if self.within is None or not opened:
            return opened
        near = range(max(day.toordinal() - 3, 1), day.toordinal() + 5)  # its zone may be another one
        there = merged(span for one in near for span in self.within.spans(date.fromordinal(one)))
        return both(opened, there)

    def _own_spans(self, day: date) -> list[Span]:
        zone = known_zone(self.zone)
        opened = merged(_span(zone, day, hours) for hours in self.hours(day))
        if day in self.special or not any(self.breaks) or not opened:
            return opened
        return without(
            opened,
            [_span(zone, near, hours) for near in _around(day) for hours in self.breaks[near.weekday()]],
        )

    @property
    def doubts(self) -> list[str]:
        """What is lawful and hardly meant, for whoever writes the calendar."""
        days = [
            *zip(WEEK, self.weekly, strict=True),
            *((str(day), hours) for day, hours in self.special.items()),
        ]
        return [
            f"{day} closes at 23:59, a minute before midnight; write 24:00 if midnight is meant"
            for day, hours in days
            if any(DAY - 60 <= one.closes < DAY for one in hours)
        ]

    def at_site(self, *, zone: str, holidays: Iterable[date]) -> "Calendar":
        """This calendar for a site: its zone where the calendar has none, its holidays where the calendar takes them."""
        taken = self.holidays | frozenset(holidays) if self.site_holidays else self.holidays
        return replace(self, zone=self.zone or zone, holidays=taken, site_holidays=False)


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises CalendarError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CalendarError(f"{name!r} is no zone of the IANA list; write for example Europe/Rome") from error


def instant(zone: ZoneInfo, day: date, seconds: int) -> datetime:
    """The moment, in UTC, at which the wall clock shows so many seconds since that day's midnight. A wall time that a
    clock change skips moves forward by the gap, a doubled one means its first occurrence (R6): both are what PEP 495
    gives for `fold=0`."""
    wall = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)  # noqa: DTZ001 - a wall time has no zone yet
    return wall.replace(tzinfo=zone).astimezone(UTC)


def utc(at: datetime) -> datetime:
    """That moment in UTC. Raises CalendarError for one without a zone: nobody may guess it."""
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise CalendarError(f"{at.isoformat()} names no zone; write for example {at.isoformat()}+01:00")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise CalendarError(
            f"{at.isoformat()} lies outside the years 1 to 9999 of UTC; correct the moment"
        ) from error


def _around(day: date) -> list[date]:
    """The day between the two before and after it: a shift may reach past midnight, and over a day that the clock skips."""
    return [date.fromordinal(near) for near in range(max(day.toordinal() - 2, 1), day.toordinal() + 3)]


def _span(zone: ZoneInfo, day: date, hours: Hours) -> Span:
    closes = hours.closes + DAY if hours.overnight else hours.closes
    return Span(instant(zone, day, hours.opens), instant(zone, day, closes))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same open time in order, without overlaps, touching ones joined, empty ones left out."""
    done: list[Span] = []
    for span in sorted(span for span in spans if span.opens < span.closes):
        if done and span.opens <= done[-1].closes:
            done[-1] = Span(done[-1].opens, max(done[-1].closes, span.closes))
        else:
            done.append(span)
    return done


def both(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What is open in both; each in order and apart from one another."""
    found = []
    for opens, closes in spans:
        for place in range(bisect_right(others, opens, key=lambda one: one.closes), len(others)):
            if others[place].opens >= closes:
                break
            found.append(Span(max(opens, others[place].opens), min(closes, others[place].closes)))
    return found


def without(spans: Sequence[Span], taken: Iterable[Span]) -> list[Span]:
    """The spans, in order and apart from one another, with the taken ones cut out."""
    cuts = merged(taken)
    ends = [cut.closes for cut in cuts]
    left = []
    for opens, closes in spans:
        start = opens
        for place in range(bisect_right(ends, opens), len(cuts)):
            if cuts[place].opens >= closes:
                break
            left.append(Span(start, cuts[place].opens))
            start = cuts[place].closes
        left.append(Span(start, closes))
    return [span for span in left if span.opens < span.closes]
