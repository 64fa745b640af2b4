"""A ticket's clocks and ledger as of a moment, folded from its events; and what people decide about stopped time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from gateway.domain import keeping
from gateway.domain.agreements import Agreement
from gateway.domain.case import Case
from gateway.domain.directory import Directory
from gateway.domain.model import Event, Hop
from gateway.domain.sla import history as records
from gateway.domain.sla.attribution import Attribution, attribute, headline
from gateway.domain.sla.bound import Binding, bindings, clocks_under
from gateway.domain.sla.clocks import Clock, Folded, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import Request, Standing, View, standing
from gateway.domain.sla.terms import OffsetSample
from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, directory, history, offsets
from gateway.store.audit import record as audit
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the events of a ticket come to at a moment."""

    ticket_id: str
    hops: Sequence[Hop]
    folded: Folded
    clocks: Sequence[Clock]
    bound: Mapping[tuple[str, str], Agreement]
    """(hop, code) → the agreement in the version that holds there."""
    bindings: Sequence[Binding] = ()
    """How each came to hold: on which level, and whether it had ended by then."""

    @cached_property
    def attributions(self) -> Sequence[Attribution]:
        """Whose the minutes of each agreement's first clock are (R23)."""
        heads = [headline(self.clocks, terms.id) for terms in self.folded.chain.agreements]
        return [attribute(self.folded, self.clocks, clock) for clock in heads if clock is not None]


def read(context: Context, ticket_id: str, *, now: datetime) -> Reading:
    """The clocks and the ledger of a ticket as of `now`: what had been observed by then. Raises NotFound."""
    with context.database.read() as db:
        hops, events = history.of_ticket(db, OPERATOR, ticket_id)
        if not hops:
            raise NotFound(f"there is no ticket {ticket_id}", cure="interdesk tickets list shows them")
        return of_events(context, db, (hops, events), now=now)


def of_events(
    context: Context,
    db: Db,
    told: tuple[list[Hop], list[Event]],
    *,
    now: datetime,
    only: Collection[str] | None = None,
) -> Reading:
    """What these hops and events come to as of `now`; `only`: as if of the events nothing but these were known."""
    hops, events = told[0], keeping.folded_from(told[1])
    known = context.directory(db)
    bound = bindings([one for one in events if only is None or one.id in only], now=now)
    sheets = directory.agreements_of(db, {sheet for one in bound for sheet in one.sheets})
    chain = records.chain_of(hops, bound, sheets, _watches(db, known, hops))
    happened = [one for one in records.records_of(hops, events) if only is None or one.id in only]
    folded = fold(chain, reconcile(chain, happened, now=now), View(now=now))
    every = clocks_under(folded, happened, bound, sheets)
    return Reading(
        ticket_id=hops[0].ticket_id,
        hops=hops,
        folded=folded,
        clocks=every,
        bound={(one.hop, one.agreement): sheets[one.sheet] for one in bound if one.sheet in sheets},
        bindings=bound,
    )


def _watches(db: Db, known: Directory, hops: Sequence[Hop]) -> dict[str, records.Watch]:
    """The clocks of the ticket's desks, as far back as it goes."""
    begun = min(hop.created_at for hop in hops if hop.created_at is not None)
    measured = offsets.since(db, OPERATOR, {hop.desk_id for hop in hops}, begun)
    return {
        hop.desk_id: records.Watch(
            granularity=known.desks[hop.desk_id].capabilities.granularity,
            samples=tuple(
                OffsetSample(measured_at=one.at, offset=one.offset, error=one.error)
                for one in measured.get(hop.desk_id, ())
            ),
        )
        for hop in hops
    }


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A request and how it stands under one agreement that names its code."""

    request: Request
    agreement: str
    standing: Standing


def stops(found: Reading) -> list[Stop]:
    """Every request of a ticket under every agreement whose clocks it can stop."""
    folded = found.folded
    return [
        Stop(
            request=request,
            agreement=terms.id,
            standing=standing(folded.chain, folded.stops, request, terms, now=folded.now),
        )
        for request in folded.stops.requests.values()
        for terms in folded.chain.agreements
        if terms.stops_for(request.code, request.own_code) and request.hop in folded.chain.subtree(terms.hop)
    ]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The clocks before and after a decision."""

    before: Sequence[Clock]
    after: Sequence[Clock]


DECISIONS = ("accepted", "disputed", "upheld", "voided")


def decide(context: Context, request_id: str, decision: str, order: Order, *, agreement: str = "") -> Effect:
    """Accept, dispute, uphold or void a stop request, for one agreement or ("") those of its own hop. Raises NotFound;
    Refused without a reason, or where the agreement does not name its code."""
    if not order.reason:
        raise Refused("a decision needs its reason", why="the other side will ask", cure="add --reason")

    def act(case: Case, found: Reading) -> None:
        request = found.folded.stops.requests.get(request_id)
        if request is None:
            raise NotFound(f"{request_id} is no stop request", cure="interdesk stops list TICKET shows them")
        named = [agreement] if agreement else [terms.id for terms in found.folded.chain.at(request.hop)]
        concerned = [one for one in stops(found) if one.request is request and one.agreement in named]
        if not concerned:
            raise Refused(
                f"no agreement stops its clock for {request.code}", cure="interdesk sla show TICKET"
            )
        data = {"request": request_id, **({"agreement": agreement} if agreement else {})}
        case.record(f"stop.{decision}", case.hops[request.hop], order.because, data)

    return change(
        context,
        _ticket_of_event(context, request_id),
        act,
        order,
        Deed(action=f"stop {decision}", subject=request_id),
    )


def exclude(context: Context, hop_id: str, start: datetime, end: datetime, order: Order) -> Effect:
    """Leave a span out of net figures, as the consumer agreed (R19); the live clock does not change."""
    if end <= start:
        raise Refused("the span ends before it begins", cure="give --from before --to")
    if not order.reason:
        raise Refused("an exclusion needs its reason", cure="add --reason")

    def act(case: Case, _found: Reading) -> None:
        data = {"start": start.isoformat(), "stop": end.isoformat(), "reason": order.reason, "agreed": True}
        case.record("exclusion.added", case.hops[hop_id], order.because, data)

    with context.database.read() as db:
        ticket_id = cases.ticket_of(db, OPERATOR, hop_id)
    if ticket_id is None:
        raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")
    return change(context, ticket_id, act, order, Deed(action="exclusion", subject=hop_id))


def _ticket_of_event(context: Context, event_id: str) -> str:
    with context.database.read() as db:
        found = history.ticket_of_event(db, OPERATOR, event_id)
    if found is None:
        raise NotFound(f"{event_id} is no stop request", cure="interdesk stops list TICKET shows them")
    return found


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What is done, to what, and what the audit keeps of it besides."""

    action: str
    subject: str
    told: Mapping[str, str] = field(default_factory=dict)


def change(
    context: Context, ticket_id: str, act: Callable[[Case, Reading], None], order: Order, deed: Deed
) -> Effect:
    """Act on a case; the clocks before and after. Raises NotFound."""
    with context.database.write() as db:
        loaded = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, order.now))
        if ticket_id not in loaded:
            raise NotFound(f"there is no ticket {ticket_id}", cure="interdesk tickets list shows them")
        case = loaded[ticket_id]
        before = of_events(context, db, history.of_ticket(db, OPERATOR, ticket_id), now=order.now)
        act(case, before)
        cases.save(db, [case])
        after = of_events(context, db, history.of_ticket(db, OPERATOR, ticket_id), now=order.now)
        audit(
            db,
            org_id=case.ticket.org_id,
            actor=order.actor,
            action=deed.action,
            subject=deed.subject,
            before=_states(before.clocks),
            after={**_states(after.clocks), **deed.told, "reason": order.reason},
            now=order.now,
        )
    return Effect(before=before.clocks, after=after.clocks)


def _states(every: Sequence[Clock]) -> dict[str, str]:
    return {clock.key: f"{clock.state}, {clock.elapsed} elapsed" for clock in every}
