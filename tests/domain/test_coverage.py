"""Who covers a place: by site, group, service and hours, by rank, over midnight and across zones."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case import Case
from gateway.domain.coverage import open_at, ranked
from gateway.domain.documents import coverage_from
from gateway.domain.model import CoverageRow, Site
from tests.builders import NOW, PROPERTY, tree

MILAN = Site(id="site_1", org_id="org_customer", code="MI-1", group="lombardy")
ROME = Site(id="site_2", org_id="org_customer", code="RM-1", group="lazio")
SITES = {(site.org_id, site.code): site for site in (MILAN, ROME)}


def row(link: str, rank: int = 1, **more: object) -> CoverageRow:
    return CoverageRow(org_id="org_customer", link_id=link, rank=rank, **more)  # type: ignore[arg-type]


def at(code: str | None = "MI-1", service: str | None = "network", *rows: CoverageRow) -> Case:
    facts = {name: value for name, value in (("site", code), ("service", service)) if value}
    return tree(
        "customer>north", hops={"customer": {"facts": facts}}, sites=SITES, coverage={"org_customer": rows}
    )


def covers(case: Case, *candidates: str) -> tuple[str, ...]:
    wanted = frozenset(candidates or ("a", "b", "c"))
    return ranked(case, case.hops["hop_customer"], wanted)


# the place and the work, a row → whether it fits
FITS = {
    "everywhere, for everything": ("MI-1", "network", {}, True),
    "no site known, everywhere": (None, "network", {}, True),
    "the site": ("MI-1", "network", {"site_code": "MI-1"}, True),
    "another site": ("MI-1", "network", {"site_code": "RM-1"}, False),
    "no site known, a site wanted": (None, "network", {"site_code": "MI-1"}, False),
    "the group": ("MI-1", "network", {"site_group": "lombardy"}, True),
    "another group": ("MI-1", "network", {"site_group": "lazio"}, False),
    "a group, and a site that is not ours": ("XX-9", "network", {"site_group": "lombardy"}, False),
    "the service": ("MI-1", "network", {"service": "network"}, True),
    "the service in another case": ("MI-1", "Network", {"service": "NETWORK"}, True),
    "another service": ("MI-1", "network", {"service": "printers"}, False),
    "no service known, one wanted": ("MI-1", None, {"service": "network"}, False),
    "site and service": ("MI-1", "network", {"site_code": "MI-1", "service": "network"}, True),
    "the site, another service": ("MI-1", "network", {"site_code": "MI-1", "service": "tills"}, False),
}


@pytest.mark.parametrize(("site", "service", "more", "fits"), FITS.values(), ids=FITS.keys())
def test_a_row_fits(site: str | None, service: str | None, more: dict[str, Any], fits: bool) -> None:
    assert covers(at(site, service, row("a", **more))) == (("a",) if fits else ())


# rows → the order they are asked in
ORDERS = {
    "by rank": ([row("a", 3), row("b", 1), row("c", 2)], ("b", "c", "a")),
    "a site before its group before everywhere": (
        [row("c"), row("b", site_group="lombardy"), row("a", site_code="MI-1")],
        ("a", "b", "c"),
    ),
    "a site before its group with the service": (
        [row("b", site_group="lombardy", service="network"), row("a", site_code="MI-1")],
        ("a", "b"),
    ),
    "the service before any service": ([row("b"), row("a", service="network")], ("a", "b")),
    "rank goes before precision": ([row("b", 2, site_code="MI-1"), row("a", 1)], ("a", "b")),
    "a link named twice is asked once, at its best": ([row("a", 2), row("b", 2), row("a", 1)], ("a", "b")),
    "alike in all: always in the same order": ([row("b"), row("a")], ("a", "b")),
}


@pytest.mark.parametrize(("rows", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_the_order_is(rows: list[CoverageRow], order: tuple[str, ...]) -> None:
    assert covers(at("MI-1", "network", *rows)) == order


def test_only_candidates_are_asked() -> None:
    assert covers(at("MI-1", "network", row("a"), row("b")), "b") == ("b",)


def test_the_table_of_another_organization_does_not_count() -> None:
    case = tree("customer>north", coverage={"org_north": (row("a"),)})

    assert covers(case) == ()


def test_who_is_closed_now_is_not_asked() -> None:
    day = row("a", opens_minute=9 * 60, closes_minute=18 * 60)
    night = row("b", opens_minute=0, closes_minute=9 * 60)

    assert covers(at("MI-1", "network", day, night)) == ("b",)  # NOW is 08:00 in UTC


def local(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# hours as people write them, a moment (2026-03-02 is a Monday) → open
HOURS = {
    "in the morning": ("Mon-Fri 08:00-18:00", local("2026-03-02T08:00"), True),
    "a minute early": ("Mon-Fri 08:00-18:00", local("2026-03-02T07:59"), False),
    "the last minute": ("Mon-Fri 08:00-18:00", local("2026-03-02T17:59"), True),
    "at closing": ("Mon-Fri 08:00-18:00", local("2026-03-02T18:00"), False),
    "on a Saturday": ("Mon-Fri 08:00-18:00", local("2026-03-07T10:00"), False),
    "a night, before midnight": ("Fri 22:00-06:00", local("2026-03-06T23:00"), True),
    "a night, after midnight": ("Fri 22:00-06:00", local("2026-03-07T05:59"), True),
    "a night, the evening after": ("Fri 22:00-06:00", local("2026-03-07T23:00"), False),
    "a night, the early morning before": ("Fri 22:00-06:00", local("2026-03-06T05:00"), False),
    "a night from Sunday into Monday": ("Sun 22:00-06:00", local("2026-03-02T01:00"), True),
    "up to midnight": ("Mon 18:00-24:00", local("2026-03-02T23:59"), True),
    "not past it": ("Mon 18:00-24:00", local("2026-03-03T00:00"), False),
    "always": ("always", local("2026-03-08T03:00"), True),
    "in the zone it is written in": ("Mon 08:00-18:00 Europe/Rome", local("2026-03-02T07:30"), True),
    "not in ours": ("Mon 08:00-18:00 Europe/Rome", local("2026-03-02T17:30"), False),
    "on that zone's day": ("Tue 00:00-06:00 Asia/Tokyo", local("2026-03-02T16:00"), True),
    "two stretches, the second": ("Mon 08:00-12:00; Mon 14:00-18:00", local("2026-03-02T15:00"), True),
    "between two stretches": ("Mon 08:00-12:00; Mon 14:00-18:00", local("2026-03-02T13:00"), False),
}


@pytest.mark.parametrize(("hours", "moment", "expected"), HOURS.values(), ids=HOURS.keys())
def test_hours(hours: str, moment: datetime, expected: bool) -> None:
    rows = coverage_from({"org_id": "org_customer", "link_id": "a", "hours": hours})

    assert any(open_at(one, moment) for one in rows) is expected


def test_a_row_that_closes_before_it_opens_goes_over_midnight() -> None:
    night = row("a", days=frozenset({4}), opens_minute=22 * 60, closes_minute=6 * 60)

    moments = ["2026-03-06T22:00", "2026-03-07T05:59", "2026-03-07T06:00", "2026-03-07T22:00"]
    assert [open_at(night, local(text)) for text in moments] == [True, True, False, False]


@PROPERTY
@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.integers(0, 7 * 24 * 60 - 1),
)
def test_in_one_week_a_row_is_open_for_exactly_its_hours(
    days: frozenset[int], opens: int, closes: int, start: int
) -> None:
    hours = row("a", days=days, opens_minute=opens, closes_minute=closes)
    length = closes - opens if opens < closes else 24 * 60 - opens + closes

    week = [NOW + timedelta(minutes=start + step) for step in range(0, 7 * 24 * 60, 7)]
    share = sum(open_at(hours, moment) for moment in week) / len(week)

    assert share == pytest.approx(len(days) * length / (7 * 24 * 60), abs=0.02)
