"""A ticket that is not at its desk what it was: what is known of it afterwards."""

import pytest

from gateway.domain import relinking
from gateway.domain.case import ANOTHER, MERGED
from gateway.domain.egress import Withheld, assemble
from gateway.domain.model import CommandKind
from gateway.domain.relinking import GONE
from tests.builders import content, delivery, happened, put, tree

# what was known before → what is known once two looks agree that the ticket is gone
DELETED = {
    "nothing": (set[str](), {GONE}),
    "it showed another ticket once": ({f"{ANOTHER} 1 99"}, {GONE}),
    "it was merged": ({MERGED}, {MERGED, GONE}),
    "a field without a meaning": ({"status"}, {"status", GONE}),
}


@pytest.mark.parametrize(("before", "after"), DELETED.values(), ids=DELETED.keys())
def test_a_deleted_ticket_after(before: set[str], after: set[str]) -> None:
    case = tree("customer", "customer>vendor")
    put(case, "vendor", unmapped=frozenset(before))

    relinking.deleted(case, case.hops["hop_vendor"])

    assert case.hops["hop_vendor"].unmapped == after
    assert happened(case) == ["desk.deleted"]


def test_what_waits_for_a_ticket_whose_survivor_was_deleted_too_does_not_wait_for_another_look() -> None:
    """None will come: what is written there is refused by the desk, or withheld, and a person is told."""
    case = tree("customer", "customer>vendor")
    put(case, "vendor", unmapped=frozenset({f"{ANOTHER} 1 99"}))
    words = delivery("vendor", kind=CommandKind.UPDATE, payload={"fields": {"status": "Open"}})
    with pytest.raises(Withheld, match="another ticket"):
        assemble(case, words, {"cnt_x": content("customer")})

    relinking.deleted(case, case.hops["hop_vendor"])

    assert assemble(case, words, {"cnt_x": content("customer")}).kind is CommandKind.UPDATE
