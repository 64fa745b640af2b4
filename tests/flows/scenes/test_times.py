"""Desks whose times cannot be true: noted once, with both views and a cure (R24)."""

from dataclasses import replace
from datetime import timedelta

from gateway.store import rows
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import MINUTE, Cast, Stage
from tests.flows.scenes.test_transit import ALWAYS, UC

HOUR = 60 * MINUTE


def stage(wrong: timedelta) -> Stage:
    """A vendor whose clock is wrong, and of which no answer's date was ever measured."""
    fast = replace(PLAIN, clock_offset=wrong)
    found = Stage(
        "customer>vendor", cast=Cast(tempers={"vendor": fast}, agreements=(UC,), calendars=(ALWAYS,))
    )
    found.open(priority="high")
    found.set("vendor", "status", "open")
    found.wait(MINUTE)
    return found


def test_r24_a_time_after_we_saw_it_is_noted_once() -> None:
    found = stage(HOUR)
    first = found.discrepancies()
    assert set(first) == {"clock_skew"}
    found.say("vendor", "on our way")
    found.wait(HOUR)
    with found.hub.database.read() as db:
        told = [(row.kind, row.data["event"]) for row in db.execute(rows.discrepancy.select())]
    assert len(told) == len(set(told)) > len(first)


def test_a_clock_that_goes_right_leaves_none() -> None:
    assert stage(timedelta()).discrepancies() == []
