"""The tables of reports: what clocks and tickets came to, and their sums by day and by month."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class OutcomeRow(SQLModel, table=True):
    """What one clock came to. `counted_on`: a day as `2026-10-05`; `time`, `stopped` and `parts`: microseconds by name."""

    __tablename__ = "outcome"
    __table_args__ = (
        Index("outcome_ticket", "ticket_id"),
        Index("outcome_customer", "customer", "counted_on"),
        Index("outcome_agreement", "agreement", "counted_on"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    hop_id: str
    number: str = ""
    customer: str
    provider: str
    consumer: str
    agreement: str
    agreement_kind: str
    sheet: str = ""
    target_kind: str
    place: int
    key: str
    priority: str = ""
    service: str = ""
    site: str = ""
    asset: str = ""
    opened_at: datetime = fields.moment(nullable=False)
    started_at: datetime | None = fields.moment()
    due_at: datetime | None = fields.moment()
    ended_at: datetime | None = fields.moment()
    breached_at: datetime | None = fields.moment()
    counted_at: datetime | None = fields.moment()
    counted_on: str | None = None
    verdict: str
    provisional: bool = False
    unmeasured: bool = False
    target: timedelta | None = fields.length()
    elapsed: timedelta = fields.length(nullable=False)
    net_elapsed: timedelta = fields.length(nullable=False)
    stopped_time: timedelta = fields.length(nullable=False)
    coverage: str
    time: Any = fields.document()
    stopped: Any = fields.document()
    parts: Any = fields.document()


class CaseOutcomeRow(SQLModel, table=True):
    """What one ticket came to, beside its clocks. `parties`: organization ids; `time`: microseconds by party."""

    __tablename__ = "case_outcome"
    __table_args__ = (
        Index("case_outcome_opened", "customer", "opened_at"),
        Index("case_outcome_closed", "customer", "closed_at"),
    )
    ticket_id: str = Field(primary_key=True)
    org_id: str
    number: str = ""
    customer: str
    parties: Any = fields.document()
    priority: str = ""
    service: str = ""
    site: str = ""
    asset: str = ""
    opened_at: datetime = fields.moment(nullable=False)
    resolved_at: datetime | None = fields.moment()
    closed_at: datetime | None = fields.moment()
    cancelled: bool = False
    coverage: str
    reopened: int = 0
    returned: int = 0
    hops: int = 1
    visits: int = 0
    abortive: int = 0
    no_fault_found: bool = False
    fixed_first_time: bool | None = None
    rating: int | None = None
    silence: timedelta = fields.length(nullable=False)
    discrepancies: int = 0
    time: Any = fields.document()


class _Sums(SQLModel):
    """What is summed: how many of each verdict, how many of what counts, whole microseconds of it, and by what it was
    measured."""

    met: int = 0
    breached: int = 0
    excluded: int = 0
    cancelled: int = 0
    provisional: int = 0
    unmeasured: int = 0
    elapsed: timedelta = fields.length(nullable=False)
    overrun: timedelta = fields.length(nullable=False)
    stopped: timedelta = fields.length(nullable=False)
    history: int = 0
    difference: int = 0
    person: int = 0
    unlinked: int = 0
    link_down: int = 0


class OutcomeDayRow(_Sums, table=True):
    """Sums of the outcomes of a day (`2026-10-05`, by the wall of the agreement's zone)."""

    __tablename__ = "outcome_day"
    __table_args__ = ({"sqlite_with_rowid": False},)
    customer: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    target_kind: str = Field(primary_key=True)
    priority: str = Field(primary_key=True)
    agreement: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    org_id: str = Field(primary_key=True)


class OutcomeMonthRow(_Sums, table=True):
    """Sums of the outcomes of a month (`2026-10`); the index serves a month of all customers."""

    __tablename__ = "outcome_month"
    __table_args__ = (Index("outcome_month_all", "month"), {"sqlite_with_rowid": False})
    customer: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    target_kind: str = Field(primary_key=True)
    priority: str = Field(primary_key=True)
    agreement: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    org_id: str = Field(primary_key=True)


class OutcomeYearRow(_Sums, table=True):
    """Sums of the outcomes of a year (`2026`), over all services: so few rows that those of all customers are read at once."""

    __tablename__ = "outcome_year"
    __table_args__ = ({"sqlite_with_rowid": False},)
    customer: str = Field(primary_key=True)
    year: str = Field(primary_key=True)
    priority: str = Field(primary_key=True)
    target_kind: str = Field(primary_key=True)
    agreement: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    org_id: str = Field(primary_key=True)


class OutcomeSiteRow(_Sums, table=True):
    """Sums of the outcomes of a month by site: sites are many, so they stand apart, without priority and service."""

    __tablename__ = "outcome_site"
    __table_args__ = ({"sqlite_with_rowid": False},)
    customer: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    site: str = Field(primary_key=True)
    target_kind: str = Field(primary_key=True)
    agreement: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    org_id: str = Field(primary_key=True)


class OutcomeMinutesRow(SQLModel, table=True):
    """Where the minutes of a day went: running time and parts of breaches by party, stopped time by reason."""

    __tablename__ = "outcome_minutes"
    __table_args__ = ({"sqlite_with_rowid": False},)
    customer: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    target_kind: str = Field(primary_key=True)
    agreement: str = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    org_id: str = Field(primary_key=True)
    amount: timedelta = fields.length(nullable=False)
