"""How much each desk takes now: concurrency, rate, breaker, holds; and what every errand and look says about its desk."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.breaker import FIRST_PAUSE, THRESHOLD
from gateway.domain.model import NativeAttachment, Receipt
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.errors import (
    DeskDenied,
    DeskError,
    DeskGone,
    DeskRejected,
    DeskThrottled,
    DeskUnavailable,
    DeskUncertain,
    InterdeskError,
)
from gateway.flows.capacity import REFRESH, THROTTLED_FOR, Capacity
from gateway.flows.errands import Download, Errand, Outcome, broke_off
from gateway.store import desks
from gateway.testing.hub import Hub
from gateway.testing.plan import Plan
from tests.builders import delivery

NORTH, SOUTH = "dsk_north", "dsk_south"
CONCURRENCY = 16


@pytest.fixture(scope="module")
def hub() -> Hub:
    return Hub(Plan(desks={"north": "plain", "south": "plain"}))


@pytest.fixture
def capacity(hub: Hub) -> Iterator[Capacity]:
    """A process that has just started; what it wrote down is forgotten afterwards."""
    yield Capacity(hub.context)
    with hub.database.write() as db:
        desks.release(db, NORTH)
        desks.keep_breaker(db, NORTH, None)


def room(capacity: Capacity, hub: Hub, desk_id: str = NORTH, after: timedelta = timedelta()) -> int:
    return capacity.room(hub.now + after).get(desk_id, 0)


def errand(hub: Hub, **more: Any) -> Errand:
    desk = hub.context.directory_now.desks[NORTH]
    return Errand(
        delivery=delivery("north"), desk=desk, connector=hub.context.connector(desk), command=None, hop_version=0, **more
    )  # fmt: skip


def verdict(outcome: OutcomeClass, reason: Ground, **more: Any) -> Verdict:
    return Verdict(outcome=outcome, reason=reason, message="x", **more)


def learn(capacity: Capacity, hub: Hub, one: Verdict, times: int = 1) -> None:
    for _ in range(times):
        capacity.learn(Outcome(errand=errand(hub), at=hub.now, verdict=one), hub.now)


# -- what is under way ----------------------------------------------------------------------------------------------------------


def test_a_desk_takes_as_many_at_once_as_its_product_stands(capacity: Capacity, hub: Hub) -> None:
    assert room(capacity, hub) == CONCURRENCY

    for _ in range(3):
        capacity.take(NORTH)
    assert (room(capacity, hub), room(capacity, hub, SOUTH)) == (CONCURRENCY - 3, CONCURRENCY)

    capacity.give(NORTH)
    assert room(capacity, hub) == CONCURRENCY - 2


def test_a_desk_without_room_is_left_out(capacity: Capacity, hub: Hub) -> None:
    room(capacity, hub)
    for _ in range(CONCURRENCY):
        capacity.take(NORTH)

    assert NORTH not in capacity.room(hub.now)


def test_a_held_desk_takes_nothing_until_it_is_released(capacity: Capacity, hub: Hub) -> None:
    with hub.database.write() as db:
        desks.hold(db, NORTH, "credentials", now=hub.now)
    assert room(capacity, hub) == 0

    with hub.database.write() as db:
        desks.release(db, NORTH)
    assert room(capacity, hub) == 0, "what was read a moment ago counts"
    assert room(capacity, hub, after=REFRESH) == CONCURRENCY


# -- what an errand says --------------------------------------------------------------------------------------------------------

DOWN = {
    "no connection": verdict(OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE),
    "no answer": verdict(OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER),
    "no answer to a first question": verdict(OutcomeClass.NOT_APPLIED, Ground.NO_ANSWER),
    "a server error": verdict(OutcomeClass.AMBIGUOUS, Ground.SERVER_ERROR, http_status=502),
    "a server error before the write": verdict(
        OutcomeClass.NOT_APPLIED, Ground.SERVER_ERROR, http_status=500
    ),
    "half an answer": verdict(OutcomeClass.AMBIGUOUS, Ground.UNREADABLE, http_status=200),
    "an answer about something else": verdict(OutcomeClass.AMBIGUOUS, Ground.OTHER_OBJECT, http_status=200),
}
WELL = {
    "done": verdict(OutcomeClass.APPLIED, Ground.DONE, receipt=Receipt(remote_id="1")),
    "refused": verdict(OutcomeClass.PERMANENT, Ground.REFUSED, http_status=422),
    "gone": verdict(OutcomeClass.PERMANENT, Ground.GONE, http_status=404),
    "stale": verdict(OutcomeClass.STALE, Ground.PRECONDITION, http_status=412),
    "refused quietly": verdict(OutcomeClass.PERMANENT, Ground.READ_BACK),
}
SAYS_NOTHING = {
    "withheld by ourselves": verdict(OutcomeClass.PERMANENT, Ground.REFUSED),
    "a connector's fault": verdict(OutcomeClass.PERMANENT, Ground.CONNECTOR),
    "not let in": verdict(OutcomeClass.AUTH, Ground.DENIED, http_status=401),
    "a lost lease": verdict(OutcomeClass.ABANDONED, Ground.LEASE),
}


@pytest.mark.parametrize("one", DOWN.values(), ids=DOWN.keys())
def test_enough_failures_stop_a_desk_and_then_try_it_once(capacity: Capacity, hub: Hub, one: Verdict) -> None:
    learn(capacity, hub, one, THRESHOLD - 1)
    assert room(capacity, hub) == CONCURRENCY

    learn(capacity, hub, one)
    assert (room(capacity, hub), room(capacity, hub, after=FIRST_PAUSE)) == (0, 1)
    assert room(capacity, hub, SOUTH) == CONCURRENCY


@pytest.mark.parametrize("one", WELL.values(), ids=WELL.keys())
def test_an_answer_shows_that_a_desk_is_well(capacity: Capacity, hub: Hub, one: Verdict) -> None:
    learn(capacity, hub, DOWN["no connection"], THRESHOLD)

    learn(capacity, hub, one)

    assert room(capacity, hub) == CONCURRENCY


@pytest.mark.parametrize("one", SAYS_NOTHING.values(), ids=SAYS_NOTHING.keys())
def test_says_nothing_about_a_desk(capacity: Capacity, hub: Hub, one: Verdict) -> None:
    learn(capacity, hub, one, THRESHOLD)
    assert room(capacity, hub) == CONCURRENCY

    learn(capacity, hub, DOWN["no connection"], THRESHOLD)
    learn(capacity, hub, one)
    assert room(capacity, hub) == 0


@pytest.mark.parametrize(
    ("wish", "pause"),
    [(timedelta(minutes=3), timedelta(minutes=3)), (None, THROTTLED_FOR)],
    ids=["asked for", "not said"],
)
def test_too_many_requests_slow_the_whole_desk(
    capacity: Capacity, hub: Hub, wish: timedelta | None, pause: timedelta
) -> None:
    learn(
        capacity, hub, verdict(OutcomeClass.NOT_APPLIED, Ground.THROTTLED, http_status=429, retry_after=wish)
    )

    assert room(capacity, hub, after=pause - timedelta(seconds=1)) == 0
    assert room(capacity, hub, after=pause) > 0


LOOKS: dict[str, tuple[InterdeskError | None, int]] = {
    "a look that worked": (None, CONCURRENCY),
    "no such ticket": (DeskGone("x"), CONCURRENCY),
    "no": (DeskRejected("x"), CONCURRENCY),
    "down": (DeskUnavailable("x"), 0),
    "uncertain": (DeskUncertain("x"), 0),
    "not let in": (DeskDenied("x"), 0),
    "anything else": (DeskError("x"), 0),
}


@pytest.mark.parametrize(("error", "after"), LOOKS.values(), ids=LOOKS.keys())
def test_a_look_at_a_stopped_desk(
    capacity: Capacity, hub: Hub, error: InterdeskError | None, after: int
) -> None:
    learn(capacity, hub, DOWN["no connection"], THRESHOLD)

    capacity.learn_look(NORTH, error, hub.now)

    assert room(capacity, hub) == after


def test_a_look_may_be_told_to_slow_down_too(capacity: Capacity, hub: Hub) -> None:
    capacity.learn_look(NORTH, DeskThrottled("x", retry_after=timedelta(minutes=3)), hub.now)

    assert room(capacity, hub, after=timedelta(minutes=2)) == 0


def test_a_probe_that_got_no_answer_says_that_its_desk_is_down(capacity: Capacity, hub: Hub) -> None:
    probe = errand(hub, probe=True)

    for _ in range(THRESHOLD):
        capacity.learn(broke_off(probe, DeskUnavailable("x"), hub.now), hub.now)

    assert room(capacity, hub) == 0


def test_a_file_that_does_not_come_is_its_own_desks_fault(capacity: Capacity, hub: Hub) -> None:
    origin = hub.context.directory_now.desks[SOUTH]
    file = NativeAttachment(remote_id="f", filename="a.txt")
    download = Download(content_id="c", desk=origin, connector=hub.context.connector(origin), attachment=file)

    for _ in range(THRESHOLD):
        capacity.learn(broke_off(errand(hub, download=download), DeskUnavailable("x"), hub.now), hub.now)

    assert (room(capacity, hub), room(capacity, hub, SOUTH)) == (CONCURRENCY, 0)


# -- among processes ------------------------------------------------------------------------------------------------------------


def test_other_processes_see_what_was_written_down(capacity: Capacity, hub: Hub) -> None:
    other = Capacity(hub.context)
    assert room(other, hub) == CONCURRENCY
    learn(capacity, hub, DOWN["no connection"], THRESHOLD)

    capacity.write_down()

    assert room(other, hub, after=REFRESH) == 0


def test_what_is_not_written_down_yet_is_not_forgotten_by_reading(capacity: Capacity, hub: Hub) -> None:
    room(capacity, hub)
    learn(capacity, hub, DOWN["no connection"], THRESHOLD)

    assert room(capacity, hub, after=REFRESH) == 0
