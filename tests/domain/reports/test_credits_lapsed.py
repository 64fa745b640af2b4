"""Credits that nobody claimed in time: nothing is owed, and what it would have been is told."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.reports.credits import balances
from tests.domain.reports.counting import CASE, MISSED, clause, many, statement

D = Decimal


def test_what_lapsed_is_told_with_what_it_would_have_been() -> None:
    late = date(2026, 12, 1)
    found = statement(clause(MISSED, raise_within="30d"), many(94, 6), as_of=late)
    assert (found.owed, found.lapsed) == (D("0"), D("50.00"))
    assert (found.lines[0].amount, found.lines[0].lapsed) == (D("0"), D("50.00"))
    assert balances([found], [])[0].lapsed == D("50.00")
    assert balances([], [found])[0].unclaimed == D("50.00")
    assert balances([], [found], customer="zeta")[0].unclaimed == D("0")


@pytest.mark.parametrize(
    ("at_risk", "lapsed"),
    [("40%", "120.00"), ("20%", "50.00"), ("15%", "0.00")],
    ids=["as it is", "what the others leave", "the others used it up"],
)
def test_what_would_have_been_keeps_to_the_caps(at_risk: str, lapsed: str) -> None:
    claimed = "{breach/2026-10: 2026-11-01}"
    case = CASE.replace("50", "7.5")
    agreement = clause(MISSED, "share: 95%", case, at_risk=at_risk, raise_within="30d", claimed=claimed)
    found = statement(agreement, many(80, 20), as_of=date(2027, 1, 1))
    assert (found.owed, found.lapsed) == (D("150.00"), D(lapsed))
    cut = "; cut to what is left of 20 % of the fee of 2026-10, 50.00 EUR in all"
    assert (cut in found.lines[0].words) == (at_risk == "20%")


def test_a_schemes_own_cap_holds_for_what_lapsed() -> None:
    agreement = clause(f"{CASE}, cap: 10%", raise_within="30d")
    found = statement(agreement, many(0, 9), as_of=date(2027, 1, 1))
    assert found.lapsed == D("100.00")
    assert found.lines[0].words.endswith("the fee = 100.00 EUR; not claimed by 2026-11-30, so it lapsed")
