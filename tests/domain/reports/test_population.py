"""Which tickets are counted, and why the others are not: every ticket that was opened is in one line."""

from fractions import Fraction

import pytest

from gateway.domain.reports.outcome import Coverage
from gateway.domain.reports.period import period_from
from gateway.domain.reports.population import by_history, coverage_words, population_words, section
from tests.domain.reports.month import CASES, at, basis, case, rows


def test_opened_and_counted_are_reconciled_line_by_line() -> None:
    lines = {str(row["line"]).strip("– "): row["tickets"] for row in rows(section(basis()), "population")}
    assert lines == {
        "Opened in the period": 7,
        "Ended in the period: closed, or an imported history over": 6,
        "Counted: a clock was met, or fell due, in the period": 4,
        "of these opened in the period": 3,
        "of these opened before it": 1,
        "Opened in the period, not counted": 4,
        "it was met, or fell due, after the period": 1,
        "its clocks still run and are not due yet": 1,
        "cancelled, withdrawn or merged before it was due": 1,
        "no agreement held for it": 1,
    }


def test_each_that_is_left_out_is_named_with_its_reason() -> None:
    found = {row["ticket"]: row["why"] for row in rows(section(basis()), "left-out")}
    assert set(found) == {"M-3", "M-4", "M-5", "M-8"}
    assert found["M-5"] == "cancelled, withdrawn or merged before it was due"


def test_where_none_is_left_out_no_reason_is_promised() -> None:
    told = basis(cases=CASES[:2])
    assert population_words(told).endswith("none of those opened left out.")


@pytest.mark.parametrize("name", ["2026-09", "2026-10", "2026-11", "2026-Q4", "2026"])
def test_nobody_is_counted_twice_and_nobody_forgotten(name: str) -> None:
    told = basis(period=period_from(name))
    lines = {str(row["line"]).strip("– "): row["tickets"] for row in rows(section(told), "population")}
    assert lines["Opened in the period"] == (
        _number(lines["of these opened in the period"]) + _number(lines["Opened in the period, not counted"])
    )
    missing = section(told).tables[2].rows if len(section(told).tables) == 3 else ()
    assert len(missing) == lines["Opened in the period, not counted"]


def test_what_no_agreement_held_for_is_opened_and_left_out() -> None:
    told = basis(unpromised=(case(30, closed_at=None), case(31, opened_at=at(30, month=9))))
    lines = {str(row["line"]).strip("– "): row["tickets"] for row in rows(section(told), "population")}
    assert (lines["Opened in the period"], lines["no agreement held for it"]) == (8, 2)


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def test_the_worst_coverage_of_a_ticket_is_told_first() -> None:
    partly = (case(1), case(2, coverage=Coverage.LINK_DOWN), case(3, coverage=Coverage.PERSON))
    told = basis(cases=partly)
    assert by_history(told) == Fraction(1, 3)
    assert [(row["tickets"], row["share"]) for row in rows(section(told), "coverage")] == [
        (1, Fraction(1, 3))
    ] * 3
    assert coverage_words(told) == "1 of 3 tickets measured by the desks' own history alone."


def test_a_period_without_tickets_has_no_shares() -> None:
    told = basis(cases=tuple(one for one in CASES if one.opened_at > at(1, month=12)), outcomes=())
    assert (by_history(told), rows(section(told), "coverage"), section(told).charts) == (None, [], ())
