"""After a backup was put back (D10): what was unfinished then may have been finished since, so it is asked about first, and
every open ticket is looked at again. Polling goes on from the cursors of the backup by itself; of what it finds again, and
is older than this moment, the next desk is asked before anything is made there (domain/queueing). When that has settled, every
ticket that was open an hour before the backup is compared with its desks."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.flows import reconcile
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.reconcile import Wanted
from gateway.store import audit, directory, restored


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """How many deliveries are asked about now, how many tickets are looked at again, how many assignments are compared later."""

    deliveries: int
    looks: int
    compared: int


SETTLES_IN = timedelta(minutes=15)
"""What was in doubt is asked about before the desks are compared."""


def doubt_everything(context: Context, order: Order) -> Doubted:
    """Treat all unfinished work as if its fate were unknown. Harmless at any time: it costs one question each."""
    with context.database.write(slow=True) as db:
        directory.keep_restored(db, now=order.now)
        backed_up_at = restored.newest(db) or order.now
        wanted = Wanted(kind="restored", since=backed_up_at - reconcile.EARLIER)
        later = order.now + SETTLES_IN
        found = Doubted(
            compared=reconcile.begin_in(context, db, wanted, order, due_at=later).count,
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
