"""The inbox: messages as they came in, durable before they are answered, each ending visibly (D1, D2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, Select, bindparam, or_, select, text, update

from gateway.domain.model import Message
from gateway.store import bulk, rows, signals
from gateway.store.db import Db
from gateway.store.prepared import Statement, within
from gateway.store.scope import Scope


def put(db: Db, messages: Sequence[tuple[Message, str]]) -> None:
    """Store messages, each with its desk's organization: one statement for all of a group commit."""
    bulk.add(
        db,
        rows.message,
        [
            {
                "id": message.id,
                "org_id": org_id,
                "desk_id": message.desk_id,
                "received_at": message.received_at,
                "headers": dict(message.headers),
                "query": dict(message.query),
                "body": message.body,
                "state": "received",
            }
            for message, org_id in messages
        ],
    )
    signals.tell(db, "messages")


def waiting(db: Db, scope: Scope, *, limit: int) -> list[str]:
    """The ids of the oldest waiting messages."""
    table = rows.message
    query = select(table.c.id).where(table.c.state == "received", scope.where(table))
    return list(db.execute(query.order_by(table.c.received_at).limit(limit)).scalars())


def last_heard(db: Db, scope: Scope, desk_id: str) -> datetime | None:
    """When the newest message of a desk came in; None before the first."""
    table = rows.message
    query = select(table.c.received_at).where(table.c.desk_id == desk_id, scope.where(table))
    return db.execute(query.order_by(table.c.received_at.desc()).limit(1)).scalar()


def take(db: Db, scope: Scope, *, limit: int, only: str | None = None) -> list[Message]:
    """The oldest waiting messages (or `only` this one), locked until the end of this transaction. Where there are more, up to half
    of them are of organizations that the oldest are not of: nobody's flood delays others (T27)."""
    found = _WAITING.rows(db, limit=limit, every=only is None, only=only, **scope.parameters)
    if only is None and limit > 1 and len(found) == limit:
        others = _of_others(db, scope, sorted({row[0] for row in found}), limit // 2)
        found = [*found[: limit - len(others)], *others]
    return [Message(**dict(zip(_NAMES, row[1:], strict=True))) for row in found]


def _of_others(db: Db, scope: Scope, org_ids: Sequence[str], limit: int) -> list[Any]:
    table = rows.message
    query = select(table.c.org_id, *(table.c[name] for name in _NAMES)).where(
        text("state = 'received'"), scope.where(table), table.c.org_id.not_in(org_ids)
    )
    query = query.order_by(table.c.received_at).limit(limit).with_for_update(skip_locked=True)
    return list(db.execute(query))


_NAMES = ("id", "desk_id", "received_at", "body", "headers", "query")


def _waiting(dialect: str) -> Select[Any]:
    table = rows.message
    wanted = or_(bindparam("every", type_=Boolean()), table.c.id == bindparam("only"))
    return (
        select(table.c.org_id, *(table.c[name] for name in _NAMES))
        .where(text("state = 'received'"), within(dialect, table), wanted)
        .order_by(table.c.received_at)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


_WAITING = Statement(_waiting)


def get(db: Db, scope: Scope, message_id: str) -> Message | None:
    """One message."""
    row = db.execute(select(rows.message).where(rows.message.c.id == message_id, scope.where(rows.message)))
    found = row.mappings().first()
    return _message(found) if found else None


def _message(row: Any) -> Message:
    return Message(
        id=row["id"],
        desk_id=row["desk_id"],
        received_at=row["received_at"],
        body=row["body"],
        headers=row["headers"] or {},
        query=row["query"] or {},
    )


def end(db: Db, verdicts: Iterable[tuple[str, str, str]], *, now: datetime) -> None:
    """(message id, state `processed` | `quarantined`, error) for each."""
    bulk.change(
        db,
        rows.message,
        [
            {"id": key, "state": state, "error": error[:2000], "processed_at": now}
            for key, state, error in verdicts
        ],
    )


def replay(db: Db, scope: Scope, message_id: str) -> str | None:
    """Put a quarantined message back in line; its owner, or None if there is none such."""
    table = rows.message
    done = db.execute(
        update(table)
        .where(table.c.id == message_id, table.c.state == "quarantined", scope.where(table))
        .values(state="received", error="")
        .returning(table.c.org_id)
    )
    return done.scalar()
