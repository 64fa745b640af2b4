"""Transactions: on PostgreSQL a process that is paused in the middle of one does not stop the others; on SQLite the one
writer keeps its connection, whatever happens to a transaction."""

import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.store import db as connecting
from gateway.store.db import Database, Db
from gateway.store.health import will_pass
from gateway.store.prepared import Statement


def _one_row(url: str) -> None:
    database = Database(url)
    with database.write() as db:
        db.execute(text("CREATE TABLE thing (id int PRIMARY KEY, n int)"))
        db.execute(text("INSERT INTO thing VALUES (1, 0)"))
    database.close()


def test_a_paused_transaction_gives_its_locks_back(
    fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _one_row(fresh_postgres)
    monkeypatch.setattr(connecting, "PAUSED_SECONDS", 1)
    paused, other = Database(fresh_postgres), Database(fresh_postgres)
    count = text("UPDATE thing SET n = n + 1 WHERE id = 1")

    def count_and_sleep() -> None:
        with paused.write() as db:
            db.execute(count)
            started = time.monotonic()
            with other.write() as elsewhere:
                elsewhere.execute(count)
            assert 0.5 < time.monotonic() - started < 15
            db.execute(count)

    with pytest.raises(DBAPIError) as told:
        count_and_sleep()
    assert will_pass(told.value)
    with paused.write() as db:  # its pool is as good as new
        assert db.execute(text("SELECT n FROM thing")).scalar_one() == 1
    paused.close()
    other.close()


def test_no_transaction_lasts_for_ever(fresh_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "TRANSACTION_SECONDS", 1)
    database = Database(fresh_postgres)
    with pytest.raises(DBAPIError) as told, database.write() as db:
        db.execute(text("SELECT pg_sleep(30)"))
    assert will_pass(told.value)
    with database.write(slow=True) as db:
        db.execute(text("SELECT pg_sleep(1.5)"))
    with pytest.raises(DBAPIError), database.write() as db:  # what was slow is not so for good
        db.execute(text("SELECT pg_sleep(30)"))
    database.close()


def test_an_address_may_say_itself_how_patient_a_connection_is(fresh_postgres: str) -> None:
    database = Database(f"{fresh_postgres}&keepalives_idle=77")
    with database.read() as db:
        parameters = db.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    database.close()
    assert (parameters["keepalives_idle"], parameters["keepalives_interval"]) == ("77", "5")


def test_a_standby_that_is_not_promoted_yet_is_trouble_that_passes(fresh_postgres: str) -> None:
    _one_row(fresh_postgres)
    database = Database(f"{fresh_postgres}&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(DBAPIError) as told, database.write() as db:
        db.execute(text("UPDATE thing SET n = 5"))
    database.close()
    assert will_pass(told.value)


def test_what_is_wrong_with_a_statement_does_not_pass(fresh_postgres: str) -> None:
    database = Database(fresh_postgres)
    with pytest.raises(DBAPIError) as told, database.write() as db:
        db.execute(text("SELECT * FROM nothing_of_that_name"))
    database.close()
    assert not will_pass(told.value)


def _broken_off(db: Db) -> None:
    db.execute(text("UPDATE thing SET n = 7"))
    raise ZeroDivisionError


def test_the_writer_of_sqlite_keeps_its_connection_and_no_transaction(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'one.db'}"
    _one_row(address)
    database, other = Database(address), Database(address)
    with database.write() as first:
        first.execute(text("PRAGMA busy_timeout=1"))
    with pytest.raises(ZeroDivisionError), database.write() as db:
        _broken_off(db)
    with other.write(), pytest.raises(DBAPIError) as told, database.write():
        pytest.fail("two at once write")
    assert will_pass(told.value)
    with database.write() as again, other.read() as db:
        assert again is first
        assert db.execute(text("SELECT n FROM thing")).scalar_one() == 0
    database.close()
    with database.write() as opened_anew:
        assert opened_anew is not first
    database.close()
    other.close()


# -- reading ---------------------------------------------------------------------------------------------------------------

_COUNT = Statement(lambda _: text("SELECT n FROM thing WHERE id = 1"))


def test_all_of_a_reading_is_of_one_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    _one_row(url)
    database = Database(url)
    with database.read() as db:
        before = _COUNT.raw(db)
        with database.write() as other:
            other.execute(text("UPDATE thing SET n = n + 1 WHERE id = 1"))
        assert _COUNT.raw(db) == before
    database.close()


def test_who_reads_writes_nothing(fresh_postgres: str) -> None:
    _one_row(fresh_postgres)
    database = Database(fresh_postgres)
    with pytest.raises(DBAPIError, match="read-only"), database.read() as db:
        db.execute(text("UPDATE thing SET n = n + 1 WHERE id = 1"))
    database.close()


def test_what_the_driver_prepared_outlives_a_reading(fresh_postgres: str) -> None:
    _one_row(fresh_postgres)
    database = Database(fresh_postgres)
    for _ in range(6):  # the driver prepares what it has seen five times
        with database.read() as db:
            _COUNT.raw(db)
    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 1
    database.close()


def test_a_connection_that_rested_is_asked_whether_its_server_is_there(
    fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _one_row(fresh_postgres)
    monkeypatch.setattr(connecting, "TRUSTED_SECONDS", 0.0)
    database, other = Database(fresh_postgres), Database(fresh_postgres)
    with database.read() as db:
        lost = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with other.write() as db:
        db.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": lost})
    with database.read() as db:
        assert db.execute(text("SELECT pg_backend_pid()")).scalar_one() != lost
    database.close()
    other.close()
