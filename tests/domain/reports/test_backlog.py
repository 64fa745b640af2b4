"""What is open at the end, by age; what keeps coming back."""

from datetime import timedelta

import pytest

from gateway.domain.reports.backlog import ageing, chronic
from gateway.domain.reports.outcome import Verdict
from tests.domain.reports.month import OCTOBER, H, at, basis, case, outcome, rows

END = OCTOBER.end


@pytest.mark.parametrize(
    ("age", "name"),
    [
        (timedelta(days=1), "up to a day"),
        (timedelta(days=1, microseconds=1), "2 to 3 days"),
        (timedelta(days=7), "4 to 7 days"),
        (timedelta(days=30), "8 to 30 days"),
        (timedelta(days=31), "more than 30 days"),
    ],
)
def test_ages(age: timedelta, name: str) -> None:
    told = ageing(basis(cases=(case(1, opened_at=END - age, closed_at=None),), outcomes=()))
    assert {row["age"]: row["tickets"] for row in rows(told, "backlog") if row["tickets"]} == {name: 1}
    assert rows(told, "oldest")[0]["age"] == age


def test_what_was_closed_later_was_open_then() -> None:
    cases = (case(1, closed_at=END), case(2, closed_at=END - H), case(3, opened_at=END, closed_at=None))
    assert ageing(basis(cases=cases)).summary == "1 ticket was open at the end."


def test_breaches_of_open_tickets_are_counted() -> None:
    told = ageing(basis(cases=(case(1, closed_at=None),), outcomes=(outcome(1, Verdict.BREACHED),)))
    assert [row["late"] for row in rows(told, "backlog") if row["tickets"]] == [1]


def test_a_breach_after_the_end_was_not_known_then() -> None:
    later = outcome(1, Verdict.BREACHED, counted_at=END)
    told = ageing(basis(cases=(case(1, closed_at=None),), outcomes=(later,)))
    assert [row["late"] for row in rows(told, "backlog") if row["tickets"]] == [0]

    cases = tuple(case(n, opened_at=at(10 + n), asset="TILL-7") for n in (1, 2, 3))
    told = chronic(basis(cases=cases, outcomes=(later, outcome(2, Verdict.BREACHED))))
    assert [row["late"] for row in rows(told, "chronic-assets")] == [1]


def test_nothing_open_is_said() -> None:
    told = ageing(basis(cases=()))
    assert (rows(told, "backlog"), told.charts) == ([], ())


def test_three_times_within_ninety_days_is_chronic() -> None:
    cases = [
        case(n, opened_at=END - n * timedelta(days=30), asset="TILL-7", site=f"S-{n}") for n in (1, 2, 3)
    ]
    found = rows(chronic(basis(cases=tuple(cases), outcomes=())), "chronic-assets")
    assert [(row["asset"], row["tickets"]) for row in found] == [("TILL-7", 3)]
    earlier = case(4, opened_at=END - timedelta(days=91), asset="TILL-7")
    assert rows(chronic(basis(cases=(*cases[:2], earlier), outcomes=())), "chronic-assets") == []
    cancelled = case(5, opened_at=END - H, asset="TILL-7", cancelled=True)
    assert rows(chronic(basis(cases=(*cases[:2], cancelled), outcomes=())), "chronic-assets") == []
    assert rows(chronic(basis(cases=tuple(cases), outcomes=())), "chronic-sites") == []
