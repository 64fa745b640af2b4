"""Our business time asked the same questions as the oracle."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from gateway.domain.worktime import Calendar, Hours, Span, Worktime
from tests.oracle import cases
from tests.oracle.minutes import Interval, Marked, Spelled, Window

SCENE = 5_000
"""Questions to one zone and window …"""
CALENDAR = 1_000
"""… of which so many to one calendar."""
_MINUTE = timedelta(minutes=1)


def ours(spelled: Spelled, window: Window) -> Worktime:
    """The same calendar in the words of the product."""
    closures = (tuple(window.origin + minute * _MINUTE for minute in closure) for closure in spelled.closures)
    return Worktime(
        Calendar(
            code="generated",
            zone=spelled.zone,
            weekly=tuple(_hours(day) for day in spelled.weekly),
            breaks=tuple(_hours(day) for day in spelled.breaks),
            holidays=spelled.holidays,
            special={day: _hours(intervals) for day, intervals in spelled.special.items()},
            closures=tuple(Span(*closure) for closure in closures),
        )
    )


def _hours(intervals: tuple[Interval, ...]) -> tuple[Hours, ...]:
    return tuple(Hours(opens * 60, closes * 60) for opens, closes in intervals)


def compare(seed: int, number: int) -> Iterator[str]:
    """So many answers compared, one text for each: empty if they agree, else the whole case."""
    scene = 0
    while number > 0:
        now = min(number, SCENE)
        yield from _scene(random.Random(f"{seed}/{scene}"), now, f"scene {seed}/{scene}")
        number, scene = number - now, scene + 1


def _scene(chance: random.Random, number: int, name: str) -> Iterator[str]:
    zone, window = cases.window(chance)
    while number > 0:
        now = min(number, CALENDAR)
        spelled = cases.calendar(chance, zone, window)
        for text in islice(_answers(chance, spelled, window), now):
            yield text and f"{name}, {spelled}: {text}"
        number -= now


def _answers(chance: random.Random, spelled: Spelled, window: Window) -> Iterator[str]:
    """Without end, unless the calendar can answer nothing within its window."""
    marked, work = Marked(spelled, window), ours(spelled, window)
    for question in cases.questions(chance, marked, spelled.zone):
        expected: int | None = getattr(marked, question.kind)(*_asked(question))
        if expected is None:
            continue
        at = _written(chance, spelled.zone, window, question.at)
        found: datetime | timedelta
        if question.kind == "between":
            found = work.between(at, _written(chance, spelled.zone, window, question.given))
        elif question.kind == "add":
            found = work.add(at, question.given * _MINUTE) - window.origin
        else:
            found = work.next_open(at) - window.origin
        told = expected * _MINUTE
        yield "" if found == told else f"{question} at {at.isoformat()}: {found}, the oracle says {told}"


def _asked(question: cases.Question) -> tuple[int, ...]:
    return (question.at,) if question.kind == "next_open" else (question.at, question.given)


def _written(chance: random.Random, zone: str, window: Window, minute: int) -> datetime:
    """A minute as UTC or, as a desk would write it, in the calendar's zone."""
    at = window.origin + minute * _MINUTE
    return at if chance.random() < 0.6 else at.astimezone(ZoneInfo(zone))
