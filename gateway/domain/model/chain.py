"""The case and its parts: ticket, hops, content, copies, events, deliveries. Facts only; rules are elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.model.words import ActorKind, CommandKind, HopStatus, Reason, Source, Visibility


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The case end to end. Belongs to the chain, holds no text of its own; `facts` are canonical values."""

    id: str
    org_id: str
    opened_at: datetime
    closed_at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    watched: bool = False
    """Clocks of agreements are kept for it, or its top priority is (domain/keeping)."""
    fold_at: datetime | None = None
    """From when on its clocks are to be folded again; None: not before something happens to it."""
    test: bool = False
    """It was opened at a test desk: no report, sum or list of work counts it (domain/trial)."""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """A ticket's life at one desk.

    `shadow` is the last state we know the desk to have, in the desk's own words; `position` is what its next
    fetch starts after; `unmapped` names shadow fields whose native value has no canonical meaning yet. `version` grows with
    each change, so a snapshot taken before it is known to be old. `ranks` are the links still to be offered to.
    """

    id: str
    org_id: str
    ticket_id: str
    desk_id: str
    status: HopStatus
    link_id: str | None = None
    parent_id: str | None = None
    remote_id: str | None = None
    number: str | None = None
    url: str | None = None
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Canonical values of this hop: priority, site, service, asset, due."""
    shadow: Mapping[str, str | None] = field(default_factory=dict)
    unmapped: frozenset[str] = frozenset()
    position: str | None = None
    last_entry: str | None = None
    """The newest history entry that was judged: a snapshot may show the whole history again."""
    revision: str | None = None
    route: tuple[str, ...] = ()
    """Opaque marks of the desks the ticket came through, oldest first (loops, hop limit)."""
    ranks: tuple[str, ...] = ()
    asked: bool = False
    """True while a question of this hop waits for its parent (pending, not yet answered)."""
    offered_at: datetime | None = None
    answer_by: datetime | None = None
    confirm_by: datetime | None = None
    refetch_at: datetime | None = None
    looked_at: datetime | None = None
    fetched_at: datetime | None = None
    """The moment before the first byte of the last fetch that was compared whole: what it showed was so then (R2)."""
    wrote_at: datetime | None = None
    """When a write of ours was last settled here: what the desk does by itself just after has us as its cause."""
    next_seq: int = 1
    budget_from: datetime | None = None
    budget_used: int = 0
    """How many changes of fields were queued here since `budget_from` (D5: domain/budgeting)."""
    version: int = 0
    created_at: datetime | None = None


class ContentKind(StrEnum):
    """What a piece of content is."""

    TITLE = "title"
    DESCRIPTION = "description"
    COMMENT = "comment"
    ATTACHMENT = "attachment"
    REASON = "reason"
    NOTE = "note"
    WORK = "work"


@dataclass(frozen=True, kw_only=True)
class Content:
    """Text or a file, erasable without touching the events that speak of it. `digest` is salted."""

    id: str
    org_id: str
    ticket_id: str
    kind: ContentKind
    origin_hop_id: str
    visibility: Visibility
    at: datetime
    text: str = ""
    author: str = ""
    salt: str = ""
    digest: str = ""
    to_link_id: str | None = None
    """Set when the writer addressed one neighbour only."""
    filename: str | None = None
    media_type: str | None = None
    blob_key: str | None = None
    blob_size: int | None = None
    blob_sha256: str | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    """Where an attachment can be downloaded: the native attachment as the origin desk lists it."""
    automatic: bool = False
    released_to: frozenset[str] = frozenset()
    """Links this content was released to by its parent's people although it came from a sibling branch."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The same content at one desk: its identity for echoes, edits and probes. `ours`: written by this gateway."""

    id: str
    org_id: str
    ticket_id: str
    hop_id: str
    content_id: str
    kind: ContentKind
    remote_id: str
    native_hash: str
    visibility: Visibility
    ours: bool
    missing: bool = False
    """Absent from one complete list; a second one that agrees makes it removed."""
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class Event:
    """One immutable fact. `data` holds canonical words and ids, never text of people."""

    id: str
    org_id: str
    ticket_id: str
    type: str
    observed_at: datetime
    hop_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    reported_at: datetime | None = None
    stated_at: datetime | None = None
    contrary_seen_at: datetime | None = None
    """The last fetch that still showed the state before (R2)."""
    observed_only: bool = False
    """The desk that told of it was not trusted with times then: the clocks take `observed_at` (R3)."""
    source: Source = Source.GATEWAY
    actor_kind: ActorKind = ActorKind.GATEWAY
    actor: str = ""
    """A person's opaque id (store/people), or the id of the delivery that caused an automatic change."""
    cause_id: str | None = None


class DeliveryState(StrEnum):
    """Where a delivery is; the state machine is domain/delivery.py."""

    PENDING = "pending"
    INFLIGHT = "inflight"
    AMBIGUOUS = "ambiguous"
    ASKING = "asking"
    PARKED = "parked"
    DONE = "done"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One command on its way to one desk. Lane = hop; order within it is `seq`.

    `payload` holds native field values; texts are named by content id and filled in at the last line before the wire.
    `urgency` 0 is the most urgent, by the priority of its hop; `due_at`: by when the hop's offer is to be answered, else
    when its work is due (its own agreement's moment, or the one its upstream gave it). Both follow the hop while it waits.
    """

    id: str
    org_id: str
    ticket_id: str
    hop_id: str
    desk_id: str
    seq: int
    kind: CommandKind
    marker: str
    created_at: datetime
    next_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    payload: Mapping[str, Any] = field(default_factory=dict)
    content_id: str | None = None
    visibility: Visibility | None = None
    link_id: str | None = None
    event_id: str | None = None
    urgency: int = 5
    due_at: datetime | None = None
    attempts: int = 0
    probes: int = 0
    first_sent_at: datetime | None = None
    fence: int = 0
    lease_until: datetime | None = None
    worker: str = ""
    outcome: str = ""
    error: str = ""
    note: bool = False
    """The gateway's own words (a note), not a person's: never noted about again when parked."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A consumer's place."""

    id: str
    org_id: str
    code: str
    name: str = ""
    zone: str = ""
    country: str = ""
    subdivision: str = ""
    group: str = ""
    address: str = ""
    hours: str = ""
    """When it can be entered, as text (domain/hours); empty: always."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Equipment at a site."""

    id: str
    org_id: str
    code: str
    site_code: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who is reached at an organization: level 1 first, 3 when the others do not answer. `hours` are stretches of
    `domain.hours`, in `zone` where they name none."""

    id: str
    org_id: str
    code: str
    level: int
    channel: str
    address: str
    name: str = ""
    hours: tuple[tuple[frozenset[int], int, int, str], ...] = ()
    zone: str = "UTC"
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Organization:
    """A legal party. Customer, vendor, partner are roles on a link, never of the organization itself."""

    id: str
    code: str
    name: str = ""
    zone: str = "UTC"
    language: str = "en"
    parent: str = ""
    """The code of the organization it belongs to: what is promised to that one holds for it too (R27)."""
