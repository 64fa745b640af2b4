"""From what the gateway recorded to what the clocks read: hops become places, events become records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.model import ActorKind, Event, Field, Hop, Visibility
from gateway.domain.sla.bound import Binding, terms_of
from gateway.domain.sla.terms import Chain, Place, Record

_MACHINES = frozenset({ActorKind.AUTOMATION, ActorKind.GATEWAY})
"""What they do is nobody's response (R13)."""


def chain_of(
    hops: Sequence[Hop],
    bound: Iterable[Binding],
    sheets: Mapping[str, Agreement],
    granularity: Mapping[str, timedelta],
) -> Chain:
    """The chain of a ticket: `sheets` are the agreements it is `bound` to, `granularity` that of each desk's clock."""
    places = {
        hop.id: Place(
            id=hop.id,
            org=hop.org_id,
            parent=hop.parent_id,
            granularity=granularity.get(hop.desk_id, timedelta()),
        )
        for hop in sorted(hops, key=lambda hop: (hop.offered_at or hop.created_at, hop.id))
    }
    held = terms_of((one for one in bound if one.hop in places), sheets)
    top = next(hop for hop in hops if hop.parent_id is None)
    promised = [terms.consumer for terms in held if terms.hop == top.id]
    return Chain(customer=promised[0] if promised else top.org_id, places=places, agreements=tuple(held))


def records_of(hops: Sequence[Hop], events: Sequence[Event]) -> Iterator[Record]:
    """Every event as the clocks read it."""
    top = next(hop for hop in hops if hop.parent_id is None)
    first = next((one for one in events if one.type == "priority.changed" and one.hop_id == top.id), None)
    opening = first.data.get("from") if first is not None else top.facts.get(Field.PRIORITY)
    for event in events:
        data = dict(_data(event))
        if event.type == "ticket.opened":
            data["priority"] = opening
        if event.type == "priority.changed" and event.hop_id != top.id:
            continue  # the priority is the consumer's (R17)
        yield Record(
            id=event.id,
            type=event.type,
            hop=event.hop_id,
            desk=event.hop_id,
            observed_at=event.observed_at,
            reported_at=event.reported_at,
            stated_at=event.stated_at,
            cause=event.cause_id,
            data=data,
        )


def _data(event: Event) -> Mapping[str, Any]:
    told = event.data
    match event.type:
        case "status.changed":
            return {**told, "status": told.get("to"), "automatic": event.actor_kind in _MACHINES}
        case "comment.added":
            public = told.get("visibility") == Visibility.PUBLIC
            return {"public": public, "by": "provider", "automatic": event.actor_kind in _MACHINES}
        case "priority.changed":
            return {"priority": told.get("to")}
        case _:
            return told
