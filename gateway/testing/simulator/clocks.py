"""Clocks at the end of a history: what is kept of them is what folding everything anew gives, nothing is overdue, and nothing
was told twice."""

from collections import Counter
from collections.abc import Iterator

from gateway.domain import keeping
from gateway.domain.model import Event
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, clocks, history
from gateway.testing.hub import Hub
from gateway.testing.simulator import sums

_ONCE = {"clock.breached": "", "clock.warned": "mark"}
"""Kind of event → what may differ between two of the same clock."""


def check(hub: Hub, ticket_ids: list[str]) -> Iterator[str]:
    """What is wrong with the clocks of these tickets."""
    with hub.database.read() as db:
        kept = clocks.of_tickets(db, OPERATOR, ticket_ids)
        told = history.events_of(db, OPERATOR, ticket_ids)
        occasion = hub.context.occasion(db, hub.now)
        loaded = cases.load(db, OPERATOR, ticket_ids, occasion, lock=False)
    for ticket_id, case in loaded.items():
        if case.ticket.fold_at is not None and case.ticket.fold_at <= hub.now:
            yield f"the clocks of {ticket_id} should have been folded at {case.ticket.fold_at}"
        yield from _differences(hub.context, ticket_id, kept.get(ticket_id, []))
        yield from _repeated(told.get(ticket_id, []))
    folded = {name: max(clock.folded_at for clock in every) for name, every in kept.items() if every}
    yield from sums.check(hub.context, folded)


def _differences(context: Context, ticket_id: str, kept: list[keeping.KeptClock]) -> Iterator[str]:
    if not kept:
        return
    found = sla.read(context, ticket_id, now=max(clock.folded_at for clock in kept))
    fresh = dict(keeping.placed(found.clocks))
    for clock in kept:
        now = keeping.figures(fresh[clock.which]) if clock.which in fresh else {}
        wrong = [name for name, value in now.items() if getattr(clock, name) != value]
        if wrong or not now:
            yield f"{clock.key} of {ticket_id} is kept with another {', '.join(wrong) or 'name'}"
    for which in fresh.keys() - {clock.which for clock in kept}:
        yield f"{'/'.join(map(str, which))} of {ticket_id} is not kept"


def _repeated(events: list[Event]) -> Iterator[str]:
    """A breach that was taken back by a restatement may be told again."""
    restated = {event.data.get("clock") for event in events if event.type == "clock.restated"}
    said = Counter(
        (event.type, event.data.get("clock"), event.data.get(_ONCE[event.type]))
        for event in events
        if event.type in _ONCE and event.data.get("clock") not in restated
    )
    yield from (
        f"{kind} of {clock} was told {count} times" for (kind, clock, _), count in said.items() if count > 1
    )
