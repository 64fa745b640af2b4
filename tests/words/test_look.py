"""Figures in the viewer's zone; rounding goes against the provider (R5)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.words import Words
from gateway.words.look import Look, zone_of

MARCH = datetime(2026, 3, 2, 13, 2, 7, 999_999, tzinfo=UTC)
ROME = Look(Words("en"), ZoneInfo("Europe/Rome"))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_moment_is_never_shown_later_than_it_is() -> None:
    assert plain(ROME.moment(MARCH)) == "2 Mar, 14:02:07"
    assert plain(Look(Words("en"), ZoneInfo("UTC"), tenths=True).moment(MARCH)) == "2 Mar, 13:02:07.9"
    assert ROME.moment(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "passed", "stopped", "left"),
    [
        (7199.000001, "2 h", "1 h 59 min 59 s", "1 h 59 min 59 s"),
        (0.4, "1 s", "0 s", "0 s"),
        (3600, "1 h", "1 h", "1 h"),
        (0, "0 s", "0 s", "0 s"),
        (90061, "25 h 1 min 1 s", "25 h 1 min 1 s", "25 h 1 min 1 s"),
    ],
)
def test_r5_what_passed_is_rounded_up_what_is_left_or_stood_still_down(
    seconds: float, passed: str, stopped: str, left: str
) -> None:
    amount = timedelta(seconds=seconds)
    assert plain(ROME.passed(amount)) == passed
    assert plain(ROME.stopped(amount)) == stopped
    assert plain(ROME.left(amount)) == left


def test_r5_a_breach_by_a_moment_is_shown_as_one() -> None:
    assert plain(ROME.left(timedelta(microseconds=-1))) == "−1 s"


def test_of_a_short_ticket_tenths_are_told() -> None:
    short = ROME.over(MARCH, MARCH + timedelta(seconds=40))
    assert plain(short.passed(timedelta(seconds=61, milliseconds=210))) == "1 min 1.3 s"
    assert plain(short.stopped(timedelta(milliseconds=990))) == "0.9 s"
    assert plain(Look(Words("ru"), ROME.zone, tenths=True).passed(timedelta(seconds=1.5))) == "1,5 с"


def test_a_page_over_the_change_of_the_clocks_or_the_years_end_says_which() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert plain(ROME.over(before, before + timedelta(days=2)).moment(before)) == "24 Oct, 14:00:00 CEST"
    eve = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert plain(ROME.over(eve, eve + timedelta(days=2)).moment(eve)) == "31 Dec 2026, 13:00:00"


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Rome", "Europe/Rome (CET, UTC+01:00)"),
        ("Asia/Kamchatka", "Asia/Kamchatka (UTC+12:00)"),
        ("Asia/Kolkata", "Asia/Kolkata (IST, UTC+05:30)"),
        ("America/St_Johns", "America/St_Johns (NST, UTC-03:30)"),
        ("UTC", "UTC (UTC+00:00)"),
    ],
)
def test_a_zone_is_named_with_its_offset(zone: str, told: str) -> None:
    assert Look(Words("en"), ZoneInfo(zone)).zone_name(MARCH) == told


def test_a_moment_in_full_names_its_zone() -> None:
    assert ROME.whole(MARCH) == "Mon 2 Mar 2026, 14:02:07 CET"
    assert Look(Words("ru"), ZoneInfo("Europe/Moscow")).whole(MARCH) == "пн 2 мар 2026, 16:02:07 MSK"
    assert ROME.iso(MARCH) == "2026-03-02T13:02:07.999+00:00"


@pytest.mark.parametrize(
    ("wanted", "zone", "known"),
    [
        (("Asia/Tokyo", "Europe/Rome"), "Asia/Tokyo", True),
        (("", "Europe/Rome"), "Europe/Rome", True),
        (("Mars/Olympus", "Europe/Rome"), "Europe/Rome", False),
        (("../../etc/passwd", ""), "UTC", False),
        (("", ""), "UTC", True),
    ],
)
def test_the_first_zone_there_is_is_taken(wanted: tuple[str, str], zone: str, known: bool) -> None:
    assert (zone_of(*wanted)[0].key, zone_of(*wanted)[1]) == (zone, known)
