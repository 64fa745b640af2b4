"""The partners' page: none for a customer; for a partner its own line, and a median of five or more others."""

from fractions import Fraction

import pytest

from gateway.domain.reports.scorecard import sections
from gateway.domain.reports.views import View
from tests.domain.reports.month import MALL, SOUTH, H, basis, rows


def test_each_partner_by_its_own_agreement() -> None:
    found = rows(sections(basis()), "partners")
    assert [(row["partner"], row["met"], row["breached"], row["mean"], row["part"]) for row in found] == [
        ("Deep Subcontractor", 1, 0, 3 * H, 3 * H),
        ("East Electric", 1, 0, 3 * H, 0 * H),
        ("South Services", 0, 1, 6 * H, 2 * H),
    ]


def test_the_customer_has_no_such_page() -> None:
    assert sections(basis(View.CUSTOMER, MALL)) == []


@pytest.mark.parametrize("others", [0, 4, 5, 6])
def test_a_median_of_few_is_nobodys_secret_kept(others: int) -> None:
    shares = tuple(Fraction(n, 10) for n in range(others))
    found = rows(sections(basis(View.PARTNER, SOUTH, others=shares)), "beside-others")
    assert found[0] == {"who": "South Services", "gross": 0}
    assert [row["gross"] for row in found[1:]] == {5: [Fraction(2, 10)], 6: [Fraction(1, 4)]}.get(others, [])
