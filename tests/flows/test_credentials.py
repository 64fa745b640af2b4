"""Credentials: opened once, opened anew when the desk was read anew, and never guessed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.model import Desk
from gateway.errors import ConfigError
from gateway.flows.apply import apply
from gateway.flows.credentials import OpenedCredentials
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.vault import Vault, new_entry, ring
from tests.api import house


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with house.installed(tmp_path) as opened:
        yield opened


def north(gateway: Gateway) -> Desk:
    with gateway.database.read() as db:
        desk = gateway.context.directory(db).desk_by_code("north")
    assert desk is not None
    return desk


def test_a_desks_secret_becomes_its_header(gateway: Gateway) -> None:
    given = gateway.credentials(north(gateway))
    assert given.headers["Authorization"] == "Bearer north-desk-token"
    assert "north-desk-token" not in repr(given)


def test_it_is_opened_once_and_anew_when_it_changed(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gateway.credentials(north(gateway))
    assert gateway.credentials(north(gateway)) is first

    for name, value in {**house.SECRETS, "NORTH_TOKEN": "another-token"}.items():
        monkeypatch.setenv(name, value)
    wanted = read(gateway.settings.data_dir.parent / "federation.yaml")
    apply(gateway.context, wanted, Terms(vault=gateway.vault), actor="test", now=utc_now())

    assert gateway.credentials(north(gateway)).headers["Authorization"] == "Bearer another-token"


def test_a_key_that_is_lost_is_named(gateway: Gateway) -> None:
    desk = north(gateway)
    gateway.context.open_secret = _other().open
    with pytest.raises(ConfigError, match="'k1'"):
        OpenedCredentials(context=gateway.context)(desk)


def _other() -> Vault:
    return ring(new_entry("k9"))


def test_without_a_vault_nothing_opens(gateway: Gateway) -> None:
    desk = north(gateway)
    gateway.context.open_secret = None
    with pytest.raises(ConfigError, match="nothing here opens"):
        OpenedCredentials(context=gateway.context)(desk)
