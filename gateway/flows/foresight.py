"""What other terms would do, before anybody agrees to them: to the clocks that are open now, and to the share of the last quarter
(R25). Tickets are counted again from their events; nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.domain.agreement_documents import agreement_of
from gateway.domain.agreements import Agreement
from gateway.domain.at_sites import terms_at
from gateway.domain.directory import Directory
from gateway.domain.lifecycle import today
from gateway.domain.model import Event, Field, Hop
from gateway.domain.model.change import replace
from gateway.domain.reports.period import Period
from gateway.domain.reports.query import Query
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.terms import Terms
from gateway.flows import contracts, recount, sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import history, outcomes
from gateway.store.db import Db

MOST = 2_000
"""So many tickets are counted again; the rest is only told."""
_MET, _BREACHED = "met", "breached"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """An open clock that would stand otherwise. A clock that is not there has None."""

    ticket_id: str
    clock: str
    before: Clock | None
    after: Clock | None


@dataclass(kw_only=True)
class Share:
    """Of a quarter: how many clocks were met and breached."""

    met: int = 0
    breached: int = 0

    def count(self, state: str) -> None:
        """One more."""
        self.met += state == _MET
        self.breached += state == _BREACHED


@dataclass(kw_only=True)
class Foresight:
    """What would change. `open_tickets`: so many are bound to it; `quarter`: the last whole one, with its shares `before`
    and `after` under the other terms; `left_out`: tickets that were not counted again."""

    agreement: str
    open_tickets: int = 0
    moved: list[Moved] = field(default_factory=list)
    quarter: Period
    before: Share = field(default_factory=Share)
    after: Share = field(default_factory=Share)
    left_out: int = 0


def foresee(
    context: Context, wanted: Agreement, *, now: datetime, only: Sequence[str] | None = None
) -> Foresight:
    """What binding everything of an agreement's code (or `only` these open tickets) to these terms would come to."""
    open_ones = contracts.bound_to(context, wanted.code) if only is None else list(only)
    with context.database.read() as db:
        known = context.directory(db)
        zone = known.zone_of(wanted.terms.provider)
        found = Foresight(agreement=wanted.code, quarter=last_quarter(today(now, zone), zone))
        counted = _of_quarter(db, wanted, found.quarter)
        found.open_tickets = len(open_ones)
        every = list(dict.fromkeys([*open_ones, *counted]))
        found.left_out = max(0, len(every) - MOST)
        for ticket_id in every[:MOST]:
            told = history.of_ticket(db, OPERATOR, ticket_id)
            both = _both(context, db, told, (wanted, known, now))
            if both is not None:
                _count(found, ticket_id, both, (ticket_id in open_ones, ticket_id in counted))
    return found


def last_quarter(day: date, zone: str) -> Period:
    """The last whole quarter before the one of that day."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    last = first - timedelta(days=1)
    return Period(first=date(last.year, last.month - 2, 1), last=last, zone=zone)


def _of_quarter(db: Db, wanted: Agreement, quarter: Period) -> list[str]:
    asked = Query(agreement=wanted.code, provider=wanted.terms.provider, period=quarter)
    rows = outcomes.select_outcomes(db, OPERATOR, asked)
    return list(dict.fromkeys(one.ticket_id for one in rows if one.verdict in (_MET, _BREACHED)))


Both = tuple[Mapping[str, Clock], Mapping[str, Clock]]


def _both(
    context: Context,
    db: Db,
    told: tuple[list[Hop], list[Event]],
    world: tuple[Agreement, Directory, datetime],
) -> Both | None:
    """The agreement's clocks of one ticket as they are, and as they would be; by key."""
    wanted, known, now = world
    found = sla.of_events(context, db, told, now=now)
    other = _swapped(wanted, _terms_here(wanted, known, told[0], now))
    after = recount.clocks_under(found, other, now=now)
    if after is None:
        return None
    return _mine(found.clocks, wanted.code), _mine(after, wanted.code)


def _swapped(wanted: Agreement, terms: Terms) -> Callable[[Terms], Terms | None]:
    sides = (wanted.code, terms.provider)

    def other(old: Terms) -> Terms | None:
        mine = (old.id, old.provider) == sides
        return replace(terms, id=old.id, hop=old.hop, consumer=old.consumer) if mine else None

    return other


def _terms_here(wanted: Agreement, known: Directory, hops: Sequence[Hop], now: datetime) -> Terms:
    """The terms as they are at the ticket's site."""
    if wanted.template is None:
        return wanted.terms
    code = hops[0].facts.get(Field.SITE)
    site = known.site_served(hops[0].org_id, code) if code else None
    zone = known.zone_of(wanted.terms.provider if site is None else site.org_id)
    return agreement_of(terms_at(wanted.template, site, zone=zone, at=now)[1]).terms


def _mine(clocks: Sequence[Clock], code: str) -> dict[str, Clock]:
    return {clock.key: clock for clock in clocks if clock.agreement == code and not clock.superseded}


def _count(found: Foresight, ticket_id: str, both: Both, of: tuple[bool, bool]) -> None:
    is_open, in_quarter = of
    before, after = both
    if is_open:
        found.moved += _moved(ticket_id, before, after)
    if in_quarter:
        for share, clocks in ((found.before, before), (found.after, after)):
            for clock in clocks.values():
                if (moment := _counted_at(clock)) is not None and moment in found.quarter:
                    share.count(clock.state)


def _counted_at(clock: Clock) -> datetime | None:
    """Met by its stop, breached by its due moment: one period for each clock (R30)."""
    return clock.ended_at if clock.state == _MET else clock.due if clock.state == _BREACHED else None


def _moved(ticket_id: str, before: Mapping[str, Clock], after: Mapping[str, Clock]) -> Iterator[Moved]:
    """Clocks that have not ended and would have another state or due moment."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if (old is not None and old.ended_at is not None) or _same(old, new):
            continue
        yield Moved(ticket_id=ticket_id, clock=key, before=old, after=new)


def _same(old: Clock | None, new: Clock | None) -> bool:
    if old is None or new is None:
        return old is new
    return (old.state, old.due, old.target) == (new.state, new.due, new.target)
