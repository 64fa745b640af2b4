"""How long each holder had a ticket."""

from datetime import UTC, datetime, timedelta

from gateway.domain.sla.ledger import Span, held
from gateway.domain.sla.tree import Entry

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def span(first: int, last: int, *holders: str) -> Span:
    entries = tuple(Entry(name, name, "working", None, name, None) for name in holders)
    at = [START + timedelta(microseconds=number) for number in (first, last)]
    return Span(at[0], at[1], entries, (), None)


def test_r12_shared_time_is_divided_and_the_remainder_goes_to_the_first() -> None:
    found = held([span(0, 10, "h1"), span(10, 20, "h2", "h3", "h4"), span(20, 30)])
    assert {name: share // timedelta(microseconds=1) for name, share in found.items()} == {
        "h1": 10, "h2": 4, "h3": 3, "h4": 3,
    }  # fmt: skip
