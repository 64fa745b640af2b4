"""Looks: wishes to establish what a desk now says of a remote ticket. Hints coalesce; claims are fenced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.domain.marks import keyed
from gateway.store import rows, signals
from gateway.store.claiming import Claim, Room
from gateway.store.columns import micros
from gateway.store.db import Db
from gateway.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Look at this remote ticket at `due_at` or soon after."""

    org_id: str
    desk_id: str
    remote_id: str
    due_at: datetime
    why: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """A claimed look. `hints` is how many hints it answers: one that comes meanwhile asks for another look."""

    id: str
    desk_id: str
    remote_id: str
    hints: int
    attempts: int
    fence: int
    gone_at: datetime | None


def want(db: Db, wishes: Sequence[Wish]) -> None:
    """Add the wishes; one for the same ticket is brought forward and counted."""
    if not wishes:
        return
    merged = {(wish.desk_id, wish.remote_id): wish for wish in wishes}
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(rows.look)
    earlier = func.min if db.dialect.name == "sqlite" else func.least
    statement = statement.on_conflict_do_update(
        index_elements=["desk_id", "remote_id"],
        set_={
            "hints": rows.look.c.hints + 1,
            "due_at": earlier(rows.look.c.due_at, statement.excluded.due_at),
            "why": statement.excluded.why,
        },
    )
    # In the order of ids, as `still_mine` locks them: two transactions that want the same tickets cannot wait for each other.
    db.execute(statement, sorted([_row(wish) for wish in merged.values()], key=itemgetter("id")))
    signals.tell(db)


def _row(wish: Wish) -> dict[str, Any]:
    """The id says first which ticket, then when it was wished for: a look that is over and wished for again is another
    one, and a worker that slept over both does not take its old fence for the new one's."""
    return {
        "id": f"lok_{keyed('', wish.desk_id, wish.remote_id)[:20]}_{micros(wish.due_at):x}",
        "org_id": wish.org_id,
        "desk_id": wish.desk_id,
        "remote_id": wish.remote_id,
        "due_at": wish.due_at,
        "why": wish.why,
    }


def claim(db: Db, scope: Scope, terms: Claim) -> list[Look]:
    """Take due looks at desks with free capacity. A ticket with a write of ours under way is left alone until that is
    settled: its answer will say more."""
    table = rows.look
    writing = (
        select(rows.delivery.c.id)
        .join(rows.hop, rows.hop.c.id == rows.delivery.c.hop_id)
        .where(
            rows.hop.c.desk_id == table.c.desk_id,
            rows.hop.c.remote_id == table.c.remote_id,
            rows.delivery.c.blocks,
            rows.delivery.c.state == "inflight",
        )
    )
    query = (
        select(table)
        .where(
            table.c.due_at <= terms.now,
            or_(table.c.lease_until.is_(None), table.c.lease_until < terms.now),
            table.c.desk_id.in_(terms.free),
            ~exists(writing),
            scope.where(table),
        )
        .order_by(table.c.due_at)
        .limit(terms.limit)
        .with_for_update(skip_locked=True, of=table)
    )
    taken = Room(terms.capacity).take(db.execute(query).all(), most=terms.limit)
    if taken:
        changes = {"lease_until": terms.until, "fence": table.c.fence + 1}
        db.execute(update(table).where(table.c.id.in_([row.id for row in taken])).values(changes))
    return [_look(row) for row in taken]


def _look(row: Any) -> Look:
    return Look(
        id=row.id,
        desk_id=row.desk_id,
        remote_id=row.remote_id,
        hints=row.hints,
        attempts=row.attempts,
        fence=row.fence + 1,
        gone_at=row.gone_at,
    )


def still_mine(db: Db, looks: Iterable[Look]) -> set[tuple[str, int]]:
    """(id, fence) of those looks that nobody has taken since (locks their rows). One that the same worker took twice is
    its own only under the newer fence."""
    held = {(look.id, look.fence) for look in looks}
    wanted = sorted({look_id for look_id, _ in held})
    query = select(rows.look.c.id, rows.look.c.fence).where(rows.look.c.id.in_(wanted))
    found = db.execute(query.order_by(rows.look.c.id).with_for_update())
    return held & {(row[0], row[1]) for row in found}


def done(db: Db, look: Look, *, now: datetime) -> None:
    """The look was made: gone, unless another hint came meanwhile."""
    table = rows.look
    mine = (table.c.id == look.id) & (table.c.fence == look.fence)
    db.execute(delete(table).where(mine, table.c.hints <= look.hints))
    again = {"lease_until": None, "due_at": now, "hints": 1, "attempts": 0, "error": ""}
    db.execute(update(table).where(mine, table.c.hints > look.hints).values(again))


def later(db: Db, look: Look, *, at: datetime, error: str, gone_at: datetime | None = None) -> None:
    """The look could not be made, or must be made once more: again at `at`."""
    table = rows.look
    changes = {
        "lease_until": None,
        "due_at": at,
        "attempts": look.attempts + 1,
        "error": error[:500],
        "gone_at": gone_at,
    }
    db.execute(update(table).where(table.c.id == look.id, table.c.fence == look.fence).values(changes))
