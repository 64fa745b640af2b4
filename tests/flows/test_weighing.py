"""Credits of a report: over what really happened in a chain, each party's own, nothing before the month is over."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from gateway.domain.reports.document import Cell, Report
from gateway.domain.reports.views import View
from gateway.flows import reporting
from gateway.flows.reporting import Wanted
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}
OBJECTIVE = {"name": "in-time", "target": "resolution", "share": "95%"}
PROMISE = {
    "code": "desk-sla",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "sla",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h"}},
    "objectives": [OBJECTIVE],
    "credits": {
        "currency": "EUR",
        "fee": {"amount": 1000},
        "raise_within": "30d",
        "schemes": [
            {"name": "missed", "by": "share", "objective": "in-time", "bands": [{"of_fee": "10%"}]},
            {"name": "late", "by": "delay", "target": "resolution", "each": "1h", "amount": 40},
        ],
    },
}
BELOW = {
    "code": "north-uc",
    "provider": "north",
    "consumer": "vendor",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "2h"}},
    "credits": {
        "currency": "EUR",
        "schemes": [{"name": "each", "by": "case", "target": "resolution", "amount": 50}],
    },
}


@pytest.fixture(scope="module")
def late() -> Stage:
    """A ticket that took its partner six hours of the four that were promised to the customer, and is closed."""
    found = Stage(
        "customer>vendor", "vendor>north", cast=Cast(agreements=(PROMISE, BELOW), calendars=(ALWAYS,))
    )
    found.open(priority="high")
    found.delegate("vendor", "north")
    found.wait(6 * HOUR)
    for code in ("north", "vendor"):
        found.set(code, "status", "solved")
    found.wait(HOUR)
    return found


def told(found: Stage, *, now: datetime, view: View = View.OPERATOR, partner: str = "") -> Report:
    wanted = Wanted(customer="customer", period=f"{found.hub.now:%Y-%m}", view=view, partner=partner)
    return reporting.compose(found.hub.context, wanted, now=now)


def rows(report: Report, table: str) -> list[tuple[Cell, ...]]:
    [one] = [one for section in report.sections for one in section.tables if one.id == table]
    return list(one.rows)


def after(found: Stage, days: int = 1) -> datetime:
    """So many days into the next month."""
    first = found.hub.now.replace(day=1) + timedelta(days=32)
    return first.replace(day=days, hour=12)


def test_nothing_is_owed_before_the_month_is_over(late: Stage) -> None:
    owed, recoverable, _ = rows(told(late, now=late.hub.now), "credits-eur")
    assert (owed[1], recoverable[1]) == (Decimal(0), Decimal(0))
    assert owed[2] == Decimal("220.00")


def test_what_is_owed_and_what_comes_back(late: Stage) -> None:
    """Over by two hours and the minutes before the hand-over: three started hours, and the objective."""
    report = told(late, now=after(late, 2))
    assert rows(report, "credits-eur") == [
        ("Owed", Decimal("220.00"), Decimal("0.00")),
        ("Recoverable from partners", Decimal("50.00"), Decimal("0.00")),
        ("Exposure", Decimal("170.00"), Decimal("0.00")),
    ]
    lines = {row[2]: row for row in rows(report, "credits-owed-eur")}
    assert lines["missed"][5] == Decimal("100.00")
    assert "0 of 1 within the target (0 %), 95 % promised; missed: 10 % of the fee" in str(lines["missed"][7])
    assert {row[1] for row in rows(report, "credits-proof")} == {
        f"{name}/{late.hub.now:%Y-%m}" for name in ("missed", "late", "each")
    }


def test_what_the_customer_does_not_claim_in_time_lapses(late: Stage) -> None:
    owed, *_ = rows(told(late, now=after(late, 2) + timedelta(days=40)), "credits-eur")
    assert owed[1] == Decimal(0)


def test_the_customer_sees_what_it_is_owed_and_nothing_of_partners(late: Stage) -> None:
    report = told(late, now=after(late, 2), view=View.CUSTOMER)
    assert [row[0] for row in rows(report, "credits-eur")] == ["Owed"]
    assert "north" not in repr([one for one in report.sections if one.id == "credits"]).lower()


def test_a_partner_sees_what_it_owes(late: Stage) -> None:
    report = told(late, now=after(late, 2), view=View.PARTNER, partner="north")
    assert rows(report, "credits-eur") == [("Owed", Decimal("50.00"), Decimal("0.00"))]
