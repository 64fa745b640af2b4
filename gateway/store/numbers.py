"""What desks call tickets: the numbers that people quote."""

from collections.abc import Sequence

from sqlalchemy import select

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


def at(db: Db, scope: Scope, org_id: str, ticket_ids: Sequence[str]) -> dict[str, str]:
    """Ticket id → its number at the desk of an organization; where it was there more than once, the newest."""
    hop = rows.hop
    query = (
        select(hop.c.ticket_id, hop.c.number)
        .where(
            hop.c.ticket_id.in_(ticket_ids),
            hop.c.org_id == org_id,
            scope.where(hop),
            hop.c.number.is_not(None),
        )
        .order_by(hop.c.created_at, hop.c.id)
    )
    return {row.ticket_id: row.number for row in db.execute(query) if row.number}
