"""Who held a ticket at every instant, folded from its events in the order they were observed: a first, plain ledger.

The deepest open hop of each branch holds; a hop that is handed over but has not arrived is held by its link; `pending`
passes the ball to the parent until it is answered. Several holders share a span equally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain.model import Event, Hop

TRANSIT = "in transit"

_OPENS = {"ticket.opened", "assignment.offered", "ticket.reopened", "resolution.rejected"}
_ENDS = {"assignment.declined", "assignment.expired", "assignment.returned", "assignment.withdrawn"}
_FINISHED = {"resolved", "closed", "cancelled", "rejected"}


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `start` to `end` the ticket was held by these hops; a hop under way stands as its link's."""

    start: datetime
    end: datetime
    holders: tuple[str, ...]
    in_transit: bool = False


@dataclass(kw_only=True)
class _Chain:
    hops: Mapping[str, Hop]
    open: set[str] = field(default_factory=set)
    arrived: set[str] = field(default_factory=set)
    asking: set[str] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        hop_id = event.hop_id or ""
        match event.type:
            case kind if kind in _OPENS:
                self.open.add(hop_id)
                if self.hops[hop_id].parent_id is None:
                    self.arrived.add(hop_id)
            case "assignment.received":
                self.arrived.add(hop_id)
            case kind if kind in _ENDS:
                self.open.discard(hop_id)
            case "pending.answered":
                self.asking.discard(hop_id)
            case "status.changed":
                self._moved(hop_id, str(event.data.get("to")))

    def _moved(self, hop_id: str, status: str) -> None:
        (self.open.discard if status in _FINISHED else self.open.add)(hop_id)
        (self.asking.add if status == "pending" else self.asking.discard)(hop_id)

    def holders(self) -> tuple[str, ...]:
        root = next((hop.id for hop in self.hops.values() if hop.parent_id is None), "")
        return tuple(dict.fromkeys(self._below(root))) if root in self.open else ()

    def _below(self, hop_id: str) -> list[str]:
        children = [hop.id for hop in self.hops.values() if hop.parent_id == hop_id and hop.id in self.open]
        held: list[str] = []
        for child in children:
            held += [hop_id] if child in self.asking else self._below(child)
        return held or [hop_id]


def ledger(hops: Iterable[Hop], events: Sequence[Event], *, until: datetime) -> list[Span]:
    """The spans from the first event to `until`, without gap or overlap; after the end nobody holds."""
    chain = _Chain(hops={hop.id: hop for hop in hops})
    spans: list[Span] = []
    for position, event in enumerate(events):
        chain.apply(event)
        end = events[position + 1].observed_at if position + 1 < len(events) else until
        holders = chain.holders()
        if end > event.observed_at and holders:
            spans.append(
                Span(
                    start=event.observed_at,
                    end=end,
                    holders=holders,
                    in_transit=not chain.arrived.issuperset(holders),
                )
            )
    return spans


def totals(spans: Iterable[Span], hops: Mapping[str, Hop]) -> dict[str, timedelta]:
    """How long each organization held it, and how long it was under way; shared spans are divided equally."""
    held: dict[str, timedelta] = {}
    for span in spans:
        share = (span.end - span.start) / len(span.holders)
        for hop_id in span.holders:
            name = TRANSIT if span.in_transit else hops[hop_id].org_id
            held[name] = held.get(name, timedelta()) + share
    return held
