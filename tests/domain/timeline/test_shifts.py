"""Why a due moment moved: from where to where, because of which event; each figure by hand."""

from typing import Any

import pytest

from gateway.domain.sla.clocks import Folded
from gateway.domain.sla.terms import TargetKind, Terms
from gateway.domain.timeline.shifts import Shift, shifts
from tests.domain.sla.story import H, chain, clock, office, play, terms


def moved(text: str, *, now: str = "16:00", key: str = "SLA", **more: Any) -> tuple[Folded, list[Shift]]:
    agreed: Terms = terms("SLA", "h1", **{"starts_on": "opened", **more})
    folded = play(chain("h1", agreed), text, now=now)
    return folded, list(shifts(folded, agreed, clock(folded, key)))


def told(found: list[Shift]) -> list[str]:
    return [
        f"{one.at:%d/%H:%M} {one.why} {one.code} {one.before:%d/%H:%M} > {one.after:%d/%H:%M} {one.cause}"
        for one in found
        if one.before is not None and one.after is not None
    ]


def test_a_stop_moves_it_by_its_open_time() -> None:
    text = "08:00 open h1\n09:00 ask h1 requester_info id=q\n10:30 answer h1 q"
    _, found = moved(text, stops="requester_info")
    assert told(found) == ["02/09:00 stopped requester_info 02/12:00 > 02/13:30 q"]


def test_over_a_night_it_moves_in_the_calendar() -> None:
    text = "16:00 open h1\n17:00 hold h1 parts_customer id=p\n1/09:00 work h1"
    folded, found = moved(text, stops="parts_customer", calendar=office(), now="1/10:00")
    assert told(found) == ["02/17:00 stopped parts_customer 03/10:00 > 03/12:00 p"]
    assert clock(folded, "SLA").due == found[-1].after


def test_two_stops_move_it_twice_and_the_last_is_where_it_is() -> None:
    text = (
        "08:00 open h1\n08:30 ask h1 requester_info id=q\n09:00 answer h1 q\n"
        "09:30 ask h1 requester_info id=r\n10:00 answer h1 r"
    )
    folded, found = moved(text, stops="requester_info", now="10:30")
    assert told(found) == [
        "02/08:30 stopped requester_info 02/12:00 > 02/12:30 q",
        "02/09:30 stopped requester_info 02/12:30 > 02/13:00 r",
    ]
    assert clock(folded, "SLA").due == found[-1].after


def test_a_stop_that_does_not_count_moves_nothing() -> None:
    assert moved("08:00 open h1\n09:00 hold h1 parts_own\n10:00 work h1", stops="requester_info")[1] == []


def test_a_change_of_priority_keeps_what_has_passed() -> None:
    more: dict[str, Any] = {
        "targets": {TargetKind.RESOLUTION: {"P1": 2 * H, "P3": 8 * H}},
        "resolution": None,
    }
    text = "08:00 open h1 P3\n09:00 priority h1 P1 id=up"
    folded, found = moved(text, now="09:30", **more)
    assert told(found) == ["02/09:00 priority P1 02/16:00 > 02/10:00 up"]
    assert clock(folded, "SLA").due == found[-1].after


def test_after_a_new_priority_earned_stops_are_kept() -> None:
    more: dict[str, Any] = {
        "targets": {TargetKind.RESOLUTION: {"P1": 2 * H, "P3": 8 * H}},
        "resolution": None,
    }
    text = "08:00 open h1 P3\n08:30 ask h1 requester_info id=q\n09:30 answer h1 q\n10:00 priority h1 P1 id=up"
    folded, found = moved(text, now="10:30", stops="requester_info", **more)
    assert told(found) == [
        "02/08:30 stopped requester_info 02/16:00 > 02/17:00 q",
        "02/10:00 priority P1 02/17:00 > 02/11:00 up",
    ]
    assert clock(folded, "SLA").due == found[-1].after


def test_a_new_priority_while_it_stands_still_divides_the_stop() -> None:
    more: dict[str, Any] = {
        "targets": {TargetKind.RESOLUTION: {"P1": 2 * H, "P3": 8 * H}},
        "resolution": None,
    }
    text = "08:00 open h1 P3\n08:30 ask h1 requester_info id=q\n09:00 priority h1 P1 id=up\n09:30 answer h1 q"
    folded, found = moved(text, now="10:00", stops="requester_info", **more)
    assert told(found) == [
        "02/08:30 stopped requester_info 02/16:00 > 02/16:30 q",
        "02/09:00 priority P1 02/16:30 > 02/10:30 up",
        "02/09:00 stopped requester_info 02/10:30 > 02/11:00 q",
    ]
    assert clock(folded, "SLA").due == found[-1].after


def test_between_a_statement_and_its_rejection_nothing_counts() -> None:
    text = "08:00 open h1\n09:00 resolve h1 id=r\n10:00 reject h1 r id=no"
    folded, found = moved(text, now="10:30")
    assert told(found) == ["02/09:00 resumed  02/12:00 > 02/13:00 no"]
    assert clock(folded, "SLA").due == found[-1].after


def test_what_is_reopened_and_closed_at_one_moment_was_still_until_then() -> None:
    text = "08:00 open h1\n09:00 resolve h1 id=r\n10:00 reopen h1 id=a\n10:00 close h1 id=b"
    folded, found = moved(text, now="10:30", reopen_resumes=True)
    assert told(found) == ["02/09:00 resumed  02/12:00 > 02/13:00 b"]
    assert clock(folded, "SLA").due == found[-1].after


def test_a_visit_that_the_customer_asks_for_sets_attendance() -> None:
    more: dict[str, Any] = {
        "targets": {TargetKind.ATTENDANCE: {"P1": 2 * H}},
        "resolution": None,
        "stops": "scheduled_visit",
    }
    text = "08:00 open h1\n08:30 visit h1 consumer 13:00 15:00 id=v"
    folded, found = moved(text, now="09:00", key="SLA/h1/attendance", **more)
    assert [one.cause for one in found if one.why == "visit"] == ["v"]
    assert found[-1].after == clock(folded, "SLA/h1/attendance").due


@pytest.mark.parametrize("now", ["08:00", "07:00"])
def test_a_clock_that_has_not_run_has_not_moved(now: str) -> None:
    agreed = terms("SLA", "h1", starts_on="accepted")
    folded = play(chain("h0 h1<h0", agreed), "06:00 open h0\n06:30 offer h1", now=now)
    assert shifts(folded, agreed, clock(folded, "SLA")) == ()
