"""The delivery state machine: verdicts and probes row by row, and as a machine that has at most one effect."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.delivery import (
    FINAL,
    LEASE,
    MOST_ATTEMPTS,
    SPARE_LEASE,
    STALE_AT,
    blocks,
    lease_ran_out,
    let_go,
    once_more,
    poisoned,
    probe_failed,
    probed,
    retry_in,
    settled,
    stale_since,
)
from gateway.domain.model import CommandKind, Delivery, Desk, IdempotencyTier, Receipt
from gateway.domain.model import DeliveryState as S
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from tests.builders import NOW, PROPERTY, delivery, desk, later

SETTLE = timedelta(seconds=90)
HERE = desk(settle_window=SETTLE)
RECEIPT = Receipt(remote_id="1")


def verdict(outcome: OutcomeClass, reason: Ground = Ground.NO_ANSWER, **more: Any) -> Verdict:
    receipt = RECEIPT if outcome is OutcomeClass.APPLIED else None
    return Verdict(outcome=outcome, reason=reason, message="words of the desk", receipt=receipt, **more)


def sent(**more: Any) -> Delivery:
    plain: dict[str, Any] = {"state": S.INFLIGHT, "lease_until": NOW + LEASE, "first_sent_at": NOW}
    return delivery(**(plain | more))


def after(one: Verdict, now: datetime = NOW, **more: Any) -> Delivery:
    return settled(sent(**more), one, HERE, now=now, jitter=0)


# -- what a verdict makes of it -----------------------------------------------------------------------------------------------

STATUS = {"kind": CommandKind.UPDATE, "payload": {"fields": {"status": "closed"}}}
# a refused change → whether it is tried once more, after a look
CROSSED: dict[str, tuple[dict[str, Any], Ground, S]] = {
    "a status, for the first time": (STATUS, Ground.REFUSED, S.PENDING),
    "a status that the desk left as it was": (STATUS, Ground.READ_BACK, S.PENDING),
    "a status, for the second time": (STATUS | {"outcome": "permanent"}, Ground.REFUSED, S.PARKED),
    "a status that was in doubt": (STATUS | {"probes": 1}, Ground.REFUSED, S.PARKED),
    "a ticket that is not there": (STATUS, Ground.GONE, S.PARKED),
    "a status among other fields": (
        STATUS | {"payload": {"fields": {"status": "closed", "priority": "low"}}},
        Ground.REFUSED,
        S.PARKED,
    ),
    "another field": (STATUS | {"payload": {"fields": {"priority": "low"}}}, Ground.REFUSED, S.PARKED),
}


@pytest.mark.parametrize(("change", "ground", "state"), CROSSED.values(), ids=CROSSED.keys())
def test_a_status_that_is_refused_may_have_crossed_another(
    change: dict[str, Any], ground: Ground, state: S
) -> None:
    assert after(verdict(OutcomeClass.PERMANENT, ground), **change).state is state


# verdict, probes before → state, tries used up, when it is next
FIRST: dict[str, tuple[Verdict, int, S, int, timedelta | None]] = {
    "applied": (verdict(OutcomeClass.APPLIED, Ground.DONE), 0, S.DONE, 1, None),
    "applied at last": (verdict(OutcomeClass.APPLIED, Ground.DONE), 3, S.DONE, 1, None),
    "in doubt": (verdict(OutcomeClass.AMBIGUOUS), 0, S.AMBIGUOUS, 1, SETTLE),
    "in doubt again": (verdict(OutcomeClass.AMBIGUOUS), 2, S.AMBIGUOUS, 1, SETTLE),
    "refused for good": (verdict(OutcomeClass.PERMANENT, Ground.REFUSED), 0, S.PARKED, 1, None),
    "the desk failed before anything left": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.SERVER_ERROR),
        0,
        S.PENDING,
        1,
        timedelta(seconds=5),
    ),
    "no connection: an outage eats no attempt": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE),
        0,
        S.PENDING,
        0,
        timedelta(seconds=5),
    ),
    "too many requests eat none either": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.THROTTLED),
        0,
        S.PENDING,
        0,
        timedelta(seconds=5),
    ),
    "too many requests, with a wish": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.THROTTLED, retry_after=timedelta(minutes=7)),
        0,
        S.PENDING,
        0,
        timedelta(minutes=7),
    ),
    "proven, while an older try may still arrive": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE),
        1,
        S.AMBIGUOUS,
        0,
        SETTLE,
    ),
    "the same, with a longer wish": (
        verdict(OutcomeClass.NOT_APPLIED, Ground.THROTTLED, retry_after=timedelta(minutes=7)),
        1,
        S.AMBIGUOUS,
        0,
        timedelta(minutes=7),
    ),
    "stale": (verdict(OutcomeClass.STALE, Ground.PRECONDITION), 0, S.PENDING, 0, timedelta(seconds=1)),
    "stale, perhaps by an older try of ours": (
        verdict(OutcomeClass.STALE, Ground.PRECONDITION),
        1,
        S.AMBIGUOUS,
        0,
        SETTLE,
    ),
    "not let in": (verdict(OutcomeClass.AUTH, Ground.DENIED), 0, S.PENDING, 0, timedelta()),
    "not let in, an older try in doubt": (
        verdict(OutcomeClass.AUTH, Ground.DENIED),
        1,
        S.AMBIGUOUS,
        0,
        SETTLE,
    ),
    "we stopped ourselves": (verdict(OutcomeClass.ABANDONED, Ground.LEASE), 0, S.PENDING, 0, timedelta()),
    "we stopped ourselves for a while": (
        verdict(OutcomeClass.ABANDONED, Ground.OTHER_SHOWN, retry_after=timedelta(seconds=30)),
        0,
        S.PENDING,
        0,
        timedelta(seconds=30),
    ),
}


@pytest.mark.parametrize(("one", "probes", "state", "used", "pause"), FIRST.values(), ids=FIRST.keys())
def test_after_a_push(one: Verdict, probes: int, state: S, used: int, pause: timedelta | None) -> None:
    done = after(one, probes=probes)

    assert (done.state, done.attempts, done.lease_until) == (state, used, None)
    assert done.outcome == one.outcome.value
    assert done.error == ("" if state is S.DONE else "words of the desk")
    if pause is not None:
        assert done.next_at == NOW + pause
    if state is S.AMBIGUOUS:
        assert done.probes >= 1


def test_what_stays_stale_is_tried_less_and_less_eagerly() -> None:
    pauses = [
        after(verdict(OutcomeClass.STALE), now=NOW + tried).next_at - NOW - tried
        for tried in (timedelta(), timedelta(minutes=10), timedelta(hours=10))
    ]

    assert pauses == [timedelta(seconds=1), timedelta(seconds=61), timedelta(seconds=3601)]


SCHEDULE = [0, 5, 30, 120, 300, 900, 1800, 3600, 3600, 3600]


def test_the_schedule() -> None:
    assert [retry_in(tries, jitter=0).total_seconds() for tries in range(10)] == SCHEDULE


@PROPERTY
@given(st.integers(0, 200), st.floats(-1, 1))
def test_jitter_moves_a_pause_by_a_fifth_at_most(tries: int, jitter: float) -> None:
    exact = retry_in(tries, jitter=0)

    assert (
        exact * 0.8 - timedelta(seconds=1)
        <= retry_in(tries, jitter=jitter)
        <= exact * 1.2 + timedelta(seconds=1)
    )


def test_it_is_parked_after_72_hours_of_trying_and_not_a_try_before() -> None:
    one = verdict(OutcomeClass.NOT_APPLIED, Ground.SERVER_ERROR)
    tried, at = delivery(), NOW
    while tried.state is S.PENDING:
        at = tried.next_at
        tried = settled(replace(tried, state=S.INFLIGHT), one, HERE, now=at, jitter=0)

    assert tried.state is S.PARKED
    assert tried.attempts == MOST_ATTEMPTS
    assert timedelta(hours=72) <= at - NOW <= timedelta(hours=74)


@pytest.mark.parametrize("reason", [Ground.UNREACHABLE, Ground.THROTTLED])
def test_an_outage_of_a_month_parks_nothing(reason: Ground) -> None:
    tried = delivery()
    for day in range(30 * 24):
        now = NOW + timedelta(hours=day)
        tried = settled(
            replace(tried, state=S.INFLIGHT),
            verdict(OutcomeClass.NOT_APPLIED, reason),
            HERE,
            now=now,
            jitter=0,
        )

    assert (tried.state, tried.attempts) == (S.PENDING, 0)


# -- leases, probes, faults of ours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=30)], ids=["at once", "much later"])
def test_a_worker_that_does_not_come_back_leaves_a_doubt_counted_from_its_last_moment(
    late: timedelta,
) -> None:
    now = NOW + LEASE + late

    lapsed = lease_ran_out(sent(), HERE, now)

    assert (lapsed.state, lapsed.attempts, lapsed.lease_until) == (S.AMBIGUOUS, 1, None)
    assert lapsed.next_at == now + SETTLE
    assert lapsed.probes == 1


def probe(found: Sequence[Receipt], here: Desk = HERE, **more: Any) -> tuple[Delivery, Receipt | None, Any]:
    plain: dict[str, Any] = {"state": S.AMBIGUOUS, "probes": 1, "attempts": 1}
    doubtful = delivery(**(plain | more))
    return probed(doubtful, found, here, now=NOW, jitter=0)


def test_what_is_found_is_adopted_the_oldest_and_the_rest_is_late_copies() -> None:
    found = [Receipt(remote_id=number) for number in "123"]

    done, first, others = probe(found)

    assert (done.state, done.outcome, done.error) == (S.DONE, "adopted", "")
    assert (first, list(others)) == (found[0], found[1:])


@pytest.mark.parametrize(("attempts", "pause"), [(1, 0), (2, 5), (3, 30), (8, 3600)])
def test_what_is_not_there_is_sent_again_on_the_schedule(attempts: int, pause: int) -> None:
    again, first, _ = probe([], attempts=attempts, kind=CommandKind.COMMENT)

    assert (again.state, again.outcome, first) == (S.PENDING, "not_found", None)
    assert again.next_at == NOW + timedelta(seconds=pause)
    assert again.probes == 1, "whatever happens next, the desk is asked first"


def test_fields_that_are_not_there_are_read_before_they_are_sent_again() -> None:
    again, _, _ = probe([], kind=CommandKind.UPDATE)
    words, _, _ = probe([], kind=CommandKind.COMMENT)

    assert stale_since(again) == NOW, "no look could tell what they hold while the write was in doubt"
    assert again.next_at > NOW, "the look comes first"
    assert stale_since(words) is None


def test_what_waits_for_a_look_goes_on_waiting_for_it_less_and_less_eagerly() -> None:
    again, _, _ = probe([], kind=CommandKind.UPDATE)
    not_looked = verdict(OutcomeClass.ABANDONED, Ground.PRECONDITION, retry_after=timedelta(seconds=5))

    waits = [
        settled(again, not_looked, HERE, now=NOW + waited, jitter=0)
        for waited in (timedelta(), timedelta(hours=10))
    ]

    assert [one.state for one in waits] == [S.PENDING, S.PENDING], "no byte left, so the desk's answer holds"
    assert [one.next_at - NOW for one in waits] == [timedelta(seconds=5), timedelta(hours=11)]
    assert {(one.attempts, one.probes, stale_since(one)) for one in waits} == {(1, 1, NOW)}


def test_what_never_arrives_is_parked_in_the_end() -> None:
    parked, _, _ = probe([], attempts=MOST_ATTEMPTS)

    assert parked.state is S.PARKED
    assert "never had it" in parked.error


def test_where_the_desk_cannot_say_a_person_must() -> None:
    blind = desk(tiers={CommandKind.UPDATE: IdempotencyTier.NOTHING})

    asking, _, _ = probe([], blind)

    assert asking.state is S.ASKING
    assert "a person must" in asking.error


def failing_probes(*, lasting: bool) -> tuple[Delivery, list[float]]:
    """Until a person is asked, twelve at most; and the pauses between them."""
    doubtful, pauses = delivery(state=S.AMBIGUOUS, probes=1), list[float]()
    while len(pauses) < 12:
        doubtful = probe_failed(doubtful, "down", lasting=lasting, now=NOW, jitter=0)
        if doubtful.state is not S.AMBIGUOUS:
            break
        pauses.append((doubtful.next_at - NOW).total_seconds())
    return doubtful, pauses


def test_a_probe_that_fails_is_repeated_on_the_schedule_for_as_long_as_it_takes() -> None:
    doubtful, pauses = failing_probes(lasting=False)

    assert pauses == [5, 30, 120, 300, 900, 1800, 3600, 3600, 3600, 3600, 3600, 3600]
    assert (doubtful.state, doubtful.error) == (S.AMBIGUOUS, "could not ask the desk: down")


def test_where_asking_again_will_not_help_a_person_is_asked() -> None:
    asking, pauses = failing_probes(lasting=True)

    assert pauses == [5, 30, 120, 300, 900, 1800]
    assert (asking.state, asking.error) == (S.ASKING, "could not ask the desk: down")


def test_a_fault_of_ours_parks_it_and_a_replay_asks_once_the_last_try_must_have_settled() -> None:
    parked = poisoned(sent(), "KeyError", HERE, NOW)

    assert (parked.state, parked.probes, parked.lease_until, parked.error) == (S.PARKED, 1, None, "KeyError")
    soon, late = once_more(parked, now=NOW), once_more(parked, now=NOW + 2 * SETTLE)
    assert (soon.state, soon.next_at) == (S.AMBIGUOUS, NOW + SETTLE)
    assert (late.state, late.next_at) == (S.AMBIGUOUS, NOW + 2 * SETTLE)


def test_what_was_never_in_doubt_is_sent_at_a_persons_word_read_or_not() -> None:
    refused = delivery(state=S.PARKED, attempts=3, payload={"fields": {}, STALE_AT: NOW.isoformat()})

    again = once_more(refused, now=NOW)

    assert (again.state, again.attempts, again.next_at) == (S.PENDING, 0, NOW)
    assert stale_since(again) is None


def test_what_is_not_for_them_any_more_is_let_go() -> None:
    gone = let_go(sent(), "its audience")

    assert (gone.state, gone.outcome, gone.lease_until) == (S.CANCELLED, "withheld", None)


# -- the lane -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CommandKind)
@pytest.mark.parametrize("state", S)
def test_a_lane_is_held_by_what_is_not_finished_but_not_by_parked_words(state: S, kind: CommandKind) -> None:
    held = blocks(delivery(state=state, kind=kind))

    if state is S.PARKED:
        assert held is (kind in (CommandKind.CREATE, CommandKind.UPDATE))
    else:
        assert held is (state not in FINAL)


# -- as a machine -------------------------------------------------------------------------------------------------------------


REFUSALS = [
    verdict(outcome, reason)
    for outcome in (
        OutcomeClass.NOT_APPLIED,
        OutcomeClass.STALE,
        OutcomeClass.AUTH,
        OutcomeClass.ABANDONED,
        OutcomeClass.PERMANENT,
    )
    for reason in (Ground.UNREACHABLE, Ground.THROTTLED, Ground.SERVER_ERROR)
]
SECONDS = st.sampled_from([0, 1, 60, 89, 90])
LONGEST_WRITE = (LEASE - SPARE_LEASE).total_seconds()


class Lane(RuleBasedStateMachine):
    """One delivery, a desk that loses answers, is late and refuses, workers that die. The desk applies a request within
    its settle window or never; then there is at most one effect, and a finished delivery has exactly one.

    Every step is what can happen next in the state it is in, at the moment it is due or some time later."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.delivery = delivery()
        self.effects: list[datetime] = []
        """When each request of ours is applied at the desk."""

    @property
    def applied(self) -> int:
        return sum(at <= self.now for at in self.effects)

    def applied_after(self, seconds: float) -> None:
        self.effects.append(self.now + timedelta(seconds=seconds))

    def settle(self, one: Verdict, jitter: float = 0) -> None:
        self.delivery = settled(self.delivery, one, HERE, now=self.now, jitter=jitter)

    def due(self, waiting: int) -> None:
        """Until it is due, and `waiting` seconds more."""
        self.now = max(self.now, self.delivery.next_at) + timedelta(seconds=waiting)

    def claim(self, waiting: int) -> None:
        self.due(waiting)
        first = self.delivery.first_sent_at or self.now
        claimed = {"state": S.INFLIGHT, "lease_until": self.now + LEASE, "first_sent_at": first}
        self.delivery = replace(self.delivery, **claimed)

    def is_in(self, *states: S) -> bool:
        return self.delivery.state in states

    @precondition(lambda self: self.is_in(S.PENDING))
    @rule(waiting=SECONDS, late=st.none() | SECONDS)
    def it_is_sent_and_no_answer_comes(self, waiting: int, late: int | None) -> None:
        self.claim(waiting)
        if late is not None:
            self.applied_after(late)
        self.settle(verdict(OutcomeClass.AMBIGUOUS))

    @precondition(lambda self: self.is_in(S.PENDING))
    @rule(waiting=SECONDS, one=st.sampled_from(REFUSALS), jitter=st.floats(-1, 1))
    def it_is_refused_before_anything_left(self, waiting: int, one: Verdict, jitter: float) -> None:
        self.claim(waiting)
        self.settle(one, jitter)

    @precondition(lambda self: self.is_in(S.PENDING))
    @rule(waiting=SECONDS, sends_after=st.none() | st.sampled_from([0, LONGEST_WRITE]), late=SECONDS)
    def its_worker_dies(self, waiting: int, sends_after: float | None, late: int) -> None:
        """Its write may leave at any moment at which enough of its lease is left."""
        self.claim(0)
        if sends_after is not None:
            self.applied_after(sends_after + late)
        self.now = self.now + LEASE + timedelta(seconds=waiting)
        self.delivery = lease_ran_out(self.delivery, HERE, self.now)

    @precondition(lambda self: self.is_in(S.PENDING, S.AMBIGUOUS))
    @rule(waiting=SECONDS)
    def all_goes_well(self, waiting: int) -> None:
        if self.is_in(S.PENDING):
            self.claim(waiting)
            self.applied_after(0)
            self.settle(verdict(OutcomeClass.APPLIED, Ground.DONE))
        else:
            self.the_desk_is_asked(waiting)

    @precondition(lambda self: self.is_in(S.AMBIGUOUS))
    @rule(waiting=SECONDS)
    def the_desk_is_asked(self, waiting: int) -> None:
        self.due(waiting)
        found = [RECEIPT] * self.applied
        self.delivery, receipt, others = probed(self.delivery, found, HERE, now=self.now, jitter=0)
        assert (receipt is not None) is bool(found)
        assert not others

    @precondition(lambda self: self.is_in(S.AMBIGUOUS))
    @rule(waiting=SECONDS)
    def the_desk_cannot_be_asked(self, waiting: int) -> None:
        self.due(waiting)
        self.delivery = probe_failed(self.delivery, "down", lasting=False, now=self.now, jitter=0)

    @precondition(lambda self: self.is_in(S.PENDING))
    @rule(waiting=SECONDS)
    def its_ticket_must_be_read_first(self, waiting: int) -> None:
        self.claim(waiting)
        self.settle(verdict(OutcomeClass.ABANDONED, Ground.PRECONDITION))

    @precondition(lambda self: self.is_in(S.PARKED))
    @rule()
    def a_person_replays_it(self) -> None:
        self.delivery = once_more(self.delivery, now=self.now)

    @precondition(lambda self: self.is_in(S.DONE))
    @rule()
    def another_one_follows(self) -> None:
        """A history that ended well goes on with the next delivery of the lane."""
        self.delivery = delivery(next_at=self.now, created_at=self.now)
        self.effects = []

    @invariant()
    def there_is_at_most_one_effect(self) -> None:
        assert len(self.effects) <= 1

    @invariant()
    def done_means_there(self) -> None:
        if self.is_in(S.DONE):
            assert self.applied == 1

    @invariant()
    def nothing_is_sent_again_while_an_older_try_may_still_arrive(self) -> None:
        assert not (self.is_in(S.PENDING) and self.effects)

    @invariant()
    def nobody_holds_what_nobody_sends(self) -> None:
        assert self.delivery.lease_until is None

    def teardown(self) -> None:
        """When the faults stop, it arrives, unless a person was asked."""
        for _ in range(3):
            if self.is_in(S.PENDING, S.AMBIGUOUS):
                self.all_goes_well(0)
        assert self.is_in(S.DONE, S.PARKED)
        self.there_is_at_most_one_effect()
        self.done_means_there()


TestLane = Lane.TestCase
TestLane.settings = settings(max_examples=100, stateful_step_count=20, derandomize=True, deadline=None)


def test_the_settle_window_of_the_desk_counts_not_ours() -> None:
    slow = desk(settle_window=timedelta(minutes=20))

    assert settled(sent(), verdict(OutcomeClass.AMBIGUOUS), slow, now=NOW, jitter=0).next_at == later(20)
