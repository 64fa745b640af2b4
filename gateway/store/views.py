"""Reading for the doors: what a person or a page asks for, within a scope. Nothing here changes anything.

What an organization sees: its own hops, with their events and deliveries; of the hop above and those below them only
whose they are and how they stand; of everything else not even that it exists. Counts for Prometheus are in `gauges`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, func, select

from gateway.domain.case import OPEN
from gateway.store import rows
from gateway.store.db import Db, beyond
from gateway.store.directory import LINK, ORGANIZATION
from gateway.store.imported_desks import IMPORTED_DESK
from gateway.store.scope import Scope

View = dict[str, Any]
"""A thing as a document: plain words, numbers, aware moments."""

_HOP = (
    *("id", "ticket_id", "parent_id", "remote_id", "number", "url", "status", "reason", "facts", "unmapped"),
    *("asked", "offered_at", "answer_by", "confirm_by", "refetch_at", "looked_at", "created_at"),
)
_EVENT = (
    *("id", "hop_id", "type", "data", "observed_at", "reported_at", "stated_at"),
    *("source", "actor_kind", "actor", "cause_id"),
)
_DELIVERY = (
    *(
        "id",
        "ticket_id",
        "hop_id",
        "seq",
        "kind",
        "state",
        "attempts",
        "probes",
        "outcome",
        "error",
        "urgency",
    ),
    *("due_at", "created_at", "next_at", "first_sent_at", "done_at", "marker", "note", "event_id"),
    *("lease_until", "worker"),
)
_TICKET = ("id", "opened_at", "closed_at", "test")
_IN_SHORT = ("id", "desk", "organization", "number", "status", "url")
_OPEN = sorted(status.value for status in OPEN)
_DESK_CODE = func.coalesce(rows.desk.c.code, IMPORTED_DESK.c.code).label("desk")
_MESSAGE = ("id", "received_at", "state", "error", "processed_at")


def hook_tokens(db: Db, scope: Scope) -> dict[str, str]:
    """Desk id → SHA-256 in hex of the token in its hook's address, for desks that have one."""
    table = rows.desk
    query = select(table.c.id, table.c.hook_token_hash).where(
        table.c.hook_token_hash.is_not(None), scope.where(table)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def _columns(table: Table, names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in names]


def _listed(db: Db, query: Select[Any]) -> list[View]:
    return [dict(row) for row in db.execute(query).mappings()]


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """Only tickets with a hop of which all of this is true; `opened_from` and `opened_until` (not included) are the case's."""

    is_open: bool = False
    statuses: Sequence[str] = ()
    desk: str | None = None
    link: str | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None

    def of(self, hops: Select[Any], tickets: Table) -> Select[Any]:
        """The hops that are meant."""
        if self.is_open:
            hops = hops.where(rows.hop.c.status.in_(_OPEN))
        if self.statuses:
            hops = hops.where(rows.hop.c.status.in_(self.statuses))
        if self.desk is not None:
            desk = select(rows.desk.c.id).where(rows.desk.c.code == self.desk)
            hops = hops.where(rows.hop.c.desk_id.in_(desk))
        if self.link is not None:
            hops = hops.where(rows.hop.c.link_id.in_(select(LINK.c.id).where(LINK.c.code == self.link)))
        if self.opened_from is not None:
            hops = hops.where(tickets.c.opened_at >= self.opened_from)
        return hops if self.opened_until is None else hops.where(tickets.c.opened_at < self.opened_until)


def tickets(
    db: Db,
    scope: Scope,
    *,
    limit: int,
    before: str | None = None,
    narrow: Narrow | None = None,
) -> list[View]:
    """The newest tickets first (ids grow with time), from `before` on, each with the hops one may see."""
    table = rows.ticket
    mine = select(rows.hop.c.id).where(rows.hop.c.ticket_id == table.c.id, scope.where(rows.hop))
    if narrow is not None:
        mine = narrow.of(mine, table)
    query = select(*_columns(table, _TICKET)).where(exists(mine))
    if before is not None:
        query = query.where(table.c.id < before)
    found = _listed(db, query.order_by(table.c.id.desc()).limit(limit))
    hops = hops_of(db, scope, [ticket["id"] for ticket in found])
    return [_ticket_seen(scope, ticket, hops[ticket["id"]], _IN_SHORT) for ticket in found]


def _ticket_seen(scope: Scope, ticket: View, hops: Sequence[View], parts: Sequence[str]) -> View:
    """When the case began and ended is the whole chain's; for an organization it begins with its own first hop."""
    seen = [{name: hop[name] for name in parts} for hop in hops]
    if scope.org_ids is None:
        return {**ticket, "hops": seen}
    own = {"opened_at": hops[0]["created_at"], "test": ticket["test"]}
    return {"id": ticket["id"], **own, "hops": seen}


def ticket(db: Db, scope: Scope, ticket_id: str) -> View | None:
    """One ticket with its hops, neighbours and events; None where there is none within the scope."""
    hops = hops_of(db, scope, [ticket_id]).get(ticket_id)
    query = select(*_columns(rows.ticket, (*_TICKET, "facts"))).where(rows.ticket.c.id == ticket_id)
    found = _listed(db, query)
    if not hops or not found:
        return None
    neighbours = [] if scope.org_ids is None else _neighbours(db, ticket_id, hops)
    seen = _ticket_seen(scope, found[0], hops, tuple(hops[0]))
    return {**seen, "neighbours": neighbours, "events": events(db, scope, ticket_id)}


def hops_of(db: Db, scope: Scope, ticket_ids: Sequence[str]) -> dict[str, list[View]]:
    """Ticket id → its hops within the scope, in the order of their making."""
    query = (
        select(
            *_columns(rows.hop, _HOP),
            _DESK_CODE,
            ORGANIZATION.c.code.label("organization"),
            LINK.c.code.label("link"),
        )
        .outerjoin(rows.desk, rows.desk.c.id == rows.hop.c.desk_id)
        .outerjoin(IMPORTED_DESK, IMPORTED_DESK.c.id == rows.hop.c.desk_id)
        .join(ORGANIZATION, ORGANIZATION.c.id == rows.hop.c.org_id)
        .outerjoin(LINK, LINK.c.id == rows.hop.c.link_id)
        .where(rows.hop.c.ticket_id.in_(ticket_ids), scope.where(rows.hop))
        .order_by(rows.hop.c.created_at, rows.hop.c.id)
    )
    found: dict[str, list[View]] = {}
    for hop in _listed(db, query):
        found.setdefault(hop["ticket_id"], []).append(hop)
    return found


def hop(db: Db, scope: Scope, hop_id: str) -> View | None:
    """One hop."""
    ticket_id = db.execute(
        select(rows.hop.c.ticket_id).where(rows.hop.c.id == hop_id, scope.where(rows.hop))
    ).scalar()
    hops = hops_of(db, scope, [ticket_id]).get(ticket_id, []) if ticket_id else []
    return next((one for one in hops if one["id"] == hop_id), None)


def _neighbours(db: Db, ticket_id: str, hops: Sequence[View]) -> list[View]:
    """The hop above and those below: whose, and how they stand. Nothing else of them."""
    mine, above = {one["id"] for one in hops}, {one["parent_id"] for one in hops}
    table = rows.hop
    query = (
        select(
            *_columns(table, ("id", "parent_id", "status", "offered_at")),
            ORGANIZATION.c.code.label("organization"),
        )
        .join(ORGANIZATION, ORGANIZATION.c.id == table.c.org_id)
        .where(table.c.ticket_id == ticket_id)
        .order_by(table.c.created_at, table.c.id)
    )
    with beyond(db):
        near = _listed(db, query)
    found = []
    for one in near:
        side = "upstream" if one["id"] in above else "downstream" if one["parent_id"] in mine else None
        if side is not None and one["id"] not in mine:
            known = {name: one[name] for name in ("organization", "status", "offered_at")}
            found.append({"side": side, **known})
    return found


def events(
    db: Db, scope: Scope, ticket_id: str, *, hop_id: str | None = None, limit: int = 1000
) -> list[View]:
    """The newest events of a ticket (of one hop), oldest first; those at hops within the scope."""
    table = rows.event
    query = select(table.c.seq, *_columns(table, _EVENT)).where(
        table.c.ticket_id == ticket_id, scope.where(table)
    )
    if hop_id is not None:
        query = query.where(table.c.hop_id == hop_id)
    found = _listed(db, query.order_by(table.c.seq.desc()).limit(limit))
    return [{name: one[name] for name in _EVENT} for one in reversed(found)]


def event(db: Db, scope: Scope, event_id: str) -> View | None:
    """One event, with its ticket's id."""
    table = rows.event
    query = select(table.c.ticket_id, *_columns(table, _EVENT)).where(
        table.c.id == event_id, scope.where(table)
    )
    return next(iter(_listed(db, query)), None)


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """Which deliveries: in any of `states`, or in every state; of one ticket; so many, from `before` on."""

    states: Sequence[str] = ()
    ticket_id: str | None = None
    limit: int = 50
    before: str | None = None


def deliveries(db: Db, scope: Scope, wanted: Deliveries) -> list[View]:
    """The newest deliveries first, to desks within the scope."""
    query, table = _deliveries(scope), rows.delivery
    if wanted.states:
        query = query.where(table.c.state.in_(wanted.states))
    if wanted.ticket_id is not None:
        query = query.where(table.c.ticket_id == wanted.ticket_id)
    if wanted.before is not None:
        query = query.where(table.c.id < wanted.before)
    return _listed(db, query.order_by(table.c.id.desc()).limit(wanted.limit))


def _deliveries(scope: Scope) -> Select[Any]:
    """A delivery is its ticket owner's row, but what it carries is written at the desk of its hop: that side may see it."""
    table = rows.delivery
    query = select(*_columns(table, _DELIVERY), rows.desk.c.code.label("desk"), table.c.head, table.c.blocks)
    return query.join(rows.desk, rows.desk.c.id == table.c.desk_id).where(scope.where(rows.desk))


def delivery(db: Db, scope: Scope, delivery_id: str) -> View | None:
    """One delivery with its tries."""
    found = next(iter(_listed(db, _deliveries(scope).where(rows.delivery.c.id == delivery_id))), None)
    return {**found, "tries": tries(db, delivery_id)} if found else None


def tries(db: Db, delivery_id: str) -> list[View]:
    """The tries of a delivery that the caller may see, oldest first."""
    table = rows.attempt
    names = ("at", "took_ms", "kind", "outcome", "http_status", "error")
    query = select(*_columns(table, names)).where(table.c.delivery_id == delivery_id)
    return _listed(db, query.order_by(table.c.seq))


def lane(db: Db, scope: Scope, hop_id: str) -> list[View]:
    """What is not finished in a hop's lane, in its order."""
    table = rows.delivery
    unfinished = table.c.blocks | table.c.state.in_(("parked", "asking"))
    query = _deliveries(scope).where(table.c.hop_id == hop_id, unfinished)
    return _listed(db, query.order_by(table.c.seq))


def messages(
    db: Db, scope: Scope, *, state: str | None = None, limit: int = 50, before: str | None = None
) -> list[View]:
    """The newest messages first, without their bodies."""
    query = _messages(scope)
    if state is not None:
        query = query.where(rows.message.c.state == state)
    if before is not None:
        query = query.where(rows.message.c.id < before)
    return _listed(
        db, query.order_by(rows.message.c.received_at.desc(), rows.message.c.id.desc()).limit(limit)
    )


def _messages(scope: Scope) -> Select[Any]:
    table = rows.message
    query = select(*_columns(table, _MESSAGE), rows.desk.c.code.label("desk"))
    return query.outerjoin(rows.desk, rows.desk.c.id == table.c.desk_id).where(scope.where(table))


def message(db: Db, scope: Scope, message_id: str) -> View | None:
    """One message, with its kept headers, query and body."""
    table = rows.message
    query = _messages(scope).add_columns(table.c.headers, table.c.query, table.c.body)
    return next(iter(_listed(db, query.where(table.c.id == message_id))), None)


def desks(db: Db, scope: Scope) -> list[View]:
    """Every desk and how talking to it goes."""
    table = rows.desk
    names = ("id", "code", "connector", "held", "held_at", "breaker", "poll_at", "polled_at", "learned")
    query = (
        select(*_columns(table, names), ORGANIZATION.c.code.label("organization"))
        .join(ORGANIZATION, ORGANIZATION.c.id == table.c.org_id)
        .where(scope.where(table))
        .order_by(table.c.code)
    )
    return _listed(db, query)


def looks_at(db: Db, scope: Scope, desk_code: str, remote_id: str) -> list[View]:
    """The wish to read a remote ticket again, if there is one."""
    table = rows.look
    query = (
        select(*_columns(table, ("due_at", "hints", "attempts", "why", "error", "lease_until", "gone_at")))
        .join(rows.desk, rows.desk.c.id == table.c.desk_id)
        .where(rows.desk.c.code == desk_code, table.c.remote_id == remote_id, scope.where(table))
    )
    return _listed(db, query)


def find_by_number(db: Db, scope: Scope, number: str) -> list[View]:
    """Hops by the number (or remote id) that people read at their desk."""
    table = rows.hop
    query = (
        select(*_columns(table, ("id", "ticket_id", "status", "number")), _DESK_CODE)
        .outerjoin(rows.desk, rows.desk.c.id == table.c.desk_id)
        .outerjoin(IMPORTED_DESK, IMPORTED_DESK.c.id == table.c.desk_id)
        .where((table.c.remote_id == number) | (table.c.number == number), scope.where(table))
        .limit(20)
    )
    return _listed(db, query)


def discrepancies(db: Db, scope: Scope, ticket_id: str) -> list[View]:
    """Where what desks report and what was observed do not agree."""
    table = rows.discrepancy
    query = select(*_columns(table, ("hop_id", "at", "kind", "data"))).where(
        table.c.ticket_id == ticket_id, scope.where(table)
    )
    return _listed(db, query.order_by(table.c.at))
