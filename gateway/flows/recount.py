"""Clocks counted again from the events: against what is kept of them, against an earlier moment, or under other terms (R33)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.calendar_documents import calendar_from
from gateway.domain.model import Event, Hop
from gateway.domain.problem import suggestion
from gateway.domain.recount import RECOUNT, TIME, UNDER, Count, Difference, counted, differences, kept
from gateway.domain.sla.clocks import Clock, clocks, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.terms import Terms
from gateway.domain.worktime import Calendar
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import clocks as clock_store
from gateway.store import directory, history
from gateway.store.db import Db

_MOVING = (
    *("ticket.", "assignment.", "status.", "pending.", "resolution.", "restoration.", "news.", "priority."),
    *("comment.added", "visit.", "stop.", "statement.", "exclusion.", "agreement."),
)
"""Events of other types move no clock; they are taken together with the next that may."""
Told = tuple[list[Hop], list[Event]]
Other = Callable[[Terms], Terms | None]
"""The terms to count under instead of those, None where they do not concern them."""


@dataclass(frozen=True, kw_only=True)
class Recount:
    """A ticket counted again. `since`: the moment of what was told; None where nothing was told yet."""

    ticket_id: str
    since: datetime | None
    differences: Sequence[Difference]


def tickets(context: Context) -> list[str]:
    """Every ticket that an agreement holds or held for, the oldest first."""
    with context.database.read() as db:
        return history.bound_tickets(db, OPERATOR)


def against_kept(context: Context, ticket_id: str, *, now: datetime) -> Recount:
    """Against what was last told: first whether the events known then come to that, then what has changed since."""
    with context.database.read() as db:
        told = _told(db, ticket_id)
        rows = clock_store.of_tickets(db, OPERATOR, [ticket_id]).get(ticket_id, [])
        if not rows:
            return Recount(ticket_id=ticket_id, since=None, differences=())
        since = max(row.folded_at for row in rows)
        then = counted(sla.of_events(context, db, told, now=since).clocks)
        stages = [(RECOUNT, then), *_since(context, db, told, (since, now))]
    return Recount(ticket_id=ticket_id, since=since, differences=differences(kept(rows), stages))


def against_moment(context: Context, ticket_id: str, at: datetime, *, now: datetime) -> Recount:
    """Against what was told at an earlier moment. Refused for one that has not come."""
    if at > now:
        raise Refused(f"{at:%Y-%m-%d %H:%M} UTC has not come yet", cure="name an earlier moment")
    with context.database.read() as db:
        told = _told(db, ticket_id)
        then = counted(sla.of_events(context, db, told, now=at).clocks)
        stages = list(_since(context, db, told, (at, now)))
    return Recount(ticket_id=ticket_id, since=at, differences=differences(then, stages))


def under(context: Context, ticket_id: str, other: Other, *, now: datetime) -> Recount | None:
    """Against the terms it is bound to, as if it were bound to others; None where those concern no clock of it."""
    with context.database.read() as db:
        found = sla.of_events(context, db, _told(db, ticket_id), now=now)
    again = clocks_under(found, other, now=now)
    if again is None:
        return None
    stages = [(UNDER, counted(again))]
    return Recount(ticket_id=ticket_id, since=now, differences=differences(counted(found.clocks), stages))


def clocks_under(found: sla.Reading, other: Other, *, now: datetime) -> list[Clock] | None:
    """The clocks of a ticket as if it were bound to other terms; None where those concern no clock of it."""
    folded = found.folded
    swapped = [other(terms) for terms in folded.chain.agreements]
    if not any(swapped):
        return None
    bound = zip(swapped, folded.chain.agreements, strict=True)
    chain = replace(folded.chain, agreements=tuple(new or old for new, old in bound))
    again = fold(chain, reconcile(chain, folded.told.records, now=now), folded.view)
    return list(clocks(again))


def _told(db: Db, ticket_id: str) -> Told:
    hops, events = history.of_ticket(db, OPERATOR, ticket_id)
    if not hops:
        raise NotFound(f"there is no ticket {ticket_id}", cure="interdesk tickets list shows them")
    return hops, events


def _since(
    context: Context, db: Db, told: Told, span: tuple[datetime, datetime]
) -> Iterator[tuple[str, Count]]:
    """The clocks as they would be now had nothing happened since; then with each event that was seen since, one more at a
    time. Where all of them together change nothing, they are not taken one by one."""
    since, now = span
    known = {event.id for event in told[1] if event.observed_at <= since}
    later = [event for event in told[1] if since < event.observed_at <= now]
    still = counted(sla.of_events(context, db, told, now=now, only=known).clocks)
    yield TIME, still
    if not later or still == counted(sla.of_events(context, db, told, now=now).clocks):
        return
    for event in sorted(later, key=lambda one: (one.observed_at, one.id)):
        known.add(event.id)
        if event.type.startswith(_MOVING):
            yield event.id, counted(sla.of_events(context, db, told, now=now, only=known).clocks)


def other_terms(context: Context, wanted: str) -> Other:
    """`AGREEMENT` (a draft too), `AGREEMENT@VERSION`, `SHEET`, `/CALENDAR` or both joined: the terms that it means, without a
    version the last ones. An agreement stands in for those between the same two parties, of the same kind; a calendar is its
    provider's. Raises NotFound and Invalid."""
    name, _, calendar_code = wanted.partition("/")
    with context.database.read() as db:
        agreed = _agreement(context, db, name) if name else None
        calendars = directory.calendars(db, OPERATOR) if calendar_code else []

    def other(terms: Terms) -> Terms | None:
        new = terms
        if agreed is not None:
            same = ("provider", "consumer", "kind")
            if any(getattr(agreed, part) != getattr(terms, part) for part in same):
                return None
            new = replace(agreed, id=terms.id, hop=terms.hop)
        if not calendar_code:
            return new
        found = [one for one in calendars if one["code"] == calendar_code and one["org_id"] == terms.provider]
        return replace(new, calendar=_calendar(found[0]), calendars={}) if found else None

    if calendar_code and all(one["code"] != calendar_code for one in calendars):
        known = {one["code"] for one in calendars}
        raise NotFound(f"there is no calendar {calendar_code!r}", cure=suggestion(calendar_code, known))
    return other


def _agreement(context: Context, db: Db, name: str) -> Terms:
    sheets = directory.agreements_of(db, {name})
    bound, proposed = context.directory(db).agreements, directory.drafts(db, OPERATOR)
    known = {one.code: one for one in (*proposed, *bound)} | {
        f"{one.code}@{one.version}": one for one in bound
    }
    found = sheets.get(name) or known.get(name)
    if found is None:
        raise NotFound(f"there is no agreement or sheet {name!r}", cure=suggestion(name, known))
    return found.terms


def _calendar(document: dict[str, object]) -> Calendar:
    found = calendar_from(document)
    if not found.zone or found.site_holidays:
        raise Invalid(
            f"calendar {found.code} takes its zone or holidays from a site",
            why="it is another calendar at each site",
            cure="name one with a zone and days of its own",
        )
    return found
