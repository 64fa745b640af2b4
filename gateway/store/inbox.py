"""The inbox: messages as they came in, durable before they are answered, each ending visibly (D1, D2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Select, bindparam, func, or_, select, text, update

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


def last_heard(db: Db, scope: Scope, desk_id: str) -> datetime | None:
    """When the newest message of a desk came in; None before the first."""
    table = rows.message
    query = select(table.c.received_at).where(table.c.desk_id == desk_id, scope.where(table))
    return db.execute(query.order_by(table.c.received_at.desc()).limit(1)).scalar()


def take(db: Db, scope: Scope, *, limit: int, only: str | None = None) -> list[Message]:
    """The oldest waiting messages (or `only` this one), locked until the end of this transaction. Where there are more, each
    organization has an equal share, and what one leaves goes to the oldest: nobody's flood delays others (T27)."""
    found = _OLDEST.rows(db, limit=limit, every=only is None, only=only, **scope.parameters)
    if only is None and limit > 1 and len(found) == limit:
        found = _shared(db, scope, found, limit)
    return [Message(**dict(zip(_NAMES, row, strict=True))) for row in found]


def _shared(db: Db, scope: Scope, oldest: Sequence[Sequence[Any]], limit: int) -> list[Sequence[Any]]:
    crowd = [row[0] for row in _CROWD.raw(db, **scope.parameters)]
    if len(crowd) < 2:
        return list(oldest)
    share = max(1, limit // len(crowd))
    shares = [_OF_ONE.rows(db, limit=share, org_id=one, **scope.parameters) for one in crowd]
    first = sorted((row for rows_of_one in shares for row in rows_of_one), key=_AGE)[:limit]
    taken = {row[0] for row in first}
    rest = [row for row in oldest if row[0] not in taken]
    return sorted([*first, *rest[: limit - len(first)]], key=_AGE)


_NAMES = ("id", "desk_id", "received_at", "body", "headers", "query")
_AGE = itemgetter(_NAMES.index("received_at"))
_IS_WAITING = text("state = 'received'")


def _waiting(dialect: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    table = rows.message
    return (
        select(*(table.c[name] for name in _NAMES))
        .where(_IS_WAITING, within(dialect, table), *conditions)
        .order_by(table.c.received_at)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


def _crowd(dialect: str) -> Select[Any]:
    """The organizations of which something waits: from one to the next by the index, however much there is of each."""
    table = rows.message
    first = select(func.min(table.c.org_id).label("org_id")).where(_IS_WAITING, within(dialect, table))
    one = first.cte("crowd", recursive=True)
    following = first.where(table.c.org_id > one.c.org_id).scalar_subquery()
    one = one.union_all(select(following).where(one.c.org_id.is_not(None)))
    return select(one.c.org_id).where(one.c.org_id.is_not(None))


_OLDEST = Statement(
    lambda dialect: _waiting(
        dialect, or_(bindparam("every", type_=Boolean()), rows.message.c.id == bindparam("only"))
    )
)
_OF_ONE = Statement(lambda dialect: _waiting(dialect, rows.message.c.org_id == bindparam("org_id")))
_CROWD = Statement(_crowd)


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
