"""What the native API tells, as types: the doors describe themselves with them (OpenAPI) and the client gives them. Only `id` is
certain: `fields=` may leave the rest out."""

from typing import Annotated, Any, Required

from pydantic import Field
from typing_extensions import TypedDict  # that of Python 3.11 tells pydantic too little

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with its offset."""
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Seconds = float
"""A length of time."""


class Organization(TypedDict, total=False):
    """A legal party: one's own, or one at the other end of a link, of which no more than code and name are told."""

    id: Required[str]
    code: str
    name: str
    zone: str
    language: str
    parent: str
    is_own: bool


class Site(TypedDict, total=False):
    """A consumer's place (schemas/site.v1.json), its organization by code."""

    id: Required[str]
    organization: str
    code: str
    name: str
    address: str
    zone: str
    country: str
    subdivision: str
    group: str
    hours: str
    contacts: list[str]


class Asset(TypedDict, total=False):
    """Equipment at a site (schemas/asset.v1.json)."""

    id: Required[str]
    organization: str
    code: str
    site: str
    model: str
    serial: str
    warranty_until: Day


class Contact(TypedDict, total=False):
    """Who is reached for what (schemas/contact.v1.json)."""

    id: Required[str]
    organization: str
    code: str
    level: int
    name: str
    channel: str
    address: str
    hours: str
    language: str


class Desk(TypedDict, total=False):
    """A service desk and how talking to it goes; never its credentials, its settings, or a hook's secret."""

    id: Required[str]
    code: str
    organization: str
    connector: str
    base_url: str
    zone: str
    language: str
    account: str
    held: str
    held_at: Moment | None
    poll_at: Moment | None
    polled_at: Moment | None
    breaker: dict[str, Any] | None


class HopInShort(TypedDict, total=False):
    """An assignment in a list."""

    id: Required[str]
    desk: str
    organization: str
    number: str | None
    status: str
    url: str | None


class TicketInShort(TypedDict, total=False):
    """A case end to end as one party may see it: it begins with that party's own first assignment."""

    id: Required[str]
    opened_at: Moment | None
    closed_at: Moment | None
    hops: list[HopInShort]


class Hop(HopInShort, total=False):
    """An assignment: the ticket's life at one desk."""

    ticket_id: str
    parent_id: str | None
    link: str | None
    remote_id: str | None
    reason: str | None
    facts: dict[str, Any] | None
    unmapped: Any
    asked: Any
    offered_at: Moment | None
    answer_by: Moment | None
    confirm_by: Moment | None
    refetch_at: Moment | None
    looked_at: Moment | None
    created_at: Moment | None


class Neighbour(TypedDict, total=False):
    """The assignment above or one below: whose, and how it stands."""

    side: str
    organization: str
    status: str
    offered_at: Moment | None


class Event(TypedDict, total=False):
    """One immutable fact at an assignment."""

    id: Required[str]
    hop_id: str | None
    ticket_id: str
    type: str
    data: dict[str, Any] | None
    observed_at: Moment
    reported_at: Moment | None
    stated_at: Moment | None
    source: str
    actor_kind: str
    actor: str
    cause_id: str | None


class Ticket(TypedDict, total=False):
    """A case with everything the caller may see of it."""

    id: Required[str]
    opened_at: Moment | None
    closed_at: Moment | None
    test: bool
    facts: dict[str, Any] | None
    hops: list[Hop]
    neighbours: list[Neighbour]
    events: list[Event]


class Try(TypedDict, total=False):
    """One attempt at a delivery."""

    at: Moment
    took_ms: int | None
    kind: str
    outcome: str | None
    http_status: int | None
    error: str | None


class Delivery(TypedDict, total=False):
    """One command on its way to one desk."""

    id: Required[str]
    ticket_id: str
    hop_id: str
    desk: str
    seq: int
    kind: str
    state: str
    attempts: int
    probes: int
    outcome: str | None
    error: str | None
    urgency: int | None
    due_at: Moment | None
    created_at: Moment
    next_at: Moment | None
    first_sent_at: Moment | None
    done_at: Moment | None
    marker: str | None
    note: bool | None
    event_id: str | None
    lease_until: Moment | None
    worker: str | None
    head: bool
    blocks: bool
    tries: list[Try]


class FoundHop(TypedDict, total=False):
    """An assignment of a chain that was found; of a neighbour's only whose it is and how it stands."""

    hop: str
    organization: str
    desk: str
    number: str | None
    status: str
    reason: str | None
    url: str | None
    since: Moment | None


class Found(TypedDict, total=False):
    """A chain by one of its numbers."""

    ticket_id: Required[str]
    called: list[str]
    opened_at: Moment | None
    over: bool
    holders: list[str]
    since: Moment | None
    next_due: Moment | None
    due_of: str
    hops: list[FoundHop]
    stuck: list[str]


class Findings(TypedDict):
    """The newest chains of a number; `more`: how many others there are."""

    number: str
    found: list[Found]
    more: int


class Clock(TypedDict, total=False):
    """What an agreement's target comes to for a ticket, for a party to it. Lengths are seconds of its calendar."""

    id: Required[str]
    agreement: str
    kind: str
    calendar: str
    provider: str
    consumer: str
    target_kind: str
    cycle: int
    state: str
    stopped: bool
    provisional: bool
    superseded: bool
    started_at: Moment | None
    due_at: Moment | None
    breached_at: Moment | None
    ended_at: Moment | None
    target: Seconds | None
    elapsed: Seconds
    stopped_time: Seconds
    remaining: Seconds | None


class Stop(TypedDict, total=False):
    """A request to stop a clock, and how it stands under an agreement. `hop_id` only where it is the caller's own."""

    id: Required[str]
    agreement: str
    hop_id: str | None
    code: str
    own_code: str
    evidence: list[str]
    start_at: Moment
    end_at: Moment | None
    expected_end_at: Moment | None
    asked_at: Moment
    standing: str


class Visit(TypedDict, total=False):
    """The visit of an assignment (`id`) that was last spoken of."""

    id: Required[str]
    opens_at: Moment | None
    closes_at: Moment | None
    state: str
    event_id: str


class Agreement(TypedDict, total=False):
    """What a provider promises a consumer (schemas/agreement.v1.json), as `terms`; of what somebody else provides, only what
    binds."""

    id: Required[str]
    code: str
    organization: str
    consumer: str
    kind: str
    valid_from: Day | None
    valid_until: Day | None
    draft: bool
    template: bool
    terms: dict[str, Any]


class ReportInShort(TypedDict, total=False):
    """A version of a published report."""

    id: Required[str]
    kind: str
    subject: str
    period: str
    view: str
    version: int
    title: str
    made_at: Moment
    made_by: str
    reason: str
    sha256: str
    previous: str
    seal: str


class Report(ReportInShort, total=False):
    """A version of a published report whole; `document` as schemas/report.v1.json has it."""

    document: dict[str, Any]
