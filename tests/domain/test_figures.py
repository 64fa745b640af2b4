"""Figures in words: rounded against the provider."""

from datetime import timedelta

import pytest

from gateway.domain.figures import left, open_time, ran, share

H, M, S = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
BIT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        (99_951, 100_000, "99.95 %"),
        (99_999_999, 100_000_000, "99.99 %"),
        (100_000, 100_000, "100 %"),
        (1, 2, "50 %"),
        (2, 3, "66.66 %"),
        (0, 7, "0 %"),
        (9, 10, "90 %"),
    ],
)
def test_r5_trap_99_951_percent_is_not_shown_as_100_percent(part: int, whole: int, told: str) -> None:
    assert share(part, whole) == told


def test_r5_what_ran_is_rounded_up_and_what_is_left_or_stood_still_down() -> None:
    assert ran(4 * H - BIT) == "4 h"
    assert open_time(4 * H - BIT) == "3 h 59 min 59 s"
    assert left(H + BIT) == "1 h"
    assert left(BIT) == "1 µs"
    assert left(-BIT) == "-1 µs"
    assert left(-H - 30 * M) == "-1 h 30 min"


@pytest.mark.parametrize(
    ("amount", "told"),
    [(65 * H + 30 * M, "65 h 30 min"), (timedelta(), "0 min"), (S, "1 s"), (timedelta(days=3), "72 h")],
)
def test_open_time_is_never_told_in_days(amount: timedelta, told: str) -> None:
    assert open_time(amount) == ran(amount) == left(amount) == told


@pytest.mark.parametrize(
    ("micros", "down", "up"),
    [
        (786_575, "786 ms", "787 ms"),
        (174_228, "174 ms", "175 ms"),
        (1_703_495, "1.7 s", "1.8 s"),
        (59_990_000, "59.9 s", "1 min"),
        (999_999, "999 ms", "1 s"),
        (60_000_001, "1 min", "1 min 1 s"),
        (12, "12 µs", "12 µs"),
    ],
)
def test_parts_of_less_than_a_minute_are_told_finely(micros: int, down: str, up: str) -> None:
    """As whole seconds the parts of a short breach were 0 min each, and nobody's."""
    amount = timedelta(microseconds=micros)
    assert (open_time(amount), ran(amount), left(-amount)) == (down, up, f"-{up}")
