"""The tables of the API: answers that are given again to a repeated request, and how many requests a caller has made."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from gateway.store import fields


class StoredAnswerRow(SQLModel, table=True):
    """A request with an Idempotency-Key: `id` is a digest of whose key it is and the key, `digest` one of the request. `sealed`
    is the answer, None while it is under way."""

    __tablename__ = "stored_answer"
    __table_args__ = (Index("stored_answer_begun", "begun_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    digest: str
    begun_at: datetime = fields.moment(nullable=False)
    sealed: str | None = Field(default=None, sa_type=Text)


class QuotaRow(SQLModel, table=True):
    """How many requests of a caller (`id`) the processes have taken for themselves in its `window`, a minute since 1970."""

    __tablename__ = "api_quota"
    id: str = Field(primary_key=True)
    org_id: str
    window: int
    used: int
