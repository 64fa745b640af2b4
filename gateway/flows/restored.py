"""After a backup was put back (D10): what was unfinished then may have been finished since, so it is asked about first, and
every open ticket is looked at again. Polling goes on from the cursors of the backup by itself; of what it finds again, and
is older than this moment, the next desk is asked before anything is made there (domain/queueing)."""

from dataclasses import dataclass

from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.store import audit, directory, restored


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """How many deliveries are asked about now, and how many tickets are looked at again."""

    deliveries: int
    looks: int


def doubt_everything(context: Context, order: Order) -> Doubted:
    """Treat all unfinished work as if its fate were unknown. Harmless at any time: it costs one question each."""
    with context.database.write(slow=True) as db:
        directory.keep_restored(db, now=order.now)
        found = Doubted(
            deliveries=restored.doubt_deliveries(db, now=order.now),
            looks=restored.want_looks(db, now=order.now),
        )
        audit.record(
            db,
            org_id="operator",
            actor=order.actor,
            action="restored",
            subject="",
            before=None,
            after={"deliveries": found.deliveries, "looks": found.looks, "reason": order.reason},
            now=order.now,
        )
    return found
