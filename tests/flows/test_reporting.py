"""A report over what really happened in a chain: counted from kept rows, laid beside the sums, told to each as it may know it,
as of an earlier moment and under other terms; each question without an answer with what, why and what to do."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.reports.document import Cell, Report
from gateway.domain.reports.views import View
from gateway.errors import InterdeskError, Invalid, NotFound, Refused
from gateway.flows import outcomes, reporting
from gateway.flows.reporting import Wanted
from gateway.store.rollups import MONTH
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}
PROMISE = {
    "code": "desk-sla",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "sla",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h"}},
}
BELOW = {
    "code": "north-uc",
    "provider": "north",
    "consumer": "vendor",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "2h"}},
}
GENEROUS = PROMISE | {
    "code": "generous",
    "targets": {"resolution": {"high": "9h"}},
    "valid_from": "2099-01-01",
}


@pytest.fixture(scope="module")
def late() -> Stage:
    """A ticket that took its partner six hours of the four that were promised."""
    cast = Cast(agreements=(PROMISE, BELOW, GENEROUS), calendars=(ALWAYS,))
    found = Stage("customer>vendor", "vendor>north", cast=cast)
    found.open(priority="high")
    found.delegate("vendor", "north")
    found.wait(6 * HOUR)
    for code in ("north", "vendor"):
        found.set(code, "status", "solved")
    found.wait(HOUR)
    return found


def month(found: Stage, back: int = 0) -> str:
    number = found.hub.now.year * 12 + found.hub.now.month - 1 - back
    return f"{number // 12}-{number % 12 + 1:02}"


def asked(found: Stage, **more: Any) -> Wanted:
    return Wanted(**({"customer": "customer", "period": month(found)} | more))


def told(found: Stage, **more: Any) -> Report:
    return reporting.compose(found.hub.context, asked(found, **more), now=found.hub.now)


def rows(report: Report, table: str) -> list[dict[str, Cell]]:
    [one] = [one for section in report.sections for one in section.tables if one.id == table]
    return [dict(zip((column.key for column in one.columns), row, strict=True)) for row in one.rows]


def test_a_breach_is_told_with_whose_it_was(late: Stage) -> None:
    report = told(late)
    [target] = rows(report, "targets")
    assert (target["agreement"], target["counted"], target["met"], target["breached"], target["gross"]) == (
        *("desk-sla", 1, 0, 1),
        0,
    )
    [breach] = rows(report, "breaches")
    parts = [one["part"] for one in rows(report, "breach-parts")]
    assert sum((part for part in parts if isinstance(part, timedelta)), timedelta()) == breach["over"]
    assert breach["mostly"] == "North"
    assert {one["partner"]: one["breached"] for one in rows(report, "partners")} == {"North": 1}


def test_the_sums_are_those_of_the_clocks_and_it_is_said_if_not(late: Stage) -> None:
    assert told(late).warnings == told(late).warnings
    assert not any("rebuild" in words for words in told(late).warnings)
    with late.hub.database.write() as db:
        db.execute(MONTH.delete())
    assert any("interdesk report rebuild" in words for words in told(late).warnings)
    outcomes.rebuild(late.hub.context, now=late.hub.now)
    assert not any("rebuild" in words for words in told(late).warnings)


def test_the_trend_comes_from_the_kept_sums(late: Stage) -> None:
    trend = rows(told(late), "trend")
    assert len(trend) == 13
    assert (trend[-1]["month"], trend[-1]["counted"], trend[-2]["counted"]) == (month(late), 1, 0)


@pytest.mark.parametrize(
    ("more", "unseen"),
    [
        ({"view": View.CUSTOMER}, ["North", "north"]),
        ({"view": View.PARTNER, "partner": "north"}, ["Customer", "desk-sla"]),
    ],
)
def test_each_reads_only_what_it_may_know(late: Stage, more: dict[str, Any], unseen: list[str]) -> None:
    report = told(late, **more)
    text = repr((report.title, report.parameters, report.headlines, report.warnings, report.sections))
    assert [word for word in unseen if f"{word}" in text] == []
    assert rows(report, "targets")


def test_the_page_in_front_has_codes_and_one_zone(late: Stage) -> None:
    """Ids of sheets stand in a table at the end of a chapter, which the operator reads."""
    report = told(late)
    assert report.parameters["agreements"] == "desk-sla, north-uc"
    here = late.hub.now.astimezone(ZoneInfo(report.zone))
    assert report.parameters["as of"] == f"{here:%Y-%m-%d %H:%M:%S %Z}"
    assert {str(one["sheet"])[:4] for one in rows(report, "sheets")} == {"sht_"}
    for more in ({"view": View.CUSTOMER}, {"view": View.PARTNER, "partner": "north"}):
        assert "sht_" not in repr(told(late, **more))


def test_a_partner_finds_its_own_numbers(late: Stage) -> None:
    [breach] = rows(told(late, view=View.PARTNER, partner="north"), "breaches")
    assert breach["ticket"] == late.hop("north").number


def test_as_of_an_earlier_moment_nothing_was_late_yet(late: Stage) -> None:
    before = told(late, as_of=late.hub.now - 5 * HOUR)
    [target] = rows(before, "targets")
    assert (target["running"], target["counted"]) == (1, 0)
    assert rows(before, "breaches") == []
    again = told(late, as_of=late.hub.now)
    assert rows(again, "breach-parts") == rows(told(late), "breach-parts")
    assert rows(again, "trend") == rows(told(late), "trend")


def test_under_another_contract_it_would_have_been_met(late: Stage) -> None:
    under = told(late, under="generous")
    [target] = rows(under, "targets")
    assert (target["met"], target["breached"]) == (1, 0)
    assert under.parameters["under"] == "generous"


def test_a_clock_is_explained_from_the_name_that_the_report_gives_it(late: Stage) -> None:
    [breach] = rows(told(late), "breaches")
    found, clock = reporting.clock(late.hub.context, str(breach["clock"]), now=late.hub.now)
    assert (clock.key, found.ticket_id) == (breach["clock"], late.case.ticket.id)
    assert all(piece.span.cause for piece in clock.pieces)
    for name in ("nonsense", f"desk-sla/{clock.hop}/attendance", "desk-sla/hop_none/resolution"):
        with pytest.raises(NotFound):
            reporting.clock(late.hub.context, name, now=late.hub.now)


QUESTIONS: dict[str, tuple[dict[str, Any], type[InterdeskError], str]] = {
    "a customer nobody knows": ({"customer": "custmer"}, NotFound, "did you mean 'customer'?"),
    "a partner nobody knows": ({"view": View.PARTNER, "partner": "nort"}, NotFound, "did you mean 'north'?"),
    "a partner's view without a partner": ({"view": View.PARTNER}, Invalid, "--partner"),
    "a partner in the operator's view": ({"partner": "north"}, Invalid, "--view partner"),
    "a month to come": ({"period": "2999-01"}, Refused, "had not begun"),
    "a moment to come": ({"as_of": None, "period": "2999"}, Refused, "the last that is over is"),
    "no period": ({"period": "soon"}, Invalid, "2026-Q4"),
    "before the first ticket": ({"period": "2001-01"}, NotFound, "its first ticket was opened on"),
    "a customer without tickets": ({"customer": "north"}, NotFound, "no ticket of north is known"),
    "unknown terms": ({"under": "generos"}, NotFound, "did you mean 'generous'?"),
}


@pytest.mark.parametrize(("more", "kind", "words"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_without_an_answer(
    late: Stage, more: dict[str, Any], kind: type[InterdeskError], words: str
) -> None:
    with pytest.raises(kind) as raised:
        told(late, **more)
    assert words in str(raised.value)
    assert raised.value.cure


def test_a_moment_that_has_not_come(late: Stage) -> None:
    with pytest.raises(Refused, match="has not come yet"):
        told(late, as_of=late.hub.now + HOUR)


def test_what_is_not_due_yet_is_no_share() -> None:
    found = Stage("customer>vendor", cast=Cast(agreements=(PROMISE,), calendars=(ALWAYS,)))
    found.open(priority="high")
    report = told(found)
    assert report.headlines[0].startswith("No clock was met or fell due")
    [target] = rows(report, "targets")
    assert (target["running"], target["gross"]) == (1, None)
    assert rows(report, "left-out")[0]["why"] == "its clocks still run and are not due yet"
    assert any("The period is not over" in words for words in report.warnings)


def test_a_ticket_that_no_agreement_held_for_is_told_of() -> None:
    found = Stage("customer>vendor")
    found.open(priority="low")
    assert found.case.ticket.watched is False
    report = told(found)
    [row] = rows(report, "left-out")
    assert (row["ticket"], row["why"]) == (found.hop("customer").number, "no agreement held for it")
    assert report.headlines[0].startswith("No clock was met or fell due")
    assert "No agreement promises anything to Customer" in report.warnings[-1]


def test_terms_that_stand_for_nothing_are_said(late: Stage) -> None:
    """What is between the vendor and its partner cannot stand for what the customer is promised."""
    report = told(late, under="north-uc")
    assert [one["breached"] for one in rows(report, "targets")] == [1]
    found = Stage("customer>vendor", cast=Cast(agreements=(PROMISE, BELOW), calendars=(ALWAYS,)))
    found.open(priority="high")
    silent = told(found, under="north-uc")
    assert "1 ticket is bound to nothing" in silent.warnings[-1]
