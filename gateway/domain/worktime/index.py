"""Counting business time (R7–R9). Each calendar version is compiled into its open spans of UTC with the open time before
each, so that every question is a look at one day or one binary search, however far apart its moments lie."""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain

from gateway.domain.worktime.calendar import Calendar, CalendarError, Span, merged, utc, without

NONE = timedelta()
MARGIN = 1
"""Years compiled beyond what was asked for."""
HORIZON = 60
"""Years after which a calendar that does not open again is given up."""
LONGEST = 150
"""Years that one calendar keeps compiled; a question about a longer time is refused."""
_YEARS = range(2, 9999)
_EVER = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

_Row = tuple[datetime, datetime, timedelta]


class _BeyondTable(Exception):
    """The moment lies outside the years that are compiled."""


class _Table:
    """The open spans of some years and how much is open before and through each. It never changes (its days are worked out
    when first asked for), so several threads may count with it while another puts a longer one in its place."""

    __slots__ = ("_days", "before", "closes", "opens", "through", "years")

    def __init__(self, years: range, spans: list[Span]) -> None:
        self.years = years
        self.opens = [span.opens for span in spans]
        self.closes = [span.closes for span in spans]
        self.before: list[timedelta] = []
        self.through: list[timedelta] = []
        self._days: dict[int, tuple[_Row, ...]] = {}
        total = NONE
        for span in spans:
            self.before.append(total)
            total += span.closes - span.opens
            self.through.append(total)

    @property
    def open(self) -> timedelta:
        """All open time of these years."""
        return self.through[-1] if self.through else NONE

    def total(self, at: datetime) -> timedelta:
        """Open time from the beginning of these years to `at`, in UTC. Raises _BeyondTable."""
        for opens, closes, through in self._days.get(at.toordinal()) or self._day(at):
            if at >= opens:
                return through if at >= closes else through - (closes - at)
        return NONE

    def _day(self, at: datetime) -> tuple[_Row, ...]:
        """The spans that open within the UTC day of `at`, last first, then the one before them."""
        if at.year not in self.years:
            raise _BeyondTable
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        first = bisect_left(self.opens, midnight)
        end = bisect_right(self.opens, at.replace(hour=23, minute=59, second=59, microsecond=999_999))
        places = range(end - 1, max(first - 1, 0) - 1, -1)
        rows = tuple((self.opens[place], self.closes[place], self.through[place]) for place in places)
        self._days[at.toordinal()] = rows = rows or ((midnight, midnight, NONE),)
        return rows

    def reached(self, wanted: timedelta) -> datetime:
        """The first instant by which so much has been open; at most `open`."""
        place = bisect_left(self.through, wanted)
        return self.closes[place] - (self.through[place] - wanted)

    def left(self, wanted: timedelta) -> datetime:
        """The last instant by which no more than so much has been open; less than `open`."""
        place = bisect_right(self.before, wanted) - 1
        return self.opens[place] + (wanted - self.before[place])


class Worktime:
    """A calendar ready to be counted with. All moments are aware; answers are in UTC and exact to the microsecond. Every
    question raises CalendarError for a moment without a zone and for years too far apart."""

    def __init__(self, calendar: Calendar) -> None:
        if not calendar.zone or calendar.site_holidays:
            raise CalendarError(
                f"calendar {calendar.code} takes its zone or holidays from a site: name the site"
            )
        self.calendar = calendar
        self._compiled: dict[int, list[Span]] = {}
        self._table = _Table(range(1, 10_000), [_EVER]) if calendar.always else _Table(range(0), [])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time from `start` to `end`; zero where `end` is not later (R7)."""
        if start.tzinfo is not UTC or end.tzinfo is not UTC:
            start, end = (
                utc(start),
                utc(end),
            )  # Python compares two moments of one zone by their wall time (R5)
        if end <= start:
            return NONE
        table = self._table
        try:
            return table.total(end) - table.total(start)
        except _BeyondTable:
            table = self._covering(start.year, end.year)
            return table.total(end) - table.total(start)

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at that instant; at a closing instant it is not."""
        at = utc(at)
        table = self._covering(at.year, at.year)
        place = bisect_right(table.opens, at) - 1
        return place >= 0 and at < table.closes[place]

    def next_open(self, at: datetime) -> datetime:
        """The instant itself if open, else the next opening. Raises CalendarError if none is in sight."""
        at = utc(at)
        table = self._covering(at.year, at.year)
        while not table.closes or table.closes[-1] <= at:
            table = self._further(at, table.years.stop)
        return max(at, table.opens[bisect_right(table.closes, at)])

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The instant at which `amount` of open time has passed since `start` (R8): what falls on a closing stays there;
        zero gives the start if open, else the next opening. A negative amount goes back; what reaches an opening stays
        there. Raises CalendarError where there is not so much open time in sight."""
        if amount <= NONE:
            return self._back(start, -amount) if amount else self.next_open(start)
        if start.tzinfo is not UTC:
            start = utc(start)
        table = self._table
        try:
            wanted = table.total(start) + amount
        except _BeyondTable:
            table = self._covering(start.year, start.year)
            wanted = table.total(start) + amount
        while wanted > table.open:
            table = self._further(start, table.years.stop)
            wanted = table.total(start) + amount
        return table.reached(wanted)

    def _back(self, end: datetime, amount: timedelta) -> datetime:
        end = utc(end)
        table = self._covering(end.year, end.year)
        while (total := table.total(end)) < amount:
            table = self._further(end, table.years.start - 1)
        return table.left(total - amount)

    def opened_on(self, day: date) -> list[Span]:
        """What opens on that local day, closures taken out; empty on a day that is no working day."""
        return without(self.calendar.spans(day), self.calendar.closures)

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """The open spans that touch `start` … `end`, whole (as far as the years compiled)."""
        start, end = utc(start), utc(end)
        table = self._covering(start.year, end.year)
        first, last = bisect_right(table.closes, start), bisect_left(table.opens, end)
        return [Span(table.opens[place], table.closes[place]) for place in range(first, last)]

    # -- the compiled years -----------------------------------------------------------------------------------------------

    def _further(self, asked: datetime, year: int) -> _Table:
        """A table up to that year too. Raises CalendarError when the search has gone too far."""
        if abs(year - asked.year) > HORIZON or year not in _YEARS:
            raise CalendarError(
                f"calendar {self.calendar.code} has not enough open time within {HORIZON} years of {asked.date()}"
            )
        return self._covering(asked.year, year)

    def _covering(self, *asked: int) -> _Table:
        """A table in which all these years lie. What lies far from them is forgotten: one desk's moment of the year 1 must
        not make the others wait for twenty centuries."""
        table = self._table
        first, last = min(asked), max(asked)
        if first in table.years and last in table.years:
            return table
        if last - first > LONGEST:
            raise CalendarError(
                f"from the year {first} to the year {last}: nobody works that long; correct the moment"
            )
        years = range(first - MARGIN, last + MARGIN + 1)
        if table.years:
            joined = range(min(years.start, table.years.start), max(years.stop, table.years.stop))
            years = joined if len(joined) <= LONGEST else years
        self._table = table = self._compile(years)
        return table

    def _compile(self, years: range) -> _Table:
        kept = self._compiled
        self._compiled = {
            year: kept[year] if year in kept else self._year(year) for year in years if year in _YEARS
        }
        return _Table(years, merged(chain.from_iterable(self._compiled.values())))

    def _year(self, year: int) -> list[Span]:
        """What is open within that year of UTC. A shift reaches at most into the day after the next, a zone lies less than a
        day from UTC."""
        start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        days = (date.fromordinal(day) for day in range(start.toordinal() - 3, end.toordinal() + 2))
        spans = merged(span for day in days for span in self.calendar.spans(day))
        within = [Span(max(span.opens, start), min(span.closes, end)) for span in spans]
        return without(within, self.calendar.closures)


@lru_cache(maxsize=1024)
def worktime(calendar: Calendar) -> Worktime:
    """The calendar compiled, once."""
    return Worktime(calendar)
