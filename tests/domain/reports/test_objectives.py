"""Objectives: exact shares, tails, small samples, what is left before a miss; whatever the order of the clocks."""

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.domain.reports.objectives import (
    Standing,
    Tally,
    course,
    evaluate,
    judge,
    tally,
    weighted,
)
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.promises import Every, Objective, Selection, Small, Tail, percent
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.counting import H, M, excluded, many, ran, still_open, undecided

RESOLUTION = Selection(target=TargetKind.RESOLUTION)


def asked(share: str = "0.95", *tails: Tail, **more: object) -> Objective:
    return replace(
        Objective(name="in-time", selection=RESOLUTION, share=Fraction(share), tails=tails),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("kept", "missed", "standing"),
    [
        (95, 5, Standing.MET),
        (94, 6, Standing.MISSED),
        (9496, 504, Standing.MISSED),
        (9500, 500, Standing.MET),
        (1, 0, Standing.MET),
        (0, 0, Standing.NO_CASE),
    ],
    ids=["just met", "one short", "94.96 % is not 95 %", "95 % is", "a single one", "nothing to judge"],
)
def test_a_share_is_exact(kept: int, missed: int, standing: Standing) -> None:
    result = judge(asked(), Tally(total=kept + missed, beyond=(missed,), certain=(missed,)))
    assert (result.standing, result.numerator, result.denominator) == (standing, kept, kept + missed)


def test_what_runs_and_what_was_cancelled_does_not_count() -> None:
    others = [replace(ran(9, H), verdict=verdict) for verdict in (Verdict.RUNNING, Verdict.CANCELLED)]
    assert evaluate(asked(), [*many(1, 0), *others]).denominator == 1


def test_only_what_is_selected_counts() -> None:
    one = ran(1, 5 * H)
    for narrowed in (
        replace(RESOLUTION, priorities=frozenset({"high"})),
        replace(RESOLUTION, services=frozenset({"tills"})),
        replace(RESOLUTION, sites=frozenset({"MI-001"})),
        replace(RESOLUTION, groups=frozenset({"north"})),
        Selection(target=TargetKind.RESPONSE),
    ):
        assert evaluate(asked(selection=narrowed), [one]).standing is Standing.NO_CASE
    there = replace(one, site="MI-001", service="tills")
    everything = replace(
        RESOLUTION,
        priorities=frozenset({"critical"}),
        services=frozenset({"tills"}),
        sites=frozenset({"MI-001"}),
        groups=frozenset({"north"}),
    )
    assert evaluate(asked(selection=everything), [there], groups={"MI-001": "north"}).denominator == 1


def test_what_both_sides_left_out_counts_in_gross_only() -> None:
    one = excluded(ran(1, 5 * H), by=2 * H)
    assert evaluate(asked(), [one]).standing is Standing.MET
    assert evaluate(asked(net=False), [one]).standing is Standing.MISSED


# -- tails --------------------------------------------------------------------------------------------------------------------

REST = Tail(share=Fraction(1), within=8 * H)


def test_the_rest_has_to_come_within_a_longer_time() -> None:
    late = ran(100, 8 * H)
    assert evaluate(asked("0.95", REST), [*many(99, 0), late]).standing is Standing.MET
    too_late = replace(
        late, elapsed=8 * H + timedelta(microseconds=1), net_elapsed=8 * H + timedelta(microseconds=1)
    )
    missed = evaluate(asked("0.95", REST), [*many(99, 0), too_late])
    assert [(step.within, step.met, step.numerator) for step in missed.steps] == [
        ("the target", True, 99),
        ("8 h", False, 99),
    ]
    assert missed.standing is Standing.MISSED
    assert missed.margin == "every one had to be within 8 h"


def test_three_steps() -> None:
    """85/95/99 % in 24/48/96 h over 200 clocks: 170, 190 and 198 of them."""
    steps = (Tail(share=Fraction(95, 100), within=48 * H), Tail(share=Fraction(99, 100), within=96 * H))
    objective = asked("0.85", *steps)
    times = [24 * H] * 170 + [48 * H] * 20 + [96 * H] * 8 + [97 * H] * 2
    outcomes = [ran(place, time, target=24 * H) for place, time in enumerate(times)]
    met = evaluate(objective, outcomes)
    assert [step.numerator for step in met.steps] == [170, 190, 198]
    assert (met.standing, met.spare, met.margin) == (
        Standing.MET,
        0,
        "one more breach and it is missed",
    )
    outcomes[170] = ran(170, 49 * H, target=24 * H)
    assert evaluate(objective, outcomes).standing is Standing.MISSED


def test_a_tail_may_be_a_multiple_of_each_target() -> None:
    twice = asked("0.5", Tail(share=Fraction(1), within=Fraction(2)))
    outcomes = [ran(1, H), ran(2, 8 * H), ran(3, H, target=H), ran(4, 2 * H, target=H)]
    assert evaluate(twice, outcomes).standing is Standing.MET
    late = ran(4, 2 * H + M, target=H)
    assert evaluate(twice, [*outcomes[:3], late]).standing is Standing.MISSED


def test_what_still_runs_may_yet_pass_a_tail() -> None:
    result = evaluate(asked("0.5", REST), [ran(1, H), still_open(ran(2, 5 * H))])
    assert (result.standing, result.provisional) == (Standing.MET, True)
    assert not evaluate(asked("0.5", REST), [ran(1, H), ran(2, 5 * H)]).provisional


# -- small samples ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("small", "at_most", "missed", "standing"),
    [
        (Small.MET, 0, 4, Standing.MET),
        (Small.CARRY, 0, 4, Standing.TOO_SMALL),
        (Small.AT_MOST, 1, 1, Standing.MET),
        (Small.AT_MOST, 1, 2, Standing.MISSED),
    ],
)
def test_a_small_sample(small: Small, at_most: int, missed: int, standing: Standing) -> None:
    objective = asked(smallest=20, small=small, at_most=at_most)
    result = evaluate(objective, many(10 - missed, missed))
    assert (result.standing, result.small) == (standing, True)
    assert evaluate(objective, []).standing is Standing.NO_CASE
    enough = evaluate(objective, many(20 - missed, missed))
    assert (enough.standing, enough.small) == (Standing.MET if missed <= 1 else Standing.MISSED, False)


def test_a_small_sample_is_judged_with_the_next_one() -> None:
    objective = asked(smallest=20, small=Small.CARRY)
    months = [period_from(name) for name in ("2026-08", "2026-09", "2026-10")]
    outcomes = {
        "2026-08": many(8, 1, day="2026-08-05"),
        "2026-09": many(10, 0, day="2026-09-05", first=20),
        "2026-10": many(2, 0, first=40),
    }
    results = course(objective, lambda period: outcomes[period.name], months)
    assert [one.standing for one in results] == [Standing.TOO_SMALL, Standing.TOO_SMALL, Standing.MET]
    last = results[-1]
    assert (last.numerator, last.denominator, last.carried) == (20, 21, 19)
    assert results[0].margin == "9 of at least 20; counted with the next period"
    again = course(objective, lambda period: outcomes["2026-10"] if period is months[0] else [], months[:2])
    assert [one.standing for one in again] == [Standing.TOO_SMALL, Standing.TOO_SMALL]


def test_a_new_year_begins_anew() -> None:
    objective = asked(smallest=20, small=Small.CARRY)
    months = [period_from(name) for name in ("2025-12", "2026-01")]
    results = course(objective, lambda period: many(15, 0, day=f"{period.first}"), months)
    assert [(one.standing, one.denominator) for one in results] == [(Standing.TOO_SMALL, 15)] * 2


# -- margins ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "missed", "words"),
    [
        (95, 5, "one more breach and it is missed"),
        (97, 2, "4 more breaches and it is missed"),
        (94, 6, "20 more within the target would meet it"),
    ],
)
def test_the_margin(kept: int, missed: int, words: str) -> None:
    assert evaluate(asked(), many(kept, missed)).margin == words


def test_a_margin_is_what_it_says() -> None:
    """So many more breaches leave it met, one more does not; over many kinds of objectives and samples."""
    dice = random.Random(27)
    seen = 0
    for _ in range(300):
        objective = asked(
            dice.choice(("0.9", "0.95", "0.5", "0.999")),
            smallest=dice.choice((0, 0, 12)),
            small=dice.choice((Small.MET, Small.AT_MOST)),
            at_most=2,
        )
        kept, missed = dice.randrange(60), dice.randrange(6)
        result = evaluate(objective, many(kept, missed))
        if result.spare is None:
            continue
        seen += 1
        for more, standing in ((result.spare, Standing.MET), (result.spare + 1, Standing.MISSED)):
            assert evaluate(objective, many(kept, missed + more)).standing is standing
    assert seen > 100


def test_so_many_more_within_would_meet_it() -> None:
    for kept, missed in ((94, 6), (0, 1), (1, 1), (17, 3)):
        [step] = evaluate(asked(), many(kept, missed)).steps
        assert step.needed is not None
        assert evaluate(asked(), many(kept + step.needed, missed)).standing is Standing.MET
        assert evaluate(asked(), many(kept + step.needed - 1, missed)).standing is Standing.MISSED


def test_no_good_ticket_mends_what_every_one_had_to_keep() -> None:
    missed = evaluate(asked("0.95", REST), [*many(90, 9), ran(100, 9 * H)])
    assert [step.met for step in missed.steps] == [False, False]
    assert missed.margin == "every one had to be within 8 h"


@pytest.mark.parametrize(
    ("late", "words"), [(3, " would meet it"), (30, " would meet it: too many over 8 h")]
)
def test_so_many_more_within_mend_every_step(late: int, words: str) -> None:
    objective = asked("0.8", Tail(share=Fraction(9, 10), within=8 * H))
    clocks = [*many(20, 20), *(ran(100 + place, 9 * H) for place in range(late))]
    result = evaluate(objective, clocks)
    more, _, told = result.margin.partition(" more within the target")
    assert told == words
    for count, standing in ((int(more), Standing.MET), (int(more) - 1, Standing.MISSED)):
        assert evaluate(objective, [*clocks, *many(count, 0, first=200)]).standing is standing


def test_late_ones_have_a_margin_of_their_own() -> None:
    met = evaluate(asked("0.5", Tail(share=Fraction(9, 10), within=8 * H)), [*many(9, 0), ran(10, 9 * H)])
    assert met.margin == "9 more breaches and it is missed; 1 more over 8 h and it is missed"


# -- provisional --------------------------------------------------------------------------------------------------------------


def test_what_is_undecided_stands_in_the_figures_and_is_not_final() -> None:
    result = evaluate(asked(), [*many(18, 1), undecided(ran(50, 5 * H))])
    assert (result.numerator, result.denominator, result.tally.provisional) == (18, 20, 1)
    assert (result.standing, result.final, result.provisional) == (Standing.MISSED, Standing.MET, True)


def test_a_miss_that_stands_without_the_undecided_is_final() -> None:
    result = evaluate(asked(), [*many(17, 2), undecided(ran(50, 5 * H))])
    assert (result.standing, result.final, result.provisional) == (Standing.MISSED, Standing.MISSED, False)


def test_a_contract_that_was_not_in_force_is_not_billed() -> None:
    unsigned = [replace(one, unmeasured=True) for one in many(0, 10)]
    assert evaluate(asked(), unsigned).final is Standing.MET


# -- whole and parts ----------------------------------------------------------------------------------------------------------


def sample(dice: random.Random, count: int) -> list[Outcome]:
    found = []
    for number in range(count):
        one = ran(number, dice.randrange(1, 12) * H, day=f"2026-10-{dice.randrange(1, 29):02}")
        one = undecided(one) if dice.random() < 0.2 else one
        found.append(still_open(one) if one.verdict is Verdict.BREACHED and dice.random() < 0.2 else one)
    return found


def test_parts_in_any_order_merge_to_the_whole() -> None:
    dice = random.Random(95)
    objective = asked("0.6", REST)
    for _ in range(50):
        outcomes = sample(dice, dice.randrange(1, 40))
        whole = tally(objective, outcomes)
        dice.shuffle(outcomes)
        cuts = sorted(dice.randrange(len(outcomes) + 1) for _ in range(3))
        parts = [outcomes[a:b] for a, b in zip([0, *cuts], [*cuts, len(outcomes)], strict=True)]
        dice.shuffle(parts)
        merged = Tally()
        for part in parts:
            merged += tally(objective, part)
        assert merged == whole
        assert judge(objective, merged) == evaluate(objective, outcomes)


def test_one_more_breach_never_helps() -> None:
    dice = random.Random(29)
    objective = asked("0.6", REST)
    for _ in range(50):
        outcomes = sample(dice, dice.randrange(1, 40))
        place = dice.randrange(len(outcomes))
        worse = [*outcomes[:place], ran(place, 11 * H), *outcomes[place + 1 :]]
        before, after = evaluate(objective, outcomes), evaluate(objective, worse)
        assert (before.standing, after.standing) != (Standing.MISSED, Standing.MET)


def test_objectives_weigh() -> None:
    met, missed = evaluate(asked(weight=Fraction(3)), many(1, 0)), evaluate(asked(), many(0, 1))
    assert weighted([met, missed, evaluate(asked(weight=Fraction(5)), [])]) == Fraction(3, 4)
    assert weighted([]) is None


@pytest.mark.parametrize(
    ("every", "name"),
    [(Every.MONTH, "2026-10"), (Every.QUARTER, "2026-Q4"), (Every.YEAR, "2026")],
)
def test_a_period_lies_in_one_of_each_kind(every: Every, name: str) -> None:
    assert every.around(period_from("2026-10")).name == name


@pytest.mark.parametrize(
    ("part", "words"),
    [("0.95", "95 %"), ("0.995", "99.5 %"), ("1", "100 %"), ("0.1", "10 %"), ("2", "200 %")],
)
def test_a_share_is_told_as_agreed_on(part: str, words: str) -> None:
    assert percent(Fraction(part)) == words
