"""Supportability (R21) against a grid: calendars that open and close on the half hour, amounts of half hours, starts at every
half hour and a microsecond to either side of it."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.domain.sla.support import Leg, Parallel, finish, support
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, DayTarget, DueAt, Hours, worktime

START, HALF, MICRO = datetime(2026, 3, 16, tzinfo=UTC), timedelta(minutes=30), timedelta(microseconds=1)
ZONES = ("UTC", "Europe/Rome", "America/New_York", "Asia/Tokyo")


def _calendar(dice: random.Random) -> Calendar:
    if dice.random() < 0.2:
        return Calendar(code="always", weekly=ROUND_THE_CLOCK)
    opens, length = dice.randrange(0, 40), dice.randrange(4, 24)
    hours = (Hours(opens * 1800, (opens + length) * 1800 % 86_400 or 86_400),)
    weekly = tuple(hours if dice.random() < (0.9 if day < 5 else 0.3) else () for day in range(7))
    holidays = frozenset(date(2026, 3, 16) + timedelta(days=dice.randrange(30)) for _ in range(3))
    return Calendar(
        code=f"c{dice.random()}",
        zone=dice.choice(ZONES),
        weekly=weekly if any(weekly) else (hours, *weekly[1:]),
        holidays=holidays,
    )


def _leg(dice: random.Random, most: int = 24) -> Leg:
    return Leg(who="x", work=worktime(_calendar(dice)), amount=dice.randrange(0, most) * HALF)


def _legs(dice: random.Random) -> list[Leg | Parallel]:
    legs: list[Leg | Parallel] = [_leg(dice) for _ in range(dice.randrange(1, 3))]
    if dice.random() < 0.5:
        branches = tuple(tuple(_leg(dice) for _ in range(dice.randrange(1, 3))) for _ in range(2))
        legs.insert(dice.randrange(len(legs) + 1), Parallel(branches=branches))
    return legs


def _gap(promise: Leg, legs: Sequence[Leg | Parallel], start: datetime) -> timedelta:
    due, done = promise.done(start), finish(legs, start)
    return promise.work.between(due, done) if done >= due else -promise.work.between(done, due)


def _days(dice: random.Random) -> Leg:
    cut_off = dice.randrange(48) * 1800 if dice.random() < 0.5 else None
    due = DueAt.SAME_TIME if dice.random() < 0.5 else DueAt.CLOSE
    return Leg(
        who="d",
        work=worktime(_calendar(dice)),
        amount=DayTarget(days=dice.randrange(1, 4), due=due, cut_off=cut_off),
    )


@pytest.mark.parametrize("seed", range(12))
def test_r21_the_worst_gap_is_that_of_the_grid(seed: int) -> None:
    dice = random.Random(seed)
    _compare(_leg(dice, 60), _legs(dice))


@pytest.mark.parametrize("seed", range(8))
def test_r21_the_worst_gap_of_business_days_is_that_of_the_grid(seed: int) -> None:
    dice = random.Random(seed)
    legs = [_leg(dice), _days(dice)] if seed % 2 else [_days(dice)]
    _compare(_days(dice) if seed % 4 < 2 else _leg(dice, 60), [*legs, _leg(dice, 6)] if seed % 3 else legs)


def _compare(promise: Leg, legs: Sequence[Leg | Parallel]) -> None:
    end = START + timedelta(days=15)
    found = support(promise, legs, start=START, end=end)
    grid = [START + number * HALF for number in range(15 * 48)]
    starts = sorted(
        {at + side * MICRO for at in grid for side in (-1, 0, 1) if START <= at + side * MICRO < end}
    )
    gaps = {at: _gap(promise, legs, at) for at in starts}
    worst = max(gaps.values())
    assert worst <= found.gap <= worst + 2 * MICRO
    assert found.supported == (found.gap <= timedelta())
    if worst == found.gap:
        hits = [at for at in starts if gaps[at] == worst]
        assert all(any(run.first <= at <= run.last for run in found.worst) for at in hits)


def test_r21_the_first_of_the_worst_starts_is_the_example() -> None:
    """Eight office hours promised, a round-the-clock partner of six: never late; ten: late by two."""
    office = worktime(Calendar(code="o", weekly=((Hours(8 * 3600, 18 * 3600),),) * 5 + ((), ())))
    always = worktime(Calendar(code="a", weekly=ROUND_THE_CLOCK))
    promise = Leg(who="sla", work=office, amount=8 * 2 * HALF)
    week = {"start": START, "end": START + timedelta(days=7)}
    assert support(promise, [Leg(who="p", work=always, amount=6 * 2 * HALF)], **week).supported
    found = support(promise, [Leg(who="p", work=always, amount=10 * 2 * HALF)], **week)
    assert (found.supported, found.gap) == (False, 4 * HALF)
    assert found.worst[0].first == START + timedelta(hours=8)
    assert (found.due, found.finish) == (START + timedelta(hours=16), START + timedelta(hours=18))


def test_r21_of_parallel_branches_the_later_counts() -> None:
    always = worktime(Calendar(code="a", weekly=ROUND_THE_CLOCK))
    short, long = (Leg(who="p", work=always, amount=hours * 2 * HALF) for hours in (2, 3))
    legs: list[Leg | Parallel] = [short, Parallel(branches=((short, short), (long,))), short]
    assert finish(legs, START) == START + timedelta(hours=8)
