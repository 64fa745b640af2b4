"""The table of links that show one ticket or one published report to one organization."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class ShareLinkRow(SQLModel, table=True):
    """A link to the page of a ticket or a report, named by its id, as `org_id` may see it; only the token's hash is kept."""

    __tablename__ = "share_link"
    __table_args__ = (Index("share_link_ticket", "subject"),)
    id: str = Field(primary_key=True)
    org_id: str
    subject: str = Field(sa_column_kwargs={"name": "ticket_id", "key": "subject"})
    """The column keeps the name that it had when there were links to tickets only: an older version works beside this one."""
    sha256: str = Field(unique=True)
    created_at: datetime = fields.moment(nullable=False)
    created_by: str = fields.words()
    expires_at: datetime = fields.moment(nullable=False)
    revoked_at: datetime | None = fields.moment()
    used_at: datetime | None = fields.moment()
