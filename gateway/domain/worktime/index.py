"""Counting business time (R7–R9). Each calendar version is compiled once into its open spans of UTC with the open time
before each, so that every question is one binary search, however far apart its moments lie."""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from gateway.domain.worktime.calendar import Calendar, CalendarError, Span, merged, without

NONE = timedelta()
MARGIN = 1
"""Years compiled beyond what was asked for."""
HORIZON = 60
"""Years after which a calendar that does not open again is given up."""
_YEARS = range(2, 9998)
_EARLIEST, _LATEST = datetime(_YEARS.start, 1, 1, tzinfo=UTC), datetime(_YEARS.stop, 1, 1, tzinfo=UTC)


class Worktime:
    """A calendar ready to be counted with. All moments are aware; answers are in UTC and exact to the microsecond."""

    def __init__(self, calendar: Calendar) -> None:
        if not calendar.zone or calendar.site_holidays:
            raise CalendarError(
                f"calendar {calendar.code} takes its zone or holidays from a site: name the site"
            )
        self.calendar = calendar
        self._years = range(0)
        self._from = self._to = _LATEST
        self._take([])
        if calendar.always:
            self._take([Span(_EARLIEST, _LATEST)])
            self._from = _EARLIEST

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time from `start` to `end`; zero where `end` is not later (R7)."""
        if end <= start:
            return NONE
        if not (self._from <= start and end < self._to):
            self._cover(start.year, end.year)
        return self._total(end) - self._total(start)

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at that instant; at a closing instant it is not."""
        self._ready(at)
        place = bisect_right(self._opens, at) - 1
        return place >= 0 and at < self._closes[place]

    def next_open(self, at: datetime) -> datetime:
        """The instant itself if open, else the next opening. Raises CalendarError if none is in sight."""
        if self.is_open(at):
            return at.astimezone(UTC)
        while self._opens[-1:] < [at]:
            self._cover(at.year, self._further(self._years.stop, at))
        return self._opens[bisect_left(self._opens, at)]

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The instant at which `amount` of open time has passed since `start` (R8): what falls on a closing stays there;
        zero gives the start if open, else the next opening. A negative amount goes back; what reaches an opening stays
        there. Raises CalendarError where there is not so much open time in sight."""
        if amount == NONE:
            return self.next_open(start)
        if amount < NONE:
            return self._back(start, -amount)
        self._ready(start)
        wanted = self._total(start) + amount
        while not self._through or self._through[-1] < wanted:
            self._cover(start.year, self._further(self._years.stop, start))
            wanted = self._total(start) + amount
        place = bisect_left(self._through, wanted)
        return self._closes[place] - (self._through[place] - wanted)

    def _back(self, end: datetime, amount: timedelta) -> datetime:
        self._ready(end)
        while self._total(end) < amount:
            self._cover(self._further(self._years.start - 1, end), end.year)
        wanted = self._total(end) - amount
        place = bisect_right(self._before, wanted) - 1
        return self._opens[place] + (wanted - self._before[place])

    def opened_on(self, day: date) -> list[Span]:
        """What opens on that local day, closures taken out; empty on a day that is no working day."""
        return merged(without(self.calendar.spans(day), self.calendar.closures))

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """The open spans that touch `start` … `end`, whole."""
        self._cover(start.year, end.year)
        first, last = bisect_right(self._closes, start), bisect_left(self._opens, end)
        return [Span(self._opens[place], self._closes[place]) for place in range(first, last)]

    # -- the compiled spans -----------------------------------------------------------------------------------------------

    def _total(self, at: datetime) -> timedelta:
        """Open time from the beginning of what is compiled to `at`."""
        place = bisect_right(self._opens, at) - 1
        if place < 0:
            return NONE
        if at >= self._closes[place]:
            return self._through[place]
        return self._before[place] + (at - self._opens[place])

    def _ready(self, at: datetime) -> None:
        if not self._from <= at < self._to:
            self._cover(at.year, at.year)

    def _further(self, year: int, asked: datetime) -> int:
        """A year to compile next. Raises CalendarError when the search has gone too far."""
        if abs(year - asked.year) > HORIZON or year not in _YEARS:
            raise CalendarError(
                f"calendar {self.calendar.code} has not enough open time within {HORIZON} years of {asked.date()}"
            )
        return year

    def _cover(self, first: int, last: int) -> None:
        """Compile so that both years lie within. What is compiled grows by half, so that repeated growth stays cheap."""
        if self.calendar.always:
            return
        done = self._years or range(first, first)
        grown = len(done) // 2
        start = first - MARGIN - grown if first <= done.start else done.start
        stop = last + 1 + MARGIN + grown if last >= done.stop - 1 else done.stop
        years = range(max(start, _YEARS.start), min(stop, _YEARS.stop))
        if years != self._years:
            self._compile(years)

    def _compile(self, years: range) -> None:
        start, end = date(years.start, 1, 1), date(years.stop, 1, 1)
        days = (start + timedelta(days=number) for number in range(-1, (end - start).days + 1))
        spans = merged(span for day in days for span in self.calendar.spans(day))
        self._take(without(spans, self.calendar.closures))
        self._years = years
        self._from = datetime(years.start, 1, 2, tzinfo=UTC)
        self._to = datetime(years.stop - 1, 12, 30, tzinfo=UTC)

    def _take(self, spans: list[Span]) -> None:
        self._opens = [span.opens for span in spans]
        self._closes = [span.closes for span in spans]
        self._before, self._through, total = [], [], NONE
        for span in spans:
            self._before.append(total)
            total += span.closes - span.opens
            self._through.append(total)


@lru_cache(maxsize=1024)
def worktime(calendar: Calendar) -> Worktime:
    """The calendar compiled, once."""
    return Worktime(calendar)
