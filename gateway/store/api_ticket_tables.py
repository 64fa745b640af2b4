"""The tables of API desks: tickets, and what was added to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class ApiTicketRow(SQLModel, table=True):
    """A ticket at an API desk. Numbers count for each desk; what is made twice under one marker, or named twice by the same
    outer name, is one ticket."""

    __tablename__ = "api_ticket"
    __table_args__ = (
        Index("api_ticket_number", "desk_id", "place", unique=True),
        Index("api_ticket_marker", "desk_id", "marker", unique=True),
        Index("api_ticket_external", "desk_id", "external"),
        Index("api_ticket_changed", "desk_id", "changed_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    place: int
    number: str
    marker: str
    external: str = column.words()
    digest: str = ""
    fields: Any = column.document()
    document: Any = column.document()
    created_at: datetime = column.moment(nullable=False)
    changed_at: datetime = column.moment(nullable=False)
    revision: int = 0
    parts: int = 0


class ApiPartRow(SQLModel, table=True):
    """A note, a file or a change of a field. Only the words of a note may change."""

    __tablename__ = "api_part"
    __table_args__ = (Index("api_part_place", "ticket_id", "place", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    place: int
    kind: str
    at: datetime = column.moment(nullable=False)
    actor_id: str = column.words()
    actor_name: str = column.words()
    actor_kind: str
    data: Any = column.document()
    request: str = ""
