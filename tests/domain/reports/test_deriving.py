"""What a clock came to: verdict and period (R30), sums to the microsecond, priority, reasons, terms that were not in force."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from gateway.domain.agreements import Agreement
from gateway.domain.reports.deriving import ELSEWHERE, derive, judged, outcome_id
from gateway.domain.reports.outcome import Verdict
from gateway.domain.sla.attribution import GAP
from gateway.domain.sla.clock import Clock
from gateway.domain.sla.terms import AgreementKind, Chain, TargetKind
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar
from tests.domain.reports.folding import outcome, ticket
from tests.domain.sla.story import H, M, at, chain, play, terms
from tests.domain.sla.test_properties import SEEDS, folded, histories
from tests.domain.sla.variety import varied

NONE = timedelta()
OPENED = "08:00 open h1\n"


def vendor(**more: Any) -> Chain:
    return chain("h1", terms("SLA", "h1", **{"starts_on": "opened", **more}))


# -- verdicts and periods --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "verdict", "counted_at"),
    [
        ("09:00 resolve h1", Verdict.MET, "09:00"),
        ("13:00 resolve h1", Verdict.BREACHED, "12:00"),
        ("13:00 work h1", Verdict.BREACHED, "12:00"),
        ("09:00 cancel h1", Verdict.CANCELLED, "09:00"),
        ("13:00 cancel h1", Verdict.BREACHED, "12:00"),
        ("13:00 resolve h1\n 14:00 exclude h1 x 09:00 11:00", Verdict.EXCLUDED, "12:00"),
        ("13:00 resolve h1\n 14:00 exclude h1 x 09:00 09:30", Verdict.BREACHED, "12:00"),
        ("11:00 resolve h1\n 11:30 exclude h1 x 09:00 09:30", Verdict.MET, "11:00"),
    ],
    ids=[
        "met by its stop",
        "breached by its due moment, not by its late stop",
        "open past due is breached",
        "cancelled before it was due",
        "cancelled after it was due stays breached",
        "excluded: breached, but not without what both left out",
        "what was left out does not reach",
        "what was met needs no exclusion",
    ],
)
def test_r30_how_and_when_a_clock_counts(history: str, verdict: Verdict, counted_at: str) -> None:
    found = outcome(ticket(play(vendor(), OPENED + history, now="16:00")))

    assert (found.verdict, found.counted_at) == (verdict, at(counted_at))


def test_a_clock_that_runs_counts_nowhere_and_has_no_lengths_yet() -> None:
    found = outcome(ticket(play(vendor(), OPENED, now="09:00")))

    assert (found.verdict, found.counted_at, found.counted_on) == (Verdict.RUNNING, None, None)
    assert (found.elapsed, found.time, found.due_at) == (NONE, {}, at("12:00"))


def test_a_target_that_another_replaced_is_cancelled_unless_it_was_breached_before() -> None:
    where = vendor(targets={TargetKind.RESOLUTION: {"P1": 4 * H, "P2": 8 * H}}, from_change=True)
    changed = "{} priority h1 P2"

    early = ticket(play(where, OPENED + changed.format("10:00"), now="11:00"))
    late = ticket(play(where, OPENED + changed.format("13:00"), now="14:00"))

    assert [one.verdict for one in derive(early)[1]] == [Verdict.CANCELLED, Verdict.RUNNING]
    assert [one.verdict for one in derive(late)[1]] == [Verdict.BREACHED, Verdict.RUNNING]


def test_a_ticket_merged_away_before_it_was_due_is_cancelled_then_and_later_stays_breached() -> None:
    told = play(vendor(), OPENED, now="16:00").told
    for hour, verdict in ((10, Verdict.CANCELLED), (13, Verdict.BREACHED)):
        gone = replace(
            told.records[0], id="m", type="desk.merged", reported_at=None, observed_at=at(f"{hour}:00")
        )
        one = ticket(
            play(vendor(), [*told.records, gone], now="16:00"),
            hops={"h1": {"unmapped": frozenset({"merged"})}},
        )
        found = outcome(one)
        assert (found.verdict, found.counted_at) == (verdict, at("10:00" if hour == 10 else "12:00"))


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", date(2026, 3, 2)), ("Asia/Tokyo", date(2026, 3, 3)), ("", date(2026, 3, 2))]
)
def test_the_day_is_that_of_the_agreements_zone(zone: str, day: date) -> None:
    where = vendor(calendar=Calendar(code="c", zone=zone or "UTC", weekly=ROUND_THE_CLOCK))
    found = outcome(ticket(play(where, OPENED.replace("08", "14") + "16:00 resolve h1", now="20:00")))

    assert found.counted_on == day


def test_cycles_are_counted_one_by_one_each_in_its_own_period() -> None:
    told = OPENED + "09:00 close h1\n 1/09:00 reopen h1\n 1/14:00 close h1"
    one = ticket(play(vendor(), told, now="2/08:00"))

    assert [(found.place, found.verdict, found.counted_on) for found in derive(one)[1]] == [
        (1, Verdict.MET, date(2026, 3, 2)),
        (2, Verdict.BREACHED, date(2026, 3, 3)),
    ]


def test_a_breach_counts_when_it_became_one_not_when_a_later_priority_would_have_been_due() -> None:
    where = vendor(targets={TargetKind.RESOLUTION: {"P1": 4 * H, "P2": 48 * H}})
    told = "08:00 open h1 P2\n 1/22:00 priority h1 P1"
    found = outcome(ticket(play(where, told, now="1/23:00")))

    assert (found.counted_at, found.due_at) == (at("1/22:00"), at("12:00"))
    assert (found.priority, found.target) == ("P1", 4 * H)


def test_the_priority_is_the_one_in_force_when_it_counted() -> None:
    where = vendor(targets={TargetKind.RESOLUTION: {"P1": 4 * H, "P2": 8 * H}})
    found = outcome(ticket(play(where, OPENED + "09:00 close h1\n 10:00 priority h1 P2", now="11:00")))

    assert found.priority == "P1"


def test_judged_excludes_only_what_net_figures_spare() -> None:
    late = Clock.made(
        agreement="SLA", hop="h1", target_kind=TargetKind.RESOLUTION, cycle=1, state="breached", target=4 * H,
        elapsed=5 * H, net_elapsed=4 * H, breached_at=at("12:00"), superseded=0, ended_at=None,
    )  # fmt: skip

    assert judged(late) == (Verdict.EXCLUDED, at("12:00"))
    assert judged(replace(late, net_elapsed=4 * H + timedelta(microseconds=1)))[0] is Verdict.BREACHED


# -- sums ------------------------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_r23_the_parts_of_every_clock_add_up_to_the_microsecond(seed: int) -> None:
    for one in (ticket(folded(*histories(seed))), ticket(folded(*varied(seed)))):
        case, found = derive(one)
        assert len({each.id for each in found}) == len(found) == len(one.clocks)
        for each in found:
            assert sum(each.time.values(), NONE) == each.elapsed
            assert sum(each.stopped.values(), NONE) == each.stopped_time
            late = each.verdict in (Verdict.BREACHED, Verdict.EXCLUDED)
            assert sum(each.parts.values(), NONE) == (each.over if late else NONE)
            assert (each.counted_at is None) == (each.verdict is Verdict.RUNNING)
        assert sum(case.time.values(), NONE) <= (case.closed_at or one.folded.now) - case.opened_at
        assert case.silence <= one.folded.now - case.opened_at


def test_stopped_time_is_told_by_its_reasons_the_providers_own_waits_first() -> None:
    where = vendor(stops="requester_info site_access")
    told = OPENED + "09:00 ask h1 requester_info\n 10:00 work h1\n 10:30 hold h1 site_access\n 10:45 work h1"
    found = outcome(ticket(play(where, told + "\n 11:00 resolve h1", now="12:00")))

    assert found.stopped == {"requester_info": H, "site_access": 15 * M}
    assert found.stopped_time == 75 * M


def test_the_clock_inside_one_organization_rests_elsewhere_while_others_hold() -> None:
    inside = terms("OLA", "h1", kind=AgreementKind.OLA, provider="org-h1", starts_on="opened")
    told = "08:00 open h1\n 09:00 offer h2\n 11:00 resolve h2\n 12:00 resolve h1"
    found = outcome(ticket(play(chain("h1 h2<h1", inside), told, now="13:00")), agreement="OLA")

    assert found.stopped == {ELSEWHERE: 2 * H}


def test_a_breach_beyond_all_targets_is_a_contract_gap() -> None:
    where = chain("h1 h2<h1", terms("SLA", "h1", starts_on="opened"))
    told = "08:00 open h1\n 08:00 offer h2\n 08:00 receive h2\n 13:00 resolve h2\n 13:00 resolve h1"
    found = outcome(ticket(play(where, told, now="14:00")))

    assert found.parts == {GAP: H}


# -- what it says of itself ------------------------------------------------------------------------------------------------


def test_an_outcome_says_whose_it_is() -> None:
    where = chain("h1 h2<h1", terms("UC", "h2", provider="org-h2", consumer="org-h1", kind=AgreementKind.UC))
    facts = {"h1": {"number": "INC-7", "facts": {"service": "tills", "site": "TYO-1", "asset": "A-9"}}}
    told = "08:00 open h1\n 09:00 offer h2\n 10:00 resolve h2"
    found = outcome(ticket(play(where, told, now="14:00"), hops=facts), agreement="UC")

    assert (found.org_id, found.hop_id, found.number) == ("org-h2", "h2", "INC-7")
    assert (found.customer, found.provider, found.consumer) == ("acme", "org-h2", "org-h1")
    assert (found.service, found.site, found.asset) == ("tills", "TYO-1", "A-9")
    assert (found.key, found.place, found.opened_at) == ("UC/h2/resolution", 1, at("08:00"))


def test_the_id_is_the_same_whenever_it_is_counted_and_no_other_tickets() -> None:
    which = ("SLA", "h1", "resolution", 1)

    assert outcome_id("tkt_1", which) == outcome_id("tkt_1", which)
    assert (
        len({outcome_id("tkt_1", which), outcome_id("tkt_2", which), outcome_id("tkt_1", (*which[:3], 2))})
        == 3
    )


@pytest.mark.parametrize("in_renewal", [True, False])
def test_r25_counted_under_an_agreement_that_had_ended_it_is_flagged(in_renewal: bool) -> None:
    where = vendor()
    agreed = Agreement(id="agr_1", code="SLA", terms=where.agreements[0], sheet="sht_1")
    one = ticket(play(where, OPENED + "09:00 resolve h1", now="10:00"), bound={("h1", "SLA"): agreed})
    found = outcome(replace(one, in_renewal={("h1", "SLA")} if in_renewal else set()))

    assert (found.unmeasured, found.sheet) == (in_renewal, "sht_1")


def test_a_clock_of_an_agreement_that_was_replaced_is_counted_all_the_same() -> None:
    """It had ended when its hop was bound to another: the chain does not name its agreement any more."""
    where = vendor()
    one = ticket(play(where, OPENED + "13:00 resolve h1", now="14:00"))
    old = [replace(clock, agreement="OLD") for clock in one.clocks]
    found = outcome(replace(one, clocks=old), agreement="OLD")

    assert (found.verdict, found.elapsed, sum(found.time.values(), NONE)) == (Verdict.BREACHED, 5 * H, 5 * H)
    assert sum(found.parts.values(), NONE) == H


def test_what_was_over_before_it_started_counts_when_it_was_over() -> None:
    """A partner declines before its desk was seen to have the offer."""
    uc = terms("UC", "h2", targets={TargetKind.ACCEPTANCE: {"P1": H}}, starts_on="received")
    told = "08:00 open h1\n 09:00 offer h2\n 09:30 decline h2"
    found = outcome(ticket(play(chain("h1 h2<h1", uc), told, now="14:00")), "acceptance", agreement="UC")

    assert (found.started_at, found.elapsed, found.counted_at) == (None, NONE, at("09:30"))
