"""One real gateway process over the town's loopback desks, on SQLite or PostgreSQL; started with a failpoint armed it kills
itself there, as `kill -9` would."""

import base64
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml
from sqlalchemy import text

from gateway import failpoints
from gateway.store import agenda
from gateway.store.db import Database
from gateway.testing.loopback import Fault, FaultKind, Script
from gateway.testing.simulator.world import ROOT
from tests.cluster import hurried
from tests.cluster.birth import HURRIED, PLAIN, Forked
from tests.cluster.rest import come_to_rest
from tests.cluster.town import HOOK_SECRET, TOKEN, Town

PATIENCE = 240.0
"""Seconds until a step must have come; an answer that never comes is given up after sixty, and machines are busy."""


@dataclass(kw_only=True)
class House:
    """The gateway's process and its world. `url` is the database's address, "" for a SQLite file in `folder`."""

    folder: Path
    town: Town
    port: int
    url: str = ""
    hurry: bool = True
    deaths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        run = HURRIED if self.hurry else PLAIN
        self.gateway = Forked(
            name="gateway",
            arguments=(*run, "serve", "--worker", "--port", str(self.port)),
            environment=self.environment(),
            log=self.folder / "gateway.log",
        )
        self.database = Database(self.url or f"sqlite:///{self.folder / 'data' / 'interdesk.db'}")

    def environment(self, failpoint: str = "") -> dict[str, str]:
        """The environment of the process; `failpoint` is `step:nth`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")}
        armed = {failpoints.VARIABLE: failpoint} if failpoint else {}
        database = {"INTERDESK_DATABASE_URL": self.url} if self.url else {}
        hurrying = {"INTERDESK_DESK_DEADLINE": str(hurried.DEADLINE)} if self.hurry else {}
        return {
            **kept,
            "INTERDESK_DATA_DIR": str(self.folder / "data"),
            "INTERDESK_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
            "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "INTERDESK_ALLOWED_PORTS": ",".join(str(port) for port in self.town.ports),
            "CLUSTER_TOKEN": TOKEN,
            "CLUSTER_HOOK": HOOK_SECRET,
            **database,
            **armed,
            **hurrying,
        }

    def install(self) -> None:
        """Make the schema and configure it, with the commands people use."""
        file = self.folder / "installation.yaml"
        file.write_text(yaml.safe_dump(self.town.installation(), allow_unicode=True), encoding="utf-8")
        for arguments in (("migrate",), ("apply", str(file), "--yes", "--actor", "tests")):
            once = Forked(
                name=arguments[0],
                arguments=(*PLAIN, *arguments),
                environment=self.environment(),
                log=self.folder / f"{arguments[0]}.log",
            )
            once.start()
            if once.running is None or once.running.wait(PATIENCE) != 0:
                raise AssertionError(f"interdesk {arguments[0]} failed:\n{once.said}")

    def die_at(self, failpoint: str) -> None:
        """Run until the process kills itself at `step:nth`. AssertionError if it never does."""
        self.gateway.environment = self.environment(failpoint)
        self.gateway.start()
        running = self.gateway.running
        if running is None:
            raise AssertionError("the gateway did not start")
        step, _, nth = failpoint.partition(":")
        _provoke(self.town, step, int(nth or "1"))
        eventually(lambda: running.poll() is not None, f"the gateway dies at {failpoint}")
        if running.returncode != -9:
            raise AssertionError(
                f"at {failpoint} it ended with {running.returncode}:\n{self.gateway.said[-2000:]}"
            )
        self.deaths.append(failpoint)

    def live(self) -> None:
        """Run with nothing armed; returns when it is ready."""
        self.gateway.environment = self.environment()
        self.gateway.start()
        eventually(self._is_ready, "the gateway is ready")

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def calm_down(self, *, patience: float = 180.0) -> None:
        """People go home, faults stop; returns when nothing is open and nothing has moved for a while."""
        come_to_rest(self.town, self.open_work, self._lines, patience=patience)

    def _lines(self, question: str) -> list[str]:
        with self.database.read() as db:
            return [" ".join(str(part) for part in row) for row in db.execute(text(question))]

    def open_work(self) -> list[str]:
        """What is not finished, but the looks that are due on schedule."""
        with self.database.read() as db:
            return [" ".join(one) for one in agenda.undone(db) if one[0] != "look"]

    def violations(self) -> list[str]:
        """What the desks hold against what people did there."""
        return [f"{kind}: {text}" for kind, text in self.town.violations()]


def _provoke(town: Town, step: str, nth: int) -> None:
    """What people do by chance, but a step needs for certain: a file, answers that get lost (several doubts that fall due
    at the same time are one passing)."""
    with town.everything():
        if step == "file.kept":
            for spot in list(town.crowd.spots(ROOT))[:3]:
                town.crowd.attach(spot)
        elif step == "doubt.claimed":
            lost = [Fault(kind=kind) for kind in (FaultKind.TIMEOUT_AFTER, *[FaultKind.HALF_BODY] * 3 * nth)]
            town.servers["vend"].app.desk.faults = Script(steps=lost, writes_only=True)


@contextmanager
def house(folder: Path, *, url: str, hurry: bool, seed: int, tickets: int) -> Iterator[House]:
    """Installed, not yet running; whatever still runs at the end is killed."""
    port = _free_port()
    with Town([f"http://127.0.0.1:{port}"], seed=seed, tickets=tickets) as town:
        made = House(folder=folder, town=town, port=port, url=url, hurry=hurry)
        try:
            made.install()
            yield made
        finally:
            made.gateway.discard()
            made.database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(ask: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
    """Returns once it is true; AssertionError when that does not come within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if ask():
            return
        time.sleep(0.05)
    raise AssertionError(f"it did not come true within {patience:.0f} s that {what}")
