"""The migrated schema is the schema of tables.py, on both databases; upgrading is safe, repeatable and knows its limits."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from gateway.domain.in_house import Face
from gateway.errors import ConfigError
from gateway.flows.context import OPERATOR
from gateway.store import in_house, migrate
from gateway.store.db import Database
from gateway.store.directory import salt, version
from gateway.store.in_house import At


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'interdesk.db'}"
    return str(request.getfixturevalue("fresh_postgres"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_the_migrated_schema_is_the_one_of_the_tables(database: Database) -> None:
    migrate.upgrade(database)

    assert migrate.difference(database) == []


def test_a_missing_column_would_be_noticed(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as db:
        db.execute(text("ALTER TABLE worker DROP COLUMN host"))

    assert "host" in str(migrate.difference(database))


def test_partial_indexes_are_migrated_with_their_condition(database: Database) -> None:
    migrate.upgrade(database)
    catalogue = "SELECT sql FROM sqlite_master WHERE name = 'message_waiting'"
    if not database.is_sqlite:
        catalogue = "SELECT indexdef FROM pg_indexes WHERE indexname = 'message_waiting'"

    with database.read() as db:
        definition = str(db.execute(text(catalogue)).scalar_one())

    assert "where" in definition.lower()
    assert "received" in definition


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert migrate.current(database) is None
    migrate.upgrade(database, new_salt=lambda: "first")
    migrate.upgrade(database, new_salt=lambda: "second")

    assert migrate.current(database) == migrate.head()
    assert migrate.pending(database) == ()
    migrate.check(database)
    with database.read() as db:
        assert salt(db) == "first"
        assert version(db) == 0


def test_an_empty_database_is_told_apart(database: Database) -> None:
    with pytest.raises(ConfigError, match="no schema yet"):
        migrate.check(database)
    assert [step.split(":")[0] for step in migrate.pending(database)][-1] == migrate.head()


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match=r"9999, which this version does not know"):
        migrate.check(database)
    with pytest.raises(ConfigError, match="newer version"):
        migrate.upgrade(database)
    assert migrate.current(database) == "9999"


def test_several_processes_may_start_at_once(url: str) -> None:
    program = "import sys; from gateway.store import db, migrate; migrate.upgrade(db.Database(sys.argv[1]))"
    starting = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(3)]

    assert [process.wait(60) for process in starting] == [0, 0, 0]
    database = Database(url)
    migrate.check(database)
    database.close()


def test_a_failed_migration_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        migrate.upgrade(database, new_salt=broken)

    assert migrate.current(database) is None
    migrate.upgrade(database)
    assert migrate.difference(database) == []


def test_tickets_that_an_agreement_binds_are_watched_from_then_on(database: Database) -> None:
    with database.write() as db:
        command.upgrade(migrate._config(db), "0001")
        for ticket, kind in (("tkt_bound", "agreement.bound"), ("tkt_free", "ticket.opened")):
            values = {"ticket": ticket, "kind": kind}
            db.execute(
                text("INSERT INTO ticket (id, org_id, opened_at, version) VALUES (:ticket, 'o', 7, 0)"),
                values,
            )
            db.execute(
                text(
                    "INSERT INTO event (seq, id, org_id, ticket_id, type, observed_at, source, actor_kind, actor)"
                    " VALUES (length(:ticket), :ticket, 'o', :ticket, :kind, 7, 'gateway', 'gateway', '')"
                ),
                values,
            )

    migrate.upgrade(database)

    with database.read() as db:
        found = db.execute(text("SELECT id, watched, fold_at FROM ticket ORDER BY id"))
        assert [(row[0], bool(row[1]), row[2]) for row in found] == [
            ("tkt_bound", True, 7),
            ("tkt_free", False, None),
        ]


def test_what_was_at_desks_of_ours_is_there_after_they_became_one(database: Database) -> None:
    """A desk that was a portal and is an API desk now has two tickets of one number: each stays behind its face."""
    ticket = {"id": "x", "org": "o", "fields": '{"title": "till"}', "data": '{"text": "hello"}'}
    with database.write() as db:
        command.upgrade(migrate._config(db), "0027")
        for table, more, values in (
            ("portal_job", "", ""),
            ("api_ticket", ", external, digest, document", ", 'their-1', 'd', '{\"a\": 1}'"),
        ):
            columns = (
                "id, org_id, desk_id, place, number, marker, fields, created_at, changed_at, revision, parts"
            )
            written = f"INSERT INTO {table} ({columns}{more}) VALUES (:id, :org, 'dsk', 1, '#1', 'm', :fields, 1, 2, 3, 1{values})"
            db.execute(text(written), {**ticket, "id": table})
        for table, name, of in (
            ("portal_part", "job_id", "portal_job"),
            ("api_part", "ticket_id", "api_ticket"),
        ):
            columns = f"id, org_id, {name}, place, kind, at, actor_id, actor_name, actor_kind, data, request"
            written = f"INSERT INTO {table} ({columns}) VALUES (:id, :org, '{of}', 1, 'comment', 5, 'm', 'M', 'person', :data, 'r')"
            db.execute(text(written), {**ticket, "id": table})

    migrate.upgrade(database)

    with database.read() as db:
        found = {
            face: in_house.marked(db, OPERATOR, At(face, "dsk"), "m") for face in (Face.PORTAL, Face.API)
        }
        assert all(found.values())
        said = {face: in_house.parts_of(db, OPERATOR, one) for face, one in found.items() if one}
    assert {face: (one.id, one.title, one.external, one.document) for face, one in found.items() if one} == {
        Face.PORTAL: ("portal_job", "till", "", {}),
        Face.API: ("api_ticket", "till", "their-1", {"a": 1}),
    }
    assert [[part.data["text"] for part in parts] for parts in said.values()] == [["hello"], ["hello"]]
