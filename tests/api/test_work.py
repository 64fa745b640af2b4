"""`/v1/work` and `/v1/worklists`: lines and lists behind a key, as the caller's side reads them, on both databases."""

from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows import commands
from gateway.flows.commands import Order
from tests.api import house
from tests.api.house import Answer, Chain, Doors

CANARY = "CANARY-4711"


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    found = house.open_chain(gateway)
    commands.accept(gateway.context, found.hops["south"], Order(actor="sam", now=utc_now()))
    return found


@pytest.fixture
def keys(gateway: Gateway) -> dict[str, dict[str, str]]:
    return {code: house.key(gateway, code) for code in ("north", "south")} | {"operator": house.key(gateway)}


def post(doors: Doors, path: str, headers: dict[str, str], **document: Any) -> Answer:
    told = {**headers, "content-type": "application/json"}
    return doors.send("POST", path, body=orjson.dumps(document), headers=told)


def line(chain: Chain, **more: Any) -> dict[str, Any]:
    plain = {
        "hop_id": chain.hops["south"],
        "kind": "labour",
        "amount": "90",
        "unit": "minutes",
        "at": utc_now().isoformat(),
    }
    return plain | {"money": "80.50", "currency": "EUR", "text": CANARY} | more


def test_a_line_is_logged_by_one_side_and_decided_by_the_other(
    doors: Doors, chain: Chain, keys: dict[str, dict[str, str]]
) -> None:
    made = post(doors, "/v1/work", keys["south"], **line(chain))
    assert (made.status, made.document["money"], made.document["state"]) == (201, "80.50", "logged")
    path = f"/v1/work/{made.document['id']}"

    own = post(doors, path, keys["south"], verdict="accepted")
    assert (own.status, own.code) == (409, "IDK-1402")
    waiting = doors.send("GET", "/v1/worklists/hours-to-approve", headers=keys["north"]).document
    assert [one["what"] for one in waiting["items"]] == ["south: labour 90 minutes, 80.50 EUR"]
    assert doors.send("GET", "/v1/worklists/hours-to-approve", headers=keys["south"]).document["items"] == []
    assert post(doors, path, keys["north"], verdict="disputed").status == 409
    disputed = post(doors, path, keys["north"], verdict="disputed", reason="too long")
    assert (disputed.status, disputed.document["reason"]) == (200, "too long")
    assert post(doors, path, keys["north"], verdict="accepted").document["state"] == "accepted"
    assert doors.send("GET", path, headers=keys["south"]).document["state"] == "accepted"
    for headers in keys.values():
        listed = doors.send("GET", "/v1/work?state=accepted", headers=headers).document
        assert [one["text"] for one in listed["lines"]] == [CANARY]


def test_a_line_between_others_is_none(
    doors: Doors, gateway: Gateway, chain: Chain, keys: dict[str, dict[str, str]]
) -> None:
    made = post(doors, "/v1/work", keys["south"], **line(chain)).document["id"]
    with gateway.database.write() as db:
        db.exec_driver_sql("UPDATE work_line SET org_id = 'org_x', consumer = 'org_y'")
    for code in ("north", "south"):
        assert doors.send("GET", "/v1/work", headers=keys[code]).document == {"lines": [], "next": None}
        for answer in (
            doors.send("GET", f"/v1/work/{made}", headers=keys[code]),
            post(doors, f"/v1/work/{made}", keys[code], verdict="accepted"),
            doors.send("GET", "/v1/worklists/hours-to-approve", headers=keys[code]),
        ):
            assert answer.status == 404 or answer.document["items"] == []
            assert CANARY not in answer.body.decode()
    assert post(doors, "/v1/work", keys["north"], **line(chain)).status == 404, "not at another's assignment"


def test_no_other_door_shows_an_amount_of_a_line(
    doors: Doors, chain: Chain, keys: dict[str, dict[str, str]]
) -> None:
    post(doors, "/v1/work", keys["south"], **line(chain))
    for headers in keys.values():
        for path in ("/v1/tickets", f"/v1/tickets/{chain.ticket}", "/v1/deliveries"):
            body = doors.send("GET", path, headers=headers).body.decode()
            assert [secret for secret in (CANARY, "80.50") if secret in body] == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"amount": "-90"}, 422),
        ({"amount": "90.5"}, 422),
        ({"kind": "labor"}, 422),
        ({"at": "2026-01-01T10:00:00"}, 422),
        ({"currency": ""}, 422),
        ({"rate": "12"}, 422),
        ({"hop_id": "hop_none"}, 404),
        ({"at": "2001-01-01T10:00:00+00:00"}, 422),
    ],
)
def test_a_line_that_cannot_be_is_refused(
    doors: Doors, chain: Chain, keys: dict[str, dict[str, str]], more: dict[str, str], status: int
) -> None:
    answer = post(doors, "/v1/work", keys["south"], **line(chain, **more))
    assert answer.status == status, answer.body
    assert answer.code.startswith("IDK-14")
    assert doors.send("GET", "/v1/work", headers=keys["south"]).document["lines"] == []


def test_a_list_goes_on_where_it_ended(doors: Doors, chain: Chain, keys: dict[str, dict[str, str]]) -> None:
    for amount in ("10", "20", "30"):
        post(doors, "/v1/work", keys["south"], **line(chain, amount=amount))
    path = "/v1/worklists/hours-to-approve?limit=2"
    first = doors.send("GET", path, headers=keys["north"]).document
    second = doors.send("GET", f"{path}&cursor={first['next']}", headers=keys["north"]).document
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]
    newest = doors.send("GET", "/v1/work?limit=2", headers=keys["north"]).document
    older = doors.send("GET", f"/v1/work?limit=2&cursor={newest['next']}", headers=keys["north"]).document
    assert [one["amount"] for one in (*newest["lines"], *older["lines"])] == ["30", "20", "10"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/worklists/hours", (404, "IDK-1401")),
        ("/v1/worklists/at-risk?cursor=x", (422, "IDK-1403")),
        ("/v1/worklists/at-risk?limit=0", (422, "IDK-1403")),
    ],
)
def test_no_such_list_and_no_such_place(
    doors: Doors, chain: Chain, keys: dict[str, dict[str, str]], path: str, told: tuple[int, str]
) -> None:
    answer = doors.send("GET", path, headers=keys["north"])
    assert (answer.status, answer.code) == told
