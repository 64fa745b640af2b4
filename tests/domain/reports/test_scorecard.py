"""The partners' page: none for a customer; for a partner its own line, and a median of five or more others."""

from fractions import Fraction

import pytest

from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.scorecard import sections
from gateway.domain.reports.views import View
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import DEEP, MALL, OUTCOMES, SOUTH, H, basis, rows, underneath


def test_each_partner_by_its_own_agreement() -> None:
    found = rows(sections(basis()), "partners")
    assert [(row["partner"], row["met"], row["breached"], row["mean"], row["part"]) for row in found] == [
        ("Deep Subcontractor", 1, 0, 3 * H, 3 * H),
        ("East Electric", 1, 0, 3 * H, 0 * H),
        ("South Services", 0, 1, 6 * H, 2 * H),
    ]


def test_the_last_line_sums_them_up_and_counts_each_partners_part_once() -> None:
    twice = underneath(2, Verdict.MET, DEEP, SOUTH, target_kind=TargetKind.RESPONSE)
    [table] = sections(basis(outcomes=(*OUTCOMES, twice)))[0].tables
    last = dict(zip((one.key for one in table.columns), table.totals, strict=True))
    assert (last["partner"], last["counted"], last["met"], last["part"]) == ("all", 4, 3, 5 * H)
    assert last["mean"] == 15 * H / 4


def test_one_line_needs_no_sum() -> None:
    [table] = sections(basis(outcomes=(underneath(2, Verdict.MET, DEEP, SOUTH),)))[0].tables
    assert (len(table.rows), table.totals) == (1, ())


def test_the_customer_has_no_such_page() -> None:
    assert sections(basis(View.CUSTOMER, MALL)) == []


@pytest.mark.parametrize("others", [0, 4, 5, 6])
def test_a_median_of_few_is_nobodys_secret_kept(others: int) -> None:
    shares = tuple(Fraction(n, 10) for n in range(others))
    found = rows(sections(basis(View.PARTNER, SOUTH, others=shares)), "beside-others")
    assert found[0] == {"who": "South Services", "gross": 0}
    assert [row["gross"] for row in found[1:]] == {5: [Fraction(2, 10)], 6: [Fraction(1, 4)]}.get(others, [])
