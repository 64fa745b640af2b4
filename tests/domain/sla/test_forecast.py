"""Earliest finish and risk (R22), against figures worked out by hand."""

from fractions import Fraction

from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.forecast import Forecast, Past, forecast
from gateway.domain.sla.terms import Chain
from tests.domain.sla.story import H, M, at, chain, office, play, terms

ALONE = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n"
BELOW = ALONE + "09:00 offer h2\n09:00 accept h2\n"
PROMISE = "SLA"


def told(where: Chain, text: str, past: Past, now: str) -> Forecast | None:
    folded = play(where, text, now=now)
    every = clocks(folded)
    [clock] = [one for one in every if one.agreement == PROMISE and not one.superseded]
    return forecast(folded, every, clock, past)


def known(where: Chain, text: str, past: Past, now: str) -> Forecast:
    found = told(where, text, past, now)
    assert found is not None
    return found


def test_r22_the_quickest_before_is_the_earliest_and_the_share_of_those_too_late_the_chance() -> None:
    """Ten minutes in, of lengths 1 to 10 h: nothing drops out, due 12:00 after 4 h, so six of ten are too late."""
    where = chain("h0 h1<h0", terms(PROMISE, "h1", 4 * H))
    found = known(where, ALONE, {PROMISE: [hours * H for hours in range(1, 11)]}, "08:10")
    assert found.earliest == at("09:00")
    assert (found.likely, found.late) == (at("14:00"), at("18:00"))
    assert found.chance == Fraction(6, 10)
    assert [(leg.hop, leg.had, leg.known) for leg in found.legs] == [("h1", 10 * M, 10)]


def test_r22_what_has_passed_already_tells_that_it_was_none_of_the_quick_ones() -> None:
    """Three and a half hours in: only 4 h to 10 h are left, of which only the first is in time."""
    where = chain("h0 h1<h0", terms(PROMISE, "h1", 4 * H))
    found = known(where, ALONE, {PROMISE: [hours * H for hours in range(1, 11)]}, "11:30")
    assert found.earliest == at("12:00")
    assert found.chance == Fraction(6, 7)


def test_r22_longer_than_ever_before_is_as_if_it_began_anew() -> None:
    where = chain("h0 h1<h0", terms(PROMISE, "h1", 4 * H))
    found = known(where, ALONE, {PROMISE: 5 * [H]}, "09:30")
    assert (found.earliest, found.chance) == (at("10:30"), Fraction(0))


def test_r22_each_party_works_in_its_own_hours_and_the_reserve_comes_after() -> None:
    """At 17:00 the partner needs 2 h of an office that closes at 18: Tuesday 09:00; then an hour round the clock."""
    where = chain(
        "h0 h1<h0 h2<h1",
        terms(PROMISE, "h1", 24 * H, reserve={"P1": H}),
        terms("UC", "h2", 8 * H, calendar=office()),
    )
    text = ALONE + "17:00 offer h2\n17:00 accept h2\n"
    found = known(where, text, {"UC": 5 * [2 * H]}, "17:00")
    assert (found.earliest, found.likely) == (at("1/10:00"), at("1/10:00"))
    assert found.hopeless  # due at 08:00
    assert found.chance == 1


def test_r22_of_branches_the_later_one_counts() -> None:
    """Each takes 1 to 5 h, independent of the other: both within 3 h in 9 of 25."""
    where = chain("h0 h1<h0 h2<h1 h3<h1", terms(PROMISE, "h1", 4 * H), terms("A", "h2"), terms("B", "h3"))
    text = BELOW + "09:00 offer h3\n09:00 accept h3\n"
    lengths = [hours * H for hours in range(1, 6)]
    found = known(where, text, {"A": lengths, "B": lengths}, "09:00")
    assert found.earliest == at("10:00")
    assert found.chance == Fraction(16, 25)


def test_r22_without_a_past_only_the_earliest_is_told() -> None:
    where = chain("h0 h1<h0 h2<h1", terms(PROMISE, "h1", 4 * H, reserve={"P1": H}), terms("UC", "h2"))
    found = known(where, BELOW, {"UC": 4 * [H]}, "10:00")
    assert found.earliest == at("11:00")
    assert (found.likely, found.late, found.chance) == (None, None, None)


def test_r22_who_only_verifies_needs_its_reserve() -> None:
    where = chain("h0 h1<h0 h2<h1", terms(PROMISE, "h1", 4 * H, reserve={"P1": H}), terms("UC", "h2"))
    found = known(where, BELOW + "10:00 resolve h2", {}, "10:30")
    assert (found.earliest, found.likely, found.chance) == (at("11:30"), at("11:30"), Fraction(0))
    assert [leg.verifies for leg in found.legs] == [True]


def test_r22_a_question_counts_as_answered_now() -> None:
    """An hour had passed when the partner asked; the clock stands still meanwhile, and goes on now."""
    where = chain("h0 h1<h0", terms(PROMISE, "h1", 4 * H, stops="requester_info"))
    found = known(where, ALONE + "09:00 ask h1 requester_info", {PROMISE: 5 * [2 * H]}, "11:00")
    assert (found.earliest, found.clock.due, found.chance) == (at("12:00"), at("14:00"), Fraction(0))


def test_r22_what_is_over_or_has_not_begun_has_no_forecast() -> None:
    where = chain("h0 h1<h0", terms(PROMISE, "h1", 4 * H, starts_on="accepted"))
    assert told(where, "08:00 open h0\n08:00 offer h1", {}, "09:00") is None
    assert told(where, ALONE + "09:00 resolve h1", {}, "10:00") is None
