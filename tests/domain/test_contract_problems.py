"""Contracts that mean nothing, contradict themselves, or stand on targets that cannot keep them."""

from typing import Any

import pytest

from gateway.domain.contract_problems import (
    agreement_problems,
    agreements_of,
    bound_already,
    calendar_problems,
    calendar_warnings,
    holidays_run_out,
    site_warnings,
    unsupported,
)
from gateway.domain.plan import Item, Items, Kind, Ref

OFFICE = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def item(what: Kind, code: str, organization: str, /, **document: Any) -> Item:
    ref = Ref(kind=what, code=code, organization=organization)
    return Item(
        ref=ref, document={"code": code, "organization": organization, **document}, source="contracts.yaml"
    )


def items(*listed: Item) -> Items:
    return {one.ref: one for one in listed}


def agreement(code: str, provider: str, consumer: str, hours: str, **more: Any) -> Item:
    document = {"kind": "uc", "calendar": "always", "targets": {"resolution": {"critical": hours}}} | more
    return item(Kind.AGREEMENT, code, provider, consumer=consumer, **document)


def always(organization: str) -> Item:
    return item(Kind.CALENDAR, "always", organization, always=True)


def office(organization: str, **more: Any) -> Item:
    return item(Kind.CALENDAR, "office", organization, zone="Europe/Rome", weekly=OFFICE, **more)


def test_a_calendar_with_no_open_hour_is_refused() -> None:
    [problem] = calendar_problems(item(Kind.CALENDAR, "never", "acme", weekly={"mon": []}))
    assert "has no open hour" in problem.what


def test_a_calendar_that_is_always_open_has_no_other_hours() -> None:
    [problem] = calendar_problems(item(Kind.CALENDAR, "odd", "acme", always=True, weekly=OFFICE))
    assert "always open and names weekly" in problem.what


def test_an_interval_that_opens_and_closes_at_once_is_refused() -> None:
    [problem] = calendar_problems(item(Kind.CALENDAR, "odd", "acme", weekly={"mon": ["08:00-08:00"]}))
    assert "a whole day is 00:00-24:00" in problem.what


def test_a_day_up_to_2359_is_closed_one_minute_a_night_and_told() -> None:
    [warning] = calendar_warnings(item(Kind.CALENDAR, "night", "acme", weekly={"mon": ["00:00-23:59"]}))
    assert "write 24:00" in warning
    assert not list(calendar_warnings(office("acme")))


@pytest.mark.parametrize(("kind", "consumer"), [("ola", "acme"), ("sla", "north")])
def test_the_two_sides_of_an_agreement_fit_its_kind(kind: str, consumer: str) -> None:
    one = agreement("a", "north", consumer, "4h", kind=kind)
    [problem] = agreement_problems(items(one), one)
    assert "an ola is inside one organization" in problem.right


def test_an_agreement_does_not_end_before_it_begins() -> None:
    one = agreement("a", "north", "acme", "4h", valid_from="2026-02-01", valid_until="2026-01-31")
    [problem] = agreement_problems(items(one), one)
    assert problem.place == "contracts.yaml.valid_until"


def test_an_agreement_whose_calendar_is_missing_is_left_out_here_and_told_by_its_name_elsewhere() -> None:
    assert agreements_of(items(agreement("a", "north", "acme", "4h"))) == []


def test_a_partner_with_a_longer_target_than_the_promise_is_told_with_the_worst_start() -> None:
    """Vendor promises acme 4 h round the clock, its partner has 4 h of office time in Rome. Worst: after 13:00 on the
    Friday before clocks go back (11:00 UTC): due 15:00 UTC, finished on Monday from 09:00 (08:00 UTC) on, 65 h later."""
    every = items(
        always("vendor"),
        office("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla"),
        agreement("partner-uc", "partner", "vendor", "4h", calendar="office"),
    )
    [told] = unsupported(every, every, year=2026)
    assert "agreement acme-sla cannot be kept: its critical resolution stands on partner-uc" in told
    assert "may take 65 h longer" in told
    assert "opened 2026-10-23 11:00 UTC it is due 2026-10-23 15:00, finished 2026-10-26 08:00" in told


def test_a_partner_that_is_quick_enough_is_not_told() -> None:
    every = items(
        always("vendor"),
        always("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla", reserve={"critical": "1h"}),
        agreement("partner-uc", "partner", "vendor", "3h"),
    )
    assert list(unsupported(every, every, year=2026)) == []


def test_a_reserve_is_part_of_what_must_fit() -> None:
    every = items(
        always("vendor"),
        always("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla", reserve={"critical": "1h"}),
        agreement("partner-uc", "partner", "vendor", "3h 30m"),
    )
    [told] = unsupported(every, every, year=2026)
    assert "may take 30 min longer" in told


def test_only_what_changed_is_checked() -> None:
    every = items(
        always("vendor"),
        always("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla"),
        agreement("partner-uc", "partner", "vendor", "5h"),
    )
    assert list(unsupported(every, {}, year=2026)) == []


def test_services_without_anything_in_common_do_not_support_each_other() -> None:
    every = items(
        always("vendor"),
        always("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla", services=["network"]),
        agreement("partner-uc", "partner", "vendor", "5h", services=["tills"]),
    )
    assert list(unsupported(every, every, year=2026)) == []


@pytest.mark.parametrize("taken", [{"zone": "site"}, {"holidays": {"of_site": True}}])
def test_promises_in_the_calendar_of_a_site_differ_from_ticket_to_ticket(taken: dict[str, Any]) -> None:
    one = agreement("a", "north", "acme", "4h", calendar="office")
    here = item(Kind.CALENDAR, "office", "north", **{"zone": "Europe/Rome", "weekly": OFFICE, **taken})
    assert list(agreement_problems(items(one, here), one)) == []
    [found] = agreements_of(items(one, here))
    assert found.template is not None


def test_r21_a_promise_in_the_hours_of_each_site_is_checked_at_every_kind_of_site() -> None:
    """Four hours of the shop's day against four of the partner's in Rome: kept in Rome, not in Tokyo, where Monday 09:00 is
    01:00 in Rome: due at 13:00 there, 05:00 in Rome, where the partner is done at 13:00, at 21:00 in Tokyo."""
    sites = [
        item(Kind.SITE, f"{zone[:3]}-{number}", "acme", zone=f"{zone}")
        for zone in ("Europe/Rome", "Asia/Tokyo")
        for number in (1, 2)
    ]
    shop = item(Kind.CALENDAR, "shop", "vendor", zone="site", weekly=OFFICE)
    every = items(
        *sites,
        shop,
        office("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla", calendar="shop"),
        agreement("partner-uc", "partner", "vendor", "4h", calendar="office"),
    )
    [told] = unsupported(every, every, year=2026)
    assert "acme-sla cannot be kept at site Asi-1: its critical resolution stands on partner-uc" in told
    rome = {ref: one for ref, one in every.items() if not ref.code.startswith("Asi")}
    assert list(unsupported(rome, rome, year=2026)) == []


def test_r21_many_sites_of_one_zone_do_not_hide_the_only_one_of_another() -> None:
    hours = [f"Mon-Fri {8 + number // 4:02}:{number % 4 * 15:02}-17:00" for number in range(20)]
    rome = [item(Kind.SITE, f"R-{when}", "acme", zone="Europe/Rome", hours=when) for when in hours]
    every = items(
        *rome,
        item(Kind.SITE, "T-1", "acme", zone="Asia/Tokyo"),
        item(Kind.CALENDAR, "shop", "vendor", zone="site", weekly=OFFICE),
        office("partner"),
        agreement("acme-sla", "vendor", "acme", "4h", kind="sla", calendar="shop"),
        agreement("partner-uc", "partner", "vendor", "4h", calendar="office"),
    )
    [told] = unsupported(every, every, year=2026)
    assert "cannot be kept at site T-1" in told


TWO_ZONES = "Mon 09:00-17:00 Europe/Rome; Tue 09:00-17:00 Asia/Tokyo"


def test_hours_of_access_in_several_zones_are_told() -> None:
    [told] = site_warnings(item(Kind.SITE, "S", "acme", hours=TWO_ZONES))
    assert "names Asia/Tokyo and Europe/Rome; a site lies in one zone; no target is narrowed" in told
    assert not list(site_warnings(item(Kind.SITE, "S", "acme", hours="Mon-Fri 09:00-17:00")))


@pytest.mark.parametrize("hours", ["Sun 09:00-17:00 Europe/Rome", TWO_ZONES])
def test_hours_of_access_that_never_meet_those_of_the_service_narrow_nothing(hours: str) -> None:
    targets = {"resolution": {"critical": "4h", "access_hours": True}}
    sunday = item(Kind.SITE, "SUN", "acme", hours=hours)
    every = items(
        sunday,
        office("vendor"),
        office("partner"),
        agreement("acme-sla", "vendor", "acme", "", kind="sla", calendar="office", targets=targets),
        agreement("partner-uc", "partner", "vendor", "4h", calendar="office"),
    )
    assert list(unsupported(every, every, year=2026)) == []


def test_a_target_of_no_time_is_refused() -> None:
    one = agreement("a", "north", "acme", "0h")
    [problem] = agreement_problems(items(one, always("north")), one)
    assert str(problem) == (
        "contracts.yaml.targets.resolution.critical: 0h is no time at all; leave it out, or give some"
    )


def test_business_days_want_a_calendar_that_works_every_week() -> None:
    targets = {"resolution": {"low": {"business_days": 2}}}
    one = agreement("a", "north", "acme", "4h", targets=targets, calendar="fair")
    fair = item(Kind.CALENDAR, "fair", "north", special={"2026-06-01": ["10:00-18:00"]})
    [problem] = agreement_problems(items(one, fair), one)
    assert "counts in business days, but calendar 'fair' has no weekly hours" in problem.what
    assert "name a calendar with `weekly` hours" in problem.right
    office_ = agreement("a", "north", "acme", "4h", targets=targets, calendar="office")
    assert not list(agreement_problems(items(office_, office("north")), office_))


def test_a_promise_in_business_days_is_checked_against_the_hours_of_a_partner() -> None:
    """Received on a Saturday, two business days end on Tuesday at 17:00; 20 office hours end on Wednesday at 13:00."""
    every = items(
        office("vendor"),
        office("partner"),
        agreement(
            "acme-sla",
            "vendor",
            "acme",
            "",
            kind="sla",
            calendar="office",
            targets={"resolution": {"low": {"business_days": 2}}},
        ),
        agreement(
            "partner-uc", "partner", "vendor", "", calendar="office", targets={"resolution": {"low": "20h"}}
        ),
    )
    [told] = unsupported(every, every, year=2026)
    assert "may take 4 h longer" in told


def test_two_business_days_keep_a_promise_of_two_and_not_of_one() -> None:
    def days(count: int) -> dict[str, Any]:
        return {"calendar": "office", "targets": {"resolution": {"low": {"business_days": count}}}}

    def told(promised: int) -> list[str]:
        every = items(
            office("vendor"),
            office("partner"),
            agreement("acme-sla", "vendor", "acme", "", kind="sla", **days(promised)),
            agreement("partner-uc", "partner", "vendor", "", **days(2)),
        )
        return list(unsupported(every, every, year=2026))

    assert told(2) == []
    assert "may take 8 h longer" in told(1)[0]


def test_public_holidays_that_run_out_are_told() -> None:
    known = {"country": "IT", "years": "2025-2027", "frozen": {"2026-12-25": "Natale"}}
    one = office("acme", holidays=known)
    assert list(holidays_run_out(one, year=2026)) == []
    [told] = holidays_run_out(one, year=2027)
    assert "calendar acme/office knows public holidays only until 2027; later days count as open" in told
    assert "Apply its file again" in told
    assert list(holidays_run_out(office("acme"), year=2099)) == [], "it takes none"


def test_trap_a_feed_that_closes_the_service_for_weeks_is_told() -> None:
    summer = {f"2026-08-{day:02}": "Summer break" for day in range(3, 17)}
    [told] = calendar_warnings(office("acme", holidays={"ics": "x.ics", "frozen": summer}))
    assert "close it for 14 days in a row, from 2026-08-03 to 2026-08-16" in told
    short = dict(list(summer.items())[:5])
    assert not list(calendar_warnings(office("acme", holidays={"frozen": short})))


def test_what_is_asked_of_a_whole_period_binds_no_ticket() -> None:
    before = items(always("north"), agreement("a", "north", "vendor", "4h"))
    objectives = [{"name": "in-time", "target": "resolution", "share": "95%"}]
    asked = items(agreement("a", "north", "vendor", "4h", objectives=objectives))
    assert list(bound_already(before, asked)) == []
    [warning] = bound_already(before, items(agreement("a", "north", "vendor", "3h", objectives=objectives)))
    assert "changes for tickets from now on" in warning
