"""Errands of desks' agents in and out of the store. One is taken once; what nobody takes in time is never made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update

from gateway.store import rows
from gateway.store.agent_tables import AgentSightRow, ErrandRow
from gateway.store.db import Db
from gateway.store.scope import Scope

ERRAND: Table = ErrandRow.__table__  # type: ignore[attr-defined]
SIGHT: Table = AgentSightRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A request that waits for the agent of its desk. `begin_by`: nobody may take it later; `done_by`: nobody waits longer."""

    id: str
    desk_id: str
    posted_at: datetime
    begin_by: datetime
    done_by: datetime
    request: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)


def post(db: Db, waiting: Waiting) -> None:
    """Let an agent of its desk's organization take it."""
    owner = select(rows.desk.c.org_id).where(rows.desk.c.id == waiting.desk_id).scalar_subquery()
    values = {name: getattr(waiting, name) for name in Waiting.__dataclass_fields__}
    db.execute(insert(ERRAND).values(**values, org_id=owner))


def take(db: Db, scope: Scope, desk_ids: Sequence[str], *, now: datetime, limit: int) -> list[Waiting]:
    """The oldest that wait for the agents of these desks, each given out once."""
    query = (
        select(ERRAND)
        .where(scope.where(ERRAND), ERRAND.c.desk_id.in_(desk_ids))
        .where(ERRAND.c.taken_at.is_(None), ERRAND.c.begin_by > now)
        .order_by(ERRAND.c.posted_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [dict(row) for row in db.execute(query).mappings()]
    if found:
        ids = [row["id"] for row in found]
        db.execute(update(ERRAND).where(ERRAND.c.id.in_(ids)).values(taken_at=now))
    return [Waiting(**{name: row[name] for name in Waiting.__dataclass_fields__}) for row in found]


def is_any(db: Db, desk_ids: Sequence[str], *, now: datetime) -> bool:
    """Whether something waits for these desks' agents; cheap."""
    query = (
        select(ERRAND.c.id)
        .where(ERRAND.c.desk_id.in_(desk_ids), ERRAND.c.taken_at.is_(None), ERRAND.c.begin_by > now)
        .limit(1)
    )
    return db.execute(query).first() is not None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was brought for an errand: a document of the exchange, and the body of the desk's answer."""

    errand_id: str
    document: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)


def bring(db: Db, scope: Scope, answer: Answer, *, now: datetime) -> bool:
    """Keep what was brought, the first time; False: nobody waits for it any more, or it never was theirs."""
    changed = db.execute(
        update(ERRAND)
        .where(ERRAND.c.id == answer.errand_id, scope.where(ERRAND))
        .where(ERRAND.c.taken_at.is_not(None), ERRAND.c.brought_at.is_(None))
        .values(brought_at=now, answer=dict(answer.document), answer_body=answer.body)
    )
    return bool(changed.rowcount)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far an errand is: `answer` once something was brought."""

    begin_by: datetime
    taken_at: datetime | None
    answer: Mapping[str, Any] | None
    body: bytes = field(default=b"", repr=False)


def standing(db: Db, errand_id: str) -> Standing | None:
    """How far it is; None for one that is not there."""
    columns = (ERRAND.c.begin_by, ERRAND.c.taken_at, ERRAND.c.answer, ERRAND.c.answer_body)
    row = db.execute(select(*columns).where(ERRAND.c.id == errand_id)).first()
    return None if row is None else Standing(begin_by=row[0], taken_at=row[1], answer=row[2], body=row[3])


def withdraw(db: Db, errand_id: str) -> bool:
    """Take it back as long as nobody took it."""
    gone = db.execute(delete(ERRAND).where(ERRAND.c.id == errand_id, ERRAND.c.taken_at.is_(None)))
    return bool(gone.rowcount)


def forget(db: Db, errand_id: str) -> None:
    """Its answer was read."""
    db.execute(delete(ERRAND).where(ERRAND.c.id == errand_id))


def prune(db: Db, *, now: datetime) -> None:
    """Those that nobody waits for: whoever did has ended."""
    db.execute(delete(ERRAND).where(ERRAND.c.done_by < now))


def saw(db: Db, desks: Mapping[str, str], *, now: datetime) -> None:
    """The agent of these desks (id → owner's id) came."""
    for desk_id, org_id in desks.items():
        if not db.execute(update(SIGHT).where(SIGHT.c.desk_id == desk_id).values(seen_at=now)).rowcount:
            db.execute(insert(SIGHT).values(desk_id=desk_id, org_id=org_id, seen_at=now))


def seen(db: Db, scope: Scope) -> dict[str, datetime]:
    """Desk id → when its agent came last."""
    query = select(SIGHT.c.desk_id, SIGHT.c.seen_at).where(scope.where(SIGHT))
    return {desk_id: at for desk_id, at in db.execute(query)}  # noqa: C416 - rows are no pairs to mypy
