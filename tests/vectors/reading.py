"""Calendars as the vector files write them, both formats."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gateway.domain.worktime import ROUND_THE_CLOCK, WEEK, Calendar, Hours, Span


def moment(text: str) -> datetime:
    """A moment with its zone."""
    at = datetime.fromisoformat(text)
    assert at.tzinfo is not None, f"{text} has no zone"
    return at


def seconds(amount: float) -> timedelta:
    """So many seconds, exactly to the microsecond."""
    return timedelta(microseconds=round(amount * 1_000_000))


def _wall(text: str) -> int:
    hours, minutes, *more = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + (more[0] if more else 0)


def _hours(intervals: Sequence[Sequence[str]]) -> tuple[Hours, ...]:
    return tuple(Hours(_wall(opens), _wall(closes) or 86_400) for opens, closes in intervals)


def calendar(code: str, told: Mapping[str, Any]) -> Calendar:
    """A calendar of business_time.jsonl (`timezone hours overrides breaks`) or of chain.jsonl (`zone weekly special`)."""
    weekly = told.get("weekly", told.get("hours", {}))
    special = told.get("special", told.get("overrides", {}))
    breaks = [Span(moment(one["start"]), moment(one["end"])) for one in told.get("breaks", ())]
    return Calendar(
        code=code,
        zone=told.get("zone") or told.get("timezone") or "UTC",
        weekly=ROUND_THE_CLOCK if told.get("always") else tuple(_hours(weekly.get(day, ())) for day in WEEK),
        holidays=frozenset(date.fromisoformat(day) for day in told.get("holidays", ())),
        special={date.fromisoformat(day): _hours(intervals) for day, intervals in special.items()},
        closures=tuple(breaks),
    )
