"""Calendars as documents say them, and as they are at one site."""

from datetime import date, datetime
from typing import Any

import pytest

from gateway.domain.calendar_documents import access_calendar, at_site, calendar_from, known_years, of_site
from gateway.domain.model import Site
from gateway.domain.worktime import CalendarError

WEEKLY = {"mon": ["08:00-18:00"]}
REGIONS = {"IT": {"2026-06-02": "Republic Day"}, "IT-MI": {"2026-12-07": "Saint Ambrose"}}


def site(**told: Any) -> Site:
    return Site(id="s", org_id="acme", code="MI-1", **told)


def test_r6_holidays_are_the_days_named_and_those_frozen_when_it_was_applied() -> None:
    holidays = {"days": ["2026-08-14"], "country": "IT", "frozen": {"2026-12-25": "Christmas"}}
    found = calendar_from({"code": "c", "weekly": WEEKLY, "holidays": holidays})
    assert found.holidays == {date(2026, 8, 14), date(2026, 12, 25)}


@pytest.mark.parametrize(
    ("told", "zone", "day"),
    [
        pytest.param({"zone": "Asia/Tokyo", "country": "IT"}, "Asia/Tokyo", "2026-06-02", id="its country"),
        pytest.param(
            {"zone": "Europe/Rome", "country": "IT", "subdivision": "MI"},
            "Europe/Rome",
            "2026-12-07",
            id="a patron saint's day",
        ),
        pytest.param(
            {"country": "IT", "subdivision": "ZZ"},
            "UTC",
            "2026-06-02",
            id="a part nobody knows: the country's",
        ),
        pytest.param({"country": "XX"}, "UTC", None, id="a country nobody knows"),
    ],
)
def test_r6_zone_and_holidays_of_the_site(told: dict[str, str], zone: str, day: str | None) -> None:
    template = {
        "code": "c",
        "zone": "site",
        "weekly": WEEKLY,
        "holidays": {"of_site": True, "days": ["2026-01-01"], "of_sites": REGIONS},
    }
    assert of_site(template)
    there = at_site(template, site(**told), zone="UTC")
    assert not of_site(there)
    found = calendar_from(there)
    days = {date(2026, 1, 1)} | ({date.fromisoformat(day)} if day else set())
    assert (found.zone, set(found.holidays)) == (zone, days)


def test_r6_without_a_site_the_calendar_has_its_own_days_and_the_zone_it_is_given() -> None:
    template = {
        "code": "c",
        "zone": "site",
        "weekly": WEEKLY,
        "holidays": {"of_site": True, "of_sites": REGIONS},
    }
    found = calendar_from(at_site(template, None, zone="Europe/Rome"))
    assert (found.zone, found.holidays) == ("Europe/Rome", frozenset())


def test_a_calendar_of_its_own_stays_as_it_is_at_any_site() -> None:
    own = {"code": "c", "zone": "Europe/Rome", "weekly": WEEKLY}
    assert at_site(own, site(zone="Asia/Tokyo"), zone="UTC") == own


def test_r13_hours_of_access_are_a_calendar_in_the_zone_of_the_site() -> None:
    found = access_calendar("Mon-Fri 10:00-21:00; Sat 22:00-02:00", zone="Asia/Tokyo")
    assert found.zone == "Asia/Tokyo"
    opened = [span.opens for span in found.spans(date(2026, 3, 2))]
    assert opened == [datetime.fromisoformat("2026-03-02T10:00:00+09:00")]
    assert len(found.spans(date(2026, 3, 7))) == len(found.spans(date(2026, 3, 8))) == 1


def test_a_site_lies_in_one_zone() -> None:
    with pytest.raises(CalendarError, match="names Asia/Tokyo and Europe/Rome; a site lies in one zone"):
        access_calendar("Mon 10:00-21:00 Asia/Tokyo; Tue 10:00-21:00 Europe/Rome", zone="UTC")


@pytest.mark.parametrize(
    ("interval", "told"),
    [("08:00-08:00", "a whole day is 00:00-24:00"), ("08:00-24:30", "'24:30' is no time of day")],
)
def test_an_interval_that_means_nothing_is_refused(interval: str, told: str) -> None:
    with pytest.raises(CalendarError, match=told):
        calendar_from({"code": "c", "weekly": {"mon": [interval]}})


def test_the_years_a_calendar_knows() -> None:
    assert known_years({"holidays": {"country": "IT", "years": "2025-2030"}}) == range(2025, 2031)
    assert known_years({"holidays": {"days": ["2026-01-01"]}}) is None
