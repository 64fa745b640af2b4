"""Counting business time: between (R7), add and next open (R8), warnings (R9)."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, CalendarError, Span, Worktime, worktime
from tests.domain.worktime.calendars import LORD_HOWE, ROME, around_the_clock, at, h, hours, week, working

MON, TUE, FRI, NEXT_MON = "2026-03-02", "2026-03-03", "2026-03-06", "2026-03-09"
OFFICE = working()
MICROSECOND = timedelta(microseconds=1)


# -- R7 -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(f"{MON} 09:00", f"{MON} 11:30", 2.5, id="within the day"),
        pytest.param(f"{MON} 07:00", f"{MON} 09:00", 1, id="from before the opening"),
        pytest.param(f"{MON} 17:00", f"{MON} 22:00", 1, id="to after the closing"),
        pytest.param(f"{MON} 17:00", f"{TUE} 09:00", 2, id="over a night"),
        pytest.param(f"{FRI} 18:00", f"{NEXT_MON} 08:00", 0, id="from closing to opening"),
        pytest.param(f"{MON} 00:00", f"{NEXT_MON} 00:00", 50, id="a week"),
        pytest.param(f"{TUE} 09:00", f"{MON} 09:00", 0, id="the end before the start"),
        pytest.param(f"{MON} 09:00", f"{MON} 09:00", 0, id="nothing"),
    ],
)
def test_r7_between_counts_open_time(start: str, end: str, expected: float) -> None:
    assert OFFICE.between(at(start), at(end)) == h(expected)


def test_r7_every_microsecond_counts() -> None:
    closing = at(f"{MON} 18:00")
    assert OFFICE.between(closing - MICROSECOND, closing + h(1)) == MICROSECOND


@pytest.mark.parametrize(("day", "length"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_r7_a_25_hour_day_counts_25_hours_and_a_23_hour_day_23(day: str, length: int) -> None:
    start = at(f"{day} 00:00")
    for work in (around_the_clock(), Worktime(Calendar(code="always", zone=ROME, weekly=ROUND_THE_CLOCK))):
        assert work.between(start, at(f"{day} 12:00") + h(12)) == h(length)


def test_r5_two_moments_of_one_zone_are_not_compared_by_their_wall_time() -> None:
    """Rome, 25 October 2026: the second 02:10 comes after the first 02:50, although its wall time is earlier."""
    zone = ZoneInfo(ROME)
    first = datetime(2026, 10, 25, 2, 50, tzinfo=zone)
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=zone)
    assert second < first, "what Python says"
    assert around_the_clock().between(first, second) == timedelta(minutes=20)
    assert around_the_clock().between(second, first) == h(0)
    assert around_the_clock().add(second, -timedelta(minutes=20)) == first.astimezone(UTC)


# -- R8 -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        pytest.param(f"{MON} 09:00", 2, f"{MON} 11:00", id="within the day"),
        pytest.param(f"{MON} 17:00", 2, f"{TUE} 09:00", id="over a night"),
        pytest.param(f"{MON} 16:00", 2, f"{MON} 18:00", id="on the closing instant stays there"),
        pytest.param(f"{MON} 20:00", 10, f"{TUE} 18:00", id="a whole day, on the closing instant"),
        pytest.param(f"{FRI} 17:00", 2, f"{NEXT_MON} 09:00", id="over a week-end"),
        pytest.param(f"{MON} 06:00", 1, f"{MON} 09:00", id="from before the opening"),
        pytest.param(f"{MON} 09:00", 0, f"{MON} 09:00", id="nothing, open"),
        pytest.param(f"{MON} 18:00", 0, f"{TUE} 08:00", id="nothing, at the closing: the next opening"),
        pytest.param(f"{FRI} 20:00", 0, f"{NEXT_MON} 08:00", id="nothing, closed"),
        pytest.param(f"{MON} 11:00", -2, f"{MON} 09:00", id="back within the day"),
        pytest.param(f"{MON} 10:00", -2, f"{MON} 08:00", id="back to the opening instant stays there"),
        pytest.param(f"{TUE} 09:00", -2, f"{MON} 17:00", id="back over a night"),
        pytest.param(f"{NEXT_MON} 06:00", -10, f"{FRI} 08:00", id="back a whole day, to its opening"),
    ],
)
def test_r8_add(start: str, amount: float, due: str) -> None:
    assert OFFICE.add(at(start), h(amount)) == at(due)


def test_r8_answers_are_in_utc() -> None:
    local = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo(ROME))
    for answer in (
        OFFICE.add(local, h(1)),
        OFFICE.add(local, h(0)),
        OFFICE.add(local, h(-2)),
        OFFICE.next_open(local),
    ):
        assert answer.tzinfo is UTC


def test_r8_add_over_a_skipped_and_a_doubled_hour() -> None:
    night = around_the_clock()
    assert night.add(at("2026-03-29 01:30"), h(1)) == at("2026-03-29 03:30")
    assert night.add(at("2026-10-25 02:30"), h(1)) == at("2026-10-25 02:30", fold=1)
    assert around_the_clock(LORD_HOWE).add(at("2026-10-04 01:45", LORD_HOWE), h(0.5)) == at(
        "2026-10-04 02:45", LORD_HOWE
    )


def test_r8_open_is_from_the_opening_up_to_and_without_the_closing() -> None:
    opening, closing = at(f"{MON} 08:00"), at(f"{MON} 18:00")
    moments = [opening - MICROSECOND, opening, closing - MICROSECOND, closing]
    assert [OFFICE.is_open(moment) for moment in moments] == [False, True, True, False]
    assert [OFFICE.next_open(moment) for moment in moments] == [
        opening,
        opening,
        closing - MICROSECOND,
        at(f"{TUE} 08:00"),
    ]


def test_r8_next_open_looks_years_ahead() -> None:
    once = Worktime(Calendar(code="once", zone=ROME, special={date(2031, 6, 1): hours("10:00-11:00")}))
    assert once.next_open(at("2026-01-01 00:00")) == at("2031-06-01 10:00")
    assert once.add(at("2026-01-01 00:00"), h(1)) == at("2031-06-01 11:00")
    assert once.add(at("2036-01-01 00:00"), h(-1)) == at("2031-06-01 10:00")
    assert once.spans(at("2026-01-01 00:00"), at("2036-01-01 00:00")) == [
        Span(at("2031-06-01 10:00"), at("2031-06-01 11:00"))
    ]


@pytest.mark.parametrize("amount", [h(2), h(0), h(-1)], ids=["ahead", "next open", "back"])
def test_r8_a_calendar_that_does_not_open_again_says_so(amount: timedelta) -> None:
    once = Worktime(Calendar(code="once", zone=ROME, special={date(2026, 6, 1): hours("10:00-11:00")}))
    start = at("2026-07-01 00:00") if amount >= h(0) else at("2026-05-01 00:00")
    with pytest.raises(
        CalendarError, match="calendar once has not enough open time within 60 years of 2026-0"
    ):
        once.add(start, amount)


def test_one_desk_that_says_the_year_1_does_not_spoil_the_calendar() -> None:
    work = working()
    never = datetime(1, 1, 1, tzinfo=UTC)
    with pytest.raises(CalendarError, match="from the year 1 to the year 2026"):
        work.between(never, at(f"{MON} 09:00"))
    assert not work.is_open(never)
    assert work.between(at(f"{MON} 09:00"), at(f"{MON} 10:00")) == h(1)
    assert not work.is_open(datetime.max.replace(tzinfo=UTC))
    assert work.between(at(f"{MON} 09:00"), at(f"{MON} 10:00")) == h(1)


def test_the_plain_24x7_counts_however_far() -> None:
    always = Worktime(Calendar(code="always", weekly=ROUND_THE_CLOCK))
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert always.between(first, last) == last - first
    assert always.add(first, last - first) == last
    assert always.add(last, first - last) == first
    with pytest.raises(CalendarError, match="has not enough open time"):
        always.add(last, h(1))


def test_a_calendar_is_compiled_once() -> None:
    calendar = Calendar(code="same", weekly=week("08:00-18:00"))
    assert worktime(calendar) is worktime(Calendar(code="same", weekly=week("08:00-18:00")))
    assert worktime(calendar) is not worktime(Calendar(code="same", weekly=week("08:00-18:00"), version=2))


def test_the_order_of_questions_changes_no_answer() -> None:
    """Years are compiled as they are asked for; a shift over New Year and one round the clock join at the seam."""

    def asked(work: Worktime, year: int) -> tuple[object, ...]:
        start, end = at(f"{year}-12-31 23:00"), at(f"{year + 1}-01-01 05:00")
        return (
            work.between(start, end),
            work.add(start, h(1000)),
            work.add(end, h(-1000)),
            work.spans(start, end),
        )

    def fresh() -> Worktime:
        return working("22:00-06:00", special={date(2027, 1, 1): hours("00:00-24:00")})

    years = (2023, 2026, 2027)
    expected = {year: asked(fresh(), year) for year in years}
    assert expected[2026][0] == h(6)
    for order in permutations(years):
        work = fresh()
        assert {year: asked(work, year) for year in order} == expected


# -- R9 and the traps ---------------------------------------------------------------------------------------------------------


def test_trap_warning_1_h_before_due_fires_at_00_00_because_due_falls_in_the_next_days_segment() -> None:
    due = OFFICE.add(at(f"{MON} 17:00"), h(4))
    assert due == at(f"{TUE} 11:00")
    assert OFFICE.add(due, h(-1)) == at(f"{TUE} 10:00")


def test_r9_a_warning_1_h_before_due_may_fall_in_the_segment_before() -> None:
    due = OFFICE.add(at(f"{MON} 17:00"), h(1.5))
    assert due == at(f"{TUE} 08:30")
    assert OFFICE.add(due, h(-1)) == at(f"{MON} 17:30")
    assert OFFICE.add(at(f"{NEXT_MON} 08:30"), h(-1)) == at(f"{FRI} 17:30"), "over a week-end too"


def test_trap_pending_over_a_week_end_over_credits() -> None:
    """R9: stopped Friday 17:00 to Monday 09:00, two open hours: the due moment moves by two hours, not by 64."""
    stopped = OFFICE.between(at(f"{FRI} 17:00"), at(f"{NEXT_MON} 09:00"))
    assert stopped == h(2)
    assert OFFICE.add(at(f"{FRI} 16:00"), h(3) + stopped) == at(f"{NEXT_MON} 11:00")


# -- what holds for every calendar --------------------------------------------------------------------------------------------

CALENDARS = [
    OFFICE,
    around_the_clock(),
    around_the_clock(LORD_HOWE),
    working(
        "22:00-06:00", zone="America/New_York", holidays=frozenset({date(2026, 3, 7), date(2026, 10, 31)})
    ),
    working(
        "01:30-02:30 02:45-03:15 23:00-24:00", "tue fri sat sun", "America/Havana", breaks=week("23:15-00:15")
    ),
    working("08:00-12:00 12:00-18:00", special={date(2026, 3, 29): hours("02:30-02:30")}),
    working("00:00-23:59", closures=(Span(at("2026-03-28 13:00"), at("2026-04-02 07:00:30")),)),
]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEADY = settings(deadline=None, derandomize=True)
works = st.sampled_from(CALENDARS)
moments = st.integers(0, 366 * 86_400).flatmap(
    lambda second: st.integers(0, 999_999).map(
        lambda micro: BEGIN + timedelta(seconds=second, microseconds=micro)
    )
)
amounts = st.timedeltas(min_value=MICROSECOND, max_value=h(1000))


@STEADY
@given(works, moments, moments, moments)
def test_r7_between_is_additive(work: Worktime, one: datetime, other: datetime, another: datetime) -> None:
    first, second, third = sorted((one, other, another))
    assert work.between(first, third) == work.between(first, second) + work.between(second, third)
    assert h(0) <= work.between(first, second) <= second - first


@STEADY
@given(works, moments, amounts)
def test_r8_add_is_the_inverse_of_between_and_the_earliest_such_instant(
    work: Worktime, start: datetime, amount: timedelta
) -> None:
    due = work.add(start, amount)
    assert work.between(start, due) == amount
    assert work.between(start, due - MICROSECOND) == amount - MICROSECOND


@STEADY
@given(works, moments, amounts)
def test_r8_subtraction_is_the_inverse_too_and_the_latest_such_instant(
    work: Worktime, end: datetime, amount: timedelta
) -> None:
    start = work.add(end, -amount)
    assert work.between(start, end) == amount
    assert work.between(start + MICROSECOND, end) == amount - MICROSECOND


@STEADY
@given(works, moments, moments)
def test_r8_between_is_the_inverse_of_add_where_the_end_is_open(
    work: Worktime, one: datetime, other: datetime
) -> None:
    start, end = sorted((one, other))
    counted = work.between(start, end)
    if counted:
        assert work.add(start, counted) <= end <= work.next_open(end)
        assert not work.is_open(end - MICROSECOND) or work.add(start, counted) == end
    assert work.is_open(end) == (work.next_open(end) == end)


@STEADY
@given(works, moments, amounts, amounts)
def test_r8_amounts_may_be_added_one_after_the_other(
    work: Worktime, start: datetime, some: timedelta, more: timedelta
) -> None:
    assert work.add(work.add(start, some), more) == work.add(start, some + more)
    assert work.add(work.add(start, -some), -more) == work.add(start, -some - more)


@STEADY
@given(works, moments, moments, st.one_of(amounts, amounts.map(lambda amount: -amount), st.just(h(0))))
def test_r8_add_is_monotone(work: Worktime, one: datetime, other: datetime, amount: timedelta) -> None:
    start, later = sorted((one, other))
    assert work.add(start, amount) <= work.add(later, amount)
    assert work.add(start, amount) < work.add(start, amount + h(1))


@STEADY
@given(
    moments,
    moments,
    st.sampled_from([around_the_clock(zone) for zone in (ROME, LORD_HOWE, "America/Havana")]),
)
def test_r7_a_calendar_that_is_always_open_counts_true_time(
    one: datetime, other: datetime, work: Worktime
) -> None:
    start, end = sorted((one, other))
    assert work.between(start, end) == end - start
    assert work.add(start, end - start) == end
    assert work.add(end, start - end) == start


@STEADY
@given(works, moments, moments, st.sampled_from([ROME, "Asia/Kathmandu", LORD_HOWE]))
def test_r5_the_zone_that_a_moment_is_written_in_changes_nothing(
    work: Worktime, one: datetime, other: datetime, zone: str
) -> None:
    written, also = one.astimezone(ZoneInfo(zone)), other.astimezone(ZoneInfo(zone))
    assert work.between(written, also) == work.between(one, other)
    assert work.add(written, h(7)) == work.add(one, h(7))
    assert work.next_open(written) == work.next_open(one)
