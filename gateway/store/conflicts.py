"""Conflicts among the events: the newest of them, for those at either end."""

from collections.abc import Iterator

from sqlalchemy import select

from gateway.domain.conflicts import FOUND
from gateway.domain.model import Event
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope

PAGE = 200


def newest(
    db: Db, scope: Scope, *, ticket_id: str | None, before: str | None = None
) -> Iterator[list[Event]]:
    """Conflicts in tickets that have a hop within the scope, the newest first, page by page for as long as they are asked for:
    which of them are open is seen in their tickets alone."""
    event, hop = rows.event.c, rows.hop
    near = select(hop.c.ticket_id).where(scope.where(hop))
    wanted = rows.choose(Event).add_columns(event.seq).where(event.type == FOUND, event.ticket_id.in_(near))
    if ticket_id is not None:
        wanted = wanted.where(event.ticket_id == ticket_id)
    if before is not None:
        last = select(event.seq).where(event.id == before, event.type == FOUND, event.ticket_id.in_(near))
        wanted = wanted.where(event.seq < last.scalar_subquery())
    wanted = wanted.order_by(event.seq.desc()).limit(PAGE)
    found = db.execute(wanted).all()
    while found:
        yield rows.nouns(Event, [row[:-1] for row in found])
        found = db.execute(wanted.where(event.seq < found[-1].seq)).all() if len(found) == PAGE else []


def one(db: Db, scope: Scope, event_id: str) -> Event | None:
    """The conflict of that id, if its ticket has a hop within the scope."""
    event, hop = rows.event.c, rows.hop
    near = select(hop.c.ticket_id).where(scope.where(hop))
    wanted = rows.choose(Event).where(event.id == event_id, event.type == FOUND, event.ticket_id.in_(near))
    return next(iter(rows.nouns(Event, db.execute(wanted))), None)
