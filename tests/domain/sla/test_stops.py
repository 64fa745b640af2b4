"""Stops are requests (R15, R16), and visits (R35): every sentence by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.sla.clocks import Clock, clocks
from gateway.domain.sla.terms import StopRule, TargetKind
from tests.domain.sla.story import H, M, at, chain, clock, figures, play, record, rows, terms

NONE = timedelta()
ASKED = "08:00 open h1\n09:00 ask h1 requester_info id=q\n11:00 answer h1 q\n"
DAY = timedelta(days=1)


def one(text: str, now: str = "12:00", *, undecided: bool = False, key: str = "SLA", **more: Any) -> Clock:
    where = chain("h1", terms("SLA", "h1", **{"starts_on": "opened", "resolution": 8 * H, **more}))
    return clock(play(where, text, now=now, undecided=undecided), key)


def ledger(text: str, now: str = "12:00", **more: Any) -> list[str]:
    return rows(play(chain("h1", terms("SLA", "h1", **{"starts_on": "opened", **more})), text, now=now))


# -- R16: when a request counts --------------------------------------------------------------------------------------------


def test_r16_an_automatic_code_counts_at_once_another_once_accepted() -> None:
    assert one(ASKED, stops="requester_info").stopped_time == 2 * H
    assert one(ASKED, asks="requester_info").stopped_time == NONE
    assert one(ASKED + "11:30 ok q", asks="requester_info").stopped_time == 2 * H


def test_r16_undecided_is_left_out_of_the_headline_and_shown_in_the_second_view() -> None:
    assert one(ASKED, asks="requester_info", undecided=True).stopped_time == 2 * H


@pytest.mark.parametrize(("now", "stopped"), [("3/08:59", NONE), ("3/09:00", 2 * H)])
def test_r16_the_review_period_lapses_in_wall_time_from_delivery(now: str, stopped: timedelta) -> None:
    assert one(ASKED, now=now, asks="requester_info", resolution=900 * H).stopped_time == stopped


@pytest.mark.parametrize(("now", "stopped"), [("1/09:29", NONE), ("1/09:30", 110 * M)])
def test_r16_the_review_begins_with_the_delivery_on_a_tracked_link(now: str, stopped: timedelta) -> None:
    where = chain(
        "h0 h1<h0",
        terms("UC", "h1", 90 * H, asks="requester_info", review_period=DAY, starts_on="accepted"),
        tracked="h1",
    )
    text = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n09:10 ask h1 requester_info id=q\n09:30 deliver q\n11:00 work h1"
    assert clock(play(where, text, now=now), "UC").stopped_time == stopped


def test_r16_what_was_never_delivered_never_lapses() -> None:
    where = chain(
        "h0 h1<h0", terms("UC", "h1", 900 * H, asks="requester_info", starts_on="accepted"), tracked="h1"
    )
    text = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n09:00 ask h1 requester_info id=q\n11:00 work h1"
    assert clock(play(where, text, now="20/09:00"), "UC").stopped_time == NONE


def test_r16_disputed_is_left_out_and_a_breach_found_so_is_provisional() -> None:
    text = ASKED + "11:30 dispute q\n15:00 resolve h1"
    found = one(text, now="18:00", stops="requester_info", resolution=6 * H)
    assert (found.state, found.elapsed, found.provisional) == ("breached", 7 * H, True)
    second = one(text, now="18:00", undecided=True, stops="requester_info", resolution=6 * H)
    assert (second.state, second.elapsed) == ("met", 5 * H)


def test_r16_disputed_then_upheld_counts_again() -> None:
    assert (
        one(ASKED + "11:30 dispute q\n12:00 uphold q", now="13:00", stops="requester_info").stopped_time
        == 2 * H
    )


def test_r16_a_dispute_after_the_review_period_changes_nothing() -> None:
    text = ASKED + "1/09:01 dispute q"
    assert one(text, now="2/08:00", stops="requester_info", review_period=DAY).stopped_time == 2 * H
    text = ASKED + "1/08:59 dispute q"
    assert one(text, now="2/08:00", stops="requester_info", review_period=DAY).stopped_time == NONE


def test_r16_a_dispute_undecided_at_its_cut_off_counts_against_whoever_asked() -> None:
    text = ASKED + "11:30 dispute q\n15:00 resolve h1"
    found = one(text, now="1/11:30", stops="requester_info", resolution=6 * H, dispute_period=DAY)
    assert (found.state, found.provisional) == ("breached", False)
    assert one(text, now="1/11:29", stops="requester_info", resolution=6 * H, dispute_period=DAY).provisional


def test_r16_void_refolds_the_clock_books_the_span_to_the_asker_and_leaves_the_holders() -> None:
    text = ASKED + "11:30 void q"
    assert figures(one(text, stops="requester_info")) == ("running", 4 * H, NONE)
    assert ledger(text)[1] == "09:00 11:00 requester>h1 asked requester_info"


def test_r16_a_void_refolds_closed_clocks_too() -> None:
    text = ASKED + "14:00 resolve h1\n15:00 close h1\n16:00 void q"
    found = one(text, now="17:00", stops="requester_info", resolution=5 * H)
    assert (found.state, found.breached_at) == ("breached", at("13:00"))


def test_r16_without_its_evidence_a_request_does_not_count() -> None:
    rules = {"site_access": StopRule(automatic=True, evidence=frozenset({"photo", "contact"}))}
    text = "08:00 open h1\n09:00 hold h1 site_access{}\n11:00 work h1"
    assert one(text.format(""), rules=rules).stopped_time == NONE
    assert one(text.format(" evidence=photo"), rules=rules).stopped_time == NONE
    assert one(text.format(" evidence=photo,contact"), rules=rules).stopped_time == 2 * H


def test_r16_a_stop_ends_at_its_maximum_length() -> None:
    rules = {"site_access": StopRule(automatic=True, longest=H)}
    found = one("08:00 open h1\n09:00 hold h1 site_access", rules=rules)
    assert figures(found) == ("running", 3 * H, H)
    assert not found.stopped


def test_r16_past_its_expected_end_the_clock_runs_again_unless_prolonged() -> None:
    rules = {"site_access": StopRule(automatic=True, expected_end=True)}
    text = "08:00 open h1\n09:00 hold h1 site_access expected_end=10:00"
    assert figures(one(text, rules=rules)) == ("running", 3 * H, H)
    prolonged = text + "\n10:00 hold h1 site_access expected_end=11:00"
    assert figures(one(prolonged, rules=rules)) == ("running", 2 * H, 2 * H)
    assert one("08:00 open h1\n09:00 hold h1 site_access", rules=rules).stopped_time == NONE


# -- R16: requests made afterwards -----------------------------------------------------------------------------------------

LATE = "08:00 open h1\n{} stop h1 site_access 09:00 09:30 id=s\n"


@pytest.mark.parametrize(
    ("asked", "stopped"), [("11:30", 30 * M), ("11:31", NONE)], ids=["in-grace", "too-late"]
)
def test_r16_a_request_made_too_late_counts_only_when_a_person_accepts_it(
    asked: str, stopped: timedelta
) -> None:
    text = LATE.format(asked)
    assert one(text, stops="site_access").stopped_time == stopped
    assert one(text, now="9/12:00", stops="site_access", resolution=900 * H).stopped_time == stopped
    assert one(text + "11:50 ok s", stops="site_access").stopped_time == 30 * M


def test_r16_a_span_asked_for_afterwards_enters_the_ledger_once_it_counts() -> None:
    assert ledger(LATE.format("11:00"), asks="site_access") == ["08:00 12:00 h1 working"]
    entered = [
        "08:00 09:00 h1 working",
        "09:00 09:30 h1>requester held site_access",
        "09:30 12:00 h1 working",
    ]
    assert ledger(LATE.format("11:00"), stops="site_access") == entered
    assert ledger(LATE.format("11:00") + "11:30 ok s", asks="site_access") == entered


def test_r16_the_ledger_stays_while_disputed_and_after_a_void_only_the_booking_changes() -> None:
    disputed = ledger(LATE.format("11:00") + "11:30 dispute s", stops="site_access")
    assert disputed[1] == "09:00 09:30 h1>requester held site_access"
    assert one(LATE.format("11:00") + "11:30 dispute s", stops="site_access").stopped_time == NONE
    void = ledger(LATE.format("11:00") + "11:30 void s", stops="site_access")
    assert void[1] == "09:00 09:30 h1 held site_access"


def test_r16_what_never_counted_never_enters_the_ledger() -> None:
    assert ledger(LATE.format("11:00") + "11:30 void s", asks="site_access") == ["08:00 12:00 h1 working"]
    assert ledger(LATE.format("11:00") + "11:30 dispute s", asks="site_access") == ["08:00 12:00 h1 working"]


def test_r16_two_spans_asked_for_that_overlap_count_once() -> None:
    text = LATE.format("10:00") + "10:30 stop h1 site_closed 09:15 10:15"
    assert one(text, stops="site_access site_closed").stopped_time == 75 * M


def test_r16_a_span_asked_for_over_a_held_status_is_held_for_its_reason() -> None:
    text = "08:00 open h1\n09:00 hold h1 other\n10:00 work h1\n10:30 stop h1 site_access 09:00 10:00"
    assert ledger(text, stops="site_access")[1] == "09:00 10:00 h1>requester held site_access"


@pytest.mark.parametrize("span", ["13:00 12:30", "09:00 09:00"], ids=["backwards", "empty"])
def test_a_request_for_no_time_is_none(span: str) -> None:
    assert one(f"08:00 open h1\n11:00 stop h1 site_access {span}", stops="site_access").stopped_time == NONE


def test_a_request_for_the_future_stops_nothing_before_it() -> None:
    text = "08:00 open h1\n09:00 stop h1 site_access 11:00 13:00"
    assert figures(one(text, stops="site_access")) == ("running", 3 * H, H)


# -- R16: levels -----------------------------------------------------------------------------------------------------------

LEVELS = chain(
    "h0 h1<h0 h2<h1 h3<h2",
    terms("A", "h1", 9 * H, stops="carrier requester_info"),
    terms("B", "h2", 9 * H, stops="carrier requester_info"),
    terms("C", "h3", 9 * H, stops="carrier requester_info"),
)
DEEP = "".join(f"08:00 {verb} {hop}\n" for hop in ("h1", "h2", "h3") for verb in ("offer", "accept"))
HELD = "08:00 open h0\n" + DEEP + "09:00 hold h3 carrier id=s\n10:00 work h3\n"


@pytest.mark.parametrize(
    ("agreement", "stopped"),
    [("C", (NONE, NONE, NONE)), ("B", (NONE, NONE, H)), ("A", (NONE, H, H)), ("", (NONE, NONE, NONE))],
)
def test_r16_a_void_at_a_level_holds_for_that_level_and_those_above(
    agreement: str, stopped: tuple[timedelta, ...]
) -> None:
    folded = play(LEVELS, HELD + f"11:00 void s agreement={agreement}", now="12:00")
    assert tuple(clock(folded, name).stopped_time for name in "ABC") == stopped


def test_r16_a_dispute_names_its_agreement() -> None:
    folded = play(LEVELS, HELD + "11:00 dispute s agreement=B", now="12:00")
    assert tuple(clock(folded, name).stopped_time for name in "ABC") == (H, NONE, H)


def test_r16_a_void_takes_the_questions_above_with_it_that_it_caused() -> None:
    text = (
        """08:00 open h0
    """
        + DEEP
        + """09:00 ask h3 requester_info id=q3
        09:10 ask h2 requester_info id=q2 cause=q3
        09:20 ask h1 requester_info id=q1 {}
        10:00 work h3
        10:00 work h2
        10:00 work h1
        11:00 void q3"""
    )
    folded = play(LEVELS, text.format("cause=q2"), now="12:00")
    assert tuple(clock(folded, name).stopped_time for name in "ABC") == (NONE, NONE, NONE)
    folded = play(LEVELS, text.format(""), now="12:00")
    assert tuple(clock(folded, name).stopped_time for name in "ABC") == (40 * M, NONE, NONE)
    assert rows(folded)[1:4] == [
        "09:00 09:10 h2>h3 asked requester_info",
        "09:10 09:20 h1>h3 asked requester_info",
        "09:20 10:00 h0>h3 asked requester_info",
    ]


# -- R15, R35: visits ------------------------------------------------------------------------------------------------------

ATTEND = {TargetKind.ATTENDANCE: {"P1": 4 * H}}


def visit(text: str, now: str = "18:00", key: str = "SLA/h1/attendance", **more: Any) -> Clock:
    return one(text, now=now, key=key, targets=ATTEND, **{"stops": "scheduled_visit", **more})


MOVED = "08:00 open h1\n09:00 move h1 consumer 13:00 15:00\n"


def test_r15_a_scheduled_visit_ends_at_until_then_the_hop_works() -> None:
    text = "08:00 open h1\n09:00 hold h1 scheduled_visit until=10:00"
    assert ledger(text)[1:] == ["09:00 10:00 h1 held scheduled_visit", "10:00 12:00 h1 working"]
    assert figures(one(text, stops="scheduled_visit")) == ("running", 3 * H, H)
    asked = "08:00 open h1\n09:00 ask h1 scheduled_visit until=10:00"
    assert ledger(asked)[1:] == ["09:00 10:00 requester asked scheduled_visit", "10:00 12:00 h1 working"]


def test_r15_or_with_the_status_if_that_is_earlier() -> None:
    text = "08:00 open h1\n09:00 hold h1 scheduled_visit until=11:00\n10:00 work h1"
    assert figures(one(text, stops="scheduled_visit")) == ("running", 3 * H, H)


def test_r35_a_visit_the_consumer_moved_stops_the_clock_until_its_window_opens() -> None:
    found = visit(MOVED + "14:40 arrive h1")
    assert (figures(found), found.due) == (("met", H + 100 * M, 4 * H), at("15:00"))


def test_r35_the_consumers_own_visit_needs_no_decision_at_its_level() -> None:
    assert visit(MOVED + "14:40 arrive h1", stops="", asks="scheduled_visit").stopped_time == 4 * H


def test_r35_a_visit_the_provider_fixed_stops_nothing() -> None:
    text = "08:00 open h1\n09:00 visit h1 provider 13:00 15:00\n09:00 hold h1 scheduled_visit until=13:00"
    assert visit(text, now="11:00").stopped_time == NONE


@pytest.mark.parametrize(
    ("line", "state", "stopped"),
    [
        ("15:00 arrive h1", "met", 4 * H),
        ("15:30 arrive h1", "breached", 4 * H),
        ("16:00 arrive h1", "breached", 4 * H),
        ("16:01 arrive h1", "breached", NONE),
    ],
    ids=["at-its-end", "late", "end-of-grace", "beyond-grace"],
)
def test_r35_missed_breaches_at_the_windows_end_and_voids_the_stop_after_the_grace(
    line: str, state: str, stopped: timedelta
) -> None:
    found = visit(MOVED + line)
    assert (found.state, found.stopped_time) == (state, stopped)
    if state == "breached" and stopped:
        assert found.breached_at == at("15:00")


def test_r35_a_missed_visit_is_booked_to_the_provider() -> None:
    text = MOVED + "09:00 hold h1 scheduled_visit until=13:00\n17:00 work h1"
    where = chain("h1", terms("SLA", "h1", starts_on="opened", stops="scheduled_visit"))
    assert rows(play(where, text, now="16:00"))[1] == "09:00 13:00 h1>requester held scheduled_visit"
    assert rows(play(where, text, now="16:01"))[1] == "09:00 13:00 h1 held scheduled_visit"


def test_r35_a_visit_moved_again_or_needless_is_not_missed() -> None:
    assert visit(MOVED + "14:00 move h1 consumer 16:00 17:00\n16:30 arrive h1").stopped_time == 6 * H
    found = visit(MOVED + "11:00 resolve h1\n11:30 close h1", key="SLA")
    assert found.stopped_time == 2 * H


def test_r35_the_window_is_the_target_from_then_on_whatever_the_priority_becomes() -> None:
    targets = {TargetKind.ATTENDANCE: {"P1": H, "P3": 40 * H}}
    text = "08:00 open h1 P3\n09:00 move h1 consumer 13:00 15:00\n10:00 priority h1 P1"
    found = one(text, now="14:00", key="SLA/h1/attendance", targets=targets, stops="scheduled_visit")
    assert (found.state, found.due) == ("running", at("15:00"))


def test_r35_a_breach_before_the_consumer_moved_the_visit_stands() -> None:
    found = visit("08:00 open h1\n13:00 move h1 consumer 15:00 17:00\n15:10 arrive h1")
    assert (found.state, found.breached_at) == ("breached", at("12:00"))


def test_r35_attendance_is_the_first_visit() -> None:
    assert [
        one.key
        for one in clocks(
            play(
                chain("h1", terms("SLA", "h1", None, starts_on="opened", targets=ATTEND)),
                "08:00 open h1\n09:00 arrive h1\n11:00 arrive h1",
                now="12:00",
            )
        )
    ] == ["SLA/h1/attendance"]


OWN: dict[str, StopRule] = {
    "requester_approval": StopRule(),
    "waiting_for_cab": StopRule(automatic=True, refines="requester_approval"),
}


@pytest.mark.parametrize(
    ("code", "stopped"),
    [
        pytest.param("waiting_for_cab", True, id="the rule of the code itself"),
        pytest.param("waiting_for_signature", False, id="a code the agreement does not name: its base's"),
        pytest.param("", False, id="the base"),
    ],
)
def test_r15_an_installations_own_code_refines_a_base_code(code: str, stopped: bool) -> None:
    opened, held = record(1, "08:00 open h1"), record(2, "09:00 hold h1 requester_approval")
    held = replace(held, data={**held.data, "code": code})
    where = chain("h1", terms("SLA", "h1", rules=OWN, starts_on="opened"))
    folded = play(where, [opened, held], now="11:00")
    assert clock(folded, "SLA").stopped is stopped
    assert rows(folded)[-1] == "09:00 11:00 h1>requester held requester_approval", "booked as its base says"


def test_r15_an_own_code_of_the_providers_own_time_stops_nothing() -> None:
    rules = {"waiting_for_our_van": StopRule(automatic=True, refines="parts_own")}
    held = record(2, "09:00 hold h1 parts_own")
    held = replace(held, data={**held.data, "code": "waiting_for_our_van"})
    where = chain("h1", terms("SLA", "h1", rules=rules, starts_on="opened"))
    assert not clock(play(where, [record(1, "08:00 open h1"), held], now="11:00"), "SLA").stopped


def test_r16_evidence_given_afterwards_makes_a_hold_of_the_desk_count() -> None:
    """A desk's status carries no evidence; a request over the same span does, once it is accepted."""
    rules = {"site_access": StopRule(evidence=frozenset({"photo"}))}
    where = chain("h1", terms("SLA", "h1", 8 * H, rules=rules, starts_on="opened"))
    held = ["08:00 open h1", "10:00 hold h1 site_access", "13:00 work h1"]
    told = [record(number, line) for number, line in enumerate(held)]
    asked = record(8, "13:30 stop h1 site_access 10:00 13:00 id=s")
    asked = replace(asked, data={**asked.data, "evidence": ["photo"]})
    accepted = record(9, "14:00 ok s")
    for more, found in (([], (7 * H, NONE)), ([asked], (7 * H, NONE)), ([asked, accepted], (4 * H, 3 * H))):
        one_clock = clock(play(where, [*told, *more], now="15:00"), "SLA")
        assert (one_clock.elapsed, one_clock.stopped_time) == found
