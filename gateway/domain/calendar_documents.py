"""From a calendar's document (its schema already checked) to a calendar, and from a calendar that is meant for any site to
that of one site (R6). Days of public holidays stand in the document by date and name: frozen when it was applied."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.domain.hours import hours_from
from gateway.domain.model import Site
from gateway.domain.worktime import NO_HOURS, ROUND_THE_CLOCK, WEEK, Calendar, CalendarError, Hours

Document = Mapping[str, Any]
SITE = "site"
"""In a calendar: taken from the ticket's site."""
FROZEN, REGIONS, YEARS = "frozen", "of_sites", "years"
"""Added to `holidays` when it is applied: date → name; the same by region of sites; the years it knows."""


def calendar_from(document: Document) -> Calendar:
    """A calendar's document with its `code`. Raises CalendarError for one that means nothing."""
    holidays = document.get("holidays", {})
    zone = document.get("zone", "UTC")
    return Calendar(
        code=document["code"],
        zone="" if zone == SITE else zone,
        weekly=ROUND_THE_CLOCK if document.get("always") else _week(document.get("weekly", {})),
        breaks=_week(document["breaks"]) if "breaks" in document else NO_HOURS,
        holidays=frozenset(map(date.fromisoformat, (*holidays.get("days", ()), *holidays.get(FROZEN, {})))),
        special={
            date.fromisoformat(day): _intervals(texts) for day, texts in document.get("special", {}).items()
        },
        site_holidays=bool(holidays.get("of_site")),
    )


def _week(told: Document) -> tuple[tuple[Hours, ...], ...]:
    return tuple(_intervals(told.get(day, ())) for day in WEEK)


def _intervals(texts: list[str] | tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(_interval(text) for text in texts)


def _interval(text: str) -> Hours:
    """`08:00-18:00`; `22:00-06:00` closes on the next day, `00:00-24:00` is the whole day."""
    opens, closes = (seconds_of(part.strip()) for part in text.split("-"))
    if opens == closes:
        raise CalendarError(f"{text!r} opens and closes at the same moment; a whole day is 00:00-24:00")
    return Hours(opens, closes)


def seconds_of(text: str) -> int:
    """A time of day, `00:00` to `24:00`, in seconds since midnight. Raises CalendarError."""
    hours, minutes = (int(part) for part in text.split(":"))
    if (hours, minutes) > (24, 0) or minutes > 59:
        raise CalendarError(f"{text!r} is no time of day; write 00:00 to 24:00")
    return hours * 3600 + minutes * 60


def of_site(document: Document) -> bool:
    """Whether a calendar takes its zone or its holidays from the ticket's site."""
    return document.get("zone") == SITE or bool(document.get("holidays", {}).get("of_site"))


def region(country: str, subdivision: str = "") -> str:
    """How the holidays of a country, or of a part of it, are named: `IT`, `IT-MI`."""
    return f"{country}-{subdivision}" if subdivision else country


def at_site(document: Document, site: Site | None, *, zone: str) -> dict[str, Any]:
    """The calendar of one site: its zone where the calendar has none, its holidays where the calendar takes them. Without a
    site, `zone` and no more holidays than the calendar's own."""
    if not of_site(document):
        return dict(document)
    told = {**document}
    if document.get("zone") == SITE:
        told["zone"] = (site.zone if site is not None else "") or zone
    if "holidays" in document:
        told["holidays"] = _holidays_at(document["holidays"], site)
    return told


def _holidays_at(holidays: Document, site: Site | None) -> dict[str, Any]:
    kept = {name: value for name, value in holidays.items() if name not in ("of_site", REGIONS)}
    if not holidays.get("of_site") or site is None:
        return kept
    there = holidays.get(REGIONS, {})
    found = there.get(region(site.country, site.subdivision), there.get(site.country, {}))
    return {**kept, FROZEN: {**kept.get(FROZEN, {}), **found}}


def access_calendar(hours: str, *, zone: str) -> Calendar:
    """When a site can be entered, from its `hours` as text; `zone` is for hours that name none. Raises CalendarError for
    hours in several zones (a site lies in one), ValueError for no hours at all."""
    stretches = hours_from(hours)
    zones = {named or zone for _, _, _, named in stretches}
    if len(zones) > 1:
        raise CalendarError(f"{hours!r} names {' and '.join(sorted(zones))}; a site lies in one zone")
    weekly: list[list[Hours]] = [[] for _ in WEEK]
    for days, opens, closes, _ in stretches:
        for day in days:
            weekly[day].append(Hours(opens * 60, closes * 60))
    return Calendar(code="access", zone=zones.pop(), weekly=tuple(map(tuple, weekly)))


def known_years(document: Document) -> range | None:
    """The years whose public holidays a calendar knows; None where it takes none."""
    told = document.get("holidays", {}).get(YEARS)
    if told is None:
        return None
    first, _, last = told.partition("-")
    return range(int(first), int(last or first) + 1)
