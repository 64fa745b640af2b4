"""Green on every clock, and yet: each reason is told, and one red clock takes a ticket off the list."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.reports.basis import Limits
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.views import View
from gateway.domain.reports.watermelon import melons, section
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import MALL, basis, case, outcome, rows

REASONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a bad rating": ({"rating": 59}, ["rated 59 %"]),
    "a good one": ({"rating": 60}, []),
    "the worst there is": ({"rating": 0}, ["rated 0 %"]),
    "reopened": ({"reopened": 1}, ["reopened"]),
    "reopened again": ({"reopened": 2}, ["reopened 2 times"]),
    "to and fro": ({"returned": 3}, ["handed back 3 times"]),
    "back twice": ({"returned": 2}, []),
    "silence": ({"silence": timedelta(days=2, seconds=1)}, ["silent for 48 h 1 s"]),
    "two days": ({"silence": timedelta(days=2)}, []),
    "all of it": ({"rating": 1, "reopened": 1}, ["rated 1 %", "reopened"]),
}


@pytest.mark.parametrize(("more", "reasons"), REASONS.values(), ids=REASONS)
def test_reasons(more: dict[str, Any], reasons: list[str]) -> None:
    told = basis(cases=(case(1, **more),), outcomes=(outcome(1, Verdict.MET),))
    assert [found for _, found in melons(told)] == ([reasons] if reasons else [])


@pytest.mark.parametrize("verdict", [Verdict.BREACHED, Verdict.EXCLUDED])
def test_one_red_clock_is_enough(verdict: Verdict) -> None:
    clocks = (outcome(1, Verdict.MET), outcome(1, verdict, target_kind=TargetKind.RESPONSE))
    assert melons(basis(cases=(case(1, rating=1),), outcomes=clocks)) == []


def test_a_running_clock_does_not_hide_it() -> None:
    clocks = (outcome(1, Verdict.MET), outcome(1, Verdict.RUNNING, target_kind=TargetKind.UPDATE))
    assert len(melons(basis(cases=(case(1, rating=1),), outcomes=clocks))) == 1


def test_the_worst_first_and_limits_are_the_readers() -> None:
    cases = (case(1, rating=50), case(3, rating=50, reopened=1))
    clocks = tuple(outcome(n, Verdict.MET) for n in (1, 3))
    told = basis(cases=cases, outcomes=clocks)
    assert [row["ticket"] for row in rows(section(told), "watermelons")] == ["M-3", "M-1"]
    assert len(melons(basis(cases=cases, outcomes=clocks, limits=Limits(rating=40)))) == 1


def test_the_customer_is_not_told_how_often_it_was_handed_back() -> None:
    told = basis(View.CUSTOMER, MALL, cases=(case(1, returned=9),), outcomes=(outcome(1, Verdict.MET),))
    assert melons(told) == []
