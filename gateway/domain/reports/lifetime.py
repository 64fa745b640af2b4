"""What a ticket came to as a whole, beside its clocks: how it went from opening to close, and by what it was measured."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from gateway.domain.case import MERGED
from gateway.domain.imported import was_imported
from gateway.domain.model import Event, Field, Hop, Source
from gateway.domain.reports.outcome import Case, Coverage
from gateway.domain.sla.attribution import by_party
from gateway.domain.sla.clocks import Folded
from gateway.domain.sla.ledger import Span
from gateway.domain.sla.terms import NONE
from gateway.domain.sla.tree import REQUESTER

LINK_DOWN = timedelta(hours=1)
"""What takes longer to reach the other desk is a link that was down."""
RETURNS = frozenset(
    {"assignment.declined", "assignment.returned", "assignment.expired", "resolution.rejected"}
)
ABORTIVE = frozenset({"no_access", "aborted", "refused"})
"""Outcomes of visits that came to nothing (R35)."""
_OVER = frozenset({"resolved", "closed", "cancelled", "rejected"})
_VOID = frozenset({"cancelled", "rejected"})
_SIGNS = (
    "ticket.",
    "assignment.",
    "status.",
    "pending.",
    "resolution.",
    "restoration.",
    "visit.",
    "priority.",
)
_COVERED = {
    Source.HISTORY: Coverage.HISTORY,
    Source.DIFFERENCE: Coverage.DIFFERENCE,
    Source.PERSON: Coverage.PERSON,
}
_WORST = list(Coverage)


class Lifetime:
    """A ticket's hops, its events in the order of recording, and what they were folded into. Events that were observed after
    the moment of the fold are not known to it."""

    def __init__(self, hops: Sequence[Hop], events: Sequence[Event], folded: Folded) -> None:
        self._hops, self._folded = hops, folded
        self._events = [event for event in events if event.observed_at <= folded.now]
        self._top = next(hop for hop in hops if hop.parent_id is None)

    def case(self, ticket_id: str) -> Case:
        """All of it."""
        facts, closed_at = self._top.facts, self.closed_at
        visits, reopened = self._count("visit.arrived"), self._reopened
        outcomes = [event.data.get("outcome") for event in self._events if event.type == "visit.left"]
        return Case(
            ticket_id=ticket_id,
            org_id=self._top.org_id,
            number=self._top.number or "",
            customer=self._folded.chain.customer,
            parties=tuple(dict.fromkeys(hop.org_id for hop in self._hops)),
            priority=self._priority,
            service=facts.get(Field.SERVICE, ""),
            site=facts.get(Field.SITE, ""),
            asset=facts.get(Field.ASSET, ""),
            opened_at=self.opened_at,
            resolved_at=self._resolved_at,
            closed_at=closed_at,
            cancelled=self._cancelled,
            coverage=self._coverage,
            reopened=reopened,
            returned=sum(event.type in RETURNS for event in self._events),
            hops=len(self._hops),
            visits=visits,
            abortive=sum(outcome in ABORTIVE for outcome in outcomes),
            no_fault_found="no_fault_found" in outcomes,
            fixed_first_time=visits == 1 and not reopened if visits and closed_at is not None else None,
            rating=self._rating,
            silence=self._silence,
            discrepancies=len(self._folded.told.discrepancies),
            time=self._time,
        )

    # -- from opening to close ---------------------------------------------------------------------------------------------

    @cached_property
    def opened_at(self) -> datetime:
        """When it was opened; where that is not known, when it was first heard of."""
        opened = next((one for one in self._folded.told.records if one.type == "ticket.opened"), None)
        if opened is not None:
            return self._folded.told.effective[opened.id]
        return self._folded.spans[0].start if self._folded.spans else self._folded.now

    @cached_property
    def closed_at(self) -> datetime | None:
        """When it was closed last; None while it is open. An imported history is over once it was resolved and never reopened:
        not every log tells a close."""
        told = [one for one in self._folded.told.records if one.hop == self._top.id]
        last = next((one for one in reversed(told) if one.type in ("ticket.closed", "ticket.reopened")), None)
        return self._folded.told.effective[last.id] if last and last.type == "ticket.closed" else None

    @cached_property
    def _statuses(self) -> list[tuple[datetime, str]]:
        """The statuses of the top hop, in the order in which they took effect."""
        told = self._folded.told
        return [
            (told.effective[one.id], str(one.data.get("status")))
            for one in told.records
            if one.hop == self._top.id and one.type == "status.changed"
        ]

    @property
    def _resolved_at(self) -> datetime | None:
        """Since when it has been resolved, or over without that; None while it is worked on."""
        since: datetime | None = None
        for at, status in self._statuses:
            since = (since or at) if status in _OVER else None
        return since or self.closed_at

    @property
    def _cancelled(self) -> bool:
        last = self._statuses[-1][1] if self._statuses else ""
        return last in _VOID or self.gone_at(self._top.id) is not None

    def gone_at(self, hop: str) -> datetime | None:
        """When the hop, or one above it, was merged into another ticket; None while it stands for itself."""
        if not self._merged:
            return None
        lost = self._merged.intersection((hop, *self._folded.chain.above(hop)))
        told = self._folded.told
        moments = [
            told.effective[one.id] for one in told.records if one.type == "desk.merged" and one.hop in lost
        ]
        return min(moments, default=None)

    @cached_property
    def _merged(self) -> frozenset[str]:
        return frozenset(one.id for one in self._hops if MERGED in one.unmapped)

    @property
    def _priority(self) -> str:
        in_force = [priority for _, priority, _ in self._folded.priorities]
        return in_force[-1] if in_force else self._top.facts.get(Field.PRIORITY, "")

    @cached_property
    def _held(self) -> list[Span]:
        """The ledger from opening to close, as far as somebody held."""
        end = self.closed_at or self._folded.now
        within = (
            span._replace(start=max(span.start, self.opened_at), end=min(span.end, end))
            for span in self._folded.spans
            if span.entries
        )
        return [span for span in within if span.start < span.end]

    @property
    def _time(self) -> dict[str, timedelta]:
        return by_party(self._folded, ((span.end - span.start, span.booked_to) for span in self._held))

    @property
    def _silence(self) -> timedelta:
        """The longest time in which somebody held it and nothing was said in public, nor anything changed. While the requester
        had to answer nobody owed it a word."""
        told, longest = self._folded.told, NONE
        signs = sorted(told.effective[one.id] for one in told.records if _is_sign(one.type, one.data))
        for start, end in self._stretches():
            within = [at for at in signs if start < at < end]
            longest = max([longest, *(later - earlier for earlier, later in pairwise([start, *within, end]))])
        return longest

    def _stretches(self) -> Iterator[tuple[datetime, datetime]]:
        """From when to when somebody held it without a break, and not only the requester was waited for."""
        start: datetime | None = None
        end: datetime | None = None
        for span in self._held:
            if all(entry.booked_to == REQUESTER for entry in span.entries):
                continue
            if start is None or end != span.start:
                if start is not None and end is not None:
                    yield start, end
                start = span.start
            end = span.end
        if start is not None and end is not None:
            yield start, end

    # -- what is counted ---------------------------------------------------------------------------------------------------

    def _count(self, kind: str) -> int:
        return sum(event.type == kind for event in self._events)

    @cached_property
    def _reopened(self) -> int:
        """How often it was reopened. What reopens the hops above and below follows from the same act, and is no other."""
        known = {event.id: event for event in self._events}
        return len({_act(known, event) for event in self._events if event.type == "ticket.reopened"})

    @property
    def _rating(self) -> int | None:
        """What the requester said last."""
        told = [event.data.get("rating") for event in self._events if event.type == "rating.given"]
        known = [one for one in told if isinstance(one, int)]
        return known[-1] if known else None

    @cached_property
    def _coverage(self) -> Coverage:
        """The worst by which any hop was measured."""
        found = {_COVERED[event.source] for event in self._events if event.source in _COVERED}
        unlinked = any(hop.parent_id is not None and hop.link_id is None for hop in self._hops)
        if unlinked and not was_imported(self._events):
            found.add(Coverage.UNLINKED)
        if self._count("delivery.parked") or any(
            entry.state == "transit" and span.end - span.start > LINK_DOWN
            for span in self._folded.spans
            for entry in span.entries
        ):
            found.add(Coverage.LINK_DOWN)
        return max(found, key=_WORST.index, default=Coverage.HISTORY)


def _act(known: Mapping[str, Event], event: Event) -> str:
    """The event from which it follows in the end."""
    way = {event.id}
    while event.cause_id is not None and event.cause_id in known and event.cause_id not in way:
        event = known[event.cause_id]
        way.add(event.id)
    return event.id


def _is_sign(kind: str, data: object) -> bool:
    """Whether it is a change, or a word that the requester may read."""
    if kind == "comment.added":
        return isinstance(data, dict) and bool(data.get("public"))
    return kind.startswith(_SIGNS)
