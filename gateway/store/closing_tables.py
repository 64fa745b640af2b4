"""The table of periods that are closed with a customer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class ClosingRow(SQLModel, table=True):
    """A customer's period being closed. `org_id` is the customer. `detail` holds the other side's rows, the counts and the
    lines with what was said about each."""

    __tablename__ = "closing"
    __table_args__ = (Index("closing_period", "org_id", "period", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    customer: str
    period: str
    zone: str
    made_at: datetime = fields.moment(nullable=False)
    made_by: str = fields.words()
    review_until: datetime = fields.moment(nullable=False)
    source: str = fields.words()
    sha256: str
    issued_at: datetime | None = fields.moment()
    detail: Any = fields.document()
