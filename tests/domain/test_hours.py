"""Hours as people write them become stretches of a day that never pass midnight."""

import pytest

from gateway.domain.hours import hours_from

WEEK = [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always", [(WEEK, 0, 1440, "")]),
        ("Mon-Fri 08:00-18:00 Europe/Rome", [([0, 1, 2, 3, 4], 480, 1080, "Europe/Rome")]),
        ("mon,wed, fri 8:00-12:30", [([0, 2, 4], 480, 750, "")]),
        ("Sat-Mon 00:00-24:00", [([0, 5, 6], 0, 1440, "")]),
        ("Fri 22:00-06:00", [([4], 1320, 1440, ""), ([5], 0, 360, "")]),
        ("Sun 22:00-00:00", [([6], 1320, 1440, "")]),
        ("Sun 20:00-02:00 UTC", [([6], 1200, 1440, "UTC"), ([0], 0, 120, "UTC")]),
        ("Mon 08:00-12:00; Tue 13:00-17:00", [([0], 480, 720, ""), ([1], 780, 1020, "")]),
    ],
)
def test_hours(text: str, expected: list[tuple[list[int], int, int, str]]) -> None:
    assert [(sorted(days), opens, closes, zone) for days, opens, closes, zone in hours_from(text)] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "are no hours; write Mon-Fri 08:00-18:00 Europe/Rome, or always"),
        ("office hours", "are no hours"),
        ("Mon-Fri", "are no hours"),
        ("Mon-Fri 8-18", "are no hours"),
        ("Lun-Ven 08:00-18:00", "names no days; write Mon, Tue"),
        ("Mon 08:00-25:00", "'25:00' is no time of the day"),
        ("Mon 08:60-09:00", "'08:60' is no time of the day"),
        ("Mon 08:00-08:00", "opens and closes in the same minute; a whole day is 00:00-24:00"),
        ("Mon 08:00-09:00; ", "are no hours"),
        ("Mon 08:00-09:00 Europe", "'Europe' is no time zone"),
        ("Mon 08:00-09:00 Rome/Nowhere", "'Rome/Nowhere' is no time zone"),
    ],
)
def test_what_are_no_hours(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("/", ".")):
        hours_from(text)
