"""The case in memory while a flow judges it: one ticket's whole chain, and all that the judgement adds or changes.

The rules in this folder read and write a Case; the store loads it under the ticket's lock and writes back what it
collected. No rule lives here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.domain.directory import Directory
from gateway.domain.marks import keyed
from gateway.domain.model import (
    Actor,
    ActorKind,
    Content,
    ContentKind,
    Copy,
    Delivery,
    Desk,
    Event,
    Hop,
    HopStatus,
    Link,
    Source,
    Ticket,
    TimeBasis,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.reporters import reporter

if TYPE_CHECKING:
    from gateway.domain.worklog import WorkLine

OPEN = frozenset(
    {
        HopStatus.OFFERED,
        HopStatus.ACCEPTED,
        HopStatus.ACKNOWLEDGED,
        HopStatus.IN_PROGRESS,
        HopStatus.PENDING,
        HopStatus.HELD,
        HopStatus.RESOLVED,
    }
)
"""Hops that still take part: not declined, gone or closed."""


MERGED = "merged"
"""Stands among a hop's unmapped fields while its desk answers with another ticket: nothing is compared or written."""
ANOTHER = "another"
"""Begins what stands there when the desk did so, with how often and which other ticket: believed when later looks agree."""


def shows_another(hop: Hop) -> bool:
    """Whether the hop's desk last showed another ticket in its place, and it is not yet known why."""
    return any(name.startswith(f"{ANOTHER} ") for name in hop.unmapped)


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """The circumstances of a judgement: who there is, when it is, and where new ids come from."""

    directory: Directory
    now: datetime
    new_id: Callable[[str], str]
    restored_at: datetime | None = None
    """When a backup was last put back: what is older may have been carried by a gateway that we know nothing of."""


_KNOWLEDGE = frozenset({"shadow", "position", "revision", "remote_id", "wrote_at"})


@dataclass(frozen=True, kw_only=True)
class Because:
    """Who did something and when, as it will stand in the event: the desk's time, the actor, what it follows from."""

    source: Source = Source.GATEWAY
    actor_kind: ActorKind = ActorKind.GATEWAY
    actor: str = ""
    reported_at: datetime | None = None
    cause_id: str | None = None
    contrary_seen_at: datetime | None = None
    """The last fetch that still showed the state before."""
    code: str = ""
    """The installation's own code for the reason of a status, where it has one (R15)."""
    words: str = ""
    """What the person said along with it: the reason, where something needs one. Never part of an event."""

    @property
    def by_person(self) -> bool:
        """Whether a person did it. A desk that names nobody is believed to speak of a person."""
        return self.actor_kind in (ActorKind.PERSON, ActorKind.UNKNOWN)

    def after(self, event: Event) -> "Because":
        """What follows from `event`: done by the gateway, at no desk's time."""
        return Because(cause_id=event.id, actor=event.actor, reported_at=None)


def no_contents() -> Sequence[Content]:
    """For a case that was just made: there is nothing to load."""
    return ()


def no_deliveries(_hop_id: str) -> Sequence[Delivery]:
    """For a case that was just made: no lane has anything in it."""
    return ()


def no_copies() -> Sequence[Copy]:
    """For a case that was just made: nothing was written anywhere."""
    return ()


def nowhere(_desk_id: str, _remote_id: str, _other_desk_id: str) -> str | None:
    """For a case that was just made by hand: no other ticket is known."""
    return None


def no_events() -> Sequence[Event]:
    """For a case that was just made: nothing was recorded before."""
    return ()


@dataclass(kw_only=True)
class Case:
    """`library`, `lane` and `shelf` ask for what is only sometimes needed: the ticket's contents, a hop's open
    deliveries, the copies of its contents at desks. `counterpart`: of a ticket (desk id, remote id) that is in any chain,
    the remote id of its chain's ticket at another desk. `past`: what was recorded of fields, statuses and conflicts."""

    directory: Directory
    ticket: Ticket
    hops: dict[str, Hop]
    now: datetime
    new_id: Callable[[str], str]
    library: Callable[[], Sequence[Content]] = no_contents
    lane: Callable[[str], Sequence[Delivery]] = no_deliveries
    shelf: Callable[[], Sequence[Copy]] = no_copies
    counterpart: Callable[[str, str, str], str | None] = nowhere
    past: Callable[[], Sequence[Event]] = no_events
    is_new: bool = False
    restored_at: datetime | None = None
    events: list[Event] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    changed_contents: dict[str, Content] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    changed_copies: dict[str, Copy] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    changed_deliveries: dict[str, Delivery] = field(default_factory=dict)
    people: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    sheets: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Terms of an agreement as they are at one site, by their name: kept with what is bound to them."""
    discrepancies: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    wanted_looks: dict[tuple[str, str], tuple[datetime, str]] = field(default_factory=dict)
    lines: list["WorkLine"] = field(default_factory=list)
    """Lines of work that desks' own time entries made."""
    unsure: dict[tuple[str, str], None] = field(default_factory=dict)
    """(hop, field) whose desk may show something else than what stands, when everything is judged (domain/contest)."""
    was: dict[str, Hop] = field(default_factory=dict)
    """Hops that changed, as they were before."""
    new_hops: set[str] = field(default_factory=set)
    dirty_hops: set[str] = field(default_factory=set)
    dirty_ticket: bool = False
    former: list[tuple[str, str]] = field(default_factory=list)
    """(hop id, number): what desks called tickets until now."""

    def desk(self, hop: Hop) -> Desk:
        """The desk a hop lives at."""
        return self.directory.desks[hop.desk_id]

    def link(self, hop: Hop) -> Link | None:
        """The link a hop came over; None for the root."""
        return self.directory.links[hop.link_id] if hop.link_id else None

    def parent(self, hop: Hop) -> Hop | None:
        """The hop that delegated to this one."""
        return self.hops[hop.parent_id] if hop.parent_id else None

    def upwards(self, hop: Hop) -> list[Hop]:
        """The hop and all above it, the root last."""
        parent = self.parent(hop)
        return [hop] if parent is None else [hop, *self.upwards(parent)]

    def towards(self, hop: Hop, other: Hop) -> Hop:
        """The neighbour of `hop` on the way to `other`."""
        below = next((one for one in self.upwards(other) if one.parent_id == hop.id), None)
        return below or self.parent(hop) or other

    def children(self, hop: Hop) -> list[Hop]:
        """The hops this one delegated to, in the order of their offers."""
        below = [other for other in self.hops.values() if other.parent_id == hop.id]
        return sorted(below, key=lambda other: (other.offered_at or self.now, other.id))

    def know(self, hop: Hop, shown: Mapping[str, str | None], **more: Any) -> Hop:
        """The hop with a new shadow, its names as plain words whatever a connector's dictionary was keyed with."""
        return self.put(hop, shadow={str(name): value for name, value in shown.items()}, **more)

    def put(self, hop: Hop, **changes: Any) -> Hop:
        """The hop with `changes`. Its version grows when what we know of the desk changed: a snapshot taken before
        that is too old to be compared (rule 2 of the shadow)."""
        current = self.hops[hop.id]
        real = {name: value for name, value in changes.items() if getattr(current, name) != value}
        if not real:
            return current
        if "number" in real and current.number:
            self.former.append((hop.id, current.number))
        self.was.setdefault(hop.id, current)
        grows = not _KNOWLEDGE.isdisjoint(real)
        self.hops[hop.id] = replace(current, **real, version=current.version + grows)
        self.dirty_hops.add(hop.id)
        return self.hops[hop.id]

    def add_hop(self, hop: Hop) -> Hop:
        """A new hop of this ticket."""
        self.hops[hop.id] = hop
        self.new_hops.add(hop.id)
        return hop

    def put_ticket(self, **changes: Any) -> None:
        """Change the ticket itself."""
        self.ticket = replace(self.ticket, **changes)
        self.dirty_ticket = True

    def set_fact(self, hop: Hop, field: str, value: str | None) -> Hop:
        """Set a fact of the hop; the root's facts are the ticket's."""
        facts = {name: known for name, known in self.hops[hop.id].facts.items() if name != field}
        if value is not None:
            facts[str(field)] = value
        if hop.parent_id is None:
            self.put_ticket(facts=facts)
        return self.put(hop, facts=facts)

    def record(self, kind: str, hop: Hop, because: Because, data: Mapping[str, Any] | None = None) -> Event:
        """Record one fact at a hop."""
        event = Event(
            id=self.new_id("evt"),
            org_id=hop.org_id,
            ticket_id=self.ticket.id,
            hop_id=hop.id,
            type=kind,
            data=data or {},
            observed_at=self.now,
            reported_at=because.reported_at,
            contrary_seen_at=because.contrary_seen_at,
            observed_only=because.reported_at is not None and self._is_doubted(reporter(kind, hop)),
            source=because.source,
            actor_kind=because.actor_kind,
            actor=because.actor,
            cause_id=because.cause_id,
        )
        self.events.append(event)
        return event

    def _is_doubted(self, hop_id: str) -> bool:
        """Whether the clocks are not to take the times of the desk at that hop, by its own setting or its link's (R3)."""
        hop = self.hops[hop_id]
        link = self.link(hop)
        bases = (self.desk(hop).time_basis, link.time_basis if link is not None else TimeBasis.DESK)
        return TimeBasis.OBSERVED in bases

    def disagree(self, kind: str, hop: Hop, **data: Any) -> None:
        """Note a discrepancy between what the desk reports and what we observed."""
        self.discrepancies.append((kind, hop.id, data))

    def person(self, hop: Hop, actor: Actor) -> str:
        """The opaque id of somebody at a hop's desk; the name itself is kept apart, erasable."""
        if not (actor.id or actor.name):
            return ""
        native = actor.id or actor.name
        person_id = f"per_{keyed(self.directory.salt, 'person', hop.desk_id, native)[:20]}"
        self.people[person_id] = (hop.org_id, hop.desk_id, native, actor.name or native)
        return person_id

    def write(self, hop: Hop, kind: ContentKind, text: str, **more: Any) -> Content:
        """Keep a piece of text that stands at a hop; events will speak of it by id and salted digest."""
        content_id = self.new_id("cnt")
        salt = keyed(self.directory.salt, "content", content_id)[:16]
        content = Content(
            id=content_id,
            org_id=hop.org_id,
            ticket_id=self.ticket.id,
            kind=kind,
            origin_hop_id=hop.id,
            visibility=more.pop("visibility", Visibility.PRIVATE),
            at=more.pop("at", None) or self.now,
            text=text,
            salt=salt,
            digest=keyed(salt, text),
            **more,
        )
        self.contents.append(content)
        return content

    def story(self) -> list[Event]:
        """What was recorded of fields, statuses and conflicts, this judgement included, in order."""
        return [*self.past(), *self.events]

    def all_contents(self) -> list[Content]:
        """What the ticket holds, with what this judgement added, in the order we learned of it: `at` is each desk's own
        time, and desks' clocks do not agree."""
        return [*self.library(), *self.contents]

    def our_copies(self, hop_id: str) -> list[Copy]:
        """What this gateway wrote at a hop and nobody took away, as it is now."""
        here = [copy for copy in (*self.shelf(), *self.copies) if copy.hop_id == hop_id and copy.ours]
        return [now for copy in here if not (now := self.changed_copies.get(copy.id, copy)).removed]

    def want_look(self, hop: Hop, why: str, at: datetime | None = None) -> None:
        """Ask that the hop's desk be read again."""
        if hop.remote_id is not None:
            self.wanted_looks[(hop.desk_id, hop.remote_id)] = (at or self.now, why)
