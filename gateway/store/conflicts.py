"""Conflicts among the events: the newest of them, for those at either end."""

from sqlalchemy import select

from gateway.domain.conflicts import FOUND
from gateway.domain.model import Event
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


def newest(db: Db, scope: Scope, *, ticket_id: str | None, limit: int) -> list[Event]:
    """Conflicts in tickets that have a hop within the scope, the newest first."""
    event, hop = rows.event.c, rows.hop
    near = select(hop.c.ticket_id).where(scope.where(hop))
    wanted = rows.choose(Event).where(event.type == FOUND, event.ticket_id.in_(near))
    if ticket_id is not None:
        wanted = wanted.where(event.ticket_id == ticket_id)
    return rows.nouns(Event, db.execute(wanted.order_by(event.seq.desc()).limit(limit)))


def one(db: Db, scope: Scope, event_id: str) -> Event | None:
    """The conflict of that id, if its ticket has a hop within the scope."""
    event, hop = rows.event.c, rows.hop
    near = select(hop.c.ticket_id).where(scope.where(hop))
    wanted = rows.choose(Event).where(event.id == event_id, event.type == FOUND, event.ticket_id.in_(near))
    return next(iter(rows.nouns(Event, db.execute(wanted))), None)
