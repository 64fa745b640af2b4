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


def of(db: Db, scope: Scope, ticket_ids: Sequence[str]) -> dict[str, set[str]]:
    """Ticket id → every number that any desk calls it by."""
    hop = rows.hop
    query = select(hop.c.ticket_id, hop.c.number).where(
        hop.c.ticket_id.in_(ticket_ids), scope.where(hop), hop.c.number.is_not(None)
    )
    found: dict[str, set[str]] = {}
    for row in db.execute(query):
        found.setdefault(row.ticket_id, set()).add(row.number)
    return found


def called(db: Db, scope: Scope, numbers: Sequence[str]) -> set[str]:
    """The tickets that some desk calls by one of these numbers."""
    hop = rows.hop
    query = select(hop.c.ticket_id).where(hop.c.number.in_(numbers), scope.where(hop))
    return set(db.execute(query).scalars())
