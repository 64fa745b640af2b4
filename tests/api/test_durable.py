"""2xx means on disk: a real `interdesk serve` is killed while messages pour in, and every one it said yes to is there."""

import http.client
import os
import signal
import threading
from pathlib import Path

import orjson
import pytest

from gateway import app as wiring
from gateway.store import health, views
from gateway.store.scope import Scope
from tests.api import house
from tests.api.house import ended, message, served

pytestmark = pytest.mark.slow

SENDERS = 8
ENOUGH = 150


class Senders:
    """Post until the gateway is gone; remember what it said yes to, by id, and to whom."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.accepted: dict[str, bytes] = {}
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def run(self) -> None:
        """Start them all; returns when enough was accepted."""
        for thread in self._threads:
            thread.start()
        assert self.enough.wait(60)

    def join(self) -> None:
        """Wait until every one has noticed that nobody answers."""
        for thread in self._threads:
            thread.join(30)

    def _send(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            for count in range(100_000):
                body, headers = message(number * 1_000_000 + count)
                connection.request("POST", "/hooks/north", body=body, headers=headers)
                answer = connection.getresponse()
                told = answer.read()
                assert answer.status == 202, told
                self.accepted[orjson.loads(told)["id"]] = body
                if len(self.accepted) >= ENOUGH:
                    self.enough.set()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_accepted_survives_a_kill(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = None if database == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url):
        environment = {"INTERDESK_DATABASE_URL": url} if url else {}
    with served(tmp_path, "--no-worker", **environment) as (process, port):
        senders = Senders(port)
        senders.run()
        os.kill(process.pid, signal.SIGKILL)
        senders.join()
        assert process.wait() == -signal.SIGKILL

    gateway = wiring.open_gateway(house.settings(tmp_path, **({"database_url": url} if url else {})))
    try:
        with gateway.database.read() as db:
            kept = {one["id"]: one for one in views.messages(db, Scope.operator(), limit=1_000_000)}
            bodies = {
                name: found["body"]
                for name in senders.accepted
                if (found := views.message(db, Scope.operator(), name)) is not None
            }
        assert health.damage(gateway.database) == []
    finally:
        gateway.close()
    assert bodies == senders.accepted
    assert len(kept) <= len(senders.accepted) + SENDERS  # at most one of each sender without its answer


def test_asked_to_stop_it_answers_whom_it_took_and_ends_with_0(tmp_path: Path) -> None:
    with house.installed(tmp_path):
        pass
    with served(tmp_path) as (process, port):
        senders = Senders(port)
        senders.run()
        assert ended(process) == 0
        senders.join()

    gateway = wiring.open_gateway(house.settings(tmp_path))
    try:
        with gateway.database.read() as db:
            kept = {one["id"] for one in views.messages(db, Scope.operator(), limit=1_000_000)}
    finally:
        gateway.close()
    assert senders.accepted.keys() <= kept
