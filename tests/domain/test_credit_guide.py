"""schemas/contracts.md, "Objectives and credits": what it says in tables is what comes out of its own agreements."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from gateway import schemas
from gateway.domain.agreement_documents import agreement_from
from gateway.domain.agreements import Agreement
from gateway.domain.calendar_documents import calendar_from
from gateway.domain.figures import ran as told_up
from gateway.domain.figures import share
from gateway.domain.objective_problems import objective_problems
from gateway.domain.reports.credits import LineKind, Statement, balances
from gateway.domain.reports.objectives import Result, Standing, evaluate
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.pricing import started
from gateway.domain.sla.terms import TargetKind
from gateway.installation import yaml_text
from tests.domain.reports.counting import H, M, ran, statement

GUIDE = (schemas.folder() / "contracts.md").read_text(encoding="utf-8")
CHAPTER = GUIDE.split("## Objectives and credits", 1)[1].split("\n## ", 1)[0]


@cache
def document(code: str) -> Mapping[str, Any]:
    [block] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    [found] = yaml_text.documents(block.encode(), source="contracts.md")
    [told] = [one for one in found["agreements"] if one["code"] == code]
    return dict(told)


@cache
def agreement(code: str) -> Agreement:
    told = document(code)
    calendars = {name: calendar_from({"code": name, "always": True}) for name in ("office", "shop")}
    return agreement_from({**told, "id": code, "provider": told["organization"]}, calendars)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table with that first heading."""
    lines = CHAPTER.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def told(words: str) -> bool:
    return words in " ".join(CHAPTER.split())


def critical(inside: int, later: int, last: int = 0, *, month: str = "2026-10") -> list[Outcome]:
    """Critical tickets of a month: within 8 h, within 16 h, beyond."""
    times = [8 * H] * inside + [16 * H] * later + [17 * H] * last
    return [ran(number, time, target=8 * H, day=f"{month}-05") for number, time in enumerate(times)]


def test_its_agreements_contradict_nothing() -> None:
    for code in ("acme-tills", "vendor-north"):
        assert list(objective_problems(document(code), code)) == []


def test_what_an_objective_comes_to() -> None:
    [objective] = agreement("acme-tills").objectives
    seen = 0
    for count, inside, within, part, verdict, why in rows("Critical tickets of a month"):
        kept, all_but_last = int(inside or 0), int(within or 0)
        result = evaluate(objective, critical(kept, all_but_last - kept, int(count) - all_but_last))
        assert result.standing.value.replace("_", " ") == verdict
        assert result.denominator == int(count)
        assert (share(result.numerator, result.denominator) if int(count) else "") == part
        assert _reason(result) == why
        seen += 1
    assert seen == 6


def _reason(result: Result) -> str:
    if result.standing is Standing.NO_CASE:
        return "neither met nor missed"
    if result.small and result.standing is Standing.MET:
        return "too few for a share, and one may be missed"
    return result.margin


def half_a_year() -> list[Outcome]:
    found = []
    for place, (month, inside, *_) in enumerate(rows("Month")):
        clocks = critical(int(inside), 60 - int(inside), month=month)
        found += [replace(one, id=f"clk_{place}_{one.id}") for one in clocks]
    return found


@pytest.mark.parametrize("row", rows("Month"), ids=lambda row: row[0])
def test_what_a_month_costs(row: list[str]) -> None:
    month, _, by_share, again, given_back, due = row
    found = statement(agreement("acme-tills"), half_a_year(), month)
    assert _sum(found, "critical-late") == Decimal(by_share or 0)
    assert _sum(found, "critical-again") == Decimal(again or 0)
    assert found.regained == Decimal(given_back or 0)
    assert found.owed == Decimal(due)


def _sum(found: Statement, scheme: str) -> Decimal:
    lines = [one for one in found.lines if one.kind is LineKind.CREDIT and one.scheme == scheme]
    return sum((one.amount for one in lines), Decimal(0))


def test_what_is_said_about_those_months() -> None:
    assert told("In August 53 of 60 are 88.33 %: below 90 %, so 10 % of the fee of 12,000 EUR.")
    assert share(53, 60) == "88.33 %"
    september = statement(agreement("acme-tills"), half_a_year(), "2026-09").lines[0]
    assert september.claim_by == date(2026, 10, 30)
    assert told("for September 2026-10-30")
    assert september.claim == "critical-late/2026-09"


def test_no_more_than_is_at_risk_is_due_in_a_quarter() -> None:
    late = [_on_site(number, 3 * H, month="2026-07") for number in range(20)]
    found = statement(agreement("acme-tills"), [*half_a_year(), *late], "2026-Q3")
    assert found.credited == Decimal("5400.00")
    assert told("At risk are 15 % of the fee of a quarter, 5,400 EUR")


def _on_site(number: int, late: timedelta, month: str = "2026-10") -> Outcome:
    one = ran(number, 4 * H + late, day=f"{month}-05")
    return replace(one, id=f"clk_a{number}", target_kind=TargetKind.ATTENDANCE)


@pytest.mark.parametrize("row", rows("Late by"), ids=lambda row: row[0])
def test_what_a_late_technician_costs(row: list[str]) -> None:
    late = {
        "10 min": 10 * M,
        "10 min 1 s": 10 * M + timedelta(seconds=1),
        "47 min": 47 * M,
        "3 h": 3 * H,
    }[row[0]]
    counted = max(timedelta(), late - 10 * M)
    assert told_up(counted) == row[1]
    assert started(counted, 15 * M) == int(row[2])
    assert statement(agreement("acme-tills"), [_on_site(1, late)]).owed == Decimal(row[3])
    assert told("The last would be 480.00; `most_per_case` stops it at 400.00.")


def test_what_partners_owe_is_set_against_it() -> None:
    owed = statement(agreement("acme-tills"), half_a_year(), "2026-09")
    below = [
        replace(one, agreement="vendor-north", provider="north", consumer="vendor")
        for one in (ran(1, 5 * H + 10 * M), ran(2, 5 * H + 10 * M))
    ]
    due = statement(agreement("vendor-north"), below)
    [balance] = balances([owed], [due])
    [row] = rows("Owed to Acme")
    assert row == [f"{amount} EUR" for amount in (balance.owed, balance.recoverable, balance.exposure)]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("objective", ("objective",)),
        ("credits", ("credits", "by_share", "by_repeat", "by_case", "by_delay", "fee", "by_share.bands")),
    ],
)
def test_it_names_every_word(heading: str, names: tuple[str, ...]) -> None:
    defs = schemas.schema("agreement")["$defs"]
    words = set()
    for name in names:
        found = defs[name.partition(".")[0]]["properties"]
        words |= (found["bands"]["items"]["properties"] if "." in name else found).keys()
    assert sorted(word for word in words if f"`{word}`" not in CHAPTER) == [], heading
