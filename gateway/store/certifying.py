"""Tickets of a certification, found by the title that somebody typed at a desk."""

from sqlalchemy import ColumnElement, select

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


def titled(db: Db, scope: Scope, desk_id: str, title: str) -> tuple[str, str] | None:
    """(remote id, number) of the newest ticket that was opened at this desk with that title."""
    hop, content = rows.hop, rows.content
    found = db.execute(
        select(hop.c.remote_id, hop.c.number)
        .join(content, content.c.origin_hop_id == hop.c.id)
        .where(hop.c.desk_id == desk_id, content.c.kind == "title", content.c.text == title, scope.where(hop))
        .order_by(hop.c.created_at.desc())
        .limit(1)
    ).first()
    return (found[0], found[1] or found[0]) if found is not None and found[0] else None


def assigned(db: Db, scope: Scope, parent_id: str, desk_id: str) -> dict[str, str] | None:
    """The newest assignment below a hop at that desk: `id remote_id number status`, empty where it has none yet."""
    hop = rows.hop
    under = (hop.c.parent_id == parent_id, hop.c.desk_id == desk_id, scope.where(hop))
    return _one(db, under)


def hop(db: Db, scope: Scope, hop_id: str) -> dict[str, str] | None:
    """The same of one hop."""
    return _one(db, (rows.hop.c.id == hop_id, scope.where(rows.hop)))


def _one(db: Db, where: tuple[ColumnElement[bool], ...]) -> dict[str, str] | None:
    names = ("id", "remote_id", "number", "status")
    columns = [rows.hop.c[name] for name in names]
    order = (rows.hop.c.created_at.desc(), rows.hop.c.id.desc())
    found = db.execute(select(*columns).where(*where).order_by(*order).limit(1)).first()
    return (
        {name: str(value or "") for name, value in zip(names, found, strict=True)}
        if found is not None
        else None
    )
