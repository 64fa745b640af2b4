"""The series of each desk's clock, as far back as somebody needs it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.outcome import ClockSample
from gateway.store import offsets
from gateway.store.db import Database
from gateway.store.scope import Scope
from tests.migrated import bring_up

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sample(minute: int, seconds: float) -> ClockSample:
    at = NOON + timedelta(minutes=minute)
    return ClockSample(at=at, offset=timedelta(seconds=seconds), error=timedelta(seconds=0.5))


NORTH = (sample(-90, 1), sample(-30, 2), sample(30, 3))
SOUTH = (sample(10, -7),)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'interdesk.db'}"
    return str(request.getfixturevalue("migrated_postgres"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url)
    bring_up(found)
    with found.write() as db:
        told = [("north", one) for one in reversed(NORTH)] + [("south", one) for one in SOUTH]
        offsets.keep(
            db, [(f"off_{place}", f"org_{desk}", desk, one) for place, (desk, one) in enumerate(told)]
        )
    yield found
    found.close()


def test_what_came_after_a_moment_and_the_last_before_it(database: Database) -> None:
    with database.read() as db:
        found = offsets.since(db, Scope.operator(), ["north", "south", "west"], NOON)
        assert found == {"north": NORTH[1:], "south": SOUTH}
        assert offsets.since(db, Scope.of("org_south"), ["north", "south"], NOON) == {"south": SOUTH}


def test_the_newest_of_each(database: Database) -> None:
    with database.read() as db:
        assert offsets.latest(db, Scope.operator()) == {"north": NORTH[-1], "south": SOUTH[-1]}
