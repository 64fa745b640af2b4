"""Green on every clock, and yet: each reason is told, and one red clock takes a ticket off the list."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.reports.basis import Limits
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.views import View
from gateway.domain.reports.watermelon import melons, section
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import MALL, OCTOBER, SOUTH, H, basis, case, outcome, rows

REASONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a bad rating": ({"rating": 59}, ["rated 59 %"]),
    "a good one": ({"rating": 60}, []),
    "the worst there is": ({"rating": 0}, ["rated 0 %"]),
    "reopened": ({"reopened": 1}, ["reopened"]),
    "reopened again": ({"reopened": 2}, ["reopened 2 times"]),
    "to and fro": ({"returned": 3}, ["handed back 3 times"]),
    "back twice": ({"returned": 2}, []),
    "silence": ({"silence": timedelta(days=3, seconds=1)}, ["silent for 72 h 1 s"]),
    "a weekend": ({"silence": timedelta(days=3)}, []),
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


@pytest.mark.parametrize(
    ("silence", "closed", "reasons"),
    [
        (100, -1, ["silent for 100 h"]),
        (100, 0, ["silent for 100 h"]),
        (100, 20, ["silent for at least 80 h"]),
        (100, 60, []),
        (1025, 1200, []),
        (1025, None, ["silent for at least 680 h"]),
    ],
)
def test_silence_after_the_period_is_not_of_it(silence: int, closed: int | None, reasons: list[str]) -> None:
    """As of the middle of November, 345 h after October."""
    over = None if closed is None else OCTOBER.end + closed * H
    told = basis(cases=(case(1, silence=silence * H, closed_at=over),), outcomes=(outcome(1, Verdict.MET),))
    assert [found for _, found in melons(told)] == ([reasons] if reasons else [])


@pytest.mark.parametrize(
    ("view", "org", "back", "silence"),
    [
        (View.OPERATOR, "", True, True),
        (View.CUSTOMER, MALL, False, True),
        (View.PARTNER, SOUTH, False, False),
    ],
)
def test_why_a_ticket_is_listed_is_told_as_far_as_the_reader_may_know(
    view: View, org: str, *, back: bool, silence: bool
) -> None:
    note = section(basis(view, org)).tables[0].note
    assert "a rating below 60 %" in note
    assert ("more than 2 hand-backs" in note, "waited for the requester" in note) == (back, silence)


def test_the_customer_is_not_told_how_often_it_was_handed_back() -> None:
    told = basis(View.CUSTOMER, MALL, cases=(case(1, returned=9),), outcomes=(outcome(1, Verdict.MET),))
    assert melons(told) == []
