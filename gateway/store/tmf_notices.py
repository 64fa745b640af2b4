"""Listeners of API desks and the events on their way to them. A claim is a lease; of a ticket's events the oldest goes first."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, exists, insert, or_, select, update

from gateway.domain.tmf621.notices import LEASE, Listener, Notice, Stage
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.tmf_tables import TmfListenerRow, TmfNoticeRow
from gateway.vault import Place, Vault, is_sealed

LISTENER: Table = TmfListenerRow.__table__  # type: ignore[attr-defined]
NOTICE: Table = TmfNoticeRow.__table__  # type: ignore[attr-defined]
_LISTENER = tuple(field.name for field in fields(Listener))
_NOTICE = tuple(field.name for field in fields(Notice))


def place(listener: Listener) -> Place:
    """Where its callback lies sealed: whatever proves an event genuine to a listener stands in it."""
    return Place(org_id=listener.org_id, table="tmf_listener", row_id=listener.id, column="callback")


def listeners(db: Db, scope: Scope, desk_id: str) -> list[Listener]:
    """Who listens to a desk, the oldest first; callbacks are sealed."""
    query = select(*(LISTENER.c[name] for name in _LISTENER)).where(
        LISTENER.c.desk_id == desk_id, scope.where(LISTENER)
    )
    return [Listener(**row) for row in db.execute(query.order_by(LISTENER.c.id)).mappings()]


def listener(db: Db, scope: Scope, desk_id: str, listener_id: str) -> Listener | None:
    """One of them."""
    return next((one for one in listeners(db, scope, desk_id) if one.id == listener_id), None)


def put_listener(db: Db, new: Listener) -> None:
    """Keep a listener."""
    db.execute(insert(LISTENER).values(**asdict(new)))


def reseal(db: Db, scope: Scope, vault: Vault) -> None:
    """Seal every callback under the vault's current key, those from before they were sealed too."""
    query = select(*(LISTENER.c[name] for name in _LISTENER)).where(scope.where(LISTENER))
    for one in [Listener(**row) for row in db.execute(query).mappings()]:
        sealed = is_sealed(one.callback)
        if not sealed or not vault.is_current(one.callback):
            plain = vault.open(one.callback, place(one)) if sealed else one.callback
            kept = vault.seal(plain, place(one))
            db.execute(update(LISTENER).where(LISTENER.c.id == one.id).values(callback=kept))


def remove_listener(db: Db, scope: Scope, listener_id: str) -> None:
    """It is told nothing more; what was on its way is dropped."""
    db.execute(delete(LISTENER).where(LISTENER.c.id == listener_id, scope.where(LISTENER)))
    waiting = (NOTICE.c.listener_id == listener_id) & (NOTICE.c.state == Stage.WAITING.value)
    db.execute(update(NOTICE).where(waiting, scope.where(NOTICE)).values(state=Stage.DROPPED.value))


def put(db: Db, notices: Sequence[Notice]) -> None:
    """Queue events."""
    if notices:
        db.execute(insert(NOTICE), [asdict(one) for one in notices])


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """An event to be told now, and to whom."""

    notice: Notice
    listener: Listener


def due_listeners(db: Db, scope: Scope, *, now: datetime) -> list[str]:
    """The ids of listeners that may have something to be told."""
    due = (NOTICE.c.state == Stage.WAITING.value) & (NOTICE.c.next_at <= now) & _free(now)
    return list(db.execute(select(NOTICE.c.listener_id).where(due, scope.where(NOTICE)).distinct()).scalars())


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until < now)


def claim(db: Db, scope: Scope, listener_id: str, *, now: datetime, limit: int) -> list[Claimed]:
    """A listener's events whose time has come, under a lease; nobody else claims them until it ends."""
    earlier = NOTICE.alias("earlier")
    held = exists().where(
        earlier.c.listener_id == NOTICE.c.listener_id,
        earlier.c.ticket_id == NOTICE.c.ticket_id,
        earlier.c.id < NOTICE.c.id,
        earlier.c.state == Stage.WAITING.value,
    )
    here = (NOTICE.c.listener_id == listener_id, NOTICE.c.state == Stage.WAITING.value, scope.where(NOTICE))
    due = (*here, NOTICE.c.next_at <= now, _free(now))
    query = select(NOTICE.c.id).where(*due, ~held).order_by(NOTICE.c.id).limit(limit)
    ids = list(db.execute(query).scalars())
    mine = update(NOTICE).where(NOTICE.c.id.in_(ids), *due).values(lease_until=now + LEASE)
    taken = db.execute(mine.returning(*(NOTICE.c[name] for name in _NOTICE))).mappings() if ids else ()
    return _with_listeners(db, sorted((Notice(**row) for row in taken), key=lambda one: one.id))


def _with_listeners(db: Db, notices: Sequence[Notice]) -> list[Claimed]:
    wanted = sorted({one.listener_id for one in notices})
    query = select(*(LISTENER.c[name] for name in _LISTENER)).where(LISTENER.c.id.in_(wanted))
    known = {row["id"]: Listener(**row) for row in db.execute(query).mappings()}
    return [
        Claimed(notice=one, listener=known[one.listener_id]) for one in notices if one.listener_id in known
    ]


def settle(db: Db, scope: Scope, notice: Notice, *, lease: datetime | None) -> bool:
    """What became of an event; False if somebody else has it by now."""
    mine = (
        (NOTICE.c.id == notice.id) & (NOTICE.c.lease_until == lease) & (NOTICE.c.state == Stage.WAITING.value)
    )
    names = ("next_at", "lease_until", "attempts", "state", "error")
    values = {name: getattr(notice, name) for name in names}
    return bool(db.execute(update(NOTICE).where(mine, scope.where(NOTICE)).values(values)).rowcount)


def told(db: Db, scope: Scope, ticket_id: str) -> list[Notice]:
    """Every event of a ticket, in order."""
    query = select(*(NOTICE.c[name] for name in _NOTICE)).where(
        NOTICE.c.ticket_id == ticket_id, scope.where(NOTICE)
    )
    return [Notice(**row) for row in db.execute(query.order_by(NOTICE.c.id)).mappings()]


def forget(db: Db, scope: Scope, *, before: datetime) -> None:
    """Drop events that ended and were made before that moment."""
    ended = (NOTICE.c.state != Stage.WAITING.value) & (NOTICE.c.created_at < before)
    db.execute(delete(NOTICE).where(ended, scope.where(NOTICE)))
