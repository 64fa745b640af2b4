"""Counting business time (R7–R9). Each calendar version is compiled into its open spans of UTC with the open time before
each, so that every question is a look at one day or one binary search, however far apart its moments lie."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter

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

_Row = tuple[datetime, datetime, timedelta, int]
"""Opens, closes, open time up to its closing, the place of the next."""
_opens: Callable[[_Row], datetime] = itemgetter(0)


class _BeyondTable(Exception):
    """The moment lies outside the years that are compiled."""


class _Days(dict[int, tuple[_Row, ...]]):
    """UTC day (its ordinal) → the spans that open within it, last first, then the one before them; worked out when first
    asked for. Never empty. Raises _BeyondTable."""

    def __init__(self, years: range, rows: list[_Row]) -> None:
        super().__init__()
        self._years = years
        self._rows = rows

    def __missing__(self, day: int) -> tuple[_Row, ...]:
        on = date.fromordinal(day)
        if on.year not in self._years:
            raise _BeyondTable
        midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
        first = bisect_left(self._rows, midnight, key=_opens)
        end = bisect_right(
            self._rows, midnight.replace(hour=23, minute=59, second=59, microsecond=999_999), key=_opens
        )
        self[day] = rows = tuple(reversed(self._rows[max(first - 1, 0) : end])) or (
            (midnight, midnight, NONE, 0),
        )
        return rows


class _Reaching(dict[int, tuple[int, int]]):
    """Whole days of open time → the places of the first span that reaches them and of the first that reaches one more."""

    def __init__(self, through: list[timedelta]) -> None:
        super().__init__()
        self._through = through

    def __missing__(self, days: int) -> tuple[int, int]:
        first = bisect_left(self._through, timedelta(days=days))
        self[days] = places = first, bisect_left(self._through, timedelta(days=days + 1), first)
        return places


class _Table:
    """The open spans of some years and how much is open before and through each. It never changes (its days are worked out
    when first asked for), so several threads may count with it while another puts a longer one in its place."""

    __slots__ = ("before", "closes", "days", "open", "opens", "reaching", "through", "years")

    def __init__(self, years: range, spans: list[Span]) -> None:
        self.years = years
        self.opens = [span.opens for span in spans]
        self.closes = [span.closes for span in spans]
        lengths = [closes - opens for opens, closes in spans]
        self.before = list(accumulate(lengths[:-1], initial=NONE)) if spans else []
        self.through = list(accumulate(lengths))
        self.open = self.through[-1] if spans else NONE
        """All open time of these years."""
        places = range(1, len(spans) + 1)
        self.days = _Days(years, list(zip(self.opens, self.closes, self.through, places, strict=True)))
        self.reaching = _Reaching(self.through)

    def total(self, at: datetime) -> timedelta:
        """Open time from the beginning of these years to `at`, in UTC. Raises _BeyondTable."""
        for opens, closes, through, _ in self.days[at.toordinal()]:
            if at >= opens:
                return through if at >= closes else through - (closes - at)
        return NONE

    def between(self, start: datetime, end: datetime) -> timedelta:
        """`total` of the end less that of the start. Most questions are about one shift: then one look is enough. Raises
        _BeyondTable."""
        for opens, closes, through, _ in self.days[end.toordinal()]:
            if end >= opens:
                if start >= closes:
                    return NONE
                if start >= opens:
                    return end - start if end < closes else closes - start
                return (through if end >= closes else through - (closes - end)) - self.total(start)
        return NONE - self.total(start)

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant at which so much more has been open. Raises _BeyondTable."""
        wanted = amount
        for opens, closes, through, place in self.days[start.toordinal()]:
            if start >= opens:
                left = closes - start if start < closes else NONE
                if amount <= left:
                    return start + amount
                wanted += through - left
                if wanted <= self.open and wanted <= self.through[place]:
                    return self.closes[place] - (self.through[place] - wanted)
                break
        if wanted > self.open:
            raise _BeyondTable
        return self.reached(wanted)

    def reached(self, wanted: timedelta) -> datetime:
        """The first instant by which so much has been open; at most `open`."""
        first, last = self.reaching[wanted.days]
        place = bisect_left(self.through, wanted, first, last)
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
            # Python compares two moments of one zone by their wall time (R5).
            start, end = utc(start), utc(end)
        if end <= start:
            return NONE
        try:
            return self._table.between(start, end)
        except _BeyondTable:
            return self._covering(start.year, end.year).between(start, end)

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
        try:
            return self._table.after(start, amount)
        except _BeyondTable:
            table = self._covering(start.year, start.year)
        while (wanted := table.total(start) + amount) > table.open:
            table = self._further(start, table.years.stop)
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
