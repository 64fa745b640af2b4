"""(b) The whole path: signed message → durable → difference → events → routing → mapping → outbox → call at the next desk
→ settled. Throughput in a closed loop with at most 400 undelivered, added latency in an open loop at 50 a second."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache

import uvloop

from tests.bench import baseline_outbox
from tests.bench.desks import PAIRS, BenchDesk, Doc, serve
from tests.bench.figures import Bench, Row, percentile
from tests.bench.house import STORES, Plan, Served, Store, gateway, installed, store_of
from tests.bench.length import Length
from tests.bench.load import Load, until
from tests.bench.traffic import MIX, NEW, Traffic

OPEN_RATE = 50
NOTE = (
    "One event is one call at the next desk, which answers at once; all its answers are settled when a run ends. CPU: of the "
    "process, of the PostgreSQL server beside it, of desks and load generator together in a third process. Delay: from the moment a message was to be sent to the call at the next "
    "desk, in an open loop at 50 a second. The baseline does the same job the straightforward way, without difference, "
    "routing, order, retries or evidence: one commit a message, an outbox table, a poller every 50 ms, httpx."
)


@dataclass(kw_only=True)
class Outside:
    """The desks of both ends and what was said between them."""

    turns: tuple[str, ...]
    traffic_of: type[Traffic] = Traffic
    desks: dict[str, BenchDesk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.traffic = self.traffic_of(desks=self.desks, turns=self.turns)
        codes = [f"{side}{number}" for number in range(PAIRS) for side in "cv"]
        self.desks.update({code: BenchDesk(code=code, on_write=self._written) for code in codes})

    def calls(self) -> int:
        """How many requests reached the desks."""
        return sum(desk.calls for desk in self.desks.values())

    def _written(self, desk: BenchDesk, kind: str, doc: Doc) -> None:
        self.traffic.arrive(desk, kind, doc)


Start = Callable[[Store, str], AbstractContextManager[Served]]
"""Prepares a database and starts what is measured; given the address of the desks."""


async def measure(start: Start, store: Store, turns: tuple[str, ...], length: Length) -> dict[str, float]:
    """Both loops over one fresh process."""
    outside = Outside(turns=turns)
    server, url = await serve(outside.desks)
    with start(store, url) as it:
        load = Load(port=it.port, make=outside.traffic.make)
        outside.traffic.arrived = load.more
        await load.connect()
        await load.closed(length.warm)
        figures = await _closed(load, outside.traffic, it, length.closed)
        figures |= await _open(load, outside.traffic, length.open)
        figures["MB"] = it.megabytes()
        load.close()
    server.close()
    if load.answers.refused:
        raise RuntimeError(f"{load.answers.refused} messages were refused")
    return figures


async def _closed(load: Load, traffic: Traffic, it: Served, seconds: float) -> dict[str, float]:
    it.mark()
    before, outside = len(traffic.delivered), time.process_time()
    took = await load.closed(seconds)
    done, outside = len(traffic.delivered) - before, time.process_time() - outside
    own, server = it.used()
    await quiet(load, traffic)
    figures = {"events/s": done / took, "CPU ms/event": own / max(done, 1) * 1000}
    figures |= {"server CPU ms": server / max(done, 1) * 1000} if it.store.server_pid else {}
    return figures | {"desks' CPU ms": outside / max(done, 1) * 1000}


async def _open(load: Load, traffic: Traffic, seconds: float) -> dict[str, float]:
    traffic.delivered.clear()
    load.answers.took.clear()
    await load.open(OPEN_RATE, seconds)
    await quiet(load, traffic)
    return {
        "delay p50 ms": percentile(traffic.delivered, 0.5) * 1000,
        "delay p99 ms": percentile(traffic.delivered, 0.99) * 1000,
        "answer p99 ms": percentile(load.answers.took, 0.99) * 1000,
    }


async def quiet(load: Load, traffic: Traffic) -> None:
    """Wait until everything accepted was delivered."""
    await load.settled()
    await until(lambda: not traffic.waiting, "messages were accepted and not delivered")
    await asyncio.sleep(0.3)


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="path", title="The whole path, a desk whose answer is its receipt", note=NOTE)
    for name in STORES:
        for what, turns in (("new tickets", NEW), ("new tickets, comments, status changes", MIX)):
            figures = interdesk_on(name, turns, length)
            bench.rows.append(Row(what=what, store=name, figures=figures))
        figures = _on(name, baseline_outbox.start, NEW, length)
        bench.rows.append(
            Row(what="SQLModel outbox, new tickets", store=name, figures=figures, baseline=True)
        )
    return bench


@cache
def interdesk_on(name: str, turns: tuple[str, ...], length: Length) -> dict[str, float]:
    """The gateway's figures on that store, measured once a run."""
    return _on(name, interdesk, turns, length)


def _on(name: str, start: Start, turns: tuple[str, ...], length: Length) -> dict[str, float]:
    with store_of(name) as store:
        return uvloop.run(measure(start, store, turns, length))


def interdesk(store: Store, url: str) -> AbstractContextManager[Served]:
    """The gateway itself."""
    with installed(store, Plan(url=url)):
        pass
    return gateway(store)
