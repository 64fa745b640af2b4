"""Attempts: one row for each try of each delivery, for `explain` and the reviewer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from gateway.store import bulk, rows
from gateway.store.db import Db
from gateway.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try: `took_ms` on the wire, the outcome class, the desk's status if it answered."""

    org_id: str
    delivery_id: str
    at: datetime
    took_ms: int
    kind: str
    outcome: str
    http_status: int | None
    error: str


def record(db: Db, attempts: Sequence[Attempt]) -> None:
    """Add the tries."""
    if attempts:
        bulk.add(db, rows.attempt, [{**vars(one), "error": one.error[:500]} for one in attempts])


def of(db: Db, scope: Scope, delivery_id: str) -> list[Attempt]:
    """The tries of one delivery, oldest first."""
    table = rows.attempt
    query = select(table).where(table.c.delivery_id == delivery_id, scope.where(table)).order_by(table.c.seq)
    return [
        Attempt(**{name: row[name] for name in Attempt.__dataclass_fields__})
        for row in db.execute(query).mappings()
    ]
