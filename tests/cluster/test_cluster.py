"""Two gateways and three workers on one PostgreSQL, with everything killed, paused and cut off in mid-work: nothing is
claimed twice, nothing is lost, doubled or out of order at any desk, and everybody ends when asked to."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import trials
from tests.cluster.house import GATEWAYS, WORKERS, cluster
from tests.cluster.witness import Claims
from tests.postgres import FAST_AND_LOOSE, running_server

pytestmark = [
    pytest.mark.pg,
    pytest.mark.slow,
    pytest.mark.timeout(1500),
]


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """What is to be seen when the day is over. `killed` and `paused`: deliveries those workers held, with the fence."""

    killed: dict[str, int]
    paused: dict[str, int]
    fences: dict[str, tuple[int, str]]
    late: int
    wrong: list[str]
    claims: Claims
    open: list[str]
    codes: dict[str, int]
    complaints: list[str]
    violations: list[tuple[str, str]]
    hooks: tuple[int, int]
    faults: int
    tickets: int
    said: int


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    """One day of trouble; about a minute on a quiet machine."""
    with (
        tempfile.TemporaryDirectory(prefix="interdesk-cluster-") as folder,
        running_server({**FAST_AND_LOOSE, "max_connections": "100"}) as server,
        cluster(server, Path(folder), hurry=True, seed=1, tickets=12) as house,
    ):
        town, witness = house.town, house.witness
        town.begin()
        time.sleep(3)
        killed = trials.kill_in_mid_work(house, house.workers[0])
        paused = trials.outstay_the_lease(house, house.workers[1])
        trials.restart_gateway(house, house.gateways[0])
        trials.restart_database(house)
        time.sleep(3)
        trials.calm_down(house)
        codes = trials.end_all(house)
        yield Aftermath(
            killed=killed,
            paused=paused,
            fences=witness.fences({*killed, *paused}),
            late=witness.late(set(paused)),
            wrong=witness.wrong(),
            claims=witness.claims(),
            open=witness.open(),
            codes=codes,
            complaints=[line for process in house.processes for line in process.complaints()],
            violations=town.violations(),
            hooks=town.hooks(),
            faults=town.met(),
            tickets=len(town.book.sources),
            said=len(town.book.said),
        )


def test_the_day_was_rough_and_everybody_worked(aftermath: Aftermath) -> None:
    assert aftermath.tickets >= 8
    assert aftermath.said >= 30
    assert aftermath.faults >= 3
    assert aftermath.claims.deliveries >= 60
    assert aftermath.claims.workers == WORKERS + 1  # one of them died and came back under another name


def test_nothing_is_claimed_while_somebody_holds_it(aftermath: Aftermath) -> None:
    assert aftermath.wrong == []


def test_what_a_killed_worker_held_is_taken_over_and_finished(aftermath: Aftermath) -> None:
    assert aftermath.killed
    for delivery, fence in aftermath.killed.items():
        now, state = aftermath.fences[delivery]
        assert now > fence
        assert state in {"done", "superseded", "cancelled"}


def test_what_a_paused_worker_settles_too_late_is_refused(aftermath: Aftermath) -> None:
    assert aftermath.paused
    assert aftermath.late >= 1
    assert all(aftermath.fences[delivery][0] > fence for delivery, fence in aftermath.paused.items())


def test_no_message_is_lost_between_two_gateways(aftermath: Aftermath) -> None:
    posted, given_up = aftermath.hooks
    assert posted >= 50
    assert given_up == 0


def test_nothing_is_left_over(aftermath: Aftermath) -> None:
    assert aftermath.open == []


def test_the_desks_hold_what_people_did_each_once_and_in_order(aftermath: Aftermath) -> None:
    assert aftermath.violations == []


def test_everybody_ends_when_asked_to(aftermath: Aftermath) -> None:
    assert set(aftermath.codes.values()) == {0}
    assert len(aftermath.codes) == GATEWAYS + WORKERS


def test_nobody_complains_of_more_than_the_database_that_was_away(aftermath: Aftermath) -> None:
    assert aftermath.complaints == []
