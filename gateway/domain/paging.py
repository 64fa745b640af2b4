"""A top-priority job that nobody took up, or that could not be delivered, for five minutes: who is called, and who next,
every five minutes until somebody says that he knows (R22)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import escalation
from gateway.domain.case import OPEN, Case
from gateway.domain.escalation import Rung
from gateway.domain.model import Delivery, DeliveryState, Field, Hop, HopStatus, Priority

PATIENCE = timedelta(minutes=5)
UNACCEPTED, UNDELIVERED = "unaccepted", "undelivered"
_ENDED = frozenset({DeliveryState.DONE, DeliveryState.CANCELLED, DeliveryState.SUPERSEDED})


@dataclass(frozen=True, kw_only=True)
class Neglect:
    """What waits at a hop, since when, and who is called about it, one after the other."""

    kind: str
    hop: Hop
    since: datetime
    rungs: Sequence[Rung]


def is_top(case: Case, hop: Hop) -> bool:
    """Whether the hop's job has the top priority; it is the ticket's where the hop does not say."""
    word = hop.facts.get(Field.PRIORITY) or case.ticket.facts.get(Field.PRIORITY)
    return word == Priority.CRITICAL


def waiting(case: Case) -> Iterator[Neglect]:
    """Everything of top priority that waits, however short."""
    for hop in case.hops.values():
        link = case.link(hop)
        if link is None or hop.status not in OPEN or not is_top(case, hop):
            continue
        parent = case.parent(hop) or hop
        stuck = [one.created_at for one in _lane(case, hop) if not one.note]
        if stuck:
            rungs = escalation.ladder(escalation.upwards(case, parent))
            yield Neglect(kind=UNDELIVERED, hop=hop, since=min(stuck), rungs=rungs)
        elif hop.status is HopStatus.OFFERED and hop.offered_at is not None:
            rungs = escalation.ladder(escalation.upwards(case, hop))
            yield Neglect(kind=UNACCEPTED, hop=hop, since=hop.offered_at, rungs=rungs)


def _lane(case: Case, hop: Hop) -> list[Delivery]:
    lane = [case.changed_deliveries.get(one.id, one) for one in case.lane(hop.id)]
    lane += [one for one in case.deliveries if one.hop_id == hop.id]
    return [one for one in lane if one.state not in _ENDED]
