"""Reconciliation over two loopback desks: what drifted behind the gateway's back is told, then healed, then gone."""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import DeskError
from gateway.flows import reconcile
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reconcile import Begun, Errand, Fetched, Wanted
from gateway.store import reconciliations
from gateway.store.db import Database
from gateway.testing.hub import Hub, Plan
from gateway.testing.loopback.faults import Fault, FaultKind

HOUR = timedelta(hours=1)
QUIET = {"poll_every": "900d", "refetch_every": "900d"}
"""Nothing but a hook or a reconciliation tells us what such a desk shows."""
LINK = {
    "upstream": "customer",
    "downstream": "vendor",
    "passes": {"when": {"field": "queue", "value": "IT"}},
    "confirm_within": "900d",
    "answer_within": {"default": "900d"},
}
MANY = 200


def pair(count: int, *, vendor: str = "plain", database: Database | None = None) -> Hub:
    """A customer and a vendor with so many tickets handed over, accepted and commented."""
    desks = {"customer": "plain", "vendor": vendor}
    plan = Plan(desks=desks, links=[LINK], desk_documents=dict.fromkeys(desks, QUIET))
    hub = Hub(plan, database=database)
    anna = hub.desks["customer"].person("anna")
    for number in range(count):
        ticket = anna.open(f"Till {number} is dead", "since eight", queue="IT", priority="high")
        anna.comment(ticket, f"please hurry {number}")
    hub.run(timedelta(minutes=5))
    return hub


def alone(hub: Hub, passed: timedelta = HOUR) -> None:
    """Every hook until now is lost, and time passes."""
    for desk in hub.desks.values():
        desk.drain_hooks()
    hub.clock.now += passed


Step = Callable[[list[Errand]], list[Fetched]]


def fetched(hub: Hub, errands: list[Errand]) -> list[Fetched]:
    """As the wire brings them."""
    found = []
    for one in errands:
        try:
            exchange = one.connector.fetch(one.remote_id, one.desk, since=one.since)
            shown: Any = {"snapshot": hub.wires[one.desk.id].ask(exchange)}
        except DeskError as error:
            shown = {"error": error}
        found.append(Fetched(errand=one, started_at=hub.now, **shown))
    return found


def round_of(hub: Hub, begun: Begun, limit: int = 50) -> int:
    """Take, fetch, store; how many."""
    room = dict.fromkeys(hub.wires, 1000)
    errands = reconcile.take(hub.context, [begun.run.id], now=hub.now, capacity=room, limit=limit)
    reconcile.store(hub.context, fetched(hub, errands), now=hub.now)
    return len(errands)


def begin(hub: Hub, **wanted: Any) -> Begun:
    return reconcile.begin(hub.context, Wanted(**wanted), Order(actor="tests", now=hub.now))


def findings(hub: Hub, begun: Begun) -> list[dict[str, Any]]:
    with hub.database.read() as db:
        items = reconciliations.findings(db, OPERATOR, begun.run.id)
    return [{**item, **one} for item in items for one in item["drift"] or []]


def run(hub: Hub, **wanted: Any) -> list[dict[str, Any]]:
    """A whole run; what it found."""
    begun = begin(hub, **wanted)
    while round_of(hub, begun):
        continue
    assert reconcile.finish(hub.context, begun.run.id, now=hub.now)
    return findings(hub, begun)


def kinds(found: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    return Counter((one["what"], one["cause"], one["repair"]) for one in found)


def docs(hub: Hub, code: str) -> list[dict[str, Any]]:
    return hub.desks[code].tickets()


def everything(hub: Hub) -> list[Any]:
    """What the desks hold and what the gateway has recorded and queued."""
    tables = ("event", "delivery", "hop", "ticket", "content", "copy", "discrepancy", "look")
    with hub.database.read() as db:
        rows = [db.exec_driver_sql(f"SELECT * FROM {name} ORDER BY id").all() for name in tables]
    return [rows, deepcopy([docs(hub, code) for code in hub.desks])]


@pytest.fixture(scope="module")
def drifted() -> Iterator[Hub]:
    """Hundreds of tickets; then the hooks of both desks are lost, while people work and the vendor restores a backup."""
    hub = pair(MANY)
    alone(hub)
    vendor = hub.desks["vendor"]
    backup = {key: deepcopy(folder.doc) for key, folder in vendor.cabinet.folders.items()}
    ada = hub.desks["customer"].person("ada")
    for number in range(20):  # carried to the vendor, and lost there when the backup is put back
        ada.comment(str(number + 1), f"written after the backup {number}")
    for number in range(20, 30):
        ada.set(str(number + 1), "priority", "urgent")
    hub.run(timedelta(minutes=5))
    for number in range(30):
        folder = vendor.cabinet.folders[str(number + 1)]
        folder.doc = deepcopy(backup[folder.id])
        folder.revision = folder.doc["revision"]
    bob = vendor.person("bob")
    for number in range(30, 80):
        bob.set(str(number + 1), "status", "open")
    for number in range(80, 130):
        bob.comment(str(number + 1), f"on my way {number}")
    for number in range(130, 160):
        ada.set(str(number + 1), "priority", "low")
    for number in range(160, 170):  # straight in the vendor's database: no history tells of it
        vendor.cabinet.folders[str(number + 1)].fields["priority"] = "urgent"
        vendor.cabinet._touch(
            vendor.cabinet.folders[str(number + 1)], {"id": "?", "name": "?", "kind": "person"}
        )
    alone(hub)
    yield hub
    hub.database.close()


def test_a_drifted_pair_is_found_healed_and_then_agrees(drifted: Hub) -> None:
    hub, before = drifted, everything(drifted)

    told = run(hub, link="customer-vendor", is_dry=True)
    assert everything(hub) == before
    assert kinds(told) == {
        ("comment", "write_lost", "rewrite"): 20,
        ("priority", "write_lost", "rewrite"): 10,
        ("status", "missed_hook", "adopt"): 50,
        ("comment", "missed_hook", "adopt"): 50,
        ("priority", "missed_hook", "adopt"): 30,
        ("priority", "changed_behind_our_back", "adopt"): 10,
    }

    assert kinds(run(hub, link="customer-vendor")) == kinds(told)
    hub.run(timedelta(minutes=30))

    theirs, ours = docs(hub, "vendor"), docs(hub, "customer")
    texts = [[comment["text"].split("\n")[-1] for comment in doc["comments"]] for doc in theirs]
    assert [words[-1] for words in texts[:20]] == [
        f"written after the backup {number}" for number in range(20)
    ]
    assert [len(words) for words in texts[:20]] == [2] * 20
    assert {doc["fields"]["priority"] for doc in theirs[20:30]} == {"urgent"}
    assert {doc["fields"]["status"] for doc in ours[30:80]} == {"open"}
    assert [doc["comments"][-1]["text"].split("\n")[-1] for doc in ours[80:130]] == [
        f"on my way {number}" for number in range(80, 130)
    ]
    assert {doc["fields"]["priority"] for doc in theirs[130:160]} == {"low"}

    alone(hub)
    settled = everything(hub)
    assert run(hub, link="customer-vendor") == []
    hub.run(timedelta(minutes=30))
    assert everything(hub)[1] == settled[1]


@pytest.fixture
def few() -> Iterator[Hub]:
    hub = pair(3)
    alone(hub)
    yield hub
    hub.database.close()


def test_a_run_that_is_killed_goes_on_where_it_was(few: Hub) -> None:
    hub, bob = few, few.desks["vendor"].person("bob")
    for ticket in ("1", "2", "3"):
        bob.set(ticket, "status", "open")
    alone(hub)
    begun = begin(hub)
    assert begun.count == 6
    assert round_of(hub, begun, limit=2) == 2
    room = dict.fromkeys(hub.wires, 1000)
    taken = reconcile.take(hub.context, [begun.run.id], now=hub.now, capacity=room, limit=2)  # and killed

    assert round_of(hub, begun) == 2
    assert not reconcile.finish(hub.context, begun.run.id, now=hub.now)
    hub.clock.now += timedelta(minutes=2)  # their lease runs out
    late = fetched(hub, taken)
    assert round_of(hub, begun) == 2
    assert reconcile.store(hub.context, late, now=hub.now) == []  # somebody else did it meanwhile
    assert reconcile.finish(hub.context, begun.run.id, now=hub.now)
    assert kinds(findings(hub, begun)) == {("status", "missed_hook", "adopt"): 3}


def test_what_changed_while_it_was_fetched_is_fetched_again(few: Hub) -> None:
    hub = few
    begun = begin(hub, ticket="T-1")
    errands = reconcile.take(hub.context, [begun.run.id], now=hub.now, capacity=dict.fromkeys(hub.wires, 9))
    shown = fetched(hub, errands)
    hub.desks["vendor"].person("bob").set("1", "status", "open")
    hub.run(timedelta(minutes=1))  # the hook comes first
    endings = reconcile.store(hub.context, shown, now=hub.now)
    assert sorted((one.state, one.error) for one in endings) == [
        ("waiting", "taken too early"),
        ("waiting", "taken too early"),
    ]
    assert run(hub, ticket="T-1") == []


@pytest.mark.parametrize("is_dry", [True, False], ids=["dry", "for good"])
def test_a_deleted_ticket_is_told_and_believed_only_after_a_second_look(few: Hub, is_dry: bool) -> None:
    hub = few
    hub.desks["vendor"].person("bob").delete("2")
    assert kinds(run(hub, desk="vendor", is_dry=is_dry)) == {("ticket", "gone", "hold"): 1}
    with hub.database.read() as db:
        assert len(db.exec_driver_sql("SELECT id FROM look").all()) == (0 if is_dry else 1)


def test_a_merged_ticket_is_never_compared(few: Hub) -> None:
    few.desks["vendor"].person("bob").merge("2", "1")
    alone(few)
    assert kinds(run(few, desk="vendor")) == {("ticket", "another_ticket", "hold"): 1}


def test_a_desk_that_fails_is_tried_three_times(few: Hub) -> None:
    hub = few
    hub.desks["vendor"].faults = lambda _call: Fault(kind=FaultKind.REFUSE)
    begun = begin(hub, desk="vendor")
    for _ in range(3):
        assert round_of(hub, begun) == 3
        hub.clock.now += HOUR
    assert round_of(hub, begun) == 0
    assert reconcile.finish(hub.context, begun.run.id, now=hub.now)
    with hub.database.read() as db:
        failed = reconciliations.findings(db, OPERATOR, begun.run.id)
    assert [(one["state"], bool(one["error"])) for one in failed] == [("failed", True)] * 3


def test_a_write_that_waits_for_a_person_is_held(few: Hub) -> None:
    hub = few
    hub.desks["customer"].person("ada").set("1", "priority", "low")
    for code, hook in hub.hooks():
        hub.receive(code, hook)
    hub.worker.read_messages()
    with hub.database.write() as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'parked' WHERE kind = 'update' AND state = 'pending'")
    alone(hub)
    assert kinds(run(hub)) == {("priority", "parked", "hold"): 1}


def test_a_desk_without_history_says_what_changed_but_not_who() -> None:
    hub = pair(2, vendor="subcontractor")
    alone(hub)
    hub.desks["vendor"].person("bob").set("1", "status", "deferred")
    assert run(hub, is_dry=True) == []  # may still be on its way
    alone(hub)
    assert kinds(run(hub)) == {("status", "changed_behind_our_back", "adopt"): 1}
    hub.run(timedelta(minutes=10))
    alone(hub)
    assert run(hub) == []
    assert "on hold" in hub.desks["customer"].ticket("1")["comments"][-1]["text"]
    hub.database.close()


def test_a_ticket_that_ended_long_ago_is_left_out(few: Hub) -> None:
    hub, ada = few, few.desks["customer"].person("ada")
    ada.set("1", "status", "cancelled")
    hub.run(timedelta(minutes=5))
    alone(hub, timedelta(days=40))
    assert begin(hub).count == 4
    assert begin(hub, since=hub.now - timedelta(days=60)).count == 6


@pytest.mark.pg
def test_a_run_on_postgresql(migrated_postgres: str) -> None:
    hub = pair(3, database=Database(migrated_postgres))
    alone(hub)
    hub.desks["vendor"].person("bob").set("2", "status", "open")
    alone(hub)
    for selection in ({"link": "customer-vendor"}, {"desk": "vendor"}, {"ticket": "T-2"}, {}):
        assert kinds(run(hub, is_dry=True, **selection)) == {("status", "missed_hook", "adopt"): 1}
    begun = begin(hub)
    assert round_of(hub, begun, limit=4) == 4
    with hub.database.read() as db:
        assert reconciliations.progress(db, OPERATOR, begun.run.id) == {"done": 4, "waiting": 2}
        assert reconciliations.next_due(db, OPERATOR, begun.run.id) == hub.now
    assert round_of(hub, begun) == 2
    assert reconcile.finish(hub.context, begun.run.id, now=hub.now)
    with hub.database.read() as db:
        assert next(one.id for one in reconciliations.listed(db, OPERATOR)) == begun.run.id
    assert reconcile.begin_due(hub.context, {"dsk_vendor": hub.now - HOUR}, now=hub.now)
    hub.run(timedelta(minutes=5))
    alone(hub)
    assert run(hub) == []
    hub.database.close()
