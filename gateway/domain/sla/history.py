"""From what the gateway recorded to what the clocks read: hops become places, events become records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.binding import BOUND
from gateway.domain.model import ActorKind, Event, Field, Hop, Priority, Visibility
from gateway.domain.sla.bound import Binding, terms_of
from gateway.domain.sla.terms import NONE, Chain, OffsetSample, Place, Record
from gateway.domain.sla.tidings import Tidings

_MACHINES = frozenset({ActorKind.AUTOMATION, ActorKind.GATEWAY})
"""What they do is nobody's response (R13)."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A desk's clock: the finest time it tells, and how far it was from ours, oldest first (R3)."""

    granularity: timedelta = NONE
    samples: tuple[OffsetSample, ...] = ()


def chain_of(
    hops: Sequence[Hop],
    bound: Iterable[Binding],
    sheets: Mapping[str, Agreement],
    watches: Mapping[str, Watch],
) -> Chain:
    """The chain of a ticket: `sheets` are the agreements it is `bound` to, `watches` what is known of each desk's clock."""
    places = {
        hop.id: Place(
            id=hop.id,
            org=hop.org_id,
            parent=hop.parent_id,
            tracked=hop.link_id is not None,
            granularity=watches[hop.desk_id].granularity if hop.desk_id in watches else NONE,
            samples=watches[hop.desk_id].samples if hop.desk_id in watches else (),
        )
        for hop in sorted(hops, key=lambda hop: (hop.offered_at or hop.created_at, hop.id))
    }
    held = terms_of((one for one in bound if one.hop in places), sheets)
    top = next(hop for hop in hops if hop.parent_id is None)
    promised = [terms.consumer for terms in held if terms.hop == top.id]
    return Chain(customer=promised[0] if promised else top.org_id, places=places, agreements=tuple(held))


def records_of(hops: Sequence[Hop], events: Sequence[Event]) -> Iterator[Record]:
    """Every event as the clocks read it; `events` in the order of their recording."""
    tidings, words = Tidings(hops, events), _Words(hops, events)
    for event in events:
        if tidings.is_echo(event) or (event.type == PRIORITY and event.hop_id != words.top.id):
            continue  # a priority is the consumer's (R17)
        told = tidings.report(event)
        yield Record(
            id=event.id,
            type=PRIORITY if event.type == PRIORITY_AGREED else event.type,
            hop=event.hop_id,
            desk=told.desk,
            observed_at=event.observed_at,
            reported_at=told.at,
            stated_at=event.stated_at,
            cause=tidings.cause(event),
            seq=tidings.order(event),
            contrary_seen_at=event.contrary_seen_at,
            data=words.of(event),
        )


PRIORITY, PRIORITY_AGREED = "priority.changed", "priority.agreed"
_RANKS = {
    word.value: rank
    for rank, word in enumerate((Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.CRITICAL))
}


class _Words:
    """What the data of an event say, in the words of the clocks."""

    def __init__(self, hops: Sequence[Hop], events: Sequence[Event]) -> None:
        self.top = top = next(hop for hop in hops if hop.parent_id is None)
        self._parents = {hop.id: hop.parent_id for hop in hops}
        self._comments = {one.id: one for one in events if one.type == "comment.added"}
        first = next((one for one in events if one.type == PRIORITY and one.hop_id == top.id), None)
        self._opening = first.data.get("from") if first is not None else top.facts.get(Field.PRIORITY)
        self._promised_by_top = any(one.type == BOUND and one.hop_id == top.id for one in events)
        self._changes = {one.id: one.data for one in events if one.type == PRIORITY}

    def of(self, event: Event) -> Mapping[str, Any]:
        """The record's data."""
        told = event.data
        match event.type:
            case "ticket.opened":
                return {**told, "priority": self._opening}
            case "status.changed":
                return {**told, "status": told.get("to"), "automatic": event.actor_kind in _MACHINES}
            case "comment.added":
                by = "consumer" if told.get("by_requester") else "provider"
                public = told.get("visibility") == Visibility.PUBLIC
                return {"public": public, "by": by, "automatic": event.actor_kind in _MACHINES}
            case "news.delivered" if self._is_a_word_from_below(event):
                return {**told, "public": True, "by": "provider", "automatic": False}
            case "priority.changed" | "priority.agreed":
                return self._priority(event)
            case _:
                return told

    def _priority(self, event: Event) -> Mapping[str, Any]:
        if event.type == PRIORITY_AGREED:
            return {"priority": self._changes.get(str(event.data.get("event")), {}).get("to")}
        return {"priority": event.data.get("to"), "agreed": not self._is_a_wish(event.data)}

    def _is_a_word_from_below(self, news: Event) -> bool:
        """Whether it brought the hop what a person below it said, and whoever the hop works for reads that too (R13)."""
        comment, above = self._comments.get(news.cause_id or ""), self._parents.get(news.hop_id or "")
        if comment is None or above is None or comment.actor_kind in _MACHINES:
            return False
        return above in comment.data.get("audience", ()) and self._is_below(comment.hop_id, news.hop_id)

    def _is_below(self, hop: str | None, other: str | None) -> bool:
        while hop is not None:
            hop = self._parents.get(hop)
            if hop == other:
                return True
        return False

    def _is_a_wish(self, told: Mapping[str, Any]) -> bool:
        """Whether a provider lowered what it promised by: that counts once the consumer agrees (R17)."""
        before, after = _RANKS.get(str(told.get("from")), 0), _RANKS.get(str(told.get("to")), 0)
        return self._promised_by_top and after < before
