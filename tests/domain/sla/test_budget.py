"""The hand-over budget (R20): by when a hop must be done, moments against moments."""

from gateway.domain.sla.budget import Budget, budget
from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.terms import AgreementKind, Chain
from tests.domain.sla.story import H, M, at, chain, office, play, terms

BELOW = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n09:00 offer h2\n"
DEEP = BELOW + "09:00 accept h2\n10:00 offer h3\n"


def needed(where: Chain, text: str, hop: str, now: str) -> Budget:
    folded = play(where, text, now=now)
    return budget(folded, clocks(folded), hop)


def test_r20_the_downstream_due_is_that_of_its_own_agreement() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 8 * H), terms("UC", "h2", 3 * H))
    found = needed(where, BELOW, "h2", "09:00")
    assert (found.own_due, found.needed_by, found.conflict) == (at("12:00"), at("16:00"), False)


def test_r20_a_clock_that_waits_for_acceptance_is_due_as_if_it_began_now() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 8 * H), terms("UC", "h2", 3 * H, starts_on="accepted"))
    assert needed(where, BELOW, "h2", "09:00").own_due == at("12:00")


def test_r20_needed_by_is_the_earliest_due_above_less_every_reserve_down_to_the_parent() -> None:
    where = chain(
        "h0 h1<h0 h2<h1 h3<h2",
        terms("SLA", "h1", 8 * H, reserve={"P1": H}),
        terms("UC", "h2", 5 * H, reserve={"P1": 30 * M}),
        terms("SC", "h3", 4 * H),
    )
    found = needed(where, DEEP, "h3", "10:00")
    assert [(row.agreement, row.due, row.less_reserves) for row in found.rows] == [
        ("UC", at("14:00"), at("13:30")),
        ("SLA", at("16:00"), at("14:30")),
    ]
    assert (found.own_due, found.needed_by, found.conflict) == (at("14:00"), at("13:30"), True)


def test_r20_each_reserve_is_subtracted_in_its_owners_calendar() -> None:
    """Due Tuesday 10:00; an hour of an office that opens at 10 reaches back to Monday 17:00, two of one at 16 to 14:00."""
    where = chain(
        "h0 h1<h0 h2<h1 h3<h2",
        terms("SLA", "h1", 26 * H, reserve={"P1": H}, reserve_calendar=office(10, 18)),
        terms("UC", "h2", 99 * H, reserve={"P1": 2 * H}, reserve_calendar=office(9, 16)),
    )
    row = next(row for row in needed(where, DEEP, "h3", "10:00").rows if row.agreement == "SLA")
    assert (row.due, row.less_reserves) == (at("1/10:00"), at("14:00"))


def test_r20_clocks_that_ended_and_olas_ask_for_nothing() -> None:
    ola = terms("OLA", "h1", H, kind=AgreementKind.OLA, provider="org-h1")
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 8 * H), ola)
    assert needed(where, BELOW, "h2", "09:00").needed_by == at("16:00")
    assert needed(where, BELOW + "09:30 resolve h1", "h2", "10:00").needed_by is None


def test_r20_a_moment_that_is_equal_is_no_conflict() -> None:
    where = chain("h0 h1<h0 h2<h1", terms("SLA", "h1", 8 * H), terms("UC", "h2", 7 * H))
    assert not needed(where, BELOW, "h2", "09:00").conflict
