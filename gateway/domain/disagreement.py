"""Where a desk's times and what was observed cannot both be true (R2, R24): each is noted once, with both views and a cure."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from gateway.domain.case import Case
from gateway.domain.sla.reconcile import BACKDATED, BEFORE_CAUSE, CLOCK_SKEW, Discrepancy, Reconciled

CURES = {
    CLOCK_SKEW: "set the desk's clock by NTP, or `time_basis: observed` for the desk until it goes right",
    BEFORE_CAUSE: "ask at the desk whether the time was typed in, or compare its clock: interdesk desks offsets",
    BACKDATED: "ask at the desk who dated it back: a look after that time still showed the state before",
}


def views(told: Reconciled) -> Iterator[tuple[Discrepancy, dict[str, Any]]]:
    """Each with what the desk says, what the clocks take instead, and what to do."""
    for one in told.discrepancies:
        yield (
            one,
            {
                "event": one.event,
                "reported_at": _stamp(one.reported_at),
                "effective_at": _stamp(told.effective[one.event]),
                "by_s": one.by.total_seconds(),
                "cure": CURES[one.kind],
            },
        )


def note(case: Case, told: Reconciled, known: Collection[tuple[str, str]]) -> None:
    """Note those that are not `known`: (kind, event)."""
    places = {record.id: record.desk or record.hop for record in told.records}
    for one, data in views(told):
        hop = case.hops.get(places.get(one.event) or "")
        if hop is not None and (one.kind, one.event) not in known:
            case.disagree(one.kind, hop, **data)


def _stamp(at: datetime) -> str:
    return at.isoformat()
