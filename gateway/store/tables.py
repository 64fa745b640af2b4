"""Every table. Each row has its owning organization (`org_id`); content that people wrote is apart from events."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from gateway.store.columns import Document, Moment


def _moment(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_type=Moment, nullable=nullable)


def _document() -> Any:
    return Field(default=None, sa_type=Document, nullable=True)


def _text(default: str = "") -> Any:
    return Field(default=default, sa_type=Text, nullable=False)


class Meta(SQLModel, table=True):
    """Numbers and words about the installation itself (directory version, salt)."""

    key: str = Field(primary_key=True)
    value: str = _text()


class OrganizationRow(SQLModel, table=True):
    """A legal party; it owns its own row."""

    __tablename__ = "organization"
    id: str = Field(primary_key=True)
    org_id: str = Field(index=True)
    code: str = Field(unique=True)
    document: Any = _document()


class DirectoryRow(SQLModel, table=True):
    """Contacts, sites, assets, coverage: what configuration files say, whole, by kind and code."""

    __tablename__ = "directory"
    __table_args__ = (Index("directory_code", "kind", "org_id", "code", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    kind: str
    code: str
    document: Any = _document()


class DeskRow(SQLModel, table=True):
    """A desk: its document, sealed credentials, and the running state of talking to it."""

    __tablename__ = "desk"
    id: str = Field(primary_key=True)
    org_id: str = Field(index=True)
    code: str = Field(unique=True)
    connector: str
    document: Any = _document()
    sealed_credentials: str | None = Field(default=None, sa_type=Text)
    sealed_hook_secrets: str | None = Field(default=None, sa_type=Text)
    hook_token_hash: str | None = None
    version: int = 1
    held: str = _text()
    held_at: datetime | None = _moment()
    cursor: str | None = Field(default=None, sa_type=Text)
    poll_at: datetime | None = _moment()
    poll_fence: int = 0
    poll_lease_until: datetime | None = _moment()
    polled_at: datetime | None = _moment()
    breaker: Any = _document()
    learned: Any = _document()


class LinkRow(SQLModel, table=True):
    """Standing consent of two desks; the upstream's organization owns the row, both see it."""

    __tablename__ = "link"
    id: str = Field(primary_key=True)
    org_id: str = Field(index=True)
    code: str = Field(unique=True)
    upstream_desk_id: str = Field(index=True)
    downstream_desk_id: str = Field(index=True)
    upstream_org_id: str
    downstream_org_id: str
    state: str
    document: Any = _document()
    version: int = 1


class TicketRow(SQLModel, table=True):
    """The case end to end; its row is the lock every flow takes first."""

    __tablename__ = "ticket"
    __table_args__ = (Index("ticket_org", "org_id", "opened_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    opened_at: datetime = _moment(nullable=False)
    closed_at: datetime | None = _moment()
    facts: Any = _document()
    version: int = 0


class HopRow(SQLModel, table=True):
    """A ticket's life at one desk, with its shadow."""

    __tablename__ = "hop"
    __table_args__ = (
        Index("hop_ticket", "ticket_id"),
        Index("hop_remote", "desk_id", "remote_id", unique=True),
        Index("hop_refetch", "refetch_at"),
        Index("hop_answer", "answer_by"),
        Index("hop_confirm", "confirm_by"),
        Index(
            "hop_unmapped",
            "desk_id",
            sqlite_where=text("unmapped <> '[]'"),
            postgresql_where=text("unmapped <> '[]'"),
        ),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    desk_id: str
    link_id: str | None = None
    parent_id: str | None = None
    remote_id: str | None = None
    number: str | None = None
    url: str | None = None
    status: str
    reason: str | None = None
    facts: Any = _document()
    shadow: Any = _document()
    unmapped: Any = _document()
    position: str | None = None
    last_entry: str | None = None
    revision: str | None = None
    route: Any = _document()
    ranks: Any = _document()
    asked: bool = False
    offered_at: datetime | None = _moment()
    answer_by: datetime | None = _moment()
    confirm_by: datetime | None = _moment()
    refetch_at: datetime | None = _moment()
    looked_at: datetime | None = _moment()
    wrote_at: datetime | None = _moment()
    created_at: datetime | None = _moment()
    next_seq: int = 1
    version: int = 0


class EventRow(SQLModel, table=True):
    """One immutable fact; `seq` is the order of recording."""

    __tablename__ = "event"
    __table_args__ = (Index("event_ticket", "ticket_id", "seq"),)
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    id: str = Field(unique=True)
    org_id: str
    ticket_id: str
    hop_id: str | None = None
    type: str
    data: Any = _document()
    observed_at: datetime = _moment(nullable=False)
    reported_at: datetime | None = _moment()
    stated_at: datetime | None = _moment()
    source: str
    actor_kind: str
    actor: str = ""
    cause_id: str | None = None


class ContentRow(SQLModel, table=True):
    """Text, names and files: erasable."""

    __tablename__ = "content"
    __table_args__ = (Index("content_ticket", "ticket_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    kind: str
    origin_hop_id: str
    visibility: str
    at: datetime = _moment(nullable=False)
    text: str = _text()
    author: str = _text()
    salt: str = ""
    digest: str = ""
    to_link_id: str | None = None
    filename: str | None = Field(default=None, sa_type=Text)
    media_type: str | None = None
    blob_key: str | None = None
    blob_size: int | None = Field(default=None, sa_type=BigInteger)
    blob_sha256: str | None = None
    source: Any = _document()
    automatic: bool = False
    released_to: Any = _document()


class CopyRow(SQLModel, table=True):
    """The same content at one desk."""

    __tablename__ = "copy"
    __table_args__ = (
        Index("copy_remote", "hop_id", "kind", "remote_id", unique=True),
        Index("copy_hash", "hop_id", "native_hash"),
        Index("copy_content", "content_id"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    content_id: str
    kind: str
    remote_id: str
    native_hash: str
    visibility: str
    ours: bool
    missing: bool = False
    removed: bool = False


class PersonRow(SQLModel, table=True):
    """A name at a desk behind the opaque id that events carry; erasable."""

    __tablename__ = "person"
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    native_id: str = _text()
    name: str = _text()


class MessageRow(SQLModel, table=True):
    """What came in, bytes as they were."""

    __tablename__ = "message"
    __table_args__ = (
        Index(
            "message_waiting",
            "received_at",
            sqlite_where=text("state = 'received'"),
            postgresql_where=text("state = 'received'"),
        ),
        Index("message_state", "state", "received_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    received_at: datetime = _moment(nullable=False)
    headers: Any = _document()
    query: Any = _document()
    body: bytes = Field(default=b"", sa_type=LargeBinary)
    state: str = "received"
    error: str = _text()
    attempts: int = 0
    processed_at: datetime | None = _moment()
    lease_until: datetime | None = _moment()
    fence: int = 0


class LookRow(SQLModel, table=True):
    """A wish to establish what a desk now says of one remote ticket; hints for the same ticket coalesce here."""

    __tablename__ = "look"
    __table_args__ = (
        Index("look_what", "desk_id", "remote_id", unique=True),
        Index("look_due", "due_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    remote_id: str
    due_at: datetime = _moment(nullable=False)
    hints: int = 1
    attempts: int = 0
    gone_at: datetime | None = _moment()
    why: str = ""
    error: str = _text()
    lease_until: datetime | None = _moment()
    fence: int = 0


_CREATING = text("kind = 'create' AND blocks")
_PENDING = text("state = 'pending' AND head")
_WAITING = text("state IN ('inflight', 'ambiguous')")
_BLOCKING = text("blocks")


class DeliveryRow(SQLModel, table=True):
    """One command on its way. `blocks`: it holds its lane; `head`: nothing before it in its lane blocks."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "delivery_ready",
            "org_id",
            "urgency",
            "due_at",
            "created_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index("delivery_waiting", "lease_until", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("delivery_lane", "hop_id", "seq", unique=True),
        Index("delivery_blocking", "hop_id", "seq", sqlite_where=_BLOCKING, postgresql_where=_BLOCKING),
        Index("delivery_creating", "desk_id", sqlite_where=_CREATING, postgresql_where=_CREATING),
        Index("delivery_marker", "marker"),
        Index("delivery_ticket", "ticket_id"),
        Index(
            "delivery_parked",
            "state",
            sqlite_where=text("state IN ('parked','asking')"),
            postgresql_where=text("state IN ('parked','asking')"),
        ),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    desk_id: str
    seq: int
    kind: str
    marker: str
    state: str
    head: bool
    blocks: bool
    payload: Any = _document()
    content_id: str | None = None
    visibility: str | None = None
    link_id: str | None = None
    event_id: str | None = None
    urgency: int = 5
    due_at: datetime | None = _moment()
    attempts: int = 0
    probes: int = 0
    first_sent_at: datetime | None = _moment()
    created_at: datetime = _moment(nullable=False)
    next_at: datetime = _moment(nullable=False)
    done_at: datetime | None = _moment()
    lease_until: datetime | None = _moment()
    fence: int = 0
    worker: str = ""
    outcome: str = ""
    error: str = _text()
    note: bool = False


class AttemptRow(SQLModel, table=True):
    """One try of one delivery: every attempt is a row."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_delivery", "delivery_id"),)
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    org_id: str
    delivery_id: str
    at: datetime = _moment(nullable=False)
    took_ms: int = 0
    kind: str = "push"
    outcome: str = ""
    http_status: int | None = None
    error: str = _text()


class DiscrepancyRow(SQLModel, table=True):
    """Where what a desk reports and what we observed do not agree."""

    __tablename__ = "discrepancy"
    __table_args__ = (Index("discrepancy_ticket", "ticket_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    at: datetime = _moment(nullable=False)
    kind: str
    data: Any = _document()


class AuditRow(SQLModel, table=True):
    """Who changed what, before and after."""

    __tablename__ = "audit"
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    org_id: str = Field(index=True)
    at: datetime = _moment(nullable=False)
    actor: str
    action: str
    subject: str = ""
    before: Any = _document()
    after: Any = _document()


class ApiKeyRow(SQLModel, table=True):
    """A key of the operator (`org_id` = `operator`) or of an organization; only its hash is kept."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    org_id: str
    label: str = ""
    shown: str = ""
    sha256: str = Field(unique=True)
    created_at: datetime = _moment(nullable=False)
    expires_at: datetime | None = _moment()
    revoked_at: datetime | None = _moment()


class WorkerRow(SQLModel, table=True):
    """A running process that claims work; its heartbeat."""

    __tablename__ = "worker"
    id: str = Field(primary_key=True)
    org_id: str = "operator"
    kind: str = "worker"
    host: str = ""
    started_at: datetime = _moment(nullable=False)
    seen_at: datetime = _moment(nullable=False)
    version: str = ""


METADATA = SQLModel.metadata
"""All tables, for migrations to compare with and for tests to create at once."""
