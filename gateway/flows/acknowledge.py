"""Somebody says that he knows of a warning: it calls nobody else. What it warns of goes on until it is done."""

from gateway.domain.alarms import Alarm
from gateway.domain.model.change import replace
from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import alarms
from gateway.store.audit import record as audit


def acknowledge(context: Context, alarm_id: str, order: Order) -> Alarm:
    """The warning as it is now. Raises NotFound, and Refused for one that is over or that somebody knows of already."""
    with context.database.write() as db:
        alarm = alarms.get(db, OPERATOR, alarm_id)
        if alarm is None:
            raise NotFound(f"there is no warning {alarm_id}", cure="interdesk warnings list shows them")
        if alarm.over_at is not None:
            raise Refused(f"{alarm_id} is over", why=f"since {alarm.over_at.isoformat(timespec='seconds')}")
        if alarm.acknowledged_at is not None:
            raise Refused(f"{alarm.acknowledged_by} knows of {alarm_id} already")
        known = replace(alarm, acknowledged_at=order.now, acknowledged_by=order.actor, climbs_at=None)
        alarms.keep(db, new=[], changed=[known], letters=[])
        audit(
            db,
            org_id=alarm.org_id,
            actor=order.actor,
            action="warning acknowledged",
            subject=alarm_id,
            before={"step": alarm.step},
            after={"reason": order.reason},
            now=order.now,
        )
    return known
