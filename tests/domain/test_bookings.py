"""Visits as lists of work know them: the last word of each hop counts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.bookings import BookingState, bookings
from gateway.domain.case import Because
from tests.builders import tree

WINDOW = {"window": ["2026-03-02T10:00:00+01:00", "2026-03-02T12:00:00+01:00"]}
OPENS, CLOSES = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (["proposed"], BookingState.BOOKED),
        (["proposed", "confirmed"], BookingState.BOOKED),
        (["proposed", "travelling"], BookingState.UNDER_WAY),
        (["proposed", "arrived", "left"], BookingState.OVER),
        (["proposed", "missed"], BookingState.MISSED),
        (["proposed", "missed", "moved"], BookingState.BOOKED),
    ],
)
def test_the_last_word_counts_and_keeps_the_window(kinds: list[str], state: BookingState) -> None:
    case = tree("customer>vendor")
    for kind in kinds:
        case.record(f"visit.{kind}", case.hops["hop_vendor"], Because(), WINDOW if kind == "proposed" else {})
    [found] = bookings(case)
    assert (found.id, found.state, found.opens_at, found.closes_at) == ("hop_vendor", state, OPENS, CLOSES)


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"window": []},
        {"window": ["soon", "later"]},
        {"window": None},
        {"window": ["2026-03-02T10:00:00"]},
    ],
)
def test_a_window_that_says_nothing_is_none(window: dict[str, Any]) -> None:
    case = tree("customer>vendor")
    case.record("visit.proposed", case.hops["hop_vendor"], Because(), window)
    [found] = bookings(case)
    assert (found.opens_at, found.closes_at) == (None, None)


def test_what_is_no_visit_books_none() -> None:
    case = tree("customer>vendor")
    case.record("status.changed", case.hops["hop_vendor"], Because(), {"to": "held"})
    assert bookings(case) == []
