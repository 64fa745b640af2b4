"""(b) The whole path where a webhook is only a hint and a desk's answer proves nothing: hint → fetch → push → read-back.
Told as HTTP calls a second, beside what the same transport makes alone."""

from contextlib import AbstractContextManager

import uvloop

from tests.bench.desks import BenchDesk, Doc, serve
from tests.bench.figures import Bench, Row
from tests.bench.house import STORES, Plan, Served, Store, gateway, installed, store_of
from tests.bench.length import Length
from tests.bench.load import Load, Post
from tests.bench.path import Outside, quiet
from tests.bench.traffic import NEW, Traffic
from tests.bench.wire import alone

NOTE = (
    "Three calls an event: fetch the ticket a hint names, write it, read it back. The baseline sends the same writes to the "
    "same desks through the gateway's own wire, 16 at once, from a process of its own, and does nothing else."
)
WIRE = "the wire alone"


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
    return {"calls/s": calls / took, "events/s": done / took, "CPU ms/call": own / max(calls, 1) * 1000}


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
    bench.rows.append(Row(what=WIRE, figures=uvloop.run(alone(length)), baseline=True))
    return bench
