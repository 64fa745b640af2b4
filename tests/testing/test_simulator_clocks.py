"""The checker of clocks sees what is wrong: a figure that is not so, a fold that was forgotten, a breach told twice."""

import pytest

from gateway.testing.simulator import clocks
from tests.flows.scenes.stage import Stage
from tests.flows.test_clockwork import HOUR, stage


def found(scene: Stage) -> list[str]:
    return list(clocks.check(scene.hub, [scene.case.ticket.id]))


def breached() -> Stage:
    scene = stage()
    scene.wait(5 * HOUR)
    return scene


def test_a_history_in_order() -> None:
    assert found(breached()) == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            "UPDATE clock SET breached_at = breached_at + 1 WHERE target_kind = 'resolution'",
            "another breached_at",
        ),
        ("DELETE FROM clock WHERE target_kind = 'resolution'", "is not kept"),
        ("UPDATE clock SET place = 9 WHERE target_kind = 'resolution'", "another name"),
        ("UPDATE ticket SET fold_at = opened_at", "should have been folded"),
        (
            (
                "UPDATE event SET type = 'clock.breached', data = (SELECT data FROM event WHERE type = 'clock.breached' LIMIT 1)"
                " WHERE type = 'clock.warned'"
            ),
            "was told",
        ),
        (
            "UPDATE outcome SET elapsed = elapsed + 1 WHERE target_kind = 'resolution'",
            "came to is kept with another elapsed",
        ),
        ("DELETE FROM outcome WHERE target_kind = 'resolution'", "came to is not kept"),
        ("UPDATE outcome SET id = 'out_other' WHERE target_kind = 'resolution'", "kept for nothing"),
        ("UPDATE outcome_month SET breached = breached + 1", "the sums by month/target_kind"),
    ],
    ids=[
        "another figure",
        "a clock that is lost",
        "a clock that is none",
        "forgotten",
        "told twice",
        "another length",
        "an outcome that is lost",
        "one of nothing",
        "a sum",
    ],
)
def test_what_is_wrong_is_seen(spoil: str, says: str) -> None:
    scene = breached()
    with scene.hub.database.write() as db:
        db.exec_driver_sql(spoil)

    assert any(says in one for one in found(scene)), found(scene)
