"""The desks and the people of a cluster's trial: a chain of four loopback desks over HTTP, and the simulator's crowd at
work on them in real time. The book of what they did is what the desks are checked against in the end."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from gateway.app import utc_now
from gateway.testing.loopback import (
    CUSTOMER,
    PARTNER,
    SUBCONTRACTOR,
    VENDOR,
    Dice,
    FaultKind,
    LoopbackDesk,
)
from gateway.testing.loopback.faults import no_faults
from gateway.testing.loopback.server import LoopbackServer
from gateway.testing.plan import Plan
from gateway.testing.simulator.book import Book
from gateway.testing.simulator.checks import check
from gateway.testing.simulator.findings import Held
from gateway.testing.simulator.people import Crowd
from gateway.testing.simulator.world import ROOT, Terms, World

TOKEN, HOOK_SECRET = "cluster-desk-token", "cluster-hook-secret-0123456789-0123456789"
ABOVE = {"vend": ROOT, "part": "vend", "subc": "part"}
_FINE = timedelta(microseconds=1)
DESKS = {
    ROOT: replace(CUSTOMER, commit_lag=timedelta(), granularity=_FINE),
    "vend": replace(VENDOR, search_lag=timedelta(), clock_offset=timedelta(), title_limit=None),
    "part": replace(PARTNER, granularity=_FINE, transitions=None),
    "subc": replace(SUBCONTRACTOR, clock_offset=timedelta()),
}
SETTLE_WINDOW = 3
"""Seconds; the desks apply what they apply at once."""
LOST = {FaultKind.TIMEOUT_AFTER: 0.04, FaultKind.HALF_BODY: 0.02, FaultKind.DROP: 0.02}
"""The share of calls to the vendor's and the subcontractor's desks that end so: two kinds after the desk did as asked."""


def world() -> World:
    """Customer → vendor → partner → subcontractor; every public word travels the whole chain."""
    links = [{"upstream": up, "downstream": code} for code, up in ABOVE.items()]
    plan = Plan(desks=DESKS, links=links, desk_documents={code: {} for code in DESKS})
    return World(plan=plan, above=ABOVE, terms={code: Terms() for code in ABOVE})


class Town:
    """Four desks, their hooks posted to `gateways` in turn, and people who work at them."""

    def __init__(self, gateways: Sequence[str], *, seed: int, tickets: int) -> None:
        self.world = world()
        self.book = Book()
        self.random = Random(seed)
        self.servers = {code: self._server(code, gateways, seed) for code in DESKS}
        desks = {code: server.app.desk for code, server in self.servers.items()}
        self.crowd = Crowd(
            world=self.world,
            desks=desks,
            book=self.book,
            random=self.random,
            most_tickets=tickets,
            now=utc_now,
        )
        self._home = threading.Event()
        self._people = threading.Thread(target=self._work, name="people", daemon=True)
        self.pace = 0.1

    def _server(self, code: str, gateways: Sequence[str], seed: int) -> LoopbackServer:
        desk = LoopbackDesk(
            DESKS[code], clock=utc_now, seed=seed, token=TOKEN, hook_secret=HOOK_SECRET.encode()
        )
        if code in ("vend", "subc"):
            desk.faults = Dice(rates=LOST, random=Random(seed))
        return LoopbackServer(desk, hook_url=[f"{url}/hooks/{code}" for url in gateways])

    @property
    def ports(self) -> list[int]:
        """Where the desks listen."""
        return [server.port for server in self.servers.values()]

    def installation(self) -> dict[str, Any]:
        """The configuration file of it all; its secrets come from the environment."""
        links = [
            {
                "code": f"{up}-{code}",
                "upstream": up,
                "downstream": code,
                "passes": {"delegate_as": code},
                "answer_within": {"default": "200h"},
                "confirm_within": "30d",
            }
            for code, up in ABOVE.items()
        ]
        return {
            "organizations": [{"code": code, "name": code.title()} for code in DESKS],
            "desks": [self._document(code) for code in DESKS],
            "links": links,
        }

    def _document(self, code: str) -> dict[str, Any]:
        return {
            "code": code,
            "organization": code,
            "connector": "loopback",
            "base_url": self.servers[code].url,
            "zone": DESKS[code].zone,
            "account": "interdesk",
            "settings": DESKS[code].settings(),
            "profile": DESKS[code].profile(),
            "credentials": {"kind": "header", "secret": {"env": "CLUSTER_TOKEN"}},
            "hook": {"secrets": [{"env": "CLUSTER_HOOK"}]},
            "allow_private_network": True,
            "poll_every": "1s",
            "refetch_every": "5s",
            "settle_window": f"{SETTLE_WINDOW}s",
        }

    def __enter__(self) -> "Town":
        for server in self.servers.values():
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._home.set()
        if self._people.is_alive():
            self._people.join(10)
        for server in self.servers.values():
            server.stop()

    def begin(self) -> None:
        """People come to work."""
        self._people.start()

    def _work(self) -> None:
        while not self._home.wait(self.random.expovariate(1 / self.pace)):
            with self.everything():
                self.crowd.act()

    def go_home(self) -> None:
        """Nobody does anything any more, and the desks are well."""
        self._home.set()
        self._people.join(10)
        with self.everything():
            for server in self.servers.values():
                server.app.desk.faults = no_faults

    @contextmanager
    def everything(self) -> Iterator[None]:
        """All desks held still."""
        with ExitStack() as stack:
            for server in self.servers.values():
                stack.enter_context(server.acting())
            yield

    def changes(self) -> int:
        """How much happened at the desks so far."""
        with self.everything():
            return sum(len(server.app.desk.cabinet.changes) for server in self.servers.values())

    def met(self) -> int:
        """How many calls met a fault."""
        return sum(server.app.desk.met.total() for server in self.servers.values())

    def hooks(self) -> tuple[int, int]:
        """(posted, given up)."""
        posters = [server.poster for server in self.servers.values() if server.poster is not None]
        return sum(one.posted for one in posters), sum(one.failed for one in posters)

    def violations(self) -> list[tuple[str, str]]:
        """What the desks hold against what people did."""
        with self.everything():
            tickets = {code: server.app.desk.tickets() for code, server in self.servers.items()}
            return check(Held(world=self.world, book=self.book, tickets=tickets)).found
