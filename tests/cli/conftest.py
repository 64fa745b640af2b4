"""Fixtures of the commands' tests: an installation in a folder, and a terminal's worth of what a command said."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.app import Gateway
from gateway.cli import app
from tests.api import house

Run = Callable[..., Result]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Installed, migrated and configured on the embedded SQLite."""
    with house.installed(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process over the installation of the test; nobody sits at the terminal."""
    monkeypatch.setenv("INTERDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERDESK_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("LOGNAME", "maria")
    for name, value in house.SECRETS.items():
        monkeypatch.setenv(name, value)

    def command(*words: str, **more: str | None) -> Result:
        assert os.environ["INTERDESK_DATA_DIR"]
        return CliRunner().invoke(app, list(words), catch_exceptions=False, **more)  # type: ignore[arg-type]

    return command
