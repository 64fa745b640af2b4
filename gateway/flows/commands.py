"""What a person tells the gateway to do with a ticket: each command is one transaction, with actor and reason."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain import delivery as rules
from gateway.domain import handover, progress, queueing, settling
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.conversation import hand_over_one
from gateway.domain.egress import Withheld, assemble
from gateway.domain.imported import is_imported
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
from gateway.store import cases, copies, desks, inbox, looks, outbox
from gateway.store.audit import record as audit
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who tells the gateway to do something, why, and when."""

    actor: str
    now: datetime
    reason: str = ""

    @property
    def because(self) -> Because:
        """As it will stand in the events."""
        return Because(source=Source.PERSON, actor_kind=ActorKind.PERSON, actor=self.actor)


def _with_hop(
    context: Context, hop_id: str, act: Callable[[Case, Hop], None], *, what: str, order: Order
) -> Hop:
    """Load the hop's case under its lock, act, audit, save. Raises NotFound and whatever `act` refuses."""
    with context.database.write() as db:
        ticket_id = cases.ticket_of(db, OPERATOR, hop_id)
        if ticket_id is None:
            raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")
        case = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, order.now))[ticket_id]
        _refuse_imported(case)
        before = case.hops[hop_id]
        act(case, before)
        after = case.hops[hop_id]
        audit(
            db,
            org_id=after.org_id,
            actor=order.actor,
            action=what,
            subject=hop_id,
            before={"status": before.status.value},
            after={"status": after.status.value, "reason": order.reason},
            now=order.now,
        )
        cases.save(db, [case])
        return after


def _refuse_imported(case: Case) -> None:
    if is_imported(case.ticket):
        raise Refused(
            "this ticket came with an imported history",
            why="its desks are not connected: nobody would hear of it",
        )


def _need(hop: Hop, allowed: frozenset[HopStatus], what: str) -> None:
    if hop.status not in allowed:
        words = ", ".join(sorted(status.value for status in allowed))
        raise Refused(f"this assignment is {hop.status.value}", why=f"{what} needs one of: {words}")


def _assigned(case: Case, hop: Hop, what: str) -> Hop:
    """The hop above. Refused at the customer's own ticket: nobody assigned it, so nothing is there to take back."""
    parent = case.parent(hop)
    if parent is None:
        raise Refused(f"the customer's own ticket cannot be {what}", cure="move it at its desk")
    return parent


def offer(context: Context, hop_id: str, link_code: str, order: Order) -> Hop:
    """Offer the ticket of a hop over a link of its desk, whatever the rules say."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN, "an offer")
        _offer(case, hop, _link(case, hop, link_code), order)

    return _with_hop(context, hop_id, act, what="offer", order=order)


def _offer(case: Case, hop: Hop, link: Link, order: Order) -> None:
    if handover.offer(case, hop, link, order.because) is None:
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


def withdraw(context: Context, hop_id: str, order: Order) -> Hop:
    """The upstream takes an assignment back; possible until it is resolved."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.RESOLVED}, "a withdrawal")
        parent = _assigned(case, hop, "withdrawn")
        event = handover.withdraw(case, hop, order.reason, order.because)
        progress.verify(case, case.hops[parent.id], event)  # what is left of its branches may all be resolved

    return _with_hop(context, hop_id, act, what="withdraw", order=order)


def reassign(context: Context, hop_id: str, link_code: str, order: Order) -> Hop:
    """From one partner to another in one step. Nothing the first one wrote reaches the second (siblings do not see
    each other) unless it is released."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.RESOLVED}, "a reassignment")
        parent = _assigned(case, hop, "reassigned")
        link = _link(case, parent, link_code)
        handover.withdraw(case, hop, order.reason, order.because)
        _offer(case, parent, link, order)

    return _with_hop(context, hop_id, act, what="reassign", order=order)


def accept(context: Context, hop_id: str, order: Order) -> Hop:
    """The downstream takes an offer (where its desk cannot say so)."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.OFFERED}), "accepting")
        handover.accept(case, hop, order.because)

    return _with_hop(context, hop_id, act, what="accept", order=order)


def decline(context: Context, hop_id: str, order: Order) -> Hop:
    """The downstream does not take an offer; its reason goes back upstream."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.OFFERED}), "declining")
        because = order.because
        content = queueing.reason_text(case, hop, order.reason, because)
        handover.refuse(case, hop, HopStatus.DECLINED, content, because)

    return _with_hop(context, hop_id, act, what="decline", order=order)


def give_back(context: Context, hop_id: str, order: Order) -> Hop:
    """The downstream returns an assignment it had accepted."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN - {HopStatus.OFFERED}, "returning")
        _assigned(case, hop, "returned")
        because = order.because
        content = queueing.reason_text(case, hop, order.reason, because)
        handover.refuse(case, hop, HopStatus.RETURNED, content, because)

    return _with_hop(context, hop_id, act, what="return", order=order)


def confirm(context: Context, hop_id: str, order: Order) -> Hop:
    """The upstream confirms a resolution: the assignment is closed."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.RESOLVED}), "confirming")
        _assigned(case, hop, "confirmed")
        progress.confirm(case, hop, order.because)

    return _with_hop(context, hop_id, act, what="confirm", order=order)


def reject(context: Context, hop_id: str, order: Order) -> Hop:
    """The upstream does not accept a resolution: the assignment is worked on again."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.RESOLVED}), "rejecting")
        _assigned(case, hop, "rejected")
        because = order.because
        progress.reject(case, hop, queueing.reason_text(case, hop, order.reason, because), because)

    return _with_hop(context, hop_id, act, what="reject", order=order)


def acknowledge_withdrawal(context: Context, hop_id: str, order: Order) -> Hop:
    """The downstream confirms that it knows the assignment is gone."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, frozenset({HopStatus.WITHDRAWN}), "acknowledging")
        handover.acknowledge_withdrawal(case, hop, order.because)

    return _with_hop(context, hop_id, act, what="acknowledge withdrawal", order=order)


def release(context: Context, hop_id: str, content_id: str, order: Order) -> Hop:
    """Let one hop read a comment or file of a sibling branch that its rules would keep from it."""

    def act(case: Case, hop: Hop) -> None:
        _need(hop, OPEN, "a release")
        content = next((one for one in case.all_contents() if one.id == content_id), None)
        if content is None:
            raise NotFound(f"this ticket has no content {content_id}")
        if hop.link_id in content.released_to:
            raise Refused("this content was released to that assignment before")
        freed = replace(content, released_to=content.released_to | {hop.link_id or ""})
        case.changed_contents[freed.id] = freed
        event = case.record("content.released", hop, order.because, {"content": content_id})
        if not hand_over_one(case, hop, freed, event):
            raise Refused("the link does not let this content cross even so")

    return _with_hop(context, hop_id, act, what="release", order=order)


def _delivery(db: Db, delivery_id: str, states: frozenset[DeliveryState]) -> Delivery:
    """Locked, and its ticket before it: a lane grows under its ticket's lock only, and nobody lets it go on meanwhile."""
    known = outbox.get(db, OPERATOR, delivery_id)
    if known is not None:
        cases.lock(db, OPERATOR, [known.ticket_id])
    found = outbox.get(db, OPERATOR, delivery_id, lock=True)
    if found is None:
        raise NotFound(f"no delivery {delivery_id}", cure="interdesk parked lists what waits for a person")
    if found.state not in states:
        words = ", ".join(sorted(state.value for state in states))
        raise Refused(f"delivery {delivery_id} is {found.state.value}", why=f"this needs: {words}")
    return found


def _put(db: Db, before: Delivery, after: Delivery, what: str, order: Order) -> Delivery:
    """Write a delivery as a person wants it, let its lane go on, and say who did it."""
    outbox.rejoin(db, after, now=order.now)
    looks.hurry(db, outbox.made_at([after]), now=order.now)
    audit(
        db,
        org_id=before.org_id,
        actor=order.actor,
        action=what,
        subject=before.id,
        before={"state": before.state.value, "error": before.error},
        after={"state": after.state.value, "reason": order.reason},
        now=order.now,
    )
    return after


def retry_parked(context: Context, delivery_id: str, order: Order) -> Delivery:
    """Try a parked delivery again. What was ever in doubt is asked about first, so this cannot duplicate (D9)."""
    with context.database.write() as db:
        delivery = _delivery(db, delivery_id, frozenset({DeliveryState.PARKED, DeliveryState.PENDING}))
        return _put(db, delivery, rules.once_more(delivery, now=order.now), "replay", order)


def cancel_parked(context: Context, delivery_id: str, order: Order) -> Delivery:
    """Give a parked delivery up, with a reason; its lane goes on."""
    with context.database.write() as db:
        delivery = _delivery(db, delivery_id, frozenset({DeliveryState.PARKED, DeliveryState.ASKING}))
        gone = replace(delivery, state=DeliveryState.CANCELLED, outcome="given_up", error=order.reason)
        return _put(db, delivery, gone, "give up", order)


def resolve_ambiguous(context: Context, delivery_id: str, remote_id: str | None, order: Order) -> Delivery:
    """A person looked: the desk has it under `remote_id` (the ticket's, or the comment's), or has it not (None)."""
    with context.database.write() as db:
        delivery = _delivery(db, delivery_id, frozenset({DeliveryState.ASKING, DeliveryState.AMBIGUOUS}))
        if remote_id is None:
            after = replace(
                delivery, state=DeliveryState.PENDING, next_at=order.now, probes=0, lease_until=None
            )
        else:
            after = replace(delivery, state=DeliveryState.DONE, outcome="adopted_by_person", lease_until=None)
            _adopt(context, db, delivery, remote_id, order.now)
        return _put(db, delivery, after, "resolve ambiguous", order)


def _adopt(context: Context, db: Db, delivery: Delivery, remote_id: str, now: datetime) -> None:
    case = cases.load(db, OPERATOR, [delivery.ticket_id], context.occasion(db, now))[delivery.ticket_id]
    names = [*delivery.payload.get("texts", {}).values(), delivery.content_id or ""]
    try:
        command = assemble(case, delivery, copies.contents(db, names), asking=True)
    except Withheld as error:
        raise Refused("this delivery can no longer be assembled", why=str(error)) from error
    hop, is_create = case.hops[delivery.hop_id], delivery.kind is CommandKind.CREATE
    receipt = Receipt(
        remote_id=remote_id if is_create else hop.remote_id or "",
        object_id=None if is_create else remote_id,
    )
    connector, desk = context.connector(case.desk(hop)), case.desk(hop)
    written = {name: connector.normalised(name, value, desk) for name, value in command.fields.items()}
    text = context.shown(desk, command.comment.text) if command.comment else ""
    done = settling.Done(
        command=command, receipt=receipt, known=Known(), written=written, fresh=True, text=text
    )
    settling.applied(case, delivery, done)
    cases.save(db, [case])


def release_desk(context: Context, desk_code: str, order: Order) -> None:
    """Talk to a held desk again."""
    with context.database.write() as db:
        desk = context.directory(db).desk_by_code(desk_code)
        if desk is None:
            raise NotFound(f"no desk {desk_code}", cure="interdesk desks list names them")
        desks.release(db, desk.id)
        audit(
            db,
            org_id=desk.org_id,
            actor=order.actor,
            action="release desk",
            subject=desk.id,
            before=None,
            after={"reason": order.reason},
            now=order.now,
        )


def replay_message(context: Context, message_id: str, order: Order) -> None:
    """Put a quarantined message back in line. Raises NotFound."""
    with context.database.write() as db:
        owner = inbox.replay(db, OPERATOR, message_id)
        if owner is None:
            raise NotFound(
                f"no quarantined message {message_id}",
                cure="interdesk messages list --state quarantined shows them",
            )
        audit(
            db,
            org_id=owner,
            actor=order.actor,
            action="replay",
            subject=message_id,
            before={"state": "quarantined"},
            after={"state": "received", "reason": order.reason},
            now=order.now,
        )
