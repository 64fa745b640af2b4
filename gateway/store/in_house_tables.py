"""The tables of desks that live in this gateway: tickets, and what was added to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class DeskTicketRow(SQLModel, table=True):
    """A ticket at a desk of ours. Numbers count for each desk; what is made twice under one marker, or named twice by the same
    outer name, is one ticket. A desk that changed its face begins anew: what it had shows itself to the former face only."""

    __tablename__ = "desk_ticket"
    __table_args__ = (
        Index("desk_ticket_number", "desk_id", "face", "place", unique=True),
        Index("desk_ticket_marker", "desk_id", "face", "marker", unique=True),
        Index("desk_ticket_external", "desk_id", "external"),
        Index("desk_ticket_changed", "desk_id", "changed_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    face: str
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


class DeskPartRow(SQLModel, table=True):
    """A comment, a file or a change of a field. Only the words of a comment may change."""

    __tablename__ = "desk_part"
    __table_args__ = (Index("desk_part_place", "ticket_id", "place", unique=True),)
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
