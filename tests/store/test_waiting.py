"""A database that comes later is waited for, one that does not come is given up with the driver's own words."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from gateway.store.db import Database
from gateway.store.waiting import wait_until_it_answers
from tests.postgres import PostgresServer, running_server


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """Nobody else's: it is stopped in between."""
    with running_server() as server:
        yield server


@pytest.mark.pg
def test_a_database_that_comes_later_is_waited_for(own_server: PostgresServer) -> None:
    database, heard = Database(own_server.url()), list[str]()
    in_vain = threading.Event()

    def told(words: str) -> None:
        heard.append(words)
        in_vain.set()

    own_server.stop()
    waiting = threading.Thread(target=wait_until_it_answers, args=(database, told))
    waiting.start()
    assert in_vain.wait(20)
    assert waiting.is_alive()
    own_server.start()
    waiting.join(30)
    assert not waiting.is_alive()
    database.close()
    assert heard[0].startswith("waiting for the database: the database failed")


def test_a_database_that_does_not_come_is_given_up() -> None:
    database, heard = Database("postgresql+psycopg://nobody@/nothing?host=/nowhere"), list[str]()
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="/nowhere"):
        wait_until_it_answers(database, heard.append, patience=0.3)
    assert time.monotonic() - begun < 10
    assert heard


def test_what_waiting_does_not_mend_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database("postgresql+psycopg://nobody@/nothing?host=/nowhere")

    def wrong(_: Database) -> None:
        raise ValueError("not the database's trouble")

    monkeypatch.setattr("gateway.store.waiting._ask", wrong)
    with pytest.raises(ValueError, match="trouble"):
        wait_until_it_answers(database, lambda _: pytest.fail("it waited"))


def test_a_file_is_not_waited_for(tmp_path: object) -> None:
    wait_until_it_answers(Database(f"sqlite:///{tmp_path}/none/x.db"), lambda _: pytest.fail("it waited"))
