"""The directory as it is read: within a scope, with or without secrets, at a version that grows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlmodel import SQLModel

from gateway.domain.directory import Directory
from gateway.domain.model import LinkState
from gateway.errors import ConfigError, NotFound
from gateway.flows.apply import apply
from gateway.flows.context import Context
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import directory
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.vault import new_entry, ring
from tests.flows import installation
from tests.flows.installation import FILE, SECRETS, write

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VAULT = ring(new_entry("k1"))
THREE = (
    FILE.replace(
        "sites:\n",
        "  - {organization: acme, code: day, level: 2, channel: email, address: a@b.example}\nsites:\n",
    )
    .replace(
        "  - {code: north, name: North Services}\n",
        "  - {code: north, name: North Services}\n  - {code: south}\n",
    )
    .replace("links:\n", "  - {code: south, organization: south, connector: modest}\nlinks:\n")
    .replace(
        "coverage:\n",
        "  - {code: north-south, upstream: north, downstream: south, passes: {delegate_as: S}}\ncoverage:\n"
        "  - {group: lombardy, link: acme-north, rank: 2, hours: 'Mon 00:00-24:00 UTC'}\n",
    )
)


@pytest.fixture(params=["sqlite", "postgresql"])
def context(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    database = Database(url)
    context = installation.context(database)
    apply(context, read(write(tmp_path, THREE)), Terms(vault=VAULT), actor="maria", now=NOW)
    yield context
    database.close()


def load(context: Context, scope: Scope | None = None) -> Directory:
    with context.database.read() as db:
        manifest_of = context.registry.manifest
        return directory.load(db, scope or Scope.operator(), manifest_of=manifest_of, open_secret=VAULT.open)


def org(context: Context, code: str) -> str:
    return next(one.id for one in load(context).organizations.values() if one.code == code)


def test_the_operator_sees_everything(context: Context) -> None:
    found = load(context)

    assert sorted(desk.code for desk in found.desks.values()) == ["acme", "north", "south"]
    assert sorted(link.code for link in found.links.values()) == ["acme-north", "north-south"]
    assert [row.rank for row in found.coverage_of(org(context, "acme"))] == [1, 1, 1, 2]
    assert found.salt
    assert found.version == 1


def test_an_organization_sees_its_own_things_and_both_ends_of_its_links(context: Context) -> None:
    north = load(context, Scope.of(org(context, "north")))
    south = load(context, Scope.of(org(context, "south")))

    assert [desk.code for desk in north.desks.values()] == ["north"]
    assert sorted(link.code for link in north.links.values()) == ["acme-north", "north-south"]
    assert [link.code for link in south.links.values()] == ["north-south"]
    assert (north.sites, north.coverage, south.sites) == ({}, {}, {})
    assert north.organization_name(org(context, "acme")) == org(context, "acme"), (
        "a name that is not ours to know"
    )


def test_a_desk_is_its_document_over_what_its_connector_declares(context: Context) -> None:
    found = load(context)

    acme, south = found.desk_by_code("acme"), found.desk_by_code("south")

    assert acme is not None
    assert south is not None
    assert [row.native for row in acme.profile.statuses] == ["new", "open", "stalled", "done"]
    assert acme.capabilities == installation.FULL.capabilities
    assert acme.settle_window == installation.FULL.settle_window
    assert not south.capabilities.attachments
    assert found.desk_by_code("nobody") is None


def test_without_a_key_no_secret_is_read(context: Context) -> None:
    with context.database.read() as db:
        found = directory.load(db, Scope.operator(), manifest_of=context.registry.manifest)

    assert {desk.hook_secrets for desk in found.desks.values()} == {()}


def test_another_key_ring_is_told_and_names_the_desk(context: Context) -> None:
    other, manifest_of = ring(new_entry("k1")), context.registry.manifest

    with context.database.read() as db, pytest.raises(ConfigError, match="sealed_hook_secrets of desk dsk_"):
        directory.load(db, Scope.operator(), manifest_of=manifest_of, open_secret=other.open)


def test_credentials_are_handed_out_sealed_and_within_the_scope(context: Context) -> None:
    acme, north_id = load(context).desk_by_code("acme"), org(context, "north")
    assert acme is not None
    with context.database.read() as db:
        mine = directory.sealed_credentials(db, Scope.of(acme.org_id), acme.id)
        foreign = directory.sealed_credentials(db, Scope.of(north_id), acme.id)

    assert mine is not None
    assert SECRETS["ACME_PASSWORD"] in VAULT.open(mine, directory.credentials_place(acme.org_id, acme.id))
    assert foreign is None


def test_links_are_looked_up_from_both_ends_while_they_are_active(context: Context) -> None:
    found = load(context)
    acme, north, south = (found.desk_by_code(code) for code in ("acme", "north", "south"))
    assert acme is not None
    assert north is not None
    assert south is not None
    assert [link.code for link in found.links_from(north.id)] == ["north-south"]
    assert [link.code for link in found.links_to(north.id)] == ["acme-north"]
    assert found.links_to(acme.id) == found.links_from(south.id) == ()

    with context.database.write() as db:
        db.execute(update(directory.LINK).values(state=LinkState.PAUSED))

    paused = load(context)
    assert paused.links_from(north.id) == paused.links_to(north.id) == ()
    assert len(paused.links) == 2


def test_unknown_ids_are_not_found(context: Context) -> None:
    found = load(context)

    with pytest.raises(NotFound, match="no desk dsk_x"):
        found.desk("dsk_x")
    with pytest.raises(NotFound, match="no link lnk_x"):
        found.link("lnk_x")
    assert found.site("org_x", "MI-001") is None


def test_the_version_grows_and_is_cheap_to_ask(context: Context) -> None:
    with context.database.write() as db:
        assert directory.lock(db) == 1
        assert directory.bump(db) == 2
    with context.database.read() as db:
        assert directory.version(db) == 2


def test_a_rolled_back_change_is_no_new_version(context: Context) -> None:
    def change_and_fail() -> None:
        with context.database.write() as db:
            directory.bump(db)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        change_and_fail()
    with context.database.read() as db:
        assert directory.version(db) == 1


def test_an_unprepared_database_has_no_salt_and_says_what_to_do() -> None:
    database = Database("sqlite://")
    with database.write() as db:
        SQLModel.metadata.create_all(db)
        assert directory.version(db) == 0
        with pytest.raises(ConfigError, match="run interdesk migrate"):
            directory.salt(db)
        directory.prepare(db, salt="first")
        directory.prepare(db, salt="second")
        assert directory.salt(db) == "first"
    database.close()


def test_a_coverage_row_of_a_link_out_of_sight_is_left_out(context: Context) -> None:
    """Rows may survive a link's removal by hand; they cover nothing."""
    lost = {"id": "dir_x", "org_id": "org_9", "kind": "coverage", "code": "x", "document": {"link": "gone"}}
    with context.database.write() as db:
        db.execute(insert(directory.DIRECTORY).values(**lost))

    assert "org_9" not in load(context).coverage
