"""Reconciled time (R1–R4): every sentence of the rule, by hand."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.sla.reconcile import Reconciled, reconcile
from gateway.domain.sla.terms import Chain, OffsetSample
from tests.domain.sla.story import H, M, at, chain, clock, play, record, records, rows, terms

ONE = chain("h1", terms("SLA", "h1", starts_on="opened"))
S = timedelta(seconds=1)


def effective(text: str, where: Chain = ONE, now: str = "23:00") -> Reconciled:
    return reconcile(where, records(text), now=at(now))


def sample(when: str, offset: timedelta, error: timedelta = S) -> OffsetSample:
    return OffsetSample(measured_at=at(when), offset=offset, error=error)


def test_r1_a_doubled_sighting_keeps_the_earliest() -> None:
    first, later = (
        record(1, "08:00 open h1 unreported seen=08:05"),
        record(1, "08:00 open h1 unreported seen=08:09"),
    )
    for told in ([first, later], [later, first]):
        assert reconcile(ONE, told, now=at("09:00")).effective == {"e1": at("08:05")}


def test_r1_as_of_folds_only_what_had_been_observed() -> None:
    text = "08:00 open h1\n09:00 work h1 seen=10:00"
    assert set(effective(text, now="09:30").effective) == {"e1"}
    assert set(effective(text, now="10:00").effective) == {"e1", "e2"}


def test_r1_without_a_report_the_sighting_counts() -> None:
    assert effective("08:00 open h1 unreported seen=08:07").effective["e1"] == at("08:07")


def test_r2_a_report_is_taken_less_the_offset() -> None:
    skewed = chain("h1", h1={"samples": (sample("07:00", 10 * M),)})
    assert effective("08:30 open h1 seen=08:21", skewed).effective["e1"] == at("08:20")


@pytest.mark.parametrize(
    ("text", "event", "moment", "kind", "by"),
    [
        ("08:00 open h1\n09:30 work h1 seen=09:00", "e2", "09:00", "clock_skew", 30 * M),
        ("08:00 open h1\n07:40 work h1 cause=e1 seen=09:00", "e2", "08:00", "before_cause", 20 * M),
        ("08:00 open h1\n08:10 work h1 contrary=08:40 seen=09:00", "e2", "08:40", "backdated", 30 * M),
        ("08:00 open h1\n07:00 work h1 cause=e1 contrary=07:30 seen=09:00", "e2", "08:00", "before_cause", H),
    ],
    ids=["after-sighting", "before-cause", "before-our-look", "cause-later-than-look"],
)
def test_r2_outside_its_window_a_report_is_clamped_and_told(
    text: str, event: str, moment: str, kind: str, by: timedelta
) -> None:
    found = effective(text)
    assert found.effective[event] == at(moment)
    assert [(one.event, one.kind, one.by) for one in found.discrepancies] == [(event, kind, by)]


def test_r2_the_window_ends_at_the_sighting_of_anything_it_caused() -> None:
    text = "08:00 open h1 id=a seen=08:00\n10:00 work h1 id=b seen=11:00\n10:30 ask h1 requester_info id=c cause=b seen=09:30"
    found = effective(text)
    assert found.effective["b"] == at("09:30")
    assert found.effective["c"] == at("09:30")


def test_r2_within_the_granularity_nothing_is_told() -> None:
    coarse = chain("h1", h1={"granularity": M})
    found = effective("08:00:30 open h1\n08:00 work h1 cause=e1 seen=08:05", coarse)
    assert found.effective["e2"] == at("08:00:30")
    assert not found.discrepancies


def test_r2_the_cause_of_accepted_is_received_not_offered() -> None:
    two = chain("h0 h1<h0")
    text = """08:00 open h0
              08:00 offer h1 id=o
              08:10 receive h1 cause=o
              08:05 accept h1 cause=o seen=08:20"""
    found = effective(text, two)
    assert found.effective["e4"] == at("08:10")
    assert [one.kind for one in found.discrepancies] == ["before_cause"]


def test_r2_an_acceptance_after_a_second_offer_answers_that_receipt_in_any_order() -> None:
    two = chain("h0 h1<h0")
    told = records("""08:00 open h0
                      08:00 offer h1 id=o1
                      08:10 receive h1 id=r1 cause=o1
                      08:20 decline h1 id=d
                      09:00 offer h1 id=o2
                      09:10 receive h1 id=r2 cause=o2
                      09:05 accept h1 id=a cause=o2 seen=09:20""")
    for order in (told, told[::-1]):
        assert reconcile(two, order, now=at("10:00")).effective["a"] == at("09:10")


RESTORED = """08:00 open h1
              12:10 restore h1 id=r stated=12:00"""


@pytest.mark.parametrize(
    ("line", "used", "moment"),
    [
        ("12:10 restore h1 id=r stated=12:00", True, "12:00"),
        ("12:15 restore h1 id=r stated=12:00", True, "12:00"),
        ("12:16 restore h1 id=r stated=12:00", False, "12:16"),
        ("12:10 restore h1 id=r stated=12:00 unreported", True, "12:00"),
        ("12:10 arrive h1 id=r stated=12:00", True, "12:00"),
        ("12:10 resolve h1 id=r stated=12:00", True, "12:00"),
    ],
    ids=["within", "at-the-edge", "beyond", "no-report", "arrival", "resolution"],
)
def test_r2_a_stated_time_is_used_within_the_tolerance(line: str, used: bool, moment: str) -> None:
    found = effective(f"08:00 open h1\n{line}")
    assert found.effective["r"] == at(moment)
    assert [(one.used, one.report) for one in found.statements] == [(used, at(line[:5]))]


def test_r2_a_stated_time_beyond_the_tolerance_is_used_once_accepted() -> None:
    text = "08:00 open h1\n12:40 restore h1 id=r stated=11:45"
    assert effective(text).effective["r"] == at("12:40")
    assert effective(text + "\n13:00 ok r").effective["r"] == at("11:45")


def test_r2_the_smallest_tolerance_among_the_agreements_at_the_hop_counts() -> None:
    strict = terms("B", "h1", stated_tolerance=5 * M)
    found = effective(
        "08:00 open h1\n12:10 restore h1 id=r stated=12:00", chain("h1", terms("A", "h1"), strict)
    )
    assert found.effective["r"] == at("12:10")


def test_r2_a_stated_time_never_precedes_its_cause() -> None:
    found = effective("08:00 open h1 id=o\n08:10 resolve h1 id=r stated=07:58 cause=o")
    assert found.effective["r"] == at("08:00")


def test_r2_a_question_is_no_milestone() -> None:
    found = effective("08:00 open h1\n09:10 ask h1 requester_info id=q stated=09:00")
    assert found.effective["q"] == at("09:10")
    assert not found.statements


@pytest.mark.parametrize(
    ("error", "moment"), [(10 * M, "08:30"), (10 * M - S, "08:20")], ids=["within-its-bar", "beyond"]
)
def test_r3_an_offset_within_its_error_bar_is_not_used_beyond_it_whole(error: timedelta, moment: str) -> None:
    where = chain("h1", h1={"samples": (sample("07:00", 10 * M, error),)})
    assert effective("08:30 open h1 seen=08:30", where).effective["e1"] == at(moment)


def test_r3_the_last_sample_at_or_before_the_sighting_counts() -> None:
    series = (sample("07:00", 10 * M), sample("09:00", 20 * M), sample("11:00", 40 * M))
    where = chain("h1", h1={"samples": series})
    assert effective("09:20 open h1 seen=09:00", where).effective["e1"] == at("09:00")
    assert effective("08:10 open h1 seen=08:30", where).effective["e1"] == at("08:00")


def test_r3_a_desk_not_trusted_is_observed_for_later_events_only() -> None:
    where = chain("h1", h1={"observed_from": at("09:00")})
    found = effective("08:00 open h1 seen=08:05\n09:00 work h1 seen=09:05", where)
    assert found.effective == {"e1": at("08:00"), "e2": at("09:05")}


def test_r4_a_late_fact_is_folded_in() -> None:
    text = "08:00 open h1\n11:30 resolve h1 seen=13:00"
    assert clock(play(ONE, text, now="12:30"), "SLA").state == "breached"
    assert clock(play(ONE, text, now="13:00"), "SLA").state == "met"


@pytest.mark.parametrize(
    ("first", "second", "last"),
    [
        ("09:00 resolve h1 id=a", "09:00 work h1 id=b", "a"),
        ("09:00 close h1 id=a", "09:00 resolve h1 id=b", "a"),
        ("09:00 resolve h1 id=a seq=1", "09:00 work h1 id=b seq=2", "b"),
        ("09:00 work h1 id=a cause=b", "09:00 resolve h1 id=b", "a"),
        ("09:00 work h1 id=a", "09:00 say h1 id=b", "b"),
    ],
    ids=["terminal-last", "close-after-resolution", "sequence-first", "cause-before-all", "id"],
)
def test_r4_equal_times_are_ordered(first: str, second: str, last: str) -> None:
    for text in (f"08:00 open h1\n{first}\n{second}", f"{second}\n{first}\n08:00 open h1"):
        assert effective(text).records[-1].id == last


def test_r4_causes_in_a_circle_give_the_same_in_any_order() -> None:
    told = records(
        "08:00 open h1\n09:00 work h1 id=a cause=b\n08:30 work h1 id=b cause=c\n08:40 work h1 id=c cause=a"
    )
    orders = [told, told[::-1], told[2:] + told[:2]]
    found = [reconcile(ONE, order, now=at("10:00")) for order in orders]
    assert found[0].effective == found[1].effective == found[2].effective
    assert found[0].records == found[1].records == found[2].records


def test_r5_moments_in_other_zones_are_the_same_instants() -> None:
    told = records("08:00 open h1\n09:00 resolve h1")
    rome = ZoneInfo("Europe/Rome")
    moved = [replace(one, reported_at=one.observed_at.astimezone(rome)) for one in told]
    assert rows(play(ONE, moved, now="10:00")) == rows(play(ONE, told, now="10:00"))


def test_r2_who_hands_on_accepts_no_earlier_than_he_hands_on() -> None:
    """A desk of whole minutes tells 09:00 for both; the offer below is known to be later."""
    where = chain("h0 h1<h0 h2<h1")
    found = effective(
        "08:50 open h0\n08:50 offer h1 id=o\n08:55 receive h1 cause=o\n"
        "09:00 offer h2 id=p contrary=09:00:30 seen=09:01\n09:00 accept h1 id=a cause=p seen=09:01",
        where,
    )
    assert found.effective["a"] == at("09:00:30")
