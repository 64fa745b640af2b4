"""The course of a clock (R13): what starts it, what stops it, what lets it run again; updates."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.terms import EndsOn, TargetKind
from tests.domain.sla.story import H, M, at, at_partner, at_vendor, chain, clock, figures, play, terms

NONE = timedelta()
BEGUN = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n"
BELOW = BEGUN + "08:00 offer h2\n08:00 accept h2\n"
ASK = "requester_info"

# -- R13: start ------------------------------------------------------------------------------------------------------------

HANDED = "07:00 open h0 outage=06:30\n08:00 offer h1\n08:10 receive h1\n08:30 accept h1"


@pytest.mark.parametrize(
    ("start", "moment"),
    [
        ("opened", "07:00"),
        ("outage_at", "06:30"),
        ("handed_over", "08:00"),
        ("received", "08:10"),
        ("accepted", "08:30"),
    ],
)
def test_r13_a_clock_starts_on_what_its_agreement_says(start: str, moment: str) -> None:
    found = at_partner(HANDED, starts_on=start)
    assert found.started_at == at(moment)
    assert found.elapsed == at("12:00") - at(moment)


def test_r13_an_outage_is_never_later_than_the_opening() -> None:
    assert at_vendor("08:00 open h1 outage=08:30", starts_on="outage_at").started_at == at("08:00")


@pytest.mark.parametrize("start", ["received", "accepted"])
def test_r13_a_working_status_implies_received_and_accepted(start: str) -> None:
    text = "08:00 open h0\n08:00 offer h1\n08:20 work h1"
    assert at_partner(text, starts_on=start).started_at == at("08:20")


def test_r13_not_started_is_waiting() -> None:
    found = at_partner("08:00 open h0\n08:00 offer h1\n08:05 receive h1", starts_on="accepted")
    assert (found.state, found.started_at, found.due, found.elapsed) == ("waiting", None, None, NONE)


# -- R13: stop -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("09:00 say h1", True),
        ("09:00 say h1 auto", False),
        ("09:00 say h1 private", False),
        ("09:00 say h0", False),
        ("09:00 work h1", True),
        ("09:00 ask h1 requester_info", True),
        ("09:00 resolve h1", True),
        ("09:00 visit h1 provider 10:00 11:00", False),
    ],
    ids=["public", "automatic", "private", "elsewhere", "working", "question", "resolved", "visit"],
)
def test_r13_response_is_stopped_only_by_a_persons_act(line: str, ends: bool) -> None:
    targets = {TargetKind.RESPONSE: {"P1": H}}
    text = "08:00 open h0\n08:00 offer h1\n08:00 receive h1\n" + line
    found = at_partner(text, key="UC/h1/response", targets=targets)
    assert figures(found) == (("met", H, NONE) if ends else ("breached", 4 * H, NONE))


def test_r13_a_childs_statement_stops_nothing_above() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1"), terms("UC", "h2"))
    folded = play(where, BELOW + "09:00 resolve h2", now="10:00")
    assert clock(folded, "UC").state == "met"
    assert figures(clock(folded, "SLA")) == ("running", 2 * H, NONE)


def test_r13_restoration_is_met_though_work_goes_on() -> None:
    targets = {TargetKind.RESTORATION: {"P1": 4 * H}}
    text = "08:00 open h1\n09:00 restore h1\n09:30 work h1\n10:00 resolve h1\n10:10 work h1"
    found = at_vendor(text, key="SLA/h1/restoration", targets=targets)
    assert figures(found) == ("met", H, NONE)
    assert found.provisional


def test_r13_restoration_resumes_when_its_own_statement_is_rejected_not_with_a_rejected_resolution() -> None:
    targets = {TargetKind.RESTORATION: {"P1": 4 * H}}
    text = "08:00 open h1\n09:00 restore h1 id=r\n10:00 resolve h1 id=s\n10:30 reject h1 {}"
    assert figures(at_vendor(text.format("s"), key="SLA/h1/restoration", targets=targets)) == ("met", H, NONE)
    assert figures(at_vendor(text.format("r"), key="SLA/h1/restoration", targets=targets)) == (
        "running",
        2.5 * H,
        NONE,
    )


def test_r13_delivered_stops_with_the_news_confirmed_with_the_close() -> None:
    text = BEGUN + "09:00 resolve h1 id=x\n09:20 deliver x\n11:00 close h1"
    for ends, elapsed in ((EndsOn.STATED, H), (EndsOn.DELIVERED, 80 * M), (EndsOn.CONFIRMED, 3 * H)):
        found = at_partner(text, tracked="h1", ends_on={TargetKind.RESOLUTION: ends})
        assert figures(found) == ("met", elapsed, NONE), ends


# -- R13: again ------------------------------------------------------------------------------------------------------------

REJECTED = "08:00 open h1\n09:00 resolve h1 id=x\n10:00 reject h1 x\n10:30 resolve h1"


@pytest.mark.parametrize(("continuous", "elapsed"), [(False, 1.5 * H), (True, 2.5 * H)])
def test_r13_rejected_before_close(continuous: bool, elapsed: timedelta) -> None:
    assert figures(at_vendor(REJECTED, continuous=continuous)) == ("met", elapsed, NONE)


def test_r13_taken_up_again_without_a_rejection_resumes() -> None:
    assert figures(at_vendor("08:00 open h1\n09:00 resolve h1\n10:00 work h1\n10:30 resolve h1")) == (
        "met",
        1.5 * H,
        NONE,
    )


@pytest.mark.parametrize(
    ("start", "elapsed"), [("handed_over", 140 * M), ("received", 2 * H), ("accepted", 2 * H)]
)
def test_r13_a_rejection_under_way_runs_against_the_provider_only_with_its_own_link(
    start: str, elapsed: timedelta
) -> None:
    text = (
        BEGUN
        + "09:00 resolve h1 id=x\n09:00 deliver x\n10:00 reject h1 x id=r\n10:20 deliver r\n11:20 resolve h1"
    )
    assert figures(at_partner(text, tracked="h1", starts_on=start)) == ("met", elapsed, NONE)


def test_r13_resolved_again_before_the_rejection_arrived_stays_resolved() -> None:
    text = BEGUN + "09:00 resolve h1 id=x\n10:00 reject h1 x id=r\n10:10 resolve h1\n10:20 deliver r"
    assert figures(at_partner(text, tracked="h1", starts_on="accepted")) == ("met", H, NONE)


REOPENED = "08:00 open h1\n09:00 resolve h1\n10:00 close h1\n11:00 reopen h1"


def test_r13_reopened_after_close_begins_a_new_cycle_or_resumes() -> None:
    folded = play(chain("h1", terms("SLA", "h1", starts_on="opened")), REOPENED, now="12:00")
    assert figures(clock(folded, "SLA")) == ("met", H, NONE)
    assert figures(clock(folded, "SLA#2")) == ("running", H, NONE)
    assert figures(at_vendor(REOPENED, reopen_resumes=True)) == ("running", 2 * H, NONE)


def test_r13_opened_again_before_its_close_is_a_rejection() -> None:
    text = "08:00 open h1\n09:00 resolve h1\n10:00 reopen h1"
    assert figures(at_vendor(text)) == ("running", 3 * H, NONE)


def test_r13_taken_up_after_its_close_without_a_word_is_reopened() -> None:
    folded = play(
        chain("h1", terms("SLA", "h1", starts_on="opened")), REOPENED.replace("reopen", "work"), now="12:00"
    )
    assert figures(clock(folded, "SLA#2")) == ("running", H, NONE)


def test_r13_met_is_provisional_until_its_own_hop_is_closed_or_the_confirmation_period_lapses() -> None:
    text = "08:00 open h1\n09:00 resolve h1"
    assert at_vendor(text).provisional
    assert not at_vendor(text + "\n10:00 close h1").provisional
    assert at_vendor(text, now="11:59", confirmation=3 * H).provisional
    assert not at_vendor(text, now="12:00", confirmation=3 * H).provisional


ACCEPTANCE = {TargetKind.ACCEPTANCE: {"P1": 30 * M}}
OFFERED = "08:00 open h0\n08:00 offer h1\n08:00 receive h1\n"


@pytest.mark.parametrize(
    ("line", "acceptance", "other"),
    [
        ("08:20 decline h1", "met", "cancelled"),
        ("08:20 return h1", "met", "cancelled"),
        ("08:20 expire h1", "cancelled", "cancelled"),
        ("08:20 withdraw h1", "cancelled", "cancelled"),
        ("08:31 decline h1", "breached", "cancelled"),
        ("08:31 expire h1", "breached", "cancelled"),
        ("12:01 decline h1", "breached", "breached"),
        ("12:00 withdraw h1", "breached", "cancelled"),
    ],
)
def test_r13_declined_returned_expired_withdrawn(line: str, acceptance: str, other: str) -> None:
    text = OFFERED + line
    assert at_partner(text, now="13:00", targets=ACCEPTANCE, key="UC/h1/acceptance").state == acceptance
    assert at_partner(text, now="13:00", targets=ACCEPTANCE).state == other


def test_r13_what_a_withdrawn_hop_still_does_moves_no_clock() -> None:
    found = at_partner(BEGUN + "09:00 withdraw h1\n09:30 work h1\n10:00 resolve h1\n10:30 reopen h1")
    assert figures(found) == ("cancelled", H, NONE)


def test_r13_offered_again_to_the_same_hop_its_clock_starts_at_its_own_hand_over() -> None:
    where = chain("h0 h1<h0", terms("UC", "h1", targets=ACCEPTANCE))
    folded = play(where, OFFERED + "08:20 decline h1\n09:00 offer h1\n09:10 accept h1", now="10:00")
    assert figures(clock(folded, "UC")) == ("cancelled", 20 * M, NONE)
    assert figures(clock(folded, "UC#2")) == ("running", H, NONE)
    assert figures(clock(folded, "UC/h1/acceptance#2")) == ("met", 10 * M, NONE)


def test_r13_a_withdrawn_partners_clock_ends_the_next_starts_at_its_hand_over_the_customers_runs_on() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1", terms("SLA", "h1"), terms("A", "h2"), terms("B", "h3"))
    folded = play(where, BELOW + "09:00 withdraw h2\n09:30 offer h3", now="10:00")
    assert figures(clock(folded, "A")) == ("cancelled", H, NONE)
    assert figures(clock(folded, "B")) == ("running", 30 * M, NONE)
    assert figures(clock(folded, "SLA")) == ("running", 2 * H, NONE)


# -- R13: updates ----------------------------------------------------------------------------------------------------------

UPDATE = {TargetKind.UPDATE: {"P1": H, "P3": 4 * H}}


def updates(text: str, now: str = "12:00", **more: Any) -> list[tuple[datetime | None, datetime | None, str]]:
    where = chain("h1", terms("SLA", "h1", starts_on="opened", targets=UPDATE, **more))
    return [
        (one.started_at, one.ended_at, one.state)
        for one in clocks(play(where, text, now=now))
        if one.target_kind is TargetKind.UPDATE
    ]


def test_r13_an_update_is_due_at_least_every_so_often_one_breach_for_each_silence() -> None:
    text = (
        "08:00 open h1\n08:30 say h1\n10:00 say h1\n10:20 say h1 auto\n10:40 say h1 private\n10:45 resolve h1"
    )
    assert updates(text) == [
        (at("08:00"), at("08:30"), "met"),
        (at("08:30"), at("10:00"), "breached"),
        (at("10:00"), at("10:45"), "met"),
    ]


def test_r13_updates_are_not_stopped_by_waiting_unless_the_agreement_says_so() -> None:
    text = "08:00 open h1\n08:30 ask h1 requester_info"
    assert updates(text, stops=ASK)[0][2] == "breached"
    assert updates(text, stops=ASK, updates_wait=True)[0][2] == "running"


def test_r13_the_verification_is_no_silence_of_the_provider() -> None:
    text = "08:00 open h1\n08:30 resolve h1 id=x\n11:00 reject h1 x\n11:20 say h1"
    assert updates(text) == [(at("08:00"), at("11:20"), "met"), (at("11:20"), None, "running")]


def test_r17_each_silence_is_judged_by_the_priority_in_force() -> None:
    text = "08:00 open h1 P1\n08:30 say h1\n10:00 say h1\n10:10 priority h1 P3"
    assert [state for _, _, state in updates(text)] == ["met", "breached", "running"]
    text = "08:00 open h1 P3\n09:30 say h1\n10:30 priority h1 P1"
    assert [state for _, _, state in updates(text, now="11:10")] == ["met", "breached"]


def test_r13_updates_of_a_second_cycle_are_numbered_on() -> None:
    where = chain("h1", terms("SLA", "h1", None, starts_on="opened", targets=UPDATE))
    folded = play(where, "08:00 open h1\n08:30 close h1\n09:00 reopen h1\n09:10 say h1", now="09:20")
    assert [one.key.rpartition("/")[2] for one in clocks(folded)] == ["update#1", "update#2", "update#3"]


def test_r13_acceptance_runs_from_the_arrival_where_the_agreement_starts_on_acceptance() -> None:
    """Half an hour to accept: taken up 40 minutes after it came in is too late, and the work is measured from then on."""
    targets = {TargetKind.ACCEPTANCE: {"P1": 30 * M}}
    where = chain("h0 h1<h0", terms("UC", "h1", 4 * H, starts_on="accepted", targets=targets))
    text = "08:00 open h0\n08:00 offer h1\n08:05 receive h1\n08:45 accept h1\n10:00 resolve h1"
    every = {one.target_kind: one for one in clocks(play(where, text, now="11:00"))}
    acceptance, resolution = every[TargetKind.ACCEPTANCE], every[TargetKind.RESOLUTION]
    assert (acceptance.started_at, acceptance.elapsed, acceptance.breached_at) == (
        at("08:05"),
        40 * M,
        at("08:35"),
    )
    assert (resolution.started_at, resolution.elapsed) == (at("08:45"), 75 * M)
