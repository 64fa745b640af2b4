"""Folded tickets for the tests of outcomes: a history as the clocks' own tests write it, with a bare hop for each place."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.model import Event, Hop, HopStatus
from gateway.domain.reports.deriving import Ticket, derive
from gateway.domain.reports.outcome import Outcome
from gateway.domain.sla.clocks import Folded, clocks
from tests.builders import NOW


def ticket(
    folded: Folded,
    events: Sequence[Event] = (),
    *,
    hops: Mapping[str, Mapping[str, Any]] | None = None,
    bound: Mapping[tuple[str, str], Agreement] | None = None,
) -> Ticket:
    """A ticket that was folded; `hops` says what is known of some of them."""
    made = [
        Hop(
            **{
                "id": place.id,
                "org_id": place.org,
                "ticket_id": "tkt_1",
                "desk_id": f"dsk_{place.id}",
                "status": HopStatus.IN_PROGRESS,
                "parent_id": place.parent,
                "link_id": f"lnk_{place.id}" if place.parent else None,
                **(hops or {}).get(place.id, {}),
            }
        )
        for place in folded.chain.places.values()
    ]
    return Ticket(
        id="tkt_1", hops=made, events=events, folded=folded, clocks=clocks(folded), bound=bound or {}
    )


def outcome(one: Ticket, target: str = "resolution", *, agreement: str = "SLA", place: int = 1) -> Outcome:
    """What one of its clocks came to."""
    [found] = [
        found
        for found in derive(one)[1]
        if (found.agreement, found.target_kind.value, found.place) == (agreement, target, place)
    ]
    return found


def event(kind: str, hop: str = "h1", number: int = 1, **more: Any) -> Event:
    """An event as it was recorded; `data` as it stands there."""
    told = {"id": f"evt_{number}", "org_id": "org", "ticket_id": "tkt_1", "observed_at": NOW, **more}
    return Event(type=kind, hop_id=hop, **told)
