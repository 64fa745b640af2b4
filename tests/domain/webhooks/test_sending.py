"""What an attempt makes of a message and of its endpoint."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.delivery import MOST_ATTEMPTS, SCHEDULE
from gateway.domain.webhooks import sending
from gateway.domain.webhooks.model import Answer, Endpoint, Message, Standing, State

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MESSAGE = Message(
    id="msg_1", org_id="org_a", webhook_id="dir_1", lane="tkt_1", kind="ticket.opened", created_at=NOW, next_at=NOW
)  # fmt: skip
ENDPOINT = Endpoint(id="dir_1", org_id="org_a", sealed_secrets="", secrets=())
DOWN, AWAY = Answer(status=500, error="HTTP 500"), Answer(error="no route", reached=False)


def tried(answer: Answer, message: Message = MESSAGE) -> Message:
    return sending.after(message, answer, now=NOW, jitter=0)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(status: int) -> None:
    done = tried(Answer(status=status))
    assert (done.state, done.done_at, done.attempts) == (State.DONE, NOW, 1)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 413, 422, 429, 500, 503])
def test_anything_else_is_tried_again_on_the_schedule_of_deliveries(status: int) -> None:
    waits, message = [], MESSAGE
    for _ in range(4):
        message = tried(Answer(status=status, error="no"), message)
        waits.append(message.next_at - NOW)
    assert waits == list(SCHEDULE[1:5])
    assert message.state is State.PENDING


def test_an_outage_eats_no_attempts() -> None:
    assert tried(AWAY).attempts == 0
    assert tried(Answer(error="no answer within 20 s")).attempts == 1


def test_after_72_hours_of_answers_a_person_looks() -> None:
    last = replace(MESSAGE, attempts=MOST_ATTEMPTS - 1)
    assert tried(DOWN, last).state is State.PARKED
    assert tried(AWAY, last).state is State.PENDING


def test_an_address_that_our_guard_refuses_is_parked_at_once() -> None:
    assert tried(Answer(error="refused", reached=False, refused=True)).state is State.PARKED


def test_a_busy_subscriber_is_waited_for_as_it_wishes() -> None:
    busy = Answer(status=503, error="busy", retry_after=HOUR)
    assert tried(busy).next_at - NOW == HOUR
    resting = sending.health(ENDPOINT, busy, now=NOW)
    assert sending.room(resting, now=NOW + HOUR / 2) == 0
    assert sending.room(resting, now=NOW + HOUR) == sending.CONCURRENCY


def test_gone_ends_the_endpoint_and_the_message_waits() -> None:
    gone = Answer(status=410, error="HTTP 410")
    ended = sending.health(ENDPOINT, gone, now=NOW)
    assert ended.standing is Standing.DISABLED
    assert "410" in ended.why
    assert sending.room(ended, now=NOW + 100 * HOUR) == 0
    assert tried(gone).state is State.PENDING


@pytest.mark.parametrize("answer", [DOWN, AWAY, Answer(status=404, error="HTTP 404")])
def test_72_hours_in_which_nothing_is_taken_end_it_too(answer: Answer) -> None:
    failing = sending.health(ENDPOINT, answer, now=NOW)
    assert sending.health(failing, answer, now=NOW + 71 * HOUR).standing is Standing.ACTIVE
    assert sending.health(failing, answer, now=NOW + 72 * HOUR).standing is Standing.DISABLED


def test_one_that_is_down_is_left_alone_for_a_while_and_then_asked_once() -> None:
    failing = ENDPOINT
    for _ in range(5):
        failing = sending.health(failing, DOWN, now=NOW)
    assert sending.room(failing, now=NOW) == 0
    assert sending.room(failing, now=NOW + timedelta(seconds=10)) == 1
    well = sending.health(failing, Answer(status=200), now=NOW)
    assert (sending.room(well, now=NOW), well.failing_since, well.delivered) == (4, None, 1)


def test_one_that_says_no_to_a_message_is_no_outage() -> None:
    refusing = ENDPOINT
    for _ in range(9):
        refusing = sending.health(refusing, Answer(status=400, error="HTTP 400"), now=NOW)
    assert sending.room(refusing, now=NOW) == sending.CONCURRENCY


def test_a_paused_endpoint_stays_so_whatever_comes_back() -> None:
    paused = replace(ENDPOINT, standing=Standing.PAUSED)
    assert sending.health(paused, Answer(status=410), now=NOW).standing is Standing.PAUSED
