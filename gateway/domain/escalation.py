"""Who is told of a clock that runs out or a job that nobody takes up (R22): the party who can act, then up the chain, by
contact levels and in each contact's own hours. What is said is `letters`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain.case import OPEN, Case
from gateway.domain.model import Contact, Hop
from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.terms import Terms
from gateway.domain.worktime import instant

LEVELS = (1, 2, 3)
MAIL = "email"


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One level of one organization on the way up. `hop` is where that organization has the ticket, if it has it."""

    org_id: str
    level: int
    hop: Hop | None = None


def acting(case: Case, folded: Folded, hop_id: str) -> list[Hop]:
    """The hops that can act for a clock of `hop_id`: those that hold the ticket now, on its side of the chain; while it
    is under way between two of them, or held by nobody there, the clock's own."""
    side = folded.chain.subtree(hop_id)
    last = folded.spans[-1].holders if folded.spans else []
    found = [case.hops[name] for name in last if name in side]
    return found or [case.hops[hop_id]]


def parties(case: Case, actor: Hop, top: Hop, terms: Terms) -> list[tuple[str, Hop | None]]:
    """From the party who can act up to the clock's provider, and then the consumer it was promised to: nobody else may
    hear of this agreement."""
    way: list[tuple[str, Hop | None]] = []
    for hop in case.upwards(actor):
        way.append((hop.org_id, hop))
        if hop.id == top.id:
            break
    parent = case.parent(top)
    way.append((parent.org_id, parent) if parent is not None else (terms.consumer, None))
    return way


def told(way: Sequence[tuple[str, Hop | None]], step: int) -> Iterator[Rung]:
    """Who hears of the `step`-th mark: one level more of everybody at each, and one party more."""
    for distance, (org_id, hop) in enumerate(way):
        for level in LEVELS:
            if level <= step + 1 - distance:
                yield Rung(org_id=org_id, level=level, hop=hop)


def ladder(way: Sequence[tuple[str, Hop | None]]) -> list[Rung]:
    """All rungs, one after the other: every level of the first party, then of the next."""
    return [Rung(org_id=org_id, level=level, hop=hop) for org_id, hop in way for level in LEVELS]


def on(case: Case, rung: Rung) -> list[Contact]:
    """The contacts of a rung."""
    return [one for one in case.directory.contacts.get(rung.org_id, ()) if one.level == rung.level]


def upwards(case: Case, hop: Hop) -> list[tuple[str, Hop | None]]:
    """The parties of a hop and of those above it that still take part."""
    return [(one.org_id, one) for one in case.upwards(hop) if one.status in OPEN or one.id == hop.id]


def reached_at(contact: Contact, now: datetime, *, any_hour: bool) -> datetime:
    """When a contact may be disturbed: at once in its hours, and at any hour where the promise has none; else when its
    hours begin."""
    if any_hour or not contact.hours:
        return now
    return min((at for at in _openings(contact, now)), default=now)


def _openings(contact: Contact, now: datetime) -> Iterator[datetime]:
    for days, opens, closes, named in contact.hours:
        zone = ZoneInfo(named or contact.zone)
        today = now.astimezone(zone).date()
        for day in (today + timedelta(days=count) for count in range(-1, 9)):
            if day.weekday() in days:
                start, end = (instant(zone, day, minute * 60) for minute in (opens, closes))
                if now < end:
                    yield max(start, now).astimezone(UTC)


def any_hour(clock: Clock, terms: Terms) -> bool:
    """Whether the clock runs at night too: then its warnings come at night."""
    return terms.calendar_of(clock.target_kind).always
