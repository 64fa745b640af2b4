"""The nearest breach goes first (D7), by what tickets are while their deliveries wait and not by what they were then."""

from collections.abc import Iterator

import pytest

from gateway.domain.model import Delivery, DeliveryState
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.domain.queueing import UNDATED
from gateway.flows import deliver
from gateway.store.db import Database
from tests.flows.scenes.stage import MINUTE, Stage

ROOM = {"dsk_customer": 9, "dsk_vendor": 9}


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Two tickets, one older than the other."""
    url = "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("migrated_postgres"))
    database = Database(url)
    found = Stage("customer>vendor", database=database)
    found.open()
    found.open()
    yield found
    database.close()


def hear(stage: Stage) -> None:
    """What the desks tell is judged, and nothing is sent."""
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()


def say(stage: Stage) -> list[str]:
    """Somebody says something about each ticket, the older one first, and it waits; the tickets' ids at the customer."""
    tickets = [str(doc["id"]) for doc in stage.docs("customer")]
    for ticket in tickets:
        stage.person("customer").comment(ticket, f"about {ticket}")
        hear(stage)
        stage.hub.clock.advance(MINUTE)
    return tickets


def raise_(stage: Stage, ticket: str) -> None:
    stage.person("customer").set(ticket, "priority", "urgent")
    hear(stage)


def claim(stage: Stage) -> list[deliver.Errand]:
    return deliver.claim(stage.hub.context, now=stage.hub.now, worker="w", capacity=ROOM)


def waiting(stage: Stage) -> list[Delivery]:
    return [one for one in stage.deliveries("vendor") if one.state is not DeliveryState.DONE]


def test_a_ticket_that_is_raised_while_it_waits_goes_before_older_ones(stage: Stage) -> None:
    older, newer = say(stage)
    assert [one.urgency for one in waiting(stage)] == [2, 2]

    raise_(stage, newer)

    texts = [one.command.comment.text for one in claim(stage) if one.command and one.command.comment]
    assert [text.partition("\n\n")[2] for text in texts] == [f"about {newer}", f"about {older}"]
    assert [one.urgency for one in waiting(stage)] == [2, 0, 0], "the older, the newer, its new priority"
    assert {one.urgency for one in stage.deliveries("vendor") if one not in waiting(stage)} == {2}


def test_what_a_worker_has_in_its_hands_presses_too_when_it_comes_back(stage: Stage) -> None:
    _, newer = say(stage)
    claimed = claim(stage)

    raise_(stage, newer)
    failed = Verdict(outcome=OutcomeClass.NOT_APPLIED, reason=Ground.UNREACHABLE, message="no")
    came = [
        deliver.Outcome(errand=one, at=stage.hub.now, command=one.command, verdict=failed) for one in claimed
    ]
    deliver.settle(stage.hub.context, came, now=stage.hub.now)

    assert [(one.urgency, one.state) for one in waiting(stage)] == [
        (2, DeliveryState.PENDING),
        (0, DeliveryState.PENDING),
        (0, DeliveryState.PENDING),
    ]


def test_an_offer_that_is_answered_presses_no_longer_by_its_answer(stage: Stage) -> None:
    say(stage)
    offered = waiting(stage)
    assert all(one.due_at is not None and one.due_at < one.created_at + UNDATED for one in offered)

    stage.person("vendor").set(str(stage.docs("vendor")[0]["id"]), "status", "open")
    hear(stage)

    first, second = (one for one in waiting(stage) if one.id in {known.id for known in offered})
    assert first.due_at == first.created_at + UNDATED
    assert second.due_at == offered[1].due_at
