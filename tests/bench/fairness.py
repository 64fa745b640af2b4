"""(e) A flood of one customer's tickets does not delay another link's top-priority ticket, at the very vendor that takes both."""

import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from tests.bench.desks import TEXT, BenchDesk, Doc, serve
from tests.bench.figures import Bench, Row, percentile
from tests.bench.house import STORES, Plan, gateway, installed, store_of
from tests.bench.length import Length
from tests.bench.load import Load, Post, until

LINKS = (("c0", "v0"), ("c1", "v0"))
ANSWERS_IN = 0.05
URGENT, EVERY = 20, 0.1
NOTE = (
    "Two customers, one vendor that takes 50 ms for an answer and 16 calls at once. One customer opens all its tickets at once "
    "(stricter than within five minutes); meanwhile the other opens a critical one every 100 ms. Delay from its opening to the "
    "call at the vendor; alone is the baseline."
)


@dataclass(kw_only=True)
class Shop:
    """Both customers and their vendor."""

    desks: dict[str, BenchDesk] = field(default_factory=dict)
    urgent: dict[str, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    delivered: int = 0
    waiting: list[Post] = field(default_factory=list)

    def __post_init__(self) -> None:
        for code in ("c0", "c1", "v0"):
            self.desks[code] = BenchDesk(code=code, on_write=self._written)
        self.desks["v0"].answers_in = ANSWERS_IN

    def _written(self, _desk: BenchDesk, kind: str, doc: Doc) -> None:
        if kind == "create":
            self.delivered += 1
            opened = self.urgent.pop(doc["fields"]["title"], None)
            if opened is not None:
                self.delays.append(time.monotonic() - opened)

    def open(self, code: str, title: str, priority: str) -> None:
        """A ticket at a customer's desk; its webhook is ready to be sent."""
        fields = {
            "title": title,
            "description": TEXT,
            "queue": "Field",
            "status": "new",
            "priority": priority,
        }
        desk = self.desks[code]
        body, headers = desk.hook(desk.open(fields))
        self.waiting.append((f"/hooks/{code}", body, headers))

    def make(self, _scheduled: float) -> Post | None:
        """The next webhook: an urgent ticket's is not kept waiting by the sender."""
        return self.waiting.pop() if self.waiting else None


async def measure(port_of: int, shop: Shop, flood: int) -> list[float]:
    """Delays of the urgent tickets, beside a flood of so many others."""
    load = Load(port=port_of, make=shop.make)
    await load.connect()
    before = shop.delivered
    stop = asyncio.create_task(load.closed(URGENT * EVERY + 1))
    for number in range(flood):
        shop.open("c0", f"Flood {before} {number}", "normal")
    load.more()
    for number in range(URGENT):
        title = f"Everything is down {before} {number}"
        shop.urgent[title] = time.monotonic()
        shop.open("c1", title, "urgent")
        load.more()
        await asyncio.sleep(EVERY)
    await stop
    await until(lambda: shop.delivered - before == flood + URGENT, "tickets are missing", within=120)
    load.close()
    delays, shop.delays = shop.delays, []
    return delays


async def _both(store_name: str, length: Length) -> list[list[float]]:
    shop = Shop()
    server, url = await serve(shop.desks)
    with store_of(store_name) as store:
        with installed(store, Plan(url=url, links=LINKS)):
            pass
        with gateway(store) as it:
            await measure(it.port, shop, 20)
            found = [await measure(it.port, shop, flood) for flood in (0, length.flood)]
    server.close()
    return found


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="fairness", title="A critical ticket beside another customer's flood", note=NOTE)
    for name in STORES:
        alone, flooded = uvloop.run(_both(name, length))
        for what, delays in (
            ("alone", alone),
            (f"beside {length.flood} tickets of another customer", flooded),
        ):
            figures = {f"p{part} ms": percentile(delays, part / 100) * 1000 for part in (50, 90)}
            figures["most ms"] = max(delays) * 1000
            bench.rows.append(Row(what=what, store=name, figures=figures, baseline=delays is alone))
    return bench
