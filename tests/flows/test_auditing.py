"""The audit on a real database: refused when changed, sealed by several at once, and what a thief of the database cannot hide."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.domain.audit import ALTERED, MISSING, REWRITTEN
from gateway.flows import auditing
from gateway.flows.auditing import Verified
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, audit_chain, migrate
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.vault import Vault, new_entry, ring
from tests.flows import installation
from tests.postgres import PostgresServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OLD, NEW = new_entry("k1"), new_entry("k2")
RING = ring(OLD)


@pytest.fixture(params=["sqlite", "postgresql"])
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    database = Database(url if request.param == "sqlite" else request.getfixturevalue("migrated_postgres"))
    yield installation.context(database)
    database.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Context]:
    """On SQLite, where the database makes no difference."""
    database = Database(f"sqlite:///{tmp_path / 'e.db'}")
    yield installation.context(database)
    database.close()


def write(context: Context, count: int = 1, org_id: str = "org_a") -> None:
    entry = audit.Entry(
        org_id=org_id, actor="maria", action="key created", subject="key_1", before=None, after={"n": 1}
    )
    with context.database.write() as db:
        audit.record_all(db, [entry] * count, now=NOW)


def run(context: Context, statement: str) -> None:
    with context.database.write() as db:
        db.execute(text(statement))


def verified(context: Context, folder: Path, *, vault: Vault = RING, scope: Scope = OPERATOR) -> Verified:
    return auditing.verify(context, vault, folder, scope=scope)


def disarm(context: Context) -> None:
    """What somebody who owns the database can do."""
    triggers = ("audit_kept", "audit_not_deleted", "audit_anchor_kept")
    if context.database.is_sqlite:
        for name in (*triggers, "audit_anchor_not_deleted"):
            run(context, f"DROP TRIGGER {name}")
    else:
        for table in ("audit", "audit_anchor"):
            run(context, f"ALTER TABLE {table} DISABLE TRIGGER ALL")


FORBIDDEN = [
    "UPDATE audit SET actor = 'eve' WHERE seq = 1",
    "UPDATE audit SET number = 7, actor = 'eve' WHERE seq = 3",
    "UPDATE audit SET number = NULL, digest = NULL WHERE seq = 1",
    "DELETE FROM audit WHERE seq = 3",
    "DELETE FROM audit",
    "INSERT INTO audit (org_id, at, actor, action, subject, number) VALUES ('org_a', 1, 'e', 'x', '', 9)",
    "UPDATE audit_anchor SET document = ''",
    "DELETE FROM audit_anchor",
]


def test_t23_nothing_of_it_is_changed_or_deleted(context: Context, tmp_path: Path) -> None:
    write(context, 2)
    auditing.anchor(context, RING, now=NOW)
    write(context)  # not sealed yet, and kept all the same
    emptied = [] if context.database.is_sqlite else ["TRUNCATE audit", "TRUNCATE audit_anchor"]
    for statement in [*FORBIDDEN, *emptied]:
        with pytest.raises(DBAPIError, match="only ever added to"):
            run(context, statement)
    auditing.seal(context)
    found = verified(context, tmp_path)
    assert (found.lines, found.unsealed, found.is_sound) == (3, 0, True)


def test_what_several_write_and_seal_at_once_is_one_chain_each(context: Context, tmp_path: Path) -> None:
    def work(org_id: str) -> None:
        for _ in range(5):
            write(context, 3, org_id)
            auditing.seal(context)

    threads = [threading.Thread(target=work, args=(org_id,)) for org_id in ("org_a", "org_a", "org_b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = verified(context, tmp_path)
    assert (found.lines, found.unsealed, found.is_sound) == (45, 0, True)
    assert {org_id: head.number for org_id, head in found.heads.items()} == {"org_a": 30, "org_b": 15}
    assert verified(context, tmp_path, scope=Scope.of("org_b")).lines == 15


TAMPERED = [
    ("UPDATE audit SET actor = 'eve' WHERE number = 2", 2, ALTERED),
    ("UPDATE audit SET after = '{' WHERE number = 2", 2, ALTERED),
    ("DELETE FROM audit WHERE number = 3", 3, MISSING),
    ("DELETE FROM audit WHERE number = 5", 5, MISSING),
]


@pytest.mark.parametrize(("statement", "number", "what"), TAMPERED, ids=["flip", "no json", "middle", "end"])
def test_t23_who_owns_the_database_is_found_out(
    embedded: Context, tmp_path: Path, statement: str, number: int, what: str
) -> None:
    write(embedded, 5)
    auditing.anchor(embedded, RING, now=NOW)
    disarm(embedded)
    run(embedded, statement)
    [flaw] = verified(embedded, tmp_path).flaws
    assert (flaw.org_id, flaw.number, flaw.what) == ("org_a", number, what)


def rewrite(context: Context) -> None:
    """Everything from the beginning, well sealed."""
    disarm(context)
    run(context, "UPDATE audit SET number = NULL, actor = 'eve'")
    auditing.seal(context)


def test_t23_a_chain_written_anew_does_not_fit_what_was_signed(context: Context, tmp_path: Path) -> None:
    write(context, 3)
    auditing.anchor(context, RING, now=NOW)
    auditing.lay_beside(context, tmp_path, now=NOW)
    rewrite(context)
    [flaw] = verified(context, tmp_path).flaws
    assert (flaw.number, flaw.what) == (3, REWRITTEN)

    run(context, "DELETE FROM audit_anchor")  # the file alone is enough
    assert [flaw.what for flaw in verified(context, tmp_path).flaws] == [REWRITTEN]

    auditing.anchor(context, ring(NEW.replace("k2", "k1")), now=NOW)  # signed by somebody without our key
    assert len(verified(context, tmp_path).anchors.wrong) == 1
    wrong = verified(context, tmp_path / "none").anchors.wrong
    assert wrong == ("the heads of 2026-03-02 do not bear our signature",)


def test_heads_are_signed_once_a_day_and_a_missing_day_is_seen(embedded: Context, tmp_path: Path) -> None:
    days = []
    for day in range(3):
        write(embedded)
        days.append(auditing.anchor(embedded, RING, now=NOW + timedelta(days=day)))
        assert auditing.anchor(embedded, RING, now=NOW + timedelta(days=day, hours=1)) is None
    assert days == ["2026-03-02", "2026-03-03", "2026-03-04"]
    later = NOW + timedelta(days=2)
    assert auditing.lay_beside(embedded, tmp_path, now=later) == 3
    assert auditing.lay_beside(embedded, tmp_path, now=later) == 0

    rotated = ring(f"{NEW},{OLD}")
    assert verified(embedded, tmp_path, vault=rotated).is_sound
    assert verified(embedded, tmp_path, vault=ring(NEW)).anchors.unknown == tuple(days)

    (tmp_path / "audit-2026-03-03.json").unlink()
    disarm(embedded)
    run(embedded, "DELETE FROM audit_anchor WHERE day = '2026-03-03'")
    found = verified(embedded, tmp_path)
    assert found.anchors.wrong == ("signed heads of a day before 2026-03-04 are gone, or were others",)
    assert not found.is_sound


def test_a_file_of_heads_that_is_no_such_file_is_told(embedded: Context, tmp_path: Path) -> None:
    (tmp_path / "audit-2026-03-02.json").write_text("{")
    assert verified(embedded, tmp_path).anchors.wrong == (
        "the heads of 2026-03-02 do not bear our signature",
    )


def test_an_export_is_enough_to_follow_the_chain(context: Context) -> None:
    write(context, 2)
    auditing.anchor(context, RING, now=NOW)
    first, second, anchor = auditing.exported(context, OPERATOR)
    assert (first["number"], second["previous"], second["after"]) == (1, first["digest"], {"n": 1})
    heads = json.loads(anchor["document"])["heads"]
    assert heads == {"org_a": {"number": 2, "digest": second["digest"]}}
    assert [one["number"] for one in auditing.exported(context, Scope.of("org_a"))] == [1, 2]


def test_a_worker_seals_and_lays_the_heads_beside(embedded: Context, tmp_path: Path) -> None:
    write(embedded)
    sealer = auditing.Sealer(embedded, RING, tmp_path / "anchors", lambda: NOW)
    assert asyncio.run(sealer.round()) is False
    assert [path.name for path in (tmp_path / "anchors").iterdir()] == ["audit-2026-03-02.json"]
    assert verified(embedded, tmp_path / "anchors").anchors.documents.keys() == {"2026-03-02"}


def test_a_folder_that_cannot_be_written_stops_no_sealing(
    embedded: Context, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(embedded)
    (tmp_path / "anchors").write_text("a file stands there")
    auditing.Sealer(embedded, RING, tmp_path / "anchors", lambda: NOW)._round()
    assert "could not be written beside" in caplog.text
    with embedded.database.read() as db:
        assert audit_chain.unsealed(db, OPERATOR) == 0


def test_lines_that_were_there_before_are_chained_by_the_migration(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with postgres_server.database("audit_before") as empty:
        for url in (f"sqlite:///{tmp_path / 'b.db'}", empty):
            _chained_by_the_migration(url, tmp_path)


def _chained_by_the_migration(url: str, folder: Path) -> None:
    database = Database(url)
    with database.write() as db:
        command.upgrade(migrate._config(db), "0015")
        for seq, org_id in ((3, "org_a"), (5, "org_b"), (8, "org_a")):
            values = {"seq": seq, "org": org_id, "after": '{"b":"ü","a":[1.5,null]}'}
            row = "(:seq, :org, 7, 'maria', 'made', 'x', NULL, :after)"
            columns = "(seq, org_id, at, actor, action, subject, before, after)"
            db.execute(text(f"INSERT INTO audit {columns} VALUES {row}"), values)
    context = installation.context(database)
    found = verified(context, folder)
    assert (found.lines, found.unsealed, found.is_sound) == (3, 0, True)
    write(context)  # and on it goes
    auditing.seal(context)
    assert verified(context, folder).heads["org_a"].number == 3
    database.close()
