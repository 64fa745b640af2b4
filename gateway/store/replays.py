"""What came in and what was parked within a stretch of time: what a replay takes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from gateway.domain.model import Message
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `start` until before `end`, at these desks (ids; None: all). `after`: what the last page ended with."""

    start: datetime
    end: datetime
    desk_ids: Sequence[str] | None = None
    ticket_id: str | None = None
    after: tuple[datetime, str] | None = None


def messages(db: Db, scope: Scope, span: Span, *, limit: int) -> list[tuple[Message, str]]:
    """A page of the messages that were read or are in quarantine, with their state, oldest first."""
    table = rows.message.c
    query = select(rows.message).where(
        table.state.in_(("processed", "quarantined")),
        table.received_at >= span.start,
        table.received_at < span.end,
        scope.where(rows.message),
    )
    if span.desk_ids is not None:
        query = query.where(table.desk_id.in_(span.desk_ids))
    if span.after is not None:
        at, name = span.after
        query = query.where(or_(table.received_at > at, (table.received_at == at) & (table.id > name)))
    found = db.execute(query.order_by(table.received_at, table.id).limit(limit)).mappings()
    return [
        (
            Message(
                id=row["id"],
                desk_id=row["desk_id"],
                received_at=row["received_at"],
                body=row["body"],
                headers=row["headers"] or {},
                query=row["query"] or {},
            ),
            row["state"],
        )
        for row in found
    ]


def parked(db: Db, scope: Scope, span: Span) -> list[str]:
    """The ids of deliveries of that time which wait for a person, oldest first."""
    table = rows.delivery.c
    query = select(table.id).where(
        table.state == "parked",
        table.created_at >= span.start,
        table.created_at < span.end,
        scope.where(rows.delivery),
    )
    if span.desk_ids is not None:
        query = query.where(table.desk_id.in_(span.desk_ids))
    if span.ticket_id is not None:
        query = query.where(table.ticket_id == span.ticket_id)
    return list(db.execute(query.order_by(table.created_at, table.id)).scalars())
