"""Work at a hop and what it means next door: a child's status at its parent, questions and answers, resolution,
confirmation, rejection, reopening. Defaults as agreed in DECISIONS; a link may differ (`parent_means`)."""

from gateway.domain import handover, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Content, Event, Field, Hop, HopStatus, Link, Reason

WORKING = frozenset(
    {HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS, HopStatus.PENDING, HopStatus.HELD}
)
NOT_STARTED = frozenset({HopStatus.OFFERED, HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED})
FINISHED = frozenset({HopStatus.RESOLVED, HopStatus.CLOSED})

NOTE, NONE, VERIFY = "note", "none", "to_verify"

_MEANS = {
    HopStatus.ACCEPTED: HopStatus.IN_PROGRESS.value,
    HopStatus.IN_PROGRESS: HopStatus.IN_PROGRESS.value,
    HopStatus.PENDING: NOTE,
    HopStatus.HELD: NOTE,
    HopStatus.RESOLVED: VERIFY,
    HopStatus.CLOSED: NONE,
    HopStatus.ACKNOWLEDGED: NONE,
}


def move(case: Case, hop: Hop, status: HopStatus, reason: Reason | None, because: Because) -> Event:
    """The hop's people moved their work to `status`; its neighbours are told."""
    data = {"from": hop.status.value, "to": status.value, "reason": reason.value if reason else None}
    event = case.record("status.changed", hop, because, data)
    link = case.link(hop)
    confirm_by = case.now + link.confirm_within if link and status is HopStatus.RESOLVED else None
    moved = case.put(
        hop,
        status=status,
        reason=reason,
        asked=status is HopStatus.PENDING,
        confirm_by=confirm_by,
        answer_by=None,
    )
    tell_parent(case, moved, event)
    _tell_children(case, moved, hop.status, event, because)
    _close_or_reopen_ticket(case, moved, hop.status, event)
    return event


def tell_parent(case: Case, hop: Hop, event: Event) -> None:
    """What a child's status means at its parent's desk; the parent's own parent hears of what that changes."""
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None or parent.status not in OPEN:
        return
    meaning = link.parent_means.get(hop.status, _MEANS.get(hop.status, NONE))
    if (
        hop.status in (HopStatus.PENDING, HopStatus.HELD, HopStatus.RESOLVED, HopStatus.ACCEPTED)
        and meaning != NONE
    ):
        reason = hop.reason.value if hop.reason else ""
        who = queueing.neighbour(case, hop, parent)
        queueing.note(case, parent, hop.status.value, event, who=who, reason=reason)
    if meaning == VERIFY:
        _to_verify(case, parent, event)
    elif meaning == HopStatus.IN_PROGRESS and parent.status in NOT_STARTED:
        _follow(case, parent, HopStatus.IN_PROGRESS, None, event)
    elif meaning not in (NOTE, NONE, HopStatus.IN_PROGRESS):
        _follow(case, parent, HopStatus(meaning), hop.reason, event)


def _follow(case: Case, hop: Hop, status: HopStatus, reason: Reason | None, cause: Event) -> None:
    """The gateway moves a hop because of its neighbour; the desk is told, then the hop's own parent."""
    if hop.status is status:
        return
    data = {"from": hop.status.value, "to": status.value, "reason": reason.value if reason else None}
    event = case.record("status.changed", hop, Because(cause_id=cause.id), data)
    moved = case.put(hop, status=status, reason=reason, answer_by=None, asked=status is HopStatus.PENDING)
    queueing.set_status(case, moved, status, event)
    tell_parent(case, moved, event)


def _to_verify(case: Case, parent: Hop, event: Event) -> None:
    """All branches done: the parent is to verify; it is never resolved by itself."""
    open_ones = [child for child in case.children(parent) if child.status in OPEN]
    word = case.desk(parent).profile.to_verify
    if word is not None and all(child.status is HopStatus.RESOLVED for child in open_ones):
        queueing.update(case, parent, {Field.STATUS: word}, event)


def back_to_queue(case: Case, parent: Hop, event: Event) -> None:
    """Nobody has the ticket any more but the parent: it stands in its queue again."""
    if parent.status is HopStatus.IN_PROGRESS:
        word = case.desk(parent).profile.write_statuses.get(HopStatus.ACKNOWLEDGED)
        if word is not None and word != case.desk(parent).profile.write_statuses.get(HopStatus.IN_PROGRESS):
            _follow(case, parent, HopStatus.ACKNOWLEDGED, None, event)


def _tell_children(case: Case, hop: Hop, before: HopStatus, event: Event, because: Because) -> None:
    """What a person's move at the parent means for the hops below it."""
    if not because.by_person:
        return
    for child in case.children(hop):
        if hop.status in (HopStatus.CLOSED, HopStatus.CANCELLED, HopStatus.REJECTED) and child.status in OPEN:
            _end_child(case, child, hop, event)
        elif hop.status is HopStatus.RESOLVED and child.status is HopStatus.RESOLVED:
            confirm(case, child, Because(cause_id=event.id))
        elif hop.status is HopStatus.IN_PROGRESS and before in FINISHED and child.status in FINISHED:
            reopen(case, child, because.words, Because(cause_id=event.id))
        elif before is not HopStatus.PENDING and child.status is HopStatus.PENDING and child.asked:
            answered(case, child, event)


def _end_child(case: Case, child: Hop, parent: Hop, event: Event) -> None:
    if child.status is HopStatus.RESOLVED and parent.status is HopStatus.CLOSED:
        confirm(case, child, Because(cause_id=event.id))
    else:
        handover.withdraw(case, child, f"{parent.status.value} upstream", Because(cause_id=event.id))


def answered(case: Case, child: Hop, cause: Event) -> None:
    """The consumer side answered a pending hop: the ball is back, and the hop works again."""
    event = case.record("pending.answered", child, Because(cause_id=cause.id))
    case.put(child, asked=False)
    _follow(case, case.hops[child.id], HopStatus.IN_PROGRESS, None, event)


def confirm(case: Case, hop: Hop, because: Because, *, by_time: bool = False) -> None:
    """The upstream confirmed the resolution (or let its time pass): the hop is closed, and what it had confirmed."""
    event = case.record("resolution.confirmed", hop, because, {"by_time": by_time})
    closed = case.put(hop, status=HopStatus.CLOSED, confirm_by=None, reason=None)
    case.record(
        "status.changed", closed, Because(cause_id=event.id), {"from": hop.status.value, "to": "closed"}
    )
    parent = case.parent(closed)
    who = queueing.neighbour(case, parent, closed) if parent else ""
    queueing.note(case, closed, "confirmed_by_time" if by_time else "confirmed", event, who=who)
    queueing.set_status(case, closed, HopStatus.CLOSED, event)
    for child in case.children(closed):
        if child.status is HopStatus.RESOLVED:
            confirm(case, child, Because(cause_id=event.id))
        elif child.status in OPEN:
            handover.withdraw(case, child, "closed upstream", Because(cause_id=event.id))


def reject(case: Case, hop: Hop, reason: Content | None, because: Because) -> None:
    """The upstream does not accept the resolution: the hop works again and hears why."""
    event = case.record("resolution.rejected", hop, because, {"reason": reason.id} if reason else {})
    _work_again(case, hop, "resolution_rejected", reason.text if reason else "", event)


def reopen(case: Case, hop: Hop, reason: str, because: Because) -> None:
    """A finished hop is opened again by its upstream."""
    event = case.record("ticket.reopened", hop, because, {"from": hop.status.value})
    _work_again(case, hop, "reopened", reason, event)


def _work_again(case: Case, hop: Hop, kind: str, reason: str, event: Event) -> None:
    working = case.put(hop, status=HopStatus.IN_PROGRESS, confirm_by=None, reason=None)
    parent = case.parent(working)
    who = queueing.neighbour(case, parent, working) if parent else ""
    queueing.note(case, working, kind, event, who=who, reason=reason)
    queueing.set_status(case, working, HopStatus.IN_PROGRESS, event)


def _close_or_reopen_ticket(case: Case, hop: Hop, before: HopStatus, event: Event) -> None:
    """The ticket follows its root hop."""
    if hop.parent_id is not None:
        return
    ended = (HopStatus.CLOSED, HopStatus.CANCELLED, HopStatus.REJECTED, HopStatus.RESOLVED)
    if hop.status in ended and case.ticket.closed_at is None:
        case.put_ticket(closed_at=case.now)
        case.record("ticket.closed", hop, Because(cause_id=event.id))
    elif hop.status not in ended and before in ended and case.ticket.closed_at is not None:
        case.put_ticket(closed_at=None)
        case.record("ticket.reopened", hop, Because(cause_id=event.id))


def link_of(case: Case, hop: Hop) -> Link:
    """The link of a hop that is known not to be the root."""
    link = case.link(hop)
    if link is None:
        raise ValueError("the root hop came over no link")
    return link
