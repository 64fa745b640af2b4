"""Thirteen months: those without a figure are there too, without a share."""

from fractions import Fraction

import pytest

from gateway.domain.reports.period import period_from
from gateway.domain.reports.rollup import Rolled
from gateway.domain.reports.trend import section
from tests.domain.reports.month import basis, rows


def test_every_month_has_a_line() -> None:
    months = {"2026-09": Rolled(met=9, breached=1), "2026-10": Rolled(met=19, excluded=1)}
    found = rows(section(basis(months=months)), "trend")
    assert [row["month"] for row in found][::12] == ["2025-10", "2026-10"]
    assert (found[-1]["gross"], found[-1]["net"]) == (Fraction(19, 20), Fraction(1))
    assert (found[0]["counted"], found[0]["gross"]) == (0, None)


@pytest.mark.parametrize(
    ("before", "last", "words"),
    [
        (Rolled(met=9, breached=1), Rolled(met=19, breached=1), "2026-10 has a better share than in 2026-09"),
        (Rolled(met=19, breached=1), Rolled(met=9, breached=1), "2026-10 has a worse share than in 2026-09"),
        (Rolled(met=9, breached=1), Rolled(met=18, breached=2), "2026-10 has the same share as in 2026-09"),
        (Rolled(), Rolled(met=1), "There is no other month to compare with yet."),
    ],
)
def test_what_changed_in_a_sentence(before: Rolled, last: Rolled, words: str) -> None:
    told = section(basis(months={"2026-09": before, "2026-10": last}))
    assert told.summary.startswith(words)
    assert bool(told.charts) is bool(before.counted)


def test_a_quarter_ends_its_thirteen_months() -> None:
    found = rows(section(basis(period=period_from("2026-Q3"))), "trend")
    assert (len(found), found[-1]["month"]) == (13, "2026-09")
