"""Hearing of work that another process made: at once, again after the database was away, from whichever host answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.store import signals
from gateway.store.db import Database
from tests.postgres import PostgresServer, running_server


@contextmanager
def _listening(url: str) -> Iterator[threading.Event]:
    heard, stop = threading.Event(), threading.Event()

    def hear(kind: str) -> None:
        if kind == "looks":
            heard.set()

    ear = threading.Thread(target=signals.listen, args=(url, hear, stop))
    ear.start()
    yield heard
    stop.set()
    ear.join(10)
    assert not ear.is_alive()


def _told(url: str, heard: threading.Event) -> bool:
    """Tell until somebody hears: the listener may still be on its way."""
    database = Database(url)
    for _ in range(100):
        with database.write() as db:
            signals.tell(db, "looks")
        if heard.wait(0.1):
            break
    database.close()
    return heard.is_set()


def test_who_tells_is_heard(fresh_postgres: str) -> None:
    with _listening(fresh_postgres) as heard:
        assert _told(fresh_postgres, heard)


def test_an_address_with_several_hosts_is_understood(postgres_server: PostgresServer) -> None:
    nowhere = postgres_server.folder / "nowhere"
    url = f"{postgres_server.url().partition('?')[0]}?host={nowhere}&host={postgres_server.folder}"
    with _listening(url) as heard:
        assert _told(postgres_server.url(), heard)


def test_after_the_database_was_away_it_listens_again() -> None:
    with running_server() as server, _listening(server.url()) as heard:
        assert _told(server.url(), heard)
        server.stop()
        time.sleep(0.5)
        server.start()
        heard.clear()
        assert _told(server.url(), heard)


def test_where_listening_is_refused_it_is_tried_again(
    fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby refuses to listen until it is promoted; here the refusal is a mistake in the statement."""
    channel = signals.CHANNEL
    monkeypatch.setattr(signals, "CHANNEL", "1 mistake")
    monkeypatch.setattr(signals, "PATIENCE", 0.1)
    with _listening(fresh_postgres) as heard:
        time.sleep(0.5)
        monkeypatch.setattr(signals, "CHANNEL", channel)
        assert _told(fresh_postgres, heard)
