"""(b) The whole path where a webhook is only a hint and a desk's answer proves nothing: hint → fetch → push → read-back.
Told as HTTP calls a second, beside what the same transport makes alone."""

import asyncio
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import uvloop

from gateway.connector import Effect, Exchange, Request
from gateway.desk_client import Credentials, DeskClient, GuardedTransport, NetworkPolicy
from gateway.domain.model import Desk, Receipt
from tests.bench.desks import BenchDesk, Doc, serve
from tests.bench.figures import Bench, Row
from tests.bench.house import STORES, Plan, Served, Store, gateway, installed, store_of
from tests.bench.length import Length
from tests.bench.load import Load, Post
from tests.bench.path import Outside, quiet
from tests.bench.traffic import NEW, Traffic

NOTE = (
    "Three calls an event: fetch the ticket a hint names, write it, read it back. The baseline sends the same writes to the "
    "same desks through the gateway's own wire, 16 at once, and does nothing else."
)


class ThinTraffic(Traffic):
    """New tickets whose webhooks only name them."""

    def post_of(self, desk: BenchDesk, doc: Doc) -> Post:
        """The signed hint."""
        body, headers = desk.hook(doc, whole=False)
        return f"/hooks/{desk.code}", body, headers


async def measure(store: Store, length: Length) -> dict[str, float]:
    """The closed loop over one fresh process."""
    outside = Outside(turns=NEW, traffic_of=ThinTraffic)
    server, url = await serve(outside.desks)
    with interdesk(store, url) as it:
        load = Load(port=it.port, make=outside.traffic.make)
        outside.traffic.arrived = load.more
        await load.connect()
        await load.closed(length.warm)
        it.mark()
        calls, done = outside.calls(), len(outside.traffic.delivered)
        took = await load.closed(length.closed)
        calls, done = outside.calls() - calls, len(outside.traffic.delivered) - done
        own, _ = it.used()
        await load.settled()
        await quiet(load, outside.traffic)
        load.close()
    server.close()
    return {"calls/s": calls / took, "events/s": done / took, "CPU ms/call": own / calls * 1000}


async def raw(length: Length) -> dict[str, float]:
    """The wire alone: the same writes, without anything before or after."""
    outside = Outside(turns=NEW)
    server, url = await serve(outside.desks)
    desk = Desk(
        id="d", code="v0", org_id="o", connector="loopback", base_url=f"{url}/v0", allow_private_network=True
    )
    credentials = Credentials(origin=url, headers={"authorization": "Bearer bench-token"})
    done, end = 0, time.perf_counter() + length.closed

    async def loop() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await client.push(
                _write(f"m{done}-{id(asyncio.current_task())}"), desk=desk, credentials=credentials
            )
            done += 1

    transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
    cpu = time.process_time()
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
        await asyncio.gather(*(loop() for _ in range(16)))
    server.close()
    return {"calls/s": done / length.closed, "CPU ms/call": (time.process_time() - cpu) / done * 1000}


def _write(marker: str) -> Exchange[Receipt]:
    fields = {"title": "Till prints nothing", "description": "x" * 900, "marker": marker}
    answer = yield Request(effect=Effect.WRITE, method="POST", path="tickets", json={"fields": fields})
    return Receipt(remote_id=answer.json()["ticket"]["id"])


def interdesk(store: Store, url: str) -> AbstractContextManager[Served]:
    """The gateway, trusting nobody."""
    with installed(store, Plan(url=url, trusts=False)):
        pass
    return gateway(store)


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="thin", title="Hints, and desks that are read back", note=NOTE)
    for name in STORES:
        with store_of(name) as store:
            bench.rows.append(Row(what="Interdesk", store=name, figures=uvloop.run(measure(store, length))))
    row = Row(
        what="the wire alone, with the desks in its own process",
        figures=uvloop.run(raw(length)),
        baseline=True,
    )
    bench.rows.append(row)
    return bench
