"""Tickets of desks that live in this gateway, in and out of the store. A ticket's row is locked before it changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, Table, Text, func, insert, select, type_coerce, update

from gateway.domain.in_house import DeskTicket, Face, Part, PartKind, Written
from gateway.domain.model import Actor, ActorKind
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.in_house_tables import DeskPartRow, DeskTicketRow
from gateway.store.scope import Scope

TICKET: Table = DeskTicketRow.__table__  # type: ignore[attr-defined]
PART: Table = DeskPartRow.__table__  # type: ignore[attr-defined]
_TICKET = tuple(field.name for field in fields(DeskTicket))
_CHANGES = ("fields", "document", "changed_at", "revision", "parts")
_PART = ("id", "org_id", "ticket_id", "place", "at", "data", "request")


@dataclass(frozen=True)
class At:
    """Where tickets are looked for: behind one face, at one desk or (None) at all of them."""

    face: Face
    desk_id: str | None = None

    def where(self, scope: Scope) -> list[ColumnElement[bool]]:
        """The conditions."""
        here = [] if self.desk_id is None else [TICKET.c.desk_id == self.desk_id]
        return [*here, TICKET.c.face == self.face.value, scope.where(TICKET)]


def next_place(db: Db, face: Face, desk_id: str) -> int:
    """The next number at a desk; the desk's row is locked, so that two that ask get two."""
    db.execute(select(rows.desk.c.id).where(rows.desk.c.id == desk_id).with_for_update())
    here = (TICKET.c.desk_id == desk_id, TICKET.c.face == face.value)
    return (db.execute(select(func.max(TICKET.c.place)).where(*here)).scalar() or 0) + 1


def create(db: Db, ticket: DeskTicket, *, place: int) -> None:
    """Keep a new ticket."""
    own = {name: getattr(ticket, name) for name in _TICKET}
    db.execute(insert(TICKET).values(**{**own, "face": ticket.face.value}, place=place))


def marked(db: Db, scope: Scope, at: At, marker: str) -> DeskTicket | None:
    """The ticket that was made under this marker."""
    return _one(db, scope, at, TICKET.c.marker == marker)


def named(db: Db, scope: Scope, at: At, external: str) -> DeskTicket | None:
    """The ticket that its party calls so."""
    return _one(db, scope, at, TICKET.c.external == external)


def get(db: Db, scope: Scope, at: At, ticket_id: str, *, lock: bool = False) -> DeskTicket | None:
    """One ticket by its id."""
    return _one(db, scope, at, TICKET.c.id == ticket_id, lock=lock)


def numbered(db: Db, scope: Scope, at: At, name: str, *, lock: bool = False) -> DeskTicket | None:
    """One ticket by its id, or by its number where that is one there."""
    return _one(db, scope, at, TICKET.c.id == name, lock=lock) or _one(
        db, scope, at, TICKET.c.number == name, lock=lock
    )


def is_number(db: Db, scope: Scope, at: At, name: str) -> bool:
    """Whether any ticket there has that number."""
    query = select(TICKET.c.id).where(TICKET.c.number == name, *at.where(scope)).limit(1)
    return db.execute(query).first() is not None


def _one(
    db: Db, scope: Scope, at: At, condition: ColumnElement[bool], *, lock: bool = False
) -> DeskTicket | None:
    query = select(*(TICKET.c[name] for name in _TICKET)).where(condition, *at.where(scope)).limit(2)
    found = db.execute(query.with_for_update() if lock else query).mappings().all()
    return _ticket(found[0]) if len(found) == 1 else None


class Order(StrEnum):
    """In which order tickets are listed: the newest first (ids grow with time), or by their last change, either way."""

    NEWEST = "newest"
    CHANGED = "changed"
    CHANGED_LAST = "changed_last"


_ORDERS: Mapping[Order, Sequence[ColumnElement[Any]]] = {
    Order.NEWEST: (TICKET.c.id.desc(),),
    Order.CHANGED: (TICKET.c.changed_at, TICKET.c.id),
    Order.CHANGED_LAST: (TICKET.c.changed_at.desc(), TICKET.c.id.desc()),
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which tickets: made after and before those moments, changed at or after that one, whose document holds that name
    (wherever it stands in it), in that order, from `after` (an id) on."""

    order: Order = Order.NEWEST
    changed_from: datetime | None = None
    external: str | None = None
    made_after: datetime | None = None
    made_before: datetime | None = None
    after: str | None = None
    offset: int = 0
    limit: int = 50


def listed(db: Db, scope: Scope, at: At, page: Page) -> list[DeskTicket]:
    """One page of them."""
    query = select(*(TICKET.c[name] for name in _TICKET)).where(*at.where(scope), *_fitting(page))
    if page.after is not None:
        query = query.where(TICKET.c.id < page.after)
    query = query.order_by(*_ORDERS[page.order]).offset(page.offset).limit(page.limit)
    return [_ticket(row) for row in db.execute(query).mappings()]


def count(db: Db, scope: Scope, at: At, page: Page) -> int:
    """How many there are, whatever the page."""
    return db.execute(select(func.count()).where(*at.where(scope), *_fitting(page))).scalar() or 0


def _fitting(page: Page) -> Iterator[ColumnElement[bool]]:
    if page.changed_from is not None:
        yield TICKET.c.changed_at >= page.changed_from
    if page.external is not None:
        written = orjson.dumps(page.external).decode()[1:-1]
        yield type_coerce(TICKET.c.document, Text).contains(written, autoescape=True)
    if page.made_after is not None:
        yield TICKET.c.created_at > page.made_after
    if page.made_before is not None:
        yield TICKET.c.created_at < page.made_before


def changed_since(db: Db, scope: Scope, at: At, since: datetime, *, limit: int) -> list[DeskTicket]:
    """The tickets that changed then or later, the oldest change first."""
    query = select(*(TICKET.c[name] for name in _TICKET)).where(
        *at.where(scope), TICKET.c.changed_at >= since
    )
    found = db.execute(query.order_by(TICKET.c.changed_at, TICKET.c.id).limit(limit)).mappings()
    return [_ticket(row) for row in found]


def _ticket(row: RowMapping) -> DeskTicket:
    return DeskTicket(**{**{name: row[name] for name in _TICKET}, "face": Face(row["face"])})


def write(db: Db, written: Written, *, known: frozenset[str] = frozenset()) -> None:
    """A ticket as it is now, with what was added; of parts that are `known` (ids) the words."""
    ticket = written.ticket
    db.execute(
        update(TICKET)
        .where(TICKET.c.id == ticket.id)
        .values({name: getattr(ticket, name) for name in _CHANGES})
    )
    for part in written.parts:
        if part.id in known:
            db.execute(update(PART).where(PART.c.id == part.id).values(data=part.data))
        else:
            db.execute(insert(PART).values(_row(part)))


def _row(part: Part) -> dict[str, Any]:
    who = {"actor_id": part.actor.id, "actor_name": part.actor.name, "actor_kind": part.actor.kind.value}
    return {**{name: getattr(part, name) for name in _PART}, **who, "kind": part.kind.value}


def parts(db: Db, scope: Scope, ticket_ids: Sequence[str]) -> dict[str, list[Part]]:
    """Ticket id → what was added to it, in order."""
    query = select(PART).where(PART.c.ticket_id.in_(ticket_ids), scope.where(PART))
    found: dict[str, list[Part]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in db.execute(query.order_by(PART.c.ticket_id, PART.c.place)).mappings():
        found[row["ticket_id"]].append(_part(row))
    return found


def _part(row: RowMapping) -> Part:
    who = Actor(id=row["actor_id"], name=row["actor_name"], kind=ActorKind(row["actor_kind"]))
    return Part(**{name: row[name] for name in _PART}, kind=PartKind(row["kind"]), actor=who)


def parts_of(db: Db, scope: Scope, ticket: DeskTicket, *, request: str | None = None) -> list[Part]:
    """What was added to one ticket (by one request), in order."""
    found = parts(db, scope, [ticket.id])[ticket.id]
    return found if request is None else [one for one in found if one.request == request]
