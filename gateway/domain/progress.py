"""Work at a hop and what it means next door: a child's status at its parent, questions and answers, resolution,
confirmation, rejection, reopening. Defaults as agreed in DECISIONS; a link may differ (`parent_means`)."""

from gateway.domain import contest, dispatching, handover, people, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Carry, Content, Event, Field, Hop, HopStatus, Reason

WORKING = frozenset(
    {HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS, HopStatus.PENDING, HopStatus.HELD}
)
NOT_STARTED = frozenset({HopStatus.OFFERED, HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED})
FINISHED = frozenset({HopStatus.RESOLVED, HopStatus.CLOSED})
ENDED = frozenset({HopStatus.CLOSED, HopStatus.CANCELLED, HopStatus.REJECTED})
_ANSWERING = frozenset({HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS})
"""Moves of a parent that answer a child's question; to wait oneself is to pass the question on (R10)."""

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
    data = _moving(hop, status, reason) | ({"code": because.code} if because.code else {})
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
    resting = contest.at_rest(case, moved, because, event)
    if moved.id not in resting:
        tell_parent(case, moved, event)
    _tell_children(case, moved, event, because.words, resting)
    _close_or_reopen_ticket(case, moved, hop.status, event)
    return event


def tell_parent(case: Case, hop: Hop, event: Event, *, in_words: bool = False) -> None:
    """What a child's status means at its parent's desk; the parent's own parent hears of what that changes. `in_words`: the
    parent's own status is left alone, as where the link says so."""
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None or parent.status not in OPEN:
        return
    meaning = link.parent_means.get(hop.status, _MEANS.get(hop.status, NONE))
    in_words = in_words or case.directory.rules_of(link).upstream.status_as_note
    if in_words and meaning not in (NOTE, NONE):
        if hop.status not in _TOLD:
            queueing.note(case, parent, "status_told", event, status=hop.status.value)
        meaning = NOTE
    if hop.status in _TOLD and meaning != NONE:
        reason = hop.reason.value if hop.reason else ""
        who = queueing.neighbour(case, hop, parent)
        queueing.note(case, parent, hop.status.value, event, who=who, reason=reason)
    elif hop.status in _PASSING:
        queueing.arrived_unsaid(case, parent, event)
    if hop.status in WORKING:
        stop_verifying(case, parent, event)
    if meaning == VERIFY:
        verify(case, parent, event)
    else:
        _mean(case, parent, meaning, hop.reason, event)


_TOLD = frozenset({HopStatus.PENDING, HopStatus.HELD, HopStatus.RESOLVED, HopStatus.ACCEPTED})
"""A child's statuses that are told at its parent's desk in words."""
_PASSING = frozenset({HopStatus.PENDING, HopStatus.RESOLVED})
"""Those that pass the ball to the parent."""


def _mean(case: Case, parent: Hop, meaning: str, reason: Reason | None, event: Event) -> None:
    """Carry out what a child's status means for its parent's own."""
    if meaning == HopStatus.IN_PROGRESS:
        if parent.status in NOT_STARTED:
            _follow(case, parent, HopStatus.IN_PROGRESS, None, event)
    elif meaning not in (NOTE, NONE, VERIFY):
        _follow(case, parent, HopStatus(meaning), reason, event)


def _follow(case: Case, hop: Hop, status: HopStatus, reason: Reason | None, cause: Event) -> Event | None:
    """The gateway moves a hop because of its neighbour; the desk is told, then the hop's own parent. None: it stood so."""
    if hop.status is status and not _waited_likewise(hop, reason, cause):
        return None
    event = case.record("status.changed", hop, Because(cause_id=cause.id), _moving(hop, status, reason))
    moved = case.put(hop, status=status, reason=reason, answer_by=None, asked=status is HopStatus.PENDING)
    queueing.set_status(case, moved, status, event)
    tell_parent(case, moved, event)
    return event


def _moving(hop: Hop, status: HopStatus, reason: Reason | None) -> dict[str, str | None]:
    """What a move says; `was`: for what a hop waited that goes on waiting."""
    data = {"from": hop.status.value, "to": status.value, "reason": reason.value if reason else None}
    return data | ({"was": hop.reason.value} if hop.status is status and hop.reason else {})


def _waited_likewise(hop: Hop, reason: Reason | None, cause: Event) -> bool:
    """Whether the hop waited for what its neighbour waited for, who now waits for something else: a reason of its own stays."""
    if hop.reason is None or reason is hop.reason or cause.data.get("to") != hop.status.value:
        return False
    return cause.data.get("was") == hop.reason.value


def verify(case: Case, parent: Hop, event: Event) -> None:
    """All branches done: the parent is to verify; it is never resolved by itself."""
    statuses = {child.status for child in case.children(parent) if child.status in OPEN}
    word = case.desk(parent).profile.to_verify
    if word is not None and statuses == {HopStatus.RESOLVED}:
        queueing.update(case, parent, {Field.STATUS: word}, event)


def stop_verifying(case: Case, parent: Hop, event: Event) -> None:
    """A branch works again: a parent that its desk shows "to verify" shows its own status again."""
    word, current = case.desk(parent).profile.to_verify, case.hops[parent.id]
    if word is None:
        return
    shown = [current.shadow.get(Field.STATUS), *queueing.under_way(case, parent, Field.STATUS)]
    if shown[-1] == word:
        queueing.set_status(case, current, current.status, event)


def branch_ended(case: Case, parent: Hop, gone: Hop, event: Event) -> None:
    """A branch was refused or taken back: what is left decides, all resolved or nobody at all."""
    if any(child.status in OPEN for child in case.children(parent)):
        verify(case, parent, event)
        return
    event = case.record("assignment.exhausted", parent, Because(cause_id=event.id))
    link = case.link(gone)
    meaning = link.parent_means.get(gone.status) if link else None
    if meaning is None:
        _back_to_queue(case, parent, event)
    else:
        _mean(case, parent, meaning, None, event)


def _back_to_queue(case: Case, parent: Hop, event: Event) -> None:
    """Nobody has the ticket any more but the parent: it stands in its queue again."""
    words = case.desk(parent).profile.write_statuses
    queue = words.get(HopStatus.ACKNOWLEDGED)
    if (
        parent.status is HopStatus.IN_PROGRESS
        and queue is not None
        and queue != words.get(HopStatus.IN_PROGRESS)
    ):
        _follow(case, parent, HopStatus.ACKNOWLEDGED, None, event)


def _tell_children(case: Case, hop: Hop, event: Event, words: str, resting: frozenset[str]) -> None:
    """What a move at the parent's desk means for the hops below it; where rules answer each other only its end."""
    before = HopStatus(event.data["from"])
    for child in case.children(hop):
        if child.id in resting and hop.status not in ENDED:
            continue
        if hop.status in ENDED and child.status in OPEN:
            _end_child(case, child, hop, event)
        elif hop.status is HopStatus.RESOLVED and child.status is HopStatus.RESOLVED:
            confirm(case, child, Because(cause_id=event.id))
        elif hop.status in WORKING and before in FINISHED and child.status in FINISHED:
            reopen(case, child, words if _hears_words(case, child) else "", Because(cause_id=event.id))
        elif hop.status in _ANSWERING and child.status is HopStatus.PENDING and child.asked:
            answered(case, child, event)


def _hears_words(case: Case, child: Hop) -> bool:
    """Whether what is said above may be read at the child: why a ticket is opened again is quoted from there."""
    link = case.link(child)
    return link is not None and link.crossing.comments_down is not Carry.STOP


def _end_child(case: Case, child: Hop, parent: Hop, event: Event) -> None:
    if child.status is HopStatus.RESOLVED and parent.status is HopStatus.CLOSED:
        confirm(case, child, Because(cause_id=event.id))
    else:
        handover.withdraw(case, child, f"{parent.status.value} upstream", Because(cause_id=event.id))


def answered(case: Case, child: Hop, cause: Event) -> None:
    """The consumer side answered a pending hop: the ball is back, and the hop works again."""
    event = case.record("pending.answered", child, Because(cause_id=cause.id))
    case.put(child, asked=False)
    moved = _follow(case, case.hops[child.id], HopStatus.IN_PROGRESS, None, event)
    queueing.arrived_unsaid(case, child, event, cause, *([moved] if moved else []))


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
    words = people.without_names(case, working, parent, reason) if parent else reason
    queueing.note(case, working, kind, event, who=who, reason=words)
    queueing.set_status(case, working, HopStatus.IN_PROGRESS, event)
    dispatching.back_at_work(case, hop.id, Because(cause_id=event.id))
    if parent is not None:
        stop_verifying(case, parent, event)


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
