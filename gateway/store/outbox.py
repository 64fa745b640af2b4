"""The outbox: deliveries in lanes. Claims are fair between organizations and fenced; each lane's head alone is ready."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from gateway.domain.case import OPEN
from gateway.domain.delivery import FINAL, blocks
from gateway.domain.model import CommandKind, Delivery, DeliveryState
from gateway.domain.model.change import replace
from gateway.domain.queueing import UNDATED
from gateway.store import bulk, rows, signals
from gateway.store.claiming import Claim, Room
from gateway.store.columns import Moment, plain
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
from gateway.store.scope import Scope
from gateway.store.work_tables import WAITING

_OPEN = sorted(status.value for status in OPEN)
_UNRESOLVED = [DeliveryState.INFLIGHT.value, DeliveryState.AMBIGUOUS.value, DeliveryState.ASKING.value]


def append(db: Db, deliveries: Sequence[Delivery]) -> None:
    """Add deliveries at the end of their lanes. The first of a lane that nothing blocks is its head."""
    if not deliveries:
        return
    held = _held_lanes(db, {delivery.hop_id for delivery in deliveries})
    values = []
    for delivery in sorted(deliveries, key=lambda delivery: (delivery.hop_id, delivery.seq)):
        holds = blocks(delivery)
        values.append({**vars(delivery), "blocks": holds, "head": holds and delivery.hop_id not in held})
        if holds:
            held.add(delivery.hop_id)
    bulk.add(db, rows.delivery, values)
    signals.tell(db, "deliveries")


def _held_lanes(db: Db, hop_ids: set[str]) -> set[str]:
    return {row[0] for row in _HELD_LANES.raw(db, hop_ids=sorted(hop_ids))}


_HELD_LANES = Statement(
    lambda dialect: (
        select(rows.delivery.c.hop_id)
        .where(among(dialect, rows.delivery.c.hop_id, "hop_ids"), rows.delivery.c.blocks)
        .distinct()
    )
)


_CHANGING = (
    "id", "state", "attempts", "probes", "next_at", "lease_until", "outcome", "error", "first_sent_at", "payload"
)  # fmt: skip


def change(db: Db, deliveries: Sequence[Delivery], *, now: datetime | None = None) -> None:
    """Write back deliveries whose state changed, and let the lanes they held go on."""
    bulk.change(db, rows.delivery, [_changed(delivery, now) for delivery in deliveries])
    promote(db, {delivery.hop_id for delivery in deliveries if not blocks(delivery)})


def _changed(delivery: Delivery, now: datetime | None) -> dict[str, Any]:
    done_at = now if delivery.state in FINAL else None
    return {name: getattr(delivery, name) for name in _CHANGING} | {
        "blocks": blocks(delivery),
        "done_at": done_at,
    }


def rejoin(db: Db, delivery: Delivery, *, now: datetime) -> None:
    """Write back one that a person sends again and that held its lane no longer: what has gone on behind it and is not under
    way waits for it; one that is, goes first."""
    lane = {"hop_id": delivery.hop_id, "id": delivery.id}
    bulk.change(db, rows.delivery, [_changed(delivery, now)])
    _STEP_BACK.run(db, **lane)
    promote(db, [delivery.hop_id])


def _step_back(_dialect: str) -> Update:
    table = rows.delivery
    waits = (table.c.id == bindparam("id")) | text("delivery.state = 'pending'")
    in_lane = table.c.hop_id == bindparam("hop_id")
    return update(table).where(in_lane, table.c.blocks, table.c.head, waits).values(head=False)


_STEP_BACK = Statement(_step_back)


def press(db: Db, lanes: Iterable[tuple[str, int, datetime | None]]) -> None:
    """Let what is not finished in these lanes (hop id, urgency, due) press as its ticket does by now. Only these columns are
    written: a worker may have a delivery in its hands, and writes back what became of it."""
    given = [{"lane": hop_id, "presses": urgency, "due": due} for hop_id, urgency, due in lanes]
    if given:
        _PRESS.run_all(db, sorted(given, key=itemgetter("lane")))


def _press(_dialect: str) -> Update:
    table, due = rows.delivery, bindparam("due", type_=Moment())
    undated = type_coerce(table.c.created_at, BigInteger) + literal(plain(UNDATED), BigInteger)
    unfinished = and_(*(table.c.state != state.value for state in FINAL))
    return (
        update(table)
        .where(table.c.hop_id == bindparam("lane"), unfinished)
        .values(urgency=bindparam("presses"), due_at=func.coalesce(due, type_coerce(undated, Moment())))
    )


_PRESS = Statement(_press)


def promote(db: Db, hop_ids: Iterable[str]) -> None:
    """Make the first blocking delivery of each lane its head, where none is."""
    wanted = sorted(set(hop_ids))
    if not wanted:
        return
    _PROMOTE.run(db, hop_ids=wanted)


def _promote(dialect: str) -> Update:
    table, earlier = rows.delivery, rows.delivery.alias("earlier")
    goes_first = or_(earlier.c.seq < table.c.seq, earlier.c.head)
    before = exists(
        select(earlier.c.id).where(earlier.c.hop_id == table.c.hop_id, earlier.c.blocks, goes_first)
    )
    return (
        update(table)
        .where(among(dialect, table.c.hop_id, "hop_ids"), table.c.blocks, ~table.c.head, ~before)
        .values(head=True)
    )


_PROMOTE = Statement(_promote)


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
    return _take(db, taken, terms, state=DeliveryState.INFLIGHT)


def _ready(dialect: str) -> ColumnElement[bool]:
    table = rows.delivery
    return and_(
        text("delivery.state = 'pending'"),
        table.c.head,
        table.c.next_at <= bindparam("now", type_=Moment()),
        among(dialect, table.c.desk_id, "free"),
    )


def _not_stopped(dialect: str) -> ColumnElement[bool]:
    """Not in the lane of an assignment that came over a stopped link, nor of one that is handed on over it: a lane keeps its
    order, so it stands as a whole. Whoever declined or has ended stops nothing above."""
    below, hop = rows.delivery.c.hop_id, rows.hop
    takes_part = or_(
        *(hop.c.status == status for status in _OPEN)
    )  # one parameter each: this text is compiled once
    stands = or_(hop.c.id == below, and_(hop.c.parent_id == below, takes_part))
    return ~exists(select(hop.c.id).where(stands, among(dialect, hop.c.link_id, "stopped")))


def _organizations_waiting(db: Db, scope: Scope, terms: Claim) -> list[str]:
    """Who has something ready: the one with the most urgent first, then the one that waits longest."""
    given: dict[str, Any] = {"now": terms.now, "free": terms.free, **scope.parameters}
    if terms.stopped:
        return [row[0] for row in _ORGANIZATIONS_BRAKED.raw(db, stopped=sorted(terms.stopped), **given)]
    return [row[0] for row in _ORGANIZATIONS.raw(db, **given)]


def _organizations(dialect: str) -> Select[Any]:
    table = rows.delivery
    return (
        select(table.c.org_id)
        .where(_ready(dialect), within(dialect, table))
        .group_by(table.c.org_id)
        .order_by(func.min(table.c.urgency), func.min(table.c.next_at), table.c.org_id)
    )


_ORGANIZATIONS = Statement(_organizations)
_ORGANIZATIONS_BRAKED = Statement(lambda dialect: _organizations(dialect).where(_not_stopped(dialect)))


def _ready_of(db: Db, org_id: str, terms: Claim, free: Sequence[str], share: int) -> list[Delivery]:
    given: dict[str, Any] = {"now": terms.now, "free": free, "org_id": org_id, "limit": share * 2}
    if terms.stopped:
        return _READY_BRAKED.all(db, stopped=sorted(terms.stopped), **given)
    return _READY.all(db, **given)


def _first_ready(query: Select[Any], dialect: str) -> Select[Any]:
    table = rows.delivery
    return (
        query.where(_ready(dialect), table.c.org_id == bindparam("org_id"))
        .order_by(table.c.urgency, table.c.due_at, table.c.created_at, table.c.seq)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


_READY = rows.Choice(Delivery, _first_ready)
_READY_BRAKED = rows.Choice(
    Delivery, lambda query, dialect: _first_ready(query, dialect).where(_not_stopped(dialect))
)


def _take(
    db: Db, taken: Sequence[Delivery], terms: Claim, state: DeliveryState | None = None
) -> list[Delivery]:
    """Put the rows under a lease and a new fence, and give them back as they are now."""
    if not taken:
        return []
    lease = {"lease_until": terms.until, "worker": terms.worker}
    _TAKE[state].run(db, ids=[delivery.id for delivery in taken], now=terms.now, **lease)
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


def _taking(state: DeliveryState | None) -> Callable[[str], Update]:
    table = rows.delivery
    changes: dict[str, Any] = {
        "lease_until": bindparam("lease_until", type_=Moment()),
        "worker": bindparam("worker"),
        "fence": table.c.fence + 1,
        "first_sent_at": func.coalesce(table.c.first_sent_at, bindparam("now", type_=Moment())),
    }
    if state is not None:
        changes["state"] = state.value
    return lambda dialect: update(table).where(among(dialect, table.c.id, "ids")).values(changes)


_TAKE = {state: Statement(_taking(state)) for state in (None, DeliveryState.INFLIGHT)}


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
    return _LAPSED.all(db, now=now, most=limit, **scope.parameters)


_LAPSED = rows.Choice(
    Delivery,
    lambda query, dialect: (
        query.where(
            WAITING,
            rows.delivery.c.state == DeliveryState.INFLIGHT.value,
            rows.delivery.c.lease_until < bindparam("now", type_=Moment()),
            within(dialect, rows.delivery),
        )
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    ),
)


def still_mine(db: Db, deliveries: Iterable[Delivery]) -> set[tuple[str, int]]:
    """(id, fence) of those deliveries that nobody has claimed since, locked. One that the same worker claimed twice is
    its own only under the newer fence."""
    held = {(delivery.id, delivery.fence) for delivery in deliveries}
    found = _FENCES.raw(db, ids=sorted({delivery_id for delivery_id, _ in held}))
    open_states = {DeliveryState.INFLIGHT.value, DeliveryState.AMBIGUOUS.value}
    return held & {(row[0], row[1]) for row in found if row[2] in open_states}


def _fences(dialect: str) -> Select[Any]:
    table = rows.delivery
    query = select(table.c.id, table.c.fence, table.c.state).where(among(dialect, table.c.id, "ids"))
    return query.order_by(table.c.id).with_for_update()


_FENCES = Statement(_fences)


def unresolved(db: Db, hop_ids: Iterable[str]) -> dict[str, list[Delivery]]:
    """Per hop, the deliveries whose effect at the desk is not known (rule 3)."""
    found: dict[str, list[Delivery]] = {}
    for delivery in _DOUBTFUL.all(db, hop_ids=sorted(set(hop_ids))):
        found.setdefault(delivery.hop_id, []).append(delivery)
    return found


def _doubtful(query: Select[Any], dialect: str) -> Select[Any]:
    lanes = among(dialect, rows.delivery.c.hop_id, "hop_ids")
    in_doubt = text("delivery.state IN ('inflight', 'ambiguous', 'asking')")
    return query.where(lanes, rows.delivery.c.blocks, in_doubt)


_DOUBTFUL = rows.Choice(Delivery, _doubtful)


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


def made_at(deliveries: Iterable[Delivery]) -> set[str]:
    """The desks where it is known by now whether each of these creates made a ticket."""
    known = (one for one in deliveries if one.state.value not in _UNRESOLVED)
    return {one.desk_id for one in known if one.kind is CommandKind.CREATE}


def get(db: Db, scope: Scope, delivery_id: str, *, lock: bool = False) -> Delivery | None:
    """One delivery by id."""
    query = rows.choose(Delivery).where(rows.delivery.c.id == delivery_id, scope.where(rows.delivery))
    found = rows.nouns(Delivery, db.execute(query.with_for_update() if lock else query))
    return found[0] if found else None
