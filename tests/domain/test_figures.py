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
    assert left(BIT) == "0 min"
    assert left(-BIT) == "-1 s"
    assert left(-H - 30 * M) == "-1 h 30 min"


@pytest.mark.parametrize(
    ("amount", "told"),
    [(65 * H + 30 * M, "65 h 30 min"), (timedelta(), "0 min"), (S, "1 s"), (timedelta(days=3), "72 h")],
)
def test_open_time_is_never_told_in_days(amount: timedelta, told: str) -> None:
    assert open_time(amount) == ran(amount) == left(amount) == told
