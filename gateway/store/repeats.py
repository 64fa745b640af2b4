"""Answers that are kept for requests with an Idempotency-Key, and the requests that callers made in a minute."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.api_tables import QuotaRow, StoredAnswerRow
from gateway.store.db import Db
from gateway.store.scope import Scope

ANSWER: Table = StoredAnswerRow.__table__  # type: ignore[attr-defined]
QUOTA: Table = QuotaRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A request that came before: the digest of what it asked, and its answer, None while it is under way."""

    digest: str
    sealed: str | None


def get(db: Db, scope: Scope, name: str) -> Kept | None:
    """What is kept under that name."""
    query = select(ANSWER.c.digest, ANSWER.c.sealed).where(ANSWER.c.id == name, scope.where(ANSWER))
    row = db.execute(query).first()
    return None if row is None else Kept(digest=row.digest, sealed=row.sealed)


def begin(db: Db, name: str, org_id: str, *, digest: str, now: datetime) -> bool:
    """A request is under way; False where one of that name came first."""
    return _new(db, ANSWER, id=name, org_id=org_id, digest=digest, begun_at=now)


def _new(db: Db, table: Table, **row: Any) -> bool:
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    made = dialect.insert(table).values(**row).on_conflict_do_nothing().returning(table.c.id)
    return db.execute(made).first() is not None


def keep(db: Db, scope: Scope, name: str, sealed: str) -> None:
    """Its answer."""
    db.execute(update(ANSWER).where(ANSWER.c.id == name, scope.where(ANSWER)).values(sealed=sealed))


def forget(db: Db, scope: Scope, name: str) -> None:
    """As if it had never come."""
    db.execute(delete(ANSWER).where(ANSWER.c.id == name, scope.where(ANSWER)))


def prune(db: Db, scope: Scope, before: datetime) -> int:
    """Drop what began before; how many."""
    return db.execute(delete(ANSWER).where(ANSWER.c.begun_at < before, scope.where(ANSWER))).rowcount


@dataclass(frozen=True, kw_only=True)
class Wish:
    """So many requests of the `most` that a caller (`id` of `org_id`) may make in a minute since 1970."""

    id: str
    org_id: str
    window: int
    wish: int
    most: int


def take(db: Db, scope: Scope, wanted: Wish) -> tuple[int, int]:
    """How many are granted, and how many all processes have taken then."""
    name, window = wanted.id, wanted.window
    mine = (QUOTA.c.id == name) & scope.where(QUOTA)
    _new(db, QUOTA, id=name, org_id=wanted.org_id, window=window, used=0)
    row = db.execute(select(QUOTA.c.window, QUOTA.c.used).where(mine).with_for_update()).one()
    used = row.used if row.window == window else 0
    granted = max(0, min(wanted.wish, wanted.most - used))
    if granted:
        db.execute(update(QUOTA).where(mine).values(window=window, used=used + granted))
    return granted, used + granted


def prune_quotas(db: Db, scope: Scope, window: int) -> None:
    """Drop what was counted before that minute."""
    db.execute(delete(QUOTA).where(QUOTA.c.window < window, scope.where(QUOTA)))
