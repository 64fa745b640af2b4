"""The tables of what agreements live through: where each stands, and what happened to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

_WAITING = text("look_at IS NOT NULL")


class AgreementStateRow(SQLModel, table=True):
    """Where an agreement stood when it was last looked at, and when its dates say that somebody should look again. `id` is
    that of the agreement; `reminded` names the end that somebody was last reminded of and how many days before."""

    __tablename__ = "agreement_state"
    __table_args__ = (Index("agreement_look", "look_at", sqlite_where=_WAITING, postgresql_where=_WAITING),)
    id: str = Field(primary_key=True)
    org_id: str
    code: str
    state: str = ""
    since: datetime | None = fields.moment()
    look_at: datetime | None = fields.moment()
    reminded: str = ""


class AgreementEventRow(SQLModel, table=True):
    """Something that happened to an agreement, by its dates or by somebody's hand. Rows are only ever added. `on_day`: the day
    from which it counts, ISO 8601."""

    __tablename__ = "agreement_event"
    __table_args__ = (Index("agreement_event_of", "org_id", "code", "at", "id"),)
    id: str = Field(primary_key=True)
    org_id: str
    code: str
    at: datetime = fields.moment(nullable=False)
    on_day: str = ""
    what: str
    before: str = ""
    after: str = ""
    actor: str = ""
    reason: str = fields.words()
    told: Any = fields.document()
