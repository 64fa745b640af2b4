"""Service credits over many histories: caps, one more breach, the order of tickets, a month alone and within its year."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.agreements import Agreement
from gateway.domain.reports.credits import LineKind, since
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import period_from
from tests.domain.reports.counting import CASE, DELAY, MISSED, H, M, clause, ran, statement, undecided

D = Decimal

# -- any clocks ---------------------------------------------------------------------------------------------------------------

EVERYTHING = clause(
    f"{MISSED}, cap: 9%",
    "priorities: [critical], share: 95%, tails: [{share: 99%, within: 6h}]",
    f"{CASE}, free: 1, cap: 8%",
    f"{DELAY}, most_per_case: 45, cap: 11%",
    "name: again, by: repeat, objective: in-time, misses: 2, in_periods: 3, times: 1.37",
    at_risk="17%",
    fee='{amount: "777.77"}',
)


def history(dice: random.Random) -> list[Outcome]:
    found = []
    for number in range(dice.randrange(1, 60)):
        time = dice.choice((H, 2 * H, 3 * H, 4 * H, 4 * H + dice.randrange(200) * M, 9 * H))
        one = ran(number, time, day=f"2026-{dice.randrange(7, 11):02}-{dice.randrange(1, 29):02}")
        found.append(undecided(one) if dice.random() < 0.1 else one)
    return found


def test_no_cap_is_ever_passed() -> None:
    dice = random.Random(29)
    reached = 0
    for _ in range(60):
        outcomes = history(dice)
        for month in ("2026-09", "2026-10"):
            found = statement(EVERYTHING, outcomes, month)
            for lines in (found.lines, found.possible):
                by_scheme = {line.scheme: line.amount for line in lines}
                assert sum(by_scheme.values()) <= D("132.22"), "17 % of 777.77 is 132.2209"
                assert by_scheme.get("missed", 0) <= D("69.99")
                assert by_scheme.get("breach", 0) <= D("62.22")
                assert by_scheme.get("late", 0) <= D("85.55")
                assert all(amount >= 0 for amount in by_scheme.values())
                reached += sum(by_scheme.values()) == D("132.22")
    assert reached > 20


def test_a_breach_more_never_costs_less() -> None:
    dice = random.Random(2029)
    for _ in range(60):
        outcomes = [one for one in history(dice) if one.counted_at and one.counted_at.month == 10]
        if not outcomes:
            continue
        place = dice.randrange(len(outcomes))
        worse = replace(
            ran(place, max(outcomes[place].elapsed, 4 * H) + dice.randrange(1, 90) * M), id=outcomes[place].id
        )
        worse = replace(worse, counted_at=outcomes[place].counted_at)
        after = [*outcomes[:place], worse, *outcomes[place + 1 :]]
        before, then = statement(EVERYTHING, outcomes), statement(EVERYTHING, after)
        assert then.owed >= before.owed
        assert sum(one.amount for one in then.possible) >= sum(one.amount for one in before.possible)
        assert before.still_possible >= 0


AGAIN = (
    "name: again, by: repeat, objective: in-time, misses: 2, in_periods: 3, times: 2, earn_back: {periods: 2}"
)
EARNED = "bands: [{below: 80%, of_fee: 5%}, {below: 60%, of_fee: 12%}], earn_back: {periods: 2}"
THROUGH = f"name: missed, by: share, objective: in-time, {EARNED}"
THROUGH_THE_YEAR = {
    "carried": clause(THROUGH, "share: 80%, smallest_sample: 4, small_sample: carry", AGAIN),
    "by month": clause(THROUGH, "share: 80%", AGAIN, CASE, at_risk="16%"),
    "by quarter": clause(THROUGH, "share: 80%", AGAIN, CASE, at_risk="{share: 12%, every: quarter}"),
    "by year": clause(THROUGH, "share: 80%", AGAIN, CASE, at_risk="{share: 5%, every: year}"),
}


@pytest.mark.parametrize("agreement", THROUGH_THE_YEAR.values(), ids=THROUGH_THE_YEAR.keys())
def test_a_month_comes_to_the_same_alone_and_within_its_year(agreement: Agreement) -> None:
    dice, seen = random.Random(12), set()
    for _ in range(2):
        days = [f"{dice.choice((2025, 2026))}-{dice.randrange(1, 13):02}-11" for _ in range(150)]
        outcomes = [ran(place, dice.choice((2, 2, 2, 2, 5)) * H, day=day) for place, day in enumerate(days)]
        year = statement(agreement, outcomes, "2026")
        months = [statement(agreement, _from(agreement, outcomes, name), name) for name in MONTHS]
        assert [line for month in months for line in month.lines] == list(year.lines)
        seen |= {(line.kind, line.scheme) for line in year.lines}
    assert {(LineKind.REGAINED, "missed"), (LineKind.CREDIT, "again")} <= seen


MONTHS = [f"2026-{month:02}" for month in range(1, 13)]


def _from(agreement: Agreement, outcomes: list[Outcome], month: str) -> list[Outcome]:
    first = since(agreement, period_from(month))
    return [one for one in outcomes if one.counted_at is not None and one.counted_at >= first]


def test_the_order_of_tickets_does_not_matter() -> None:
    dice = random.Random(92)
    for _ in range(8):
        outcomes = history(dice)
        found = statement(EVERYTHING, outcomes, "2026-Q4")
        dice.shuffle(outcomes)
        assert statement(EVERYTHING, outcomes, "2026-Q4") == found
