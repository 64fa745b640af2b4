"""`/sharing`: what a partner's client does, as it was recorded; and what nobody may do."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.desk_client import Asked
from gateway.domain.ticket_sharing import SCHEME, Standing
from gateway.flows.ticket_sharing import agreements
from gateway.store import ticket_sharing as store
from gateway.store.scope import Scope
from tests.api.house import Answer, Doors
from tests.connectors.nhd_world import KEY, TOKEN, UUID, World, body, world

TICKET = "ed46838bfb41461e4f3b16ba471162c8e2764260"
GEM = {"User-Agent": "Faraday v1.1.0", "Accept": "application/json", "Content-Type": "application/json"}
SIGNED = {**GEM, "X-Ticket-Sharing-Token": TOKEN}
RT = {"Content-Type": 'text/x-json; charset="UTF-8"', "X-Ticket-Sharing-Version": "1"}
CONVERSATIONS = Path(__file__).parent / "data" / "nhd_conversations.json"
_SHARED = Path(__file__).parents[3] / "shared/data/nhd"
RECORDED = Path(os.environ.get("INTERDESK_TEST_NHD", _SHARED)) / "wire.txt"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Doors]]:
    with world(tmp_path_factory.mktemp("nhd")) as opened, Doors(opened.gateway) as doors:
        yield opened, doors


@pytest.fixture(scope="module")
def agreed(here: tuple[World, Doors]) -> tuple[World, Doors]:
    opened, doors = here
    assert post(doors, f"/sharing/agreements/{UUID}", opened.invitation(), GEM).status == 201
    opened.partner.agreements[UUID] = opened.invitation()
    asyncio.run(opened.accept())
    return here


def send(doors: Doors, method: str, path: str, document: object, headers: dict[str, str]) -> Answer:
    return doors.send(method, path, body=body(document) if document is not None else b"", headers=headers)


def post(doors: Doors, path: str, document: object, headers: dict[str, str]) -> Answer:
    return send(doors, "POST", path, document, headers)


def kept(opened: World, uuid: str = TICKET) -> dict[str, Any]:
    """The ticket as the connector is told of it."""
    asked = Asked(desk_id=opened.desk.id, method="GET", path=f"/tickets/{uuid}", query={})
    told = opened.gateway.doors()[SCHEME](asked)
    assert isinstance(told.body, bytes)
    document = json.loads(told.body)
    return dict(document.get("ticket") or document)


def recorded() -> list[tuple[str, str, dict[str, str], bytes]]:
    """The reference client's own bytes."""
    lines = RECORDED.read_text().splitlines()
    found = []
    for head, text in zip(lines[::2], lines[1::2], strict=True):
        method, path, headers = head.split(" ", 2)
        found.append((method, path, json.loads(headers.replace("'", '"')), text.strip().encode()))
    return found


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recording is not here")
def test_the_recorded_traffic_of_the_reference_client(tmp_path: Path) -> None:
    with world(tmp_path) as opened, Doors(opened.gateway) as doors:
        theirs = "http://127.0.0.1:8623/sharing"
        calls = [
            (method, path, headers, told.replace(theirs.encode(), opened.url.encode()))
            for method, path, headers, told in recorded()
        ]
        invited, accepted, shared, updated, unshared = calls
        assert doors.send(*invited[:2], headers=invited[2], body=invited[3]).status == 201
        refused = doors.send(*accepted[:2], headers=accepted[2], body=accepted[3])
        assert refused.status == 422  # a sender does not accept its own invitation
        assert doors.send(*shared[:2], headers=shared[2], body=shared[3]).status == 403
        opened.partner.agreements[UUID] = opened.invitation()
        asyncio.run(opened.accept())
        for call, status in ((accepted, 200), (shared, 201), (updated, 200), (shared, 200), (updated, 200)):
            method, path, headers, told = call
            assert doors.send(method, path, headers=headers, body=told).status == status
        ticket = kept(opened)
        assert ticket["fields"]["subject"] == "S"
        assert (ticket["fields"]["tags"], ticket["number"], ticket["revision"]) == ("a", "12", 3)
        [comment] = ticket["comments"]
        assert (comment["text"], comment["public"], comment["at"]) == (
            "b",
            False,
            "2011-01-17T00:01:01+00:00",
        )
        assert ticket["files"][0]["url"] == "http://x/y.png"
        assert doors.send(*unshared[:2], headers=unshared[2], body=unshared[3]).status == 200
        assert doors.send(*updated[:2], headers=updated[2], body=updated[3]).status == 410


@pytest.mark.parametrize("one", json.loads(CONVERSATIONS.read_text()), ids=lambda one: one["name"])
def test_conversations_of_both_dialects(agreed: tuple[World, Doors], one: dict[str, Any]) -> None:
    opened, doors = agreed
    uuid = ""
    for step in one["steps"]:
        uuid = step["path"].rpartition("/")[2]
        headers = {**step["headers"], "X-Ticket-Sharing-Token": TOKEN}
        answer = send(doors, step["method"], f"/sharing/zen{step['path']}", step["body"], headers)
        assert answer.status == step["status"], (step, answer.body)
    shown = kept(opened, uuid)
    for name, value in one["fields"].items():
        assert shown["fields"].get(name) == value
    assert [[said["text"], said["public"]] for said in shown["comments"]] == one["comments"]


NOBODY = [
    ("no token", {}, 401),
    ("another key", {"X-Ticket-Sharing-Token": f"{UUID}:{KEY[::-1]}"}, 403),
    ("another agreement", {"X-Ticket-Sharing-Token": f"{UUID[::-1]}:{KEY}"}, 403),
    ("half a token", {"X-Ticket-Sharing-Token": UUID}, 403),
    ("no text at all", {"X-Ticket-Sharing-Token": "\xff:\xfe"}, 403),
    ("another version", {"X-Ticket-Sharing-Token": TOKEN, "X-Ticket-Sharing-Version": "2"}, 412),
    ("packed", {"X-Ticket-Sharing-Token": TOKEN, "Content-Encoding": "gzip"}, 415),
    ("a form", {"X-Ticket-Sharing-Token": TOKEN, "Content-Type": "application/x-www-form-urlencoded"}, 415),
]


@pytest.mark.parametrize(("headers", "status"), [one[1:] for one in NOBODY], ids=[one[0] for one in NOBODY])
def test_who_is_not_the_partner(agreed: tuple[World, Doors], headers: dict[str, str], status: int) -> None:
    _, doors = agreed
    for method in ("POST", "PUT"):
        told = {"Content-Type": "application/json", **headers}
        answer = send(doors, method, f"/sharing/zen/tickets/{TICKET}", {"subject": "x"}, told)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        if status == 401:
            assert answer.headers["www-authenticate"] == "X-Ticket-Sharing"


HOSTILE: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no JSON", b"{"),
    ("a list", b"[]"),
    ("deep", b'{"subject":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ("NaN", b'{"subject":NaN}'),
    ("NUL", b'{"subject":"a\\u0000"}'),
    ("half a pair", b'{"subject":"\\ud800"}'),
    ("twice", b'{"subject":"a","subject":"b"}'),
    ("not UTF-8", b'{"subject":"\xff"}'),
    ("another uuid", b'{"uuid":"x","subject":"a"}'),
    ("a long subject", body({"subject": "x" * 1001})),
    ("no subject", b'{"status":"open"}'),
    ("a mapping as status", b'{"subject":"a","status":{}}'),
    ("a year of no calendar", b'{"subject":"a","requested_at":"9999-12-31 23:59:59 -1200"}'),
    ("a time without zone", b'{"subject":"a","requested_at":"2011-01-17 01:01:01"}'),
    ("comments that are none", b'{"subject":"a","comments":[1]}'),
    ("a comment without uuid", b'{"subject":"a","comments":[{"body":"x"}]}'),
    ("a path as uuid", b'{"subject":"a","comments":[{"uuid":"../../x","body":"x"}]}'),
    ("public neither way", b'{"subject":"a","comments":[{"uuid":"c","body":"x","public":"yes"}]}'),
    (
        "a file of this house",
        b'{"subject":"a","comments":[{"uuid":"c","attachments":[{"url":"file:///etc/passwd"}]}]}',
    ),
    (
        "a file at our door",
        b'{"subject":"a","comments":[{"uuid":"c","attachments":[{"url":"sharing://here/x"}]}]}',
    ),
    ("many comments", body({"subject": "a", "comments": [{"uuid": f"c{at}"} for at in range(501)]})),
    ("huge", b'{"subject":"' + b"x" * 2_000_001 + b'"}'),
]


@pytest.mark.parametrize("told", [one[1] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_a_hostile_document_is_422_and_leaves_nothing(agreed: tuple[World, Doors], told: bytes) -> None:
    opened, doors = agreed
    answer = doors.send("POST", "/sharing/zen/tickets/badbadbad", body=told, headers=SIGNED)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "error" in kept(opened, "badbadbad")


def test_tickets_that_are_not_there_or_not_yours(agreed: tuple[World, Doors]) -> None:
    _, doors = agreed
    for method in ("PUT", "GET", "DELETE"):
        answer = send(doors, method, "/sharing/zen/tickets/nobodys", None if method != "PUT" else {}, SIGNED)
        assert answer.status == 404
    assert send(doors, "PATCH", "/sharing/zen/tickets/nobodys", {}, SIGNED).status == 405
    assert send(doors, "GET", "/sharing/other/tickets/nobodys", None, SIGNED).status == 403


def test_the_same_again_changes_nothing_and_another_under_its_name_is_refused(
    agreed: tuple[World, Doors],
) -> None:
    opened, doors = agreed
    path, told = "/sharing/tickets/feedfeed", {"subject": "once", "comments": [{"uuid": "c", "body": "said"}]}
    assert post(doors, path, told, SIGNED).status == 201
    first = kept(opened, "feedfeed")
    for _ in range(3):
        assert post(doors, path, told, SIGNED).status == 200
        assert send(doors, "PUT", path, {"comments": told["comments"]}, SIGNED).status == 200
    again = kept(opened, "feedfeed")
    assert {**again, "changed_at": ""} == {**first, "changed_at": ""}
    assert first["fields"]["description"] == "said"
    assert post(doors, path, {**told, "subject": "another"}, SIGNED).status == 422


def test_an_invitation_consents_to_nothing(here: tuple[World, Doors]) -> None:
    opened, doors = here
    uuid, path = "a" * 40, "/sharing/zen/agreements/" + "a" * 40
    mine = opened.invitation(uuid=uuid)
    signed = {**GEM, "X-Ticket-Sharing-Token": f"{uuid}:{KEY}"}
    assert (
        post(doors, path, opened.invitation(uuid=uuid, sender_url="http://evil.example/x"), GEM).status == 422
    )
    assert post(doors, path, {**mine, "status": "accepted"}, GEM).status == 422
    assert post(doors, path, {**mine, "access_key": "short"}, GEM).status == 422
    assert post(doors, path, mine, SIGNED).status == 403
    assert post(doors, path, mine, GEM).status == 201
    assert post(doors, path, mine, GEM).status == 200
    assert post(doors, path, {**mine, "access_key": KEY[::-1]}, GEM).status == 422
    for status in ("accepted", "inactive", "accepted"):
        answer = send(doors, "PUT", path, {"status": status}, signed)
        assert answer.status == (200 if status == "inactive" else 422)
    assert send(doors, "POST", "/sharing/zen/tickets/x1", {"subject": "x"}, signed).status == 403
    shown = send(doors, "GET", path, None, signed).document
    assert (shown["status"], "access_key" in shown) == ("inactive", False)


def test_invitations_do_not_pile_up(here: tuple[World, Doors]) -> None:
    opened, doors = here
    for number in range(25):
        uuid = f"{number:040x}"
        assert post(doors, f"/sharing/zen/agreements/{uuid}", opened.invitation(uuid=uuid), GEM).status == 201
    with opened.gateway.database.read() as db:
        held = [one.agreement for one in store.agreements(db, Scope.operator())]
    assert sum(one.standing is Standing.PENDING for one in held) == 20


def test_an_invitation_of_ours_is_answered_and_ended(tmp_path: Path) -> None:
    with world(tmp_path) as opened, Doors(opened.gateway) as doors:
        made = asyncio.run(opened.call(agreements.invite, name="Interdesk"))
        theirs = opened.partner.agreements[made.uuid]
        assert (theirs["sender_url"], theirs["status"]) == ("http://gw.example/sharing/zen", "pending")
        headers = {**GEM, "X-Ticket-Sharing-Token": f"{made.uuid}:{theirs['access_key']}"}
        path = f"/sharing/zen/agreements/{made.uuid}"
        everything = {**theirs, "status": "accepted", "deactivated_by": None, "current_actor": None}
        assert send(doors, "PUT", path, {**everything, "name": "Mine now"}, headers).status == 422
        assert send(doors, "PUT", path, everything, headers).status == 200
        theirs["status"] = "accepted"
        assert send(doors, "POST", "/sharing/zen/tickets/t1", {"subject": "x"}, headers).status == 201
        asyncio.run(opened.call(agreements.answer, Standing.INACTIVE))
        assert opened.partner.agreements[made.uuid]["deactivated_by"] == "sender"
        assert send(doors, "PUT", "/sharing/zen/tickets/t1", {"status": "solved"}, headers).status == 403
        assert send(doors, "PUT", path, {"status": "accepted"}, headers).status == 422
