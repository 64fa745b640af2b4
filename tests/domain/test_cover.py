"""A ticket that no agreement covers: handed over and marked, or its desk is told why not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.domain import handover
from gateway.domain.agreements import Agreement
from gateway.domain.case import Case
from gateway.domain.model import CommandKind, Field, Uncovered
from tests.builders import PERSON, tree
from tests.domain.test_binding import agreement

SCALES = agreement("acme-scales", services=frozenset({"scales", "printers"}))
ENDED = agreement("acme-all", valid_until=date(2026, 1, 15))
"""Forty-six days before the second of March."""


def case(
    *agreements: Agreement,
    uncovered: Uncovered = Uncovered.REJECT,
    priority: str | None = "medium",
    **hop: Any,
) -> Case:
    """A customer's ticket about tills; nothing is handed over yet."""
    facts = {Field.SERVICE: "tills"} | ({Field.PRIORITY: priority} if priority else {})
    found = tree(
        "customer>vendor",
        links={"customer>vendor": {"uncovered": uncovered}},
        hops={"customer": {"facts": facts, **hop}},
    )
    known = replace(found.directory, agreements=agreements)
    own = {"hop_customer": found.hops["hop_customer"]}
    return Case(directory=known, ticket=found.ticket, hops=own, now=found.now, new_id=found.new_id)


def offered(found: Case) -> bool:
    link = found.directory.links["lnk_customer_vendor"]
    return handover.offer(found, found.hops["hop_customer"], link, PERSON) is not None


def said(found: Case) -> list[str]:
    return [
        str(one.payload.get("text", one.note)) for one in found.deliveries if one.kind is CommandKind.COMMENT
    ]


def test_r26_what_is_not_covered_passes_and_is_marked_unless_the_link_says_otherwise() -> None:
    found = case(SCALES, uncovered=Uncovered.ACCEPT_UNMEASURED)
    assert offered(found)
    assert [event.type for event in found.events].count("agreement.missing") == 1


def test_r26_a_link_that_takes_only_what_is_covered_tells_the_desk_why() -> None:
    found = case(SCALES)
    assert not offered(found)
    [event] = found.events
    why = "agreement acme-scales does not cover service 'tills'; it covers printers, scales"
    assert event.type == "assignment.refused"
    assert event.data["why"] == f"{why}; ask for another agreement, or change the ticket"
    [delivery] = found.deliveries
    assert delivery.hop_id == "hop_customer"
    assert any(why in content.text for content in found.contents) or any(why in text for text in said(found))


def test_r26_without_any_agreement_it_says_so() -> None:
    found = case()
    assert not offered(found)
    assert (
        found.events[0].data["why"].startswith("there is no agreement with Vendor, and this link takes only")
    )


@pytest.mark.parametrize("priority", ["critical", "high"])
def test_r26_urgent_tickets_always_pass(priority: str) -> None:
    assert offered(case(SCALES, priority=priority))


def test_r26_a_priority_that_nobody_can_read_may_be_urgent() -> None:
    assert offered(case(SCALES, priority=None, unmapped=frozenset({Field.PRIORITY})))
    assert not offered(case(SCALES, priority=None))


def test_r26_shortly_after_a_contract_has_ended_its_tickets_pass() -> None:
    lately = replace(ENDED, valid_until=date(2026, 2, 1))
    assert offered(case(lately))
    found = case(ENDED)
    assert not offered(found)
    assert "agreement acme-all ended on 2026-01-15" in found.events[0].data["why"]


def test_r26_an_agreement_of_another_service_that_ended_lately_lets_nothing_pass() -> None:
    assert not offered(case(replace(SCALES, valid_until=date(2026, 3, 1))))


def test_r26_what_is_covered_passes() -> None:
    assert offered(case(agreement("acme-all")))


def test_before_it_begins_it_covers_nothing() -> None:
    found = case(agreement("acme-all", valid_from=date(2026, 4, 1)))
    assert not offered(found)
    assert "agreement acme-all begins on 2026-04-01" in found.events[0].data["why"]
