"""Reports that are published by themselves: kept, listed, claimed when they are due."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, insert, select, update

from gateway.domain.reports.schedule import Every, Schedule
from gateway.store.db import Db
from gateway.store.publication_tables import ReportScheduleRow
from gateway.store.scope import Scope

SCHEDULE: Table = ReportScheduleRow.__table__  # type: ignore[attr-defined]
_NAMES = tuple(field.name for field in fields(Schedule))


def put(db: Db, schedule: Schedule) -> None:
    """Keep a new one."""
    db.execute(insert(SCHEDULE).values(**_values(schedule)))


def change(db: Db, schedule: Schedule) -> None:
    """Write down what became of one."""
    db.execute(update(SCHEDULE).where(SCHEDULE.c.id == schedule.id).values(**_values(schedule)))


def get(db: Db, scope: Scope, name: str) -> Schedule | None:
    """One by its id."""
    row = db.execute(select(SCHEDULE).where(SCHEDULE.c.id == name, scope.where(SCHEDULE))).mappings().first()
    return _schedule(row) if row else None


def listed(db: Db, scope: Scope) -> list[Schedule]:
    """Those that stand, by when they are due."""
    query = select(SCHEDULE).where(SCHEDULE.c.ended_at.is_(None), scope.where(SCHEDULE))
    return [_schedule(row) for row in db.execute(query.order_by(SCHEDULE.c.due_at, SCHEDULE.c.id)).mappings()]


def due(db: Db, scope: Scope, *, now: datetime) -> list[Schedule]:
    """Those whose morning has come."""
    return [one for one in listed(db, scope) if one.due_at <= now]


def taken(db: Db, scope: Scope, schedule: Schedule) -> bool:
    """Whether it still waits for this very period; locked until the end of the transaction. Of two processes only one sees
    it so."""
    query = select(SCHEDULE.c.next_period).where(
        SCHEDULE.c.id == schedule.id, SCHEDULE.c.ended_at.is_(None), scope.where(SCHEDULE)
    )
    return db.execute(query.with_for_update()).scalar_one_or_none() == schedule.next_period


def _values(schedule: Schedule) -> dict[str, Any]:
    return {**vars(schedule), "recipients": list(schedule.recipients), "every": schedule.every.value}


def _schedule(row: RowMapping) -> Schedule:
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    return Schedule(
        **{**values, "recipients": tuple(row["recipients"]), "every": Every(row["every"])},
    )
