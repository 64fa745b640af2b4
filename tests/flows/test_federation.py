"""The route that a ticket brings from another gateway: a ring is seen, the hop limit counts over all hubs, nonsense is left out."""

from dataclasses import replace

import pytest

from gateway.domain.marks import route_mark
from gateway.domain.tmf621.federation import NAME, characteristic
from tests.flows.api_desk import ApiStage

ELSEWHERE = [f"{number:016x}" for number in range(8)]


def pushed(route: object) -> tuple[ApiStage, list[str]]:
    """A ticket that came over these desks, and what became of it here."""
    stage = ApiStage("customer")
    stage.push(troubleTicketCharacteristic=[characteristic({"route": route})])
    return stage, stage.happened()


def test_a_ticket_is_offered_on_and_its_route_goes_with_it() -> None:
    stage, events = pushed(ELSEWHERE[:3])
    assert "assignment.offered" in events
    root, below = stage.hop("customer"), stage.hop("vendor")
    assert (list(root.route[:3]), len(root.route), len(below.route)) == (ELSEWHERE[:3], 4, 5)


def test_a_ticket_does_not_come_back_to_a_desk_it_came_from() -> None:
    salt = ApiStage("customer").hub.context.directory_now.salt
    _, events = pushed([*ELSEWHERE[:2], route_mark(salt, "dsk_vendor"), ELSEWHERE[3]])
    assert "assignment.offered" not in events
    assert "assignment.refused" in events


def test_the_hop_limit_counts_over_all_hubs() -> None:
    _, events = pushed(ELSEWHERE)
    assert "assignment.offered" not in events


@pytest.mark.parametrize("route", ["0123456789abcdef", [7, None, "x", "north-rt"], {"a": 1}, None, [["a"]]])
def test_what_is_no_route_is_left_out(route: object) -> None:
    stage, events = pushed(route)
    assert "assignment.offered" in events
    assert len(stage.hop("customer").route) == 1


def test_what_another_caller_of_the_same_party_does_is_not_the_gateways_own() -> None:
    stage, _ = pushed(ELSEWHERE[:2])
    stage.patch({"priority": "low"})
    gateway, stage.caller = stage.caller, replace(stage.caller, name="Their Shop System")
    stage.patch({"priority": "critical"})

    def yours() -> list[tuple[str, bool]]:
        [said] = [one["value"] for one in stage.shown()["troubleTicketCharacteristic"] if one["name"] == NAME]
        return [(one["who"], one["yours"]) for one in said["changes"] if one["field"] == "priority"]

    assert yours() == [("Their System", False), ("Their Shop System", True)]
    stage.caller = gateway
    assert yours() == [("Their System", True), ("Their Shop System", False)]
