"""The hours of a coverage row as people write them: `Mon-Fri 08:00-18:00 Europe/Rome`. Business time, with its holidays
and breaks, is another matter (calendars of agreements)."""

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

Stretch = tuple[frozenset[int], int, int, str]
"""Weekdays (0 = Monday), first minute of the day, minute after the last, zone name or empty."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    r"(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+(?P<opens>\d\d?:\d\d)\s*-\s*(?P<closes>\d\d?:\d\d)(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)  # thousands of coverage rows share a few hours
def hours_from(text: str) -> tuple[Stretch, ...]:
    """`always`, or `Mon-Fri 08:00-18:00 Europe/Rome`, several joined by `;`. Raises ValueError and shows the form."""
    if text.strip().lower() == "always":
        return ((frozenset(range(7)), 0, 24 * 60, ""),)
    return tuple(stretch for part in text.split(";") for stretch in _stretches(part.strip()))


def _stretches(text: str) -> tuple[Stretch, ...]:
    found = _HOURS.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} are no hours; write Mon-Fri 08:00-18:00 Europe/Rome, or always")
    days, zone = _weekdays(found["days"]), _zone(found["zone"] or "")
    opens, closes = _minute(found["opens"]), _minute(found["closes"])
    if opens < closes:
        return ((days, opens, closes, zone),)
    if opens == closes:
        raise ValueError(f"{text!r} opens and closes in the same minute; a whole day is 00:00-24:00")
    tomorrow = frozenset((day + 1) % 7 for day in days)
    late = (days, opens, 24 * 60, zone)
    return (late, (tomorrow, 0, closes, zone)) if closes else (late,)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write a name like Europe/Rome") from error


def _weekdays(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"{part!r} names no days; write {', '.join(day.title() for day in _DAYS)}")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _minute(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"{text!r} is no time of the day; write 00:00 to 24:00")
    return hour * 60 + minute
