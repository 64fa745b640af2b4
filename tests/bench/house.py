"""A real `interdesk serve` over an installation made for a bench: eight customers, each linked with its own vendor."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway import app as wiring
from gateway.app import Gateway
from gateway.config import Settings
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import migrate
from tests.bench.desks import PAIRS, secret_of
from tests.bench.process import cpu_seconds, megabytes
from tests.postgres import PostgresServer, running_server

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
STORES = (SQLITE, POSTGRES)
DURABLE: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "100",
}
"""As an operator would run it: every commit is on disk before it is answered."""

_DESK = """
  - code: {code}
    organization: {code}
    connector: loopback
    base_url: {url}/{code}
    account: interdesk
    allow_private_network: true
    credentials: {{kind: header, secret: {{env: BENCH_TOKEN}}}}
    hook: {{secrets: [{{env: {env}}}]}}
    settings: {{receipt_is_answer: {trusts}}}
    poll_every: 24h
    refetch_every: 24h
"""
_LINK = """
  - code: {up}-{down}
    upstream: {up}
    downstream: {down}
    passes: {{when: {{field: queue, value: Field}}}}
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which desks there are, at which address, linked how. `trusts`: a desk's answer to a write is its receipt."""

    url: str
    links: tuple[tuple[str, str], ...] = tuple((f"c{n}", f"v{n}") for n in range(PAIRS))
    trusts: bool = True

    @property
    def codes(self) -> list[str]:
        """Every desk."""
        return sorted({code for link in self.links for code in link})

    def text(self) -> str:
        """The configuration file."""
        organizations = "".join(f"\n  - {{code: {code}, name: {code.upper()} Ltd}}" for code in self.codes)
        trusts = str(self.trusts).lower()
        desks = "".join(
            _DESK.format(code=code, url=self.url, env=_variable(code), trusts=trusts) for code in self.codes
        )
        links = "".join(_LINK.format(up=up, down=down) for up, down in self.links)
        return f"organizations:{organizations}\ndesks:{desks}\nlinks:{links}"


def _variable(code: str) -> str:
    return f"BENCH_HOOK_{code.upper()}"


@dataclass(kw_only=True)
class Store:
    """A database for one run, empty at first. `server`: the PostgreSQL whose CPU counts with the gateway's."""

    name: str
    url: str
    folder: Path
    server_pid: int | None = None

    def cpu(self) -> float:
        """CPU seconds that the database server used so far (SQLite works inside the gateway)."""
        return cpu_seconds(self.server_pid) if self.server_pid is not None else 0.0


@contextmanager
def store_of(name: str) -> Iterator[Store]:
    """A durable database of that kind, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="interdesk-bench-") as made:
        folder = Path(made)
        if name == SQLITE:
            yield Store(name=name, url=f"sqlite:///{folder / 'bench.db'}", folder=folder)
            return
        with running_server(DURABLE) as server:
            yield Store(name=name, url=server.url(), folder=folder, server_pid=_pid(server))


def _pid(server: PostgresServer) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


@contextmanager
def installed(store: Store, plan: Plan) -> Iterator[Gateway]:
    """The installation in that database."""
    secrets = {_variable(code): secret_of(code) for code in plan.codes} | {"BENCH_TOKEN": "bench-token"}
    os.environ.update(secrets)
    file = store.folder / "federation.yaml"
    file.write_text(plan.text(), encoding="utf-8")
    settings = Settings.model_validate(
        {
            "data_dir": store.folder / "data",
            "database_url": store.url,
            "allowed_networks": ("127.0.0.0/8",),
            "port": 0,
        }
    )
    gateway = wiring.open_gateway(settings)
    try:
        migrate.upgrade(gateway.database)
        apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="bench", now=wiring.utc_now())
        yield gateway
    finally:
        gateway.close()


@dataclass(kw_only=True)
class Served:
    """A process under test: the gateway or a baseline."""

    process: subprocess.Popen[str]
    port: int
    store: Store
    _cpu: tuple[float, float] = field(default=(0.0, 0.0))

    def mark(self) -> None:
        """CPU counts from here."""
        self._cpu = cpu_seconds(self.process.pid), self.store.cpu()

    def used(self) -> tuple[float, float]:
        """CPU seconds since `mark`: of the process, of its database server."""
        own, server = self._cpu
        return cpu_seconds(self.process.pid) - own, self.store.cpu() - server

    def megabytes(self) -> float:
        """Its memory."""
        return megabytes(self.process.pid)


@contextmanager
def served(store: Store, command: list[str], *, environment: Mapping[str, str]) -> Iterator[Served]:
    """Start a server that says `listening on http://host:port`; stopped at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")}
    log = store.folder / "served.log"
    with log.open("w") as said:
        process = subprocess.Popen(command, env={**kept, **environment}, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            yield Served(process=process, port=_port(process), store=store)
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=60)[1]
            said.write(rest)
            if rest.strip():
                print(rest[-2000:], file=sys.stderr)


def _port(process: subprocess.Popen[str]) -> int:
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if "listening on " in line:
            return int(line.strip().rpartition(":")[2])
    raise RuntimeError("the server did not start:\n" + "".join(said))


@contextmanager
def gateway(store: Store, *, worker: bool = True) -> Iterator[Served]:
    """`interdesk serve` over that database, one process, as an operator starts it."""
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--port", "0"]
    environment = {
        "INTERDESK_DATA_DIR": str(store.folder / "data"),
        "INTERDESK_DATABASE_URL": store.url,
        "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "INTERDESK_LOG_LEVEL": "warning",
    }
    with served(store, [*command, "--worker" if worker else "--no-worker"], environment=environment) as it:
        yield it
