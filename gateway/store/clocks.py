"""Clocks as they were last folded, and the tickets whose clocks are to be folded again."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, Table, bindparam, delete, select, update

from gateway.domain.keeping import KeptClock
from gateway.store import bulk, rows
from gateway.store.clock_tables import ClockRow
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
from gateway.store.scope import Scope

CLOCK: Table = ClockRow.__table__  # type: ignore[attr-defined]
PAST = 500
"""So many finished clocks tell how long a party takes."""
_NAMES = [field.name for field in fields(KeptClock)]


def due(db: Db, scope: Scope, *, now: datetime, limit: int) -> list[str]:
    """The tickets whose clocks are to be folded by now, the longest due first."""
    found = _DUE.raw(db, now=now, limit=limit, **scope.parameters)
    return [row[0] for row in found]


def _due(dialect: str) -> Select[Any]:
    ticket = rows.ticket.c
    here = (ticket.fold_at.is_not(None), ticket.fold_at <= bindparam("now", type_=Moment()))
    wanted = select(ticket.id).where(*here, within(dialect, rows.ticket))
    return wanted.order_by(ticket.fold_at).limit(bindparam("limit", type_=Integer()))


_DUE = Statement(_due)


def postpone(db: Db, ticket_ids: Sequence[str], *, until: datetime) -> None:
    """Fold these not before then."""
    if ticket_ids:
        later = update(rows.ticket).where(rows.ticket.c.id.in_(ticket_ids))
        db.execute(later.values(fold_at=until))


def of_tickets(db: Db, scope: Scope, ticket_ids: Iterable[str]) -> dict[str, list[KeptClock]]:
    """Ticket id → its clocks as last folded."""
    kept: dict[str, list[KeptClock]] = {}
    for row in _KEPT.rows(db, ticket_ids=sorted(set(ticket_ids)), **scope.parameters):
        clock = _clock(row)
        kept.setdefault(clock.ticket_id, []).append(clock)
    return kept


def _kept(dialect: str) -> Select[Any]:
    here = (among(dialect, CLOCK.c.ticket_id, "ticket_ids"), within(dialect, CLOCK))
    wanted = select(*(CLOCK.c[name] for name in _NAMES)).where(*here)
    return wanted.order_by(CLOCK.c.ticket_id, CLOCK.c.key)


_KEPT = Statement(_kept)


def _clock(row: Any) -> KeptClock:
    told = dict(zip(_NAMES, row, strict=True))
    return KeptClock(**{**told, "warned": tuple(told["warned"] or ())})


def keep(db: Db, *, new: Sequence[KeptClock], changed: Sequence[KeptClock], gone: Iterable[str] = ()) -> None:
    """Write clocks as they are now; `gone`: ids of those that are none any more."""
    bulk.add(db, CLOCK, [_row(clock) for clock in new])
    bulk.change(db, CLOCK, [_row(clock) for clock in changed])
    lost = sorted(gone)
    if lost:
        db.execute(delete(CLOCK).where(CLOCK.c.id.in_(lost)))


def past(db: Db, scope: Scope, agreement: str, target_kind: str, target: timedelta | None) -> list[timedelta]:
    """How long the newest finished clocks of an agreement's target took, those of the same length of target."""
    clock = CLOCK.c
    wanted = select(clock.elapsed).where(
        clock.agreement == agreement,
        clock.target_kind == target_kind,
        clock.ended_at.is_not(None),
        clock.state.in_(("met", "breached")),
        clock.target == target,
        scope.where(CLOCK),
    )
    return list(db.execute(wanted.order_by(clock.ended_at.desc()).limit(PAST)).scalars())


def _row(clock: KeptClock) -> dict[str, Any]:
    return {**vars(clock), "warned": list(clock.warned)}
