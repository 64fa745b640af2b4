"""The tables of the portal desk: jobs, what was added to them, and the links that let somebody act on one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class PortalJobRow(SQLModel, table=True):
    """A ticket at a portal desk. Numbers count for each desk; what is made twice under one marker is one job."""

    __tablename__ = "portal_job"
    __table_args__ = (
        Index("portal_job_number", "desk_id", "place", unique=True),
        Index("portal_job_marker", "desk_id", "marker", unique=True),
        Index("portal_job_changed", "desk_id", "changed_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    place: int
    number: str
    marker: str
    fields: Any = column.document()
    created_at: datetime = column.moment(nullable=False)
    changed_at: datetime = column.moment(nullable=False)
    revision: int = 0
    parts: int = 0


class PortalPartRow(SQLModel, table=True):
    """A comment, a file or a change of a field: added once, never changed."""

    __tablename__ = "portal_part"
    __table_args__ = (
        Index("portal_part_place", "job_id", "place", unique=True),
        Index("portal_part_request", "job_id", "request"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    job_id: str
    place: int
    kind: str
    at: datetime = column.moment(nullable=False)
    actor_id: str = column.words()
    actor_name: str = column.words()
    actor_kind: str
    data: Any = column.document()
    request: str = ""


class PortalLinkRow(SQLModel, table=True):
    """A link that lets whoever holds it do one thing with one job, once; only the token's hash is kept."""

    __tablename__ = "portal_link"
    __table_args__ = (Index("portal_link_job", "job_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    job_id: str
    doing: str
    person: str = column.words()
    language: str = ""
    sha256: str = Field(unique=True)
    created_at: datetime = column.moment(nullable=False)
    expires_at: datetime = column.moment(nullable=False)
    used_at: datetime | None = column.moment()
