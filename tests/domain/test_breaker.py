"""The breaker of a desk: when nothing is sent, when one call is tried, and when all is well again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.domain.breaker import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    THRESHOLD,
    Breaker,
    failed,
    from_document,
    room,
    succeeded,
    throttled,
    to_document,
)
from tests.builders import NOW

CONCURRENCY = 8


def fail(breaker: Breaker, times: int, now: datetime = NOW) -> Breaker:
    for _ in range(times):
        breaker = failed(breaker, now=now)
    return breaker


def free(breaker: Breaker, after: timedelta = timedelta()) -> int:
    return room(breaker, now=NOW + after, concurrency=CONCURRENCY)


def test_a_few_failures_close_nothing() -> None:
    assert free(fail(Breaker(), THRESHOLD - 1)) == CONCURRENCY


def test_failures_in_a_row_open_it_and_after_a_pause_one_call_is_tried() -> None:
    opened = fail(Breaker(), THRESHOLD)

    almost = FIRST_PAUSE - timedelta(microseconds=1)
    assert [free(opened), free(opened, almost), free(opened, FIRST_PAUSE)] == [0, 0, 1]


def test_a_success_between_failures_starts_the_count_anew() -> None:
    assert free(fail(succeeded(fail(Breaker(), THRESHOLD - 1)), THRESHOLD - 1)) == CONCURRENCY


def test_a_call_from_before_it_opened_does_not_prolong_the_pause() -> None:
    opened = fail(Breaker(), THRESHOLD)

    assert fail(opened, 20).open_until == opened.open_until


def test_a_failing_trial_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    breaker, now, pauses = fail(Breaker(), THRESHOLD), NOW, []
    for _ in range(12):
        assert breaker.open_until is not None
        pauses.append((breaker.open_until - now).total_seconds())
        now = breaker.open_until
        breaker = failed(breaker, now=now)

    assert pauses == [10, 20, 40, 80, 160] + [LONGEST_PAUSE.total_seconds()] * 7


def test_one_success_closes_it_for_good() -> None:
    opened = fail(fail(Breaker(), THRESHOLD), 3, NOW + timedelta(hours=1))

    assert succeeded(opened) == Breaker()
    assert free(succeeded(opened)) == CONCURRENCY


def test_throttling_is_no_failure_and_holds_the_whole_desk_for_as_long_as_it_asks() -> None:
    slow = throttled(Breaker(), now=NOW, pause=timedelta(minutes=1))

    assert [free(slow), free(slow, timedelta(minutes=1))] == [0, CONCURRENCY]
    assert slow.failures == 0


def test_a_call_from_before_it_asked_does_not_lift_the_pause() -> None:
    slow = throttled(fail(Breaker(), 2), now=NOW, pause=timedelta(minutes=1))

    after = succeeded(slow)

    assert [free(after), free(after, timedelta(minutes=1)), after.failures] == [0, CONCURRENCY, 0]


@pytest.mark.parametrize(("first", "then", "until"), [(5, 1, 5), (1, 5, 5)], ids=["shorter", "longer"])
def test_a_second_wish_never_shortens_the_first(first: int, then: int, until: int) -> None:
    slow = throttled(Breaker(), now=NOW, pause=timedelta(minutes=first))

    slow = throttled(slow, now=NOW, pause=timedelta(minutes=then))

    assert slow.slow_until == NOW + timedelta(minutes=until)


STATES = {
    "closed": Breaker(),
    "counting": fail(Breaker(), 3),
    "open": fail(Breaker(), THRESHOLD),
    "slow": throttled(Breaker(), now=NOW, pause=timedelta(seconds=30)),
    "open and slow": throttled(fail(Breaker(), THRESHOLD), now=NOW, pause=timedelta(seconds=30)),
}


@pytest.mark.parametrize("breaker", STATES.values(), ids=STATES.keys())
def test_it_is_kept_with_the_desk(breaker: Breaker) -> None:
    assert from_document(to_document(breaker)) == breaker


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_desk_without_a_document_is_well(nothing: object) -> None:
    assert from_document(nothing) == Breaker()


class Desk(RuleBasedStateMachine):
    """Calls that the breaker lets through, and what they come to."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.breaker = Breaker()
        self.in_a_row = 0

    @property
    def room(self) -> int:
        return room(self.breaker, now=self.now, concurrency=CONCURRENCY)

    @rule(seconds=st.sampled_from([1, 10, 60, 300]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(calls=st.integers(1, CONCURRENCY))
    def calls_fail(self, calls: int) -> None:
        for _ in range(min(calls, self.room)):
            self.breaker = failed(self.breaker, now=self.now)
            self.in_a_row += 1

    @rule()
    def a_call_succeeds(self) -> None:
        if self.room:
            self.breaker, self.in_a_row = succeeded(self.breaker), 0

    @rule(seconds=st.sampled_from([0, 1, 30, 3600]))
    def a_call_is_throttled(self, seconds: int) -> None:
        if self.room:
            self.breaker = throttled(self.breaker, now=self.now, pause=timedelta(seconds=seconds))

    @rule()
    def another_process_reads_it(self) -> None:
        self.breaker = from_document(to_document(self.breaker))

    @invariant()
    def nothing_all_or_one(self) -> None:
        assert self.room in (0, 1, CONCURRENCY)

    @invariant()
    def it_opens_after_enough_failures_and_not_before(self) -> None:
        if self.in_a_row < THRESHOLD:
            assert self.breaker.open_until is None
        else:
            assert self.breaker.open_until is not None
            assert self.room <= 1

    @invariant()
    def no_pause_is_for_ever(self) -> None:
        waits = [until for until in (self.breaker.open_until, self.breaker.slow_until) if until]
        end = max([self.now, *waits])
        assert end - self.now <= max(LONGEST_PAUSE, timedelta(hours=1))
        assert room(self.breaker, now=end, concurrency=CONCURRENCY) >= 1


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=60, stateful_step_count=30, derandomize=True, deadline=None)
