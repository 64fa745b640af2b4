"""What every door does: a request with an Idempotency-Key is done once, requests are counted, compressed bodies are not taken."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows import repeats
from gateway.flows.keys import principal
from gateway.flows.principal import Principal
from gateway.flows.quotas import Meter
from gateway.store import keys as key_store
from gateway.store import repeats as store
from gateway.store.scope import Scope
from tests.api import house
from tests.api.house import Answer, Doors

REASON = {"reason": "stop"}


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


def post(doors: Doors, path: str, key: dict[str, str], once: str, **document: object) -> Answer:
    told = {**key, "content-type": "application/json", "idempotency-key": once}
    return doors.send("POST", path, body=orjson.dumps(document), headers=told)


def test_a_request_is_done_once_and_answered_alike(gateway: Gateway, doors: Doors) -> None:
    north, south = house.key(gateway, "north"), house.key(gateway, "south")
    offer = {"desk": "north", "role": "upstream", "to": "south"}
    first = post(doors, "/v1/links/invitations", north, "one", **offer)
    again = post(doors, "/v1/links/invitations", north, "one", **offer)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (
        None,
        "true",
    )
    assert len(doors.send("GET", "/v1/links", headers=north).document["invitations"]) == 1
    with gateway.database.read() as db:
        [row] = db.execute(store.ANSWER.select()).all()
    assert first.document["code"] not in row.sealed

    other = post(doors, "/v1/links/invitations", north, "one", desk="north", role="upstream")
    assert (other.status, other.code) == (422, "IDK-1411")
    elsewhere = post(doors, "/v1/links/north-south/pause", north, "one", **REASON)
    assert (elsewhere.status, elsewhere.code) == (422, "IDK-1411")
    assert post(doors, "/v1/links/north-south/pause", south, "one", **REASON).status == 200

    refused = [post(doors, "/v1/links/look", south, "two", code="no") for _ in range(2)]
    assert [one.status for one in refused] == [404, 404]
    assert refused[1].headers["idempotency-replayed"] == "true"
    assert post(doors, "/v1/links/look", south, "x" * 201, code="no").code == "IDK-1403"
    assert doors.send("POST", "/v1/links/look", headers={"idempotency-key": "two"}).status == 401


def test_what_is_under_way_is_not_begun_again_until_it_is_forgotten(gateway: Gateway, doors: Doors) -> None:
    north = house.key(gateway, "north")
    with gateway.database.read() as db:
        found = gateway.context.directory(db).organizations
    org_id = next(one.id for one in found.values() if one.code == "north")
    body = orjson.dumps(REASON)
    who = _caller(gateway, org_id)
    asked = repeats.request_of(who, "one", ("POST", "/v1/links/north-south/pause", body))
    assert repeats.begin(gateway.context, gateway.vault, asked, now=utc_now()) is None
    answer = post(doors, "/v1/links/north-south/pause", north, "one", **REASON)
    assert (answer.status, answer.code) == (409, "IDK-1410")

    pruner = repeats.Pruner(
        context=gateway.context, now=lambda: utc_now() + repeats.KEPT - timedelta(minutes=1)
    )
    assert pruner.run() == 0
    pruner = repeats.Pruner(
        context=gateway.context, now=lambda: utc_now() + repeats.KEPT + timedelta(minutes=1)
    )
    assert pruner.run() == 1
    assert post(doors, "/v1/links/north-south/pause", north, "one", **REASON).status == 200


def _caller(gateway: Gateway, org_id: str) -> Principal:
    with gateway.database.read() as db:
        return principal(key_store.listed(db, Scope.of(org_id))[0])


def test_requests_are_counted_over_all_processes(gateway: Gateway) -> None:
    north = house.key(gateway, "north")
    assert north
    with gateway.database.read() as db:
        org_id = next(
            one.id for one in gateway.context.directory(db).organizations.values() if one.code == "north"
        )
    who, now = _caller(gateway, org_id), utc_now().replace(second=30, microsecond=0)
    meters = [Meter(context=gateway.context, most=40) for _ in range(2)]
    readings = [meters[number % 2].count(who, now=now) for number in range(50)]
    taken = [one for one in readings if one is not None and not one.is_over]
    assert len(taken) == 40
    assert (taken[0].left, taken[0].again, readings[-1].left) == (39, 30, 0)  # type: ignore[union-attr]
    fresh = meters[0].count(who, now=now + timedelta(seconds=30))
    assert fresh is not None
    assert (fresh.left, fresh.is_over, fresh.again) == (39, False, 60)
    assert Meter(context=gateway.context, most=0).count(who, now=now) is None


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Doors]:
    with house.installed(tmp_path) as opened:
        object.__setattr__(opened, "settings", opened.settings.model_copy(update={"rate_per_minute": 3}))
        with Doors(opened) as doors:
            doors.key = house.key(opened)  # type: ignore[attr-defined]
            yield doors


def test_who_asks_too_often_is_told_when_to_come_again(slow: Doors) -> None:
    key = slow.key  # type: ignore[attr-defined]
    answers = [slow.send("GET", path, headers=key) for path in ("/v1/sites", "/v1/sites/x", "/v1/links")]
    if answers[-1].headers["ratelimit"].startswith('"default";r=0'):  # no minute ended meanwhile
        last = slow.send("GET", "/v1/sites", headers=key)
        assert (last.status, last.code) == (429, "IDK-1414")
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert last.headers["ratelimit"].startswith('"default";r=0;t=')
    assert [one.headers["ratelimit-policy"] for one in answers] == ['"default";q=3;w=60'] * 3
    assert slow.send("GET", "/v1/sites").status == 401


def test_t9_compressed_bodies_are_not_taken(gateway: Gateway, doors: Doors) -> None:
    told = {**house.key(gateway), "content-type": "application/json", "content-encoding": "gzip"}
    answer = doors.send("POST", "/v1/links/look", body=b"\x1f\x8b", headers=told)
    assert (answer.status, answer.code) == (415, "IDK-1104")
