"""Rows of brakes. Those that are on are asked for before every claim."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, select, text, update

from gateway.domain.brakes import Brake, Reach
from gateway.store.db import Db
from gateway.store.linking_tables import BrakeRow
from gateway.store.prepared import Statement
from gateway.store.scope import Scope

BRAKE: Table = BrakeRow.__table__  # type: ignore[attr-defined]
_NAMES = tuple(one.name for one in fields(Brake))
_IS_ON = text("off_at IS NULL")
"""In the words of its index: SQLite takes a partial one for nothing else."""


def put(db: Db, brake: Brake) -> None:
    """Put one on."""
    db.execute(insert(BRAKE).values(asdict(brake) | {"kind": brake.kind.value}))


def release(db: Db, brake_id: str, *, by: str, now: datetime) -> None:
    """Take one off; one that is off already keeps its moment."""
    on = (BRAKE.c.id == brake_id) & BRAKE.c.off_at.is_(None)
    db.execute(update(BRAKE).where(on).values(off_at=now, off_by=by))


def standing(db: Db, scope: Scope) -> list[Brake]:
    """All that are on, the oldest first. A brake concerns whoever is linked, so a scope sees those it put on itself."""
    query = select(BRAKE).where(_IS_ON, scope.where(BRAKE)).order_by(BRAKE.c.id)
    return [_brake(dict(row)) for row in db.execute(query).mappings()]


def every(db: Db, scope: Scope, *, limit: int) -> list[Brake]:
    """The newest first, those that are off too."""
    query = select(BRAKE).where(scope.where(BRAKE)).order_by(BRAKE.c.id.desc()).limit(limit)
    return [_brake(dict(row)) for row in db.execute(query).mappings()]


def is_any_on(db: Db) -> bool:
    """Whether one is on; a claim asks this first."""
    return bool(_ANY.raw(db))


_ANY = Statement(lambda _dialect: select(BRAKE.c.id).where(_IS_ON).limit(1))


def _brake(row: dict[str, Any]) -> Brake:
    return Brake(**{name: row[name] for name in _NAMES} | {"kind": Reach(row["kind"])})
