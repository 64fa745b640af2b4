"""A person says which ticket of its desk an assignment is now, or that it is none (merged, moved, deleted, split tickets)."""

from dataclasses import dataclass

from gateway.connector import Connector
from gateway.domain import relinking
from gateway.domain.case import Case
from gateway.domain.imported import is_imported
from gateway.domain.model import Desk, Hop, Snapshot
from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, cases, copies
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the desk is asked first: `connector.fetch(remote_id, desk, since=None)`."""

    hop_id: str
    desk: Desk
    connector: Connector
    remote_id: str


def ask(context: Context, hop_id: str, remote_id: str, order: Order) -> Question:
    """Which ticket is to be fetched. Raises NotFound and Refused."""
    with context.database.read() as db:
        case = _case(context, db, hop_id, order, lock=False)
        hop = case.hops[hop_id]
        _check(db, case, hop, remote_id)
    desk = case.desk(hop)
    return Question(hop_id=hop_id, desk=desk, connector=context.connector(desk), remote_id=remote_id)


def relink(context: Context, question: Question, snapshot: Snapshot, order: Order) -> Hop:
    """The assignment is that ticket from now on. Raises Refused where it is another assignment's, or the desk shows another."""
    if snapshot.remote_id != question.remote_id:
        raise Refused(
            f"{question.desk.code} answers with {snapshot.remote_id} when asked for {question.remote_id}",
            why="it was merged there",
            cure=f"say --number {snapshot.remote_id}",
        )
    with context.database.write() as db:
        case = _case(context, db, question.hop_id, order)
        hop = case.hops[question.hop_id]
        _check(db, case, hop, question.remote_id)
        known = copies.of_hops(db, [hop.id])
        relinking.follow(case, hop, snapshot, order.because, copies=known)
        _keep(db, case, hop, "relink", order)
        return case.hops[hop.id]


def unlink(context: Context, hop_id: str, order: Order) -> Hop:
    """The assignment has no ticket at its desk any more. Raises NotFound and Refused."""
    with context.database.write() as db:
        case = _case(context, db, hop_id, order)
        hop = case.hops[hop_id]
        if relinking.UNLINKED in hop.unmapped:
            raise Refused(
                f"{hop_id} was unlinked before", cure=f"interdesk tickets relink {hop_id} --number N"
            )
        relinking.let_go(case, hop, order.reason, order.because)
        _keep(db, case, hop, "unlink", order)
        return case.hops[hop_id]


def _case(context: Context, db: Db, hop_id: str, order: Order, *, lock: bool = True) -> Case:
    ticket_id = cases.ticket_of(db, OPERATOR, hop_id)
    if ticket_id is None:
        raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")
    case = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, order.now), lock=lock)[ticket_id]
    if is_imported(case.ticket):
        raise Refused("this ticket came with an imported history", why="its desks are not connected")
    return case


def _check(db: Db, case: Case, hop: Hop, remote_id: str) -> None:
    if hop.remote_id == remote_id and not relinking.is_doubted(hop):
        raise Refused(f"{hop.id} is {remote_id} already")
    taken = cases.hops_at(db, OPERATOR, [(hop.desk_id, remote_id)])
    for _, other_id in taken.values():
        if other_id != hop.id:
            raise Refused(
                f"{remote_id} of {case.desk(hop).code} is assignment {other_id}",
                why="two assignments cannot be one ticket",
                cure=f"interdesk tickets unlink {other_id}, or name another ticket",
            )


def _keep(db: Db, case: Case, before: Hop, what: str, order: Order) -> None:
    after = case.hops[before.id]
    audit.record(
        db,
        org_id=before.org_id,
        actor=order.actor,
        action=what,
        subject=before.id,
        before={"remote_id": before.remote_id, "status": before.status.value},
        after={"remote_id": after.remote_id, "status": after.status.value, "reason": order.reason},
        now=order.now,
    )
    cases.save(db, [case])
