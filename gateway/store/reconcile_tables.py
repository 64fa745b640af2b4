"""The tables of comparisons of desks with what we know: each run, and each assignment of a run with what was found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gateway.store import fields

_WAITING = text("state = 'waiting'")


class ReconciliationRow(SQLModel, table=True):
    """One run. `selection` says of which tickets; `desk_id` names the desk it was begun for by itself; `is_dry`: only told."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index("reconciliation_desk", "desk_id", "started_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    kind: str
    desk_id: str | None = None
    selection: Any = fields.document()
    since: datetime = fields.moment(nullable=False)
    is_dry: bool
    per_minute: int | None = None
    actor: str = fields.words()
    reason: str = fields.words()
    started_at: datetime = fields.moment(nullable=False)
    finished_at: datetime | None = fields.moment()


class ReconciledRow(SQLModel, table=True):
    """One assignment of a run: `waiting` under a lease while it is compared, then `done` or `failed`; `drift` holds what was
    found. It is the run's checkpoint."""

    __tablename__ = "reconciled"
    __table_args__ = (
        Index("reconciled_run", "run_id", "state"),
        Index("reconciled_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )
    id: str = Field(primary_key=True)
    org_id: str
    run_id: str
    ticket_id: str
    hop_id: str
    desk_id: str
    state: str
    due_at: datetime = fields.moment(nullable=False)
    lease_until: datetime | None = fields.moment()
    attempts: int = 0
    drift: Any = fields.document()
    error: str = fields.words()
