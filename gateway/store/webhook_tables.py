"""The tables of outgoing webhooks. What a webhook is stands in the directory; here is how its address does, and what is on
its way there. No row holds words of people: they are filled in as a message leaves."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

_WAITS = text("state IN ('pending', 'sending')")


def _sequence() -> Any:
    """The order of recording."""
    column = Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    return Field(default=None, sa_column=column)


class WebhookEndpointRow(SQLModel, table=True):
    """The address of a webhook (`id` is that of its row in the directory): its secrets, and whether it answers."""

    __tablename__ = "webhook_endpoint"
    id: str = Field(primary_key=True)
    org_id: str
    sealed_secrets: str = fields.words()
    secrets: Any = fields.document()
    standing: str = "active"
    why: str = fields.words()
    changed_at: datetime | None = fields.moment()
    breaker: Any = fields.document()
    failing_since: datetime | None = fields.moment()
    delivered: int = 0
    last_at: datetime | None = fields.moment()
    last_status: int | None = None
    last_error: str = fields.words()


class WebhookMessageRow(SQLModel, table=True):
    """One event for one webhook; within a lane, messages leave in the order of `seq`."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        Index("webhook_message_due", "webhook_id", "next_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("webhook_message_lane", "webhook_id", "lane", "seq"),
        Index("webhook_message_made", "created_at"),
    )
    seq: int | None = _sequence()
    id: str = Field(unique=True)
    org_id: str
    webhook_id: str
    lane: str
    kind: str
    created_at: datetime = fields.moment(nullable=False)
    next_at: datetime = fields.moment(nullable=False)
    event_id: str = ""
    ticket_id: str = ""
    subject: str = ""
    document: Any = fields.document()
    state: str = "pending"
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = fields.moment()
    done_at: datetime | None = fields.moment()
    error: str = fields.words()


class WebhookAttemptRow(SQLModel, table=True):
    """One try of one message."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("webhook_attempt_message", "message_id"),)
    seq: int | None = _sequence()
    org_id: str
    message_id: str
    at: datetime = fields.moment(nullable=False)
    took_ms: int
    status: int | None = None
    error: str = fields.words()
