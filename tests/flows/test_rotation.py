"""After a rotation the old key is not needed any more, and nobody noticed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.flows.rotation import reseal
from gateway.installation.reading import read
from gateway.store import directory, erasures
from gateway.store.db import Database
from gateway.store.erasures import Erasure
from gateway.vault import Place, Vault, new_entry, ring
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


@dataclass(frozen=True, kw_only=True)
class Slow(Vault):
    """Something happens while it seals whom an erasure is about."""

    meanwhile: Callable[[], None]

    def seal(self, text: str, place: Place) -> str:
        if place.table == "erasure":
            self.meanwhile()
        return super().seal(text, place)


def slow(meanwhile: Callable[[], None]) -> Slow:
    return Slow(**vars(ring(f"{NEW},{OLD}")), meanwhile=meanwhile)


def asked(context: Context) -> Erasure:
    made = Erasure(
        id="ers_1", org_id="org_1", sealed_terms="", asked_at=NOW, asked_by="maria", reason="asked on paper"
    )
    made = replace(made, sealed_terms=ring(OLD).seal('["Ada Lovelace"]', made.sealed_at))
    with context.database.write() as db:
        erasures.put(db, made)
    return made


def kept(context: Context) -> Erasure:
    with context.database.read() as db:
        (one,) = erasures.listed(db, OPERATOR)
    return one


def test_a_rotation_beside_an_erasure_that_goes_on_undoes_nothing_of_it(context: Context) -> None:
    before = asked(context)
    further = replace(before, place={"table": "hop", "after": ["hop_1"]}, counts={"content": 3})

    def goes_on() -> None:
        with context.database.write() as db:
            erasures.put(db, further)

    reseal(context, slow(goes_on), actor="jens", now=NOW)
    goes_on()
    after = kept(context)
    assert (after.place, dict(after.counts)) == (further.place, {"content": 3})
    assert ring(NEW).open(after.sealed_terms, after.sealed_at) == '["Ada Lovelace"]'


def test_terms_that_are_forgotten_while_keys_rotate_stay_forgotten(context: Context) -> None:
    before = asked(context)

    def forgotten() -> None:
        with context.database.write() as db:
            erasures.reseal(db, before, "")

    reseal(context, slow(forgotten), actor="jens", now=NOW)
    assert kept(context).sealed_terms == ""


def test_without_the_old_key_nothing_is_lost(context: Context) -> None:
    with pytest.raises(ConfigError, match="'k1' that sealed this is not in the key ring"):
        reseal(context, ring(NEW), actor="jens", now=NOW)

    assert hook_secrets(context, ring(OLD))[0] == (SECRETS["ACME_HOOK"].encode(),)
