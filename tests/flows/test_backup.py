"""A backup is made in mid-traffic and put back later: nothing doubled, gaps filled; one that is not whole is never put back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.app import Gateway
from gateway.blobs import BlobStore
from gateway.errors import ConfigError, Invalid, Refused
from gateway.flows import backup
from gateway.flows.backup import Place
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import audit, migrate, snapshots, tenancy
from gateway.store.db import Database
from gateway.testing.hub import Hub, Plan
from gateway.vault import new_entry, ring
from tests.api import house
from tests.postgres import PostgresServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RING = ring(new_entry("k1"))
LINKS = [
    {"upstream": "customer", "downstream": "vendor", "passes": {"when": {"field": "queue", "op": "eq", "value": "IT"}}}
]  # fmt: skip


def order(now: datetime = NOW) -> Order:
    return Order(actor="maria", now=now, reason="drill")


def blobs(folder: Path) -> BlobStore:
    return BlobStore(folder)


def words(hub: Hub, code: str) -> list[list[str]]:
    return [
        [comment["text"].split("\n")[-1] for comment in ticket["comments"]]
        for ticket in hub.desks[code].tickets()
    ]


def test_t17_in_mid_traffic_and_back_two_hours_later_nothing_is_doubled_and_gaps_are_filled(
    tmp_path: Path,
) -> None:
    live, file = tmp_path / "live.db", tmp_path / "monday.backup"
    hub = Hub(
        Plan(desks={"customer": "customer", "vendor": "plain"}, links=LINKS),
        database=Database(f"sqlite:///{live}"),
    )
    place = Place(database=hub.database, blobs=blobs(tmp_path / "blobs"), vault=RING)
    kept = place.blobs.put([b"a photo"], limit=100)
    with hub.database.write() as db:  # the stage made its tables without migrating
        db.execute(text("CREATE TABLE alembic_version (version_num TEXT NOT NULL)"))
        db.execute(text(f"INSERT INTO alembic_version VALUES ('{migrate.head()}')"))
    anna, bob = hub.desks["customer"].person("anna"), hub.desks["vendor"].person("bob")
    first = anna.open("Printer is down", "It smokes", queue="IT")
    hub.run(timedelta(seconds=20))
    anna.comment(first, "please hurry")
    hub.run(timedelta(seconds=1))

    found = backup.make(place, file, order(hub.now))
    assert (found.label.kind, found.files) == ("sqlite", 1)
    assert b"Printer" not in file.read_bytes()
    assert b"SQLite" not in file.read_bytes()

    hub.run(timedelta(minutes=1))
    second = anna.open("Till is dead", "No light", queue="IT")
    hub.run(timedelta(minutes=1))
    anna.comment(second, "this one too")
    bob.comment(hub.desks["vendor"].tickets()[0]["id"], "on my way")
    hub.run(timedelta(hours=2), tick=timedelta(minutes=4))
    before = words(hub, "customer"), words(hub, "vendor")
    hub.database.close()
    for path in tmp_path.glob("live.db*"):
        path.unlink()
    fresh = Place(database=hub.database, blobs=blobs(tmp_path / "other"), vault=RING)
    done = backup.restore(hub.context, fresh, file, order(hub.now))
    bob.comment(hub.desks["vendor"].tickets()[1]["id"], "said after all that")
    hub.run(timedelta(minutes=40), tick=timedelta(minutes=1))

    assert done.doubted.looks > 0
    assert fresh.blobs.has(kept.key)
    assert [len(hub.desks[code].tickets()) for code in ("customer", "vendor")] == [2, 2]
    assert words(hub, "vendor") == [before[1][0], [*before[1][1], "said after all that"]]
    assert words(hub, "customer") == [before[0][0], [*before[0][1], "said after all that"]]
    with hub.database.read() as db:
        assert {"backup made", "backup restored"} & {one["action"] for one in audit.entries(db, OPERATOR)}


def test_a_backup_that_is_not_whole_changes_nothing(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway:
        file = tmp_path / "one.backup"
        place = _place(gateway)
        place.blobs.put([b"a photo"], limit=100)
        backup.make(place, file, order())
        raw = file.read_bytes()
        target = Place(
            database=Database(f"sqlite:///{tmp_path / 'new.db'}"),
            blobs=blobs(tmp_path / "new"),
            vault=gateway.vault,
        )
        for spoilt in (raw[:-1], raw[: len(raw) // 2], raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:]):
            file.write_bytes(spoilt)
            with pytest.raises((ConfigError, Invalid)):
                backup.restore(gateway.context, target, file, order())
            assert snapshots.is_empty(target.database)
            assert list(target.blobs.keys()) == []
        target.database.close()


def test_nothing_is_ever_laid_over_an_installation_or_a_backup(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway:
        file, place = tmp_path / "one.backup", _place(gateway)
        backup.make(place, file, order())
        with pytest.raises(Refused, match="is there already"):
            backup.make(place, file, order())
        with pytest.raises(Refused, match="there is an installation in this database already"):
            backup.restore(gateway.context, place, file, order())
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".backup")] == []


def test_a_file_that_its_database_speaks_of_must_be_there(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway:
        house.open_chain(gateway)
        with gateway.database.write() as db:
            db.execute(text(f"UPDATE content SET blob_key = '{'ab' * 32}'"))
        backup.make(_place(gateway), tmp_path / "one.backup", order())
        with pytest.raises(Invalid, match="files lack"):
            backup.verify(tmp_path / "one.backup", gateway.vault)


@pytest.mark.pg
def test_postgresql_goes_out_and_comes_back(
    tmp_path: Path, postgres_server: PostgresServer, fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{postgres_server.binaries}:/usr/bin:/bin")
    with house.installed(tmp_path, url=fresh_postgres) as gateway:
        chain, file = house.open_chain(gateway), tmp_path / "one.backup"
        found = backup.make(_place(gateway), file, order())
        assert backup.verify(file, gateway.vault) == found
        with pytest.raises(Refused, match="there is an installation"):
            backup.restore(gateway.context, _place(gateway), file, order())
        with gateway.database.write(slow=True) as db:
            db.execute(text("DROP SCHEMA public CASCADE"))
            db.execute(text("CREATE SCHEMA public"))
        gateway.database.close()

        done = backup.restore(gateway.context, _place(gateway), file, order())

        assert done.doubted.deliveries > 0
        with gateway.database.read() as db:
            tickets = db.execute(text("SELECT id FROM ticket")).scalars().all()
            tenancy.check(db)  # the second lock stands again: a dump carries no grants
        assert chain.ticket in tickets
        with gateway.database.write() as db:  # sequences go on where they were
            assert db.execute(text("SELECT count(*) FROM event")).scalar()
            audit.record(
                db, now=NOW, org_id="operator", actor="maria", action="x", subject="", before=None, after=None
            )


def _place(gateway: Gateway) -> Place:
    return Place(database=gateway.database, blobs=gateway.blobs, vault=gateway.vault)
