"""Calendars (R6): intervals, breaks, holidays, special days, closures, sites, and the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.worktime import (
    NO_HOURS,
    ROUND_THE_CLOCK,
    Calendar,
    CalendarError,
    Hours,
    Span,
    Worktime,
    utc,
)
from gateway.domain.worktime.calendar import both, merged, without
from tests.domain.worktime.calendars import (
    APIA,
    LORD_HOWE,
    ROME,
    SAO_PAULO,
    around_the_clock,
    at,
    h,
    hours,
    week,
    working,
)

MON, TUE, WED = "2026-03-02", "2026-03-03", "2026-03-04"


def opened(work: Worktime, start: str, end: str, zone: str = ROME) -> timedelta:
    """Open time between two wall times."""
    return work.between(at(start, zone), at(end, zone))


def test_r6_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = working("22:00-06:00", "mon")
    assert night.opened_on(date(2026, 3, 2)) == [Span(at(f"{MON} 22:00"), at(f"{TUE} 06:00"))]
    assert night.opened_on(date(2026, 3, 3)) == []


def test_r6_a_holiday_takes_away_the_shift_that_begins_on_it_and_not_the_end_of_the_one_before() -> None:
    night = working("22:00-06:00", holidays=frozenset({date(2026, 3, 3)}))
    assert opened(night, f"{MON} 20:00", f"{WED} 12:00") == h(8)
    assert night.is_open(at(f"{TUE} 05:59"))
    assert not night.is_open(at(f"{TUE} 22:00"))


def test_r6_24_00_is_the_end_of_the_day() -> None:
    assert working("20:00-24:00").opened_on(date(2026, 3, 2)) == [
        Span(at(f"{MON} 20:00"), at(f"{TUE} 00:00"))
    ]


def test_r6_the_same_time_twice_is_a_day_round() -> None:
    assert opened(working("08:00-08:00", "mon"), f"{MON} 00:00", f"{WED} 00:00") == h(24)


def test_r6_intervals_that_overlap_count_once() -> None:
    assert opened(working("08:00-12:00 10:00-14:00 14:00-15:00"), f"{MON} 00:00", f"{TUE} 00:00") == h(7)


@pytest.mark.parametrize(
    ("shift", "rest", "rest_on", "expected"),
    [
        pytest.param("08:00-18:00", "12:00-13:00", "mon", 9, id="within the day"),
        pytest.param("22:00-06:00", "02:00-03:00", "tue", 7, id="after midnight, on the next day's wall"),
        pytest.param("22:00-06:00", "23:30-00:30", "mon", 7, id="over midnight"),
        pytest.param("22:00-06:00", "02:00-03:00", "mon", 8, id="of the morning before the shift"),
        pytest.param("00:00-08:00", "23:30-00:30", "sun", 7.5, id="reaching in from the day before"),
        pytest.param("08:00-18:00", "07:00-19:00", "mon", 0, id="longer than the shift"),
    ],
)
def test_r6_breaks_interrupt_the_weekly_hours_by_the_clock_on_the_wall(
    shift: str, rest: str, rest_on: str, expected: float
) -> None:
    work = working(shift, "mon", breaks=week(rest, rest_on))
    assert opened(work, f"{MON} 00:00", f"{WED} 00:00") == h(expected)


def test_r6_a_special_day_states_its_hours_whole_and_wins_over_a_holiday() -> None:
    day = date(2026, 3, 2)
    breaks = week("12:00-13:00")
    work = working(breaks=breaks, holidays=frozenset({day}), special={day: hours("10:00-14:00")})
    assert opened(work, f"{MON} 00:00", f"{TUE} 00:00") == h(4)


def test_r6_a_special_day_may_be_closed() -> None:
    assert working(special={date(2026, 3, 2): ()}).opened_on(date(2026, 3, 2)) == []


def test_r6_nothing_is_open_during_a_closure() -> None:
    work = working(closures=(Span(at(f"{MON} 17:00"), at(f"{TUE} 09:00")),))
    assert opened(work, f"{MON} 00:00", f"{WED} 00:00") == h(18)
    assert work.opened_on(date(2026, 3, 3)) == [Span(at(f"{TUE} 09:00"), at(f"{TUE} 18:00"))]


def test_r6_24x7_is_a_calendar_too() -> None:
    plain = Worktime(Calendar(code="always", zone=ROME, weekly=ROUND_THE_CLOCK))
    assert plain.calendar.always
    assert not around_the_clock().calendar.always
    for work in (plain, around_the_clock()):
        assert opened(work, "2026-01-01 00:00", "2026-12-31 00:00") == h(364 * 24)
        assert work.add(at(f"{MON} 23:30"), h(1)) == at(f"{TUE} 00:30")


# -- traps --------------------------------------------------------------------------------------------------------------------


def test_trap_00_00_to_23_59_treated_as_closed_one_minute_a_night() -> None:
    whole, short = working("00:00-24:00", zone=ROME), working("00:00-23:59", zone=ROME)
    assert whole.spans(at(f"{MON} 12:00"), at(f"{TUE} 12:00")) == [
        Span(at(f"{MON} 00:00"), at("2026-03-07 00:00"))
    ], "24:00 and 00:00 are one instant: the nights between are no closing"
    assert whole.calendar.doubts == []
    assert opened(short, f"{MON} 00:00", f"{TUE} 00:00") == h(24) - timedelta(minutes=1), (
        "what is written is counted …"
    )
    assert short.calendar.doubts[0] == (
        "mon closes at 23:59, a minute before midnight; write 24:00 if midnight is meant"
    ), "… and doubted aloud"


def test_trap_schedule_without_monday_and_thursday() -> None:
    work = working(days="tue wed fri")
    assert work.add(at("2026-02-27 17:00"), h(2)) == at(f"{TUE} 09:00")
    assert work.add(at(f"{WED} 17:00"), h(2)) == at("2026-03-06 09:00")
    assert work.next_open(at(f"{MON} 10:00")) == at(f"{TUE} 08:00")


def test_trap_holiday_feed_adds_unexpected_days() -> None:
    """A new version of a calendar counts anew; the version that an agreement is bound to does not change under it."""
    bound = working(version=1).calendar
    fed = working(version=2, holidays=frozenset({date(2026, 3, 3)})).calendar
    start = at(f"{MON} 17:00")
    assert Worktime(fed).add(start, h(2)) == at(f"{WED} 09:00")
    assert Worktime(bound).add(start, h(2)) == at(f"{TUE} 09:00")
    assert bound != fed


def test_trap_store_and_desk_seven_zones_apart() -> None:
    """A store in Vladivostok (UTC+10), its desk in Moscow (UTC+3); four hours of 09:00–18:00 from Tuesday 08:30 at the store."""
    calendar = Calendar(code="site", zone="", weekly=week("09:00-18:00"), site_holidays=True)
    start = at(f"{TUE} 08:30", "Asia/Vladivostok")
    store = Worktime(calendar.at_site(zone="Asia/Vladivostok", holidays=[date(2026, 3, 9)]))
    desk = Worktime(calendar.at_site(zone="Europe/Moscow", holidays=[]))
    assert (
        store.add(start, h(4))
        == at(f"{TUE} 13:00", "Asia/Vladivostok")
        == at(f"{TUE} 06:00", "Europe/Moscow")
    )
    assert desk.add(start, h(4)) == at(f"{TUE} 13:00", "Europe/Moscow")


def test_r6_zone_and_holidays_of_a_site() -> None:
    calendar = Calendar(code="site", zone="", weekly=week("09:00-18:00"), site_holidays=True)
    patron = date(2026, 12, 7)  # Saint Ambrose, Milan
    with pytest.raises(CalendarError, match="name the site"):
        Worktime(calendar)
    milan = calendar.at_site(zone=ROME, holidays=[patron])
    assert Worktime(milan).opened_on(patron) == []
    own = Calendar(code="own", zone="Asia/Tokyo", weekly=week("09:00-18:00"))
    assert own.at_site(zone=ROME, holidays=[patron]) == own, (
        "a calendar of its own takes nothing from the site"
    )


# -- clocks that change ---------------------------------------------------------------------------------------------------


def test_r6_a_wall_time_that_a_clock_change_skips_moves_forward_by_the_gap() -> None:
    """Rome, 29 March 2026: 02:00 becomes 03:00."""
    work = working("02:30-06:00", "sun")
    assert work.opened_on(date(2026, 3, 29)) == [
        Span(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), at("2026-03-29 06:00"))
    ]
    assert working("01:00-02:30", "sun").opened_on(date(2026, 3, 29))[0].closes == at("2026-03-29 03:30")


def test_r6_an_interval_within_the_skipped_time_keeps_its_length_and_one_that_turns_over_is_empty() -> None:
    assert opened(working("02:10-02:40", "sun"), "2026-03-29 00:00", "2026-03-30 00:00") == h(0.5)
    assert opened(working("02:30-03:10", "sun"), "2026-03-29 00:00", "2026-03-30 00:00") == h(0)


def test_r6_a_doubled_wall_time_means_its_first_occurrence() -> None:
    """Rome, 25 October 2026: 03:00 becomes 02:00."""
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert second - first == h(1)
    assert working("02:30-06:00", "sun").opened_on(date(2026, 10, 25)) == [
        Span(first, at("2026-10-25 06:00"))
    ]
    assert working("01:00-02:30", "sun").opened_on(date(2026, 10, 25)) == [
        Span(at("2026-10-25 01:00"), first)
    ]
    assert opened(working("02:30-06:00", "sun"), "2026-10-25 00:00", "2026-10-26 00:00") == h(4.5)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        pytest.param(ROME, "2026-03-29", 23, id="Rome, forward"),
        pytest.param(ROME, "2026-10-25", 25, id="Rome, back"),
        pytest.param(LORD_HOWE, "2026-10-04", 23.5, id="Lord Howe, half an hour forward"),
        pytest.param(LORD_HOWE, "2026-04-05", 24.5, id="Lord Howe, half an hour back"),
        pytest.param(SAO_PAULO, "2018-11-04", 23, id="São Paulo, midnight skipped"),
        pytest.param(SAO_PAULO, "2018-02-17", 25, id="São Paulo, the hour before midnight doubled"),
        pytest.param("America/Havana", "2026-11-01", 25, id="Havana, the hour after midnight doubled"),
        pytest.param("Africa/Cairo", "2026-04-24", 23, id="Cairo, midnight skipped"),
        pytest.param("Antarctica/Troll", "2026-03-29", 22, id="Troll, two hours forward"),
        pytest.param(APIA, "2011-12-29", 24, id="Samoa, the day before the lost one"),
    ],
)
def test_r6_a_day_is_as_long_as_its_clock_says(zone: str, day: str, length: float) -> None:
    [span] = around_the_clock(zone).calendar.spans(date.fromisoformat(day))
    assert span.closes - span.opens == h(length)


def test_r6_lord_howe_skips_and_doubles_half_an_hour() -> None:
    early = working("02:10-06:00", "sun", LORD_HOWE)
    assert early.opened_on(date(2026, 10, 4))[0].opens == at("2026-10-04 02:40", LORD_HOWE)
    late = working("01:45-06:00", "sun", LORD_HOWE)
    assert late.opened_on(date(2026, 4, 5))[0].opens == datetime(2026, 4, 4, 14, 45, tzinfo=UTC)
    assert opened(late, "2026-04-05 00:00", "2026-04-06 00:00", LORD_HOWE) == h(4.75)


def test_r6_a_skipped_midnight_joins_the_days() -> None:
    """São Paulo, 4 November 2018: 00:00 becomes 01:00, so 24:00 of Saturday and 00:00 of Sunday are 01:00."""
    work = working("22:00-24:00 00:00-08:00", "sat sun", SAO_PAULO)
    assert Span(datetime(2018, 11, 4, 1, tzinfo=UTC), datetime(2018, 11, 4, 10, tzinfo=UTC)) in work.spans(
        at("2018-11-03 12:00", SAO_PAULO), at("2018-11-04 12:00", SAO_PAULO)
    )


def test_r6_samoa_has_no_30_december_2011() -> None:
    """By the letter of the rule the hours of the lost Friday move forward by the day that was skipped: to Saturday."""
    start, end = at("2011-12-29 00:00", APIA), at("2012-01-01 00:00", APIA)
    assert around_the_clock(APIA).between(start, end) == h(48)
    office = working("09:00-17:00", zone=APIA)
    assert office.opened_on(date(2011, 12, 30)) == [
        Span(at("2011-12-31 09:00", APIA), at("2011-12-31 17:00", APIA))
    ]
    both = working("09:00-17:00", "fri sat", APIA)
    assert both.between(start, end) == h(8), "the lost day's hours and the next one's are the same hours"


def test_r6_a_break_interrupts_a_shift_that_reaches_over_the_lost_day() -> None:
    """Thursday 22:00 to Friday 06:00, that is Saturday 06:00; the break is Saturday's."""
    work = working("22:00-06:00", "thu", APIA, breaks=week("02:00-03:00", "sat"))
    assert opened(work, "2011-12-29 12:00", "2011-12-31 12:00", APIA) == h(7)


# -- what is refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"weekly": NO_HOURS}, "has no open hour; give it `weekly` hours or `special` days"),
        ({"weekly": NO_HOURS, "special": {date(2026, 1, 1): ()}}, "has no open hour"),
        ({"zone": "Europe/Milan"}, "'Europe/Milan' is no zone of the IANA list"),
        ({"zone": "../etc/passwd"}, "is no zone"),
        ({"weekly": week("08:00-18:00")[:5]}, "needs seven days"),
        ({"breaks": ()}, "needs seven days"),
        ({"weekly": ((Hours(86_400, 90_000),),) * 7}, "seconds of a day"),
        ({"special": {date(2026, 1, 1): (Hours(-1, 3600),)}}, "seconds of a day"),
    ],
)
def test_r6_a_calendar_that_means_nothing_is_refused(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(CalendarError, match=reason.replace("`", ".")):
        Calendar(**{"code": "bad", "weekly": week("08:00-18:00"), **told})


def test_r5_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - the case
    with pytest.raises(CalendarError, match=r"2026-03-02T12:00:00 names no zone; write for example"):
        utc(naive)
    for ask in (
        lambda: working().between(naive, naive),
        lambda: working().add(naive, h(1)),
        lambda: working().is_open(naive),
        lambda: working().spans(naive, naive),
    ):
        with pytest.raises(CalendarError, match="names no zone"):
            ask()


def test_r5_a_moment_outside_the_years_of_utc_is_refused() -> None:
    with pytest.raises(CalendarError, match="outside the years 1 to 9999"):
        utc(datetime.fromisoformat("0001-01-01T00:00:00+03:00"))


# -- sets of spans ------------------------------------------------------------------------------------------------------------

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def _span(opens: int, closes: int) -> Span:
    return Span(_BEGIN + h(opens), _BEGIN + h(closes))


def _hours_of(spans: list[Span]) -> set[int]:
    return {
        number for number in range(30) for span in spans if span.opens <= _BEGIN + h(number) < span.closes
    }


spans = st.lists(st.builds(_span, st.integers(0, 30), st.integers(0, 30)), max_size=8)


@settings(deadline=None, derandomize=True)
@given(spans, spans)
def test_merged_and_without_are_the_sums_and_differences_of_sets(some: list[Span], taken: list[Span]) -> None:
    joined, left = merged(some), without(merged(some), taken)
    assert _hours_of(joined) == _hours_of(some)
    assert _hours_of(left) == _hours_of(some) - _hours_of(taken)
    for found in (joined, left):
        assert all(one.opens < one.closes for one in found)
    assert all(one.closes < two.opens for one, two in pairwise(joined))
    assert all(one.closes <= two.opens for one, two in pairwise(left))


def test_r13_open_within_the_hours_of_access_of_another_zone() -> None:
    """Round the clock in Rome, entered 10:00–12:00 in Tokyo: 01:00–03:00 UTC, which is the night of the same day in Rome."""
    access = Calendar(code="access", zone="Asia/Tokyo", weekly=week("10:00-12:00"))
    narrowed = Worktime(Calendar(code="x", zone=ROME, weekly=week("00:00-24:00"), within=access))
    assert not narrowed.calendar.always
    assert narrowed.between(at("2026-03-02 00:00", "UTC"), at("2026-03-09 00:00", "UTC")) == h(14)
    assert narrowed.next_open(at("2026-03-02 03:00", "UTC")) == at("2026-03-03 01:00", "UTC")


def test_r13_what_both_calendars_close_is_closed() -> None:
    access = Calendar(code="access", zone=ROME, weekly=week("12:00-20:00", "mon tue sat"))
    holiday = frozenset({date(2026, 3, 3)})
    narrowed = working("08:00-13:00 14:00-18:00", holidays=holiday, within=access)
    assert [
        (span.opens, span.closes) for span in narrowed.spans(at("2026-03-01 00:00"), at("2026-03-08 00:00"))
    ] == [
        (at("2026-03-02 12:00"), at("2026-03-02 13:00")),
        (at("2026-03-02 14:00"), at("2026-03-02 18:00")),
    ]


def test_r13_a_night_shift_within_hours_that_begin_the_day_after() -> None:
    access = Calendar(code="access", zone=ROME, weekly=week("00:00-03:00", "tue"))
    narrowed = working("22:00-06:00", "mon", within=access)
    assert [
        (span.opens, span.closes) for span in narrowed.spans(at("2026-03-02 00:00"), at("2026-03-05 00:00"))
    ] == [(at("2026-03-03 00:00"), at("2026-03-03 03:00"))]


@given(
    first=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8),
    second=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8),
)
def test_r13_what_is_open_in_both_is_open_in_each(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)

    def spans(told: list[tuple[int, int]]) -> list[Span]:
        return merged(Span(start + h(opens), start + h(opens + length)) for opens, length in told)

    def hours_of(opened: list[Span]) -> set[int]:
        return {
            hour for hour in range(60) if any(one.opens <= start + h(hour) < one.closes for one in opened)
        }

    found = both(spans(first), spans(second))
    assert hours_of(found) == hours_of(spans(first)) & hours_of(spans(second))
    assert all(before.closes <= after.opens for before, after in pairwise(found))
