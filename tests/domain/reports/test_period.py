"""Periods: read and named the same way, by the wall of their zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.reports.period import Period, period_from
from gateway.errors import Invalid


@pytest.mark.parametrize(
    ("text", "first", "last", "name"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28), "2026-02"),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), "2028-02"),
        ("2026-q4", date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("2026-10-05..2026-10-11", date(2026, 10, 5), date(2026, 10, 11), "2026-10-05..2026-10-11"),
        ("2026-10-05:2026-10-05", date(2026, 10, 5), date(2026, 10, 5), "2026-10-05..2026-10-05"),
        ("2026-10-01..2026-10-31", date(2026, 10, 1), date(2026, 10, 31), "2026-10"),
    ],
)
def test_a_period_is_read_and_named(text: str, first: date, last: date, name: str) -> None:
    found = period_from(text)
    assert (found.first, found.last, found.name) == (first, last, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-Q5",
        "october",
        "26-10",
        "2026-02-30..2026-03-01",
        "2026-10-11..2026-10-05",
    ],
)
def test_what_is_no_period_is_told_with_what_would_be(text: str) -> None:
    with pytest.raises(Invalid, match="is no period") as told:
        period_from(text)
    assert "2026-Q4" in str(told.value.cure)


def test_it_begins_and_ends_at_midnight_of_its_zone() -> None:
    found = period_from("2026-03", zone="Europe/Rome")
    assert found.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert found.end == datetime(2026, 3, 31, 22, tzinfo=UTC)  # summer time has begun
    assert found.start in found
    assert found.end not in found
    assert found.end - timedelta(microseconds=1) in found


def test_the_months_up_to_it_cross_the_year() -> None:
    names = [one.name for one in period_from("2026-02").months(4)]
    assert names == ["2025-11", "2025-12", "2026-01", "2026-02"]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 800))
def test_every_period_is_read_back_from_its_name(first: date, days: int) -> None:
    period = Period(first=first, last=first + timedelta(days=days))
    assert period_from(period.name) == period
