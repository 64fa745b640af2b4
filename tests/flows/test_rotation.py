"""After a rotation the old key is not needed any more, and nobody noticed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.flows.rotation import reseal
from gateway.installation.reading import read
from gateway.store import directory
from gateway.store.db import Database
from gateway.vault import Vault, new_entry, ring
from tests.flows import installation
from tests.flows.installation import FILE, SECRETS, write

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OLD, NEW = new_entry("k1"), new_entry("k2")


@pytest.fixture(params=["sqlite", "postgresql"])
def context(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    database = Database(
        "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    )
    context = installation.context(database)
    apply(context, read(write(tmp_path, FILE)), Terms(vault=ring(OLD)), actor="maria", now=NOW)
    yield context
    database.close()


def hook_secrets(context: Context, vault: Vault) -> list[tuple[bytes, ...]]:
    with context.database.read() as db:
        manifest_of = context.registry.manifest
        found = directory.load(db, OPERATOR, manifest_of=manifest_of, open_secret=vault.open)
    return [desk.hook_secrets for desk in found.desks.values()]


def test_t17_every_secret_is_sealed_again_once(context: Context) -> None:
    before = hook_secrets(context, ring(OLD))

    assert reseal(context, ring(f"{NEW},{OLD}"), actor="jens", now=NOW) == 2
    assert reseal(context, ring(f"{NEW},{OLD}"), actor="jens", now=NOW) == 0

    assert hook_secrets(context, ring(NEW)) == before
    with context.database.read() as db:
        assert directory.version(db) == 1
    with pytest.raises(ConfigError, match="'k2' that sealed this is not in the key ring"):
        hook_secrets(context, ring(OLD))


def test_without_the_old_key_nothing_is_lost(context: Context) -> None:
    with pytest.raises(ConfigError, match="'k1' that sealed this is not in the key ring"):
        reseal(context, ring(NEW), actor="jens", now=NOW)

    assert hook_secrets(context, ring(OLD))[0] == (SECRETS["ACME_HOOK"].encode(),)
