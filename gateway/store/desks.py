"""The running state of talking to a desk: held or not, breaker, polling cursor. What it *is* stands in the directory."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, Update, bindparam, not_, null, or_, select, update

from gateway.errors import ConfigError, DeskDenied, InterdeskError
from gateway.store import rows
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
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
    found = _STATES.rows(db, **scope.parameters)
    return [DeskState(desk_id=row[0], held=row[1], breaker=row[2]) for row in found]


_STATES = Statement(
    lambda dialect: select(rows.desk.c.id, rows.desk.c.held, rows.desk.c.breaker).where(
        within(dialect, rows.desk)
    )
)


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
    asked = {"now": terms.now, "resting": sorted(terms.resting), "most": terms.limit, **scope.parameters}
    claims = [
        PollClaim(desk_id=row[0], cursor=row[1], fence=row[2] + 1) for row in _POLLABLE.raw(db, **asked)
    ]
    if claims:
        _POLL.run(db, ids=[claim.desk_id for claim in claims], until=terms.now + terms.lease)
    return claims


def _pollable(dialect: str) -> Select[Any]:
    table, now = rows.desk, bindparam("now", type_=Moment())
    return (
        select(table.c.id, table.c.cursor, table.c.poll_fence)
        .where(
            or_(table.c.poll_at.is_(None), table.c.poll_at <= now),
            or_(table.c.poll_lease_until.is_(None), table.c.poll_lease_until < now),
            table.c.held == "",
            not_(among(dialect, table.c.id, "resting")),
            within(dialect, table),
        )
        .order_by(table.c.poll_at)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


_POLLABLE = Statement(_pollable)
_POLL = Statement(
    lambda dialect: (
        update(rows.desk)
        .where(among(dialect, rows.desk.c.id, "ids"))
        .values(poll_lease_until=bindparam("until", type_=Moment()), poll_fence=rows.desk.c.poll_fence + 1)
    )
)


def polled(db: Db, claim: PollClaim, *, cursor: str | None, next_at: datetime, now: datetime) -> bool:
    """A page was stored: the cursor moves. False when somebody else polled meanwhile."""
    told: dict[str, Any] = {"desk": claim.desk_id, "claimed": claim.fence, "next": next_at}
    if cursor is not None:
        told |= {"to": cursor, "now": now}
    return bool(_POLLED[cursor is not None].run(db, **told))


def _moving(*, moved: bool) -> Callable[[str], Update]:
    table = rows.desk
    values: dict[str, Any] = {"poll_at": bindparam("next", type_=Moment()), "poll_lease_until": null()}
    if moved:
        values |= {"cursor": bindparam("to"), "polled_at": bindparam("now", type_=Moment())}
    mine = (table.c.id == bindparam("desk")) & (table.c.poll_fence == bindparam("claimed"))
    return lambda _dialect: update(table).where(mine).values(values)


_POLLED = {moved: Statement(_moving(moved=moved)) for moved in (False, True)}
