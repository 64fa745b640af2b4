"""Replay of a ticket and of a week: counted first, and where nothing is amiss it changes nothing, anywhere."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from gateway.domain.model import Message
from gateway.errors import NotFound
from gateway.flows import intake, replay
from gateway.flows.commands import Order
from gateway.store.replays import Span
from gateway.testing.hub import Hub, Plan

DAY = timedelta(days=1)


def _link(up: str, down: str, when: dict[str, str]) -> dict[str, Any]:
    return {"upstream": up, "downstream": down, "passes": {"when": when}}


@pytest.fixture(scope="module")
def week() -> Iterator[Hub]:
    """A week of a chain of three desks: one signs whole tickets, one names them, one is only polled."""
    desks = {"customer": "plain", "vendor": "vendor", "south": "subcontractor"}
    links = [
        _link("customer", "vendor", {"field": "queue", "value": "IT"}),
        _link("vendor", "south", {"field": "title", "op": "contains", "value": "till"}),
    ]
    calm = {"poll_every": "1h", "refetch_every": "6h"}
    hub = Hub(Plan(desks=desks, links=links, desk_documents=dict.fromkeys(desks, calm)))
    people = {code: desk.person("ada") for code, desk in hub.desks.items()}
    for day in range(7):
        ticket = people["customer"].open(f"till {day} is dead", "since eight", queue="IT")
        people["customer"].open(f"private matter {day}", "nobody's business", queue="HR")
        hub.run(timedelta(hours=3), tick=timedelta(minutes=5))
        people["customer"].comment(ticket, f"hurry {day}")
        people["vendor"].comment(hub.desks["vendor"].tickets()[-1]["id"], f"seen {day}")
        south = hub.desks["south"].tickets()[-1]["id"]
        people["south"].set(south, "status", "done" if day % 2 else "need-info")
        hub.run(DAY - timedelta(hours=3), tick=timedelta(minutes=30))
    yield hub
    hub.database.close()


def everything(hub: Hub) -> list[Any]:
    """Events, deliveries and what hangs on them, and what the desks hold."""
    wanted = {
        "event": "*",
        "delivery": "*",
        "ticket": "id, facts, closed_at, version",
        "hop": "id, status, facts, shadow, remote_id, unmapped, revision, position",
        "content": "*",
        "copy": "*",
        "discrepancy": "*",
    }
    with hub.database.read() as db:
        rows = [
            db.exec_driver_sql(f"SELECT {what} FROM {name} ORDER BY id").all()
            for name, what in wanted.items()
        ]
    return [rows, deepcopy([desk.tickets() for desk in hub.desks.values()])]


def span(hub: Hub, **more: Any) -> Span:
    return Span(start=hub.now - 8 * DAY, end=hub.now, **more)


def order(hub: Hub) -> Order:
    return Order(actor="tests", now=hub.now)


def test_a_replay_of_the_whole_week_changes_nothing(week: Hub) -> None:
    hub = week
    hub.run(timedelta(hours=8), tick=timedelta(minutes=30))
    before = everything(hub)
    counted = replay.harvest(hub.context, span(hub)).counts
    assert everything(hub) == before
    assert counted["messages"] > 40
    assert (
        counted["tickets to look at"] == 14
    )  # those of customer and vendor; of other matters nothing is fetched
    assert (counted["quarantined"], counted["parked"]) == (0, 0)

    asked = {code: desk.calls for code, desk in hub.desks.items()}
    assert replay.replay(hub.context, span(hub), order(hub)).counts == counted
    hub.run(timedelta(minutes=10))

    assert hub.desks["customer"].calls - asked["customer"] >= 7
    assert everything(hub) == before


def test_t2_what_was_captured_and_comes_again_a_hundred_times_changes_nothing(week: Hub) -> None:
    """As if it had passed the door, which lets in what is of these five minutes only."""
    hub = week
    hub.run(timedelta(hours=8), tick=timedelta(minutes=30))
    before = everything(hub)
    with hub.database.read() as db:
        captured = db.exec_driver_sql(
            "SELECT desk_id, org_id, body, headers FROM message WHERE state = 'processed' ORDER BY id"
        ).all()
    again = list(captured[:: max(1, len(captured) // 12)]) * 100
    Random(7).shuffle(again)
    for first in range(0, len(again), 200):
        told = [
            (
                Message(
                    id=hub.context.new_id("msg"),
                    desk_id=desk,
                    received_at=hub.now,
                    body=body,
                    headers=json.loads(headers),
                ),
                org,
            )
            for desk, org, body, headers in again[first : first + 200]
        ]
        intake.accept(hub.context, told)
        hub.run(timedelta(minutes=1))

    assert len(again) >= 1_000
    assert everything(hub) == before


def test_a_ticket_is_looked_at_at_every_desk(week: Hub) -> None:
    hub = week
    with hub.database.read() as db:
        ticket = db.exec_driver_sql("SELECT ticket_id FROM hop ORDER BY id LIMIT 1").scalar()
    found = replay.harvest(hub.context, span(hub, ticket_id=ticket))
    assert [desk_id for desk_id, _ in found.places] == ["dsk_customer", "dsk_vendor", "dsk_south"]
    assert 2 < found.messages < replay.harvest(hub.context, span(hub)).messages / 3
    at_one = replay.harvest(hub.context, span(hub, ticket_id=ticket, desk_ids=["dsk_vendor"]))
    assert [desk_id for desk_id, _ in at_one.places] == ["dsk_vendor"]
    with pytest.raises(NotFound, match="there is no ticket"):
        replay.harvest(hub.context, span(hub, ticket_id="tkt_none"))


def test_what_was_in_quarantine_or_parked_is_tried_again(week: Hub) -> None:
    hub, at = week, week.now
    odd = Message(id="msg_odd", desk_id="dsk_vendor", received_at=at, body=b'{"type": "sung"}')
    intake.accept(hub.context, [(odd, "org_vendor")])
    intake.process(hub.context, now=at)
    hub.desks["customer"].person("ada").comment("1", "one more word")
    hub.run()
    with hub.database.write() as db:
        parked = db.exec_driver_sql(
            "SELECT id FROM delivery ORDER BY created_at DESC, seq DESC LIMIT 1"
        ).scalar()
        db.exec_driver_sql(f"UPDATE delivery SET state = 'parked' WHERE id = '{parked}'")
    lately = Span(start=at, end=hub.now + timedelta(seconds=1))

    found = replay.replay(hub.context, lately, order(hub))

    assert (found.quarantined, found.parked) == (["msg_odd"], [parked])
    with hub.database.read() as db:
        state = db.exec_driver_sql(f"SELECT state FROM delivery WHERE id = '{parked}'").scalar()
        message = db.exec_driver_sql("SELECT state FROM message WHERE id = 'msg_odd'").scalar()
        audited = "SELECT subject FROM audit WHERE action = 'replay' ORDER BY seq DESC LIMIT 3"
        subjects = [row[0] for row in db.exec_driver_sql(audited)]
    assert (state in ("pending", "ambiguous"), message) == (True, "received")
    assert subjects == ["", parked, "msg_odd"]
