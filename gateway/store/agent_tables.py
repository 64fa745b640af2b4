"""The tables of agents: requests that wait for a desk's agent with what it brought, and when each desk's agent came last."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class ErrandRow(SQLModel, table=True):
    """One request for the agent of a desk; gone as soon as its answer was read, or when nobody waits any more."""

    __tablename__ = "errand"
    __table_args__ = (
        Index("errand_waiting", "desk_id", "taken_at", "posted_at"),
        Index("errand_done_by", "done_by"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    posted_at: datetime = column.moment(nullable=False)
    begin_by: datetime = column.moment(nullable=False)
    done_by: datetime = column.moment(nullable=False)
    request: Any = column.document()
    body: bytes = Field(default=b"", sa_type=LargeBinary)
    taken_at: datetime | None = column.moment()
    brought_at: datetime | None = column.moment()
    answer: Any = column.document()
    answer_body: bytes = Field(default=b"", sa_type=LargeBinary)


class AgentSightRow(SQLModel, table=True):
    """When a desk's agent last asked for errands."""

    __tablename__ = "agent_sight"
    desk_id: str = Field(primary_key=True)
    org_id: str
    seen_at: datetime = column.moment(nullable=False)
