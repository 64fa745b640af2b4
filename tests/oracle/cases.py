"""Random calendars and questions, from a seed: odd zones, shifts over midnight and over clock changes, breaks, closures."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.oracle.minutes import DAY, EDGE, Interval, Marked, Spelled, Window, stretches

LENGTH = 400 + 2 * EDGE
ZONES = (
    "UTC",
    "Europe/Rome",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Europe/Chisinau",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Beirut",
    "Asia/Amman",
    "Asia/Damascus",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Asia/Vladivostok",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Khartoum",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Asuncion",
    "America/Santiago",
    "America/Caracas",
    "America/Phoenix",
    "America/Scoresbysund",
    "America/Nuuk",
    "Atlantic/Azores",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Australia/Eucla",
    "Antarctica/Troll",
    "Antarctica/Casey",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Easter",
    "Pacific/Kiritimati",
    "Pacific/Norfolk",
)
LOST_DAYS = (("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kwajalein", date(1993, 8, 21)))
"""Days that the clock skipped whole."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, of which minute, with what: `end` of between, `amount` of add."""

    kind: str
    at: int
    given: int = 0


def window(chance: random.Random) -> tuple[str, Window]:
    """A zone and some 400 days of it."""
    if chance.random() < 0.04:
        zone, lost = chance.choice(LOST_DAYS)
        return zone, Window(first=lost - timedelta(days=chance.randrange(EDGE, 300)), days=LENGTH)
    first = date(1990, 1, 1) + timedelta(days=chance.randrange(50 * 365))
    return chance.choice(ZONES), Window(first=first, days=LENGTH)


def calendar(chance: random.Random, zone: str, seen: Window) -> Spelled:
    """Any calendar in that zone."""
    weekly = _week(chance)
    while not any(weekly):
        weekly = _week(chance)
    plain = chance.random() < 0.2
    return Spelled(
        zone=zone,
        weekly=weekly,
        breaks=((),) * 7 if plain or chance.random() < 0.4 else _breaks(chance),
        holidays=frozenset() if plain else frozenset(_days(chance, seen, 25)),
        special={} if plain else _special(chance, zone, seen),
        closures=() if plain else tuple(_closures(chance, seen)),
    )


def _week(chance: random.Random) -> tuple[tuple[Interval, ...], ...]:
    match chance.randrange(8):
        case 0:
            return (((0, DAY),),) * 7
        case 1:
            return (((0, DAY - 1),),) * 7
        case 2:
            return (((540, 780), (840, 1080)),) * 5 + ((),) * 2
        case 3:
            return (((chance.randrange(1080, DAY), chance.randrange(1, 540)),),) * 7
        case 4:
            return (((chance.randrange(0, 200), chance.randrange(60, 300)),),) * 7
        case _:
            return tuple(_hours(chance) if chance.random() < 0.7 else () for _ in range(7))


def _hours(chance: random.Random) -> tuple[Interval, ...]:
    return tuple(_interval(chance) for _ in range(chance.choice((1, 1, 1, 2, 3, 0))))


def _interval(chance: random.Random) -> Interval:
    """Often on the hour or half-hour, often at night (where clocks change), often until 24:00."""
    step = chance.choice((1, 15, 30, 60))
    opens = chance.randrange(0, 300 if chance.random() < 0.3 else DAY, step)
    closes = DAY if chance.random() < 0.15 else chance.randrange(step, DAY + 1, step)
    return opens, closes


def _breaks(chance: random.Random) -> tuple[tuple[Interval, ...], ...]:
    def one() -> Interval:
        begun = chance.randrange(0, DAY, 5)
        return begun, (begun + chance.randrange(5, 120)) % DAY or DAY

    if chance.random() < 0.5:
        return (((720, 780),),) * 7
    return tuple(tuple(one() for _ in range(chance.randrange(3))) for _ in range(7))


def _days(chance: random.Random, seen: Window, most: int) -> Iterator[date]:
    for _ in range(chance.randrange(most)):
        yield seen.first + timedelta(days=chance.randrange(seen.days))


def _special(chance: random.Random, zone: str, seen: Window) -> dict[date, tuple[Interval, ...]]:
    """Some days of the window, and often those on which the clock changes, with hours that begin or end in that night."""
    special = {day: _hours(chance) for day in _days(chance, seen, 12)}
    for begun, _, ahead in stretches(zone, seen)[1:]:
        if chance.random() < 0.5:
            changed = seen.first + timedelta(days=(begun + ahead) // DAY)
            night = chance.randrange(0, 240, 5)
            special[changed] = ((night, 600),) if chance.random() < 0.5 else ((0, night + 5),)
    return special


def _closures(chance: random.Random, seen: Window) -> Iterator[Interval]:
    for _ in range(chance.randrange(5)):
        begun = chance.choice(seen.asked)
        yield begun, min(begun + chance.choice((30, 600, 5000)), seen.asked.stop)


def questions(chance: random.Random, marked: Marked, zone: str) -> Iterator[Question]:
    """Without end. Half of the moments lie at an opening, a closing or a clock change, or a minute off."""
    changes = [begun for begun, _, _ in stretches(zone, marked.window) if begun in marked.window.asked]
    while True:
        at, other = _moment(chance, marked, changes), _moment(chance, marked, changes)
        match chance.randrange(8):
            case 0 | 1 | 2:
                yield Question(kind="between", at=at, given=other)
            case 3:
                yield Question(kind="next_open", at=at)
            case 4 | 5:
                yield Question(kind="add", at=at, given=chance.choice((1, -1)) * chance.randrange(3000))
            case _:
                exactly = marked.before[other] - marked.before[at]
                yield Question(kind="add", at=at, given=exactly)


def _moment(chance: random.Random, marked: Marked, changes: Sequence[int]) -> int:
    asked = marked.window.asked
    at = chance.choice(asked)
    if changes and chance.random() < 0.2:
        at = chance.choice(changes) + chance.randint(-240, 240)
    at = min(max(at, asked.start), asked.stop - 1)
    if chance.random() < 0.5:
        turn = marked.open.find(1 - marked.open[at], at)
        at = (turn if turn >= 0 else at) + chance.choice((-1, 0, 0, 0, 1))
    return min(max(at, asked.start), asked.stop - 1)
