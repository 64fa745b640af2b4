"""Months and sums of statements, and that what is frozen thaws as it was."""

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import statement
from gateway.domain.statement import Entry, Statement
from gateway.domain.worklog import Unit, WorkKind, WorkState
from tests.builders import NOW, PROPERTY
from tests.domain.test_worklog import line


@pytest.mark.parametrize(
    ("month", "closed", "into"),
    [
        ("2026-10", [], "2026-10"),
        ("2026-10", ["2026-09"], "2026-10"),
        ("2026-10", ["2026-10"], "2026-11"),
        ("2026-11", ["2026-11", "2026-12", "2027-01"], "2027-02"),
        ("2026-10", ["2026-10", "2026-12"], "2026-11"),
    ],
)
def test_what_comes_too_late_goes_into_the_first_open_month(month: str, closed: list[str], into: str) -> None:
    assert statement.goes_into(month, closed) == into


@PROPERTY
@given(st.lists(st.integers(1, 600), min_size=1, max_size=40))
def test_hours_of_a_sum_are_not_a_sum_of_rounded_hours(minutes: list[int]) -> None:
    entries = [Entry(line=line(amount=Decimal(one)), state=WorkState.ACCEPTED) for one in minutes]
    total = statement.summed(entries)
    assert total.time == timedelta(minutes=sum(minutes))
    assert abs(statement.hours(total.time) * 60 - sum(minutes)) <= Decimal("0.3")
    assert statement.summed(reversed(entries)) == total


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [(0, "0.00"), (1, "0.02"), (20, "0.33"), (90, "1.50"), (100, "1.67"), (6000, "100.00")],
)
def test_hours_have_two_digits_halves_up(minutes: int, hours: str) -> None:
    assert str(statement.hours(timedelta(minutes=minutes))) == hours


def test_money_of_different_currencies_is_never_added() -> None:
    entries = [
        Entry(line=line(price=Decimal(price), currency=currency), state=WorkState.ACCEPTED)
        for price, currency in (("1.10", "EUR"), ("2.20", "EUR"), ("3", "USD"))
    ]
    assert statement.summed(entries).money == {"EUR": Decimal("3.30"), "USD": Decimal(3)}


def test_what_is_frozen_thaws_as_it_was_without_words_and_where_it_came_from() -> None:
    one = line(
        price=Decimal("1.10"),
        currency="EUR",
        kind=WorkKind.TRAVEL,
        unit=Unit.KM,
        amount=Decimal("7.5"),
        told_at=NOW,
    )
    entry = Entry(
        line=one, state=WorkState.LAPSED, below="S-1", above="N-1", text="secret words", reason="more words"
    )
    made = Statement(
        link="a-b",
        upstream="A",
        downstream="B",
        month="2026-03",
        zone="UTC",
        review_days=5,
        made_at=NOW,
        entries=(entry,),
    )
    kept = orjson.dumps(statement.frozen(made))
    assert b"words" not in kept
    assert b"wrk_0" not in kept
    [thawed] = statement.thawed(orjson.loads(kept))
    assert (thawed.line.amount, thawed.line.price, thawed.line.at) == (one.amount, one.price, one.at)
    assert (thawed.state, thawed.below, thawed.above, thawed.text) == (entry.state, "S-1", "N-1", "")


def test_two_assignments_of_one_ticket_are_two_rows_that_add_up() -> None:
    """A ticket that was offered twice over one link has two numbers below."""
    entries = tuple(
        Entry(
            line=line(hop_id=hop, amount=Decimal(minutes)), state=WorkState.ACCEPTED, below=below, above="N-1"
        )
        for hop, minutes, below in (("hop_a", 60, "S-1"), ("hop_b", 30, "S-2"), ("hop_b", 15, "S-2"))
    )
    made = statement.report(
        Statement(
            link="a-b",
            upstream="A",
            downstream="B",
            month="2026-03",
            zone="UTC",
            review_days=5,
            made_at=NOW,
            entries=entries,
        )
    )
    by_ticket = made.sections[0].tables[1]
    assert [(row[1], row[2], row[3]) for row in by_ticket.rows] == [
        ("S-1", 1, timedelta(minutes=60)),
        ("S-2", 2, timedelta(minutes=45)),
    ]
    assert by_ticket.totals[3] == timedelta(minutes=105)
