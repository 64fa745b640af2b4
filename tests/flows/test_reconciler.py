"""Comparisons that begin by themselves: on a desk's schedule, after an outage, after a restore; and how fast a run goes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from gateway.connector import Exchange
from gateway.domain.model import Desk, Snapshot
from gateway.errors import DeskUnavailable
from gateway.flows import reconcile
from gateway.flows.capacity import Capacity
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reconcile import Wanted
from gateway.flows.reconciler import Reconciler
from gateway.flows.restored import doubt_everything
from gateway.store import reconciliations
from gateway.store.reconciliations import Run
from gateway.testing.hub import Hub, Plan

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LINK = {"upstream": "customer", "downstream": "vendor", "passes": {"when": {"field": "queue", "value": "IT"}}}


@dataclass
class _Wires:
    """The way to the desks of a hub, as the real client's."""

    hub: Hub

    async def ask(self, exchange: Exchange[Snapshot], *, desk: Desk, **_: object) -> Snapshot:
        return self.hub.wires[desk.id].ask(exchange)


def _hub(**every: str) -> Hub:
    quiet = {"poll_every": "900d", "refetch_every": "900d"}
    documents = {code: quiet | {"reconcile_every": length} for code, length in every.items()}
    desks = {"customer": "plain", "vendor": "plain"}
    hub = Hub(Plan(desks=desks, links=[LINK], desk_documents=dict.fromkeys(desks, quiet) | documents))
    for number in range(4):
        hub.desks["customer"].person("anna").open(f"till {number}", queue="IT")
    hub.run(MINUTE)
    hub.clock.now += timedelta(hours=1)
    return hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = _hub(vendor="1d")
    yield hub
    hub.database.close()


def reconciler(hub: Hub) -> Reconciler:
    return reconciler_of(hub)[0]


def reconciler_of(hub: Hub) -> tuple[Reconciler, Capacity]:
    """And the capacity that it asks which desks came back."""
    capacity = Capacity(hub.context)
    worker = Reconciler(
        hub.context,
        _Wires(hub),  # type: ignore[arg-type]
        lambda _desk: None,  # type: ignore[arg-type,return-value]
        capacity=capacity,
        now=hub.own_clock,
    )
    return worker, capacity


def runs(hub: Hub) -> list[Run]:
    with hub.database.read() as db:
        return reconciliations.listed(db, OPERATOR)


def test_a_desk_is_compared_on_its_schedule(hub: Hub) -> None:
    hub.desks["vendor"].person("bob").set("1", "status", "open")
    hub.desks["vendor"].drain_hooks()
    hub.clock.now += timedelta(hours=1)

    async def scene() -> None:
        worker = reconciler(hub)
        while await worker.background():
            continue

    asyncio.run(scene())
    [run] = runs(hub)
    assert (run.kind, run.desk_id, run.finished_at) == ("schedule", "dsk_vendor", hub.now)
    hub.run(MINUTE)
    assert hub.desks["customer"].ticket("1")["fields"]["status"] == "open"

    hub.clock.now += DAY - timedelta(hours=1)
    asyncio.run(scene())
    assert len(runs(hub)) == 1
    hub.clock.now += timedelta(hours=1)
    asyncio.run(scene())
    assert len(runs(hub)) == 2


def _lasting(hub: Hub, capacity: Capacity, length: timedelta) -> None:
    until = hub.now + length
    while hub.now < until:
        capacity.learn_look("dsk_vendor", DeskUnavailable("no answer"), hub.now)
        hub.clock.now += MINUTE
    capacity.learn_look("dsk_vendor", None, hub.now)


@pytest.mark.parametrize(
    ("length", "begun"),
    [(timedelta(minutes=9), []), (timedelta(hours=3), ["outage"])],
    ids=["hiccup", "outage"],
)
def test_a_desk_is_compared_when_it_is_back_after_an_outage(length: timedelta, begun: list[str]) -> None:
    hub = _hub()
    capacity, out_since = Capacity(hub.context), hub.now
    capacity.room(hub.now)
    _lasting(hub, capacity, length)

    returned = capacity.returned()
    found = reconcile.begin_due(hub.context, returned, now=hub.now)

    assert [one.run.kind for one in found] == begun
    assert [one.run.since for one in found] == [out_since - timedelta(hours=1)] * len(begun)
    assert capacity.returned() == {}
    assert reconcile.begin_due(hub.context, returned, now=hub.now) == []  # another worker saw it too
    hub.database.close()


def test_an_outage_is_compared_though_the_database_failed_when_it_was_told() -> None:
    hub = _hub()
    worker, capacity = reconciler_of(hub)
    capacity.room(hub.now)
    _lasting(hub, capacity, timedelta(hours=3))
    with hub.database.write() as db:
        db.exec_driver_sql(f"ALTER TABLE {reconciliations.RUN.name} RENAME TO away")
    with pytest.raises(DBAPIError):
        asyncio.run(worker.background())
    with hub.database.write() as db:
        db.exec_driver_sql(f"ALTER TABLE away RENAME TO {reconciliations.RUN.name}")
    hub.clock.now += MINUTE
    asyncio.run(worker.background())
    assert [run.kind for run in runs(hub)] == ["outage"]
    hub.database.close()


def test_what_was_compared_before_the_outage_was_over_holds_no_comparison_back(hub: Hub) -> None:
    back = {"dsk_vendor": hub.now - timedelta(hours=3)}
    [scheduled] = reconcile.begin_due(hub.context, {}, now=hub.now)
    hub.clock.now += MINUTE
    [begun] = reconcile.begin_due(hub.context, back, now=hub.now)
    assert (scheduled.run.kind, begun.run.kind) == ("schedule", "outage")
    assert reconcile.begin_due(hub.context, back, now=hub.now) == []  # another worker saw it too


def test_after_a_restore_everything_is_compared_when_doubts_have_settled(hub: Hub) -> None:
    last: datetime = hub.now - timedelta(hours=1)
    found = doubt_everything(hub.context, Order(actor="maria", now=hub.now))
    [run] = runs(hub)
    assert (run.kind, found.compared, run.is_dry) == ("restored", 8, False)
    assert last - timedelta(hours=1, minutes=2) < run.since <= last - timedelta(hours=1)
    room: Any = dict.fromkeys(hub.wires, 99)
    assert reconcile.take(hub.context, [run.id], now=hub.now, capacity=room) == []
    hub.clock.now += timedelta(minutes=15)
    assert len(reconcile.take(hub.context, [run.id], now=hub.now, capacity=room)) == 8


def test_a_run_keeps_its_pace(hub: Hub) -> None:
    order = Order(actor="maria", now=hub.now)
    run = reconcile.begin(hub.context, Wanted(is_dry=True, per_minute=2), order).run
    worker, compared = reconciler(hub), []

    async def scene() -> None:
        for _ in range(10):
            compared.append(await worker.round(run))
            hub.clock.now += timedelta(seconds=30)

    asyncio.run(scene())
    assert compared == [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]
