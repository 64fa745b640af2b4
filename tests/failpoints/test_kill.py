"""Each named step kills a real gateway once, on both stores, while people work; in the end the desks hold what they should."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.failpoints import STEPS
from tests.failpoints.house import House, house
from tests.postgres import PostgresServer

SECOND = frozenset({"message.received", "message.committed", "poll.fetched"})
"""Passed before there is anything to lose; killed a little later."""
PACE = 0.5
"""Seconds between two acts of people: enough that something is always under way."""


@pytest.fixture(params=["sqlite", "postgresql"])
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        with house(tmp_path, url="", hurry=True, seed=11, tickets=12) as made:
            yield made
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with (
            server.database("failpoints") as url,
            house(tmp_path, url=url, hurry=True, seed=12, tickets=12) as made,
        ):
            yield made


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_at_every_step_does_no_harm(killed: House) -> None:
    killed.town.pace = PACE
    killed.town.begin()
    for step in STEPS:
        killed.die_at(f"{step}:2" if step in SECOND else step)
    killed.live()
    killed.calm_down()
    assert killed.violations() == []
    assert killed.open_work() == []
    assert [step.partition(":")[0] for step in killed.deaths] == list(STEPS)
