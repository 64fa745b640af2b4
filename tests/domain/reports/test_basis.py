"""A report of a past period tells what was so at its end: a clock that came to something later ran then."""

from datetime import timedelta

import pytest

from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.tally import running, tally
from tests.domain.reports.month import LATE, OCTOBER, H, at, basis, outcome

LATER = at(2, month=11)


@pytest.mark.parametrize(
    ("one", "then"),
    [
        (outcome(1, Verdict.MET), Verdict.MET),
        (outcome(1, Verdict.MET, counted_at=LATER), Verdict.RUNNING),
        (outcome(1, Verdict.BREACHED, counted_at=LATER), Verdict.RUNNING),
        (outcome(1, Verdict.CANCELLED, counted_at=LATER), Verdict.RUNNING),
        (outcome(1, Verdict.RUNNING), Verdict.RUNNING),
        (outcome(1, Verdict.RUNNING, started_at=None), Verdict.RUNNING),
        (outcome(1, Verdict.RUNNING, started_at=OCTOBER.end), None),
        (outcome(1, Verdict.MET, started_at=OCTOBER.end, counted_at=LATER), None),
        (outcome(1, Verdict.MET, started_at=OCTOBER.end - H, counted_at=LATER), Verdict.RUNNING),
        (outcome(1, Verdict.MET, counted_at=at(30, month=9)), None),
        (outcome(1, Verdict.MET, opened_at=LATER, started_at=None, counted_at=LATER), None),
    ],
)
def test_a_clock_is_told_as_it_stood_at_the_end(one: Outcome, then: Verdict | None) -> None:
    found = basis(outcomes=(one,)).promised
    assert [told.verdict for told in found] == ([then] if then else [])


def test_what_runs_at_the_end_is_in_no_sum_and_nothing_is_known_of_its_future() -> None:
    told = basis(outcomes=(outcome(1, Verdict.BREACHED, counted_at=LATER, provisional=True, **LATE),))
    [one] = told.promised
    assert (running(told.promised), tally(told.promised), told.counted) == (1, tally([]), [])
    assert (one.elapsed, one.over, one.time, one.parts) == (timedelta(), timedelta(), {}, {})
    assert (one.ended_at, one.breached_at, one.counted_at, one.counted_on) == (None, None, None, None)
    assert one.due_at == at(9, 13)


def test_in_a_period_that_is_not_over_all_is_as_it_is() -> None:
    told = basis(outcomes=(outcome(1, Verdict.MET), outcome(2, Verdict.RUNNING)), as_of=at(12))
    assert [one.verdict for one in told.promised] == [Verdict.MET, Verdict.RUNNING]
