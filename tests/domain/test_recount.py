"""What differs between two counts, and what made it so; what only went on with time is no difference."""

from typing import Any

from gateway.domain.recount import RECOUNT, TIME, Count, Difference, counted, differences
from gateway.domain.sla.clocks import clocks
from tests.domain.sla.story import H, chain, play, records, terms

WHERE = chain("h1", terms("SLA", "h1", starts_on="opened", stops="requester_info"))
OPENED = "08:00 open h1"
ASKED = OPENED + "\n09:00 ask h1 requester_info id=q"
ANSWERED = ASKED + "\n10:00 answer h1 q id=a"
KEY = "SLA/h1/resolution"


def count(text: str, now: str, where: Any = WHERE) -> Count:
    return counted(clocks(play(where, records(text), now=now)))


def told(found: list[Difference]) -> dict[str, tuple[str, ...]]:
    return {one.figure: one.causes for one in found}


def test_the_same_count_differs_in_nothing() -> None:
    assert differences(count(ANSWERED, "11:00"), [(RECOUNT, count(ANSWERED, "11:00"))]) == []


def test_time_that_passed_is_no_difference() -> None:
    assert differences(count(OPENED, "09:00"), [(TIME, count(OPENED, "10:00"))]) == []
    assert differences(count(ASKED, "09:30"), [(TIME, count(ASKED, "10:00"))]) == [], (
        "the due moment moves while it stands"
    )


def test_a_breach_that_time_made_is_one() -> None:
    found = differences(count(OPENED, "11:59"), [(TIME, count(OPENED, "12:01"))])
    assert told(found) == {"state": (TIME,), "breached_at": (TIME,)}
    assert (found[0].told, found[0].now) == ("running", "breached")


def test_each_figure_names_the_events_that_moved_it() -> None:
    stages = [
        (TIME, count(OPENED, "11:00")),
        ("q", count(ASKED, "11:00")),
        ("a", count(ANSWERED, "11:00")),
    ]
    found = differences(count(OPENED, "08:30"), stages)
    assert told(found) == {
        "due_at": ("q", "a"),
        "elapsed": (TIME, "q", "a"),
        "stopped_time": ("q", "a"),
    }
    assert {one.figure: one.now for one in found}["stopped_time"] == H


def test_events_that_cancel_each_other_out_are_no_difference() -> None:
    voided = ANSWERED + "\n10:30 void q id=v"
    stages = [("q", count(ASKED, "11:00")), ("a", count(ANSWERED, "11:00")), ("v", count(voided, "11:00"))]
    assert differences(count(OPENED, "11:00"), stages) == []


def test_a_clock_that_is_new_or_gone_is_told_with_all_it_shows() -> None:
    two = chain("h1", *WHERE.agreements, terms("OLA", "h1", starts_on="opened"))
    new = differences(count(OPENED, "09:00"), [("b", count(OPENED, "09:00", two))])
    assert {one.clock for one in new} == {"OLA/h1/resolution"}
    assert all(one.told is None and one.causes == ("b",) for one in new)
    gone = differences(count(OPENED, "09:00", two), [("b", count(OPENED, "09:00"))])
    assert {one.now for one in gone} == {None}
