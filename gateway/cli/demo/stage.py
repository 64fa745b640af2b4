"""The demo's stage: four loopback desks over HTTP, an installation file, and the gateway itself, all in this process."""

import asyncio
import logging
import secrets
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import uvicorn
import yaml

from gateway import app as wiring
from gateway import config
from gateway.app import Gateway, Life
from gateway.cli.demo import contracts
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.installation.secret_sources import SecretSource
from gateway.testing.loopback import NAME
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.faults import Dice, FaultKind
from gateway.testing.loopback.server import LoopbackServer
from gateway.testing.loopback.temper import CUSTOMER, PARTNER, SUBCONTRACTOR, VENDOR, Temper

TEMPERS: Mapping[str, Temper] = {
    "customer": replace(CUSTOMER, commit_lag=timedelta(), granularity=timedelta(microseconds=1)),
    "vendor": replace(VENDOR, search_lag=timedelta(), clock_offset=timedelta()),
    "partner": replace(PARTNER, granularity=timedelta(microseconds=1)),
    "subcontractor": replace(SUBCONTRACTOR, clock_offset=timedelta()),
}
NAMES = {
    "customer": "Aurora Stores",
    "vendor": "Till Systems",
    "partner": "Nord Service",
    "subcontractor": "Quick Hands",
}
LOST_ANSWERS = 0.15
"""How often the subcontractor's desk does what it is asked and never says so."""


class Stage:
    """Everything that runs during a demo; leaving the context ends all of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = Random(seed)  # noqa: S311 - a story that can be told again is the point
        self._ending = ExitStack()
        self._port = _free_port()
        self.servers: dict[str, LoopbackServer] = {}

    def __enter__(self) -> Self:
        logging.basicConfig(filename=self._folder / "demo.log", level=logging.WARNING, force=True)
        secret = secrets.token_urlsafe(32)
        for code, temper in TEMPERS.items():
            self.servers[code] = self._ending.enter_context(self._desk(code, temper, secret))
        self.gateway = self._open(secret)
        self._ending.enter_context(_Serving(self.gateway, self._port))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()
        if hasattr(self, "gateway"):
            self.gateway.close()

    @property
    def gateway_url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def desk_urls(self) -> dict[str, str]:
        """Where each desk listens."""
        return {code: server.url for code, server in self.servers.items()}

    def _desk(self, code: str, temper: Temper, secret: str) -> LoopbackServer:
        desk = LoopbackDesk(
            temper,
            clock=wiring.utc_now,
            seed=self._random.randrange(2**31),
            token=secret,
            hook_secret=secret.encode(),
        )
        if code == "subcontractor":
            desk.faults = Dice(
                rates={FaultKind.TIMEOUT_AFTER: LOST_ANSWERS},
                random=Random(self._random.random()),  # noqa: S311
            )
        return LoopbackServer(desk, hook_url=f"{self.gateway_url}/hooks/{code}")

    def _open(self, secret: str) -> Gateway:
        settings = config.load(
            data_dir=self._folder,
            port=self._port,
            allowed_networks=("127.0.0.0/8",),
            allowed_ports=tuple(server.port for server in self.servers.values()),
            desk_deadline=2,
            log_level=config.LogLevel.ERROR,
        )
        gateway = wiring.open_gateway(settings)
        wiring.ready_schema(gateway)
        path = self._folder / "installation.yaml"
        path.write_text(yaml.safe_dump(self.installation(), allow_unicode=True), encoding="utf-8")
        (self._folder / "secret").write_text(secret, encoding="utf-8")
        terms = Terms(vault=gateway.vault, secrets=SecretSource())
        apply(gateway.context, read(path), terms, actor="demo", now=wiring.utc_now())
        return gateway

    def installation(self) -> dict[str, Any]:
        """The configuration, as a user would write it."""
        return {
            "organizations": [{"code": code, "name": name} for code, name in NAMES.items()],
            "desks": [self._desk_document(code, temper) for code, temper in TEMPERS.items()],
            "links": [
                _link("customer", "vendor", {"when": {"field": "queue", "op": "eq", "value": "Tills"}}),
                _link("vendor", "partner", {"delegate_as": "nord"}),
                _link("vendor", "subcontractor", {"delegate_as": "quick"}),
                _link("partner", "subcontractor", {"delegate_as": "quick"}),
            ],
            "calendars": contracts.calendars(),
            "agreements": contracts.agreements(),
        }

    def _desk_document(self, code: str, temper: Temper) -> dict[str, Any]:
        secret = {"file": "secret"}
        return {
            "code": code,
            "organization": code,
            "connector": NAME,
            "base_url": self.servers[code].url,
            "zone": temper.zone,
            "account": "interdesk",
            "settings": temper.settings(),
            "profile": temper.profile(),
            "credentials": {"kind": "header", "secret": secret},
            "hook": {"secrets": [secret]},
            "allow_private_network": True,
            "poll_every": "1s",
            "refetch_every": "5s",
            "settle_window": "2s",
        }


def _link(upstream: str, downstream: str, passes: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": f"{upstream}-{downstream}",
        "upstream": upstream,
        "downstream": downstream,
        "passes": passes,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Serving:
    """The gateway's doors and worker in a thread of their own."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self._life = Life()
        application = wiring.web_app(gateway, with_worker=True, life=self._life)
        options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "log_config": None, "access_log": False}
        self._server = uvicorn.Server(uvicorn.Config(application, lifespan="on", **options))
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._server.serve())

    def __enter__(self) -> Self:
        self._thread.start()
        for _ in range(200):
            if self._server.started:
                return self
            self._thread.join(0.05)
        raise RuntimeError("the gateway does not come up")

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(40)
