"""Two installations, each with a desk of its own and a gateway, linked by TMF621: A's customer `north` hands on to its partner
`south`, whose gateway is B. At B `north` has an API desk, and A's gateway is an OAuth client of its organization."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import uvicorn
import yaml
from sqlalchemy import text

from gateway import app as wiring
from gateway.app import Gateway, Life
from gateway.config import Settings
from gateway.domain.keeping import KeptClock
from gateway.flows import clients
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.installation.secret_sources import SecretSource
from gateway.store import clocks
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests import witness
from tests.migrated import bring_up

T = TypeVar("T")
SECRET = "a-secret-of-the-desks-0123456789-0123456789"
PATIENCE = 240.0
"""Seconds something may take to show at the other end: two gateways, two desks and the test share one process and maybe a busy
machine, and waiting ends when it is there."""
_SAID = {"file": "secret"}
_QUICK = {"allow_private_network": True, "poll_every": "1s", "refetch_every": "30s", "settle_window": "1s"}


def agreed(up: str, down: str) -> dict[str, Any]:
    """Both parties, and what the one promised the other: the same at both gateways."""
    return {
        "organizations": [{"code": code, "name": code.title()} for code in (up, down)],
        "calendars": [{"code": "always", "organization": down, "always": True}],
        "agreements": [
            {
                "code": f"{up}-{down}",
                "organization": down,
                "consumer": up,
                "kind": "uc",
                "calendar": "always",
                "stops": {"requester_info": "automatic", "site_closed": "automatic"},
                "targets": {"resolution": {"critical": "2h", "high": "4h", "medium": "8h", "low": "24h"}},
            }
        ],
    }


def loopback(code: str, server: LoopbackServer) -> dict[str, Any]:
    """A desk of an organization of the same name."""
    return {
        "code": code,
        "organization": code,
        "connector": "loopback",
        "base_url": server.url,
        "account": "interdesk",
        "settings": PLAIN.settings(),
        "profile": {**PLAIN.profile(), "to_verify": "on hold"},
        "credentials": {"kind": "header", "secret": _SAID},
        "hook": {"secrets": [_SAID]},
        **_QUICK,
    }


def partner(code: str, port: int, client: str, **more: Any) -> dict[str, Any]:
    """The other gateway, as this one knows it."""
    return {
        "code": code,
        "organization": code,
        "connector": "tmf621",
        "base_url": f"http://127.0.0.1:{port}/tmf-api/troubleTicket/v5",
        "settings": {"scope": "tickets:write"},
        "credentials": {"kind": "oauth2_client_credentials", "user": client, "secret": {"file": "partner"}},
        "hook": {"token": _SAID, "secrets": [_SAID]},
        **_QUICK,
        **more,
    }


def link(upstream: str, downstream: str, **more: Any) -> dict[str, Any]:
    """A link between two desks."""
    return {"code": f"{upstream}-{downstream}", "upstream": upstream, "downstream": downstream, **more}


UP = {
    "pending": "pending",
    "held": "held",
    "declined": "rejected",
    "returned": "rejected",
    "expired": "rejected",
}
"""What a link below an API desk says, so that its party sees what happened by the status."""


@dataclass(kw_only=True)
class Hub:
    """One installation. Its process can be ended and begun again; its port stays."""

    folder: Path
    port: int
    reaches: tuple[int, ...] = ()
    """Ports that it may speak to."""
    gateway: Gateway | None = None
    _serving: "_Serving | None" = None

    def settings(self) -> Settings:
        """Of this installation."""
        return Settings(
            data_dir=self.folder / "data",
            allowed_networks=("127.0.0.0/8",),
            allowed_ports=self.reaches,
            port=self.port,
            desk_deadline=10,
            public_url=f"http://127.0.0.1:{self.port}",
        )

    def prepare(self) -> None:
        """An empty installation."""
        self.folder.mkdir(parents=True, exist_ok=True)
        witness.watch(self.settings().data_dir)
        (self.folder / "secret").write_text(SECRET, encoding="utf-8")
        opened = wiring.open_gateway(self.settings())
        bring_up(opened.database)
        self.gateway = opened

    def apply(self, document: Mapping[str, Any]) -> None:
        """Configure it."""
        file = self.folder / "installation.yaml"
        file.write_text(yaml.safe_dump(dict(document)), encoding="utf-8")
        gateway = self.opened
        terms = Terms(vault=gateway.vault, secrets=SecretSource())
        apply(gateway.context, read(file), terms, actor="test", now=wiring.utc_now())

    @property
    def opened(self) -> Gateway:
        """The installation, as long as it is open here."""
        assert self.gateway is not None
        return self.gateway

    def client(self, organization: str) -> tuple[str, str]:
        """An OAuth client of that organization: its id and secret."""
        wanted = clients.Wanted(label="gateway", permissions=("tickets:write",), organization=organization)
        made, secret = clients.register(self.opened.context, wanted, actor="test", now=wiring.utc_now())
        assert secret is not None
        return made.id, secret

    def start(self) -> None:
        """Doors and worker, in threads of this process."""
        if self.gateway is None:
            self.gateway = wiring.open_gateway(self.settings())
        self._serving = _Serving(self.gateway, self.port)
        self._serving.start()

    def stop(self) -> None:
        """End doors and worker and forget everything that was in memory."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None
        if self.gateway is not None:
            self.gateway.close()
            self.gateway = None


class _Serving:
    def __init__(self, gateway: Gateway, port: int) -> None:
        application = wiring.web_app(gateway, with_worker=True, life=Life())
        options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "log_config": None, "access_log": False}
        self._server = uvicorn.Server(uvicorn.Config(application, lifespan="on", **options))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        until(lambda: self._server.started, "the gateway comes up")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(40)
        assert not self._thread.is_alive()


def until(seen: Callable[[], T], words: str, *, within: float = PATIENCE) -> T:
    """Wait until something is true, and what it is."""
    end = time.monotonic() + within
    while True:
        found = seen()
        if found:
            return found
        assert time.monotonic() < end, f"not within {within} s: {words}"
        time.sleep(0.1)


@dataclass(kw_only=True)
class Pair:
    """Both hubs; `client` is A's id and secret at B, `partner` the code of B's party."""

    a: Hub
    b: Hub
    client: tuple[str, str]
    partner: str

    def start(self) -> None:
        """Both at work, and A told of what happens at B."""
        self.b.start()
        self.a.start()
        listen(self)

    def quiet(self) -> None:
        """Wait until neither gateway has anything under way."""
        for hub in (self.a, self.b):
            until(lambda hub=hub: not under_way(hub), f"{hub.folder.name} is quiet")  # type: ignore[misc]


@dataclass(kw_only=True)
class Town(Pair):
    """Both hubs and both desks."""

    north: LoopbackServer
    south: LoopbackServer

    def open(self, title: str, **fields: str) -> str:
        """A ticket at A's desk; its id there."""
        with self.north.acting() as desk:
            return desk.person("ann").open(title, "no light", queue="Field", **fields)

    def arrived(self, title: str, *, within: float = PATIENCE) -> str:
        """The ticket of that title at B's desk; its id there."""
        return until(
            lambda: next(iter(self.at(self.south, title)), ""), f"{title} at B's desk", within=within
        )

    def at(self, server: LoopbackServer, title: str) -> list[str]:
        """Ids of the tickets of that title."""
        with server.acting() as desk:
            return [ident for ident, doc in _docs(desk).items() if doc["fields"]["title"] == title]

    def doc(self, server: LoopbackServer, ticket: str) -> dict[str, Any]:
        """A ticket as its desk has it."""
        with server.acting() as desk:
            return dict(_docs(desk)[ticket])

    def shows(
        self, server: LoopbackServer, ticket: str, *, within: float = PATIENCE, **fields: str | None
    ) -> None:
        """Wait until a ticket shows these values."""
        until(
            lambda: all(self.doc(server, ticket)["fields"].get(n) == v for n, v in fields.items()),
            f"{fields} at {server.app.desk.temper.prefix}{ticket}: {self.doc(server, ticket)['fields']}",
            within=within,
        )

    def hears(self, server: LoopbackServer, ticket: str, words: str, *, within: float = PATIENCE) -> None:
        """Wait until a comment holds these words."""
        until(
            lambda: any(words in one["text"] for one in self.doc(server, ticket)["comments"]),
            f"{words!r} in {self.doc(server, ticket)['comments']}",
            within=within,
        )

    def said(self, server: LoopbackServer, ticket: str, words: str) -> list[str]:
        """Comments that end with these words, in a line of their own."""
        texts = [one["text"] for one in self.doc(server, ticket)["comments"]]
        return [text for text in texts if text.rpartition("\n")[2] == words]

    def clock(self, hub: Hub, number: str) -> KeptClock | None:
        """How the clock of the agreement between the two stands at a hub, of the ticket that its own desk calls so."""
        with hub.opened.database.read() as db:
            case = db.execute(text(_CASE), {"number": number, "connector": "loopback"}).scalar()
            found = clocks.of_tickets(db, OPERATOR, [case or ""]).get(case or "", [])
        mine = [one for one in found if one.agreement == "north-south"]
        return mine[-1] if mine else None

    def told(self, **filters: str) -> list[dict[str, Any]]:
        """Tickets of A's organization as B's door tells a stock client of them."""
        with httpx.Client(
            base_url=f"http://127.0.0.1:{self.b.port}", trust_env=False, timeout=PATIENCE
        ) as http:
            token = _token(http, self.client)
            path = "/tmf-api/troubleTicket/v5/troubleTicket"
            headers = {"authorization": f"Bearer {token}"}
            found: list[dict[str, Any]] = http.get(path, params=filters, headers=headers).json()
            return found

    def tickets(self) -> tuple[int, int]:
        """How many tickets there are at the two desks."""
        counts = []
        for server in (self.north, self.south):
            with server.acting() as desk:
                counts.append(len(_docs(desk)))
        return counts[0], counts[1]


def _docs(desk: LoopbackDesk) -> dict[str, dict[str, Any]]:
    return {ident: folder.doc for ident, folder in desk.cabinet.folders.items()}


_CASE = """
    SELECT hop.ticket_id FROM hop JOIN desk ON desk.id = hop.desk_id
    WHERE hop.remote_id = :number AND desk.connector = :connector
"""
_OPEN = "SELECT count(*) FROM delivery WHERE state NOT IN ('done', 'superseded', 'cancelled', 'parked')"


def under_way(hub: Hub) -> int:
    """How many deliveries of a hub are still to be made."""
    with hub.opened.database.read() as db:
        return int(db.execute(text(_OPEN)).scalar() or 0)


def at_a(ours: Mapping[str, Any], there: Mapping[str, Any], passes: Mapping[str, Any]) -> dict[str, Any]:
    """What A applies: its own party's desk, and the partner `there`."""
    over = link(ours["code"], there["code"], passes=passes)
    return {"desks": [ours, there], "links": [over], **agreed(ours["code"], there["code"])}


def at_b(up: str, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What B applies: an API desk for A's party, and its own party's desk."""
    door = {"code": up, "organization": up, "connector": "api_desk", "allow_private_network": True}
    every = {"when": {"field": "category", "value": "assistance"}}
    over = link(up, theirs["code"], passes=every, parent_means=UP)
    return {"desks": [door, theirs], "links": [over], **agreed(up, theirs["code"])}


def _token(http: httpx.Client, client: tuple[str, str]) -> str:
    form = {"grant_type": "client_credentials", "scope": "tickets:write"}
    return str(http.post("/oauth/token", data=form, auth=client).json()["access_token"])


def listen(pair: "Pair") -> None:
    """Register A's hook at B's hub, as connectors/tmf621/README.md says."""
    callback = f"http://127.0.0.1:{pair.a.port}/hooks/{pair.partner}/{SECRET}?key={SECRET}"
    with httpx.Client(base_url=f"http://127.0.0.1:{pair.b.port}", trust_env=False, timeout=PATIENCE) as http:
        told = http.post(
            "/tmf-api/troubleTicket/v5/hub",
            json={"@type": "Hub", "callback": callback},
            headers={"authorization": f"Bearer {_token(http, pair.client)}"},
        )
        assert told.status_code == 201, told.text


@contextmanager
def joined(
    folder: Path,
    ports: Sequence[int],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    passes: Mapping[str, Any],
) -> Iterator[Pair]:
    """Two gateways between two desks, configured and not yet at work."""
    reaches = (*ports, *(urlsplit(desk["base_url"]).port or 80 for desk in (ours, theirs)))
    a, b = [Hub(folder=folder / name, port=at, reaches=reaches) for name, at in zip("ab", ports, strict=True)]
    with ExitStack() as ending:
        for hub in (a, b):
            hub.prepare()
            ending.callback(hub.stop)
        b.apply(at_b(ours["code"], theirs))
        client = b.client(ours["code"])
        (a.folder / "partner").write_text(client[1], encoding="utf-8")
        a.apply(at_a(ours, partner(theirs["code"], b.port, client[0]), passes))
        yield Pair(a=a, b=b, client=client, partner=theirs["code"])


FIELD = {"when": {"field": "queue", "value": "Field"}}


@contextmanager
def federated(folder: Path, ports: Sequence[int], *, starts: bool = True) -> Iterator["Town"]:
    """Two loopback desks with two gateways between them, at work."""
    with ExitStack() as ending:
        servers = []
        for code, port in zip(("north", "south"), ports, strict=True):
            desk = LoopbackDesk(
                PLAIN, clock=wiring.utc_now, seed=port, token=SECRET, hook_secret=SECRET.encode()
            )
            server = LoopbackServer(desk, hook_url=f"http://127.0.0.1:{port}/hooks/{code}")
            servers.append(ending.enter_context(server))
        north, south = servers
        desks = loopback("north", north), loopback("south", south)
        pair = ending.enter_context(joined(folder, ports, *desks, FIELD))
        if starts:
            pair.start()
        yield Town(a=pair.a, b=pair.b, client=pair.client, partner=pair.partner, north=north, south=south)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
