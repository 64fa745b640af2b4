"""Targets in business days (R8): close of business of the Nth working day, or the same time of it; cut-off hours."""

from datetime import date, timedelta

import pytest

from gateway.domain.worktime import Calendar, CalendarError, DayTarget, DueAt, Worktime
from tests.domain.worktime.calendars import at, h, hours, working

SAT, MON, TUE, WED, THU, FRI = (
    "2026-02-28",
    "2026-03-02",
    "2026-03-03",
    "2026-03-04",
    "2026-03-05",
    "2026-03-06",
)
NEXT_MON, NEXT_TUE = "2026-03-09", "2026-03-10"
OFFICE = working()
NOON = 12 * 3600


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        pytest.param(f"{MON} 09:00", 1, f"{TUE} 18:00", id="the next business day"),
        pytest.param(f"{MON} 05:00", 1, f"{TUE} 18:00", id="received before the opening"),
        pytest.param(f"{MON} 23:00", 1, f"{TUE} 18:00", id="received after the closing"),
        pytest.param(f"{FRI} 09:00", 1, f"{NEXT_MON} 18:00", id="over a week-end"),
        pytest.param(f"{SAT} 09:00", 1, f"{MON} 18:00", id="received on a closed day"),
        pytest.param(f"{MON} 09:00", 5, f"{NEXT_MON} 18:00", id="five of them"),
    ],
)
def test_r8_business_days_end_at_the_close_of_the_nth_working_day(received: str, days: int, due: str) -> None:
    assert DayTarget(days=days).due_at(OFFICE, at(received)) == at(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        pytest.param(f"{MON} 11:59", f"{TUE} 18:00", id="before the cut-off"),
        pytest.param(f"{MON} 12:00", f"{WED} 18:00", id="at the cut-off: as if on Tuesday"),
        pytest.param(f"{SAT} 09:00", f"{TUE} 18:00", id="on a closed day: as if on Monday"),
        pytest.param(f"{FRI} 17:00", f"{NEXT_TUE} 18:00", id="after it on Friday: as if on Monday"),
    ],
)
def test_r8_receipt_after_the_cut_off_counts_as_the_next_working_day(received: str, due: str) -> None:
    assert DayTarget(days=1, cut_off=NOON).due_at(OFFICE, at(received)) == at(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        pytest.param(f"{MON} 09:30", f"{TUE} 09:30", id="the same time"),
        pytest.param(f"{MON} 22:00", f"{TUE} 18:00", id="clipped to the closing"),
        pytest.param(f"{THU} 17:00", f"{FRI} 13:00", id="clipped to the closing of a short day"),
    ],
)
def test_r8_the_same_wall_clock_time_of_that_day_where_the_agreement_says_so(received: str, due: str) -> None:
    work = working(special={date(2026, 3, 6): hours("08:00-13:00")})
    assert DayTarget(days=1, due=DueAt.SAME_TIME).due_at(work, at(received)) == at(due)


def test_r8_the_same_time_is_exact_and_moves_over_a_skipped_hour() -> None:
    daily = working("00:00-24:00", "sat sun")
    half = timedelta(microseconds=500_000)
    target = DayTarget(days=1, due=DueAt.SAME_TIME)
    assert target.due_at(daily, at("2026-03-28 02:30") + half) == at("2026-03-29 03:30") + half


def test_r8_holidays_and_closed_special_days_are_no_working_days() -> None:
    work = working(holidays=frozenset({date(2026, 3, 3)}), special={date(2026, 3, 4): ()})
    assert DayTarget(days=1).due_at(work, at(f"{MON} 09:00")) == at(f"{THU} 18:00")
    assert DayTarget(days=2).due_at(work, at(f"{MON} 09:00")) == at(f"{FRI} 18:00")


def test_r8_the_close_of_business_of_a_night_shift_is_the_next_morning() -> None:
    assert DayTarget(days=1).due_at(working("22:00-06:00"), at(f"{MON} 23:00")) == at(f"{WED} 06:00")


def test_r8_the_open_time_up_to_that_moment_is_the_target() -> None:
    target, received = DayTarget(days=1), at(f"{MON} 16:00")
    assert target.target(OFFICE, received) == h(12)
    assert OFFICE.add(received, target.target(OFFICE, received)) == target.due_at(OFFICE, received)


def test_trap_store_and_desk_seven_zones_apart_in_business_days() -> None:
    """Monday 23:30 UTC is Tuesday in Vladivostok: the day of receipt is the calendar's, not the reader's."""
    store = working("09:00-18:00", zone="Asia/Vladivostok")
    received = at(f"{MON} 23:30", "UTC")
    assert DayTarget(days=1).due_at(store, received) == at(f"{WED} 18:00", "Asia/Vladivostok")


@pytest.mark.parametrize("days", [0, -1])
def test_r8_less_than_one_business_day_is_refused(days: int) -> None:
    with pytest.raises(CalendarError, match=f"a target of {days} business days; the least is 1"):
        DayTarget(days=days)


def test_r8_a_calendar_without_so_many_working_days_says_so() -> None:
    once = Worktime(Calendar(code="once", special={date(2026, 6, 1): hours("10:00-11:00")}))
    with pytest.raises(CalendarError, match="calendar once has not 2 working days within 60 years"):
        DayTarget(days=2).due_at(once, at("2026-05-01 09:00"))
