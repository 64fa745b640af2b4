"""Trouble ticket specifications of API desks: documents of a party's own, kept as they are."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update

from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.tmf_tables import TmfSpecificationRow

SPECIFICATION: Table = TmfSpecificationRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Specification:
    """What a party's tickets of one kind say; nothing here reads it."""

    id: str
    org_id: str
    desk_id: str
    document: dict[str, Any]
    created_at: datetime
    changed_at: datetime


_NAMES = tuple(field.name for field in fields(Specification))


def put(db: Db, new: Specification) -> None:
    """Keep a new one."""
    db.execute(insert(SPECIFICATION).values(**vars(new)))


def get(
    db: Db, scope: Scope, desk_id: str, specification_id: str, *, lock: bool = False
) -> Specification | None:
    """One of a desk's."""
    query = select(*(SPECIFICATION.c[name] for name in _NAMES)).where(
        SPECIFICATION.c.id == specification_id,
        SPECIFICATION.c.desk_id == desk_id,
        scope.where(SPECIFICATION),
    )
    row = db.execute(query.with_for_update() if lock else query).mappings().first()
    return Specification(**row) if row else None


def listed(db: Db, scope: Scope, desk_id: str) -> list[Specification]:
    """All of a desk's, the newest first."""
    query = select(*(SPECIFICATION.c[name] for name in _NAMES)).where(
        SPECIFICATION.c.desk_id == desk_id, scope.where(SPECIFICATION)
    )
    return [Specification(**row) for row in db.execute(query.order_by(SPECIFICATION.c.id.desc())).mappings()]


def count(db: Db, scope: Scope, desk_id: str) -> int:
    """How many a desk has."""
    here = (SPECIFICATION.c.desk_id == desk_id, scope.where(SPECIFICATION))
    return db.execute(select(func.count()).where(*here)).scalar() or 0


def write(db: Db, scope: Scope, changed: Specification) -> None:
    """One as it is now."""
    mine = (SPECIFICATION.c.id == changed.id, scope.where(SPECIFICATION))
    values = {"document": changed.document, "changed_at": changed.changed_at}
    db.execute(update(SPECIFICATION).where(*mine).values(values))


def remove(db: Db, scope: Scope, specification_id: str) -> None:
    """It is gone."""
    db.execute(
        delete(SPECIFICATION).where(SPECIFICATION.c.id == specification_id, scope.where(SPECIFICATION))
    )
