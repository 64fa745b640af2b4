"""What changed under our write: what a command says of the fields it writes, and that it waits for the look."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.delivery import GIVE_UP_AFTER, STALE_AT
from gateway.domain.egress import NotLooked, NotYet, Withheld
from gateway.domain.model import Delivery
from gateway.domain.relinking import GONE
from tests.builders import NOW, delivery, put, tree
from tests.domain.test_egress import CHAIN, leaves


def test_an_update_says_what_the_desk_was_known_to_hold() -> None:
    case = tree(*CHAIN)
    put(case, "partner", shadow={"status": "new", "priority": "3"})

    command = leaves(case, delivery("partner", payload={"fields": {"status": "open", "queue": "Support"}}))

    assert command.was == {"status": "new"}


def stale(since: datetime = NOW) -> Delivery:
    return delivery("partner", payload={"fields": {"status": "open"}, STALE_AT: since.isoformat()})


@pytest.mark.parametrize("looked_at", [None, NOW - timedelta(seconds=1)])
def test_what_changed_under_our_write_is_not_written_before_the_desk_was_read(
    looked_at: datetime | None,
) -> None:
    case = tree(*CHAIN)
    put(case, "partner", looked_at=looked_at)

    with pytest.raises(NotLooked, match="not read since"):
        leaves(case, stale())
    assert leaves(case, stale(), asking=True).fields == {"status": "open"}


def test_what_could_not_be_read_for_as_long_as_anything_is_tried_waits_for_a_person() -> None:
    case = tree(*CHAIN)
    put(case, "partner", looked_at=None)

    with pytest.raises(Withheld, match="could not be read since") as parked:
        leaves(case, stale(NOW - GIVE_UP_AFTER - timedelta(seconds=1)))
    assert not isinstance(parked.value, NotYet)


@pytest.mark.parametrize(
    "seen", [{"looked_at": NOW}, {"looked_at": None, "unmapped": frozenset({GONE})}], ids=["read", "gone"]
)
def test_after_the_look_it_is_written_with_what_the_look_showed(seen: dict[str, Any]) -> None:
    case = tree(*CHAIN)
    put(case, "partner", shadow={"status": "stalled"}, **seen)

    assert leaves(case, stale()).was == {"status": "stalled"}
