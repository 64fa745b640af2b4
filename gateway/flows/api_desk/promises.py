"""What the chain promises of a party's tickets: by when, as the clock says that its own agreement keeps. A clock of others'
is never told."""

from collections.abc import Mapping, Sequence

from gateway.domain.api_desk import DeskTicket
from gateway.domain.directory import Directory
from gateway.domain.duedates import KINDS
from gateway.domain.keeping import KeptClock
from gateway.domain.tmf621.telling import NOTHING, Promise
from gateway.flows.context import OPERATOR
from gateway.store import cases, clocks
from gateway.store.db import Db


def promises(db: Db, directory: Directory, found: Sequence[DeskTicket]) -> Mapping[str, Promise]:
    """Ticket id → what is promised of it."""
    hops = cases.hops_at(db, OPERATOR, [(ticket.desk_id, ticket.id) for ticket in found])
    kept = clocks.of_tickets(db, OPERATOR, [chain for chain, _ in hops.values()])
    told = {}
    for ticket in found:
        chain, hop = hops.get((ticket.desk_id, ticket.id), ("", ""))
        told[ticket.id] = _promise(directory, ticket, kept.get(chain, []), hop)
    return told


def _promise(directory: Directory, ticket: DeskTicket, kept: Sequence[KeptClock], hop: str) -> Promise:
    """Of a ticket that the party opened what is promised to it, of a job what it promised itself."""
    for kind in KINDS:
        mine = [
            clock
            for clock in kept
            if clock.target_kind == kind
            and clock.due_at is not None
            and _is_its(directory, ticket, clock, hop)
        ]
        if mine:
            return Promise(due_at=max(mine, key=lambda clock: clock.place).due_at)
    return NOTHING


def _is_its(directory: Directory, ticket: DeskTicket, clock: KeptClock, hop: str) -> bool:
    agreement = next((one for one in directory.agreements if one.code == clock.agreement), None)
    if agreement is None:
        return False
    terms = agreement.terms
    if ticket.pushed:
        return terms.consumer == ticket.org_id != terms.provider
    return terms.provider == ticket.org_id and clock.hop_id == hop
