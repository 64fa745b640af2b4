"""Which period comes next and on which morning: by the wall of its zone, through changes of the clocks and of the year."""

from datetime import UTC, datetime

import pytest

from gateway.domain.reports.period import period_from
from gateway.domain.reports.schedule import Every, Schedule, done, due_at, first_period

ROME = "Europe/Rome"


@pytest.mark.parametrize(
    ("period", "zone", "days", "due"),
    [
        ("2026-10", "UTC", 0, datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("2026-10", "UTC", 2, datetime(2026, 11, 3, 6, tzinfo=UTC)),
        ("2026-10", ROME, 0, datetime(2026, 11, 1, 5, tzinfo=UTC)),
        ("2026-06", ROME, 0, datetime(2026, 7, 1, 4, tzinfo=UTC)),
        ("2026-Q4", ROME, 28, datetime(2027, 1, 29, 5, tzinfo=UTC)),
        ("2026", "Asia/Kolkata", 0, datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
        ("2028-02", "UTC", 0, datetime(2028, 3, 1, 6, tzinfo=UTC)),
    ],
)
def test_six_in_the_morning_after_the_cut_off(period: str, zone: str, days: int, due: datetime) -> None:
    assert due_at(period_from(period, zone=zone), days) == due


@pytest.mark.parametrize(
    ("every", "now", "zone", "name"),
    [
        (Every.MONTH, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), ROME, "2026-11"),
        (Every.MONTH, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "UTC", "2026-10"),
        (Every.QUARTER, datetime(2026, 3, 31, tzinfo=UTC), "UTC", "2026-Q1"),
        (Every.YEAR, datetime(2026, 12, 31, 23, tzinfo=UTC), "Asia/Tokyo", "2027"),
    ],
)
def test_it_begins_with_the_period_that_is_under_way(
    every: Every, now: datetime, zone: str, name: str
) -> None:
    assert first_period(every, zone, now).name == name


@pytest.mark.parametrize(
    ("every", "names"),
    [
        (Every.MONTH, ["2026-11", "2026-12", "2027-01"]),
        (Every.QUARTER, ["2026-Q3", "2026-Q4", "2027-Q1"]),
        (Every.YEAR, ["2026", "2027", "2028"]),
    ],
)
def test_one_follows_the_other(every: Every, names: list[str]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = Schedule(
        id="rsc_1",
        org_id="o",
        customer="north",
        view="customer",
        every=every,
        after_days=2,
        zone=ROME,
        recipients=("a@b.example",),
        format="pdf",
        created_at=at,
        created_by="m",
        next_period=names[0],
        due_at=at,
    )
    second, third = done(one), done(done(one))
    assert [second.next_period, third.next_period] == names[1:]
    assert second.due_at == due_at(period_from(names[1], zone=ROME), 2)
