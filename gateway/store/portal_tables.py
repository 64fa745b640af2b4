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
    contact: str | None = None
    language: str = ""
    sha256: str = Field(unique=True)
    created_at: datetime = column.moment(nullable=False)
    expires_at: datetime = column.moment(nullable=False)
    used_at: datetime | None = column.moment()


class PortalBrowserRow(SQLModel, table=True):
    """A browser that acts for a reader of the portal's mails; only its cookie's hash is kept."""

    __tablename__ = "portal_browser"
    __table_args__ = (Index("portal_browser_reader", "desk_id", "contact"),)
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    contact: str
    sha256: str = Field(unique=True)
    agent: str = column.words()
    created_at: datetime = column.moment(nullable=False)
    seen_at: datetime = column.moment(nullable=False)
    ended_at: datetime | None = column.moment()


class PortalCodeRow(SQLModel, table=True):
    """Digits that let a new browser act by a link; `code` is their hash, made as the mail leaves."""

    __tablename__ = "portal_code"
    __table_args__ = (Index("portal_code_link", "link_id"), Index("portal_code_end", "expires_at"))
    id: str = Field(primary_key=True)
    org_id: str
    link_id: str
    code: str | None = None
    tries: int = 0
    created_at: datetime = column.moment(nullable=False)
    expires_at: datetime = column.moment(nullable=False)
