"""What clocks came to, at the end of a history: the rows are what counting the events again gives, the sums are those of the
rows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import By, rolled
from gateway.flows import outcomes, sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import history, rollups
from gateway.store import outcomes as store

_ALL = Query()
_BY = ((), (By.CUSTOMER, By.DAY), (By.MONTH, By.TARGET_KIND), (By.SITE,))


def check(context: Context, folded: Mapping[str, datetime]) -> Iterator[str]:
    """What is wrong with the outcomes of these tickets, each with when it was folded last; and with the sums of all."""
    with context.database.read() as db:
        every = store.select_outcomes(db, OPERATOR, _ALL)
        wrong = [by for by in _BY if rollups.rolled(db, OPERATOR, _ALL, by) != rolled(every, by)]
    yield from (f"the sums by {'/'.join(by) or 'nothing'} are not those of the outcomes" for by in wrong)
    for ticket_id, at in folded.items():
        kept = [one for one in every if one.ticket_id == ticket_id]
        yield from _differences(kept, _again(context, ticket_id, at))


def _again(context: Context, ticket_id: str, at: datetime) -> list[Outcome]:
    with context.database.read() as db:
        hops, events = history.of_ticket(db, OPERATOR, ticket_id)
        return outcomes.came_to(sla.of_events(context, db, (hops, events), now=at), events)[1]


def _differences(kept: Iterable[Outcome], again: Iterable[Outcome]) -> Iterator[str]:
    known, fresh = {one.id: one for one in kept}, {one.id: one for one in again}
    for name in sorted(known.keys() | fresh.keys()):
        one, other = known.get(name), fresh.get(name)
        if one is None or other is None:
            told = one or other
            yield f"what {told.key if told else name} came to is {'not kept' if one is None else 'kept for nothing'}"
        elif one != other:
            wrong = [field for field, value in vars(other).items() if getattr(one, field) != value]
            yield f"what {one.key} of {one.ticket_id} came to is kept with another {', '.join(wrong)}"
