"""Versions of the rules that each side of a link owns, and what was done with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class MappingVersionRow(SQLModel, table=True):
    """One version of one side's rules. A row never changes; `org_id` is the organization at that side."""

    __tablename__ = "mapping_version"
    __table_args__ = (Index("mapping_version_number", "link_id", "side", "number", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    link_id: str
    side: str
    number: int
    document: Any = fields.document()
    note: str = fields.words()
    author: str = fields.words()
    made_at: datetime = fields.moment(nullable=False)


class MappingMoveRow(SQLModel, table=True):
    """One time a version took effect: the last one of a side stands, `number` 0 is no rules at all."""

    __tablename__ = "mapping_move"
    __table_args__ = (Index("mapping_move_seq", "link_id", "side", "seq", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    link_id: str
    side: str
    seq: int
    number: int
    kind: str
    at: datetime = fields.moment(nullable=False)
    actor: str = fields.words()
    note: str = fields.words()
