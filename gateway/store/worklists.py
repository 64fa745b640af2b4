"""What work lists show, page by page: each question names the index that answers it, none reads every ticket. What a row
means and what to do about it is `domain.worklists`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, literal_column, or_, select, true

from gateway.domain.keeping import KeptClock
from gateway.store import bulk, rows
from gateway.store.clocks import CLOCK
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.worklog_tables import AHEAD, StopToDecideRow
from gateway.store.worklogs import VISIT

STOP: Table = StopToDecideRow.__table__  # type: ignore[attr-defined]
Row = dict[str, Any]
_PARENT: Any = rows.hop.alias("parent")
_CLOCK = tuple(field.name for field in fields(KeptClock))
_HOP = ("id", "ticket_id", "org_id", "number", "facts", "parent_id")


@dataclass(frozen=True, kw_only=True)
class Page:
    """So many rows after a place in the order of the list."""

    limit: int
    after: tuple[datetime, str] | None = None


def _after(page: Page, at: ColumnElement[Any], name: ColumnElement[Any]) -> ColumnElement[bool]:
    if page.after is None:
        return true()
    moment, last = page.after
    return or_(at > moment, and_(at == moment, name > last))


def _listed(db: Db, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in db.execute(query).mappings()]


def _ends(scope: Scope, hop: Any, parent: Any) -> ColumnElement[bool]:
    """Hops of one's own, and those right below."""
    return true() if scope.org_ids is None else or_(scope.where(hop), scope.where(parent))


def offers(db: Db, scope: Scope, page: Page) -> list[Row]:
    """Offers that nobody has answered, those that end first before the others; by `hop_answer`."""
    hop, parent = rows.hop, _PARENT
    query = (
        select(
            *(hop.c[name] for name in (*_HOP, "offered_at", "answer_by")),
            parent.c.org_id.label("parent_org"),
            parent.c.number.label("parent_number"),
        )
        .join(parent, parent.c.id == hop.c.parent_id)
        .where(hop.c.answer_by.is_not(None), hop.c.status == "offered", _ends(scope, hop, parent))
        .where(rows.live(hop.c.ticket_id))
        .where(_after(page, hop.c.answer_by, hop.c.id))
    )
    return _listed(db, query.order_by(hop.c.answer_by, hop.c.id).limit(page.limit))


def asking(db: Db, scope: Scope, page: Page) -> list[Row]:
    """Assignments that wait for the hop above them, which is within the scope; by `hop_asked`, in the order of their ids."""
    hop, parent = rows.hop, _PARENT
    asked: ColumnElement[bool] = literal_column(
        "hop.asked = 1" if db.dialect.name == "sqlite" else "hop.asked"
    )
    mine = [scope.where(parent)] if scope.org_ids is not None else []
    later = [hop.c.id > page.after[1]] if page.after is not None else []
    query = (
        select(
            *(hop.c[name] for name in (*_HOP, "reason")),
            parent.c.org_id.label("parent_org"),
            parent.c.number.label("parent_number"),
        )
        .join(parent, parent.c.id == hop.c.parent_id)
        .where(asked, *mine, *later, rows.live(hop.c.ticket_id))
    )
    return _listed(db, query.order_by(hop.c.id).limit(page.limit))


def since(db: Db, ticket_ids: Iterable[str]) -> dict[str, datetime]:
    """Hop id → when it last began to wait; by `event_ticket`, for the tickets of one page."""
    event = rows.event.c
    wanted = (event.ticket_id.in_(sorted(set(ticket_ids))), event.type == "status.changed")
    query = select(event.hop_id, event.data, event.reported_at, event.observed_at).where(*wanted)
    found: dict[str, datetime] = {}
    for hop_id, data, reported, observed in db.execute(query.order_by(event.seq)):
        if (data or {}).get("to") == "pending":
            found[hop_id] = reported or observed
    return found


def visits(db: Db, scope: Scope, page: Page, between: tuple[datetime, datetime]) -> list[Row]:
    """Visits whose window touches this time, in the order in which they open; by `booked_visit_ahead`."""
    start, end = between
    visit, hop = VISIT.c, rows.hop
    query = (
        select(*(hop.c[name] for name in _HOP), visit.opens_at, visit.closes_at, visit.state)
        .join(hop, hop.c.id == visit.id)
        .where(literal_column("booked_visit." + AHEAD.text), scope.where(VISIT))
        .where(rows.live(rows.hop.c.ticket_id))
        .where(visit.opens_at < end, visit.closes_at >= start, _after(page, visit.opens_at, visit.id))
    )
    return _listed(db, query.order_by(visit.opens_at, visit.id).limit(page.limit))


def booked(db: Db, hop_ids: Iterable[str]) -> set[str]:
    """Those of these hops that have a visit ahead or under way."""
    query = select(VISIT.c.id).where(
        VISIT.c.id.in_(sorted(set(hop_ids))), VISIT.c.state.in_(("booked", "under_way"))
    )
    return set(db.execute(query).scalars())


def running(db: Db, scope: Scope, page: Page, *, kind: str | None = None) -> list[KeptClock]:
    """Clocks that run, the next due first; by `clock_due`, which holds no other. `kind`: of one kind of target."""
    clock = CLOCK.c
    narrowed = [clock.target_kind == kind] if kind else []
    query = (
        select(*(clock[name] for name in _CLOCK))
        .where(clock.state == literal_column("'running'"), clock.due_at.is_not(None), scope.where(CLOCK))
        .where(*narrowed, _after(page, clock.due_at, clock.id), rows.live(clock.ticket_id))
    )
    found = db.execute(query.order_by(clock.due_at, clock.id).limit(page.limit)).mappings()
    return [KeptClock(**{**row, "warned": tuple(row["warned"] or ())}) for row in found]


def hops(db: Db, hop_ids: Iterable[str]) -> dict[str, Row]:
    """Hops by id, as a list names them."""
    hop = rows.hop.c
    query = select(*(hop[name] for name in _HOP)).where(hop.id.in_(sorted(set(hop_ids))))
    return {row["id"]: row for row in _listed(db, query)}


def sites(db: Db, ticket_ids: Iterable[str]) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Ticket id → whose it is, and its facts."""
    ticket = rows.ticket.c
    query = select(ticket.id, ticket.org_id, ticket.facts).where(ticket.id.in_(sorted(set(ticket_ids))))
    return {row[0]: (row[1], row[2] or {}) for row in db.execute(query)}


# -- stops to decide ----------------------------------------------------------------------------------------------------------


def stops(db: Db, scope: Scope, page: Page, *, now: datetime) -> list[Row]:
    """Stop requests that wait for a decision, the oldest first; by `stop_to_decide_org` or, for all, `stop_to_decide_asked`."""
    stop = STOP.c
    waits = or_(stop.review_until.is_(None), stop.review_until > now)
    mine = (scope.where(STOP), waits, rows.live(stop.ticket_id))
    query = select(STOP).where(*mine, _after(page, stop.asked_at, stop.id))
    return _listed(db, query.order_by(stop.asked_at, stop.id).limit(page.limit))


def keep_stops(db: Db, ticket_ids: Sequence[str], found: Sequence[Row]) -> None:
    """These are now the undecided requests of these tickets; where nothing has changed nothing is written."""
    if not ticket_ids:
        return
    query = select(STOP).where(STOP.c.ticket_id.in_(sorted(set(ticket_ids))))
    before = {row["id"]: row for row in _listed(db, query)}
    now = {row["id"]: row for row in found}
    gone = [name for name in before if name not in now]
    if gone:
        db.execute(delete(STOP).where(STOP.c.id.in_(gone)))
    bulk.add(db, STOP, [row for name, row in now.items() if name not in before])
    bulk.change(db, STOP, [row for name, row in now.items() if name in before and row != before[name]])
