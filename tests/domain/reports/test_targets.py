"""Shares are exact, gross and net stand side by side, and what is in neither is listed."""

from fractions import Fraction

import pytest

from gateway.domain.reports.basis import Judged
from gateway.domain.reports.document import Cell
from gateway.domain.reports.objectives import evaluate
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.promises import Objective, Selection
from gateway.domain.reports.targets import section, words
from gateway.domain.reports.views import View
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import MALL, SOUTH, basis, outcome, rows

ROW = {"counted": 4, "met": 2, "breached": 1, "excluded": 1, "cancelled": 1, "running": 2}


def test_a_line_for_each_agreement_and_target() -> None:
    [row] = rows(section(basis()), "targets")
    assert row == ROW | {
        "agreement": "mall-sla",
        "target": "resolution",
        "gross": Fraction(1, 2),
        "net": Fraction(3, 4),
    }


def test_one_code_of_two_providers_is_two_lines() -> None:
    both = (outcome(1, Verdict.MET), outcome(2, Verdict.BREACHED, provider=SOUTH))
    told = section(basis(outcomes=both))
    assert [(row["provider"], row["met"], row["breached"]) for row in rows(told, "targets")] == [
        ("North Stores", 1, 0),
        ("South Services", 0, 1),
    ]
    assert told.tables[0].totals[:3] == ("all", None, None)


@pytest.mark.parametrize("by", ["priority", "service", "site"])
def test_groups_add_up(by: str) -> None:
    met = [
        outcome(n, Verdict.MET, **{by: "a" if n % 3 else ""}, target_kind=kind)
        for n in range(6)
        for kind in (TargetKind.RESPONSE, TargetKind.RESOLUTION)
    ]
    found = rows(section(basis(outcomes=tuple(met))), f"by-{by}")
    assert [(row[by], row["target"], row["counted"]) for row in found] == [
        ("a", "resolution", 4),
        ("a", "response", 4),
        ("none", "resolution", 2),
        ("none", "response", 2),
    ]


@pytest.mark.parametrize("by", ["priority", "service", "site"])
def test_groups_have_a_sum_where_there_are_several(by: str) -> None:
    two = (outcome(1, Verdict.MET, **{by: "a"}), outcome(2, Verdict.BREACHED, **{by: "b"}))
    assert sums(two, f"by-{by}")[:5] == ("all", None, 2, 1, 1)
    assert sums(two[:1], f"by-{by}") == ()


def test_a_clock_that_several_partners_worked_on_is_in_the_sum_once() -> None:
    [table] = [one for one in section(basis()).tables if one.id == "by-partner"]
    assert (table.totals[0], table.totals[1]) == ("all", 2), (
        "of three lines with one each, two are of one ticket"
    )


def sums(outcomes: tuple[Outcome, ...], name: str) -> tuple[Cell, ...]:
    [table] = [one for one in section(basis(outcomes=outcomes)).tables if one.id == name]
    return table.totals


def test_sheets_are_told_to_the_operator_alone() -> None:
    assert rows(section(basis()), "sheets")[-1] == {
        "agreement": "south-uc",
        "provider": "South Services",
        "sheet": "sht_1",
        "clocks": 1,
    }
    for view, org in ((View.CUSTOMER, MALL), (View.PARTNER, SOUTH)):
        assert "sht_1" not in repr(section(basis(view, org)))


def test_999_of_1000_is_not_all() -> None:
    many = tuple(outcome(n, Verdict.MET if n else Verdict.BREACHED) for n in range(2041))
    [row] = rows(section(basis(outcomes=many)), "targets")
    assert row["gross"] == Fraction(2040, 2041)
    assert words(basis(outcomes=many)) == "2,040 of 2,041 clocks were met."


def test_an_empty_sample_has_no_share() -> None:
    told = basis(outcomes=(outcome(1, Verdict.RUNNING), outcome(2, Verdict.CANCELLED)))
    [row] = rows(section(told), "targets")
    assert (row["gross"], row["net"], row["running"], row["cancelled"]) == (None, None, 1, 1)
    assert words(told).startswith("No clock was met or fell due")


def test_partners_are_told_to_the_operator_alone() -> None:
    found = rows(section(basis()), "by-partner")
    assert [(row["partner"], row["counted"], row["breached"]) for row in found] == [
        ("Deep Subcontractor", 1, 1),
        ("East Electric", 1, 0),
        ("South Services", 1, 1),
    ]
    for view, org in ((View.CUSTOMER, MALL), (View.PARTNER, SOUTH)):
        assert all(table.id != "by-partner" for table in section(basis(view, org)).tables)


def test_objectives_that_weigh_differently_are_weighed() -> None:
    two, one = (
        Objective(
            name=name,
            selection=Selection(target=TargetKind.RESOLUTION),
            share=Fraction(9, 10),
            weight=Fraction(weight),
        )
        for name, weight in (("two", 2), ("one", 1))
    )
    met, missed = [outcome(1, Verdict.MET)], [outcome(2, Verdict.BREACHED)]
    judged = [
        Judged(agreement="mall-sla", result=evaluate(objective, outcomes))
        for objective, outcomes in ((two, met), (one, missed))
    ]
    [table] = [found for found in section(basis(judged=judged)).tables if found.id == "objectives"]
    assert table.note.endswith("By weight 66.66 % of what was judged was met.")
    [alone] = [found for found in section(basis(judged=judged[:1])).tables if found.id == "objectives"]
    assert "weight" not in alone.note
