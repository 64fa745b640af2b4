"""Fixtures of the doors' tests: an installation, and its doors on a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Doors


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Installed on the embedded SQLite."""
    with house.installed(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    """Installed on each of the two databases."""
    url = None if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        yield opened


@pytest.fixture
def doors(gateway: Gateway) -> Iterator[Doors]:
    """The doors of the installation on SQLite."""
    with Doors(gateway) as opened:
        yield opened
