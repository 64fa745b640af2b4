"""Business time: calls a second of CPU, beside the two libraries that count whole or part hours of a calendar, over the same
moments. Every engine's answers are compared before any is timed."""

import importlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.worktime import Calendar, Hours, Worktime
from tests.bench.figures import Bench, Row
from tests.bench.length import Length

NOTE = (
    "A second of one CPU. Monday to Friday 09:00–17:00 in Berlin, the holidays of Hesse; random whole hours of 2025 and 2026, "
    "spans between half and one and a half times as long as they are called. pandas counts whole hours, as here."
)
ZONE = "Europe/Berlin"
SPANS = {"4 h": 4, "1 week": 168, "1 month": 730, "6 months": 4380}
"""Hours by the clock from start to end."""
AMOUNTS = (4, 40, 400)
"""Open hours to add."""
SAMPLES, COMPARED, FEW, TURNS = 5_000, 25, 20, 9
Cell = tuple[str, int | None, list[tuple[datetime, datetime]]]
"""What is asked: its name, the open hours to add (none: between), the moments."""


@dataclass(frozen=True)
class Engine:
    """One way to count: `moment` makes its moment of ours, `amount` of whole hours its amount."""

    name: str
    moment: Callable[[datetime], Any]
    amount: Callable[[int], Any]
    between: Callable[[Any, Any], Any]
    add: Callable[[Any, Any], Any]
    hours: Callable[[Any], float]


def _ours(closed: Sequence[date]) -> Engine:
    weekly = ((Hours(9 * 3600, 17 * 3600),),) * 5 + ((),) * 2
    work = Worktime(Calendar(code="bench", zone=ZONE, weekly=weekly, holidays=frozenset(closed)))
    return Engine(
        name="Interdesk",
        moment=lambda at: at,
        amount=lambda hours: timedelta(hours=hours),
        between=work.between,
        add=work.add,
        hours=lambda told: told / timedelta(hours=1),
    )


def _businesstimedelta(closed: Sequence[date]) -> Engine:
    library = importlib.import_module("businesstimedelta")
    zone = importlib.import_module("pytz").timezone(ZONE)
    nine, five = datetime(2025, 1, 1, 9).time(), datetime(2025, 1, 1, 17).time()  # noqa: DTZ001 - a wall time
    shift = library.WorkDayRule(start_time=nine, end_time=five, working_days=[*range(5)], tz=zone)
    rules = library.Rules([shift, library.HolidayRule(dict.fromkeys(closed, "closed"), tz=zone)])
    return Engine(
        name="businesstimedelta",
        moment=lambda at: at.astimezone(zone),
        amount=lambda hours: library.BusinessTimeDelta(rules, hours=hours),
        between=rules.difference,
        add=lambda at, amount: at + amount,
        hours=lambda told: told.timedelta / timedelta(hours=1),
    )


def _pandas(closed: Sequence[date]) -> Engine:
    pandas = importlib.import_module("pandas")
    hour = pandas.offsets.CustomBusinessHour(start="09:00", end="17:00", holidays=list(closed))
    return Engine(
        name="pandas CustomBusinessHour",
        moment=lambda at: pandas.Timestamp(at.astimezone(ZoneInfo(ZONE))),
        amount=lambda hours: hours * hour,
        between=lambda start, end: pandas.date_range(start, end, freq=hour, inclusive="left"),
        add=lambda at, amount: at + amount,
        hours=len,
    )


def _closed() -> list[date]:
    return sorted(
        importlib.import_module("holidays").country_holidays("DE", subdiv="HE", years=range(2024, 2029))
    )


def _questions(chance: random.Random, hours: int) -> Iterator[tuple[datetime, datetime]]:
    """None from the closing itself: pandas takes that for an open hour where nothing opens before the end."""
    while True:
        start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(2 * 8760))
        if start.astimezone(ZoneInfo(ZONE)).hour != 17:
            yield start, start + timedelta(hours=chance.randint(-(-hours // 2), hours * 3 // 2))


def _cells() -> Iterator[Cell]:
    chance = random.Random(1)
    for name, hours in SPANS.items():
        yield f"between, {name}", None, [*islice(_questions(chance, hours), SAMPLES)]
    for hours in AMOUNTS:
        yield f"add {hours} h", hours, [*islice(_questions(chance, hours), SAMPLES)]


def _calls(
    engine: Engine, hours: int | None, asked: Sequence[tuple[datetime, datetime]]
) -> tuple[Any, list[tuple[Any, Any]]]:
    if hours is None:
        return engine.between, [(engine.moment(start), engine.moment(end)) for start, end in asked]
    amount = engine.amount(hours)
    return engine.add, [(engine.moment(start), amount) for start, _ in asked]


def _turn(
    call: Callable[[Any, Any], Any], given: Sequence[tuple[Any, Any]], seconds: float
) -> tuple[int, float]:
    """Calls made and seconds of CPU that they took."""
    done, used, size = 0, 0.0, FEW
    while used < seconds:
        some = given[done % len(given) :][:size]
        begun = time.process_time()
        for one, other in some:
            call(one, other)
        used += time.process_time() - begun
        done += len(some)
        size = len(given) if done / max(used, 1e-9) > 100_000 else FEW
    return done, used


def _rates(engines: Sequence[Engine], cell: Cell, seconds: float) -> dict[str, float]:
    """Calls a second of CPU by engine. They take turns: what slows the machine slows them all."""
    _, hours, asked = cell
    made = {engine.name: _calls(engine, hours, asked) for engine in engines}
    turns = [(name, *_turn(*calls, seconds / TURNS)) for _ in range(TURNS) for name, calls in made.items()]
    return {name: median(done / used for who, done, used in turns if who == name) for name in made}


def disagreements(ours: Engine, other: Engine) -> Iterator[str]:
    """Where they count differently. A deadline at the closing is the next opening for pandas: the same open time."""
    for name, hours, asked in _cells():
        call, given = _calls(other, hours, asked[:COMPARED])
        for (start, end), one in zip(asked, given, strict=False):
            found = call(*one)
            counted = other.hours(found) if hours is None else ours.hours(ours.between(start, found))
            told = ours.hours(ours.between(start, end)) if hours is None else hours
            if counted != told:
                yield f"{name} from {start.isoformat()}: {other.name} says {found}, that is {counted} h, not {told}"


def run(length: Length) -> Bench:
    """All rows."""
    closed = _closed()
    ours, *others = engines = [_ours(closed), _businesstimedelta(closed), _pandas(closed)]
    for other in others:
        if found := list(disagreements(ours, other)):
            raise AssertionError("\n".join(found))
    bench = Bench(name="worktime", title="Business time", note=NOTE)
    rates = {cell[0]: _rates(engines, cell, length.warm / 2) for cell in _cells()}
    for engine in engines:
        figures = {name: rate[engine.name] for name, rate in rates.items()}
        bench.rows.append(Row(what=f"{engine.name}, calls/s", figures=figures, baseline=engine is not ours))
    for other in others:
        times = {name: rate[ours.name] / rate[other.name] for name, rate in rates.items()}
        bench.rows.append(Row(what=f"times {other.name}", figures=times))
    return bench
