"""The tables of what follows from clocks: clocks as last folded, warnings that were raised, letters on their way."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

_RUNNING = text("state = 'running'")
_FINISHED = text("ended_at IS NOT NULL")
_OPEN = text("over_at IS NULL")
_LEAVING = text("state IN ('pending', 'sending')")


class ClockRow(SQLModel, table=True):
    """A clock of a ticket as it was last folded and told. `place`: the how manieth of its agreement, hop and target."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("clock_which", "ticket_id", "agreement", "hop_id", "target_kind", "place", unique=True),
        Index("clock_due", "due_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index(
            "clock_past",
            "agreement",
            "target_kind",
            "ended_at",
            sqlite_where=_FINISHED,
            postgresql_where=_FINISHED,
        ),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    agreement: str
    sheet: str = ""
    target_kind: str
    place: int
    key: str
    state: str
    stopped: bool = False
    provisional: bool = False
    target: timedelta | None = fields.length()
    started_at: datetime | None = fields.moment()
    due_at: datetime | None = fields.moment()
    ended_at: datetime | None = fields.moment()
    breached_at: datetime | None = fields.moment()
    elapsed: timedelta = fields.length(nullable=False)
    stopped_time: timedelta = fields.length(nullable=False)
    ended_by: str | None = None
    due_told_at: datetime | None = fields.moment()
    needed_by: datetime | None = fields.moment()
    warned: Any = fields.document()
    folded_at: datetime = fields.moment(nullable=False)


class WarningRow(SQLModel, table=True):
    """Something that was told about a clock or a top-priority job, and how far up it has climbed. `step`: how many rungs
    were told."""

    __tablename__ = "warning"
    __table_args__ = (
        Index("warning_ticket", "ticket_id"),
        Index("warning_open", "raised_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    kind: str
    about: str = ""
    mark: str = ""
    step: int = 0
    event_id: str
    raised_at: datetime = fields.moment(nullable=False)
    climbs_at: datetime | None = fields.moment()
    acknowledged_at: datetime | None = fields.moment()
    acknowledged_by: str = ""
    over_at: datetime | None = fields.moment()


class LetterRow(SQLModel, table=True):
    """One plain mail to one contact. Its `message_id` is the same at every try, so that a doubled one can be told."""

    __tablename__ = "letter"
    __table_args__ = (
        Index("letter_leaving", "next_at", sqlite_where=_LEAVING, postgresql_where=_LEAVING),
        Index("letter_warning", "warning_id"),
        Index("letter_message", "message_id", unique=True),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    warning_id: str
    message_id: str
    contact: str = ""
    address: str
    subject: str = fields.words()
    body: str = fields.words()
    state: str = "pending"
    attempts: int = 0
    fence: int = 0
    created_at: datetime = fields.moment(nullable=False)
    next_at: datetime = fields.moment(nullable=False)
    lease_until: datetime | None = fields.moment()
    sent_at: datetime | None = fields.moment()
    error: str = fields.words()
    enclosure: str = ""
