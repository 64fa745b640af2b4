"""Every route has a row in the table of permissions, asks who calls, and refuses who may not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from gateway import app as wiring
from gateway.api import deps
from gateway.app import Gateway
from gateway.domain.permissions import ALL, Permission, Role, of_role, with_what_follows
from gateway.flows import keys
from gateway.flows.permissions import NEEDS, Open, needed
from gateway.store.scope import Scope
from gateway.web import asking
from tests.api import house
from tests.api.house import Doors

ASKING = {deps.caller, asking.visitor}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("permissions")
    with house.installed(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        yield opened


def routes(doors: Doors) -> Iterator[tuple[str, str, Any]]:
    for one in iter_route_contexts(doors.app.routes):
        for method in one.methods or ():
            if method != "HEAD":
                yield method, str(one.path), one


def asks(dependant: Dependant) -> bool:
    return any(one.call in ASKING or asks(one) for one in dependant.dependencies)


def test_every_route_has_a_row_and_every_row_a_route(doors: Doors) -> None:
    assert {(method, path) for method, path, _ in routes(doors)} == set(NEEDS)


def test_a_route_that_needs_something_asks_who_calls_and_no_other_does(doors: Doors) -> None:
    wrong = [
        (method, path)
        for method, path, one in routes(doors)
        if isinstance(needed(method, path), Permission) != asks(one.dependant)
    ]
    assert wrong == []


def test_the_path_that_is_looked_up_is_the_one_that_is_declared(doors: Doors) -> None:
    assert [one for _, path, one in routes(doors) if one.original_route.path != path] == []


def test_a_key_without_the_permission_is_refused_at_every_door(gateway: Gateway, doors: Doors) -> None:
    for need in Permission:
        others = tuple(one.value for one in ALL if need not in with_what_follows({one}))
        wanted = keys.Wanted(label="all but one", permissions=others)
        _, text = keys.create(gateway.context, wanted, actor="test", now=wiring.utc_now())
        for (method, path), said in NEEDS.items():
            if said is need:
                answer = doors.send(method, path, headers={"authorization": f"Bearer {text}"})
                page = not path.startswith(("/v1", "/metrics", "/tmf-api", "/mefApi"))
                assert answer.status == (401 if page else 403), path
                assert page or answer.code == "IDK-1408"


def test_t24_a_key_that_is_taken_back_stops_with_the_next_request(gateway: Gateway, doors: Doors) -> None:
    wanted = keys.Wanted(label="brief", permissions=("tickets:read",))
    key, text = keys.create(gateway.context, wanted, actor="test", now=wiring.utc_now())
    headers = {"authorization": f"Bearer {text}"}
    assert doors.send("GET", "/v1/tickets", headers=headers).status == 200
    keys.revoke(gateway.context, key.id, actor="test", now=wiring.utc_now())
    assert doors.send("GET", "/v1/tickets", headers=headers).status == 401


def test_a_key_is_refused_from_elsewhere(gateway: Gateway, doors: Doors) -> None:
    for network, status in (("127.0.0.0/8", 200), ("10.0.0.0/8", 401)):
        wanted = keys.Wanted(label="bound", networks=(network,))
        _, text = keys.create(gateway.context, wanted, actor="test", now=wiring.utc_now())
        told = {"authorization": f"Bearer {text}", "x-forwarded-for": "10.1.1.1"}
        assert doors.send("GET", "/v1/tickets", headers=told).status == status


def test_a_route_that_nobody_wrote_down_is_the_operators(
    gateway: Gateway, doors: Doors, monkeypatch: Any
) -> None:
    monkeypatch.delitem(NEEDS, ("GET", "/v1/tickets"))
    assert doors.send("GET", "/v1/tickets", headers=house.key(gateway)).status == 200
    assert doors.send("GET", "/v1/tickets", headers=house.key(gateway, "north")).status == 403


def test_roles_grow_and_only_the_operator_reads_metrics() -> None:
    assert of_role(Role.OPERATOR) == ALL
    assert all(of_role(role) < ALL for role in Role if role is not Role.OPERATOR)
    assert Scope.operator() != Scope.of("operator")
    assert {one for one in NEEDS.values() if isinstance(one, Open)} == set(Open)
