"""The tables of imported histories: runs, desks that are known from them only, and which case became which ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class ImportRunRow(SQLModel, table=True):
    """One file, by what it holds: how far it came. `state`: `running`, `partial` (rows were left out) or `done`.
    `counted`: its tickets stand in reports."""

    __tablename__ = "import_run"
    id: str = Field(primary_key=True)
    org_id: str
    source: str
    name: str
    sha256: str = Field(unique=True)
    state: str
    counts: Any = fields.document()
    actor: str
    counted: bool = True
    started_at: datetime = fields.moment(nullable=False)
    finished_at: datetime | None = fields.moment()


class ImportedDeskRow(SQLModel, table=True):
    """A desk that is known from a history only. It stands apart from the desks there are, so that nobody talks to it."""

    __tablename__ = "imported_desk"
    __table_args__ = (Index("imported_desk_native", "source", "org_id", "native", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    code: str = Field(unique=True)
    source: str
    native: str = fields.words()
    created_at: datetime = fields.moment(nullable=False)


class ImportedCaseRow(SQLModel, table=True):
    """Which case of a history became which ticket, and for whom it was."""

    __tablename__ = "imported_case"
    __table_args__ = (Index("imported_case_key", "source", "case_key", unique=True),)
    ticket_id: str = Field(primary_key=True)
    org_id: str
    run_id: str
    source: str
    case_key: str
    customer: str
