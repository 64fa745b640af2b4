"""Which outcomes are asked for."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.query import Query
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.outcomes import kept

DICE = random.Random(3)
SOME = [one for number in range(80) for one in kept(DICE, number)[1]]


@pytest.mark.parametrize(
    "asked",
    [
        {"customer": "acme"},
        {"provider": "north"},
        {"agreement": "gold"},
        {"target_kind": TargetKind.RESPONSE},
        {"priority": "high"},
        {"service": "tills"},
        {"site": "S-1"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_all_that_is_named_must_fit(asked: dict[str, Any]) -> None:
    [(name, value)] = asked.items()
    found = [one for one in SOME if Query(**asked).takes(one)]

    assert 0 < len(found) < len(SOME)
    assert found == [one for one in SOME if getattr(one, name) == value]


def test_of_verdicts_and_tickets_one_must_fit() -> None:
    late = Query(verdicts={Verdict.BREACHED, Verdict.EXCLUDED})
    two = Query(ticket_ids={"tkt_0001", "tkt_0003"})

    assert {one.verdict for one in SOME if late.takes(one)} == {Verdict.BREACHED, Verdict.EXCLUDED}
    assert {one.ticket_id for one in SOME if two.takes(one)} <= {"tkt_0001", "tkt_0003"}
    assert not any(Query(ticket_ids=frozenset()).takes(one) for one in SOME)


def test_the_day_of_the_agreement_decides_on_the_period_not_the_moment() -> None:
    february = Query(period=period_from("2026-02"))
    one = next(one for one in SOME if one.counted_on is not None)
    last = replace(one, counted_on=date(2026, 2, 28), counted_at=datetime(2026, 3, 1, 4, tzinfo=UTC))

    assert february.takes(last)
    assert not february.takes(replace(last, counted_on=date(2026, 3, 1)))


def test_what_runs_is_in_the_periods_since_its_opening() -> None:
    running = next(one for one in SOME if one.verdict is Verdict.RUNNING)
    month = f"{running.opened_at:%Y-%m}"

    assert Query(period=period_from(month)).takes(running)
    assert Query(period=period_from("2027")).takes(running)
    assert not Query(period=period_from("2025")).takes(running)
