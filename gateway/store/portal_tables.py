"""The table of the portal: links that let somebody act on a job."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


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
