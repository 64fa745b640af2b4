"""Polling: one page at a time, the cursor only with what it brought, and of strangers nothing but the cursor."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from gateway.domain import breaker
from gateway.domain.breaker import THRESHOLD
from gateway.domain.model import Page, Sighting, Snapshot, Unread
from gateway.errors import (
    ConfigError,
    ConnectorFailed,
    DeskDenied,
    DeskError,
    DeskThrottled,
    DeskUnavailable,
    InterdeskError,
)
from gateway.flows import poll
from gateway.flows.context import OPERATOR
from gateway.store import inbox, rows
from gateway.testing.loopback.temper import PLAIN, Hooks
from tests.flows.scenes.stage import MINUTE, Cast, Stage

DEAF = replace(PLAIN, hooks=Hooks.NONE)
EVERY = timedelta(minutes=5)


def quiet() -> Stage:
    """The customer's desk sends no messages and is polled; a ticket of its own is open."""
    cast = Cast(tempers={"customer": DEAF}, desks={"customer": {"poll_every": "5m"}})
    stage = Stage("customer>vendor", cast=cast)
    stage.wait()
    stage.open()
    stage.wait(6 * MINUTE)
    return stage


def claimed(stage: Stage) -> poll.Poll | None:
    found = [one for one in poll.claim(stage.hub.context, now=stage.hub.now) if one.desk.code == "customer"]
    return found[0] if found else None


def due(stage: Stage) -> poll.Poll:
    stage.hub.clock.advance(EVERY)
    one = claimed(stage)
    assert one is not None
    return one


def sighting(remote_id: str, **fields: str | None) -> Sighting:
    shown = Snapshot(remote_id=remote_id, fields=fields, revision=fields.pop("revision", None))
    return Sighting(remote_id=remote_id, snapshot=shown)


def store(stage: Stage, one: poll.Poll, *sightings: Sighting, more: bool = False) -> list[str]:
    """Keep a page; the remote ids that are to be looked at."""
    poll.store(stage.hub.context, one, Page(sightings=sightings, cursor="next", more=more), now=stage.hub.now)
    with stage.hub.database.read() as db:
        return [row.remote_id for row in db.execute(rows.look.select()) if row.desk_id == "dsk_customer"]


def state(stage: Stage) -> Any:
    with stage.hub.database.read() as db:
        return db.execute(rows.desk.select().where(rows.desk.c.code == "customer")).one()


# -- the right to poll --------------------------------------------------------------------------------------------------------


def test_a_desk_is_polled_when_its_time_has_come_and_by_one_process() -> None:
    stage = quiet()

    assert due(stage).claim.cursor is not None
    assert claimed(stage) is None


def test_a_poller_that_does_not_come_back_is_replaced() -> None:
    stage = quiet()
    lost = due(stage)

    stage.hub.clock.advance(poll.LEASE + timedelta(seconds=1))
    again = claimed(stage)

    assert again is not None
    assert again.claim.fence > lost.claim.fence
    store(stage, again)
    cursor = state(stage).cursor
    poll.store(stage.hub.context, lost, Page(sightings=(), cursor="stale"), now=stage.hub.now)
    assert state(stage).cursor == cursor, "who was replaced moves nothing"


@pytest.mark.parametrize(
    ("more", "pause"), [(False, EVERY), (True, timedelta())], ids=["the last page", "more"]
)
def test_after_a_page_comes_the_next_one_now_or_later(more: bool, pause: timedelta) -> None:
    stage = quiet()

    store(stage, due(stage), more=more)

    assert (state(stage).cursor, state(stage).poll_at) == ("next", stage.hub.now + pause)


# -- what is worth a look -----------------------------------------------------------------------------------------------------


def test_a_ticket_of_ours_that_changed_is_looked_at_once() -> None:
    stage = quiet()
    number = stage.id("customer")

    assert store(stage, due(stage), sighting(number, revision="99"), sighting(number, revision="99")) == [
        number
    ]


def test_a_ticket_of_ours_as_we_know_it_is_not() -> None:
    stage = quiet()
    known = stage.hop("customer").revision

    assert store(stage, due(stage), sighting(stage.id("customer"), revision=known)) == []


STRANGERS: dict[str, tuple[dict[str, str | None], bool]] = {
    "one that no rule lets pass": ({"status": "open", "delegate": None}, False),
    "one that a rule lets pass": ({"status": "open", "delegate": "vendor"}, True),
    "one that has ended": ({"status": "closed", "delegate": "vendor"}, False),
    "one with a marker": ({"status": "open", "marker": "idk-x"}, True),
}


@pytest.mark.parametrize(("fields", "looked_at"), STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger(fields: dict[str, str | None], looked_at: bool) -> None:
    stage = quiet()

    assert store(stage, due(stage), sighting("4711", **fields)) == (["4711"] if looked_at else [])


def test_a_stranger_of_which_the_list_says_nothing_is_looked_at() -> None:
    stage = quiet()

    assert store(stage, due(stage), Sighting(remote_id="4711")) == ["4711"]


# -- what a person should see first -------------------------------------------------------------------------------------------


def test_what_is_unread_is_quarantined_once_with_its_bytes_and_can_be_replayed() -> None:
    stage = quiet()
    unread = Unread(id="m1", body=b"From: thief", why="held: nobody knows the sender")
    for _ in range(2):
        page = Page(sightings=(), cursor="next", unread=(unread,))
        poll.store(stage.hub.context, due(stage), page, now=stage.hub.now)

    with stage.hub.database.write() as db:
        [message] = db.execute(rows.message.select().where(rows.message.c.state == "quarantined")).mappings()
        assert (message["body"], message["error"]) == (unread.body, unread.why)
        assert inbox.replay(db, OPERATOR, message["id"]) == "org_customer"


# -- a desk that does not answer ----------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[InterdeskError, bool]] = {
    "down": (DeskUnavailable("x"), False),
    "not letting us in": (DeskDenied("x"), True),
    "not where it may be": (ConfigError("x"), True),
}


@pytest.mark.parametrize(("error", "held"), ERRORS.values(), ids=ERRORS.keys())
def test_a_desk_that_is(error: InterdeskError, held: bool) -> None:
    stage = quiet()
    one = due(stage)
    cursor = state(stage).cursor

    poll.failed(stage.hub.context, one, error, now=stage.hub.now)

    after = state(stage)
    assert (after.cursor, after.poll_at, bool(after.held)) == (cursor, stage.hub.now + EVERY, held)


@pytest.mark.parametrize(
    ("wish", "pause"),
    [(timedelta(hours=1), timedelta(hours=1)), (timedelta(seconds=1), EVERY), (None, EVERY)],
    ids=["longer than usual", "shorter", "not said"],
)
def test_a_desk_that_asks_for_a_pause_is_given_it(wish: timedelta | None, pause: timedelta) -> None:
    stage = quiet()

    poll.failed(stage.hub.context, due(stage), DeskThrottled("x", retry_after=wish), now=stage.hub.now)

    assert state(stage).poll_at == stage.hub.now + pause


def test_a_desk_that_rests_is_not_polled() -> None:
    stage = quiet()
    stage.hub.clock.advance(EVERY)

    assert poll.claim(stage.hub.context, now=stage.hub.now, resting={"dsk_customer", "dsk_vendor"}) == []
    assert claimed(stage) is not None


def failing(stage: Stage, error: DeskError | None) -> None:
    """One poll of the customer's desk, and whether it failed."""
    one, worker = due(stage), stage.hub.worker
    worker.capacity.take(one.desk.id)
    worker.polls.append(one)
    wire = worker.wires["dsk_customer"]
    with pytest.MonkeyPatch.context() as patch:
        if error is not None:
            patch.setattr(wire, "ask", partial(_raise, error))
        worker.ask_polls()
    worker.store_polls()
    worker.capacity.write_down()


def _raise(error: Exception, _exchange: object) -> None:
    raise error


def test_polls_that_fail_open_the_breaker_and_an_answer_closes_it() -> None:
    stage = quiet()

    for _ in range(THRESHOLD):
        failing(stage, DeskUnavailable("x"))
    after = breaker.from_document(state(stage).breaker)
    assert (after.failures, after.open_until) == (THRESHOLD, stage.hub.now + breaker.FIRST_PAUSE)
    assert "dsk_customer" in stage.hub.capacity.resting(stage.hub.now)

    failing(stage, None)
    assert breaker.from_document(state(stage).breaker).failures == 0


def test_within_the_hour_it_asked_for_a_desk_is_not_polled_by_anybody() -> None:
    stage = quiet()
    failing(stage, DeskThrottled("x", retry_after=timedelta(hours=1)))

    other = stage.hub.new_worker("other")
    for _ in range(11):
        stage.hub.clock.advance(EVERY)
        other.claim_polls()
    assert [one.desk.code for one in other.polls if one.desk.code == "customer"] == []

    stage.hub.clock.advance(EVERY)
    other.polls.clear()
    other.claim_polls()
    assert [one.desk.code for one in other.polls if one.desk.code == "customer"] == ["customer"]


def test_a_breaker_that_writes_opened_delays_polls() -> None:
    stage = quiet()
    stage.hub.clock.advance(EVERY)
    for _ in range(THRESHOLD):
        stage.hub.capacity.learn_look("dsk_customer", DeskUnavailable("x"), stage.hub.now)

    stage.hub.worker.claim_polls()
    assert [one for one in stage.hub.worker.polls if one.desk.code == "customer"] == []

    stage.hub.clock.advance(breaker.FIRST_PAUSE)
    stage.hub.worker.claim_polls()
    assert [one.desk.code for one in stage.hub.worker.polls if one.desk.code == "customer"] == ["customer"]


@pytest.mark.parametrize(
    "error",
    [DeskUnavailable("secret words"), ConnectorFailed("secret words")],
    ids=["down", "a connector's fault"],
)
def test_a_failed_poll_is_told(error: InterdeskError, caplog: pytest.LogCaptureFixture) -> None:
    stage = quiet()

    poll.failed(stage.hub.context, due(stage), error, now=stage.hub.now)

    (line,) = [vars(record) for record in caplog.records if record.name == "gateway.flows.poll"]
    assert (line["levelname"], line["desk"]) == ("WARNING", "customer")
    assert line["error"] == f"{error.code} {type(error).__name__}"
    assert "secret words" not in str(line), "a desk's words may be people's"


# -- as the net under everything ----------------------------------------------------------------------------------------------


def test_what_was_committed_out_of_order_is_found_by_the_overlap() -> None:
    """A change takes its place in the list long before it can be seen there."""
    slow = replace(DEAF, commit_lag=timedelta(seconds=100))
    cast = Cast(tempers={"vendor": slow}, desks={"vendor": {"poll_every": "30s"}})
    stage = Stage("customer>vendor", cast=cast)
    stage.open()
    said = []
    for number in range(8):
        said.append(f"word {number}")
        stage.person("vendor").comment(stage.id("vendor"), said[-1])
        stage.hub.run(timedelta(seconds=20))

    stage.wait(5 * MINUTE)

    assert stage.heard("customer") == said


def test_more_than_a_page_is_read_to_its_end() -> None:
    stage = quiet()
    numbers = [stage.person("customer").open(f"ticket {number}", delegate="vendor") for number in range(120)]

    stage.wait(6 * MINUTE)

    titles = [doc["fields"]["title"] for doc in stage.docs("vendor")]
    assert len(numbers) == 120
    assert sorted(titles[1:]) == sorted(f"ticket {number}" for number in range(120))
