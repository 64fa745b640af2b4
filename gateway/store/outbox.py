"""The outbox: deliveries in lanes. Claims are fair between organizations and fenced; each lane's head alone is ready."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from gateway.domain.delivery import FINAL, blocks
from gateway.domain.model import Delivery, DeliveryState
from gateway.domain.model.change import replace
from gateway.store import bulk, rows, signals
from gateway.store.claiming import Claim, Room
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.work_tables import WAITING

_UNRESOLVED = [DeliveryState.INFLIGHT.value, DeliveryState.AMBIGUOUS.value, DeliveryState.ASKING.value]


def append(db: Db, deliveries: Sequence[Delivery]) -> None:
    """Add deliveries at the end of their lanes. The first of a lane that nothing blocks is its head."""
    if not deliveries:
        return
    held = _held_lanes(db, {delivery.hop_id for delivery in deliveries})
    values = []
    for delivery in sorted(deliveries, key=lambda delivery: (delivery.hop_id, delivery.seq)):
        holds = blocks(delivery)
        values.append({**rows.row(delivery), "blocks": holds, "head": holds and delivery.hop_id not in held})
        if holds:
            held.add(delivery.hop_id)
    bulk.add(db, rows.delivery, values)
    signals.tell(db)


def _held_lanes(db: Db, hop_ids: set[str]) -> set[str]:
    query = select(rows.delivery.c.hop_id).where(
        rows.delivery.c.hop_id.in_(sorted(hop_ids)), rows.delivery.c.blocks
    )
    return set(db.execute(query.distinct()).scalars())


_CHANGING = (
    "id", "state", "attempts", "probes", "next_at", "lease_until", "outcome", "error", "first_sent_at", "payload"
)  # fmt: skip


def change(db: Db, deliveries: Sequence[Delivery], *, now: datetime | None = None) -> None:
    """Write back deliveries whose state changed, and let the lanes they held go on."""
    bulk.change(db, rows.delivery, [_changed(delivery, now) for delivery in deliveries])
    promote(db, {delivery.hop_id for delivery in deliveries if not blocks(delivery)})


def _changed(delivery: Delivery, now: datetime | None) -> dict[str, Any]:
    row = rows.row(delivery)
    done_at = now if delivery.state in FINAL else None
    return {name: row[name] for name in _CHANGING} | {"blocks": blocks(delivery), "done_at": done_at}


def promote(db: Db, hop_ids: Iterable[str]) -> None:
    """Make the first blocking delivery of each lane its head."""
    wanted = sorted(set(hop_ids))
    if not wanted:
        return
    table, earlier = rows.delivery, rows.delivery.alias("earlier")
    before = exists(
        select(earlier.c.id).where(
            earlier.c.hop_id == table.c.hop_id, earlier.c.blocks, earlier.c.seq < table.c.seq
        )
    )
    db.execute(
        update(table)
        .where(table.c.hop_id.in_(wanted), table.c.blocks, ~table.c.head, ~before)
        .values(head=True)
    )


def claim(db: Db, scope: Scope, terms: Claim) -> list[Delivery]:
    """Take ready deliveries and write the intent to send them: state `inflight`, a lease, a new fence.

    Each organization gets an equal share of the limit; within one the most urgent, then the nearest breach, go first.
    """
    orgs = _organizations_waiting(db, scope, terms) if terms.free else []
    room, share = Room(terms.capacity), max(1, -(-terms.limit // max(1, len(orgs))))
    taken: list[Delivery] = []
    for org_id in orgs:
        if len(taken) < terms.limit:
            taken += room.take(_ready_of(db, org_id, terms, room.free(), share), most=share)
    first_sent = func.coalesce(rows.delivery.c.first_sent_at, bindparam("sent", terms.now, type_=Moment()))
    return _take(db, taken, terms, state=DeliveryState.INFLIGHT.value, first_sent_at=first_sent)


def _ready(terms: Claim, free: Sequence[str]) -> Any:
    table = rows.delivery
    return and_(
        table.c.state == "pending", table.c.head, table.c.next_at <= terms.now, table.c.desk_id.in_(free)
    )


def _organizations_waiting(db: Db, scope: Scope, terms: Claim) -> list[str]:
    """Who has something ready: the one with the most urgent first, then the one that waits longest."""
    table = rows.delivery
    query = (
        select(table.c.org_id)
        .where(_ready(terms, terms.free), scope.where(table))
        .group_by(table.c.org_id)
        .order_by(func.min(table.c.urgency), func.min(table.c.next_at), table.c.org_id)
    )
    return list(db.execute(query).scalars())


def _ready_of(db: Db, org_id: str, terms: Claim, free: Sequence[str], share: int) -> list[Delivery]:
    table = rows.delivery
    query = (
        rows.choose(Delivery)
        .where(_ready(terms, free), table.c.org_id == org_id)
        .order_by(table.c.urgency, table.c.due_at, table.c.created_at, table.c.seq)
        .limit(share * 2)
        .with_for_update(skip_locked=True)
    )
    return rows.nouns(Delivery, db.execute(query))


def _take(db: Db, taken: Sequence[Delivery], terms: Claim, **changes: Any) -> list[Delivery]:
    """Put the rows under a lease and a new fence, and give them back as they are now."""
    if not taken:
        return []
    table, lease = rows.delivery, {"lease_until": terms.until, "worker": terms.worker}
    ids = [delivery.id for delivery in taken]
    db.execute(update(table).where(table.c.id.in_(ids)).values(**changes, **lease, fence=table.c.fence + 1))
    state = DeliveryState(changes["state"]) if "state" in changes else None
    return [
        replace(
            delivery,
            **lease,
            state=state or delivery.state,
            fence=delivery.fence + 1,
            first_sent_at=delivery.first_sent_at or terms.now,
        )
        for delivery in taken
    ]


def claim_doubtful(db: Db, scope: Scope, terms: Claim) -> list[Delivery]:
    """Take deliveries in doubt whose time to ask the desk has come; they stay `ambiguous` under a lease."""
    table = rows.delivery
    query = (
        rows.choose(Delivery)
        .where(
            WAITING,
            table.c.state == DeliveryState.AMBIGUOUS.value,
            table.c.head,
            table.c.next_at <= terms.now,
            or_(table.c.lease_until.is_(None), table.c.lease_until < terms.now),
            table.c.desk_id.in_(terms.free),
            scope.where(table),
        )
        .order_by(table.c.urgency, table.c.next_at)
        .limit(terms.limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.nouns(Delivery, db.execute(query))
    return _take(db, Room(terms.capacity).take(found, most=terms.limit), terms)


def lapsed(db: Db, scope: Scope, *, now: datetime, limit: int) -> list[Delivery]:
    """Deliveries whose worker did not come back within its lease."""
    table = rows.delivery
    query = (
        rows.choose(Delivery)
        .where(
            WAITING,
            table.c.state == DeliveryState.INFLIGHT.value,
            table.c.lease_until < now,
            scope.where(table),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return rows.nouns(Delivery, db.execute(query))


def still_mine(db: Db, deliveries: Iterable[Delivery]) -> set[tuple[str, int]]:
    """(id, fence) of those deliveries that nobody has claimed since, locked. One that the same worker claimed twice is
    its own only under the newer fence."""
    held = {(delivery.id, delivery.fence) for delivery in deliveries}
    query = select(rows.delivery.c.id, rows.delivery.c.fence, rows.delivery.c.state).where(
        rows.delivery.c.id.in_(sorted({delivery_id for delivery_id, _ in held}))
    )
    found = db.execute(query.order_by(rows.delivery.c.id).with_for_update())
    open_states = {DeliveryState.INFLIGHT.value, DeliveryState.AMBIGUOUS.value}
    return held & {(row[0], row[1]) for row in found if row[2] in open_states}


def unresolved(db: Db, hop_ids: Iterable[str]) -> dict[str, list[Delivery]]:
    """Per hop, the deliveries whose effect at the desk is not known (rule 3)."""
    table, wanted = rows.delivery, sorted(set(hop_ids))
    query = rows.choose(Delivery).where(
        table.c.hop_id.in_(wanted), table.c.blocks, table.c.state.in_(_UNRESOLVED)
    )
    found: dict[str, list[Delivery]] = {}
    for delivery in rows.nouns(Delivery, db.execute(query)):
        found.setdefault(delivery.hop_id, []).append(delivery)
    return found


def by_marker(db: Db, scope: Scope, marker: str) -> Delivery | None:
    """The delivery that carries this marker."""
    query = rows.choose(Delivery).where(rows.delivery.c.marker == marker, scope.where(rows.delivery))
    found = rows.nouns(Delivery, db.execute(query.order_by(rows.delivery.c.seq).limit(1)))
    return found[0] if found else None


def creating_at(db: Db, desk_ids: Iterable[str]) -> set[str]:
    """The desks where a ticket of ours may have been made without our knowing its number yet."""
    table = rows.delivery
    query = select(table.c.desk_id).where(
        table.c.desk_id.in_(sorted(set(desk_ids))),
        table.c.kind == "create",
        table.c.state.in_(_UNRESOLVED),
        table.c.blocks,
    )
    return set(db.execute(query.distinct()).scalars())


def get(db: Db, scope: Scope, delivery_id: str, *, lock: bool = False) -> Delivery | None:
    """One delivery by id."""
    query = rows.choose(Delivery).where(rows.delivery.c.id == delivery_id, scope.where(rows.delivery))
    found = rows.nouns(Delivery, db.execute(query.with_for_update() if lock else query))
    return found[0] if found else None
