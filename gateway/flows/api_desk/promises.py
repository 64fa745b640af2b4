"""What the chain promises of a party's tickets: by when, as the clock says that its own agreement keeps, and what it waits
for. A clock of others' is never told."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.api_desk import is_pushed
from gateway.domain.directory import Directory
from gateway.domain.duedates import KINDS
from gateway.domain.in_house import DeskTicket
from gateway.domain.keeping import KeptClock
from gateway.domain.model.change import replace
from gateway.domain.tmf621.telling import Promise
from gateway.domain.tmf621.writing import stamp
from gateway.flows.context import OPERATOR
from gateway.store import cases, clocks
from gateway.store.db import Db


def promises(db: Db, directory: Directory, found: Sequence[DeskTicket]) -> Mapping[str, Promise]:
    """Ticket id → what is promised of it."""
    hops = cases.hops_at(db, OPERATOR, [(ticket.desk_id, ticket.id) for ticket in found])
    kept = clocks.of_tickets(db, OPERATOR, [chain for chain, _ in hops.values()])
    reasons = cases.reasons(db, OPERATOR, [hop for _, hop in hops.values()])
    told = {}
    for ticket in found:
        chain, hop = hops.get((ticket.desk_id, ticket.id), ("", ""))
        promise = _promise(directory, ticket, kept.get(chain, []), hop)
        told[ticket.id] = replace(promise, waits_for=reasons.get(hop, ""))
    return told


def _promise(directory: Directory, ticket: DeskTicket, kept: Sequence[KeptClock], hop: str) -> Promise:
    """Of a ticket that the party opened what is promised to it, of a job what it promised itself."""
    mine = [clock for clock in kept if _is_its(directory, ticket, clock, hop)]
    shown = tuple(map(_shown, mine))
    for kind in KINDS:
        dated = [clock for clock in mine if clock.target_kind == kind and clock.due_at is not None]
        if dated:
            return Promise(due_at=max(dated, key=lambda clock: clock.place).due_at, clocks=shown)
    return Promise(clocks=shown)


def _shown(clock: KeptClock) -> dict[str, Any]:
    """A clock as its other party is told of it."""
    due = {"due": stamp(clock.due_at)} if clock.due_at is not None else {}
    seconds = {"spent_s": round(clock.elapsed.total_seconds()), "as_of": stamp(clock.folded_at)}
    return {"target": clock.target_kind, "state": clock.state, "stopped": clock.stopped, **due, **seconds}


def _is_its(directory: Directory, ticket: DeskTicket, clock: KeptClock, hop: str) -> bool:
    agreement = next((one for one in directory.agreements if one.code == clock.agreement), None)
    if agreement is None:
        return False
    terms = agreement.terms
    if is_pushed(ticket):
        return terms.consumer == ticket.org_id != terms.provider
    return terms.provider == ticket.org_id and clock.hop_id == hop
