"""`/v1/webhooks` on both databases: each organization has its own, a secret is told once, and what is told stands in the tables
as ids only."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.linking import Act
from gateway.domain.webhooks.model import Answer as Answered
from gateway.flows import links
from gateway.flows.context import OPERATOR
from gateway.flows.link_steps import By
from gateway.flows.rotation import reseal
from gateway.flows.webhooks import sending
from gateway.store import audit, webhook_endpoints, webhooks
from gateway.vault import new_entry, ring
from tests.api import house
from tests.api.house import Answer, Doors

URL = "https://hooks.example/in"


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


@pytest.fixture
def keys(gateway: Gateway) -> dict[str, dict[str, str]]:
    return {code: house.key(gateway, code) for code in ("north", "south")} | {"operator": house.key(gateway)}


def post(doors: Doors, path: str, headers: Mapping[str, str], **document: Any) -> Answer:
    told = {**headers, "content-type": "application/json"}
    return doors.send("POST", f"/v1/webhooks{path}", body=orjson.dumps(document), headers=told)


def get(doors: Doors, path: str, headers: Mapping[str, str]) -> Answer:
    return doors.send("GET", f"/v1/webhooks{path}", headers=headers)


def claim(gateway: Gateway) -> list[sending.Parcel]:
    return sending.claim(gateway.context, source="https://gateway.example", now=utc_now(), busy={})


def test_the_life_of_a_webhook(gateway: Gateway, doors: Doors, keys: dict[str, dict[str, str]]) -> None:
    north, south = keys["north"], keys["south"]
    made = post(doors, "", north, organization="north", code="pager", url=URL)
    assert (made.status, made.document["secret"][:6], made.document["health"]) == (201, "whsec_", "untried")
    assert "secret" not in get(doors, "/pager", north).document

    for path in ("/pager", "/pager/messages", f"/{made.document['id']}"):
        assert get(doors, path, south).status == 404
    assert get(doors, "", south).document == {"webhooks": []}
    assert post(doors, "/pager/pause", south).status == 404
    assert post(doors, "", south, organization="north", code="x", url=URL).status == 404
    assert post(doors, "", north, organization="north", code="pager", url=URL).code == "IDK-1402"
    assert post(doors, "", north, organization="north", code="x", url="no address").status == 422
    assert post(doors, "", north, organization="north", code="x", url=URL, events=["no.such"]).status == 422
    inside = post(doors, "", north, organization="north", code="x", url=URL, allow_private_network=True)
    assert inside.code == "IDK-1402"

    house.open_chain(gateway)
    kinds = [one["kind"] for one in get(doors, "/pager/messages", north).document["messages"]]
    assert {"ticket.opened", "assignment.changed"} <= set(kinds)
    with gateway.database.read() as db:
        kept = repr([dict(row) for row in db.execute(webhooks.MESSAGE.select()).mappings()])
    assert house.PRIVATE not in kept
    assert "till" not in kept

    [parcel] = claim(gateway)
    assert claim(gateway) == []
    assert sending.settle(gateway.context, parcel, Answered(status=200, took_ms=4), now=utc_now())
    one = get(doors, f"/pager/messages/{parcel.message.id}", north).document
    assert (one["state"], [tried["status"] for tried in one["attempts"]]) == ("done", [200])
    assert get(doors, "/pager", north).document["health"] == "well"

    again = post(doors, "/pager/replay", north, message=parcel.message.id)
    assert again.document == {"count": 1}
    assert post(doors, "/pager/replay", north).status == 422
    assert [one.message.id for one in claim(gateway)] == [parcel.message.id]

    assert post(doors, "/pager/pause", north, reason="moving house").document["standing"] == "paused"
    assert post(doors, "/pager/test", north).status == 202
    assert claim(gateway) == []
    assert post(doors, "/pager/resume", north).document["standing"] == "active"
    assert [one.message.kind for one in claim(gateway)] == ["webhook.test"]

    rotated = post(doors, "/pager/rotate", north, scheme="v1a", overlap=60).document["secret"]
    assert rotated.startswith("whpk_")
    assert [one["scheme"] for one in get(doors, "/pager", north).document["secrets"]] == ["v1a", "v1"]

    removed = doors.send("DELETE", "/v1/webhooks/pager", headers=north)
    assert (removed.status, get(doors, "/pager", north).status) == (200, 404)
    with gateway.database.read() as db:
        told = [one["action"] for one in audit.entries(db, OPERATOR, subject=made.document["id"])]
    assert told[::-1] == [
        *("webhook added", "webhook replayed", "webhook paused"),
        *("webhook resumed", "webhook secret rotated", "webhook removed"),
    ]


def test_what_happens_to_a_link_is_told_to_both_sides_without_who_and_why(
    gateway: Gateway, doors: Doors, keys: dict[str, dict[str, str]]
) -> None:
    for code in ("north", "south"):
        assert post(doors, "", keys[code], organization=code, code=f"{code}-hook", url=URL).status == 201
    by = By(party=None, actor="maria", now=utc_now())
    links.move(gateway.context, "north-south", Act.PAUSE, "they owe us money", by)

    told = {parcel.webhook.code: parcel.document for parcel in claim(gateway)}
    assert sorted(told) == ["north-hook", "south-hook"]
    for document in told.values():
        assert document is not None
        assert document["data"] == {"link": "north-south", "act": "pause", "from": "active", "to": "paused"}


def test_a_secret_is_sealed_and_sealed_again_with_the_ring(
    gateway: Gateway, doors: Doors, keys: dict[str, dict[str, str]]
) -> None:
    secret = post(doors, "", keys["north"], organization="north", code="a", url=URL).document["secret"]
    with gateway.database.read() as db:
        [before] = webhook_endpoints.every(db, OPERATOR).values()
    assert secret.removeprefix("whsec_") not in repr(before)
    entries = ",".join([new_entry("k9"), *_entries(gateway)])

    assert reseal(gateway.context, ring(entries), actor="maria", now=utc_now()) >= 1
    with gateway.database.read() as db:
        [after] = webhook_endpoints.every(db, OPERATOR).values()
    place = webhook_endpoints.place(after.org_id, after.id)
    assert after.sealed_secrets != before.sealed_secrets
    assert ring(entries).open(after.sealed_secrets, place) == f'["{secret}"]'


def _entries(gateway: Gateway) -> list[str]:
    return (gateway.settings.data_dir / "keys").read_text().split()
