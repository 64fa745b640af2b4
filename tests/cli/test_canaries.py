"""Fifty secrets planted in everything that takes one (T16): none comes out of logs at DEBUG, answers, commands or errors."""

import io
import logging
import secrets as chance
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import keys as key_form
from gateway import logs
from gateway.app import Gateway, utc_now
from gateway.config import LogFormat, LogLevel, Settings
from gateway.flows import keys
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors
from tests.cli.conftest import Run

COUNT = 50


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Desk credentials, hook secrets, tokens of addresses, and keys that callers try."""
    desks = {name: f"canary-{chance.token_hex(16)}" for name in house.SECRETS}
    for name, value in desks.items():
        monkeypatch.setitem(house.SECRETS, name, value)
        monkeypatch.setenv(name, value)
    return [*desks.values(), *(key_form.new() for _ in range(COUNT - len(desks)))]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What stands in the log at DEBUG, of everybody."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level


def _at_the_doors(gateway: Gateway, planted: list[str]) -> bytes:
    """What callers read who send secrets wherever one may stand."""
    said = b""
    with Doors(gateway) as doors:
        operator = house.key(gateway)
        for secret in planted:
            bearer = {"authorization": f"Bearer {secret}"}
            for method, path in (
                ("GET", "/v1/tickets"),
                ("POST", f"/hooks/north/{secret}"),
                ("POST", f"/hooks/south/{secret}"),
            ):
                said += doors.send(method, path, headers=bearer).body
        for path in ("/v1/desks", "/v1/links", "/v1/audit?limit=200", "/v1/deliveries", "/metrics"):
            said += doors.send("GET", path, headers=operator).body
    return said


def test_t16_no_canary_comes_out(tmp_path: Path, planted: list[str], stream: io.StringIO, run: Run) -> None:
    desk = LoopbackDesk(PLAIN, clock=utc_now, token="another token than the one we have")
    server = LoopbackServer(desk)
    server.start()
    try:
        with house.installed(tmp_path, north=server.url, south=server.url) as gateway:
            settings = Settings(
                data_dir=tmp_path / "data", log_level=LogLevel.DEBUG, log_format=LogFormat.JSON
            )
            logs.set_up(settings, gateway.vault.redaction, stream=stream)
            gateway.vault.redaction.remember(planted)
            for label in planted[-5:]:  # somebody pastes a key where its label stands
                keys.create(gateway.context, keys.Wanted(label="laptop"), actor="maria", now=utc_now())
                logging.getLogger("gateway.x").debug("tried %s", label)
            house.open_chain(gateway)
            told = _at_the_doors(gateway, planted).decode(errors="replace")
        for words in (
            ("doctor", "--json"),
            ("desks", "list", "--json"),
            ("audit", "list", "--json"),
            ("keys", "list"),
        ):
            told += run(*words).output
    finally:
        server.stop()
    told += stream.getvalue()
    assert len(planted) == COUNT
    assert "tried" in stream.getvalue()
    assert [secret for secret in planted if secret in told] == []
