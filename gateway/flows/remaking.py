"""What clocks came to, counted again from the events of some tickets: as they were known at a moment, and under other terms
than those they are bound to (R33). Keeps nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.reports.outcome import Case, Outcome
from gateway.domain.sla.clocks import clocks, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.flows.outcomes import came_to
from gateway.flows.recount import Other
from gateway.store import history
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Remade:
    """A ticket and its clocks. `silent`: the other terms concern none of its agreements; it is told as it is."""

    case: Case
    outcomes: Sequence[Outcome]
    silent: bool = False


def remade(
    context: Context, db: Db, tickets: Sequence[str], *, at: datetime, other: Other | None = None
) -> Iterator[Remade]:
    """Each ticket that was known by then. `other`: what stands in for its terms."""
    for name in tickets:
        hops, events = history.of_ticket(db, OPERATOR, name)
        known = [event for event in events if event.observed_at <= at]
        if hops and known:
            found = sla.of_events(context, db, (hops, known), now=at)
            under = None if other is None else _under(found, other)
            case, outcomes = came_to(under or found, known)
            yield Remade(case=case, outcomes=outcomes, silent=other is not None and under is None)


def _under(found: sla.Reading, other: Other) -> sla.Reading | None:
    """The same events under the terms that stand in; None where they concern no agreement of the ticket."""
    folded = found.folded
    swapped = [other(terms) for terms in folded.chain.agreements]
    if not any(swapped):
        return None
    bound = zip(swapped, folded.chain.agreements, strict=True)
    chain = replace(folded.chain, agreements=tuple(new or old for new, old in bound))
    again = fold(chain, reconcile(chain, folded.told.records, now=folded.now), folded.view)
    return replace(found, folded=again, clocks=clocks(again))
