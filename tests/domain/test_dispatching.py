"""Rules fire on the change into matching, and only then."""

from typing import Any

import pytest

from gateway.domain.case import Because, Case
from gateway.domain.dispatching import after_changes, at_opening, passes
from gateway.domain.model import Condition, HopStatus, Link, LinkState, Passage
from tests.builders import PERSON, ROBOT, link, put, tree

QUEUE = Condition(field="queue", value="network")
BOTH = Passage(when=QUEUE, delegate_as="North")


def ready(**more: Any) -> Case:
    """A ticket at the customer's desk, beside a link that is not used yet."""
    case = tree("customer>north", links={"customer>north": {"passage": BOTH, **more}})
    del case.hops["hop_north"]
    return case


def fire(case: Case, before: dict[str, str | None] | None, because: Because = PERSON) -> int:
    after_changes(case, "hop_customer", before=before, because=because)
    return len(case.hops) - 1


# the ticket before, the ticket now → offered
MOVES: dict[str, tuple[dict[str, str | None] | None, dict[str, str | None], bool]] = {
    "into the queue": ({"queue": "inbox"}, {"queue": "network"}, True),
    "named in the delegate field": ({}, {"delegate": "north"}, True),
    "named beside others": ({"delegate": "South"}, {"delegate": "South, NORTH"}, True),
    "matching all along": ({"queue": "network"}, {"queue": "network"}, False),
    "matching all along, by another way now": ({"queue": "network"}, {"delegate": "North"}, False),
    "out of the queue": ({"queue": "network"}, {"queue": "inbox"}, False),
    "never matching": ({"queue": "inbox"}, {"queue": "archive"}, False),
    "a name that only contains it": ({}, {"delegate": "Northern"}, False),
    "not there before": (None, {"queue": "network"}, True),
    "not there before, and not matching": (None, {"queue": "inbox"}, False),
}


@pytest.mark.parametrize(("before", "now", "offered"), MOVES.values(), ids=MOVES.keys())
def test_a_ticket_moves(
    before: dict[str, str | None] | None, now: dict[str, str | None], offered: bool
) -> None:
    case = ready()
    put(case, "customer", shadow=now)

    assert fire(case, before) == (1 if offered else 0)


def test_a_rule_of_the_desk_may_move_it_there_too() -> None:
    case = ready()
    put(case, "customer", shadow={"queue": "network"})

    assert fire(case, {}, ROBOT) == 1


@pytest.mark.parametrize("status", [HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.WITHDRAWN])
def test_nothing_is_handed_on_from_a_hop_that_is(status: HopStatus) -> None:
    case = ready()
    put(case, "customer", shadow={"queue": "network"}, status=status)

    assert fire(case, {}) == 0


def back(case: Case, status: HopStatus = HopStatus.IN_PROGRESS) -> None:
    """The customer's desk shows that it works again on what was resolved."""
    hop = case.hops["hop_customer"]
    case.record("status.changed", hop, PERSON, {"from": "resolved", "to": status.value, "reason": None})
    put(case, "customer", status=status)


def test_a_partner_named_while_it_was_resolved_is_asked_when_it_is_worked_on_again() -> None:
    case = ready()
    put(case, "customer", shadow={"delegate": "North"}, status=HopStatus.RESOLVED)
    assert fire(case, {}) == 0

    back(case)

    assert fire(case, {"delegate": "North"}) == 1


def test_who_was_asked_before_it_was_resolved_is_not_asked_again() -> None:
    case = tree("customer>north", links={"customer>north": {"passage": BOTH}})
    put(case, "customer", shadow={"delegate": "North"})
    put(case, "north", status=HopStatus.DECLINED)

    back(case)

    assert fire(case, {"delegate": "North"}) == 1
    assert case.hops["hop_north"].status is HopStatus.DECLINED


def test_a_paused_link_passes_nothing() -> None:
    case = ready(state=LinkState.PAUSED)
    put(case, "customer", shadow={"queue": "network"})

    assert fire(case, {}) == 0


def passage(**more: Any) -> Link:
    return link("a", "b", passage=Passage(**more))


def test_a_link_without_a_rule_and_without_a_name_passes_nothing() -> None:
    assert not passes(passage(), {"queue": "network", "delegate": ""})


def test_at_opening_all_that_match_are_found() -> None:
    links = [
        passage(when=QUEUE),
        passage(delegate_as="b"),
        passage(when=Condition(field="queue", op="empty")),
    ]

    assert at_opening(links, {"queue": "network", "delegate": "B"}) == links[:2]
