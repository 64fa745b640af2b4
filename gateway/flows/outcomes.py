"""What clocks and tickets came to (R30), kept as they are folded, and counted again from the events (R34)."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from gateway.domain.model import Event, Hop
from gateway.domain.reports import deriving
from gateway.domain.reports.outcome import Case, Outcome
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, history, imports
from gateway.store import outcomes as store
from gateway.store.db import Db

log = logging.getLogger(__name__)

UNREADABLE = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
"""What folding raises over terms or events that make no sense; never what a database raises."""
BATCH = 200
Progress = Callable[[int, int], None]
"""Told how many tickets are done, of how many."""


def came_to(found: sla.Reading, events: Sequence[Event]) -> tuple[Case, list[Outcome]]:
    """What a ticket and its clocks came to; `events` are those it was folded from."""
    return deriving.derive(
        deriving.Ticket(
            id=found.ticket_id,
            hops=found.hops,
            events=events,
            folded=found.folded,
            clocks=found.clocks,
            bound=found.bound,
            in_renewal={(one.hop, one.agreement) for one in found.bindings if one.in_renewal},
        )
    )


def rebuild(
    context: Context,
    *,
    now: datetime,
    tickets: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> int:
    """Count these tickets again from their events and keep what they come to; how many there were. None: every ticket whose
    clocks are kept or were ever promised; then nothing is left of others, and the sums are made anew from the rows. One that
    cannot be folded stays as it was kept, is logged, and harms no other."""
    with context.database.read() as db:
        wanted = list(dict.fromkeys(tickets)) if tickets is not None else _every(db)
    waiting, done = iter(wanted), 0
    while batch := list(islice(waiting, BATCH)):
        with context.database.write() as db:
            store.keep(db, list(_counted(context, db, batch, now)))
        done += len(batch)
        if progress is not None:
            progress(done, len(wanted))
    if tickets is None:
        with context.database.write(slow=True) as db:
            store.forget(db, set(store.tickets(db, OPERATOR)) - {*wanted, *_every(db)})
            store.sum_again(db)
    return done


def _every(db: Db) -> list[str]:
    every = {*store.watched(db, OPERATOR), *history.bound_tickets(db, OPERATOR)}
    return sorted(every - imports.uncounted(db, OPERATOR))


def _counted(context: Context, db: Db, names: Sequence[str], now: datetime) -> Iterator[store.Kept]:
    loaded = cases.load(db, OPERATOR, names, context.occasion(db, now))
    events = history.events_of(db, OPERATOR, loaded)
    for name, case in loaded.items():
        told = events.get(name)
        if not told or case.ticket.test:
            continue
        try:
            yield came_to(
                sla.of_events(context, db, (_in_order(case.hops.values(), now), told), now=now), told
            )
        except UNREADABLE:
            log.exception("what the clocks of a ticket came to could not be counted", extra={"ticket": name})


def _in_order(hops: Iterable[Hop], now: datetime) -> list[Hop]:
    return sorted(hops, key=lambda hop: (hop.created_at or now, hop.id))
