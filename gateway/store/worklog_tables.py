"""The tables of work logged, and of what work lists ask for that no other table tells: visits that are booked, stops that
somebody has to decide."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

UNDECIDED = text("state IN ('logged', 'told')")
UNBILLED = text("statement = ''")
LAPSING = text("state = 'told'")
_UNTOLD = text("state = 'logged'")
_FROM_VISIT = text("visit_event IS NOT NULL")
AHEAD = text("state IN ('booked', 'under_way')")
"""Conditions of partial indexes stand in the queries in these very words, so that SQLite takes the index."""


class WorkLineRow(SQLModel, table=True):
    """One line of work that `org_id` logged and `consumer`, one link up, accepts or disputes. Numbers are decimal text."""

    __tablename__ = "work_line"
    __table_args__ = (
        Index("work_line_ticket", "ticket_id"),
        Index("work_line_link", "link_id", "month"),
        Index("work_line_unbilled", "link_id", "month", sqlite_where=UNBILLED, postgresql_where=UNBILLED),
        Index("work_line_undecided", "logged_at", "id", sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("work_line_lapsing", "review_until", sqlite_where=LAPSING, postgresql_where=LAPSING),
        Index("work_line_untold", "delivery_id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        Index("work_line_passed", "passed_from"),
        Index(
            "work_line_visit",
            "visit_event",
            unique=True,
            sqlite_where=_FROM_VISIT,
            postgresql_where=_FROM_VISIT,
        ),
    )
    id: str = Field(primary_key=True)
    org_id: str
    consumer: str
    ticket_id: str
    hop_id: str
    link_id: str
    kind: str
    amount: str
    unit: str
    at: datetime = fields.moment(nullable=False)
    month: str
    logged_at: datetime = fields.moment(nullable=False)
    logged_by: str = fields.words()
    state: str
    price: str | None = None
    currency: str = ""
    content_id: str | None = None
    event_id: str | None = None
    delivery_id: str | None = None
    told_at: datetime | None = fields.moment()
    review_until: datetime | None = fields.moment()
    decided_at: datetime | None = fields.moment()
    decided_by: str = fields.words()
    reason_id: str | None = None
    passed_from: str | None = None
    visit_event: str | None = None
    statement: str = ""


class WorkStatementRow(SQLModel, table=True):
    """A month of a link that was closed: what stood in it, without what people wrote."""

    __tablename__ = "work_statement"
    __table_args__ = (Index("work_statement_month", "link_id", "month", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    consumer: str
    link_id: str
    month: str
    closed_at: datetime = fields.moment(nullable=False)
    closed_by: str = fields.words()
    sha256: str
    document: Any = fields.document()


class BookedVisitRow(SQLModel, table=True):
    """The visit of a hop (`id`) that was last spoken of: its window and how far it has come."""

    __tablename__ = "booked_visit"
    __table_args__ = (
        Index("booked_visit_ahead", "opens_at", "id", sqlite_where=AHEAD, postgresql_where=AHEAD),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    opens_at: datetime | None = fields.moment()
    closes_at: datetime | None = fields.moment()
    state: str
    event_id: str


class StopToDecideRow(SQLModel, table=True):
    """A stop request that stood undecided under an agreement when its ticket was last folded; `org_id` decides it."""

    __tablename__ = "stop_to_decide"
    __table_args__ = (
        Index("stop_to_decide_ticket", "ticket_id"),
        Index("stop_to_decide_org", "org_id", "asked_at", "id"),
        Index("stop_to_decide_asked", "asked_at", "id"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    request_id: str
    agreement: str
    code: str
    asked_at: datetime = fields.moment(nullable=False)
    review_until: datetime | None = fields.moment()
