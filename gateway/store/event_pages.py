"""A ticket's events in pages, oldest first, those at hops within the scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope

NAMES = (
    *("id", "hop_id", "type", "data", "observed_at", "reported_at", "stated_at"),
    *("source", "actor_kind", "actor", "cause_id"),
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many of these types (none named: all), after this place in the order of recording."""

    limit: int
    after: int = 0
    types: Sequence[str] = ()
    hop_id: str | None = None


def page(db: Db, scope: Scope, ticket_id: str, wanted: Wanted) -> tuple[list[dict[str, Any]], int | None]:
    """The events, and the place after which they go on; None at the end."""
    table = rows.event
    query = select(table.c.seq, *(table.c[name] for name in NAMES)).where(
        table.c.ticket_id == ticket_id, table.c.seq > wanted.after, scope.where(table)
    )
    if wanted.types:
        query = query.where(table.c.type.in_(wanted.types))
    if wanted.hop_id is not None:
        query = query.where(table.c.hop_id == wanted.hop_id)
    found = [dict(row) for row in db.execute(query.order_by(table.c.seq).limit(wanted.limit)).mappings()]
    onward = found[-1]["seq"] if len(found) == wanted.limit else None
    return [{name: one[name] for name in NAMES} for one in found], onward
