"""The tree of hops at one instant: what each record does to a hop, and who holds the ticket because of that (R10, R11)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from gateway.domain.sla.stops import VISIT, Request, Stops
from gateway.domain.sla.terms import Chain, Record, moment

REQUESTER = "requester"
TO_CUSTOMER = frozenset({"parts_customer", "maintenance_window"})
OUTSIDERS = frozenset({"carrier", "third_party", "power_or_facility", "force_majeure", "safety_or_permit"})
_OPEN = frozenset({"offered", "working", "pending", "held"})
_GONE_WORDS = {"declined", "returned", "expired", "withdrawn"}


_BACK_TO_WORK = {"resolution.rejected": ("resolved",), "ticket.reopened": ("closed", "resolved")}
"""What sends a finished hop back to work, and the phases in which it does: news that its desk has yet to get (R11)."""


class Entry(NamedTuple):
    """One holder in a span: a hop, `link:<hop>` or `requester`; to whom its time is booked; why. `request` is the stop
    request behind a pending or held span, `hop` the hop whose state this is."""

    holder: str
    booked_to: str
    state: str
    reason: str | None
    hop: str
    request: str | None


@dataclass(slots=True)
class Node:
    """The state of one hop. `phase`: `absent offered working pending held resolved closed` or how it went. A pass that is
    under way names the record whose arrival is awaited; an answer under way leaves the pending it belongs to in place."""

    id: str
    phase: str = "absent"
    reason: str | None = None
    request: str | None = None
    until: datetime | None = None
    sending: str | None = None
    """The record whose news travels on the hop's own link."""
    downward: bool = False
    owes_offer: bool = False
    consumer_visit: bool = False
    visit: str | None = None
    """A visit that the consumer asked for or moved: until its window opens the hop waits (R35)."""
    overlay: list[str] = field(default_factory=list)
    """Requests made afterwards that hold the hop at this instant."""


class Tree:
    """All hops of a chain, moved by records in effective order. `children`: siblings by offer then id. With `opened` the
    ticket is taken to have been at its top hop all along (its opening is not known). `nodes`: how the hops stand already."""

    def __init__(
        self,
        chain: Chain,
        stops: Stops,
        children: Mapping[str, Sequence[str]],
        *,
        opened: bool = False,
        nodes: Iterable[Node] = (),
    ) -> None:
        self._chain, self._stops = chain, stops
        self.nodes = {name: Node(name) for name in chain.places}
        self.nodes.update((node.id, replace(node, overlay=list(node.overlay))) for node in nodes)
        self._below = {name: [self.nodes[child] for child in children[name]] for name in chain.places}
        self._plain: dict[tuple[str, str], Entry] = {}
        self._top = chain.top.id
        self.opened = opened
        if opened and not nodes:
            self.nodes[self._top].phase = "working"

    # -- what records do --------------------------------------------------------------------------------------------------

    def apply(self, record: Record) -> bool:
        """Move the tree by one record; whether it is one that can. What a hop in its state cannot do is left alone."""
        kind, node = record.type, self.nodes.get(record.hop or "")
        if kind == "news.delivered":
            self._delivered(record.cause)
        elif node is None:
            return False
        elif kind == "status.changed":
            self._status(node, record)
        elif kind.startswith("assignment."):
            self._assignment(node, kind.partition(".")[2], record)
        elif kind == "pending.answered":
            self._answered(node, record)
        elif kind in ("visit.proposed", "visit.moved"):
            node.consumer_visit = record.data.get("by") == "consumer"
            node.visit = record.id if node.consumer_visit and record.id in self._stops.requests else None
        else:
            return self._ticket(node, record)
        return True

    def _ticket(self, node: Node, record: Record) -> bool:
        kind = record.type
        if kind == "ticket.opened" and not self.opened:
            self.opened = True
            if node.phase == "absent":  # a desk's coarse clock may have told something of it before
                self._enter(node, "working")
        elif node.phase in _BACK_TO_WORK.get(kind, ()):
            self._enter(node, "working")
            self._send(node, record, downward=True)
        else:
            return False
        return True

    def lapse(self, at: datetime) -> None:
        """A hop that waits for an appointment works again once its hour has come, whatever its desk says (R15)."""
        for node in self.nodes.values():
            if node.until is not None and at >= node.until and node.phase in ("pending", "held"):
                self._enter(node, "working")

    def _enter(self, node: Node, phase: str) -> None:
        node.phase, node.reason, node.request, node.until = phase, None, None, None
        node.sending, node.downward = None, False

    def _send(self, node: Node, record: Record, *, downward: bool) -> None:
        place = self._chain.places[node.id]
        if place.parent is not None and place.tracked:
            node.sending, node.downward = record.id, downward

    def _delivered(self, cause: str | None) -> None:
        for node in self.nodes.values():
            if cause is not None and node.sending == cause:
                if node.phase == "pending" and node.downward:
                    self._enter(node, "working")
                node.sending, node.downward = None, False
                if node.phase in ("declined", "returned"):
                    self._owes_offer(node)

    def _owes_offer(self, node: Node) -> None:
        parent = self._chain.places[node.id].parent
        if parent is not None:
            self.nodes[parent].owes_offer = True

    def _assignment(self, node: Node, word: str, record: Record) -> None:
        parent = self._chain.places[node.id].parent
        if word == "offered":
            self._enter(node, "offered")
            node.sending, node.downward, node.owes_offer = record.id, True, False
            if parent is not None:
                self.nodes[parent].owes_offer = False
        elif word == "received" and node.phase in ("offered", "absent"):
            self._enter(node, "offered")
        elif word == "accepted" and node.phase in ("offered", "absent"):
            self._enter(node, "working")
        elif word in _GONE_WORDS and node.phase not in ("absent", *_GONE_WORDS):
            self._enter(node, word)
            if word in ("declined", "returned"):
                self._send(node, record, downward=False)
            if word != "withdrawn" and node.sending is None:
                self._owes_offer(node)

    def _status(self, node: Node, record: Record) -> None:
        status = str(record.data.get("status"))
        if node.phase in _GONE_WORDS:
            return
        node.visit = None
        if status in ("pending", "held"):
            self._waits(node, status, record)
        elif status == "resolved":
            self._enter(node, "resolved")
            self._send(node, record, downward=False)
            node.owes_offer = False
        elif status in ("closed", "cancelled", "rejected"):
            self._enter(node, "closed")
            node.owes_offer = False
        else:
            self._enter(node, "working")

    def _waits(self, node: Node, status: str, record: Record) -> None:
        self._enter(node, status)
        node.reason = str(record.data.get("reason") or "other")
        node.request = record.id
        if node.reason == VISIT:
            node.until = moment(record.data.get("until"))
        if status == "pending":
            self._send(node, record, downward=False)
            node.owes_offer = False

    def _answered(self, node: Node, record: Record) -> None:
        asked = self._stops.requests.get(record.cause or "")
        stale = asked is not None and asked.hop == node.id and asked.id != node.request
        if node.phase != "pending" or stale:
            return  # the answer to a question that was asked before this one
        node.sending, node.downward = None, False
        self._send(node, record, downward=True)
        if node.sending is None:
            self._enter(node, "working")

    # -- who holds --------------------------------------------------------------------------------------------------------

    def holders(self, at: datetime) -> tuple[Entry, ...]:
        """Who holds the ticket from `at` on, in the order of R12: requester, tree in pre-order, a link before its hop."""
        if not self.opened:
            return (Entry(REQUESTER, REQUESTER, "unreported", None, self._top, None),)
        top, found = self.nodes[self._top], list[Entry]()
        if top.phase == "resolved":
            return (Entry(REQUESTER, REQUESTER, "verify", None, top.id, None),)
        if top.phase == "pending":
            found.append(self._asked(REQUESTER, top))
        self._gather(top, at, found)
        return tuple(found)

    def _gather(self, node: Node, at: datetime, found: list[Entry]) -> None:
        """Add the holders within one branch."""
        if node.sending is not None:
            link, reason = f"link:{node.id}", None if node.downward else node.reason
            found.append(Entry(link, link, "transit", reason, node.id, node.request))
        if node.phase not in _OPEN:
            return
        place = len(found)
        for child in self._below[node.id]:
            if child.phase in _OPEN or child.sending is not None:
                self._gather(child, at, found)
        if node.phase != "pending" and not (node.sending is not None and node.downward):
            own = self._own(node, at, alone=len(found) == place)
            if own is not None:
                found.insert(place, own)

    def _own(self, node: Node, at: datetime, *, alone: bool) -> Entry | None:
        """What the hop itself holds: a question to answer, an offer to make, a resolution to verify, or its work."""
        state = "offered" if node.phase == "offered" else "working"
        for child in self._below[node.id]:
            if child.phase == "pending" and child.sending is None:
                return self._asked(node.id, child)
            if child.phase == "resolved":
                state = "verify"
        held = self._held(node, at) if alone else None
        if held is not None:
            return held
        if node.owes_offer:
            state = "handback"
        elif not alone:
            return None
        known = self._plain.get((node.id, state))
        if known is None:
            known = Entry(node.id, node.id, state, None, node.id, None)
            self._plain[node.id, state] = known
        return known

    def _asked(self, holder: str, child: Node) -> Entry:
        """Somebody owes an answer to a pending hop. A void books the time to the hop that should not have asked: the
        deepest of those through which the question climbed."""
        booked, asker = holder, child
        while True:
            if asker.request is not None and self._stops.voided(asker.request):
                booked = asker.id
            below = self._below[asker.id]
            deeper = [node for node in below if node.phase == "pending" and node.sending is None]
            if not deeper:
                return Entry(holder, booked, "asked", child.reason, child.id, child.request)
            asker = deeper[0]

    def _held(self, node: Node, at: datetime) -> Entry | None:
        """What the hop waits for: what was asked for afterwards and stands, its visit, its status, a void request."""
        if node.phase != "held" and node.visit is None and not node.overlay:
            return None
        stands = [name for name in node.overlay if not self._stops.voided(name)]
        visit = node.visit if node.phase != "held" or node.reason == VISIT else None
        visiting = self._stops.requests.get(visit or "")
        if stands:
            return self._held_for(node, self._stops.requests[stands[-1]].code, stands[-1])
        if visiting is not None and visiting.end is not None and at < visiting.end:
            return self._held_for(node, VISIT, visiting.id)
        if node.phase == "held":
            return self._held_for(node, node.reason or "other", node.request)
        if node.overlay:
            return self._held_for(node, self._stops.requests[node.overlay[-1]].code, node.overlay[-1])
        return None

    def _held_for(self, node: Node, code: str, request: str | None) -> Entry:
        voided = request is not None and self._stops.voided(request)
        booked = node.id if voided else self.waits_for(node, code)
        return Entry(node.id, booked, "held", code, node.id, request)

    def waits_for(self, node: Node, code: str) -> str:
        """To whom a held span is booked: whom its reason code waits for (R10)."""
        if code.startswith(("requester_", "site_")) or code in TO_CUSTOMER:
            return REQUESTER
        if code in OUTSIDERS:
            return f"outside:{code}"
        if code == VISIT:
            return REQUESTER if node.consumer_visit else node.id
        if code == "parts_upstream":
            return self._supplier(node)
        return node.id

    def _supplier(self, node: Node) -> str:
        supplier = next((one.parts_supplier for one in self._chain.at(node.id) if one.parts_supplier), "")
        if not supplier:
            return node.id
        above = (name for name in self._chain.above(node.id) if self._chain.places[name].org == supplier)
        return next(above, f"supplier:{supplier}")

    def pendings(self) -> tuple[tuple[str, str | None], ...]:
        """(hop, request) of every hop that waits for its consumer."""
        found: tuple[tuple[str, str | None], ...] = ()
        for node in self.nodes.values():
            if node.phase == "pending" and node.request:
                found += ((node.id, node.request),)
        return found

    def overlay(self, request: Request, *, begins: bool) -> None:
        """A span asked for afterwards begins or ends."""
        names = self.nodes[request.hop].overlay
        if begins:
            names.append(request.id)
        elif request.id in names:
            names.remove(request.id)
