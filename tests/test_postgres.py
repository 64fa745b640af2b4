"""The test server itself: databases are separate, a crash is recovered from, nothing is left behind."""

import os
import signal

import psycopg
import pytest

from tests.postgres import PostgresServer, running_server


def rows(server: PostgresServer, database: str) -> list[str]:
    dsn = f"host={server.folder} user=postgres dbname={database}"
    with psycopg.connect(dsn) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM notes ORDER BY name")]


def write(server: PostgresServer, database: str, name: str) -> None:
    dsn = f"host={server.folder} user=postgres dbname={database}"
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (name text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [name])


def test_a_fresh_database_starts_as_its_template_and_shares_nothing(postgres_server: PostgresServer) -> None:
    with postgres_server.database("original"):
        write(postgres_server, "original", "kept")
        with (
            postgres_server.database("one", template="original"),
            postgres_server.database("two", template="original"),
        ):
            write(postgres_server, "one", "mine")
            assert rows(postgres_server, "one") == ["kept", "mine"]
            assert rows(postgres_server, "two") == ["kept"]


def test_a_test_gets_a_database_of_its_own(fresh_postgres: str, postgres_url: str) -> None:
    assert fresh_postgres.startswith("postgresql+psycopg://postgres@/test_")
    assert postgres_url.split("?")[1] == fresh_postgres.split("?")[1]


@pytest.mark.pg
def test_a_crashed_server_starts_again_and_a_finished_one_leaves_nothing() -> None:
    with running_server() as server:
        write(server, "postgres", "before the crash")
        server.stop(signal.SIGQUIT)
        with pytest.raises(psycopg.OperationalError):
            rows(server, "postgres")
        server.start()
        assert rows(server, "postgres") == ["before the crash"]
        pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 0)
    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
