"""Looks: wishes to establish what a desk now says of a remote ticket. Hints coalesce; claims are fenced."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from gateway.domain.marks import keyed
from gateway.store import rows, signals
from gateway.store.claiming import Claim, Room
from gateway.store.columns import Moment, micros
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
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
    """A claimed look. `hints` is how many hints it answers: one that comes meanwhile asks for another look. `error`: what
    became of the last try, "" if there was none."""

    id: str
    desk_id: str
    remote_id: str
    hints: int
    attempts: int
    fence: int
    gone_at: datetime | None
    error: str = ""


def want(db: Db, wishes: Sequence[Wish]) -> None:
    """Add the wishes; one for the same ticket is brought forward and counted."""
    if not wishes:
        return
    merged = {(wish.desk_id, wish.remote_id): wish for wish in wishes}
    # In the order of ids, as `still_mine` locks them: two transactions that want the same tickets cannot wait for each other.
    _WANT.run_all(db, sorted([_row(wish) for wish in merged.values()], key=itemgetter("id")))
    signals.tell(db, "looks")


def _wanting(dialect: str) -> Insert:
    statement: sqlite.Insert | postgresql.Insert = _INSERT[dialect](rows.look).values(
        {**_COLUMNS, **_AT_FIRST}
    )
    earlier = func.min if dialect == "sqlite" else func.least
    return statement.on_conflict_do_update(
        index_elements=["desk_id", "remote_id"],
        set_={
            "hints": rows.look.c.hints + 1,
            "due_at": earlier(rows.look.c.due_at, statement.excluded.due_at),
            "why": statement.excluded.why,
        },
    )


MAY_BE_OURS, NOT_SETTLED = "may be one we are making", "its delivery is not settled"
"""Why a look waits until a create at its desk is settled."""
MOST_WORDS = 500
"""Of what went wrong at a look: so much is kept."""
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_COLUMNS = {
    name: bindparam(name, type_=rows.look.c[name].type)
    for name in ("id", "org_id", "desk_id", "remote_id", "due_at", "why")
}
_AT_FIRST = {"hints": 1, "attempts": 0, "error": "", "fence": 0}
_WANT = Statement(_wanting)


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


def any_due(db: Db, scope: Scope, *, now: datetime) -> bool:
    """Whether a claim may find something."""
    return bool(_ANY_DUE.raw(db, now=now, **scope.parameters))


def _free_and_due(table: Table) -> ColumnElement[bool]:
    now = bindparam("now", type_=Moment())
    return and_(table.c.due_at <= now, or_(table.c.lease_until.is_(None), table.c.lease_until < now))


_ANY_DUE = Statement(
    lambda dialect: select(literal(1)).where(_free_and_due(rows.look), within(dialect, rows.look)).limit(1)
)


def claim(db: Db, scope: Scope, terms: Claim) -> list[Look]:
    """Take due looks at desks with free capacity. A ticket with a write of ours under way is left alone until that is
    settled: its answer will say more."""
    found = _DUE.rows(db, now=terms.now, free=terms.free, limit=terms.limit, **scope.parameters)
    taken = Room(terms.capacity).take([_look(row) for row in found], most=terms.limit)
    if taken:
        _TAKE.run(db, ids=[look.id for look in taken], lease_until=terms.until)
    return taken


def _due(dialect: str) -> Select[Any]:
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
    return (
        select(*(table.c[name] for name in _LOOK))
        .where(
            _free_and_due(table),
            among(dialect, table.c.desk_id, "free"),
            ~exists(writing),
            within(dialect, table),
        )
        .order_by(table.c.due_at)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True, of=table)
    )


_LOOK = ("id", "desk_id", "remote_id", "hints", "attempts", "fence", "gone_at", "error")
_DUE = Statement(_due)
_TAKE = Statement(
    lambda dialect: (
        update(rows.look)
        .where(among(dialect, rows.look.c.id, "ids"))
        .values(lease_until=bindparam("lease_until", type_=Moment()), fence=rows.look.c.fence + 1)
    )
)


def _look(row: Sequence[Any]) -> Look:
    """As it is once it is taken: under a new fence."""
    found = dict(zip(_LOOK, row, strict=True))
    return Look(**found | {"fence": found["fence"] + 1})


def still_mine(db: Db, looks: Iterable[Look]) -> set[tuple[str, int]]:
    """(id, fence) of those looks that nobody has taken since (locks their rows). One that the same worker took twice is
    its own only under the newer fence."""
    held = {(look.id, look.fence) for look in looks}
    wanted = sorted({look_id for look_id, _ in held})
    found = _FENCES.raw(db, ids=wanted)
    return held & {(row[0], row[1]) for row in found}


_FENCES = Statement(
    lambda dialect: (
        select(rows.look.c.id, rows.look.c.fence)
        .where(among(dialect, rows.look.c.id, "ids"))
        .order_by(rows.look.c.id)
        .with_for_update()
    )
)


def done(db: Db, look: Look, *, now: datetime) -> None:
    """The look was made: gone, unless another hint came meanwhile."""
    mine = {"id": look.id, "fence": look.fence, "answered": look.hints}
    if not _DONE.run(db, **mine):
        _AGAIN.run(db, now=now, **mine)


def _mine() -> ColumnElement[bool]:
    table = rows.look
    return (table.c.id == bindparam("id")) & (table.c.fence == bindparam("fence"))


_DONE = Statement(
    lambda _dialect: delete(rows.look).where(_mine(), rows.look.c.hints <= bindparam("answered"))
)
_AGAIN = Statement(
    lambda _dialect: (
        update(rows.look)
        .where(_mine(), rows.look.c.hints > bindparam("answered"))
        .values(
            lease_until=None,
            due_at=bindparam("now", type_=Moment()),
            hints=1,
            attempts=0,
            error="",
            gone_at=None,
        )
    )
)


def later(db: Db, look: Look, *, at: datetime, error: str, gone_at: datetime | None = None) -> None:
    """The look could not be made, or must be made once more: again at `at`."""
    table = rows.look
    changes = {
        "lease_until": None,
        "due_at": at,
        "attempts": look.attempts + 1,
        "error": error[:MOST_WORDS],
        "gone_at": gone_at,
    }
    db.execute(update(table).where(table.c.id == look.id, table.c.fence == look.fence).values(changes))


def hurry(db: Db, desk_ids: Collection[str], *, now: datetime) -> None:
    """A create at these desks is settled: what waited for that is due, however much longer it was to wait."""
    if desk_ids and _HURRY.run(db, desk_ids=sorted(desk_ids), now=now):
        signals.tell(db, "looks")


def _hurry(dialect: str) -> Update:
    table, now = rows.look, bindparam("now", type_=Moment())
    waits = table.c.error.in_([literal(MAY_BE_OURS), literal(NOT_SETTLED)])
    return (
        update(table)
        .where(among(dialect, table.c.desk_id, "desk_ids"), waits, table.c.due_at > now)
        .values(due_at=now)
    )


_HURRY = Statement(_hurry)
