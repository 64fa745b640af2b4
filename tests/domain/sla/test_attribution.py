"""Whose minutes a breach was made of (R12, R23): figures by hand."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.sla.attribution import GAP, Attribution, attribute, headline
from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.terms import AgreementKind, Chain
from tests.domain.sla.story import H, M, chain, office, play, terms

NONE, US = timedelta(), timedelta(microseconds=1)
BEGUN = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n"


def shares(where: Chain, text: str, now: str = "23:00", agreement: str = "SLA") -> Attribution:
    folded = play(where, text, now=now)
    every = clocks(folded)
    clock = headline(every, agreement)
    assert clock is not None
    return attribute(folded, every, clock)


def two(sla: timedelta = 4 * H, uc: timedelta | None = None, **more: Any) -> Chain:
    """A customer's desk, a vendor with an SLA, and a partner."""
    agreements = [terms("SLA", "h1", sla, **more)]
    if uc is not None:
        agreements.append(terms("UC", "h2", uc))
    return chain("h0 h1<h0 h2<h1", *agreements)


def handed(minutes: int, resolved: str) -> str:
    """The vendor keeps the ticket so long, then its partner until `resolved`, when both are done."""
    when = f"{8 + minutes // 60:02}:{minutes % 60:02}"
    return (
        BEGUN
        + f"{when} offer h2\n{when} accept h2\n{resolved} resolve h2 id=x\n{resolved} resolve h1 cause=x"
    )


def test_r23_the_running_time_is_split_by_whom_it_is_booked_to() -> None:
    text = (
        BEGUN
        + "09:00 hold h1 site_access\n10:00 hold h1 carrier\n10:30 hold h1 parts_upstream\n11:00 resolve h1"
    )
    found = shares(chain("h0 h1<h0", terms("SLA", "h1", parts_supplier="depot")), text)
    assert found.time == {"acme": H, "org-h1": H, "outside:carrier": 30 * M, "depot": 30 * M}
    assert (found.overrun, found.parts) == ({}, {})


def test_r23_a_hop_that_handed_on_to_nobody_has_its_own_target() -> None:
    found = shares(two(), BEGUN + "13:00 resolve h1")
    assert (found.breach, found.overrun, found.parts) == (H, {"org-h1": H}, {"org-h1": H})


def test_r23_else_its_stated_reserve() -> None:
    found = shares(two(uc=2 * H, reserve={"P1": H}), handed(90, "12:30"))
    assert found.overrun == {"org-h1": 30 * M, "org-h2": H}
    assert found.parts == {"org-h1": 10 * M, "org-h2": 20 * M}


def test_r23_else_its_target_less_the_longest_of_its_children_so_a_dispatcher_is_not_let_off() -> None:
    assert shares(two(uc=3 * H), handed(120, "12:30")).overrun == {"org-h1": H}


def test_r23_a_target_no_longer_than_its_childs_leaves_a_dispatcher_no_minute() -> None:
    assert shares(two(uc=4 * H), handed(30, "12:30")).parts == {"org-h1": 30 * M}


def test_r23_targets_that_leave_less_than_nothing_are_a_contract_gap() -> None:
    found = shares(two(uc=6 * H), handed(30, "13:30"))
    assert (found.overrun, found.parts) == ({}, {GAP: 1.5 * H})


def test_r23_an_ola_is_the_share_before_anything_else() -> None:
    ola = terms("OLA", "h1", 20 * M, kind=AgreementKind.OLA, provider="org-h1")
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", reserve={"P1": 3 * H}), terms("UC", "h2", 6 * H), ola)
    assert shares(where, handed(30, "12:30")).overrun == {"org-h1": 10 * M}


def test_r23_an_ola_below_does_not_lengthen_what_a_dispatcher_hands_on() -> None:
    ola = terms("OLA", "h2", 9 * H, kind=AgreementKind.OLA, provider="org-h2")
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1"), terms("UC", "h2", 3 * H), ola)
    assert shares(where, handed(120, "12:30")).overrun == {"org-h1": H}


def test_r23_a_link_has_its_allowance_both_directions_together() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 2 * H), tracked="h2", h2={"allowance": 15 * M})
    text = (
        BEGUN
        + """08:10 offer h2
        08:20 receive h2
        08:20 accept h2
        09:00 ask h2 requester_info id=q
        09:10 deliver q
        09:20 answer h2 q id=a
        09:25 deliver a
        10:30 resolve h2 id=r
        10:30 resolve h1 cause=r"""
    )
    found = shares(where, text)
    assert found.time == {"org-h1": 20 * M, "link:h2": 25 * M, "org-h2": 105 * M}
    assert found.overrun == {"link:h2": 10 * M}
    assert found.parts == {"link:h2": 10 * M, GAP: 20 * M}


def test_r23_the_customers_side_has_no_share_its_waiting_without_a_stop_is_named_and_the_breach_stays() -> (
    None
):
    found = shares(two(), BEGUN + "09:00 ask h1 requester_info id=q\n10:00 answer h1 q\n12:30 resolve h1")
    assert found.breach == 30 * M
    assert (found.overrun, found.parts) == ({"org-h0": H}, {"org-h0": 30 * M})


def test_r23_a_question_that_climbed_to_the_customer_is_the_customers() -> None:
    text = "08:00 open h1\n09:00 ask h1 requester_info id=q\n10:00 answer h1 q\n12:30 resolve h1"
    found = shares(chain("h1", terms("SLA", "h1", starts_on="opened")), text)
    assert found.parts == {"acme": 30 * M}


def test_r23_a_hop_without_an_agreement_and_an_outsider_cannot_overrun() -> None:
    text = (
        BEGUN
        + "08:30 offer h2\n08:30 accept h2\n09:00 hold h2 carrier\n13:00 resolve h2 id=x\n13:00 resolve h1 cause=x"
    )
    found = shares(two(reserve={"P1": 2 * H}), text)
    assert found.time == {"org-h1": 30 * M, "org-h2": 30 * M, "outside:carrier": 4 * H}
    assert found.parts == {GAP: H}


def test_r23_a_party_that_met_its_own_agreement_gets_no_share() -> None:
    where = chain(
        "h0 h1<h0 h2<h1",
        terms("SLA", "h1", reserve={"P1": 30 * M}),
        terms("UC", "h2", 3 * H, calendar=office(10, 18)),
    )
    assert shares(where, handed(60, "12:30")).parts == {"org-h1": 30 * M}


def test_r23_overruns_are_measured_in_full_in_the_holders_own_calendar_less_its_own_stops() -> None:
    """The partner works 09–18 and may stop for its visits: of 08:30–13:00 it took 09–10 and 11–13, one hour too long; the
    customer's clock, which knows no such stop, ran in all of it."""
    uc = terms("UC", "h2", 2 * H, calendar=office(9, 18), stops="scheduled_visit")
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", reserve={"P1": H}), uc)
    text = (
        BEGUN
        + """08:30 offer h2
        08:30 accept h2
        10:00 hold h2 scheduled_visit
        11:00 work h2
        13:00 resolve h2 id=x
        13:00 resolve h1 cause=x"""
    )
    assert shares(where, text).overrun == {"org-h2": H}


def test_r23_a_stop_of_the_agreement_under_review_is_no_time_of_its_provider() -> None:
    """Stopped 09–10 for its own visit: by 13:30 it had used 4.5 h of 4 h."""
    where = chain("h1", terms("SLA", "h1", starts_on="opened", stops="scheduled_visit"))
    found = shares(where, "08:00 open h1\n09:00 hold h1 scheduled_visit\n10:00 work h1\n13:30 resolve h1")
    assert (found.breach, found.overrun) == (30 * M, {"org-h1": 30 * M})


def test_r23_the_overrun_is_the_shared_running_time_after_that_instant() -> None:
    """Both branches have an hour; from 09:00 on they overrun, each by half of what both held and all of what it held alone."""
    where = chain(
        "h0 h1<h0 h2<h1 h3<h1",
        terms("SLA", "h1", 2 * H, reserve={"P1": H}),
        terms("B", "h2", H),
        terms("C", "h3", H),
    )
    text = (
        BEGUN
        + """08:00 offer h2
        08:00 accept h2
        08:00 offer h3
        08:00 accept h3
        10:00 resolve h2
        11:00 resolve h3 id=x
        11:00 resolve h1 cause=x"""
    )
    found = shares(where, text)
    assert found.overrun == {"org-h2": 30 * M, "org-h3": 90 * M}
    assert found.parts == {"org-h2": 15 * M, "org-h3": 45 * M}


def test_r23_nobody_bears_more_than_its_overrun_and_the_parts_sum_to_the_breach() -> None:
    """Overruns of 1 µs and of 2 h against a breach of 1 h: floors leave a remainder that the first cannot take."""
    where = chain("h0 h1<h0", terms("SLA", "h1", 2 * H))
    text = BEGUN + "08:10 ask h1 requester_info id=q\n08:10:00.000001 answer h1 q\n11:00 resolve h1"
    found = shares(where, text)
    assert sum(found.parts.values(), NONE) == found.breach == H
    assert all(found.parts[party] <= found.overrun[party] for party in found.overrun)


def test_r12_shared_spans_are_divided_in_whole_microseconds_remainder_to_the_first() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1 h4<h1", terms("SLA", "h1"))
    text = BEGUN + "".join(
        f"08:00 {verb} {hop}\n" for hop in ("h2", "h3", "h4") for verb in ("offer", "accept")
    )
    found = shares(where, text + "08:00:10.000001 resolve h1")
    assert found.time == {"org-h2": 3_333_335 * US, "org-h3": 3_333_333 * US, "org-h4": 3_333_333 * US}


@pytest.mark.parametrize("now", ["09:00", "12:00"])
def test_r23_a_clock_that_kept_its_target_has_no_shares(now: str) -> None:
    found = shares(two(), BEGUN, now=now)
    assert (found.breach, found.overrun, found.parts) == (NONE, {}, {})


def test_r23_a_void_stop_is_its_askers_time() -> None:
    where = chain("h1", terms("SLA", "h1", starts_on="opened", stops="requester_info"))
    text = (
        "08:00 open h1\n09:00 ask h1 requester_info id=q\n10:00 answer h1 q\n12:30 resolve h1\n13:00 void q"
    )
    assert shares(where, text).parts == {"org-h1": 30 * M}
