"""Prepared statements: the same answers on both databases, keys as one parameter, and the driver's failures in SQLAlchemy's
words."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from gateway.store import bulk, rows
from gateway.store.db import Database, Db
from gateway.store.prepared import Statement, among, tuples, within
from gateway.store.scope import Scope
from tests.migrated import bring_up

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
BY_ID = Statement(
    lambda dialect: (
        select(rows.look.c.id, rows.look.c.due_at)
        .where(among(dialect, rows.look.c.id, "ids"), within(dialect, rows.look))
        .order_by(rows.look.c.id)
    )
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'a.db'}" if sqlite else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    with opened.write() as db:
        bulk.add(db, rows.look, [_look(number) for number in range(4)])
    yield opened
    opened.close()


def _look(number: int) -> dict[str, object]:
    return {
        "id": f"lok_{number}",
        "org_id": f"org_{number % 2}",
        "desk_id": "dsk'1",
        "remote_id": f'"{number}"',
        "due_at": NOW,
    }


@pytest.mark.parametrize(
    ("scope", "ids", "found"),
    [
        (Scope.operator(), ["lok_3", "lok_1", "nobody's"], ["lok_1", "lok_3"]),
        (Scope.of("org_0"), ["lok_0", "lok_1", "lok_2"], ["lok_0", "lok_2"]),
        (Scope.operator(), [], []),
    ],
    ids=["the operator", "one organization", "no keys"],
)
def test_keys_are_one_parameter_within_a_scope(
    database: Database, scope: Scope, ids: list[str], found: list[str]
) -> None:
    with database.read() as db:
        assert [row[0] for row in BY_ID.rows(db, ids=ids, **scope.parameters)] == found


def test_values_are_read_as_their_columns_say(database: Database) -> None:
    with database.read() as db:
        assert BY_ID.rows(db, ids=["lok_0"], **Scope.operator().parameters) == [["lok_0", NOW]]


def test_tuples_of_texts_are_joined_whatever_they_contain(database: Database) -> None:
    def joined(dialect: str) -> Select[Any]:
        look, wanted = rows.look.c, tuples(dialect, "keys", ("desk_id", "remote_id"))
        here = (look.desk_id == wanted.c.desk_id) & (look.remote_id == wanted.c.remote_id)
        return select(look.id).join(wanted, here).order_by(look.id)

    with database.read() as db:
        keys = [("dsk'1", '"2"'), ("dsk'1", '"0"'), ("another", '"1"')]
        assert [row[0] for row in Statement(joined).raw(db, keys=keys)] == ["lok_0", "lok_2"]


def test_what_is_there_already_stays(database: Database) -> None:
    with database.write() as db:
        bulk.add_new(db, rows.look, [_look(3) | {"org_id": "another"}, _look(4)])
    with database.read() as db:
        found = BY_ID.rows(db, ids=["lok_3", "lok_4"], **Scope.of("org_1").parameters)
    assert [row[0] for row in found] == ["lok_3"]


def test_a_failure_of_the_driver_is_told_as_what_it_is(database: Database) -> None:
    with pytest.raises(IntegrityError) as told, database.write() as db:
        bulk.add(db, rows.look, [_look(9), _look(0)])
    assert "dsk'1" not in str(told.value)
    with database.read() as db:
        assert BY_ID.rows(db, ids=["lok_9"], **Scope.operator().parameters) == []


def test_a_missing_table_is_the_database_s_trouble(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(OperationalError), empty.read() as db:
        BY_ID.raw(db, ids=[], **Scope.operator().parameters)
    empty.close()


def _oversleep(db: Db, own: Statement) -> None:
    """The server closes a connection that is silent in mid-transaction for too long."""
    db.exec_driver_sql("SET idle_in_transaction_session_timeout = 1")
    own.raw(db, id="x")
    time.sleep(0.1)
    own.raw(db, id="x")


def test_a_connection_that_broke_is_not_used_again(migrated_postgres: str) -> None:
    database = Database(migrated_postgres, pool_size=1)
    own = Statement(lambda _dialect: select(rows.look.c.id).where(rows.look.c.id == bindparam("id")))
    bring_up(database)
    with pytest.raises(DBAPIError) as told, database.write() as db:
        _oversleep(db, own)
    assert told.value.connection_invalidated
    with database.read() as db:
        assert own.raw(db, id="x") == []
    database.close()
