"""Looks: a wish is claimed under a fence that no later wish for the same ticket repeats, and rows are locked in one order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.store import looks, prepared
from gateway.store.claiming import Claim
from gateway.store.db import Database
from gateway.store.scope import Scope
from tests.migrated import bring_up

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVERYBODY = Scope.operator()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'x.db'}")
    bring_up(opened)
    yield opened
    opened.close()


def _wish(remote_id: str, *, due_at: datetime = NOW) -> looks.Wish:
    return looks.Wish(org_id="org_1", desk_id="dsk_1", remote_id=remote_id, due_at=due_at, why="poll")


def _claim(database: Database, *, now: datetime) -> list[looks.Look]:
    terms = Claim(now=now, lease=timedelta(seconds=90), capacity={"dsk_1": 9}, limit=9)
    with database.write() as db:
        return looks.claim(db, EVERYBODY, terms)


def test_who_slept_over_the_end_of_a_look_does_not_own_the_next_one(database: Database) -> None:
    with database.write() as db:
        looks.want(db, [_wish("7")])
    [slept] = _claim(database, now=NOW)
    [other] = _claim(database, now=NOW + timedelta(seconds=91))
    later = NOW + timedelta(seconds=92)
    with database.write() as db:
        looks.done(db, other, now=later)
        looks.want(db, [_wish("7", due_at=later)])
    [new] = _claim(database, now=later)
    with database.write() as db:
        assert looks.still_mine(db, [slept, new]) == {(new.id, new.fence)}
        looks.done(db, slept, now=later)
        assert looks.still_mine(db, [new])


def test_a_second_wish_is_the_same_look_brought_forward(database: Database) -> None:
    with database.write() as db:
        looks.want(db, [_wish("7", due_at=NOW + timedelta(hours=1))])
        looks.want(db, [_wish("7", due_at=NOW)])
    [look] = _claim(database, now=NOW)
    assert look.hints == 2


def test_wishes_are_written_in_the_order_in_which_claimed_looks_are_locked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []
    monkeypatch.setattr(prepared, "execute_many", lambda _db, _sql, rows: written.append(rows))
    names = [str(number) for number in range(20)]
    with database.write() as db:
        looks.want(db, [_wish(name) for name in names])
    [parameters] = written
    ids = [row["id"] if isinstance(row, dict) else row[0] for row in parameters]
    assert ids == sorted(ids)
    assert len(ids) == len(names)
