"""Live clocks: tickets whose clocks may have moved are folded again, in batches, and what follows is recorded and kept. A
ticket comes here when something happened to it, and when the next moment that its last fold named has come."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway import failpoints
from gateway.domain import keeping, telling
from gateway.domain.case import Case
from gateway.domain.keeping import KeptClock
from gateway.domain.telling import Tally
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, clocks
from gateway.store.db import Db

log = logging.getLogger(__name__)

LIMIT = 200
AGAIN = timedelta(hours=1)
"""When a ticket whose clocks could not be folded is tried again."""


def run(context: Context, *, now: datetime) -> int:
    """One batch; returns how many tickets were folded."""
    with context.database.read() as db:
        due = clocks.due(db, OPERATOR, now=now, limit=LIMIT)
    if not due:
        return 0
    with context.database.write() as db:
        loaded = cases.load(db, OPERATOR, due, context.occasion(db, now))
        waiting = [
            case for case in loaded.values() if _is_due(case)
        ]  # somebody may have been faster than our lock
        kept = clocks.of_tickets(db, OPERATOR, [case.ticket.id for case in waiting])
        total = Tally()
        for case in waiting:
            total.add(_fold(context, db, case, kept.get(case.ticket.id, ())))
        cases.save(db, waiting)
        clocks.keep(db, new=total.new, changed=total.changed, gone=total.gone)
        failpoints.step("sweep.before_commit")
    failpoints.step("sweep.committed")
    return len(waiting)


def _is_due(case: Case) -> bool:
    return case.ticket.fold_at is not None and case.ticket.fold_at <= case.now


def _fold(context: Context, db: Db, case: Case, kept: Sequence[KeptClock]) -> Tally:
    """One ticket. What cannot be folded, because its terms cannot be read, is left as it was and harms no other."""
    try:
        found = sla.reading(context, db, case.ticket.id, now=case.now)
    except ValueError:
        log.exception("the clocks of a ticket could not be folded", extra={"ticket": case.ticket.id})
        case.put_ticket(fold_at=case.now + AGAIN)
        return Tally()
    sheets = {place: agreement.sheet for place, agreement in found.bound.items()}
    tally = telling.tell(case, kept, found.clocks, sheets)
    case.put_ticket(fold_at=keeping.next_look(found.folded, found.clocks, {}))
    return tally
