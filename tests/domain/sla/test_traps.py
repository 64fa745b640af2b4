"""Traps that bit others: each of those that concern clocks, by its name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.sla.attribution import GAP, attribute, headline
from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.terms import StopRule, TargetKind
from gateway.domain.worktime import worktime
from tests.domain.sla.story import ALWAYS, H, M, at, chain, clock, figures, office, play, record, rows, terms

NONE = timedelta()
ONE: dict[str, Any] = {"starts_on": "opened"}


def test_trap_warning_an_hour_before_due_is_an_hour_of_business_time() -> None:
    """Mon–Fri 08–18, four hours, opened Monday 17:00: due Tuesday 11:00, warned at 10:00, not at 00:00."""
    found = clock(
        play(chain("h1", terms("SLA", "h1", calendar=office(), **ONE)), "17:00 open h1", now="17:30"), "SLA"
    )
    assert (found.due, found.warn_at(worktime(office()))) == (at("1/11:00"), at("1/10:00"))


def test_trap_warning_and_due_count_from_the_hand_over_not_from_the_opening() -> None:
    found = clock(
        play(chain("h0 h1<h0", terms("UC", "h1")), "08:00 open h0\n10:00 offer h1", now="11:00"), "UC"
    )
    assert (found.due, found.warn_at(worktime(ALWAYS))) == (at("14:00"), at("13:00"))


def test_trap_a_priority_change_keeps_stopped_time_already_earned() -> None:
    targets = {TargetKind.RESOLUTION: {"P3": 24 * H, "P1": 4 * H}}
    where = chain("h1", terms("SLA", "h1", None, targets=targets, stops="requester_info", **ONE))
    text = "08:00 open h1 P3\n09:00 ask h1 requester_info id=q\n13:00 answer h1 q\n14:00 priority h1 P1"
    assert figures(clock(play(where, text, now="15:00"), "SLA")) == ("running", 3 * H, 4 * H)


def test_trap_no_breach_while_pending() -> None:
    where = chain("h1", terms("SLA", "h1", stops="requester_info", **ONE))
    found = clock(play(where, "08:00 open h1\n11:59 ask h1 requester_info", now="9/12:00"), "SLA")
    assert (found.state, found.stopped, found.remaining) == ("running", True, M)


def test_trap_pending_over_a_week_end_is_credited_in_business_time() -> None:
    """Friday 17:00 to Monday 09:00: two hours, not sixty-four."""
    where = chain("h1", terms("SLA", "h1", 40 * H, calendar=office(), stops="requester_info", **ONE))
    text = "4/16:00 open h1\n4/17:00 ask h1 requester_info id=q\n7/09:00 answer h1 q"
    assert figures(clock(play(where, text, now="7/10:00"), "SLA")) == ("running", 2 * H, 2 * H)


def test_trap_created_stopped_or_closed() -> None:
    where = chain("h1", terms("SLA", "h1", stops="requester_info", **ONE))
    stopped = clock(play(where, "08:00 open h1\n08:00 hold h1 requester_info", now="10:00"), "SLA")
    assert (figures(stopped), stopped.stopped) == (("running", NONE, 2 * H), True)
    closed = clock(play(where, "08:00 open h1\n08:00 close h1", now="10:00"), "SLA")
    assert figures(closed) == ("met", NONE, NONE)


def test_trap_paused_is_not_shown_while_the_clock_runs() -> None:
    """Held for a code that stops nothing, held with a question undecided, held longer than the agreement allows."""
    rules = {"site_access": StopRule(automatic=True, longest=H), "site_closed": StopRule()}
    where = chain("h1", terms("SLA", "h1", rules=rules, **ONE))
    for line in ("09:00 hold h1 carrier", "09:00 hold h1 site_closed", "09:00 hold h1 site_access"):
        now = clock(play(where, f"08:00 open h1\n{line}", now="10:30"), "SLA")
        later = clock(play(where, f"08:00 open h1\n{line}", now="10:40"), "SLA")
        assert (now.stopped, later.elapsed - now.elapsed) == (False, 10 * M)


def test_trap_the_clock_starts_at_the_true_outage_time() -> None:
    where = chain("h1", terms("SLA", "h1", starts_on="outage_at"))
    found = clock(play(where, "08:00 open h1 outage=06:30", now="09:00"), "SLA")
    assert (found.started_at, found.elapsed, found.due) == (at("06:30"), 2.5 * H, at("10:30"))


def test_trap_relative_durations_with_stops() -> None:
    """The due moment moves with every stop: 12:00, then 13:30 after ninety minutes of one."""
    where = chain("h1", terms("SLA", "h1", stops="site_access", **ONE))
    text = "08:00 open h1\n09:00 hold h1 site_access\n10:30 work h1"
    assert [clock(play(where, text, now=now), "SLA").due for now in ("08:30", "09:30", "11:00")] == [
        at("12:00"),
        at("12:30"),
        at("13:30"),
    ]


def test_trap_a_stop_is_undone_later() -> None:
    where = chain("h1", terms("SLA", "h1", stops="site_access", **ONE))
    text = "08:00 open h1\n09:00 hold h1 site_access id=s\n11:00 work h1\n13:00 close h1"
    assert clock(play(where, text, now="14:00"), "SLA").state == "met"
    undone = clock(play(where, text + "\n1/09:00 void s", now="1/10:00"), "SLA")
    assert (undone.state, undone.breached_at) == ("breached", at("12:00"))


def test_trap_a_spell_closed_then_reopened_is_nobodys() -> None:
    where = chain("h1", terms("SLA", "h1", reopen_resumes=True, **ONE))
    folded = play(where, "08:00 open h1\n09:00 close h1\n11:00 reopen h1", now="12:00")
    assert figures(clock(folded, "SLA")) == ("running", 2 * H, NONE)
    assert rows(folded)[1] == "09:00 11:00  closed"


def test_trap_two_statuses_in_the_same_second() -> None:
    where = chain("h1", terms("SLA", "h1", **ONE))
    text = "08:00 open h1\n09:00 resolve h1 id=a\n09:00 work h1 id=b"
    assert clock(play(where, text, now="10:00"), "SLA").state == "met"


def test_trap_store_and_desk_seven_zones_apart() -> None:
    """A desk reports in local time of its own zone; the site's calendar is another's. Only instants meet."""
    site = office(zone="Asia/Vladivostok")
    where = chain("h1", terms("SLA", "h1", calendar=site, **ONE))
    found = clock(play(where, "00:00 open h1", now="01:00"), "SLA")
    assert (found.elapsed, found.due) == (H, at("04:00"))
    late = clock(play(where, "06:00 open h1", now="07:00"), "SLA")
    assert late.due == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_trap_p3_becomes_p1_at_22_00() -> None:
    """P3 in office hours, P1 round the clock: from the change it counts at night."""
    targets = {TargetKind.RESOLUTION: {"P3": 20 * H, "P1": 4 * H}}
    where = chain("h1", terms("SLA", "h1", None, targets=targets, from_change=True, **ONE))
    found = clock(play(where, "17:00 open h1 P3\n22:00 priority h1 P1", now="23:00"), "SLA")
    assert (found.started_at, found.due, found.elapsed) == (at("22:00"), at("1/02:00"), H)


def test_trap_pending_in_progress_pending_between_two_looks() -> None:
    """Seen together at 12:00, each with its own report: two stops, and the half hour between them."""
    where = chain("h1", terms("SLA", "h1", stops="requester_info", **ONE))
    text = """08:00 open h1
              09:00 ask h1 requester_info seen=12:00
              10:00 work h1 seen=12:00
              10:30 ask h1 requester_info seen=12:00"""
    assert figures(clock(play(where, text, now="12:00"), "SLA")) == ("running", 1.5 * H, 2.5 * H)


def test_trap_an_automatic_status_after_our_own_comment_is_no_response() -> None:
    targets = {TargetKind.RESPONSE: {"P1": H}}
    where = chain("h1", terms("SLA", "h1", None, targets=targets, **ONE))
    opened, worked = record(1, "08:00 open h1"), record(2, "08:10 work h1")
    worked = type(worked)(
        **{
            **{name: getattr(worked, name) for name in worked.__slots__},
            "data": {"status": "in_progress", "automatic": True},
        }
    )
    assert clock(play(where, [opened, worked], now="10:00"), "SLA/h1/response").state == "breached"


def test_trap_an_overrun_of_five_minutes_is_not_charged_with_a_breach_of_three_hours() -> None:
    """SLA of two hours, a reserve of one, a partner of four: 65 minutes here, 235 there, three hours late."""
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 2 * H, reserve={"P1": H}), terms("UC", "h2"))
    text = """08:00 open h0
              08:00 offer h1
              08:00 accept h1
              09:05 offer h2
              09:05 accept h2
              13:00 resolve h2 id=x
              13:00 resolve h1 cause=x"""
    folded = play(where, text, now="14:00")
    every = clocks(folded)
    found = headline(every, "SLA")
    assert found is not None
    assert attribute(folded, every, found).parts == {"org-h1": 5 * M, GAP: 175 * M}


def test_trap_a_question_swallowed_by_the_middle_desk_is_the_middle_desks() -> None:
    where = chain(
        "h0 h1<h0 h2<h1",
        terms("SLA", "h1", stops="requester_info"),
        terms("UC", "h2", stops="requester_info"),
    )
    text = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n08:00 offer h2\n08:00 accept h2\n09:00 ask h2 requester_info"
    folded = play(where, text, now="12:00")
    assert rows(folded)[1] == "09:00 12:00 h1 asked requester_info"
    assert figures(clock(folded, "SLA")) == ("running", 4 * H, NONE)
    assert figures(clock(folded, "UC")) == ("running", H, 3 * H)
