"""What falls due by itself: offers that lapse, resolutions that nobody contested, leases that ran out, hops that must be
looked at again though nothing was heard of them."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway import failpoints
from gateway.domain import delivery as rules
from gateway.domain import handover, progress, quieting
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Hop, HopStatus
from gateway.flows import clockwork, lifecycle, schedules, worklog
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, outbox, workers
from gateway.store.health import will_pass

log = logging.getLogger(__name__)

LIMIT = 200
Act = Callable[[Case, Hop], None]
Due = Sequence[tuple[str, str]]
"""Ticket ids and hop ids."""


def run(context: Context, *, now: datetime) -> int:
    """One round; returns how many things were due."""
    done = lapse_leases(context, now=now)
    done += _each(context, "answer_by", handover.lapse, now)
    done += _each(context, "confirm_by", _confirm, now)
    done += _each(context, "refetch_at", _refetch, now)
    done += worklog.run(context, now=now)
    done += clockwork.run(context, now=now)
    done += schedules.run(context, now=now)
    done += lifecycle.run(context, now=now)
    return done


def beat(context: Context, worker_id: str, *, now: datetime) -> None:
    """Say that this process works: the limits of desks are shared among those that do."""
    with context.database.write() as db:
        workers.beat(db, worker_id, host=worker_id, now=now)


def leave(context: Context, worker_id: str) -> None:
    """Say that this process stops."""
    with context.database.write() as db:
        workers.leave(db, worker_id)


def lapse_leases(context: Context, *, now: datetime) -> int:
    """Deliveries whose worker never came back are in doubt: they will be asked about, not sent again."""
    with context.database.write() as db:
        lapsed = outbox.lapsed(db, OPERATOR, now=now, limit=LIMIT)
        directory = context.directory(db)  # after them: a desk applied in between is known
        outbox.change(
            db,
            [rules.lease_ran_out(delivery, directory.desks[delivery.desk_id], now) for delivery in lapsed],
            now=now,
        )
    return len(lapsed)


def _each(context: Context, column: str, act: Act, now: datetime) -> int:
    with context.database.read() as db:
        due = cases.due(db, OPERATOR, column, now=now, limit=LIMIT)
    if not due:
        return 0
    try:
        _together(context, due, (column, act), now)
    except Exception as error:
        if will_pass(error):
            raise
        log.exception("what was due failed together; each ticket has its turn alone")
        for ticket_id in dict.fromkeys(name for name, _ in due):
            _alone(context, [one for one in due if one[0] == ticket_id], (column, act), now)
    return len(due)


def _alone(context: Context, due: Due, what: tuple[str, Act], now: datetime) -> None:
    """One ticket. What fails again stays due and is told at each round; it holds up nothing else."""
    try:
        _together(context, due, what, now)
    except Exception as error:
        if will_pass(error):
            raise
        log.exception("what was due of a ticket failed", extra={"ticket": due[0][0], "due": what[0]})


def _together(context: Context, due: Due, what: tuple[str, Act], now: datetime) -> None:
    column, act = what
    with context.database.write() as db:
        wanted = {ticket_id for ticket_id, _ in due}
        loaded = cases.load(db, OPERATOR, wanted, context.occasion(db, now))
        for ticket_id, hop_id in due:
            case = loaded[ticket_id]
            moment = getattr(case.hops[hop_id], column)
            if moment is not None and moment <= now:  # somebody may have been faster than our lock
                act(case, case.hops[hop_id])
        cases.save(db, loaded.values())
        failpoints.step("sweep.before_commit")
    failpoints.step("sweep.committed")


def _confirm(case: Case, hop: Hop) -> None:
    if hop.status is HopStatus.RESOLVED:
        progress.confirm(case, hop, Because(), by_time=True)
    else:
        case.put(hop, confirm_by=None)


def _refetch(case: Case, hop: Hop) -> None:
    """An open hop is looked at again on its schedule; a finished one is left alone."""
    if hop.status not in OPEN or hop.remote_id is None:
        case.put(hop, refetch_at=None)
        return
    case.want_look(hop, "schedule")
    again = quieting.settle(case, hop)
    regular = case.now + case.desk(hop).refetch_every
    case.put(case.hops[hop.id], refetch_at=min(regular, again or regular))
