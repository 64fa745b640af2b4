"""A slice of the simulator in every test run: fixed seeds with faults and crashes, and every seed that once failed."""

import pytest

from gateway.testing.simulator.judge import play_and_judge
from gateway.testing.simulator.play import Play, Script
from gateway.testing.simulator.run import kind_of
from tests.sim import regressions
from tests.sim.regressions import script_for

SLICE = range(40)
SMALL = Script(tickets=5, acts=60)


def _violations(seed: int, script: Script) -> list[str]:
    play = kind_of(script)(seed=seed, script=script)
    try:
        return [f"{kind}: {text}" for kind, text in play_and_judge(play).violations]
    finally:
        play.hub.database.close()


@pytest.mark.parametrize("seed", SLICE)
def test_a_history_with_faults_and_crashes(seed: int) -> None:
    assert _violations(seed, SMALL) == []


@pytest.mark.parametrize("seed", range(6))
def test_desks_that_are_written_to_only_as_they_were_known(seed: int) -> None:
    assert _violations(seed, script_for(5, 60, "conditional")) == []


@pytest.mark.parametrize("seed", range(8))
def test_people_who_correct_hide_and_delete_what_crossed(seed: int) -> None:
    assert _violations(seed, script_for(5, 80, "revised")) == []


@pytest.mark.parametrize("seed", range(4))
def test_t14_desks_that_contradict_each_other_come_to_rest(seed: int) -> None:
    assert _violations(seed, script_for(3, 30, "quarrel")) == []


@pytest.mark.parametrize("seed", range(3))
def test_t17_a_backup_of_mid_traffic_is_put_back_hours_later(seed: int) -> None:
    assert _violations(seed, script_for(4, 45, "restore")) == []


@pytest.mark.parametrize(
    ("seed", "script"),
    [
        pytest.param(seed, script, id=f"{seed}-{script.tickets}-{script.acts}")
        for seed, script in regressions.known()
    ],
)
def test_what_once_failed(seed: int, script: Script) -> None:
    assert _violations(seed, script) == []


def test_the_same_seed_is_the_same_history() -> None:
    def history() -> list[str]:
        lines: list[str] = []
        play = Play(seed=7, script=SMALL, trace=lines.append)
        play.run()
        play.hub.database.close()
        return lines

    first = history()
    assert len(first) > 20
    assert first == history()
