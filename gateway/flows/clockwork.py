"""Live clocks: tickets whose clocks may have moved are folded again, in batches, and what follows is recorded and kept. A
ticket comes here when something happened to it, and when the next moment that its last fold named has come."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway import failpoints
from gateway.domain import duedates, keeping, telling
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
        tallies = [_fold(context, db, case, kept.get(case.ticket.id, ())) for case in waiting]
        cases.save(db, waiting)
        _keep(db, tallies)
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
    moments = [keeping.next_look(found.folded, found.clocks, {}), _write_dues(case, found, tally)]
    case.put_ticket(fold_at=min((at for at in moments if at is not None), default=None))
    return tally


def _write_dues(case: Case, found: sla.Reading, tally: Tally) -> datetime | None:
    """Let the desks show due moments that moved. Nobody is told twice within a minute: the moment from which all may be."""
    told_at = {clock.hop_id: clock.due_told_at for clock in tally.clocks.values() if clock.due_told_at}
    dues = duedates.Dues(folded=found.folded, every=found.clocks, told_at=told_at)
    told = set(duedates.follow(case, dues))
    for which, clock in list(tally.clocks.items()):
        if clock.hop_id in told:
            tally.put(which, due_told_at=case.now)
    busy = [at for at in (*told_at.values(), *([case.now] if told else ())) if case.now - at < duedates.LEAST]
    return max(busy) + duedates.LEAST if busy else None


def _keep(db: Db, tallies: Sequence[Tally]) -> None:
    every = [(clock, clock.id in tally.new) for tally in tallies for clock in tally.clocks.values()]
    clocks.keep(
        db,
        new=[clock for clock, is_new in every if is_new],
        changed=[clock for clock, is_new in every if not is_new],
        gone=[name for tally in tallies for name in tally.gone],
    )
