"""Calendars that the tests of business time count with, and moments by the clock on a wall."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, Hours, Week, Worktime, utc

ROME, APIA, LORD_HOWE, SAO_PAULO = "Europe/Rome", "Pacific/Apia", "Australia/Lord_Howe", "America/Sao_Paulo"


def hours(text: str) -> tuple[Hours, ...]:
    """`08:00-12:00 13:00-18:00`."""
    return tuple(Hours(*(_seconds(end) for end in one.split("-"))) for one in text.split())


def _seconds(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 3600 + int(minute) * 60


def week(text: str, days: str = "mon tue wed thu fri sat sun") -> Week:
    """The same hours on those days."""
    return tuple(
        hours(text) if day in days.split() else ()
        for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    )


def working(
    text: str = "08:00-18:00", days: str = "mon tue wed thu fri", zone: str = ROME, **more: Any
) -> Worktime:
    """A calendar ready to count with."""
    return Worktime(Calendar(code="office", zone=zone, weekly=week(text, days), **more))


def around_the_clock(zone: str = ROME) -> Worktime:
    """Open on every day from 00:00 to 24:00, spelled day by day; a holiday long ago keeps it from being the plain 24×7."""
    return Worktime(
        Calendar(code="always", zone=zone, weekly=ROUND_THE_CLOCK, holidays=frozenset({date(1999, 1, 1)}))
    )


def at(text: str, zone: str = ROME, *, fold: int = 0) -> datetime:
    """That wall time there, in UTC; `fold=1`: the second time the clock shows it."""
    return utc(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def h(amount: float) -> timedelta:
    """Hours."""
    return timedelta(hours=amount)
