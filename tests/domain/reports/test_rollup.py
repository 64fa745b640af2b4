"""Sums of outcomes: exact whatever the order, taken back without a trace, shares as fractions."""

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.reports.outcome import Coverage, Verdict
from gateway.domain.reports.rollup import By, Deltas, Rolled, rolled, worth
from gateway.domain.sla.terms import NONE
from tests.builders import PROPERTY
from tests.domain.reports.outcomes import kept

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@PROPERTY
def test_the_order_of_merging_changes_nothing(seed: int) -> None:
    dice = random.Random(seed)
    every = [one for number in range(20) for one in kept(dice, number)[1]]
    forwards, shuffled = Deltas(), Deltas()
    for one in every:
        forwards.add(one)
    dice.shuffle(every)
    for one in every:
        shuffled.add(one)

    assert (forwards.days, forwards.months, forwards.minutes) == (
        shuffled.days,
        shuffled.months,
        shuffled.minutes,
    )


@given(SEEDS)
@PROPERTY
def test_what_is_taken_back_leaves_nothing(seed: int) -> None:
    dice = random.Random(seed)
    deltas = Deltas()
    every = [one for number in range(20) for one in kept(dice, number)[1]]
    for one in every:
        deltas.add(one)
    dice.shuffle(every)
    for one in every:
        deltas.add(one, -1)

    assert not any(any(sums) for sums in (*deltas.days.values(), *deltas.months.values()))
    assert not any(deltas.minutes.values())


@given(SEEDS)
@PROPERTY
def test_the_sums_are_those_of_the_outcomes(seed: int) -> None:
    dice = random.Random(seed)
    every = [one for number in range(20) for one in kept(dice, number)[1]]
    counted = [one for one in every if one.verdict not in (Verdict.RUNNING, Verdict.CANCELLED)]
    found = rolled(every) or [Rolled()]

    assert len(found) == 1
    assert found[0].counted == len(counted) == sum(found[0].coverage.values())
    assert found[0].met == sum(one.verdict is Verdict.MET for one in every)
    assert found[0].elapsed == sum((one.elapsed for one in counted), NONE)
    assert found[0].over == sum((one.over for one in counted), NONE)
    assert sum(one.counted for one in rolled(every, [By.CUSTOMER, By.DAY])) == len(counted)


def test_transit_is_one_name_whatever_the_link() -> None:
    dice, deltas = random.Random(4), Deltas()
    every = [one for number in range(20) for one in kept(dice, number)[1]]
    for one in every:
        deltas.add(one)

    names = {key[6] for key in deltas.minutes}
    assert names == {"vendor", "link", "requester_info", "contract_gap"}


def test_what_runs_is_worth_nothing() -> None:
    dice = random.Random(1)
    running = [one for n in range(60) for one in kept(dice, n)[1] if one.verdict is Verdict.RUNNING]

    assert running
    assert not any(any(worth(one)) for one in running)
    assert rolled(running) == []


def test_shares_are_exact_and_of_nothing_there_is_none() -> None:
    one = Rolled(met=2, breached=1, excluded=1, cancelled=5, coverage={Coverage.HISTORY: 4})

    assert (one.counted, one.gross, one.net) == (4, Fraction(1, 2), Fraction(3, 4))
    assert (Rolled(cancelled=1).gross, Rolled().net) == (None, None)


def test_places_stand_in_the_order_asked_for() -> None:
    dice = random.Random(2)
    every = [one for number in range(40) for one in kept(dice, number)[1]]
    found = rolled(every, [By.MONTH, By.TARGET_KIND])

    assert [one.place for one in found] == sorted(one.place for one in found)
    assert {len(month) for month, _ in (one.place for one in found)} == {7}
