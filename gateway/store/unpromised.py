"""Tickets that no agreement ever held for: nothing is folded of them, and yet a report has to say that they are there."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from gateway.domain.reports.outcome import Case
from gateway.domain.reports.period import Period
from gateway.store import numbers, rows
from gateway.store.db import Db
from gateway.store.outcomes import CASE
from gateway.store.scope import Scope

_TOGETHER = 5_000


def opened(db: Db, scope: Scope, org_id: str, period: Period) -> list[Case]:
    """Those that an organization's own desk opened in the period, the oldest first; nothing else is known of them."""
    ticket = rows.ticket
    query = (
        select(ticket.c.id, ticket.c.opened_at)
        .outerjoin(CASE, CASE.c.ticket_id == ticket.c.id)
        .where(ticket.c.org_id == org_id, CASE.c.ticket_id.is_(None), ~ticket.c.test, scope.where(ticket))
        .where(ticket.c.opened_at >= period.start, ticket.c.opened_at < period.end)
        .order_by(ticket.c.opened_at, ticket.c.id)
    )
    found = [(row.id, row.opened_at) for row in db.execute(query)]
    return list(_cases(db, scope, org_id, found))


def _cases(db: Db, scope: Scope, org_id: str, found: list[tuple[str, datetime]]) -> Iterator[Case]:
    for start in range(0, len(found), _TOGETHER):
        some = found[start : start + _TOGETHER]
        called = numbers.at(db, scope, org_id, [name for name, _ in some])
        for name, at in some:
            number = called.get(name, "")
            yield Case(ticket_id=name, org_id=org_id, number=number, customer=org_id, opened_at=at)
