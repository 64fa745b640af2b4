"""Who sees what of a chain: each party its own hops and how its neighbours stand, nobody a stranger's ticket."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.model import DeliveryState
from gateway.flows import keys
from gateway.flows.context import OPERATOR
from gateway.flows.permissions import Open, needed
from tests.api import house
from tests.api.house import Chain, Doors


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    """On both databases."""
    return either


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


@pytest.fixture
def north(gateway: Gateway) -> dict[str, str]:
    return house.key(gateway, "north")


@pytest.fixture
def south(gateway: Gateway) -> dict[str, str]:
    return house.key(gateway, "south")


@pytest.fixture
def operator(gateway: Gateway) -> dict[str, str]:
    return house.key(gateway)


PAGES = ("/hooks/", "/tickets/", "/reports/", "/openapi.json", "/problems/")
"""What shows itself to people, or has a guard of its own."""


def paths(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """The method and the address of every door of the application but pages (tests/web asks those), routers within routers included."""
    for route in routes:
        inner = getattr(route, "original_router", route)
        if hasattr(inner, "routes"):
            yield from paths(inner.routes)
        elif not route.path.startswith(PAGES) and not isinstance(
            needed(min(route.methods), route.path), Open
        ):
            path = route.path.replace("{ticket_id}", "tkt_1").replace("{delivery_id}", "dlv_1")
            yield min(route.methods), path


def test_every_door_but_hooks_and_health_asks_for_a_key(doors: Doors, chain: Chain, gateway: Gateway) -> None:
    revoked = house.key(gateway)
    for known in keys.listed(gateway.context, OPERATOR):
        keys.revoke(gateway.context, known.id, actor="test", now=utc_now())
    asked = sorted(paths(doors.app.routes))
    assert {"/v1/tickets", "/v1/tickets/tkt_1", "/v1/deliveries", "/metrics"} <= {path for _, path in asked}
    for method, path in asked:
        for headers in ({}, revoked, {"authorization": "Bearer fgw_live_x"}, {"authorization": "Basic eDp5"}):
            answer = doors.send(method, path, headers=headers)
            assert (answer.status, answer.code) == (401, "IDK-1404"), path
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_operator_sees_the_whole_chain(doors: Doors, chain: Chain, operator: dict[str, str]) -> None:
    told = doors.send("GET", f"/v1/tickets/{chain.ticket}", headers=operator).document
    assert {hop["desk"]: hop["status"] for hop in told["hops"]} == {
        "north": "acknowledged",
        "south": "offered",
    }
    assert {event["type"] for event in told["events"]} >= {"ticket.opened", "assignment.offered"}
    assert told["neighbours"] == []


def test_an_organization_sees_its_own_hop_and_how_its_neighbour_stands(
    doors: Doors, chain: Chain, south: dict[str, str]
) -> None:
    answer = doors.send("GET", f"/v1/tickets/{chain.ticket}", headers=south)
    told = answer.document
    assert [hop["id"] for hop in told["hops"]] == [chain.hops["south"]]
    assert {event["hop_id"] for event in told["events"]} == {chain.hops["south"]}
    assert [(one["side"], one["organization"], one["status"]) for one in told["neighbours"]] == [
        ("upstream", "north", "acknowledged")
    ]
    assert set(told["neighbours"][0]) == {"side", "organization", "status", "offered_at"}
    for secret in (house.PRIVATE, "T-1", "127.0.0.1:9/tickets/1", "ticket.opened", 'facts":{"x'):
        assert secret not in answer.body.decode()


@pytest.mark.parametrize("what", ["a stranger's ticket", "no ticket"])
def test_a_strangers_ticket_is_no_ticket(
    doors: Doors, chain: Chain, south: dict[str, str], north: dict[str, str], what: str
) -> None:
    name = chain.stayed if what == "a stranger's ticket" else "tkt_never"
    answer = doors.send("GET", f"/v1/tickets/{name}", headers=south)
    assert (answer.status, answer.code) == (404, "IDK-1401")
    assert answer.document["detail"] == "there is no such ticket"
    assert doors.send("GET", f"/v1/tickets/{chain.stayed}", headers=north).status == 200


def test_the_list_holds_what_is_yours_and_goes_on_where_it_ended(
    doors: Doors, chain: Chain, south: dict[str, str], operator: dict[str, str]
) -> None:
    assert [one["id"] for one in doors.send("GET", "/v1/tickets", headers=south).document["tickets"]] == [
        chain.ticket
    ]

    first = doors.send("GET", "/v1/tickets?limit=1", headers=operator).document
    second = doors.send("GET", f"/v1/tickets?limit=1&cursor={first['next']}", headers=operator).document
    assert [one["id"] for page in (first, second) for one in page["tickets"]] == [chain.stayed, chain.ticket]
    last = doors.send("GET", f"/v1/tickets?limit=1&cursor={second['next']}", headers=operator).document
    assert last == {"tickets": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=many", "cursor=" + "x" * 401])
def test_a_parameter_that_makes_no_sense_is_told(doors: Doors, operator: dict[str, str], query: str) -> None:
    answer = doors.send("GET", f"/v1/tickets?{query}", headers=operator)
    assert (answer.status, answer.code) == (422, "IDK-1403")
    assert query.partition("=")[0] in answer.document["detail"]


def test_a_delivery_is_seen_by_the_side_it_is_written_to(
    doors: Doors, chain: Chain, south: dict[str, str], north: dict[str, str]
) -> None:
    (found,) = doors.send("GET", "/v1/deliveries?state=pending&state=parked", headers=south).document[
        "deliveries"
    ]
    assert (found["kind"], found["desk"], found["ticket_id"]) == ("create", "south", chain.ticket)
    assert doors.send("GET", "/v1/deliveries", headers=north).document == {"deliveries": [], "next": None}
    whole = doors.send("GET", f"/v1/deliveries/{found['id']}", headers=south).document
    assert whole["tries"] == []
    assert doors.send("GET", f"/v1/deliveries/{found['id']}", headers=north).status == 404
    for state in DeliveryState:
        listed = doors.send("GET", f"/v1/deliveries?state={state.value}", headers=south).document[
            "deliveries"
        ]
        assert len(listed) == (state is DeliveryState.PENDING)
    assert doors.send("GET", "/v1/deliveries?state=lost", headers=south).status == 422
