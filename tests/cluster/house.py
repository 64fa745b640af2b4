"""Two gateways and three workers on one PostgreSQL, as an operator would run them, over the town's desks."""

import base64
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psycopg
import yaml

from tests.cluster import hurried
from tests.cluster.birth import HURRIED, PLAIN, Forked
from tests.cluster.process import Process
from tests.cluster.town import HOOK_SECRET, TOKEN, Town
from tests.cluster.witness import Witness
from tests.postgres import PostgresServer

GATEWAYS, WORKERS = 2, 3
PATIENCE = 300.0


@dataclass(kw_only=True)
class Cluster:
    """Everything that runs. `lease`: seconds that a worker holds what it claimed."""

    server: PostgresServer
    town: Town
    witness: Witness
    gateways: list[Process]
    workers: list[Process]
    lease: float

    @property
    def processes(self) -> list[Process]:
        """Every process of the gateway."""
        return [*self.gateways, *self.workers]


@contextmanager
def cluster(
    server: PostgresServer, folder: Path, *, hurry: bool, seed: int, tickets: int
) -> Iterator[Cluster]:
    """Installed, started and ready; whatever still runs at the end is killed."""
    ports = [_free_port() for _ in range(GATEWAYS)]
    with server.database("cluster") as url, Town(_urls(ports), seed=seed, tickets=tickets) as town:
        environment = _environment(url, folder, town, hurry=hurry)
        run = HURRIED if hurry else PLAIN
        _configure(folder, environment, town)
        witness = Witness(url)
        witness.post()
        house = Cluster(
            server=server,
            town=town,
            witness=witness,
            gateways=[
                _process(
                    f"gateway{number}",
                    (*run, "serve", "--no-worker", "--port", str(port)),
                    folder,
                    environment,
                )
                for number, port in enumerate(ports, 1)
            ],
            workers=[
                _process(f"worker{number}", (*run, "worker"), folder, environment)
                for number in range(1, WORKERS + 1)
            ],
            lease=hurried.LEASE.total_seconds() if hurry else 90.0,
        )
        try:
            for process in house.processes:
                process.start()
            for address in _urls(ports):
                eventually(partial(_is_ready, address), f"{address} is ready")
            for worker in house.workers:
                eventually(partial(_has_started, worker), f"{worker.name} works")
            yield house
        finally:
            for process in house.processes:
                process.discard()


def _urls(ports: list[int]) -> list[str]:
    return [f"http://127.0.0.1:{port}" for port in ports]


def _process(name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> Process:
    return Forked(name=name, arguments=arguments, environment=environment, log=folder / f"{name}.log")


def _environment(url: str, folder: Path, town: Town, *, hurry: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")}
    hurrying = {"INTERDESK_DESK_DEADLINE": str(hurried.DEADLINE)} if hurry else {}
    return {
        **kept,
        "INTERDESK_DATABASE_URL": url,
        "INTERDESK_DATA_DIR": str(folder / "data"),
        "INTERDESK_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
        "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "INTERDESK_ALLOWED_PORTS": ",".join(str(port) for port in town.ports),
        "INTERDESK_STOP_WITHIN": "15",
        "INTERDESK_LOG_FORMAT": "json",
        "CLUSTER_TOKEN": TOKEN,
        "CLUSTER_HOOK": HOOK_SECRET,
        **hurrying,
    }


def _configure(folder: Path, environment: dict[str, str], town: Town) -> None:
    file = folder / "installation.yaml"
    file.write_text(yaml.safe_dump(town.installation(), allow_unicode=True), encoding="utf-8")
    for number, arguments in enumerate((("migrate",), ("apply", str(file), "--yes", "--actor", "tests"))):
        once = _process(f"command{number}", (*PLAIN, *arguments), folder, environment)
        once.start()
        if once.running is None or once.running.wait(PATIENCE) != 0:
            raise AssertionError(f"interdesk {arguments[0]} failed:\n{once.said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(url: str) -> bool:
    return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200


def _has_started(process: Process) -> bool:
    return process.starts() > 0


def eventually(
    ask: Callable[[], bool], what: str, *, patience: float = PATIENCE, every: float = 0.05
) -> None:
    """Returns once it is true; AssertionError when that does not come within `patience` seconds."""
    deadline = time.monotonic() + patience
    last: object = None
    while time.monotonic() < deadline:
        try:
            if ask():
                return
        except (httpx.TransportError, psycopg.OperationalError) as error:
            last = error
        time.sleep(every)
    raise AssertionError(f"it did not come true within {patience:.0f} s that {what} (last: {last})")
