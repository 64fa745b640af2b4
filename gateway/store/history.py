"""A ticket's hops and events, whole, for those who fold them (ledgers, stories, reports)."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, bindparam, select

from gateway.domain.binding import BOUND
from gateway.domain.conflicts import CONTESTS
from gateway.domain.model import Event, Hop
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.prepared import among, within
from gateway.store.scope import Scope


def of_ticket(db: Db, scope: Scope, ticket_id: str) -> tuple[list[Hop], list[Event]]:
    """The hops in the order of their making, the events in the order of their recording."""
    events = events_of(db, scope, [ticket_id])
    return _HOPS.all(db, ticket_id=ticket_id, **scope.parameters), events.get(ticket_id, [])


def _hops(query: Select[Any], dialect: str) -> Select[Any]:
    table = rows.hop
    mine = query.where(table.c.ticket_id == bindparam("ticket_id"), within(dialect, table))
    return mine.order_by(table.c.created_at, table.c.id)


_HOPS = rows.Choice(Hop, _hops)


def events_of(db: Db, scope: Scope, ticket_ids: Iterable[str]) -> dict[str, list[Event]]:
    """Ticket id → its events in the order of their recording."""
    found: dict[str, list[Event]] = {}
    for event in _EVENTS.all(db, ticket_ids=sorted(set(ticket_ids)), **scope.parameters):
        found.setdefault(event.ticket_id, []).append(event)
    return found


def _events(query: Select[Any], dialect: str) -> Select[Any]:
    table = rows.event
    mine = query.where(among(dialect, table.c.ticket_id, "ticket_ids"), within(dialect, table))
    return mine.order_by(table.c.ticket_id, table.c.seq)


_EVENTS = rows.Choice(Event, _events)


def by_ids(db: Db, scope: Scope, event_ids: Iterable[str]) -> dict[str, Event]:
    """Events by their ids."""
    event = rows.event.c
    wanted = rows.choose(Event).where(event.id.in_(sorted(set(event_ids))), scope.where(rows.event))
    return {one.id: one for one in rows.nouns(Event, db.execute(wanted))}


def by_remote(db: Db, scope: Scope, desk_id: str, remote_id: str) -> tuple[list[Hop], list[Event]]:
    """The same, of the ticket that has this id at this desk; empty when it is none of ours."""
    query = select(rows.hop.c.ticket_id).where(
        rows.hop.c.desk_id == desk_id, rows.hop.c.remote_id == remote_id, scope.where(rows.hop)
    )
    ticket_id = db.execute(query).scalar()
    return of_ticket(db, scope, ticket_id) if ticket_id else ([], [])


def ticket_of_event(db: Db, scope: Scope, event_id: str) -> str | None:
    """The ticket that an event belongs to, within the scope."""
    query = select(rows.event.c.ticket_id).where(rows.event.c.id == event_id, scope.where(rows.event))
    return db.execute(query).scalar()


def in_open_tickets(db: Db, scope: Scope, types: Collection[str]) -> list[Event]:
    """The events of these types in tickets that are not closed, in the order of their recording."""
    event, ticket = rows.event.c, rows.ticket.c
    found = rows.choose(Event).join(rows.ticket, ticket.id == event.ticket_id)
    wanted = found.where(event.type.in_(sorted(types)), ticket.closed_at.is_(None), scope.where(rows.event))
    return rows.nouns(Event, db.execute(wanted.order_by(event.seq)))


def of_contests(db: Db, ticket_id: str) -> list[Event]:
    """What one ticket's people and rules set, and where they contradicted each other, in the order of recording. For whoever
    holds the ticket itself, so without a scope of its own."""
    event = rows.event.c
    wanted = rows.choose(Event).where(event.ticket_id == ticket_id, event.type.in_(CONTESTS))
    return rows.nouns(Event, db.execute(wanted.order_by(event.seq)))


def bound_tickets(db: Db, scope: Scope) -> list[str]:
    """The tickets that an agreement holds or held for, the oldest first (ids grow with time)."""
    event = rows.event.c
    wanted = select(event.ticket_id).where(event.type == BOUND, scope.where(rows.event)).distinct()
    return list(db.execute(wanted.order_by(event.ticket_id)).scalars())
