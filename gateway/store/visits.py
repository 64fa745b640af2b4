"""The visits of a ticket's assignments that were last spoken of."""

from typing import Any

from sqlalchemy import select

from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.worklogs import VISIT


def of_ticket(db: Db, scope: Scope, ticket_id: str) -> list[dict[str, Any]]:
    """Those within the scope, by their windows; a visit without a window last."""
    names = ("id", "opens_at", "closes_at", "state", "event_id")
    query = select(*(VISIT.c[name] for name in names)).where(
        VISIT.c.ticket_id == ticket_id, scope.where(VISIT)
    )
    return [dict(row) for row in db.execute(query.order_by(VISIT.c.opens_at, VISIT.c.id)).mappings()]
