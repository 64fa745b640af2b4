"""Where public holidays come from: the `holidays` library by country and subdivision, or a calendar file (ICS). They are read
when a configuration is planned and frozen into the calendar that is applied (R6): no later version of either changes a clock."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import holidays
import icalendar

from gateway.domain.calendar_documents import FROZEN, YEARS, region
from gateway.domain.problem import suggestion
from gateway.errors import Invalid

AROUND = (-1, 4)
"""Years before and after this one that are frozen where the file names none."""
MAX_BYTES = 1_000_000
MAX_EVENTS = 5_000
LONGEST = 366
MOST_YEARS = 50
_ONE = timedelta(days=1)
_ENGLISH = "en_US"

Days = dict[str, str]
"""Day → what people call it."""


def years_of(told: Mapping[str, Any], *, this_year: int) -> range:
    """The years to freeze: those that `holidays` names, else those around this one. Raises Invalid."""
    if YEARS in told:
        first, last = (int(year) for year in told[YEARS].split("-"))
        if not 0 <= last - first < MOST_YEARS:
            raise Invalid(
                f"the years {told[YEARS]} are none to look at; write at most {MOST_YEARS}, like 2025-2030"
            )
        return range(first, last + 1)
    return range(this_year + AROUND[0], this_year + AROUND[1] + 1)


def of_country(country: str, subdivision: str, years: range) -> Days:
    """The public holidays there. Raises Invalid for a country or subdivision that the library does not know."""
    part = subdivision or None
    try:
        spoken = holidays.country_holidays(country, subdiv=part).supported_languages
    except NotImplementedError:
        raise Invalid(_unknown(country, subdivision)) from None
    # Without a language the names would follow the locale of whoever applies the file, and every plan would differ.
    language = _ENGLISH if _ENGLISH in spoken else None
    found = holidays.country_holidays(country, subdiv=part, years=years, language=language)
    return {day.isoformat(): name for day, name in sorted(found.items())}


def unknown_country(country: str) -> str:
    """What is wrong with a country whose public holidays nobody knows, and what would be right; "" for one that is known."""
    try:
        of_country(country, "", range(0))
    except Invalid as error:
        return str(error)
    return ""


def _unknown(country: str, subdivision: str) -> str:
    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known:
        return f"no public holidays of {country!r} are known; {suggestion(country, known)}, or list `days` or an `ics` file"
    near = suggestion(subdivision, known[country])
    return f"{country} has no subdivision {subdivision!r} with holidays of its own; {near}, or leave it out"


def of_regions(regions: Mapping[tuple[str, str], object], years: range) -> dict[str, Days]:
    """Region → its public holidays; a subdivision without its own has its country's, and a country that is not known none
    (`unknown_country` says so)."""
    found: dict[str, Days] = {}
    for country, subdivision in sorted(regions):
        for part in (subdivision, ""):
            try:
                found[region(country, part)] = of_country(country, part, years)
            except Invalid:
                continue
    return found


def of_feed(text: bytes, years: range, *, source: str) -> Days:
    """The whole days that a calendar file names. Raises Invalid, naming the event, for one that is no whole day or repeats
    otherwise than every year; such a file would close the service on days that nobody meant."""
    if len(text) > MAX_BYTES:
        raise Invalid(f"{source} has more than {MAX_BYTES} bytes; leave out what are no holidays")
    try:
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    except (ValueError, AttributeError, IndexError) as error:
        raise Invalid(f"{source} is no calendar file (ICS): {error}") from error
    if len(events) > MAX_EVENTS:
        raise Invalid(f"{source} has {len(events)} events, more than {MAX_EVENTS}")
    days: Days = {}
    for event in events:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            days |= _event(event, years, source)
    return dict(sorted(days.items()))


def _event(event: Any, years: range, source: str) -> Days:
    name = str(event.get("SUMMARY", "")).strip() or "holiday"
    first = _day(event.get("DTSTART"), name, source)
    end = _day(event["DTEND"], name, source) if "DTEND" in event else None
    length = event["DURATION"].dt if "DURATION" in event else _ONE
    last = max(first, (end or first + length) - _ONE)
    if (last - first).days >= LONGEST:
        raise Invalid(f"{source}: {name!r} lasts from {first} to {last}; that is no holiday, correct it")
    skipped = {_day(one, name, source) for one in _listed(event.get("EXDATE"))}
    found = {}
    for start in _starts(event.get("RRULE"), first, years, f"{source}: {name!r}"):
        for passed in range((last - first).days + 1):
            day = start + passed * _ONE
            if start not in skipped and day.year in years:
                found[day.isoformat()] = name
    return found


def _listed(told: Any) -> Iterator[Any]:
    for group in told if isinstance(told, list) else [] if told is None else [told]:
        yield from group.dts


def _day(told: Any, name: str, source: str) -> date:
    day = getattr(told, "dt", None)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise Invalid(f"{source}: {name!r} is no whole day; write it as a `special` day of the calendar")
    return day


def _starts(rule: Any, first: date, years: range, what: str) -> Iterator[date]:
    """On which days an event begins within the years; only what comes every year on the same date may repeat."""
    if rule is None:
        yield first
        return
    told = {name.upper(): value for name, value in rule.items()}
    if told.pop("FREQ", None) != ["YEARLY"] or not told.keys() <= {"COUNT", "UNTIL", "WKST"}:
        raise Invalid(f"{what} does not simply come every year on its date; list its days one by one")
    until = told.get("UNTIL", [date.max])[0]
    latest = until.date() if isinstance(until, datetime) else until
    for year in range(max(first.year, years.start - 1), years.stop):
        if "COUNT" in told and year >= first.year + int(told["COUNT"][0]):
            return
        try:
            start = first.replace(year=year)
        except ValueError:  # the 29th of February
            continue
        if start <= latest:
            yield start


def frozen(told: Mapping[str, Any], feed: tuple[str, bytes] | None, *, this_year: int) -> dict[str, Any]:
    """What a calendar's `holidays` say, with the days of its country and its feed beside them. Raises Invalid."""
    years = years_of(told, this_year=this_year)
    days: Days = {}
    if "country" in told:
        days |= of_country(told["country"], told.get("subdivision", ""), years)
    if feed is not None:
        days |= of_feed(feed[1], years, source=feed[0])
    return {**told, YEARS: f"{years.start}-{years.stop - 1}", FROZEN: dict(sorted(days.items()))}
