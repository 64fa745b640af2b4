"""Desks, their profiles and links: the standing arrangement that tickets travel along. Facts only, no rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.model.ownership import Ownership
from gateway.domain.model.words import CommandKind, HopStatus, IdempotencyTier, Reason


class Priority(StrEnum):
    """Canonical priorities, highest first (TMF621's words)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What came in at a desk's hook, bytes as they were. Header names are lower case."""

    id: str
    desk_id: str
    received_at: datetime
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StatusRow:
    """One native status and what it means: `Waiting CAB: {held, requester_approval}`."""

    native: str
    status: HopStatus
    reason: Reason | None = None
    code: str = ""
    """A code of the installation's own that refines the reason (R15)."""


class ActKind(StrEnum):
    """What a sighting at a downstream desk can mean beyond its status."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    RETURNED = "returned"
    ARRIVED = "arrived"
    RESOLUTION_CONFIRMED = "resolution_confirmed"
    RESOLUTION_REJECTED = "resolution_rejected"
    WITHDRAWAL_ACKNOWLEDGED = "withdrawal_acknowledged"
    VISIT_CONFIRMED = "visit_confirmed"
    TRAVELLING = "travelling"
    LEFT = "left"
    MISSED = "missed"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_REFUSED = "approval_refused"


class ReasonFrom(StrEnum):
    """Where the reason of an act stands at the desk."""

    NOWHERE = "nowhere"
    LAST_COMMENT = "last_comment"
    FIELD = "field"


@dataclass(frozen=True, kw_only=True)
class ActRow:
    """`field` becoming `value` (native words) means `act`; the reason stands in the newest comment or in a field."""

    act: ActKind
    field: str
    value: str
    reason_from: ReasonFrom = ReasonFrom.LAST_COMMENT
    reason_field: str | None = None
    outcome: str = ""
    """Of a visit that is over (`left`): `fixed`, `no_access` …"""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A desk mapped once to the canonical words, owned by the desk's organization.

    `statuses` and `priorities` read native values; `write_statuses` and `write_priorities` say which native value
    is written for a canonical one (a status that is missing is told as a note instead). `offered_as` is what a new
    hop is created in. `to_verify` is the native status of a parent whose children are all resolved, if it has one.
    `defaults` are native values for every ticket created here (queue, tracker, project).
    """

    statuses: tuple[StatusRow, ...] = ()
    write_statuses: Mapping[HopStatus, str] = field(default_factory=dict)
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    write_priorities: Mapping[Priority, str] = field(default_factory=dict)
    to_verify: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    """Native site code → our site code, where they differ."""
    assets: Mapping[str, str] = field(default_factory=dict)
    address_sign: str = "@@"
    """A comment that starts with it and a neighbour's code is for that neighbour only."""
    automatic_actors: tuple[str, ...] = ()
    """Accounts at this desk that are rules, not people (names or ids)."""
    acts: tuple[ActRow, ...] = ()
    """What moves at this desk mean over every link that says nothing of such an act itself."""


@dataclass(frozen=True, kw_only=True)
class SideEffect:
    """A habit of a desk: our own `after` command makes it move `field` from `old` to `new` by itself."""

    after: str
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a desk product can do; a link that needs more is refused when it is made."""

    webhooks: bool = False
    signed_webhooks: bool = False
    history: bool = False
    private_comments: bool = False
    attachments: bool = False
    due: str = "none"
    """`none`, `date` or `datetime`."""
    find_by_marker: bool = False
    conditional_writes: bool = False
    acknowledges: bool = False
    """Whether people here are told how their act was understood: they act by words, not by a button."""
    granularity: timedelta = timedelta(seconds=1)
    writable: frozenset[str] = frozenset()
    """Canonical fields an UPDATE may carry."""
    named_in: str = ""
    """The setting whose keys name further fields that an update may carry."""
    attachment_max_bytes: int | None = None
    edits_comments: bool = False
    """Whether a comment of ours can be given another text (EDIT)."""
    removes_comments: bool = False
    """Whether a comment of ours can be taken away (REMOVE)."""
    kept_here: str = ""
    """The scheme of the door of ours that keeps what the product pushes, for it cannot be asked."""


class TimeBasis(StrEnum):
    """Which times of a desk's acts clocks take: the desk's own, or when we observed them (R3)."""

    DESK = "desk"
    OBSERVED = "observed"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One service desk of one organization. Secrets never show in a repr."""

    id: str
    code: str
    org_id: str
    connector: str
    base_url: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile: Profile = Profile()
    zone: str = "UTC"
    language: str = "en"
    account: str = ""
    """The native id or name under which this gateway acts there."""
    allow_private_network: bool = False
    agent: bool = False
    """Nobody dials in to it: its owner's agent asks for requests and holds the credentials."""
    test: bool = False
    hook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    poll_every: timedelta = timedelta(minutes=1)
    refetch_every: timedelta = timedelta(minutes=15)
    reconcile_every: timedelta | None = None
    """How often all its tickets are compared with what we know; None: only when somebody asks, or after an outage."""
    settle_window: timedelta = timedelta(seconds=90)
    capabilities: Capabilities = Capabilities()
    side_effects: tuple[SideEffect, ...] = ()
    tiers: Mapping[CommandKind, IdempotencyTier] = field(default_factory=dict)
    time_basis: TimeBasis = TimeBasis.DESK
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class AuthKind:
    """A way to sign requests: `basic`, `oauth2_client_credentials`, or a `header` that `format` makes of `{secret}`."""

    kind: str
    header: str = "Authorization"
    format: str = "{secret}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a connector declares in manifest.json (schemas/manifest.v1.json describes the file)."""

    name: str
    title: str
    version: str
    quality: str
    auth: tuple[AuthKind, ...]
    headers: Mapping[str, str]
    """Headers the product wants on every request; `{base_url}` and `{origin}` are filled in."""
    settings: Mapping[str, Any]
    """JSON Schema of the desk's settings."""
    capabilities: Capabilities
    tiers: Mapping[CommandKind, IdempotencyTier]
    """Idempotency tier of each command kind."""
    search_lag: timedelta
    settle_window: timedelta
    rate_per_minute: int
    concurrency: int
    conflict_is_stale: bool
    """409 from this product means: stale (True) or refused (False)."""
    profile: Profile
    """The starting point of a new desk's profile."""
    address: str = ""
    """Where all desks of this kind are reached: `portal://…` within this gateway. Empty: each desk names its own."""
    schemes: tuple[str, ...] = ("https", "http")
    """How an address of such a desk may begin, the private one first."""
    seals: bool = False
    """What is written there is sealed with the hook's secret, so that it is known again: it needs one though nothing calls."""
    side_effects: tuple[SideEffect, ...] = ()


class LinkState(StrEnum):
    """Life of a link: `pending` invited, `validated` checked, then at work or not."""

    PENDING = "pending"
    VALIDATED = "validated"
    ACTIVE = "active"
    PAUSED = "paused"
    DECLINED = "declined"
    ENDED = "ended"


class Carry(StrEnum):
    """What becomes of a public comment that arrives over a link: it is published, lands as internal, or stops."""

    PUBLISH = "publish"
    LAND_AS_INTERNAL = "land_as_internal"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`all`/`any`/`not` over field · operator · value; total and bounded. Exactly one of the parts is set."""

    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    negated: "Condition | None" = None
    field: str | None = None
    op: str = "eq"
    value: str | tuple[str, ...] = ""


class Choice(StrEnum):
    """How a link that matches is chosen: by itself (branches run in parallel) or by the coverage table."""

    ALWAYS = "always"
    COVERAGE = "coverage"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Which tickets of the upstream desk pass over a link: `when` turns true, or the desk names `delegate_as`."""

    when: Condition | None = None
    choose: Choice = Choice.ALWAYS
    delegate_as: str = ""


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """What may cross a link, by direction (deny by default). Fields are canonical names."""

    fields_down: frozenset[str] = frozenset(
        {"title", "description", "priority", "due", "site", "asset", "service"}
    )
    fields_up: frozenset[str] = frozenset({"assignee", "due"})
    comments_down: Carry = Carry.PUBLISH
    comments_up: Carry = Carry.PUBLISH
    siblings: bool = False
    addressed_notes: bool = False
    """Whether an internal note that names the other side with the address token may cross."""
    attachments_down: bool = True
    attachments_up: bool = True
    attachment_types: tuple[str, ...] = ()
    """Allowed media types (`image/*` allowed) and name endings (`.pdf`); empty = all."""
    attachment_types_down: tuple[str, ...] | None = None
    attachment_types_up: tuple[str, ...] | None = None
    """The same for one direction; None: as `attachment_types`."""
    attachment_max_bytes: int = 25_000_000
    attachment_max_bytes_down: int | None = None
    attachment_max_bytes_up: int | None = None
    internal_notes_down: bool = False
    internal_notes_up: bool = False
    """Whether every internal note crosses, into a private place and no other."""
    worklogs_up: bool = True
    """Whether work that is logged below is told above."""
    time_entries_up: bool = False
    """Whether time that people log at the desk below becomes such work by itself: their words were written for their own."""
    ratings_down: bool = True
    """Whether what the customer thought of the work is told to who did it."""
    people: str = "name"
    """How authors are named across, the least first: `nobody`, `organization`, `role`, `masked`, `name`."""
    people_down: str = ""
    people_up: str = ""
    """The same for one direction; empty: as `people`."""
    needed_by: str = ""
    """The downstream's field that shows by when the chain above needs its work; empty: it is not told (R20)."""
    number_down: str = ""
    """The downstream's field that shows the upstream's own number of the ticket, to be searched for there; empty: it is not told."""


class IdentityRule(StrEnum):
    """How somebody who stands in no table is found at the other desk: not at all, by the same name, or by what stands
    before the @ of an address."""

    NONE = "none"
    SAME = "same"
    BEFORE_AT = "before_at"


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Who is who at the two desks of a link: (upstream's word, downstream's word), and the rule for all others."""

    table: tuple[tuple[str, str], ...] = ()
    rule: IdentityRule = IdentityRule.NONE


class Uncovered(StrEnum):
    """What becomes of a ticket that no agreement covers (R26)."""

    ACCEPT_UNMEASURED = "accept_unmeasured"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class Link:
    """Standing consent of two desks that tickets may pass from `upstream` to `downstream`."""

    id: str
    code: str
    org_id: str
    upstream_desk_id: str
    downstream_desk_id: str
    upstream_org_id: str
    downstream_org_id: str
    state: LinkState = LinkState.ACTIVE
    passage: Passage = Passage()
    crossing: Crossing = Crossing()
    identities: Identities | None = None
    """None: the link says nothing of who is who."""
    acts: tuple[ActRow, ...] = ()
    create: Mapping[str, str] = field(default_factory=dict)
    """Native values for tickets created over this link, beyond the desk's own defaults."""
    parent_means: Mapping[HopStatus, str] = field(default_factory=dict)
    """Differences from what a child's status means at its parent's desk."""
    ownership: Mapping[str, Ownership] = field(default_factory=dict)
    """Whose a field is, where it is not as the directions say in which it crosses (domain/ownership)."""
    answer_within: Mapping[Priority, timedelta] = field(default_factory=dict)
    answer_within_default: timedelta = timedelta(hours=4)
    confirm_within: timedelta = timedelta(days=3)
    work_review_days: int = 5
    """So many working days the upstream has to accept or dispute work logged below; silence accepts it."""
    hop_limit: int = 8
    time_basis: TimeBasis = TimeBasis.DESK
    """Of the desk below, for what comes over this link."""
    uncovered: Uncovered = Uncovered.ACCEPT_UNMEASURED
    uncovered_grace: timedelta = timedelta(days=30)
    """For so long after its end an agreement still lets pass what it covered."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    test: bool = False
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class CoverageRow:
    """Who covers a site (or a group of sites; None = any) for a service in certain hours, by rank 1–3."""

    org_id: str
    link_id: str
    rank: int
    site_code: str | None = None
    site_group: str | None = None
    service: str | None = None
    days: frozenset[int] = frozenset(range(7))
    """0 = Monday."""
    opens_minute: int = 0
    closes_minute: int = 24 * 60
    zone: str = "UTC"
