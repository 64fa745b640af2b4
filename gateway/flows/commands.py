"""What a person tells the gateway to do with a ticket: each command is one transaction, with actor and reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.store.audit import record as audit

from gateway.domain import dispatching, handover, progress, queueing, settling
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.conversation import hand_over_one
from gateway.domain.egress import Withheld, assemble
from gateway.domain.model import (
    ActorKind,
    CommandKind,
    Delivery,
    DeliveryState,
    Hop,
    HopStatus,
    Link,
    Receipt,
    Source,
)
from gateway.domain.sighting import Known
from gateway.errors import NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, copies, desks, outbox
from gateway.store.db import Db


def _by(actor: str) -> Because:
    return Because(source=Source.PERSON, actor_kind=ActorKind.PERSON, actor=actor)


def _with_hop(
    context: Context,
    hop_id: str,
    act: Callable[[Case, Hop], None],
    *,
    what: str,
    actor: str,
    reason: str,
    now: datetime,
) -> Hop:
    """Load the hop's case under its lock, act, audit, save. Raises NotFound and whatever `act` refuses."""
    with context.database.write() as db:
        ticket_id = cases.ticket_of(db, OPERATOR, hop_id)
        if ticket_id is None:
            raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")
        case = cases.load(
            db, OPERATOR, [ticket_id], directory=context.directory(db), now=now, new_id=context.new_id
        )[ticket_id]
        before = case.hops[hop_id]
        act(case, before)
        after = case.hops[hop_id]
        audit(
            db,
            org_id=after.org_id,
            actor=actor,
            action=what,
            subject=hop_id,
            before={"status": before.status.value},
            after={"status": after.status.value, "reason": reason},
            now=now,
        )
        cases.save(db, [case])
        return after


def _need(hop: Hop, allowed: frozenset[HopStatus], what: str) -> None:
    if hop.status not in allowed:
        words = ", ".join(sorted(status.value for status in allowed))
        raise Refused(f"this assignment is {hop.status.value}", why=f"{what} needs one of: {words}")


def offer(context: Context, hop_id: str, link_code: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """Offer the ticket of a hop over a link of its desk, whatever the rules say."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN, "an offer")
        _offer(case, hop, _link(case, hop, link_code), actor)

    return _with_hop(context, hop_id, act, what="offer", actor=actor, reason=reason, now=now)


def _offer(case: Case, hop: Hop, link: Link, actor: str) -> None:
    if dispatching.offer_now(case, hop, link, _by(actor)) is None:
        raise Refused(
            f"the ticket cannot be offered over {link.code}",
            why="it is there already, it came from there, or it has gone over too many desks",
        )


def _link(case: Case, hop: Hop, code: str) -> Link:
    links = case.directory.links_from(hop.desk_id)
    found = next((link for link in links if link.code == code), None)
    if found is None:
        known = ", ".join(link.code for link in links) or "none"
        raise NotFound(f"no active link {code} from this desk", cure=f"there are: {known}")
    return found


def withdraw(context: Context, hop_id: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """The upstream takes an assignment back; possible until it is resolved."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.RESOLVED}, "a withdrawal")
        if hop.parent_id is None:
            raise Refused("the customer's own ticket cannot be withdrawn", cure="close it at its desk")
        handover.withdraw(case, hop, reason, _by(actor))

    return _with_hop(context, hop_id, act, what="withdraw", actor=actor, reason=reason, now=now)


def reassign(context: Context, hop_id: str, link_code: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """From one partner to another in one step. Nothing the first one wrote reaches the second (siblings do not see
    each other) unless it is released."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.RESOLVED}, "a reassignment")
        parent = case.parent(hop)
        if parent is None:
            raise Refused("the customer's own ticket was not assigned by anybody")
        link = _link(case, parent, link_code)
        handover.withdraw(case, hop, reason, _by(actor))
        _offer(case, parent, link, actor)

    return _with_hop(context, hop_id, act, what="reassign", actor=actor, reason=reason, now=now)


def accept(context: Context, hop_id: str, *, actor: str, reason: str = "", now: datetime) -> Hop:
    """The downstream takes an offer (where its desk cannot say so)."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.OFFERED}), "accepting")
        handover.accept(case, hop, _by(actor))

    return _with_hop(context, hop_id, act, what="accept", actor=actor, reason=reason, now=now)


def decline(context: Context, hop_id: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """The downstream does not take an offer; its reason goes back upstream."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.OFFERED}), "declining")
        because = _by(actor)
        content = queueing.reason_text(case, hop, reason, because)
        handover.refuse(case, hop, HopStatus.DECLINED, content, because)

    return _with_hop(context, hop_id, act, what="decline", actor=actor, reason=reason, now=now)


def give_back(context: Context, hop_id: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """The downstream returns an assignment it had accepted."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.OFFERED}, "returning")
        because = _by(actor)
        content = queueing.reason_text(case, hop, reason, because)
        handover.refuse(case, hop, HopStatus.RETURNED, content, because)

    return _with_hop(context, hop_id, act, what="return", actor=actor, reason=reason, now=now)


def confirm(context: Context, hop_id: str, *, actor: str, reason: str = "", now: datetime) -> Hop:
    """The upstream confirms a resolution: the assignment is closed."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.RESOLVED}), "confirming")
        progress.confirm(case, hop, _by(actor))

    return _with_hop(context, hop_id, act, what="confirm", actor=actor, reason=reason, now=now)


def reject(context: Context, hop_id: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """The upstream does not accept a resolution: the assignment is worked on again."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.RESOLVED}), "rejecting")
        because = _by(actor)
        progress.reject(case, hop, queueing.reason_text(case, hop, reason, because), because)

    return _with_hop(context, hop_id, act, what="reject", actor=actor, reason=reason, now=now)


def acknowledge_withdrawal(
    context: Context, hop_id: str, *, actor: str, reason: str = "", now: datetime
) -> Hop:
    """The downstream confirms that it knows the assignment is gone."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.WITHDRAWN}), "acknowledging")
        handover.acknowledge_withdrawal(case, hop, _by(actor))

    return _with_hop(context, hop_id, act, what="acknowledge withdrawal", actor=actor, reason=reason, now=now)


def release(context: Context, hop_id: str, content_id: str, *, actor: str, reason: str, now: datetime) -> Hop:
    """Let one hop read a comment or file of a sibling branch that its rules would keep from it."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN, "a release")
        content = next((one for one in case.all_contents() if one.id == content_id), None)
        if content is None:
            raise NotFound(f"this ticket has no content {content_id}")
        freed = replace(content, released_to=content.released_to | {hop.link_id or ""})
        case.changed_contents[freed.id] = freed
        event = case.record("content.released", hop, _by(actor), {"content": content_id})
        if not hand_over_one(case, hop, freed, event):
            raise Refused("the link does not let this content cross even so")

    return _with_hop(context, hop_id, act, what="release", actor=actor, reason=reason, now=now)


def _delivery(context: Context, db: Db, delivery_id: str, states: frozenset[DeliveryState]) -> Delivery:
    found = outbox.get(db, OPERATOR, delivery_id, lock=True)
    if found is None:
        raise NotFound(f"no delivery {delivery_id}", cure="interdesk parked lists what waits for a person")
    if found.state not in states:
        words = ", ".join(sorted(state.value for state in states))
        raise Refused(f"delivery {delivery_id} is {found.state.value}", why=f"this needs: {words}")
    return found


def _audit(
    db: Db, delivery: Delivery, after: Delivery, *, what: str, actor: str, reason: str, now: datetime
) -> None:
    audit(
        db,
        org_id=delivery.org_id,
        actor=actor,
        action=what,
        subject=delivery.id,
        before={"state": delivery.state.value, "error": delivery.error},
        after={"state": after.state.value, "reason": reason},
        now=now,
    )


def retry_parked(context: Context, delivery_id: str, *, actor: str, reason: str, now: datetime) -> Delivery:
    """Try a parked delivery again. What was ever in doubt is asked about first, so this cannot duplicate (D9)."""
    with context.database.write() as db:
        delivery = _delivery(
            context, db, delivery_id, frozenset({DeliveryState.PARKED, DeliveryState.PENDING})
        )
        state = DeliveryState.AMBIGUOUS if delivery.probes else DeliveryState.PENDING
        again = replace(delivery, state=state, next_at=now, attempts=0)
        outbox.change(db, [again], now=now)
        outbox.promote(db, [again.hop_id])
        _audit(db, delivery, again, what="replay", actor=actor, reason=reason, now=now)
        return again


def cancel_parked(context: Context, delivery_id: str, *, actor: str, reason: str, now: datetime) -> Delivery:
    """Give a parked delivery up, with a reason; its lane goes on."""
    with context.database.write() as db:
        states = frozenset({DeliveryState.PARKED, DeliveryState.ASKING})
        delivery = _delivery(context, db, delivery_id, states)
        gone = replace(delivery, state=DeliveryState.CANCELLED, outcome="given_up", error=reason)
        outbox.change(db, [gone], now=now)
        _audit(db, delivery, gone, what="give up", actor=actor, reason=reason, now=now)
        return gone


def resolve_ambiguous(
    context: Context, delivery_id: str, remote_id: str | None, *, actor: str, reason: str, now: datetime
) -> Delivery:
    """A person looked: the desk has it under `remote_id` (the ticket's, or the comment's), or has it not (None)."""
    with context.database.write() as db:
        states = frozenset({DeliveryState.ASKING, DeliveryState.AMBIGUOUS})
        delivery = _delivery(context, db, delivery_id, states)
        if remote_id is None:
            after = replace(delivery, state=DeliveryState.PENDING, next_at=now, probes=0, lease_until=None)
        else:
            after = replace(delivery, state=DeliveryState.DONE, outcome="adopted_by_person", lease_until=None)
            _adopt(context, db, delivery, remote_id, now)
        outbox.change(db, [after], now=now)
        outbox.promote(db, [after.hop_id])
        _audit(db, delivery, after, what="resolve ambiguous", actor=actor, reason=reason, now=now)
        return after


def _adopt(context: Context, db: Db, delivery: Delivery, remote_id: str, now: datetime) -> None:
    case = cases.load(
        db, OPERATOR, [delivery.ticket_id], directory=context.directory(db), now=now, new_id=context.new_id
    )[delivery.ticket_id]
    names = [*delivery.payload.get("texts", {}).values(), delivery.content_id or ""]
    try:
        command = assemble(case, delivery, copies.contents(db, names), 1)
    except Withheld as error:
        raise Refused("this delivery can no longer be assembled", why=str(error)) from error
    is_create = delivery.kind is CommandKind.CREATE
    hop = case.hops[delivery.hop_id]
    receipt = Receipt(
        remote_id=remote_id if is_create else hop.remote_id or "",
        object_id=None if is_create else remote_id,
    )
    settling.applied(case, delivery, command, receipt, written=command.fields, known=Known(), fresh=True)
    cases.save(db, [case])


def release_desk(context: Context, desk_code: str, *, actor: str, now: datetime) -> None:
    """Talk to a held desk again."""
    with context.database.write() as db:
        desk = context.directory(db).desk_by_code(desk_code)
        if desk is None:
            raise NotFound(f"no desk {desk_code}")
        desks.release(db, desk.id)
        audit(
            db,
            org_id=desk.org_id,
            actor=actor,
            action="release desk",
            subject=desk.id,
            before=None,
            after=None,
            now=now,
        )
