"""What the gateway recorded, as the clocks read it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.model import ActorKind, Event, Hop, HopStatus, Source
from gateway.domain.sla.history import records_of
from gateway.domain.sla.terms import Record

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHAIN = {"customer": None, "vendor": "customer", "partner": "vendor"}


def _hop(name: str, parent: str | None) -> Hop:
    return Hop(
        id=name, org_id=name, ticket_id="T", desk_id=f"dsk_{name}", parent_id=parent, status=HopStatus.IN_PROGRESS,
        created_at=NINE,
    )  # fmt: skip


HOPS = [_hop(name, parent) for name, parent in CHAIN.items()]


def _event(number: int, kind: str, hop: str, data: Mapping[str, Any] | None = None, **more: Any) -> Event:
    return Event(
        id=f"e{number}", org_id="vendor", ticket_id="T", type=kind, hop_id=hop, data=data or {},
        observed_at=NINE + timedelta(minutes=number), **more,
    )  # fmt: skip


def _arrived_at_vendor(**said: Any) -> Record:
    """How the clocks read that a comment of the partner's reached the vendor's desk."""
    told = {"audience": ["vendor", "customer"], "visibility": "public", **said.pop("data", {})}
    by = {"source": Source.HISTORY, "actor_kind": ActorKind.PERSON, **said}
    events = [
        _event(0, "ticket.opened", "customer"),
        _event(1, "comment.added", by.pop("hop", "partner"), told, **by),
        _event(2, "news.delivered", "vendor", {"kind": "comment"}, cause_id="e1"),
    ]
    return next(one for one in records_of(HOPS, events) if one.id == "e2")


def test_r13_what_a_person_below_said_counts_where_it_arrives() -> None:
    found = _arrived_at_vendor()
    assert (found.data["public"], found.data["by"], found.data["automatic"]) == (True, "provider", False)


@pytest.mark.parametrize(
    "said",
    [
        {"data": {"audience": ["vendor"]}},
        {"actor_kind": ActorKind.AUTOMATION},
        {"hop": "customer", "data": {"audience": ["vendor", "partner"]}},
    ],
    ids=["not read by the customer", "by a machine", "by the customer"],
)
def test_r13_what_is_no_word_of_the_provider_to_its_consumer_counts_for_nothing(said: dict[str, Any]) -> None:
    assert "public" not in _arrived_at_vendor(**said).data


def test_r2_what_nothing_led_to_follows_from_the_tickets_arrival_at_the_hop() -> None:
    events = [
        _event(0, "ticket.opened", "customer"),
        _event(1, "assignment.offered", "vendor", cause_id="e0"),
        _event(2, "assignment.received", "vendor"),
        _event(3, "status.changed", "vendor", {"to": "in_progress"}),
        _event(4, "status.changed", "customer", {"to": "in_progress"}),
    ]
    causes = {one.id: one.cause for one in records_of(HOPS, events)}
    assert causes == {"e0": None, "e1": "e0", "e2": "e1", "e3": "e2", "e4": "e0"}


@pytest.mark.parametrize(("told", "by"), [({}, "provider"), ({"by_requester": True}, "consumer")])
def test_r13_a_comment_of_the_people_the_desk_works_for_is_the_consumers(
    told: dict[str, Any], by: str
) -> None:
    said = _event(1, "comment.added", "customer", {"visibility": "public", **told}, source=Source.HISTORY)
    found = [
        one for one in records_of(HOPS, [_event(0, "ticket.opened", "customer"), said]) if one.id == "e1"
    ]
    assert [one.data["by"] for one in found] == [by]


def test_r2_a_desk_is_in_a_state_no_earlier_than_in_the_one_before() -> None:
    """A desk without history tells no time of the first, and whole seconds of the second: seen 5 ms after the look began."""
    events = [
        _event(0, "ticket.opened", "customer"),
        _event(1, "status.changed", "customer", {"to": "in_progress"}, source=Source.DIFFERENCE),
        _event(2, "status.changed", "customer", {"to": "in_progress"}, cause_id="e9"),
        _event(3, "status.changed", "customer", {"to": "resolved"}, source=Source.DIFFERENCE),
    ]
    causes = {one.id: one.cause for one in records_of(HOPS, events)}
    assert (causes["e1"], causes["e3"]) == ("e0", "e1")
