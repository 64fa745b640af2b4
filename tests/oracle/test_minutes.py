"""The oracle itself, against days counted by hand; and that it owes nothing to what it judges."""

import ast
from datetime import date
from pathlib import Path

import pytest

from tests.oracle.minutes import DAY, Marked, Spelled, Window, first_shown, stretches

ALWAYS = (((0, DAY),),) * 7
ROME = Window(first=date(2026, 3, 20), days=20)
"""Its tenth day, number 9, is 29 March: 02:00 becomes 03:00."""
SUNDAY = 9 * DAY


def test_it_shares_no_code_with_what_it_judges() -> None:
    tree = ast.parse(Path(__file__).with_name("minutes.py").read_text(encoding="utf-8"))
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not {module for module in froms | names if module.startswith(("gateway", "tests"))}


def test_what_the_wall_shows_is_seen() -> None:
    assert stretches("Europe/Rome", ROME) == ((0, SUNDAY + 60, 60), (SUNDAY + 60, 20 * DAY, 120))


def test_a_skipped_wall_time_stands_for_the_one_later_by_the_gap() -> None:
    shown = first_shown("Europe/Rome", ROME)
    assert shown[SUNDAY + 150] == shown[SUNDAY + 210] == SUNDAY + 90


def test_a_doubled_wall_time_is_the_first() -> None:
    window = Window(first=date(2026, 10, 16), days=20)
    assert first_shown("Europe/Rome", window)[SUNDAY + 150] == SUNDAY + 30


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Rome", date(2026, 3, 29), 23),
        ("Europe/Rome", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Pacific/Apia", date(2011, 12, 29), 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_says(zone: str, day: date, hours: float) -> None:
    """Only that day of the year is open."""
    window = Window(first=date.fromordinal(day.toordinal() - 9), days=20)
    only = Spelled(zone=zone, weekly=((),) * 7, special={day: ((0, DAY),)})
    assert sum(Marked(only, window).open) == hours * 60


def test_r7_and_r8_by_counting() -> None:
    """09:00–17:00, a break at noon; Friday is day 7. Rome is an hour ahead until Sunday, then two."""
    office = Spelled(
        zone="Europe/Rome", weekly=(((540, 1020),),) * 5 + ((),) * 2, breaks=(((720, 780),),) * 7
    )
    marked = Marked(office, ROME)
    friday, monday = 7 * DAY - 60, 10 * DAY - 120
    assert marked.between(friday + 600, monday + 600) == 6 * 60 + 60
    assert marked.between(monday, friday) == 0
    assert marked.add(friday + 600, 6 * 60) == friday + 1020, "on the closing it stays"
    assert marked.add(friday + 600, 6 * 60 + 1) == monday + 541
    assert marked.add(monday + 600, -60) == monday + 540, "on the opening it stays"
    assert marked.add(monday + 600, -61) == friday + 1019
    assert marked.next_open(friday + 1020) == marked.add(friday + 1020, 0) == monday + 540
    assert marked.add(friday, 10_000) is None, "beyond the window"


def test_a_closure_and_a_holiday_are_shut_and_a_special_day_has_no_break() -> None:
    told = Spelled(
        zone="UTC",
        weekly=ALWAYS,
        breaks=(((0, 60),),) * 7,
        holidays=frozenset({date(2026, 3, 27)}),
        special={date(2026, 3, 28): ((0, 120),)},
        closures=((9 * DAY, 9 * DAY + 600),),
    )
    marked = Marked(told, ROME)
    days = [marked.between(number * DAY, (number + 1) * DAY) for number in (6, 7, 8, 9)]
    assert days == [1380, 0, 120, 1440 - 600]
