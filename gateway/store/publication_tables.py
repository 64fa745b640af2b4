"""The tables of published reports, of which every version stays as it was, and of those that are published by themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

_STANDS = text("ended_at IS NULL")


class PublicationRow(SQLModel, table=True):
    """One version of a report. `org_id` may read it. `document` and `evidence` are JSON, compressed by zlib."""

    __tablename__ = "publication"
    __table_args__ = (
        Index("publication_version", "kind", "subject", "period", "view", "version", unique=True),
        Index("publication_org", "org_id", "made_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    kind: str
    subject: str
    period: str
    view: str = ""
    version: int
    title: str = fields.words()
    made_at: datetime = fields.moment(nullable=False)
    made_by: str = fields.words()
    reason: str = fields.words()
    document: bytes
    evidence: bytes
    sha256: str
    previous: str = ""
    seal: str


class ReportScheduleRow(SQLModel, table=True):
    """A report that is published and mailed by itself. `next_period` is the one that comes next, due at `due_at`."""

    __tablename__ = "report_schedule"
    __table_args__ = (Index("report_schedule_due", "due_at", sqlite_where=_STANDS, postgresql_where=_STANDS),)
    id: str = Field(primary_key=True)
    org_id: str
    customer: str
    partner: str = ""
    view: str
    every: str
    after_days: int
    zone: str
    recipients: Any = fields.document()
    format: str
    language: str = "en"
    created_at: datetime = fields.moment(nullable=False)
    created_by: str = fields.words()
    next_period: str
    due_at: datetime = fields.moment(nullable=False)
    ended_at: datetime | None = fields.moment()
