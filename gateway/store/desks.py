"""The running state of talking to a desk: held or not, breaker, polling cursor. What it *is* stands in the directory."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from gateway.errors import ConfigError, DeskDenied, InterdeskError
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class DeskState:
    """`held` says why nothing is sent there ("" = it is not); `breaker` is the breaker's own document."""

    desk_id: str
    held: str
    breaker: Any


@dataclass(frozen=True, kw_only=True)
class PollClaim:
    """The right to poll a desk once, from `cursor`."""

    desk_id: str
    cursor: str | None
    fence: int


def states(db: Db, scope: Scope) -> list[DeskState]:
    """The state of every desk."""
    table = rows.desk
    query = select(table.c.id, table.c.held, table.c.breaker).where(scope.where(table))
    return [DeskState(desk_id=row[0], held=row[1], breaker=row[2]) for row in db.execute(query)]


def hold(db: Db, desk_id: str, why: str, *, now: datetime) -> None:
    """Send nothing there until somebody releases it; nothing dies (DeskDenied)."""
    table = rows.desk
    db.execute(
        update(table).where(table.c.id == desk_id, table.c.held == "").values(held=why[:500], held_at=now)
    )


def hold_if_hopeless(db: Db, desk_id: str, error: InterdeskError, *, now: datetime) -> None:
    """Hold a desk whose error only a person can mend: refused credentials, an address that must not be reached."""
    if isinstance(error, DeskDenied):
        hold(db, desk_id, f"credentials: {error}", now=now)
    elif isinstance(error, ConfigError):
        hold(db, desk_id, f"configuration: {error}", now=now)


def release(db: Db, desk_id: str) -> None:
    """Talk to the desk again."""
    db.execute(update(rows.desk).where(rows.desk.c.id == desk_id).values(held="", held_at=None))


def keep_breaker(db: Db, desk_id: str, breaker: Any) -> None:
    """Write the breaker's state, for every worker to see."""
    db.execute(update(rows.desk).where(rows.desk.c.id == desk_id).values(breaker=breaker))


@dataclass(frozen=True, kw_only=True)
class PollTerms:
    """How polls are taken: at most `limit`, each for as long as `lease`, none at the desks that are `resting` (ids)."""

    now: datetime
    lease: timedelta
    limit: int
    resting: Collection[str] = ()


def claim_poll(db: Db, scope: Scope, terms: PollTerms) -> list[PollClaim]:
    """Desks whose time to be polled has come; one poller at a time."""
    now = terms.now
    table = rows.desk
    query = (
        select(table.c.id, table.c.cursor, table.c.poll_fence)
        .where(
            or_(table.c.poll_at.is_(None), table.c.poll_at <= now),
            or_(table.c.poll_lease_until.is_(None), table.c.poll_lease_until < now),
            table.c.held == "",
            table.c.id.not_in(sorted(terms.resting)),
            scope.where(table),
        )
        .order_by(table.c.poll_at)
        .limit(terms.limit)
        .with_for_update(skip_locked=True)
    )
    claims = [PollClaim(desk_id=row[0], cursor=row[1], fence=row[2] + 1) for row in db.execute(query)]
    if claims:
        changes = {"poll_lease_until": now + terms.lease, "poll_fence": table.c.poll_fence + 1}
        db.execute(update(table).where(table.c.id.in_([claim.desk_id for claim in claims])).values(changes))
    return claims


def polled(db: Db, claim: PollClaim, *, cursor: str | None, next_at: datetime, now: datetime) -> bool:
    """A page was stored: the cursor moves. False when somebody else polled meanwhile."""
    table = rows.desk
    values: dict[str, Any] = {"poll_at": next_at, "poll_lease_until": None}
    if cursor is not None:
        values |= {"cursor": cursor, "polled_at": now}
    done = db.execute(
        update(table).where(table.c.id == claim.desk_id, table.c.poll_fence == claim.fence).values(values)
    )
    return bool(done.rowcount)
