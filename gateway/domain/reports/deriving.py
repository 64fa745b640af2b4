"""From what a fold gives to what clocks came to (R30). Sums are those of the fold, to the microsecond: nothing is measured
here a second time."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain import keeping
from gateway.domain.agreements import Agreement
from gateway.domain.imported import was_imported
from gateway.domain.keeping import Which
from gateway.domain.model import Event, Hop
from gateway.domain.reports.lifetime import Lifetime
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.sla.attribution import attribute, terms_of
from gateway.domain.sla.clocks import BREACHED, CANCELLED, MET, Clock, Folded
from gateway.domain.sla.ledger import Span
from gateway.domain.sla.terms import NONE, Terms

ELSEWHERE = "elsewhere"
"""Stands where a reason would: the clock of an agreement inside one organization rests while others hold the ticket (R28)."""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket that was folded: its hops, its events in the order of recording, the fold, its clocks, and by hop and code
    the agreements that hold there."""

    id: str
    hops: Sequence[Hop]
    events: Sequence[Event]
    folded: Folded
    clocks: Sequence[Clock]
    bound: Mapping[tuple[str, str], Agreement]
    in_renewal: Set[tuple[str, str]] = frozenset()
    """The hops and codes of agreements that had ended when they were bound (R25)."""

    @cached_property
    def life(self) -> Lifetime:
        """What happened to it as a whole."""
        return Lifetime(self.hops, self.events, self.folded)


def derive(ticket: Ticket) -> tuple[Case, list[Outcome]]:
    """What a ticket and each of its clocks came to."""
    case = ticket.life.case(ticket.id)
    hops = {hop.id: hop for hop in ticket.hops}
    found = []
    for which, clock in keeping.placed(ticket.clocks):
        terms = terms_of(ticket.folded, clock)
        if terms is not None and clock.hop in hops:
            found.append(_outcome(ticket, case, (which, clock, terms), hops[clock.hop].org_id))
    return case, found


_Counted = tuple[Which, Clock, Terms]


def _outcome(ticket: Ticket, case: Case, counted: _Counted, org_id: str) -> Outcome:
    which, clock, terms = counted
    verdict, at = judged(clock, gone_at=ticket.life.gone_at(clock.hop))
    if at is None and verdict is not Verdict.RUNNING:  # it was over before it had started
        at = ticket.folded.told.effective.get(clock.ended_by or "", case.opened_at)
    agreement = ticket.bound.get((clock.hop, clock.agreement))
    zone = ZoneInfo(terms.calendar.zone or "UTC")
    return Outcome(
        id=outcome_id(ticket.id, which),
        org_id=org_id,
        ticket_id=ticket.id,
        hop_id=clock.hop,
        number=case.number,
        customer=case.customer,
        provider=terms.provider,
        consumer=terms.consumer,
        agreement=clock.agreement,
        agreement_kind=terms.kind,
        sheet=agreement.sheet if agreement is not None else "",
        target_kind=clock.target_kind,
        place=which[3],
        key=clock.key,
        priority=priority_at(ticket.folded, at),
        service=case.service,
        site=case.site,
        asset=case.asset,
        opened_at=case.opened_at,
        started_at=clock.started_at,
        due_at=clock.due,
        ended_at=clock.ended_at,
        breached_at=clock.breached_at,
        counted_at=at,
        counted_on=at.astimezone(zone).date() if at is not None else None,
        verdict=verdict,
        provisional=clock.provisional and not (verdict is Verdict.MET and _is_past(ticket, case)),
        unmeasured=(clock.hop, clock.agreement) in ticket.in_renewal,
        target=clock.target,
        coverage=case.coverage,
        **({} if verdict is Verdict.RUNNING else _measured(ticket, clock, terms)),
    )


def _is_past(ticket: Ticket, case: Case) -> bool:
    """Whether it is a history that had ended: there is nobody left to object to what was met."""
    return case.closed_at is not None and was_imported(ticket.events)


def _measured(ticket: Ticket, clock: Clock, terms: Terms) -> dict[str, Any]:
    """How long it ran, and whose the time was. What still runs is not measured: its row changes when it comes to something."""
    split = attribute(ticket.folded, ticket.clocks, clock)
    return {
        "elapsed": clock.elapsed,
        "net_elapsed": clock.net_elapsed,
        "stopped_time": clock.stopped_time,
        "time": split.time,
        "stopped": _stopped(ticket.folded, clock, terms) if clock.stopped_time else {},
        "parts": split.parts,
    }


def outcome_id(ticket_id: str, which: Which) -> str:
    """The same clock has the same id however often it is counted; who does not know its ticket cannot guess it."""
    name = "/".join([ticket_id, *(str(part) for part in which)])
    return f"out_{hashlib.sha256(name.encode()).hexdigest()[:26]}"


def judged(clock: Clock, *, gone_at: datetime | None = None) -> tuple[Verdict, datetime | None]:
    """How a clock counts, and when (R30): met by its stop, breached when it was due. A breach stands, whatever ended the
    clock later; what ended before it without being met is cancelled by its end. `gone_at`: when its hop was merged away."""
    breached_at = clock.breached_at
    if gone_at is not None and all(at is None or at > gone_at for at in (clock.ended_at, breached_at)):
        return Verdict.CANCELLED, gone_at
    if clock.state == BREACHED:
        spared = clock.target is not None and clock.net_elapsed <= clock.target < clock.elapsed
        return (Verdict.EXCLUDED if spared else Verdict.BREACHED), breached_at
    if clock.state == CANCELLED or clock.superseded:
        return Verdict.CANCELLED, clock.ended_at or clock.started_at
    return (Verdict.MET, clock.ended_at) if clock.state == MET else (Verdict.RUNNING, None)


def priority_at(folded: Folded, at: datetime | None) -> str:
    """The priority in force at a moment; "" if there is none. None: the newest."""
    in_force = [priority for since, priority, _ in folded.priorities if at is None or since <= at]
    return in_force[-1] if in_force else ""


def _stopped(folded: Folded, clock: Clock, terms: Terms) -> dict[str, timedelta]:
    """The open time that it stood still, by reason."""
    side = folded.chain.provider_side(terms)
    found: dict[str, timedelta] = {}
    for piece in clock.pieces:
        if piece.stopped and piece.open_time:
            reason = _reason(folded, piece.span, clock.hop, side)
            found[reason] = found.get(reason, NONE) + piece.open_time
    return found


def _reason(folded: Folded, span: Span, hop: str, side: frozenset[str]) -> str:
    """For what the clocks stood still: the first wait on the provider's side, else the question that its hop asked."""
    for name in _waits(span, hop, side):
        request = folded.stops.requests.get(name or "")
        if request is not None:
            return request.code
    return ELSEWHERE


def _waits(span: Span, hop: str, side: frozenset[str]) -> Iterator[str | None]:
    yield from (entry.request for entry in span.entries if entry.holder in side and entry.state == "held")
    yield from (request for name, request in span.pending if name == hop)
