"""Who changed what, when, before and after. Rows are only ever added; `audit_chain` seals them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Table, insert, select

from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.tables import AuditRow

AUDIT: Table = AuditRow.__table__  # type: ignore[attr-defined]


class Entry(TypedDict):
    """`org_id` owns what was changed; `before` and `after` name the fields that differ and never hold a secret."""

    org_id: str
    actor: str
    action: str
    subject: str
    before: Any
    after: Any


def record(db: Db, *, now: datetime, **entry: Unpack[Entry]) -> None:
    """Add one entry."""
    record_all(db, [entry], now=now)


def record_all(db: Db, entries: Sequence[Entry], *, now: datetime) -> None:
    """Add entries in their order."""
    if entries:
        db.execute(insert(AUDIT), [{**entry, "at": now} for entry in entries])


def entries(
    db: Db, scope: Scope, *, subject: str | None = None, limit: int = 50, before: int | None = None
) -> list[dict[str, Any]]:
    """The newest entries first, with `seq`, `at` and their place in the chain; of one subject if it is named, those older
    than `before` (a `seq`) if that is."""
    query = select(AUDIT).where(scope.where(AUDIT)).order_by(AUDIT.c.seq.desc()).limit(limit)
    if subject is not None:
        query = query.where(AUDIT.c.subject == subject)
    if before is not None:
        query = query.where(AUDIT.c.seq < before)
    return [dict(row) for row in db.execute(query).mappings()]
