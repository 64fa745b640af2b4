"""A provider that lowers what it promised by waits for its consumer's word (R17)."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.model import Event, Site
from gateway.errors import NotFound, Refused
from gateway.flows import priorities, sla
from gateway.flows.commands import Order
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}
PROMISE: dict[str, Any] = {
    "code": "shop",
    "provider": "customer",
    "consumer": "customer",
    "kind": "sla",
    "calendar": "always",
    "starts_on": "opened",
    "targets": {"resolution": {"high": "4h", "low": "20h"}},
}


@pytest.fixture
def stage() -> Stage:
    """The desk where tickets begin promises something itself; the ticket is of high priority."""
    site = Site(id="sit_1", org_id="org_customer", code="MI-1")
    found = Stage("customer>vendor", cast=Cast(agreements=(PROMISE,), calendars=(ALWAYS,), sites=(site,)))
    found.open(priority="high", site="MI-1")
    return found


def order(stage: Stage, reason: str = "the shop can wait") -> Order:
    return Order(actor="ops", reason=reason, now=stage.hub.now)


def target(stage: Stage) -> timedelta | None:
    found = sla.read(stage.hub.context, stage.case.ticket.id, now=stage.hub.now)
    [clock] = [one for one in found.clocks if one.agreement == "shop"]
    return clock.target


def changed(stage: Stage) -> Event:
    return next(event for event in stage.events() if event.type == "priority.changed")


def test_r17_a_lowering_by_the_provider_counts_once_the_consumer_agrees(stage: Stage) -> None:
    stage.set("customer", "priority", "low")
    assert target(stage) == 4 * HOUR
    stage.wait(10 * MINUTE)
    effect = priorities.agree(stage.hub.context, changed(stage).id, order(stage))
    assert [clock.target for clock in effect.before] == [4 * HOUR]
    assert [clock.target for clock in effect.after] == [20 * HOUR]
    assert target(stage) == 20 * HOUR


def test_r17_a_raise_counts_at_once(stage: Stage) -> None:
    stage.set("customer", "priority", "low")
    priorities.agree(stage.hub.context, changed(stage).id, order(stage))
    stage.set("customer", "priority", "high")
    assert target(stage) == 4 * HOUR


def test_it_is_agreed_on_once_and_with_a_reason(stage: Stage) -> None:
    stage.set("customer", "priority", "low")
    event = changed(stage).id
    with pytest.raises(Refused, match="reason"):
        priorities.agree(stage.hub.context, event, order(stage, reason=""))
    priorities.agree(stage.hub.context, event, order(stage))
    with pytest.raises(Refused, match="already"):
        priorities.agree(stage.hub.context, event, order(stage))
    with pytest.raises(NotFound, match="no change of priority"):
        priorities.agree(stage.hub.context, stage.events()[0].id, order(stage))
