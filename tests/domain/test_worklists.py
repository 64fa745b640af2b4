"""What belongs on a list of work, and the places at which a page goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import worklists
from gateway.domain.keeping import KeptClock
from tests.builders import NOW, PROPERTY

HOUR = timedelta(hours=1)


def clock(
    elapsed: timedelta = HOUR, target: timedelta | None = 8 * HOUR, warned: tuple[str, ...] = ()
) -> KeptClock:
    return KeptClock(
        id="clk_1",
        org_id="org_x",
        ticket_id="tkt_1",
        hop_id="hop_1",
        agreement="uc",
        target_kind="resolution",
        place=1,
        key="uc/hop_1/resolution",
        state="running",
        elapsed=elapsed,
        stopped_time=timedelta(),
        folded_at=NOW,
        target=target,
        warned=warned,
    )


@PROPERTY
@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.from_regex(r"[a-z]{3}_[a-z0-9/_-]{1,40}", fullmatch=True),
)
def test_a_place_is_read_as_it_was_said(at: datetime, name: str) -> None:
    assert worklists.place_from(worklists.cursor((at, name))) == (at, name)


@pytest.mark.parametrize(
    ("past", "elapsed", "expected"),
    [
        ([9, 9, 9, 7, 7], 1, (3, 5)),
        ([9, 9, 9, 9], 1, None),
        ([9, 9, 9, 2, 2, 2, 9, 9], 3, (5, 5)),
        ([8, 8, 8, 8, 8], 1, (0, 5)),
    ],
)
def test_the_chance_counts_those_that_had_run_as_long(
    past: list[int], elapsed: int, expected: tuple[int, int] | None
) -> None:
    assert worklists.chance(sorted(one * HOUR for one in past), clock(elapsed * HOUR)) == expected


def test_a_clock_without_a_target_or_a_mark_is_not_at_risk() -> None:
    assert worklists.chance([9 * HOUR] * 9, clock(target=None)) is None
    assert worklists.risk(clock(), []) == ""
    assert worklists.risk(clock(warned=("breach",)), []) == ""
    assert worklists.risk(clock(), [2 * HOUR] * 3 + [9 * HOUR] * 3) == "", "as likely met as missed"
    warned = worklists.risk(clock(warned=("50%", "75%", "breach")), [9 * HOUR] * 5)
    assert warned == "75% mark passed, missed by 5 of 5 like it"
    assert worklists.risk(clock(elapsed=9 * HOUR), [10 * HOUR] * 5) == "missed by 5 of 5 like it"


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        ("2026-03-02T00:00:00", "UTC", True),
        ("2026-03-01T23:59:59", "UTC", False),
        ("2026-03-01T15:00:00", "Asia/Tokyo", True),
        ("2026-03-03T00:00:00", "UTC", False),
        ("2026-03-02T23:00:00", "America/New_York", True),
    ],
)
def test_today_is_the_sites_day(now: str, zone: str, today: bool) -> None:
    window = (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC))
    assert worklists.is_today(window, zone, datetime.fromisoformat(now).replace(tzinfo=UTC)) is today
