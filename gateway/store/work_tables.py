"""The tables of work under way: messages, looks, deliveries, attempts, workers. What they are about is in `tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

from gateway.store import fields


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
        Index(
            "message_of_org",
            "org_id",
            "received_at",
            sqlite_where=text("state = 'received'"),
            postgresql_where=text("state = 'received'"),
        ),
        Index("message_state", "state", "received_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    received_at: datetime = fields.moment(nullable=False)
    headers: Any = fields.document()
    query: Any = fields.document()
    body: bytes = Field(default=b"", sa_type=LargeBinary)
    state: str = "received"
    error: str = fields.words()
    attempts: int = 0
    processed_at: datetime | None = fields.moment()
    lease_until: datetime | None = fields.moment()
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
    due_at: datetime = fields.moment(nullable=False)
    hints: int = 1
    attempts: int = 0
    gone_at: datetime | None = fields.moment()
    why: str = ""
    error: str = fields.words()
    lease_until: datetime | None = fields.moment()
    fence: int = 0


# SQLite takes a partial index only for a query that says the same in the same words; its queries say `blocks = 1`.
_CREATING, _CREATING_1 = text("kind = 'create' AND blocks"), text("kind = 'create' AND blocks = 1")
_PENDING, _PENDING_1 = text("state = 'pending' AND head"), text("state = 'pending' AND head = 1")
_BLOCKING, _BLOCKING_1 = text("blocks"), text("blocks = 1")
WAITING = text("state IN ('inflight', 'ambiguous')")
"""Stands in queries too, beside the one state that is asked for, so that their index is taken."""


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
            sqlite_where=_PENDING_1,
            postgresql_where=_PENDING,
        ),
        Index("delivery_waiting", "lease_until", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("delivery_lane", "hop_id", "seq", unique=True),
        Index("delivery_blocking", "hop_id", "seq", sqlite_where=_BLOCKING_1, postgresql_where=_BLOCKING),
        Index("delivery_creating", "desk_id", sqlite_where=_CREATING_1, postgresql_where=_CREATING),
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
    payload: Any = fields.document()
    content_id: str | None = None
    visibility: str | None = None
    link_id: str | None = None
    event_id: str | None = None
    urgency: int = 5
    due_at: datetime | None = fields.moment()
    attempts: int = 0
    probes: int = 0
    first_sent_at: datetime | None = fields.moment()
    created_at: datetime = fields.moment(nullable=False)
    next_at: datetime = fields.moment(nullable=False)
    done_at: datetime | None = fields.moment()
    lease_until: datetime | None = fields.moment()
    fence: int = 0
    worker: str = ""
    outcome: str = ""
    error: str = fields.words()
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
    at: datetime = fields.moment(nullable=False)
    took_ms: int = 0
    kind: str = "push"
    outcome: str = ""
    http_status: int | None = None
    error: str = fields.words()


class WorkerRow(SQLModel, table=True):
    """A running process that claims work; its heartbeat."""

    __tablename__ = "worker"
    id: str = Field(primary_key=True)
    org_id: str = "operator"
    kind: str = "worker"
    host: str = ""
    started_at: datetime = fields.moment(nullable=False)
    seen_at: datetime = fields.moment(nullable=False)
    version: str = ""
