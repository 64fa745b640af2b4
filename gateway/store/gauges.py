"""Counts for Prometheus. Each query reads what is unfinished by a partial index, or a few rows by their key: none grows
with what is done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from gateway.domain.brakes import Reach
from gateway.domain.webhooks.model import Standing
from gateway.store import brakes as store
from gateway.store import rows, webhook_endpoints, webhooks
from gateway.store.db import Db
from gateway.store.scope import Scope

_APART = text("state IN ('parked','asking')")
"""In the words of its index: SQLite takes a partial one for nothing else."""

RECENT = 10_000
"""So many tries at most are counted at once."""


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How many are in a state and since when the oldest of them waits."""

    state: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True)
class DeskGauge:
    """How talking to a desk goes. `breaker` is its document, None while all is well."""

    code: str
    held: bool
    breaker: object
    polled_at: datetime | None


def waiting_messages(db: Db, scope: Scope) -> list[Backlog]:
    """Messages that are not read yet, and those in quarantine."""
    table = rows.message
    found = []
    for state in ("received", "quarantined"):
        query = select(func.count(), func.min(table.c.received_at)).where(
            table.c.state == state, scope.where(table)
        )
        count, oldest = db.execute(query).one()
        found.append(Backlog(state=state, count=count, oldest=oldest))
    return found


def unfinished_deliveries(db: Db, scope: Scope) -> list[Backlog]:
    """Deliveries by state; those that are done are history and not counted here."""
    table = rows.delivery
    holding = select(table.c.state, func.count(), func.min(table.c.created_at)).where(
        table.c.blocks, table.c.state.not_in(("parked", "asking")), scope.where(table)
    )
    apart = select(table.c.state, func.count(), func.min(table.c.created_at)).where(
        _APART, scope.where(table)
    )
    counted = [*db.execute(holding.group_by(table.c.state)), *db.execute(apart.group_by(table.c.state))]
    return [Backlog(state=row[0], count=row[1], oldest=row[2]) for row in counted]


def waiting_looks(db: Db, scope: Scope) -> Backlog:
    """Wishes to read a remote ticket."""
    table = rows.look
    count, oldest = db.execute(select(func.count(), func.min(table.c.due_at)).where(scope.where(table))).one()
    return Backlog(state="wanted", count=count, oldest=oldest)


def desks(db: Db, scope: Scope) -> list[DeskGauge]:
    """Every desk."""
    table = rows.desk
    query = select(table.c.code, table.c.held, table.c.breaker, table.c.polled_at).where(scope.where(table))
    return [
        DeskGauge(code=row[0], held=bool(row[1]), breaker=row[2], polled_at=row[3])
        for row in db.execute(query.order_by(table.c.code))
    ]


def brakes(db: Db, scope: Scope) -> dict[str, int]:
    """How many brakes are on, by what they stop; 0 where none is."""
    found = store.standing(db, scope)
    return {kind.value: sum(brake.kind is kind for brake in found) for kind in Reach}


def waiting_webhooks(db: Db, scope: Scope) -> Backlog:
    """Messages to webhooks that are not taken yet, those of endpoints that nothing is sent to among them."""
    table = webhooks.MESSAGE
    query = select(func.count(), func.min(table.c.created_at)).where(
        text("state IN ('pending', 'sending')"), scope.where(table)
    )
    count, oldest = db.execute(query).one()
    return Backlog(state="waiting", count=count, oldest=oldest)


def endpoints(db: Db, scope: Scope) -> dict[str, int]:
    """How many webhooks stand how."""
    found = [one.standing for one in webhook_endpoints.every(db, scope).values()]
    return {standing.value: found.count(standing) for standing in Standing}


def last_attempt(db: Db) -> int:
    """The number of the newest try; 0 before the first."""
    return db.execute(select(func.max(rows.attempt.c.seq))).scalar() or 0


def attempts_after(db: Db, seq: int) -> tuple[int, dict[tuple[str, str], int]]:
    """Tries after this number: the number of the last one counted, and (kind, outcome) → how many."""
    table = rows.attempt
    newer = select(table.c.seq, table.c.kind, table.c.outcome).where(table.c.seq > seq)
    counted: dict[tuple[str, str], int] = {}
    last = seq
    for row in db.execute(newer.order_by(table.c.seq).limit(RECENT)):
        last = row[0]
        counted[row[1], row[2]] = counted.get((row[1], row[2]), 0) + 1
    return last, counted
