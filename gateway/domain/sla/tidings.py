"""What an event tells the clocks beside what it is: whose desk reported it and when, in which order its desk keeps it, and
which pass of the ball a piece of news has brought to the other desk (R1, R4, R11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.model import Event, Hop, Source
from gateway.domain.reporters import reporter

NEWS = "news.delivered"
_DOWN = frozenset({"pending.answered", "resolution.rejected", "ticket.reopened"})
_UP = frozenset({"assignment.declined", "assignment.returned"})
_UP_STATUSES = frozenset({"pending", "resolved"})
_ARRIVES = frozenset({NEWS, "assignment.received"})


@dataclass(frozen=True, kw_only=True)
class Report:
    """The time a desk gives an event, None where it gives none that counts, and the hop of that desk."""

    at: datetime | None
    desk: str | None


class Tidings:
    """The events of one ticket, in the order of recording."""

    def __init__(self, hops: Sequence[Hop], events: Sequence[Event]) -> None:
        self._hops = {hop.id: hop for hop in hops}
        self._events = {event.id: event for event in events}
        self._orders = {
            event.id: place for place, event in enumerate(events) if event.source is Source.HISTORY
        }
        self._arrivals = _arrivals(events)
        self._led_to: dict[str, list[Event]] = {}
        for event in events:
            if event.cause_id is not None and self._carries(event) is not None:
                self._led_to.setdefault(event.cause_id, []).append(event)

    def order(self, event: Event) -> int | None:
        """Its place among what its desk's history told: histories are read in their own order."""
        return self._orders.get(event.id)

    def report(self, event: Event) -> Report:
        """Who says when it was. What we conclude from an act in the same breath takes effect with it: an offer with the
        change that made it, an answer with the words that were it."""
        told: Event | None = event
        while told is not None and _is_conclusion(told):
            told = self._events.get(told.cause_id or "")
            if told is not None and told.observed_at != event.observed_at:
                told = None
        told = told or event
        hop = self._hops.get(told.hop_id or "")
        desk = reporter(told.type, hop) if hop is not None else told.hop_id
        return Report(at=None if told.observed_only else told.reported_at, desk=desk)

    def is_echo(self, event: Event) -> bool:
        """Whether it is only our writing down that an answered hop works again: it does so when the answer has arrived."""
        cause = self._events.get(event.cause_id or "")
        conclusion = event.type == "status.changed" and event.source is Source.GATEWAY
        return conclusion and cause is not None and cause.type == "pending.answered"

    def cause(self, event: Event) -> str | None:
        """What it follows from: news from the pass of the ball it brought, where it brought one; what nothing led to, from
        the ticket's being there at all, and its arrival from the offer. A desk that tells whole seconds cannot turn that round."""
        passed = self._brought(event) if event.type == NEWS else None
        if passed is not None:
            return passed.id
        cause = self._events.get(event.cause_id or "")
        found = cause.cause_id if cause is not None and self.is_echo(cause) else event.cause_id
        return found or self._arrivals.get(event.id)

    def _brought(self, news: Event) -> Event | None:
        """The delivered thing itself, what it follows from, or what followed from it (words that were an answer)."""
        told = self._events.get(news.cause_id or "")
        while told is not None:
            if self._carries(told) == news.hop_id:
                return told
            told = self._events.get(told.cause_id or "")
        after = self._led_to.get(news.cause_id or "", ())
        return next((one for one in after if self._carries(one) == news.hop_id), None)

    def _carries(self, event: Event) -> str | None:
        """The hop to which an event passes the ball; None if it does not."""
        if event.type in _DOWN:
            return event.hop_id
        asks = event.type == "status.changed" and event.data.get("to") in _UP_STATUSES
        hop = self._hops.get(event.hop_id or "")
        return hop.parent_id if hop is not None and (asks or event.type in _UP) else None


_BEGINS = frozenset({"ticket.opened", "assignment.offered", "assignment.received"})


def _arrivals(events: Sequence[Event]) -> dict[str, str]:
    """Event id → the newest event before it that brought its hop the ticket; of a status that a desk told, the one before
    it there: a desk can be in a state no earlier than in the one it came from."""
    came: dict[str | None, str] = {}
    stood: dict[str | None, str] = {}
    found = {}
    for event in events:
        told = event.type == "status.changed" and event.source is not Source.GATEWAY
        before = stood.get(event.hop_id) if told else None
        if before is not None or event.hop_id in came:
            found[event.id] = before or came[event.hop_id]
        if told:
            stood[event.hop_id] = event.id
        elif event.type in _BEGINS:
            came[event.hop_id] = event.id
            stood.pop(event.hop_id, None)
    return found


def _is_conclusion(event: Event) -> bool:
    own = event.source is Source.GATEWAY and event.type not in _ARRIVES
    return own and event.reported_at is None and event.cause_id is not None
