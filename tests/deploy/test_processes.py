"""What the Compose files start, started as ordinary processes: the same commands with the same settings, only folders,
addresses and the database are this test's own. Their health checks are run as they stand."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from tests.cluster.process import Process
from tests.deploy.files import COMPOSE_ALONE, COMPOSE_CLUSTER, DEPLOY, filled, instructions, our_services

PATIENCE = 120.0
IMAGE = dict(
    pair.split("=", 1)
    for pair in dict(instructions(DEPLOY / "Dockerfile"))["ENV"].split()
    if pair.startswith("INTERDESK_")
)


class Host:
    """A machine for the services of one Compose file. `own` replaces settings that cannot be the same here."""

    def __init__(self, folder: Path, own: Mapping[str, str]) -> None:
        self.folder = folder
        self.own = own
        (folder / "keys").write_text("k1:" + base64.b64encode(bytes(32)).decode() + "\n")
        (folder / "keys").chmod(0o600)

    def process(self, name: str, service: Mapping[str, Any], *, port: int = 0) -> Process:
        """The service as a process, not yet started."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("INTERDESK_")}
        said = {
            key: filled(str(value), {"POSTGRES_PASSWORD": "x"})
            for key, value in service["environment"].items()
        }
        ours = {key: self._here(value) for key, value in (IMAGE | said).items()}
        ours |= {**self.own, "INTERDESK_HOST": "127.0.0.1", "INTERDESK_PORT": str(port)}
        command = ("-c", "from gateway.cli import main; main()", *service["command"])
        return Process(
            name=name, arguments=command, environment={**kept, **ours}, log=self.folder / f"{name}.log"
        )

    def _here(self, value: str) -> str:
        moved = value.replace("/var/lib/interdesk", str(self.folder / "data"))
        return moved.replace("/run/secrets/interdesk_keys", str(self.folder / "keys"))


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Started; whatever still runs at the end is killed."""
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.discard)
            process.start()
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(service: Mapping[str, Any], port: int) -> bool:
    """What the service's own health check says, at this port."""
    _, _, *arguments = service["healthcheck"]["test"]
    code = [argument.replace(":8080/", f":{port}/") for argument in arguments]
    return subprocess.run([sys.executable, *code], check=False, capture_output=True).returncode == 0


def eventually(ask: Callable[[], bool], what: str, *processes: Process) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ask():
        said = "\n".join(f"{process.name}: {process.said[-1000:]}" for process in processes)
        assert time.monotonic() < deadline, f"it never came true that {what}\n{said}"
        time.sleep(0.2)


def end(*processes: Process) -> dict[str, int]:
    for process in processes:
        process.ask_to_end()
    return {process.name: process.ended() for process in processes}


@pytest.mark.timeout(300)
def test_one_container_with_sqlite(tmp_path: Path) -> None:
    service = our_services(COMPOSE_ALONE)["interdesk"]
    port = free_port()
    gateway = Host(tmp_path, {}).process("interdesk", service, port=port)
    with running(gateway):
        eventually(lambda: is_healthy(service, port), "it is healthy", gateway)
        assert (tmp_path / "data" / "interdesk.db").is_file()
        assert end(gateway) == {"interdesk": 0}
    assert not is_healthy(service, port)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_gateways_and_three_workers_with_postgresql(tmp_path: Path, fresh_postgres: str) -> None:
    found = our_services(COMPOSE_CLUSTER)
    host = Host(tmp_path, {"INTERDESK_DATABASE_URL": fresh_postgres})
    migrate = host.process("migrate", found["migrate"])
    with running(migrate):
        assert migrate.ended() == 0, migrate.said
    ports = [free_port() for _ in range(found["gateway"]["deploy"]["replicas"])]
    gateways = [host.process(f"gateway{port}", found["gateway"], port=port) for port in ports]
    workers = [
        host.process(f"worker{n}", found["worker"]) for n in range(found["worker"]["deploy"]["replicas"])
    ]
    with running(*gateways, *workers):
        for port in ports:
            eventually(lambda port=port: is_healthy(found["gateway"], port), "both are healthy", *gateways)  # type: ignore[misc]
        eventually(lambda: all("working" in worker.said for worker in workers), "all work", *workers)
        codes = end(*gateways, *workers)
    assert set(codes.values()) == {0}
    assert len(codes) == 5


def test_the_address_of_the_database_is_one_that_is_taken() -> None:
    given = our_services(COMPOSE_CLUSTER)["worker"]["environment"]["INTERDESK_DATABASE_URL"]
    settings = Settings.model_validate({"database_url": filled(given, {"POSTGRES_PASSWORD": "s3cret"})})
    assert settings.database == "postgresql+psycopg://interdesk:s3cret@postgres/interdesk"
    assert not settings.worker_in_serve
