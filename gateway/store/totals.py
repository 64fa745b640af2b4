"""Daily totals of links, and what they are counted from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, or_, select, update

from gateway.domain.delivery import FINAL
from gateway.domain.model import Hop
from gateway.store import bulk, rows
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.total_tables import ControlTotalRow

TOTAL: Table = ControlTotalRow.__table__  # type: ignore[attr-defined]
_FINAL = sorted(state.value for state in FINAL)
Row = Mapping[str, Any]


def hops(
    db: Db, scope: Scope, link_ids: Iterable[str], *, since: datetime, states: Sequence[str]
) -> list[Hop]:
    """Assignments over these links that are in one of these states, or something happened to them since."""
    hop, event = rows.hop.c, rows.event.c
    here = (event.ticket_id == hop.ticket_id, event.hop_id == hop.id, event.observed_at >= since)
    lively = or_(hop.status.in_(states), exists(select(event.seq).where(*here)))
    query = rows.choose(Hop).where(hop.link_id.in_(sorted(link_ids)), lively, scope.where(rows.hop))
    return rows.nouns(Hop, db.execute(query.order_by(hop.id)))


def waiting(db: Db, ticket_ids: Iterable[str]) -> set[tuple[str, str]]:
    """(event id, hop id) of deliveries of these tickets that are not over."""
    delivery = rows.delivery.c
    query = select(delivery.event_id, delivery.hop_id).where(
        delivery.ticket_id.in_(sorted(set(ticket_ids))), delivery.state.not_in(_FINAL)
    )
    return {(row[0] or "", row[1]) for row in db.execute(query)}


def numbers(db: Db, hop_ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Hop id → (organization, number) at the desk above and at its own, where there is one."""
    here, above = rows.hop.alias("here"), rows.hop.alias("above")
    query = (
        select(here.c.id, above.c.org_id, above.c.number, here.c.org_id, here.c.number)
        .select_from(here.outerjoin(above, above.c.id == here.c.parent_id))
        .where(here.c.id.in_(sorted(set(hop_ids))))
    )
    return {
        row[0]: [(org_id, number) for org_id, number in (row[1:3], row[3:5]) if number]
        for row in db.execute(query)
    }


def of_day(db: Db, scope: Scope, link_id: str, day: str) -> Row | None:
    """A day as it was kept; None where it was not counted."""
    query = select(TOTAL).where(TOTAL.c.link_id == link_id, TOTAL.c.day == day, scope.where(TOTAL))
    found = db.execute(query).mappings().first()
    return dict(found) if found is not None else None


def differing(db: Db, scope: Scope, *, since: str) -> list[Row]:
    """`day`, `link_id` and `document` of days from `since` on whose ends differ, the oldest first."""
    query = (
        select(TOTAL.c.day, TOTAL.c.link_id, TOTAL.c.document)
        .where(TOTAL.c.differs, TOTAL.c.day >= since, scope.where(TOTAL))
        .order_by(TOTAL.c.day, TOTAL.c.link_id)
    )
    return [dict(row) for row in db.execute(query).mappings()]


def keep(db: Db, given: Sequence[Row]) -> int:
    """Keep these in place of what was kept; equal ones are left alone, and a day without a ticket is only kept
    where it had one. How many are new or different."""
    names = [one["id"] for one in given]
    query = select(TOTAL.c.id, TOTAL.c.document, TOTAL.c.restated).where(TOTAL.c.id.in_(names))
    before = {row[0]: (row[1], row[2]) for row in db.execute(query.with_for_update())}
    fresh = [one for one in given if one["id"] not in before and _is_something(one["document"])]
    bulk.add_new(db, TOTAL, [{**one, "restated": 0} for one in fresh])
    stale = [one for one in given if one["id"] in before and before[one["id"]][0] != one["document"]]
    for one in stale:
        again = {**one, "restated": before[one["id"]][1] + 1}
        db.execute(update(TOTAL).where(TOTAL.c.id == one["id"]).values(again))
    return len(fresh) + len(stale)


def _is_something(document: Mapping[str, Any]) -> bool:
    return any(document["upstream"].values()) or any(document["downstream"].values())
