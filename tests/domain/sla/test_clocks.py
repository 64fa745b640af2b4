"""Running and stopped (R14), priorities (R17), what a clock shows (R18), exclusions (R19)."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.sla.clocks import Clock, clocks
from gateway.domain.sla.terms import AgreementKind, TargetKind
from gateway.domain.worktime import Calendar, Hours
from tests.domain.sla.story import H, M, at, at_partner, at_vendor, chain, clock, figures, office, play, terms

NONE = timedelta()
BEGUN = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n"
BELOW = BEGUN + "08:00 offer h2\n08:00 accept h2\n"
ASK = "requester_info"

# -- R14 -------------------------------------------------------------------------------------------------------------------

ALL_STOP = chain(
    "h0 h1<h0 h2<h1",
    terms("SLA", "h1", stops="requester_info site_access"),
    terms("UC", "h2", stops="requester_info site_access"),
)


def test_r14_waiting_for_the_next_desk_never_stops_the_clock_above() -> None:
    folded = play(
        ALL_STOP, BEGUN + "09:00 offer h2\n09:30 receive h2\n10:00 hold h1 third_party", now="11:00"
    )
    assert figures(clock(folded, "SLA")) == ("running", 3 * H, NONE)


def test_r14_a_child_asking_its_parent_stops_only_the_childs_clock() -> None:
    folded = play(ALL_STOP, BELOW + "09:00 ask h2 requester_info", now="11:00")
    assert figures(clock(folded, "SLA")) == ("running", 3 * H, NONE)
    assert figures(clock(folded, "UC")) == ("running", H, 2 * H)


def test_r14_pending_with_a_child_at_work_runs() -> None:
    folded = play(ALL_STOP, BELOW + "09:00 ask h1 requester_info\n10:00 resolve h2", now="11:00")
    assert figures(clock(folded, "SLA")) == ("running", 2 * H, H)


def test_r14_a_parent_owing_an_offer_beside_a_held_branch_runs() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1", terms("SLA", "h1", stops="site_access"))
    text = BELOW + "08:00 offer h3\n08:00 accept h3\n09:00 hold h2 site_access\n10:00 decline h3"
    assert figures(clock(play(where, text, now="11:00"), "SLA")) == ("running", 3 * H, NONE)


def test_r14_every_branch_held_stops_the_union_not_the_sum() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1", terms("SLA", "h1", stops="site_access carrier"))
    text = (
        BELOW
        + """08:00 offer h3
        08:00 accept h3
        09:00 hold h2 site_access
        09:30 hold h3 carrier
        10:30 work h2
        11:00 work h3"""
    )
    assert figures(clock(play(where, text, now="12:00"), "SLA")) == ("running", 3 * H, H)


def test_r14_a_sibling_branch_is_the_consumers_side() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1", terms("UC", "h2", stops=ASK))
    text = BELOW + "08:00 offer h3\n08:00 accept h3\n09:00 ask h2 requester_info\n10:00 ask h3 requester_info"
    assert figures(clock(play(where, text, now="11:00"), "UC")) == ("running", H, 2 * H)


def test_r14_a_code_not_in_stops_runs() -> None:
    assert figures(at_vendor("08:00 open h1\n09:00 ask h1 requester_info", stops="site_access")) == (
        "running",
        4 * H,
        NONE,
    )


@pytest.mark.parametrize(
    ("start", "elapsed", "stopped"),
    [("handed_over", 90 * M, 90 * M), ("received", H, 2 * H), ("accepted", H, 2 * H)],
)
def test_r14_question_and_answer_under_way_stop_the_clock_unless_it_bears_its_link(
    start: str, elapsed: timedelta, stopped: timedelta
) -> None:
    text = (
        BEGUN + "08:30 ask h1 requester_info id=q\n08:40 deliver q\n10:10 answer h1 q id=a\n10:30 deliver a"
    )
    found = at_partner(text, now="11:00", tracked="h1", starts_on=start, stops=ASK)
    assert (found.elapsed, found.stopped_time) == (elapsed, stopped)


def test_r14_an_answer_under_way_of_a_question_that_stops_nothing_runs() -> None:
    text = BEGUN + "08:30 ask h1 requester_info id=q\n08:40 deliver q\n10:10 answer h1 q id=a"
    assert figures(at_partner(text, now="11:00", tracked="h1", starts_on="accepted")) == (
        "running",
        3 * H,
        NONE,
    )


@pytest.mark.parametrize("code", ["parts_own", "other"])
def test_r15_codes_that_never_stop(code: str) -> None:
    assert figures(at_vendor(f"08:00 open h1\n09:00 hold h1 {code}", stops=code)) == ("running", 4 * H, NONE)


def test_r14_held_below_is_claimed_at_each_level_that_names_its_code() -> None:
    where = chain(
        "h0 h1<h0 h2<h1", terms("SLA", "h1", asks="site_access"), terms("UC", "h2", stops="site_access")
    )
    folded = play(where, BELOW + "09:00 hold h2 site_access", now="11:00")
    assert figures(clock(folded, "UC")) == ("running", H, 2 * H)
    assert figures(clock(folded, "SLA")) == ("running", 3 * H, NONE)
    decided = play(where, BELOW + "09:00 hold h2 site_access id=s\n10:00 ok s agreement=SLA", now="11:00")
    assert figures(clock(decided, "SLA")) == ("running", H, 2 * H)


# -- R17 -------------------------------------------------------------------------------------------------------------------

TWO = {TargetKind.RESOLUTION: {"P1": 4 * H, "P3": 24 * H}}


def changed(text: str, now: str = "12:00", key: str = "SLA", **more: Any) -> Clock:
    where = chain("h1", terms("SLA", "h1", None, starts_on="opened", targets=TWO, **more))
    return clock(play(where, text, now=now), key)


def test_r17_a_new_target_counts_from_the_original_start_and_keeps_earned_stops() -> None:
    text = "08:00 open h1 P3\n09:00 ask h1 requester_info id=q\n11:00 answer h1 q\n11:30 priority h1 P1"
    found = changed(text, stops=ASK)
    assert figures(found) == ("running", 2 * H, 2 * H)
    assert found.due == at("14:00")


def test_r17_or_from_the_change_the_running_cycle_cancelled() -> None:
    text = "08:00 open h1 P3\n11:00 priority h1 P1"
    found = changed(text, from_change=True)
    assert (found.started_at, found.due, figures(found)) == (at("11:00"), at("15:00"), ("running", H, NONE))
    assert figures(changed(text, from_change=True, key="SLA/h1/resolution~1")) == ("cancelled", 3 * H, NONE)


def test_r17_a_breach_is_stamped_no_earlier_than_the_change_that_makes_it() -> None:
    found = changed("08:00 open h1 P3\n13:30 priority h1 P1", now="14:00")
    assert (found.state, found.breached_at) == ("breached", at("13:30"))


def test_r17_a_breach_under_the_target_in_force_stands_after_a_lowering() -> None:
    found = changed("08:00 open h1 P1\n13:00 priority h1 P3", now="14:00")
    assert (found.state, found.breached_at, found.remaining) == ("breached", at("12:00"), 18 * H)
    found = changed("08:00 open h1 P1\n13:00 priority h1 P3", now="14:00", from_change=True)
    assert found.state == "running"
    kept = changed(
        "08:00 open h1 P1\n13:00 priority h1 P3", now="14:00", from_change=True, key="SLA/h1/resolution~1"
    )
    assert (kept.state, kept.breached_at) == ("breached", at("12:00"))


def test_r17_a_lowering_in_time_spares_the_clock() -> None:
    assert changed("08:00 open h1 P1\n11:59 priority h1 P3", now="14:00").state == "running"
    assert changed("08:00 open h1 P1\n12:00 priority h1 P3", now="14:00").state == "running"


def test_r17_a_priority_without_a_target_then_one_with() -> None:
    found = changed("08:00 open h1 P9\n13:00 priority h1 P1", now="14:00")
    assert (found.state, found.breached_at) == ("breached", at("13:00"))
    found = changed("08:00 open h1 P9\n13:00 priority h1 P1", now="14:00", from_change=True)
    assert (found.started_at, found.elapsed) == (at("13:00"), H)


def test_r17_changes_before_the_clock_starts_leave_nothing_behind() -> None:
    where = chain("h0 h1<h0", terms("UC", "h1", None, targets=TWO, from_change=True))
    folded = play(
        where, "07:00 open h0 P3\n07:30 priority h0 P1\n08:00 offer h1\n08:00 accept h1", now="09:00"
    )
    assert [one.key for one in clocks(folded)] == ["UC/h1/resolution"]
    assert clock(folded, "UC").due == at("12:00")


# -- R18, R19 --------------------------------------------------------------------------------------------------------------


def test_r18_breached_if_and_only_if_more_than_the_target_has_passed() -> None:
    assert at_vendor("08:00 open h1\n12:00 resolve h1", now="13:00").state == "met"
    assert at_vendor("08:00 open h1\n12:00:01 resolve h1", now="13:00").breached_at == at("12:00")
    assert at_vendor("08:00 open h1").state == "running"


def test_r18_a_breach_stays_though_the_ticket_is_closed_later() -> None:
    assert at_vendor("08:00 open h1\n13:00 resolve h1\n14:00 close h1", now="15:00").state == "breached"


def test_r18_due_of_a_stopped_clock_is_that_of_resuming_now() -> None:
    found = at_vendor("08:00 open h1\n09:00 ask h1 requester_info", stops=ASK)
    assert (found.stopped, found.due, found.remaining) == (True, at("15:00"), 3 * H)


def test_r18_due_of_an_ended_clock_is_when_it_would_have_been_used_up() -> None:
    assert at_vendor("08:00 open h1\n09:00 resolve h1").due == at("12:00")
    assert at_vendor(
        "08:00 open h1\n09:00 ask h1 requester_info id=q\n10:00 answer h1 q\n10:30 resolve h1", stops=ASK
    ).due == at("13:00")


def test_r18_created_closed_is_legal() -> None:
    found = at_vendor("08:00 open h1\n08:00 close h1", now="09:00")
    assert (figures(found), found.due, found.provisional) == (("met", NONE, NONE), at("12:00"), False)


def test_r18_spans_name_the_event_that_caused_each() -> None:
    found = at_vendor(
        "08:00 open h1 id=o\n09:00 ask h1 requester_info id=q\n10:00 answer h1 q id=a", stops=ASK
    )
    assert [(piece.span.cause, piece.stopped) for piece in found.pieces] == [
        ("o", False),
        ("q", True),
        ("a", False),
    ]


def test_r18_stopped_time_counts_in_the_clocks_calendar() -> None:
    found = at_vendor(
        "08:00 open h1\n17:00 ask h1 requester_info id=q\n1/09:00 answer h1 q",
        now="1/10:00",
        calendar=office(),
        stops=ASK,
        resolution=16 * H,
    )
    assert figures(found) == ("running", 10 * H, 2 * H)


def test_r19_exclusions_leave_the_live_clock_and_count_once_in_net() -> None:
    text = "08:00 open h1\n09:00 ask h1 requester_info id=q\n10:00 answer h1 q\n12:00 exclude h1 09:30 10:30\n12:00 exclude h1 10:15 11:00"
    found = at_vendor(text, stops=ASK)
    assert figures(found) == ("running", 3 * H, H)
    assert found.net_elapsed == 2 * H


def test_r28_an_ola_runs_only_while_its_organization_holds() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("OLA", "h1", kind=AgreementKind.OLA, provider="org-h1"))
    text = (
        BEGUN
        + "09:00 offer h2\n09:10 receive h2\n09:10 accept h2\n11:00 ask h2 requester_info id=q\n11:30 answer h2 q"
    )
    assert figures(clock(play(where, text, now="12:00"), "OLA")) == ("running", 1.5 * H, 2.5 * H)


def test_targets_without_open_time_in_sight_have_no_due_moment() -> None:
    once = Calendar(code="once", special={at("08:00").date(): (Hours(8 * 3600, 10 * 3600),)})
    found = at_vendor("08:00 open h1", calendar=once)
    assert (found.elapsed, found.due) == (2 * H, None)


def test_a_target_of_nothing_is_due_at_the_start() -> None:
    assert at_vendor("08:00 open h1", now="08:00", resolution=NONE).due == at("08:00")
    assert at_vendor("08:00 open h1", now="09:00", resolution=NONE).breached_at == at("08:00")
