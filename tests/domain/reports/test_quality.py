"""Repeats, first-time fixes, no fault found, visits in vain: each as so many of so many."""

import pytest

from gateway.domain.reports.outcome import Case
from gateway.domain.reports.quality import repeats, section
from tests.domain.reports.month import at, basis, case, rows


def figures(*cases: Case) -> dict[str, tuple[object, object]]:
    found = rows(section(basis(cases=cases)), "quality")
    return {str(row["figure"]).split(":")[0]: (row["part"], row["of"]) for row in found}


def test_figures_are_of_tickets_closed_in_the_period() -> None:
    told = figures(
        case(1, visits=1, fixed_first_time=True),
        case(2, visits=2, abortive=1, fixed_first_time=False, no_fault_found=True),
        case(3, reopened=2, closed_at=None),
        case(4, cancelled=True, no_fault_found=True),
        case(5, closed_at=at(2, month=11), no_fault_found=True),
    )
    assert told == {
        "Repeat": (0, 5),
        "Reopened at least once": (0, 2),
        "Fixed at the first visit, for good": (1, 2),
        "No fault found": (1, 2),
        "Visits in vain": (1, 3),
    }


AGAIN = {
    "the same asset": ({"asset": "TILL-7"}, {"asset": "TILL-7", "site": "RM-1", "service": "mail"}, 20, True),
    "the same service at the same site": ({}, {}, 20, True),
    "another asset at the same site": ({"asset": "TILL-7"}, {"asset": "TILL-8"}, 20, False),
    "another service": ({}, {"service": "mail"}, 20, False),
    "no site and no asset": ({"site": ""}, {"site": ""}, 20, False),
    "opened before the first was closed": ({"closed_at": at(25)}, {}, 20, False),
    "the first never closed": ({"closed_at": None, "resolved_at": None}, {}, 20, False),
    "the first only resolved": ({"closed_at": None}, {}, 20, True),
    "the second cancelled": ({}, {"cancelled": True}, 20, False),
    "another customer's": ({}, {"customer": "org_other"}, 20, False),
}


@pytest.mark.parametrize(("first", "second", "day", "is_repeat"), AGAIN.values(), ids=AGAIN)
def test_what_is_a_repeat(
    first: dict[str, object], second: dict[str, object], day: int, is_repeat: bool
) -> None:
    told = basis(cases=(case(1, **first), case(2, **({"opened_at": at(day), "closed_at": at(28)} | second))))
    assert bool(repeats(told)) is is_repeat


def test_after_thirty_days_it_is_another_fault() -> None:
    early = case(1, opened_at=at(1, month=9), closed_at=at(2, month=9))
    assert len(repeats(basis(cases=(early, case(2, opened_at=at(2)))))) == 1
    assert repeats(basis(cases=(early, case(2, opened_at=at(2, hour=10))))) == []
