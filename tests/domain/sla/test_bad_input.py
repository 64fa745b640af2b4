"""Events that should not be: each has one answer that can be counted on. Contracts that should not be are in
tests/cli/test_bad_contracts, requests in tests/cli/test_stops."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.sla.reconcile import CLOCK_SKEW, reconcile
from gateway.domain.sla.terms import OffsetSample, moment
from gateway.domain.worktime import CalendarError, worktime
from tests.domain.sla.story import (
    ALWAYS,
    H,
    M,
    at,
    at_vendor,
    chain,
    clock,
    figures,
    play,
    record,
    records,
    rows,
    terms,
)

NONE = timedelta()


def test_r24_a_clock_skewed_by_hours_is_clamped_to_what_was_seen_and_told_with_both_views() -> None:
    """A desk three hours ahead, never measured: a resolution "at 13:00" that was seen at 10:00 took effect at 10:00."""
    where = chain("h1", terms("SLA", "h1", starts_on="opened"))
    told = records("08:00 open h1\n13:00 resolve h1 seen=10:00")
    seen = reconcile(where, told, now=at("12:00"))
    [one] = seen.discrepancies
    assert (one.kind, one.reported_at, one.by) == (CLOCK_SKEW, at("13:00"), 3 * H)
    assert figures(clock(play(where, told, now="12:00"), "SLA")) == ("met", 2 * H, NONE)


def test_r3_a_clock_skewed_by_hours_that_was_measured_is_simply_set_right() -> None:
    sample = OffsetSample(measured_at=at("07:00"), offset=3 * H, error=timedelta(seconds=1))
    where = chain("h1", terms("SLA", "h1", starts_on="opened"), h1={"samples": (sample,)})
    told = [record(1, "08:00 open h1 unreported"), record(2, "13:00 resolve h1 seen=10:05")]
    seen = reconcile(where, told, now=at("12:00"))
    assert (seen.discrepancies, seen.effective["e2"]) == ((), at("10:00"))


def test_r5_a_naive_local_time_is_refused_and_never_guessed() -> None:
    naive = datetime.fromisoformat("2026-03-02T10:00:00")
    with pytest.raises(CalendarError, match=r"names no zone; write for example 2026-03-02T10:00:00\+01:00"):
        worktime(ALWAYS).between(naive, at("12:00"))
    assert moment("2026-03-02T10:00:00+01:00") == at("09:00")
    assert moment(naive) is None, "in an event it is no moment at all"


def test_r14_overlapping_stops_at_several_hops_count_once() -> None:
    """Held at two desks from 09:00 to 12:00 and from 10:00 to 14:00, one below the other: three stretches, five hours."""
    where = chain(
        "h0 h1<h0 h2<h0",
        terms("SLA", "h0", 12 * H, starts_on="opened", stops="site_access carrier"),
        terms("ONE", "h1", 12 * H, stops="site_access"),
        terms("TWO", "h2", 12 * H, stops="carrier"),
    )
    folded = play(
        where,
        """08:00 open h0
           08:00 offer h1
           08:00 accept h1
           08:00 offer h2
           08:00 accept h2
           09:00 hold h1 site_access
           10:00 hold h2 carrier
           12:00 work h1
           14:00 work h2""",
        now="15:00",
    )
    assert figures(clock(folded, "SLA")) == ("running", 5 * H, 2 * H), "both hold from 10:00 to 12:00 only"
    assert figures(clock(folded, "ONE")) == ("running", 4 * H, 3 * H)
    assert figures(clock(folded, "TWO")) == ("running", 3 * H, 4 * H)


def test_r13_events_of_a_withdrawn_hop_move_no_clock_and_hold_nothing() -> None:
    where = chain("h0 h1<h0", terms("SLA", "h0", starts_on="opened"), terms("UC", "h1"))
    text = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n09:00 withdraw h1\n"
    quiet = play(where, text, now="12:00")
    noisy = play(where, text + "09:30 hold h1 site_access\n10:00 resolve h1\n10:30 say h1", now="12:00")
    for key in ("SLA", "UC"):
        assert figures(clock(noisy, key)) == figures(clock(quiet, key))
    assert (clock(noisy, "UC").state, rows(noisy)) == ("cancelled", rows(quiet))


@pytest.mark.parametrize(
    ("resumes", "key", "found"),
    [
        pytest.param(False, "SLA#2", ("running", H, NONE), id="a cycle of its own"),
        pytest.param(True, "SLA", ("running", 2 * H, NONE), id="resumed, less the time it was closed"),
    ],
)
def test_r13_a_reopening_after_close_is_what_the_agreement_says(
    resumes: bool, key: str, found: tuple[str, timedelta, timedelta]
) -> None:
    where = chain("h1", terms("SLA", "h1", starts_on="opened", reopen_resumes=resumes))
    folded = play(where, "08:00 open h1\n09:00 close h1\n14:00 reopen h1", now="15:00")
    assert figures(clock(folded, key)) == found


def test_r16_a_request_before_its_cause_or_turned_round_stops_nothing() -> None:
    """Asked for over a time before the ticket was there, and from later to earlier: no clock moves."""
    told: dict[str, Any] = {"resolution": 8 * H, "stops": "site_access"}
    before = at_vendor("08:00 open h1\n10:00 stop h1 site_access 05:00 07:00", "12:00", **told)
    turned = at_vendor("08:00 open h1\n11:30 stop h1 site_access 11:00 09:00", "12:00", **told)
    assert figures(before) == figures(turned) == ("running", 4 * H, NONE)


def test_r16_a_request_for_a_time_to_come_stops_it_only_when_it_has_come() -> None:
    told: dict[str, Any] = {"resolution": 8 * H, "stops": "site_access"}
    text = "08:00 open h1\n09:00 stop h1 site_access 11:00 13:00"
    assert at_vendor(text, "10:30", **told).stopped_time == NONE
    assert at_vendor(text, "11:30", **told).stopped_time == 30 * M
    assert at_vendor(text, "15:00", **told).stopped_time == 2 * H


def test_r15_a_reason_code_that_nobody_knows_stops_nothing_and_is_booked_to_the_hop() -> None:
    where = chain("h1", terms("SLA", "h1", starts_on="opened", stops="site_access"))
    folded = play(where, "08:00 open h1\n09:00 hold h1 full_moon", now="11:00")
    assert figures(clock(folded, "SLA")) == ("running", 3 * H, NONE)
    assert rows(folded)[-1].startswith("09:00 11:00 h1 held")
