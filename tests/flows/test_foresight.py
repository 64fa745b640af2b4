"""What other terms would do to open clocks and to last quarter's share, counted from the events and written nowhere."""

from dataclasses import replace
from datetime import timedelta

from gateway.domain.agreements import Agreement
from gateway.domain.sla.terms import TargetKind
from gateway.flows import contracts, foresight
from gateway.flows.foresight import Share
from tests.flows.scenes.stage import Cast, Stage

HOUR = timedelta(hours=1)
ALWAYS = {"code": "always", "always": True}
PROMISE = {
    "code": "gold",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h"}},
}


def pass_by(stage: Stage, time: timedelta) -> None:
    """Time in which nobody does anything; what fell due meanwhile is done at its end."""
    stage.hub.clock.advance(time)
    stage.wait()


def played() -> Stage:
    """One ticket solved within three hours in the first quarter, one within six; in the second one more is open."""
    cast = Cast(
        agreements=[PROMISE],
        calendars=[ALWAYS],
        links={"customer>vendor": {"answer_within": {"default": "9d"}}},
    )
    stage = Stage("customer>vendor", cast=cast)
    for hours in (3, 6):
        stage.open(priority="high")
        pass_by(stage, hours * HOUR)
        stage.set("vendor", "status", "solved")
        pass_by(stage, timedelta(days=5))
    pass_by(stage, timedelta(days=30))
    stage.open(priority="high")
    pass_by(stage, HOUR)
    return stage


def within(stage: Stage, hours: int) -> Agreement:
    """The agreement with another target."""
    [wanted] = contracts.standing(stage.hub.context, "gold", now=stage.hub.now)
    targets = {TargetKind.RESOLUTION: {"high": hours * HOUR}}
    return replace(wanted, terms=replace(wanted.terms, targets=targets), sheet="sht_other")


def test_last_quarters_share_and_open_clocks_before_and_after() -> None:
    stage = played()
    found = foresight.foresee(stage.hub.context, within(stage, 2), now=stage.hub.now)
    assert found.quarter.name == "2026-Q1"
    assert (found.before, found.after) == (Share(met=1, breached=1), Share(met=0, breached=2))
    assert found.open_tickets == 3, "the customer has closed none of them yet"
    [moved] = found.moved
    assert moved.before is not None
    assert moved.after is not None
    assert moved.before.due is not None
    assert moved.after.due is not None
    assert moved.before.due - moved.after.due == 2 * HOUR


def test_shorter_than_what_has_passed_the_open_clock_would_be_breached() -> None:
    stage = played()
    pass_by(stage, 2 * HOUR)
    [moved] = foresight.foresee(stage.hub.context, within(stage, 2), now=stage.hub.now).moved
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.state, moved.after.state) == ("running", "breached")


def test_longer_targets_and_the_same_ones() -> None:
    stage = played()
    longer = foresight.foresee(stage.hub.context, within(stage, 8), now=stage.hub.now)
    assert longer.after == Share(met=2, breached=0)
    same = foresight.foresee(stage.hub.context, within(stage, 4), now=stage.hub.now)
    assert (same.moved, same.after) == ([], same.before)


def test_nothing_is_written() -> None:
    stage = played()
    before = stage.happened()
    foresight.foresee(stage.hub.context, within(stage, 2), now=stage.hub.now)
    assert stage.happened() == before


def test_only_the_named_ticket_is_looked_at() -> None:
    stage = played()
    none = foresight.foresee(stage.hub.context, within(stage, 2), now=stage.hub.now, only=[])
    assert (none.open_tickets, none.moved) == (0, [])
    assert none.before == Share(met=1, breached=1)
