"""Two desks whose rules answer each other are stopped; people are not."""

from datetime import timedelta

from gateway.domain import budgeting, queueing
from gateway.domain.case import Because
from gateway.domain.model import DeliveryState
from gateway.domain.model.change import replace
from tests import builders

NOW = builders.NOW


def test_changes_are_counted_within_one_window() -> None:
    hop = replace(builders.hop(), budget_from=NOW, budget_used=5)
    assert budgeting.spend(hop, NOW + timedelta(minutes=1)) == (NOW, 6)


def test_a_window_that_is_over_starts_anew() -> None:
    hop = replace(builders.hop(), budget_from=NOW, budget_used=5)
    assert budgeting.spend(hop, NOW + budgeting.WINDOW) == (NOW + budgeting.WINDOW, 1)


def test_a_clock_that_steps_back_starts_anew() -> None:
    hop = replace(builders.hop(), budget_from=NOW, budget_used=5)
    assert budgeting.spend(hop, NOW - timedelta(minutes=1)) == (NOW - timedelta(minutes=1), 1)


def test_a_swinging_status_is_frozen_and_told_once() -> None:
    case = builders.tree("north>south")
    hop = case.hops["hop_north"]
    for turn in range(budgeting.CHANGES + 5):
        event = case.record("status.changed", hop, Because())
        queueing.update(case, hop, {"status": "open" if turn % 2 else "waiting"}, event)
    parked = [delivery for delivery in case.deliveries if delivery.state is DeliveryState.PARKED]
    assert len(case.deliveries) - len(parked) == budgeting.CHANGES
    assert [kind for kind, _, _ in case.discrepancies] == ["oscillation"]
    assert "frozen" in parked[0].error
