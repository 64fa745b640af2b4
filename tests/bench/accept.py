"""(a) A webhook accepted durably: verified, stored, on disk, answered. Throughput over 16 connections, delay in an open loop
at 50 a second."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

import uvloop

from tests.bench import baseline_ingest
from tests.bench.desks import TEXT, BenchDesk
from tests.bench.figures import Bench, Row, percentile
from tests.bench.house import STORES, Plan, Served, Store, gateway, installed, store_of
from tests.bench.length import Length
from tests.bench.load import Load, Post

NOTE = (
    "Signed messages of about 1.7 KB. Interdesk answers 202 when the group's transaction is on disk; the baseline is FastAPI "
    "and SQLModel with the same signature check and one transaction a message. Sender: the load generator, another process."
)
OPEN_RATE = 50


class Messages:
    """Signed messages of one desk, each of another ticket."""

    def __init__(self) -> None:
        self._desk = BenchDesk(code="c0", on_write=lambda *_: None)
        doc = self._desk.open({"title": "Till prints nothing", "description": TEXT, "queue": "Field"})
        self._whole = self._desk.hook(doc)[0].replace(b'"1"', b'"%d"')
        self._made = 0

    def make(self, _scheduled: float) -> Post:
        """The next one."""
        self._made += 1
        number = b"%d" % self._made
        body = self._whole.replace(b"%d", number)
        return "/hooks/c0", body, self._desk.sign(body, f"msg_{self._made}")


Start = Callable[[Store], AbstractContextManager[Served]]


@cache
def interdesk_on(name: str, length: Length) -> dict[str, float]:
    """The gateway's figures on that store, measured once a run."""
    with store_of(name) as store:
        return uvloop.run(measure(interdesk, store, length))


async def measure(start: Start, store: Store, length: Length) -> dict[str, float]:
    """Both loops over one fresh process."""
    with start(store) as it:
        load = Load(port=it.port, make=Messages().make)
        await load.connect()
        await load.closed(length.warm)
        await load.settled()
        it.mark()
        before, load_cpu = len(load.answers.took), time.process_time()
        took = await load.closed(length.closed)
        done, load_cpu = len(load.answers.took) - before, time.process_time() - load_cpu
        own, server = it.used()
        await load.settled()
        load.answers.took.clear()
        await load.open(OPEN_RATE, length.open)
        load.close()
    if load.answers.refused:
        raise RuntimeError(f"{load.answers.refused} messages were refused")
    figures = {"accepted/s": done / took, "CPU ms each": own / max(done, 1) * 1000}
    if store.server_pid:
        figures["server CPU ms"] = server / max(done, 1) * 1000
    figures["sender CPU ms"] = load_cpu / max(done, 1) * 1000
    share = {f"p{part} ms at 50/s": percentile(load.answers.took, part / 100) * 1000 for part in (50, 99)}
    return figures | share


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="accept", title="A webhook accepted durably", note=NOTE)
    for name in STORES:
        bench.rows.append(Row(what="Interdesk", store=name, figures=interdesk_on(name, length)))
        with store_of(name) as store:
            figures = uvloop.run(measure(baseline_ingest.start, store, length))
        bench.rows.append(Row(what="FastAPI and SQLModel", store=name, figures=figures, baseline=True))
    return bench


def interdesk(store: Store) -> AbstractContextManager[Served]:
    """The door alone: nobody works the queue behind it."""
    with installed(store, Plan(url="http://127.0.0.1:9")):
        pass
    return gateway(store, worker=False)
