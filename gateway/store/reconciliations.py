"""Runs that compare desks with what we know: which assignments they take in, who compares each now, what was found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, delete, func, insert, literal, or_, select, update

from gateway.domain.case import OPEN
from gateway.domain.model import Delivery
from gateway.store import bulk, rows
from gateway.store.claiming import Claim, Room
from gateway.store.db import Db
from gateway.store.reconcile_tables import ReconciledRow, ReconciliationRow
from gateway.store.scope import Scope

RUN: Table = ReconciliationRow.__table__  # type: ignore[attr-defined]
ITEM: Table = ReconciledRow.__table__  # type: ignore[attr-defined]
_OPEN = sorted(status.value for status in OPEN)


@dataclass(frozen=True, kw_only=True)
class Run:
    """`selection`: `link`, `desk` or `ticket` (ids), or nothing for everything; tickets that ended before `since` are left out.
    `kind`: `person`, `schedule`, `outage` or `restored`."""

    id: str
    org_id: str
    kind: str
    since: datetime
    started_at: datetime
    is_dry: bool = False
    selection: Mapping[str, str] = field(default_factory=dict)
    desk_id: str | None = None
    per_minute: int | None = None
    actor: str = ""
    reason: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One assignment to compare, under a lease until `lease_until`, which is also what tells whose it is."""

    id: str
    run_id: str
    ticket_id: str
    hop_id: str
    desk_id: str
    attempts: int
    lease_until: datetime


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a comparison ended: `done` with what was found, `failed`, or to be tried again at `due_at`."""

    item: Item
    state: str
    due_at: datetime
    drift: Sequence[Mapping[str, Any]] = ()
    error: str = ""


_RUN = tuple(Run.__dataclass_fields__)


def begin(db: Db, scope: Scope, run: Run, *, due_at: datetime) -> int:
    """Keep the run with all the assignments it takes in; how many."""
    db.execute(insert(RUN).values({name: getattr(run, name) for name in _RUN}))
    hop, ticket = rows.hop.c, rows.ticket.c
    chosen = (
        select(
            (literal(run.id) + "_" + hop.id),
            hop.org_id,
            literal(run.id),
            hop.ticket_id,
            hop.id,
            hop.desk_id,
            literal("waiting"),
            literal(due_at, ITEM.c.due_at.type),
            literal(0),
            literal(""),
        )
        .join(rows.ticket, ticket.id == hop.ticket_id)
        .join(rows.desk, rows.desk.c.id == hop.desk_id)
        .where(
            hop.remote_id.is_not(None),
            or_(ticket.closed_at.is_(None), ticket.closed_at >= run.since, hop.status.in_(_OPEN)),
            scope.where(rows.hop),
            *_chosen(run.selection),
        )
    )
    columns = (
        "id",
        "org_id",
        "run_id",
        "ticket_id",
        "hop_id",
        "desk_id",
        "state",
        "due_at",
        "attempts",
        "error",
    )
    return db.execute(insert(ITEM).from_select(list(columns), chosen)).rowcount


def _chosen(selection: Mapping[str, str]) -> list[ColumnElement[bool]]:
    hop = rows.hop.c
    if "ticket" in selection:
        return [hop.ticket_id == selection["ticket"]]
    if "desk" in selection:
        return [hop.desk_id == selection["desk"]]
    if "link" in selection:
        over = rows.hop.alias("over")
        above = select(over.c.parent_id).where(
            over.c.link_id == selection["link"], over.c.parent_id.is_not(None)
        )
        return [or_(hop.link_id == selection["link"], hop.id.in_(above))]
    return []


def get(db: Db, scope: Scope, run_id: str) -> Run | None:
    """One run."""
    row = db.execute(select(RUN).where(RUN.c.id == run_id, scope.where(RUN))).mappings().first()
    return _run(row) if row else None


def listed(db: Db, scope: Scope, *, limit: int = 50, unfinished: bool = False) -> list[Run]:
    """The newest runs first."""
    query = select(RUN).where(scope.where(RUN))
    if unfinished:
        query = query.where(RUN.c.finished_at.is_(None))
    found = db.execute(query.order_by(RUN.c.started_at.desc(), RUN.c.id.desc()).limit(limit))
    return [_run(row) for row in found.mappings()]


def _run(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in _RUN} | {"selection": row["selection"] or {}})


def last_of_desks(db: Db, scope: Scope, *, kind: str | None = None) -> dict[str, datetime]:
    """Desk id → when the newest run that was begun for it by itself (of one kind, or of any) started."""
    query = select(RUN.c.desk_id, func.max(RUN.c.started_at, type_=RUN.c.started_at.type))
    mine = query.where(RUN.c.desk_id.is_not(None), scope.where(RUN)).group_by(RUN.c.desk_id)
    if kind is not None:
        mine = mine.where(RUN.c.kind == kind)
    return {row[0]: row[1] for row in db.execute(mine)}


def lock_desks(db: Db, desk_ids: Collection[str]) -> None:
    """Nobody else begins runs of these desks until this transaction ends."""
    desk = rows.desk.c
    db.execute(select(desk.id).where(desk.id.in_(desk_ids)).order_by(desk.id).with_for_update()).all()


def take(db: Db, scope: Scope, terms: Claim, run_ids: Collection[str]) -> list[Item]:
    """Assignments of these runs to compare now, at desks with free capacity."""
    if not run_ids or not terms.free:
        return []
    free = or_(ITEM.c.lease_until.is_(None), ITEM.c.lease_until < terms.now)
    query = (
        select(ITEM.c.id, ITEM.c.run_id, ITEM.c.ticket_id, ITEM.c.hop_id, ITEM.c.desk_id, ITEM.c.attempts)
        .where(
            ITEM.c.run_id.in_(sorted(run_ids)),
            ITEM.c.state == "waiting",
            ITEM.c.due_at <= terms.now,
            free,
            ITEM.c.desk_id.in_(terms.free),
            scope.where(ITEM),
        )
        .order_by(ITEM.c.due_at, ITEM.c.id)
        .limit(terms.limit)
        .with_for_update(skip_locked=True)
    )
    found = [Item(**row, lease_until=terms.until) for row in db.execute(query).mappings()]
    taken = Room(terms.capacity).take(found, most=terms.limit)
    ids = [item.id for item in taken]
    if ids:
        db.execute(update(ITEM).where(ITEM.c.id.in_(ids)).values(lease_until=terms.until))
    return taken


def still_mine(db: Db, items: Sequence[Item]) -> set[str]:
    """The ids of those that nobody took since, locked."""
    held = {item.id: item.lease_until for item in items}
    query = select(ITEM.c.id, ITEM.c.lease_until).where(
        ITEM.c.id.in_(sorted(held)), ITEM.c.state == "waiting"
    )
    found = db.execute(query.order_by(ITEM.c.id).with_for_update())
    return {row[0] for row in found if row[1] == held[row[0]]}


def end(db: Db, endings: Sequence[Ending]) -> None:
    """Write down how comparisons ended."""
    bulk.change(
        db,
        ITEM,
        [
            {
                "id": one.item.id,
                "state": one.state,
                "due_at": one.due_at,
                "lease_until": None,
                "attempts": one.item.attempts + 1,
                "drift": [dict(found) for found in one.drift] or None,
                "error": one.error[:500],
            }
            for one in endings
        ],
    )


def progress(db: Db, scope: Scope, run_id: str) -> dict[str, int]:
    """State → how many assignments of the run stand so."""
    query = select(ITEM.c.state, func.count()).where(ITEM.c.run_id == run_id, scope.where(ITEM))
    return {row[0]: row[1] for row in db.execute(query.group_by(ITEM.c.state))}


def next_due(db: Db, scope: Scope, run_id: str) -> datetime | None:
    """When the next of its assignments may be taken."""
    query = select(func.min(ITEM.c.due_at, type_=ITEM.c.due_at.type))
    waiting = query.where(ITEM.c.run_id == run_id, ITEM.c.state == "waiting", scope.where(ITEM))
    found: datetime | None = db.execute(waiting).scalar()
    return found


def findings(db: Db, scope: Scope, run_id: str) -> list[dict[str, Any]]:
    """What was found, with ticket, desk and number; failed comparisons with their error."""
    told = or_(ITEM.c.drift.is_not(None), ITEM.c.state == "failed")
    names = (ITEM.c.ticket_id, ITEM.c.hop_id, ITEM.c.state, ITEM.c.drift, ITEM.c.error)
    query = (
        select(*names, rows.hop.c.number, rows.desk.c.code.label("desk"))
        .join(rows.hop, rows.hop.c.id == ITEM.c.hop_id)
        .join(rows.desk, rows.desk.c.id == ITEM.c.desk_id)
        .where(ITEM.c.run_id == run_id, told, scope.where(ITEM))
        .order_by(ITEM.c.ticket_id, ITEM.c.hop_id)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def finish(db: Db, run_id: str, *, now: datetime) -> bool:
    """The run is over when nothing of it waits; what agreed is forgotten, what was found is kept. Whether it is over."""
    waiting = select(ITEM.c.id).where(ITEM.c.run_id == run_id, ITEM.c.state == "waiting")
    if db.execute(waiting.limit(1)).first() is not None:
        return False
    db.execute(update(RUN).where(RUN.c.id == run_id, RUN.c.finished_at.is_(None)).values(finished_at=now))
    agreed = (ITEM.c.run_id == run_id) & (ITEM.c.state == "done") & ITEM.c.drift.is_(None)
    db.execute(delete(ITEM).where(agreed))
    return True


def writes(db: Db, hop_ids: Collection[str]) -> dict[str, dict[str, Delivery]]:
    """Hop id → field → the newest delivery that carried it there, whatever became of it."""
    table = rows.delivery
    query = rows.choose(Delivery).where(
        table.c.hop_id.in_(sorted(set(hop_ids))), table.c.kind.in_(("create", "update"))
    )
    newest: dict[str, dict[str, Delivery]] = {}
    for one in rows.nouns(Delivery, db.execute(query.order_by(table.c.hop_id, table.c.seq))):
        fields = (*one.payload.get("fields", {}), *one.payload.get("texts", {}))
        newest.setdefault(one.hop_id, {}).update(dict.fromkeys(fields, one))
    return newest
