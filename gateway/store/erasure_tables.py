"""The tables of forgetting: persons who were erased or are to be, and tickets that nothing is taken from meanwhile."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from gateway.store import fields


class ErasureRow(SQLModel, table=True):
    """One person to be forgotten at `org_id`. The terms are sealed and kept until no backup that knows the person is left; nothing
    else in the row tells who it was. `place`: how far it came; `files`: those that no row speaks of any more. `lease_until`: until
    when whoever works on it has it alone; `fence` counts who did."""

    __tablename__ = "erasure"
    id: str = Field(primary_key=True)
    org_id: str
    sealed_terms: str = Field(default="", sa_type=Text)
    asked_at: datetime = fields.moment(nullable=False)
    asked_by: str = fields.words()
    reason: str = fields.words()
    state: str
    place: Any = fields.document()
    counts: Any = fields.document()
    tickets: Any = fields.document()
    files: Any = fields.document()
    done_at: datetime | None = fields.moment()
    lease_until: datetime | None = fields.moment()
    fence: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class TicketHoldRow(SQLModel, table=True):
    """A ticket whose words are evidence: neither erasure nor age takes them while the hold stands, nor raw messages of its desks."""

    __tablename__ = "ticket_hold"
    ticket_id: str = Field(primary_key=True)
    org_id: str
    at: datetime = fields.moment(nullable=False)
    by: str = fields.words()
    reason: str = fields.words()
