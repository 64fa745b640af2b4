"""Where the visit of each hop stands, as far as lists of work need it: booked for a window, under way, over, missed. What a
visit does to clocks is `sla.stops` (R35)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.case import Case
from gateway.domain.model import Event
from gateway.domain.sla.terms import moment


class BookingState(StrEnum):
    """How far a visit has come."""

    BOOKED = "booked"
    UNDER_WAY = "under_way"
    OVER = "over"
    MISSED = "missed"


_MEANS = {
    "visit.proposed": BookingState.BOOKED,
    "visit.confirmed": BookingState.BOOKED,
    "visit.moved": BookingState.BOOKED,
    "visit.travelling": BookingState.UNDER_WAY,
    "visit.arrived": BookingState.UNDER_WAY,
    "visit.left": BookingState.OVER,
    "visit.missed": BookingState.MISSED,
}


@dataclass(frozen=True, kw_only=True)
class Booking:
    """The visit of the hop `id` that was last spoken of. No window: nobody told one."""

    id: str
    org_id: str
    ticket_id: str
    state: BookingState
    event_id: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def bookings(case: Case) -> list[Booking]:
    """What just happened to visits, one a hop. An event that names no window leaves the one that is known (None here)."""
    found: dict[str, Booking] = {}
    for event in case.events:
        if event.type in _MEANS and event.hop_id is not None:
            found[event.hop_id] = _after(case, event, event.hop_id, found.get(event.hop_id))
    return list(found.values())


def _after(case: Case, event: Event, hop_id: str, before: Booking | None) -> Booking:
    opens, closes = _window(event)
    if opens is None and before is not None:
        opens, closes = before.opens_at, before.closes_at
    return Booking(
        id=hop_id,
        org_id=case.hops[hop_id].org_id,
        ticket_id=case.ticket.id,
        state=_MEANS[event.type],
        event_id=event.id,
        opens_at=opens,
        closes_at=closes,
    )


def _window(event: Event) -> tuple[datetime | None, datetime | None]:
    opens, closes = (*map(moment, event.data.get("window") or ()), None, None)[:2]
    return opens, closes
