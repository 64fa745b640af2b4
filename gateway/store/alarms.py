"""Warnings that were raised, and the letters they send."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, update

from gateway.domain.alarms import Alarm
from gateway.domain.letters import Letter
from gateway.store import bulk
from gateway.store.clock_tables import LetterRow, WarningRow
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
from gateway.store.scope import Scope

WARNING: Table = WarningRow.__table__  # type: ignore[attr-defined]
LETTER: Table = LetterRow.__table__  # type: ignore[attr-defined]
_WARNING = [field.name for field in fields(Alarm)]
_LETTER = [field.name for field in fields(Letter)]


def standing(db: Db, scope: Scope, ticket_ids: Iterable[str]) -> dict[str, list[Alarm]]:
    """Ticket id → its warnings that are not over, the oldest first."""
    found: dict[str, list[Alarm]] = {}
    for row in _STANDING.rows(db, ticket_ids=sorted(set(ticket_ids)), **scope.parameters):
        alarm = Alarm(**dict(zip(_WARNING, row, strict=True)))
        found.setdefault(alarm.ticket_id, []).append(alarm)
    return found


def _standing(dialect: str) -> Select[Any]:
    here = (among(dialect, WARNING.c.ticket_id, "ticket_ids"), within(dialect, WARNING))
    wanted = select(*(WARNING.c[name] for name in _WARNING)).where(*here, WARNING.c.over_at.is_(None))
    return wanted.order_by(WARNING.c.raised_at, WARNING.c.id)


_STANDING = Statement(_standing)


def _alarms(db: Db, scope: Scope, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Alarm]:
    wanted = select(*(WARNING.c[name] for name in _WARNING)).where(*conditions, scope.where(WARNING))
    rows = db.execute(wanted.order_by(WARNING.c.raised_at, WARNING.c.id).limit(limit))
    return [Alarm(**dict(zip(_WARNING, row, strict=True))) for row in rows]


def every(db: Db, scope: Scope, *, over: bool, limit: int) -> list[Alarm]:
    """Warnings that stand, the oldest first; with `over` also those that are over."""
    return _alarms(db, scope, *([] if over else [WARNING.c.over_at.is_(None)]), limit=limit)


def get(db: Db, scope: Scope, alarm_id: str) -> Alarm | None:
    """One by its id."""
    return next(iter(_alarms(db, scope, WARNING.c.id == alarm_id)), None)


def keep(db: Db, *, new: Sequence[Alarm], changed: Sequence[Alarm], letters: Sequence[Letter]) -> None:
    """Write warnings and letters; what waits to be sent for a warning that is over is dropped."""
    bulk.add(db, WARNING, [vars(alarm) for alarm in new])
    bulk.change(db, WARNING, [vars(alarm) for alarm in changed])
    over = [alarm.id for alarm in changed if alarm.over_at is not None]
    if over:
        waiting = and_(LETTER.c.warning_id.in_(over), LETTER.c.state == "pending")
        db.execute(update(LETTER).where(waiting).values(state="dropped"))
    bulk.add(db, LETTER, [vars(letter) for letter in letters])


def claim(db: Db, scope: Scope, *, now: datetime, until: datetime, limit: int) -> list[Letter]:
    """Take letters that are to leave by now, under a lease and a new fence; those whose sender never came back, too."""
    left = and_(LETTER.c.state == "pending", LETTER.c.next_at <= now)
    lost = and_(LETTER.c.state == "sending", LETTER.c.lease_until < now)
    wanted = select(*(LETTER.c[name] for name in _LETTER)).where(
        LETTER.c.state.in_(("pending", "sending")), or_(left, lost), scope.where(LETTER)
    )
    rows = db.execute(
        wanted.order_by(LETTER.c.next_at, LETTER.c.id).limit(limit).with_for_update(skip_locked=True)
    )
    taken = [Letter(**dict(zip(_LETTER, row, strict=True))) for row in rows]
    claimed = [_claimed(letter, until) for letter in taken]
    bulk.change(db, LETTER, [vars(letter) for letter in claimed])
    return claimed


def _claimed(letter: Letter, until: datetime) -> Letter:
    changes: dict[str, Any] = {"state": "sending", "lease_until": until}
    changes |= {"fence": letter.fence + 1, "attempts": letter.attempts + 1}
    return Letter(**{**vars(letter), **changes})


def settle(db: Db, letter: Letter) -> bool:
    """Write down what became of a claimed letter; False if somebody else has claimed it since."""
    mine = and_(LETTER.c.id == letter.id, LETTER.c.fence == letter.fence)
    values = {name: getattr(letter, name) for name in ("state", "next_at", "lease_until", "sent_at", "error")}
    return bool(db.execute(update(LETTER).where(mine).values(values)).rowcount)


def letters_since(db: Db, scope: Scope, moment: datetime) -> dict[str, int]:
    """State → how many letters that were written since then are in it."""
    recent = select(LETTER.c.state, func.count()).where(LETTER.c.created_at >= moment, scope.where(LETTER))
    return {row[0]: row[1] for row in db.execute(recent.group_by(LETTER.c.state))}


def letters_of(db: Db, scope: Scope, alarm_ids: Iterable[str]) -> list[Letter]:
    """What was written for these warnings, in order."""
    wanted = select(*(LETTER.c[name] for name in _LETTER)).where(
        LETTER.c.warning_id.in_(sorted(set(alarm_ids))), scope.where(LETTER)
    )
    rows = db.execute(wanted.order_by(LETTER.c.created_at, LETTER.c.id))
    return [Letter(**dict(zip(_LETTER, row, strict=True))) for row in rows]
