"""What desks call tickets: the numbers that people quote, those that they used to quote, and whose ticket one is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, or_, select, tuple_

from gateway.store import bulk, rows
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.tables import FormerNumberRow

FORMER: Table = FormerNumberRow.__table__  # type: ignore[attr-defined]
MOST = 50
"""More tickets of one number are no answer."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A ticket that somebody calls so, and at which hop."""

    ticket_id: str
    hop_id: str
    desk_id: str
    number: str
    former: bool = False


def leave(db: Db, former: Sequence[Mapping[str, Any]]) -> None:
    """Keep what desks called tickets until now."""
    bulk.add(db, FORMER, former)


def samples(db: Db, scope: Scope, desk_ids: Iterable[str]) -> list[str]:
    """A number of each desk's, where it has any: how numbers are written there."""
    hop = rows.hop
    found: list[str] = []
    for desk_id in desk_ids:
        mine = (hop.c.desk_id == desk_id) & hop.c.number.is_not(None) & scope.where(hop)
        found += db.execute(select(hop.c.number).where(mine).limit(1)).scalars().all()
    return found


def hits(db: Db, scope: Scope, numbers: Sequence[str], remote: Sequence[tuple[str, str]] = ()) -> list[Hit]:
    """The hops within the scope that desks call by one of these numbers, or did; `remote`: (desk id, remote id)."""
    hop = rows.hop
    named = select(hop.c.ticket_id, hop.c.id, hop.c.desk_id, hop.c.number).where(scope.where(hop))
    conditions = [hop.c.number.in_(numbers)]
    if remote:
        conditions.append(tuple_(hop.c.desk_id, hop.c.remote_id).in_(list(remote)))
    now = [_hit(row) for row in db.execute(named.where(or_(*conditions)).limit(MOST))]
    return now + [_hit(row, former=True) for row in db.execute(_before(scope, numbers))]


def _before(scope: Scope, numbers: Sequence[str]) -> Select[Any]:
    hop = rows.hop
    found = select(FORMER.c.ticket_id, hop.c.id, hop.c.desk_id, FORMER.c.number)
    mine = (FORMER.c.number.in_(numbers), scope.where(FORMER))
    return found.join(hop, hop.c.id == FORMER.c.hop_id).where(*mine).limit(MOST)


def _hit(row: Any, *, former: bool = False) -> Hit:
    return Hit(ticket_id=row[0], hop_id=row[1], desk_id=row[2], number=row[3] or "", former=former)


def at(db: Db, scope: Scope, org_id: str, ticket_ids: Sequence[str]) -> dict[str, str]:
    """Ticket id → its number at the desk of an organization; where it was there more than once, the newest."""
    hop = rows.hop
    query = (
        select(hop.c.ticket_id, hop.c.number)
        .where(
            hop.c.ticket_id.in_(ticket_ids),
            hop.c.org_id == org_id,
            scope.where(hop),
            hop.c.number.is_not(None),
        )
        .order_by(hop.c.created_at, hop.c.id)
    )
    return {row.ticket_id: row.number for row in db.execute(query) if row.number}


def of(db: Db, scope: Scope, ticket_ids: Sequence[str]) -> dict[str, set[str]]:
    """Ticket id → every number that any desk calls it by."""
    hop = rows.hop
    query = select(hop.c.ticket_id, hop.c.number).where(
        hop.c.ticket_id.in_(ticket_ids), scope.where(hop), hop.c.number.is_not(None)
    )
    found: dict[str, set[str]] = {}
    for row in db.execute(query):
        found.setdefault(row.ticket_id, set()).add(row.number)
    return found


def called(db: Db, scope: Scope, numbers: Sequence[str]) -> set[str]:
    """The tickets that some desk calls by one of these numbers."""
    hop = rows.hop
    query = select(hop.c.ticket_id).where(hop.c.number.in_(numbers), scope.where(hop))
    return set(db.execute(query).scalars())
