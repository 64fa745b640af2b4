"""Persons who were erased or are to be, as their rows stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, or_, select, update

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.erasure_tables import ErasureRow, TicketHoldRow
from gateway.store.scope import Scope
from gateway.vault import Place

ERASURE: Table = ErasureRow.__table__  # type: ignore[attr-defined]
HOLD: Table = TicketHoldRow.__table__  # type: ignore[attr-defined]
RUNNING, WAITING, DONE = "running", "waiting", "done"
"""Under way; done as far as tickets at their end go; done."""


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One person to be forgotten. `place`: table and key after which it goes on; `counts`: table → rows."""

    id: str
    org_id: str
    sealed_terms: str
    asked_at: datetime
    asked_by: str
    reason: str
    state: str = RUNNING
    place: Mapping[str, Any] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    tickets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    done_at: datetime | None = None

    @property
    def sealed_at(self) -> Place:
        """Where its terms lie."""
        return Place(org_id=self.org_id, table="erasure", row_id=self.id, column="sealed_terms")


_NAMES = tuple(one.name for one in fields(Erasure))


def put(db: Db, erasure: Erasure) -> None:
    """Keep it as it stands now, whether it was there or not. What its terms are sealed as stays: who works on it for minutes would
    undo a rotation of keys."""
    values = {name: getattr(erasure, name) for name in _NAMES}
    values |= {"counts": dict(erasure.counts), "tickets": list(erasure.tickets), "files": list(erasure.files)}
    there = ERASURE.c.id == erasure.id
    changed = {name: value for name, value in values.items() if name != "sealed_terms"}
    if db.execute(update(ERASURE).where(there).values(**changed)).rowcount == 0:
        db.execute(insert(ERASURE).values(**values))


def claim(db: Db, name: str, *, now: datetime, until: datetime) -> int | None:
    """Have it alone until a moment: the number of this claim, None where somebody else has it."""
    free = or_(ERASURE.c.lease_until.is_(None), ERASURE.c.lease_until <= now)
    mine = {"lease_until": until, "fence": ERASURE.c.fence + 1}
    if db.execute(update(ERASURE).where(ERASURE.c.id == name, free).values(**mine)).rowcount == 0:
        return None
    return int(db.execute(select(ERASURE.c.fence).where(ERASURE.c.id == name)).scalar_one())


def renew(db: Db, name: str, fence: int, *, until: datetime) -> bool:
    """Go on having it; False where somebody else has claimed it since."""
    mine = (ERASURE.c.id == name) & (ERASURE.c.fence == fence)
    return db.execute(update(ERASURE).where(mine).values(lease_until=until)).rowcount == 1


def release(db: Db, name: str, fence: int) -> None:
    """Let others have it, unless one has claimed it since."""
    db.execute(update(ERASURE).where(ERASURE.c.id == name, ERASURE.c.fence == fence).values(lease_until=None))


def free(db: Db, name: str) -> None:
    """Whoever had it has it no more."""
    db.execute(
        update(ERASURE).where(ERASURE.c.id == name).values(lease_until=None, fence=ERASURE.c.fence + 1)
    )


def unbegun(db: Db) -> set[str]:
    """Ids of those that nobody has worked on yet."""
    query = select(ERASURE.c.id).where(ERASURE.c.state == RUNNING, ERASURE.c.fence == 0)
    return set(db.execute(query).scalars())


def reseal(db: Db, erasure: Erasure, sealed: str) -> bool:
    """Its terms are sealed so from now on ("": forgotten); False if that was changed since it was read."""
    same = (ERASURE.c.id == erasure.id) & (ERASURE.c.sealed_terms == erasure.sealed_terms)
    return db.execute(update(ERASURE).where(same).values(sealed_terms=sealed)).rowcount == 1


def get(db: Db, scope: Scope, name: str) -> Erasure | None:
    """By its id."""
    query = select(ERASURE).where(ERASURE.c.id == name, scope.where(ERASURE))
    row = db.execute(query).mappings().first()
    return _erasure(row) if row else None


def listed(db: Db, scope: Scope) -> list[Erasure]:
    """All of them, the oldest first."""
    query = select(ERASURE).where(scope.where(ERASURE)).order_by(ERASURE.c.asked_at, ERASURE.c.id)
    return [_erasure(row) for row in db.execute(query).mappings()]


def _erasure(row: Mapping[Any, Any]) -> Erasure:
    values = {name: row[name] for name in _NAMES}
    values |= {"counts": row["counts"] or {}, "tickets": tuple(row["tickets"] or ())}
    return Erasure(**{**values, "files": tuple(row["files"] or ())})


def owner_of(db: Db, scope: Scope, ticket_id: str) -> str | None:
    """Whose ticket it is. Its row is locked: what is taking words from it now ends first."""
    query = select(rows.ticket.c.org_id).where(rows.ticket.c.id == ticket_id, scope.where(rows.ticket))
    found = db.execute(query.with_for_update()).scalar()
    return None if found is None else str(found)


def hold(db: Db, scope: Scope, ticket_id: str, values: Mapping[str, Any] | None) -> bool:
    """Put a ticket under a hold (`org_id`, `at`, `by`, `reason`) or, with None, take it off; whether that changed anything."""
    wanted = (HOLD.c.ticket_id == ticket_id) & scope.where(HOLD)
    there = db.execute(select(HOLD.c.ticket_id).where(wanted)).first() is not None
    if values is None:
        db.execute(delete(HOLD).where(wanted))
    elif not there:
        db.execute(insert(HOLD).values(ticket_id=ticket_id, **values))
    return there is (values is None)


def held(db: Db, scope: Scope) -> list[dict[str, Any]]:
    """Tickets under a hold."""
    query = select(HOLD).where(scope.where(HOLD)).order_by(HOLD.c.at)
    return [dict(row) for row in db.execute(query).mappings()]
