"""The tables of TM Forum's API: who listens to a desk's tickets, and what they are still to be told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class TmfListenerRow(SQLModel, table=True):
    """An address (`callback`, sealed) that is told what happens to the tickets of a desk; `query` narrows it."""

    __tablename__ = "tmf_listener"
    __table_args__ = (Index("tmf_listener_desk", "desk_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    dialect: str
    callback: str = column.words()
    query: str = column.words()
    created_at: datetime = column.moment(nullable=False)


class TmfNoticeRow(SQLModel, table=True):
    """One event on its way to one listener. Of a ticket's events the oldest that waits goes first."""

    __tablename__ = "tmf_notice"
    __table_args__ = (
        Index("tmf_notice_due", "state", "next_at"),
        Index("tmf_notice_lane", "listener_id", "ticket_id", "id"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    listener_id: str
    ticket_id: str
    kind: str
    document: Any = column.document()
    created_at: datetime = column.moment(nullable=False)
    next_at: datetime = column.moment(nullable=False)
    lease_until: datetime | None = column.moment()
    attempts: int = 0
    state: str
    error: str = column.words()


class TmfSpecificationRow(SQLModel, table=True):
    """A party's own description of a kind of ticket, as it was written."""

    __tablename__ = "tmf_specification"
    __table_args__ = (Index("tmf_specification_desk", "desk_id", "id"),)
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    document: Any = column.document()
    created_at: datetime = column.moment(nullable=False)
    changed_at: datetime = column.moment(nullable=False)
