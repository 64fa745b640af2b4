"""The tables of what there is and what happened (those of work under way: `work_tables`). Each row has its owning organization (`org_id`); content that people wrote is apart from events."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, Text, false, text
from sqlmodel import Field, SQLModel

from gateway.store import fields


class Meta(SQLModel, table=True):
    """Numbers and words about the installation itself (directory version, salt)."""

    key: str = Field(primary_key=True)
    value: str = fields.words()


class OrganizationRow(SQLModel, table=True):
    """A legal party; it owns its own row."""

    __tablename__ = "organization"
    id: str = Field(primary_key=True)
    org_id: str = Field(index=True)
    code: str = Field(unique=True)
    document: Any = fields.document()


class DirectoryRow(SQLModel, table=True):
    """Contacts, sites, assets, coverage: what configuration files say, whole, by kind and code."""

    __tablename__ = "directory"
    __table_args__ = (Index("directory_code", "kind", "org_id", "code", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    kind: str
    code: str
    document: Any = fields.document()


class SheetRow(SQLModel, table=True):
    """The terms of an agreement as they stood when somebody applied them, with their calendars: never changed, named by
    what they say. Tickets are bound to a sheet, so their clocks can be folded again after the contract changed."""

    __tablename__ = "sheet"
    id: str = Field(primary_key=True)
    org_id: str
    code: str
    created_at: datetime = fields.moment(nullable=False)
    document: Any = fields.document()


class DeskRow(SQLModel, table=True):
    """A desk: its document, sealed credentials, and the running state of talking to it."""

    __tablename__ = "desk"
    id: str = Field(primary_key=True)
    org_id: str = Field(index=True)
    code: str = Field(unique=True)
    connector: str
    document: Any = fields.document()
    sealed_credentials: str | None = Field(default=None, sa_type=Text)
    sealed_hook_secrets: str | None = Field(default=None, sa_type=Text)
    hook_token_hash: str | None = None
    version: int = 1
    held: str = fields.words()
    held_at: datetime | None = fields.moment()
    cursor: str | None = Field(default=None, sa_type=Text)
    poll_at: datetime | None = fields.moment()
    poll_fence: int = 0
    poll_lease_until: datetime | None = fields.moment()
    polled_at: datetime | None = fields.moment()
    breaker: Any = fields.document()
    learned: Any = fields.document()


class OffsetRow(SQLModel, table=True):
    """How far a desk's clock was from ours, kept when it had moved or an hour had passed (R3)."""

    __tablename__ = "offset_sample"
    __table_args__ = (Index("offset_series", "desk_id", "measured_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    measured_at: datetime = fields.moment(nullable=False)
    ahead: timedelta = fields.length(nullable=False)
    error: timedelta = fields.length(nullable=False)


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
    document: Any = fields.document()
    version: int = 1


def _moments(name: str, column: str) -> Index:
    """A row that waits for no such moment does not stand in its index."""
    there = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=there, postgresql_where=there)


class TicketRow(SQLModel, table=True):
    """The case end to end; its row is the lock every flow takes first."""

    __tablename__ = "ticket"
    __table_args__ = (Index("ticket_org", "org_id", "opened_at"), _moments("ticket_fold", "fold_at"))
    id: str = Field(primary_key=True)
    org_id: str
    opened_at: datetime = fields.moment(nullable=False)
    closed_at: datetime | None = fields.moment()
    facts: Any = fields.document()
    version: int = 0
    watched: bool = False
    test: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    fold_at: datetime | None = fields.moment()


class HopRow(SQLModel, table=True):
    """A ticket's life at one desk, with its shadow."""

    __tablename__ = "hop"
    __table_args__ = (
        Index("hop_ticket", "ticket_id"),
        Index("hop_number", "number"),
        Index("hop_remote", "desk_id", "remote_id", unique=True),
        _moments("hop_refetch", "refetch_at"),
        _moments("hop_answer", "answer_by"),
        _moments("hop_confirm", "confirm_by"),
        Index("hop_asked", "id", sqlite_where=text("asked = 1"), postgresql_where=text("asked")),
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
    facts: Any = fields.document()
    shadow: Any = fields.document()
    unmapped: Any = fields.document()
    position: str | None = None
    last_entry: str | None = None
    revision: str | None = None
    route: Any = fields.document()
    ranks: Any = fields.document()
    asked: bool = False
    offered_at: datetime | None = fields.moment()
    answer_by: datetime | None = fields.moment()
    confirm_by: datetime | None = fields.moment()
    refetch_at: datetime | None = fields.moment()
    looked_at: datetime | None = fields.moment()
    fetched_at: datetime | None = fields.moment()
    wrote_at: datetime | None = fields.moment()
    created_at: datetime | None = fields.moment()
    next_seq: int = 1
    budget_from: datetime | None = fields.moment()
    budget_used: int = 0
    version: int = 0


class FormerNumberRow(SQLModel, table=True):
    """What a desk called a ticket until then: people have it in old mails."""

    __tablename__ = "former_number"
    __table_args__ = (Index("former_number_number", "number"),)
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    number: str
    left_at: datetime = fields.moment(nullable=False)


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
    data: Any = fields.document()
    observed_at: datetime = fields.moment(nullable=False)
    reported_at: datetime | None = fields.moment()
    stated_at: datetime | None = fields.moment()
    contrary_seen_at: datetime | None = fields.moment()
    observed_only: bool = False
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
    at: datetime = fields.moment(nullable=False)
    text: str = fields.words()
    author: str = fields.words()
    salt: str = ""
    digest: str = ""
    to_link_id: str | None = None
    filename: str | None = Field(default=None, sa_type=Text)
    media_type: str | None = None
    blob_key: str | None = None
    blob_size: int | None = Field(default=None, sa_type=BigInteger)
    blob_sha256: str | None = None
    source: Any = fields.document()
    automatic: bool = False
    released_to: Any = fields.document()


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
    native_id: str = fields.words()
    name: str = fields.words()


class DiscrepancyRow(SQLModel, table=True):
    """Where what a desk reports and what we observed do not agree."""

    __tablename__ = "discrepancy"
    __table_args__ = (Index("discrepancy_ticket", "ticket_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    at: datetime = fields.moment(nullable=False)
    kind: str
    data: Any = fields.document()


class AuditRow(SQLModel, table=True):
    """Who changed what, before and after. `number` is its place in its organization's chain, once it is sealed."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_chain", "org_id", "number", unique=True),
        Index(
            "audit_unsealed",
            "seq",
            sqlite_where=text("number IS NULL"),
            postgresql_where=text("number IS NULL"),
        ),
    )
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    org_id: str = Field(index=True)
    at: datetime = fields.moment(nullable=False)
    actor: str
    action: str
    subject: str = ""
    before: Any = fields.document()
    after: Any = fields.document()
    number: int | None = Field(default=None, sa_type=BigInteger)
    previous: str | None = None
    digest: str | None = None


class ApiKeyRow(SQLModel, table=True):
    """A key of the operator (`org_id` = `operator`) or of an organization; only its hash is kept."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    org_id: str
    label: str = ""
    shown: str = ""
    sha256: str = Field(unique=True)
    created_at: datetime = fields.moment(nullable=False)
    expires_at: datetime | None = fields.moment()
    revoked_at: datetime | None = fields.moment()
    permissions: Any = fields.document()
    """A list of names; nothing: all that its owner may."""
    networks: Any = fields.document()
    """A list of CIDRs that it may be used from; nothing: any."""
    used_at: datetime | None = fields.moment()
