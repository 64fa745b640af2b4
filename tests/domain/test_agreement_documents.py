"""Every word of an agreement's document becomes what the clocks read."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from gateway import schemas
from gateway.domain.agreement_documents import agreement_of, depends_on_site, sheet_at, sheet_of
from gateway.domain.agreements import Agreement
from gateway.domain.model import Site
from gateway.domain.sla.terms import AgreementKind, EndsOn, StartsOn, StopRule, TargetKind, Terms
from gateway.domain.worktime import DayTarget, DueAt

H = timedelta(hours=1)
CALENDARS: dict[str, Any] = {
    "always": {"code": "always", "always": True},
    "office": {"code": "office", "zone": "Europe/Rome", "weekly": {"mon": ["08:00-18:00"]}},
    "shop": {"code": "shop", "zone": "site", "weekly": {"mon": ["09:00-20:00"]}},
}
SITE = Site(id="s", org_id="acme", code="MI-1", zone="Asia/Tokyo", hours="Mon-Sun 10:00-12:00")


def everything() -> dict[str, Any]:
    path = schemas.folder() / "examples" / "good" / "agreement" / "everything.json"
    return {**json.loads(path.read_text()), "id": "agr_1", "provider": "org_v", "consumer": "org_n"}


def sheet(**changes: Any) -> dict[str, Any]:
    return sheet_of({**everything(), **changes}, CALENDARS)[1]


def read() -> Agreement:
    return agreement_of(sheet())


def terms() -> Terms:
    return read().terms


def test_whom_it_is_for_and_when() -> None:
    found = read()
    assert (found.id, found.code, found.kind) == ("agr_1", "north-vendor", AgreementKind.UC)
    assert [*found.services, *found.sites, *found.groups] == ["network", "MI-001", "lombardy"]
    assert (found.valid_from, found.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (found.terms.provider, found.terms.consumer) == ("org_v", "org_n")


def test_targets_lengths_and_business_days() -> None:
    targets = terms().targets
    assert targets[TargetKind.RESPONSE] == {"critical": H / 2}
    days = DayTarget(days=5, due=DueAt.SAME_TIME, cut_off=15 * 3600)
    assert targets[TargetKind.RESOLUTION] == {
        "critical": 8 * H,
        "high": 24 * H,
        "medium": 72 * H,
        "low": days,
    }
    assert targets[TargetKind.ATTENDANCE]["high"] == DayTarget(days=1)


def test_when_clocks_start_and_end() -> None:
    assert terms().starts_on is StartsOn.ACCEPTED
    assert terms().ends_on == {TargetKind.RESOLUTION: EndsOn.CONFIRMED}


def test_calendars_of_single_targets_and_of_the_reserve() -> None:
    found = terms()
    assert found.calendar_of(TargetKind.RESOLUTION).code == "always"
    assert found.calendar_of(TargetKind.RESPONSE).code == "office"
    assert found.reserve_calendar is not None
    assert found.reserve_calendar.code == "office"
    assert found.reserve == {"critical": H}


def test_stops_with_evidence_a_longest_time_and_an_expected_end() -> None:
    assert terms().stops == {
        "requester_info": StopRule(automatic=True),
        "site_access": StopRule(),
        "scheduled_visit": StopRule(
            evidence=frozenset({"contact_attempts", "photo"}), longest=48 * H, expected_end=True
        ),
        "waiting_for_cab": StopRule(automatic=True, refines="requester_approval", longest=120 * H),
    }


def test_periods_and_tolerances() -> None:
    found = terms()
    assert (found.review_period, found.grace, found.visit_grace) == (72 * H, 2 * H, H)
    assert (found.stated_tolerance, found.outage_tolerance) == (H / 4, 24 * H)
    assert (found.confirmation, found.dispute_period) == (120 * H, 240 * H)


def test_what_happens_after_a_change_a_rejection_and_a_reopening() -> None:
    found = terms()
    assert (found.from_change, found.continuous, found.reopen_resumes, found.updates_wait) == (True,) * 4
    told = agreement_of(
        sheet_of(
            {
                name: value
                for name, value in everything().items()
                if not name.startswith("after_") and name != "updates_wait"
            },
            CALENDARS,
        )[1]
    ).terms
    assert (told.from_change, told.continuous, told.reopen_resumes, told.updates_wait) == (False,) * 4


def test_equal_terms_are_one_sheet_whatever_the_order_of_words() -> None:
    name, _ = sheet_of(everything(), CALENDARS)
    assert sheet_of(dict(reversed(everything().items())), CALENDARS)[0] == name
    assert sheet_of({**everything(), "grace": "3h"}, CALENDARS)[0] != name


def test_r13_a_target_is_narrowed_to_the_hours_in_which_its_site_can_be_entered() -> None:
    name, there = sheet_at(sheet(), SITE, zone="UTC")
    attendance = agreement_of(there).terms.calendar_of(TargetKind.ATTENDANCE)
    assert attendance.within is not None
    assert [(span.opens.hour, span.closes.hour) for span in attendance.spans(date(2026, 3, 2))] == [(1, 3)]
    assert agreement_of(there).terms.calendar_of(TargetKind.RESOLUTION).within is None
    assert sheet_at(sheet(), None, zone="UTC")[0] != name


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"calendar": "shop"}, True),
        ({"targets": {"attendance": {"critical": "4h", "access_hours": True}}}, True),
        ({"targets": {"attendance": {"critical": "4h"}}}, False),
    ],
)
def test_whether_terms_differ_from_site_to_site(changes: dict[str, Any], differs: bool) -> None:
    assert depends_on_site(sheet(**changes)) is differs
    assert (agreement_of(sheet(**changes)).template is not None) is differs
