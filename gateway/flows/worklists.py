"""Work lists, page by page: the store asks its indexes, the domain says what each row means and which belong on the list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from gateway.domain import worklists
from gateway.domain.keeping import KeptClock
from gateway.domain.model import Field
from gateway.domain.sla.terms import TargetKind
from gateway.domain.worklists import Item, Place
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import clocks, worklogs
from gateway.store import worklists as store
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.worklists import Page, Row

BATCH = 200
ROUNDS = 25
"""So many rows are looked at for one page at most; a page may be short and yet not the last."""
_FAR = timedelta(hours=14)
"""No wall is further from UTC."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which list, as whom (None: the operator), how much of it, from where on (`next` of the page before)."""

    name: str
    party: str | None = None
    limit: int = 50
    after: str | None = None

    @property
    def scope(self) -> Scope:
        """What may be seen."""
        return Scope.of(self.party) if self.party else OPERATOR


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of a list; `next` is where it goes on, None at its end."""

    items: Sequence[Item]
    next: str | None


Found = tuple[Place, Item | None]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One asking: in which transaction, for what, when."""

    db: Db
    context: Context
    wanted: Wanted
    now: datetime
    past: dict[tuple[str, str, timedelta | None], list[timedelta]] = field(default_factory=dict)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What organizations are called."""
        return {one.id: one.code for one in self.context.directory(self.db).organizations.values()}


def listed(context: Context, wanted: Wanted, *, now: datetime) -> Listing:
    """One page. Raises Invalid for a list or a place that there is not."""
    answer = _ANSWERS[worklists.known(wanted.name)]
    at = worklists.place_from(wanted.after) if wanted.after else None
    items: list[Item] = []
    with context.database.read() as db:
        question = Question(db=db, context=context, wanted=wanted, now=now)
        for _ in range(ROUNDS):
            count = 0
            for place, item in answer(question, Page(limit=BATCH, after=at)):
                at, count = place, count + 1
                items += [item] if item is not None else []
                if len(items) == wanted.limit:
                    return Listing(items=items, next=worklists.cursor(at))
            if count < BATCH:
                return Listing(items=items, next=None)
    return Listing(items=items, next=worklists.cursor(at) if at is not None else None)


def _offers(asked: Question, page: Page) -> Iterator[Found]:
    for row in store.offers(asked.db, asked.wanted.scope, page):
        yield (row["answer_by"], row["id"]), worklists.offer(row, asked.wanted.party, asked.names)


def _questions(asked: Question, page: Page) -> Iterator[Found]:
    found = store.asking(asked.db, asked.wanted.scope, page)
    since = store.since(asked.db, [row["ticket_id"] for row in found])
    for row in found:
        yield (asked.now, row["id"]), worklists.question(row, since.get(row["id"]), asked.names)


def _visits(asked: Question, page: Page) -> Iterator[Found]:
    near = (asked.now - _DAY - _FAR, asked.now + _DAY + _FAR)
    found = store.visits(asked.db, asked.wanted.scope, page, near)
    zones = _zones(asked, found)
    for row in found:
        zone = zones[row["id"]]
        today = worklists.is_today((row["opens_at"], row["closes_at"]), zone, asked.now)
        yield (row["opens_at"], row["id"]), worklists.visit(row, zone) if today else None


def _zones(asked: Question, found: Sequence[Row]) -> dict[str, str]:
    """Hop id → the zone of the ticket's site, else of its owner."""
    known = asked.context.directory(asked.db)
    tickets = store.sites(asked.db, [row["ticket_id"] for row in found])
    zones = {}
    for row in found:
        owner, facts = tickets.get(row["ticket_id"], (row["org_id"], {}))
        code = facts.get(Field.SITE) or (row["facts"] or {}).get(Field.SITE)
        site = known.site_served(owner, code) if code else None
        organization = known.organizations.get(site.org_id if site else owner)
        zones[row["id"]] = (site.zone if site else "") or (organization.zone if organization else "UTC")
    return zones


def _unbooked(asked: Question, page: Page) -> Iterator[Found]:
    every = store.running(asked.db, asked.wanted.scope, page, kind=TargetKind.ATTENDANCE.value)
    booked = store.booked(asked.db, [clock.hop_id for clock in every])
    hops = store.hops(asked.db, [clock.hop_id for clock in every])
    for clock in every:
        item = None if clock.hop_id in booked else worklists.unbooked(clock, hops[clock.hop_id])
        yield _place(clock, asked), item


def _at_risk(asked: Question, page: Page) -> Iterator[Found]:
    every = store.running(asked.db, asked.wanted.scope, page)
    why = {clock.id: worklists.risk(clock, _past(asked, clock)) for clock in every}
    hops = store.hops(asked.db, [clock.hop_id for clock in every if why[clock.id]])
    for clock in every:
        risk = why[clock.id]
        yield _place(clock, asked), worklists.at_risk(clock, hops[clock.hop_id], risk) if risk else None


def _past(asked: Question, clock: KeptClock) -> list[timedelta]:
    """How long those like it took, the shortest first; asked once a page."""
    like = (clock.agreement, clock.target_kind, clock.target)
    if like not in asked.past:
        asked.past[like] = sorted(clocks.past(asked.db, OPERATOR, *like))
    return asked.past[like]


def _place(clock: KeptClock, asked: Question) -> Place:
    return clock.due_at or asked.now, clock.id


def _stops(asked: Question, page: Page) -> Iterator[Found]:
    found = store.stops(asked.db, asked.wanted.scope, page, now=asked.now)
    numbers = worklogs.numbers(asked.db, [row["hop_id"] for row in found])
    for row in found:
        below, above = numbers.get(row["hop_id"], ("", ""))
        yield (row["asked_at"], row["id"]), worklists.stop(row, above or below or None)


def _hours(asked: Question, page: Page) -> Iterator[Found]:
    found = worklogs.undecided(asked.db, asked.wanted.scope, after=page.after, limit=page.limit)
    numbers = worklogs.numbers(asked.db, [line.hop_id for line in found])
    for line in found:
        item = worklists.hours(line, numbers.get(line.hop_id, ("", "")), asked.names)
        over = line.review_until is not None and line.review_until <= asked.now
        yield (line.logged_at, line.id), None if over else item


_ANSWERS: Mapping[str, Callable[[Question, Page], Iterator[Found]]] = {
    "unanswered-offers": _offers,
    "no-visit-booked": _unbooked,
    "todays-visits": _visits,
    "at-risk": _at_risk,
    "waiting-for-me": _questions,
    "stops-to-decide": _stops,
    "hours-to-approve": _hours,
}


def undecided(found: sla.Reading) -> list[Row]:
    """The stop requests of a ticket that just was folded which somebody has to decide, under which agreement."""
    terms = {(one.id, one.hop): one for one in found.folded.chain.agreements}
    rows = [
        worklists.undecided(stop.request, one, stop.standing, found.ticket_id)
        for stop in sla.stops(found)
        for (name, hop), one in terms.items()
        if name == stop.agreement and stop.request.hop in found.folded.chain.subtree(hop)
    ]
    return [row for row in rows if row is not None]


def view(item: Item, names: Mapping[str, str]) -> dict[str, Any]:
    """A row as a document."""
    return {**vars(item), "organization": names.get(item.organization, item.organization)}
