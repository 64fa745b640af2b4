"""What a further link brings that the others do not have: table by table, and what the desk's profile lacks for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.agreements import Agreement
from gateway.domain.model import Capabilities, Crossing, Desk, HopStatus, Link, Priority, Profile, Reason
from gateway.domain.model.desk import StatusRow
from gateway.domain.newcomer import Beside, Line, Newcomer, Weight, compared, spelled
from gateway.domain.sla.terms import StopRule, TargetKind, Terms
from gateway.domain.worktime import Amount, Calendar, DayTarget
from gateway.domain.worktime.calendar import DAY, ROUND_THE_CLOCK, Hours

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OFFICE = Calendar(code="office", zone="Europe/Rome", weekly=((Hours(8 * 3600, 18 * 3600),),) * 5 + ((), ()))
ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)
PROFILE = Profile(
    statuses=(StatusRow(native="waiting", status=HopStatus.PENDING, reason=Reason.REQUESTER_INFO),),
    write_statuses={HopStatus.PENDING: "waiting"},
    write_priorities={Priority.HIGH: "urgent"},
)
DESK = Desk(
    id="dsk_p", code="p", org_id="org_p", connector="x", profile=PROFILE,
    capabilities=Capabilities(writable=frozenset({"title", "priority", "due", "site", "asset", "service"}), due="datetime"),
)  # fmt: skip
THEIRS = replace(
    DESK, id="dsk_v", code="v", org_id="org_v", profile=replace(PROFILE, priorities={"1": Priority.HIGH})
)


def link(**crossing: Any) -> Link:
    return Link(
        id="lnk", code="v-p", org_id="org_v", upstream_desk_id="dsk_v", downstream_desk_id="dsk_p",
        upstream_org_id="org_v", downstream_org_id="org_p", crossing=replace(Crossing(), **crossing),
    )  # fmt: skip


def agreement(calendar: Calendar = OFFICE, hours: int = 4, **more: Any) -> Agreement:
    stops = more.pop("stops", ("requester_info",))
    terms = Terms(
        id="uc", hop="", provider="org_p", consumer="org_v", calendar=calendar,
        targets={TargetKind.RESOLUTION: {"high": timedelta(hours=hours)}},
        stops={code: StopRule() for code in stops},
    )  # fmt: skip
    return Agreement(id="uc", code="uc", terms=terms, **more)


SAME = Newcomer(link=link(), desk=DESK, theirs=THEIRS, is_downstream=True, agreement=agreement())
BESIDE = Beside(links=(link(),), agreements=(agreement(),))


def strange(one: Newcomer, beside: Beside = BESIDE) -> list[Line]:
    return [
        line
        for line in compared(one, beside, now=NOW)
        if line.weight is not Weight.KNOWN and line.about != "contacts"
    ]


def test_one_more_of_the_same_has_nothing_new() -> None:
    assert strange(SAME) == []
    assert {line.about for line in compared(SAME, BESIDE, now=NOW)} >= {
        "fields",
        "hours",
        "due dates",
        "reason codes",
    }


@pytest.mark.parametrize(
    ("one", "about", "weight", "what"),
    [
        (replace(SAME, link=link(fields_down=frozenset({"title", "custom.po"}))), "fields", "new", "custom.po: come to you"),
        (replace(SAME, link=link(fields_down=frozenset({"title", "custom.po"}))), "fields", "lacking", "no field for custom.po"),
        (replace(SAME, link=link(internal_notes_down=True)), "crossing", "new", "internal_notes_down: yes (elsewhere no)"),
        (
            replace(SAME, theirs=replace(THEIRS, profile=replace(PROFILE, priorities={"0": Priority.CRITICAL}))),
            "priorities", "lacking", "they use critical",
        ),
        (
            replace(SAME, theirs=replace(THEIRS, profile=replace(PROFILE, statuses=(StatusRow(native="h", status=HopStatus.HELD),)))),
            "statuses", "lacking", "says held",
        ),
        (replace(SAME, agreement=agreement(stops=("site_access",))), "reason codes", "new", "site_access may stop"),
        (replace(SAME, agreement=agreement(stops=("site_access",))), "reason codes", "lacking", "no status of your desk says site_access"),
        (replace(SAME, agreement=agreement(ALWAYS)), "hours", "new", "Mon 00:00-07:00, Mon 17:00-"),
        (replace(SAME, agreement=agreement(hours=3)), "due dates", "new", "resolution, high: 3h; the shortest so far was 4h"),
        (replace(SAME, agreement=None), "coverage", "lacking", "no agreement with you is named"),
        (
            replace(SAME, desk=replace(DESK, capabilities=replace(DESK.capabilities, due="none"))),
            "due dates", "lacking", "no field for them",
        ),
    ],
)  # fmt: skip
def test_what_is_new_or_lacking_is_told(one: Newcomer, about: str, weight: str, what: str) -> None:
    told = [line for line in strange(one) if (line.about, line.weight) == (about, weight)]
    assert any(what in line.what for line in told), strange(one)
    assert all(line.cure for line in told) == (weight == "lacking")


def test_a_holiday_of_all_others_that_it_works_on_is_told() -> None:
    kept = replace(OFFICE, holidays=frozenset({date(2026, 12, 25)}))
    told = strange(SAME, replace(BESIDE, agreements=(agreement(kept),)))

    assert [line.what for line in told] == ["works on days that others keep as holidays: 2026-12-25"]


def test_wider_coverage_is_told_by_name() -> None:
    narrow = replace(BESIDE, agreements=(agreement(groups=frozenset({"north"})),))

    assert [line.what for line in strange(SAME, narrow)] == ["all groups; your other contracts name theirs"]
    south = replace(SAME, agreement=agreement(groups=frozenset({"south"})))
    assert [line.what for line in strange(south, narrow)] == ["groups: south"]


def test_amounts_are_spelled() -> None:
    amounts: list[Amount] = [
        timedelta(hours=2),
        timedelta(minutes=90),
        timedelta(seconds=5),
        DayTarget(days=3),
    ]
    assert [spelled(amount) for amount in amounts] == ["2h", "1h 30m", "5s", "3 business days"]
    assert DAY == 86_400
