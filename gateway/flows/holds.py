"""Tickets whose words are evidence: a hold keeps them from erasure and from age until somebody takes it off."""

from typing import Any

from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, erasures
from gateway.store.db import Db
from gateway.store.scope import Scope


def hold(context: Context, ticket_id: str, order: Order) -> None:
    """Put it on. Raises NotFound; Refused without a reason, for somebody's right waits for it."""
    if not order.reason:
        raise Refused("a hold needs a reason", cure="add --reason")
    with context.database.write() as db:
        org_id = _owner(db, ticket_id)
        row = {"org_id": org_id, "at": order.now, "by": order.actor, "reason": order.reason}
        if erasures.hold(db, OPERATOR, ticket_id, row):
            _audit(db, org_id, ticket_id, "ticket held", order)


def unhold(context: Context, ticket_id: str, order: Order) -> None:
    """Take it off. Raises NotFound for one that is not there."""
    with context.database.write() as db:
        org_id = _owner(db, ticket_id)
        if erasures.hold(db, OPERATOR, ticket_id, None):
            _audit(db, org_id, ticket_id, "hold taken off", order)


def listed(context: Context, scope: Scope = OPERATOR) -> list[dict[str, Any]]:
    """All that stand, the oldest first."""
    with context.database.read(scope) as db:
        return erasures.held(db, scope)


def _owner(db: Db, ticket_id: str) -> str:
    found = erasures.owner_of(db, OPERATOR, ticket_id)
    if found is None:
        raise NotFound(f"there is no ticket {ticket_id}")
    return found


def _audit(db: Db, org_id: str, ticket_id: str, action: str, order: Order) -> None:
    audit.record(
        db, now=order.now, org_id=org_id, actor=order.actor, action=action,
        subject=ticket_id, before=None, after={"reason": order.reason},
    )  # fmt: skip
