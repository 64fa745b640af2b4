"""Cases in and out of the store: loaded many at once under their tickets' locks, written back many at once."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Integer, Select, bindparam, select

from gateway.domain import keeping, queueing
from gateway.domain.case import Case, Occasion
from gateway.domain.delivery import FINAL
from gateway.domain.model import Content, Delivery, Hop, Ticket
from gateway.store import bulk, copies, history, looks, numbers, outbox, people, rows, webhooks, worklogs
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, tuples, within
from gateway.store.scope import Scope

Kept = TypeVar("Kept")
_FINAL = [state.value for state in FINAL]


def load(
    db: Db, scope: Scope, ticket_ids: Iterable[str], occasion: Occasion, *, lock: bool = True
) -> dict[str, Case]:
    """The cases by ticket id. `lock` takes each ticket's row first, in the order of ids, so that shadow, lane
    sequence and routing cannot interleave (rule 6) and two flows cannot wait for each other."""
    wanted = sorted(set(ticket_ids))
    if not wanted:
        return {}
    tickets = (_LOCKED_TICKETS if lock else _TICKETS).all(db, ids=wanted, **scope.parameters)
    hops: dict[str, dict[str, Hop]] = {ticket.id: {} for ticket in tickets}
    for hop in _HOPS.all(db, ticket_ids=list(hops)):
        hops[hop.ticket_id][hop.id] = hop
    return {
        ticket.id: Case(
            directory=occasion.directory,
            ticket=ticket,
            hops=hops[ticket.id],
            now=occasion.now,
            new_id=occasion.new_id,
            restored_at=occasion.restored_at,
            library=_once(partial(_library, db, ticket.id)),
            lane=partial(_lane, db),
            shelf=_once(partial(copies.of_ticket, db, ticket.id)),
            counterpart=partial(_counterpart, db),
            past=_once(partial(history.of_contests, db, ticket.id)),
        )
        for ticket in tickets
    }


def lock(db: Db, scope: Scope, ticket_ids: Iterable[str]) -> None:
    """Take the rows of these tickets, in the order of ids, for who changes what belongs to them without loading them."""
    _LOCKED_TICKETS.all(db, ids=sorted(set(ticket_ids)), **scope.parameters)


def _tickets(query: Select[Any], dialect: str) -> Select[Any]:
    table = rows.ticket
    return query.where(among(dialect, table.c.id, "ids"), within(dialect, table)).order_by(table.c.id)


_TICKETS = rows.Choice(Ticket, _tickets)
_LOCKED_TICKETS = rows.Choice(Ticket, lambda query, dialect: _tickets(query, dialect).with_for_update())
_HOPS = rows.Choice(
    Hop, lambda query, dialect: query.where(among(dialect, rows.hop.c.ticket_id, "ticket_ids"))
)


def _once(ask: Callable[[], Sequence[Kept]]) -> Callable[[], Sequence[Kept]]:
    answer: list[Sequence[Kept]] = []

    def asked() -> Sequence[Kept]:
        if not answer:
            answer.append(ask())
        return answer[0]

    return asked


def _library(db: Db, ticket_id: str) -> Sequence[Content]:
    return _LIBRARY.all(db, ticket_id=ticket_id)


_LIBRARY = rows.Choice(
    Content,
    lambda query, _dialect: query.where(rows.content.c.ticket_id == bindparam("ticket_id")).order_by(
        rows.content.c.id
    ),
)


def _counterpart(db: Db, desk_id: str, remote_id: str, other_desk_id: str) -> str | None:
    """The newest ticket at another desk that is in one chain with this one."""
    here, there = rows.hop.alias("here"), rows.hop.alias("there")
    same = (there.c.ticket_id == here.c.ticket_id) & (there.c.desk_id == other_desk_id)
    query = select(there.c.remote_id).select_from(here.join(there, same))
    query = query.where(
        here.c.desk_id == desk_id, here.c.remote_id == remote_id, there.c.remote_id.is_not(None)
    )
    found = db.execute(query.order_by(there.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else str(found)


def _lane(db: Db, hop_id: str) -> Sequence[Delivery]:
    table = rows.delivery
    found = rows.choose(Delivery).where(table.c.hop_id == hop_id, table.c.state.not_in(_FINAL))
    return rows.nouns(Delivery, db.execute(found.order_by(table.c.seq).with_for_update()))


def save(db: Db, cases: Iterable[Case]) -> None:
    """Write what the judgements added and changed: one statement a table, however many cases."""
    judged = list(cases)
    for case in judged:
        keeping.mark(case)
    _write_tickets(db, judged)
    _write_hops(db, judged)
    bulk.add(db, rows.content, [rows.row(content) for case in judged for content in case.contents])
    bulk.change(
        db, rows.content, [rows.row(one) for case in judged for one in case.changed_contents.values()]
    )
    bulk.add_new(db, rows.sheet, [row for case in judged for row in _sheets(case)])
    worklogs.follow(db, judged)
    bulk.add(db, rows.event, [rows.row(event) for case in judged for event in case.events])
    webhooks.tell(db, judged)
    bulk.add(db, rows.copy, [rows.row(copy) for case in judged for copy in case.copies])
    bulk.change(db, rows.copy, [rows.row(copy) for case in judged for copy in case.changed_copies.values()])
    people.keep(db, {key: person for case in judged for key, person in case.people.items()})
    bulk.add(db, rows.discrepancy, [row for case in judged for row in _discrepancies(case)])
    outbox.change(db, [delivery for case in judged for delivery in case.changed_deliveries.values()])
    outbox.append(db, [delivery for case in judged for delivery in case.deliveries])
    outbox.press(db, [lane for case in judged for lane in queueing.pressing(case)])
    looks.want(db, [wish for case in judged for wish in _looks(case)])


def _write_tickets(db: Db, cases: list[Case]) -> None:
    bulk.add(db, rows.ticket, [rows.row(case.ticket) for case in cases if case.is_new])
    changed = [case for case in cases if case.dirty_ticket and not case.is_new]
    bulk.change(db, rows.ticket, [rows.row(case.ticket) for case in changed])


def _write_hops(db: Db, cases: list[Case]) -> None:
    bulk.add(
        db, rows.hop, [rows.row(case.hops[hop_id]) for case in cases for hop_id in sorted(case.new_hops)]
    )
    dirty = [case.hops[hop_id] for case in cases for hop_id in sorted(case.dirty_hops - case.new_hops)]
    bulk.change(db, rows.hop, [rows.row(hop) for hop in dirty])
    numbers.leave(db, [one for case in cases for one in _former(case)])


def _former(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "id": case.new_id("num"),
            "org_id": case.hops[hop_id].org_id,
            "ticket_id": case.ticket.id,
            "hop_id": hop_id,
            "number": number,
            "left_at": case.now,
        }
        for hop_id, number in case.former
    ]


def _discrepancies(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "id": case.new_id("dis"),
            "org_id": case.hops[hop_id].org_id,
            "ticket_id": case.ticket.id,
            "hop_id": hop_id,
            "at": case.now,
            "kind": kind,
            "data": data,
        }
        for kind, hop_id, data in case.discrepancies
    ]


def _sheets(case: Case) -> list[dict[str, Any]]:
    """Equal terms are one sheet: another ticket of the same site may have kept them already."""
    return [
        {
            "id": name,
            "org_id": sheet["agreement"]["org_id"],
            "code": sheet["agreement"]["code"],
            "created_at": case.now,
            "document": sheet,
        }
        for name, sheet in sorted(case.sheets.items())
    ]


def _looks(case: Case) -> list[looks.Wish]:
    return [
        looks.Wish(
            org_id=case.directory.desks[desk_id].org_id,
            desk_id=desk_id,
            remote_id=remote_id,
            due_at=at,
            why=why,
        )
        for (desk_id, remote_id), (at, why) in case.wanted_looks.items()
    ]


def hops_at(db: Db, scope: Scope, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """(desk id, remote id) → (ticket id, hop id) for those that are hops of ours."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    found = _HOPS_AT.raw(db, keys=wanted, **scope.parameters)
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


def _hops_at(dialect: str) -> Select[Any]:
    hop, wanted = rows.hop.c, tuples(dialect, "keys", ("desk_id", "remote_id"))
    here = (hop.desk_id == wanted.c.desk_id) & (hop.remote_id == wanted.c.remote_id)
    return (
        select(hop.desk_id, hop.remote_id, hop.ticket_id, hop.id)
        .join(wanted, here)
        .where(within(dialect, rows.hop))
    )


_HOPS_AT = Statement(_hops_at)


def reasons(db: Db, scope: Scope, hop_ids: Iterable[str]) -> dict[str, str]:
    """Hop → why it waits; a hop that does not is missing."""
    hop = rows.hop.c
    query = select(hop.id, hop.reason).where(
        hop.id.in_(list(hop_ids)), hop.reason.is_not(None), scope.where(rows.hop)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def revisions(db: Db, scope: Scope, desk_id: str, remote_ids: Iterable[str]) -> dict[str, str | None]:
    """Remote id → the revision our shadow has, for tickets at this desk that are hops of ours."""
    found = _REVISIONS.raw(db, desk=desk_id, remote_ids=sorted(set(remote_ids)), **scope.parameters)
    return {row[0]: row[1] for row in found}


_REVISIONS = Statement(
    lambda dialect: select(rows.hop.c.remote_id, rows.hop.c.revision).where(
        rows.hop.c.desk_id == bindparam("desk"),
        among(dialect, rows.hop.c.remote_id, "remote_ids"),
        within(dialect, rows.hop),
    )
)


def due(db: Db, scope: Scope, column: str, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """(ticket id, hop id) of hops whose `answer_by`, `confirm_by` or `refetch_at` has come."""
    return [(row[0], row[1]) for row in _DUE[column].raw(db, now=now, most=limit, **scope.parameters)]


def _due(column: str) -> Callable[[str], Select[Any]]:
    moment = rows.hop.c[column]
    return lambda dialect: (
        select(rows.hop.c.ticket_id, rows.hop.c.id)
        .where(moment.is_not(None), moment <= bindparam("now", type_=Moment()), within(dialect, rows.hop))
        .order_by(moment)
        .limit(bindparam("most", type_=Integer()))
    )


_DUE = {column: Statement(_due(column)) for column in ("answer_by", "confirm_by", "refetch_at")}


def ticket_of(db: Db, scope: Scope, hop_id: str) -> str | None:
    """The ticket a hop belongs to."""
    query = select(rows.hop.c.ticket_id).where(rows.hop.c.id == hop_id, scope.where(rows.hop))
    return db.execute(query).scalar()
