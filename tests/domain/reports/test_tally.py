"""Sums of a few outcomes say what the sums of many say."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.rollup import Rolled, rolled
from gateway.domain.reports.tally import grouped, median, running, so_many, tally
from gateway.domain.sla.terms import NONE
from tests.domain.reports.month import OUTCOMES, outcome


def test_it_is_the_sum_that_is_kept() -> None:
    [kept] = rolled(OUTCOMES)
    assert tally(OUTCOMES) == replace(kept, over=NONE, stopped=NONE, coverage={})
    assert (tally([]), running(OUTCOMES)) == (Rolled(), 1)


def test_groups_are_in_the_order_of_their_words() -> None:
    found = grouped(OUTCOMES, lambda one: (one.agreement,))
    assert list(found) == [("deep-uc",), ("east-uc",), ("mall-sla",), ("south-uc",)]
    assert sum(map(len, found.values())) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("values", "middle"), [([3], 3), ([1, 9, 2], 2), ([1, 2], Fraction(3, 2)), ([4, 1, 3, 2], Fraction(5, 2))]
)
def test_medians(values: list[int], middle: Fraction) -> None:
    assert median([Fraction(one) for one in values]) == middle


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="no median"):
        median([])


@pytest.mark.parametrize(
    ("count", "thing", "words"),
    [
        (1, "ticket", "1 ticket"),
        (0, "ticket", "0 tickets"),
        (1200, "clock was", "1,200 clocks were"),
        (1, "clock was", "1 clock was"),
    ],
)
def test_so_many(count: int, thing: str, words: str) -> None:
    assert so_many(count, thing) == words


def test_provisional_counts_only_where_something_counts() -> None:
    both = [
        outcome(n, verdict, provisional=True) for n, verdict in enumerate((Verdict.MET, Verdict.CANCELLED))
    ]
    assert tally(both).provisional == 1
