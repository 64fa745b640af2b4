"""A ticket that is not at its desk what it was: merged into another, deleted, its number given to another. Told on both sides,
followed where nobody else's words can come along, else held until a person says which ticket it is now, or none."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from gateway.domain import handover, progress, queueing
from gateway.domain.case import ANOTHER, MERGED, OPEN, Because, Case, shows_another
from gateway.domain.model import (
    ContentKind,
    Copy,
    DeliveryState,
    Event,
    Field,
    Hop,
    HopStatus,
    Snapshot,
    Source,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import text_hash

GONE = "gone"
"""Stands among a hop's unmapped fields when its desk has no such ticket any more."""
UNLINKED = "unlinked"
"""Stands there when a person has let go of the ticket: whatever its desk shows is none of our business."""
MARKS = (MERGED, GONE, UNLINKED)
FORMER = "former:"
"""Begins the remote id of a copy at a ticket that the hop has left."""
REUSED_AFTER = timedelta(hours=1)
"""A ticket that was made so long after we last saw ours is another one: desks' clocks are wrong by less."""
_SURELY_AFTER = timedelta(minutes=10)
"""The same where the desk has told before that ours is gone, or where it no longer bears our mark."""


def trusted(hop: Hop) -> frozenset[str]:
    """The hop's unmapped fields without what says that its desk showed another ticket, or none."""
    marks = (MERGED, GONE)
    return frozenset(
        name for name in hop.unmapped if name not in marks and not name.startswith(f"{ANOTHER} ")
    )


def is_doubted(hop: Hop) -> bool:
    """Whether it is not known which ticket of its desk the hop is."""
    return not hop.unmapped.isdisjoint(MARKS) or shows_another(hop)


def doubts(unmapped: Collection[str]) -> list[str]:
    """In words, why it is not known which ticket of its desk a hop with these unmapped fields is."""
    told = {
        UNLINKED: "somebody has let go of its ticket",
        GONE: "its desk has no such ticket any more",
        MERGED: "its desk shows another ticket in its place",
    }
    return [words for mark, words in told.items() if mark in unmapped]


def merged(case: Case, hop: Hop, snapshot: Snapshot) -> None:
    """The desk keeps answering with another ticket: ours was merged into it. Held; both sides are told."""
    case.disagree("merged", hop, asked=hop.remote_id, answered=snapshot.remote_id)
    hop = case.put(hop, unmapped=trusted(hop) | {MERGED}, refetch_at=None)
    event = case.record("desk.merged", hop, _SEEN, {"into": snapshot.remote_id})
    _tell_neighbours(case, hop, "merged_next", event)


_SEEN = Because(source=Source.DIFFERENCE)


def deleted(case: Case, hop: Hop) -> None:
    """Two looks agree that the desk has no such ticket. Held; both sides are told."""
    if GONE in hop.unmapped:
        return
    case.disagree("deleted", hop, remote_id=hop.remote_id)
    merged_before = hop.unmapped & {MERGED}
    # What it showed in its place is not looked at again: a survivor may be deleted, too.
    hop = case.put(hop, unmapped=trusted(hop) | merged_before | {GONE}, refetch_at=None)
    event = case.record("desk.deleted", hop, Because(), {"remote_id": hop.remote_id})
    _tell_neighbours(case, hop, "deleted_next", event)


def is_another_of_that_number(hop: Hop, snapshot: Snapshot) -> bool:
    """Whether the desk gave the number of ours to a new ticket: it was made after we last saw ours."""
    if snapshot.created_at is None or hop.looked_at is None:
        return False
    marked = hop.shadow.get(Field.MARKER) or ""
    shown = snapshot.fields.get(Field.MARKER) if marked else None
    if marked and shown == marked:
        return False  # it bears our mark: the desk's clock is wrong, by hours even
    lost = bool(marked) and Field.MARKER in snapshot.fields
    margin = _SURELY_AFTER if lost or GONE in hop.unmapped else REUSED_AFTER
    return snapshot.created_at > hop.looked_at + margin


def reused(case: Case, hop: Hop) -> None:
    """A new ticket has the number of ours, which is gone: never compared, never written to. Both sides are told once."""
    if MERGED in hop.unmapped:
        return
    case.disagree("number_reused", hop, remote_id=hop.remote_id)
    told = GONE in hop.unmapped
    hop = case.put(hop, unmapped=trusted(hop) | {MERGED, GONE}, refetch_at=None)
    if not told:
        event = case.record("desk.deleted", hop, _SEEN, {"remote_id": hop.remote_id})
        _tell_neighbours(case, hop, "deleted_next", event)


def _tell_neighbours(case: Case, hop: Hop, kind: str, event: Event, **facts: str) -> None:
    """An internal note at each open desk next to this one."""
    if hop.status not in OPEN:
        return
    parent = case.parent(hop)
    for other in [*([parent] if parent is not None else []), *case.children(hop)]:
        if other.status in OPEN and other.remote_id is not None:
            queueing.note(case, other, kind, event, who=queueing.neighbour(case, hop, other), **facts)


# -- followed, or let go ---------------------------------------------------------------------------------------------------


def follow(
    case: Case, hop: Hop, snapshot: Snapshot, because: Because, *, copies: Collection[Copy] = ()
) -> Hop:
    """From now on the hop is that ticket of its desk. What was said there before stays there: it is known, and goes nowhere;
    its status counts as news of now. `copies`: what is known of the hop's words and files."""
    before, was = hop.shadow.get(Field.STATUS), hop.number or hop.remote_id or ""
    data = {"from": hop.remote_id, "to": snapshot.remote_id}
    event = case.record("desk.relinked", hop, because, data)
    shown = {str(name): value for name, value in snapshot.fields.items()}
    hop = case.know(
        hop,
        shown | ({Field.STATUS.value: before} if before is not None else {}),
        unmapped=trusted(hop) - {UNLINKED},
        remote_id=snapshot.remote_id,
        number=snapshot.number or snapshot.remote_id,
        url=snapshot.url,
        position=snapshot.position,
        last_entry=snapshot.history[-1].id if snapshot.history else None,
        revision=None,
        looked_at=case.now,
        fetched_at=None,
        refetch_at=case.now + case.desk(hop).refetch_every,
    )
    _know_words(case, hop, snapshot, copies)
    case.want_look(hop, "relinked")
    _tell_neighbours(case, hop, "relinked_next", event)
    if hop.status in OPEN:
        queueing.note(case, hop, "relinked_here", event, was=was)
    return hop


def _know_words(case: Case, hop: Hop, snapshot: Snapshot, copies: Collection[Copy]) -> None:
    """Comments and files of the other ticket are known without content; those of the old one that did not come along are
    no longer looked for."""
    shown = {(ContentKind.COMMENT, one.remote_id): one for one in snapshot.comments}
    files = {(ContentKind.ATTACHMENT, one.remote_id): one for one in snapshot.attachments}
    for copy in copies:
        if copy.kind in (ContentKind.COMMENT, ContentKind.ATTACHMENT):
            known = (copy.kind, copy.remote_id)
            if shown.pop(known, None) is None and files.pop(known, None) is None:
                left = replace(copy, remote_id=f"{FORMER}{copy.id}", removed=True)
                case.changed_copies[copy.id] = left
    for key, comment in shown.items():
        case.copies.append(_copy(case, hop, key, comment.text, comment.visibility))
    for key, file in files.items():
        case.copies.append(_copy(case, hop, key, "", file.visibility))


def _copy(case: Case, hop: Hop, key: tuple[ContentKind, str], text: str, visibility: Visibility) -> Copy:
    return Copy(
        id=case.new_id("cpy"),
        org_id=hop.org_id,
        ticket_id=hop.ticket_id,
        hop_id=hop.id,
        content_id="",
        kind=key[0],
        remote_id=key[1],
        native_hash=text_hash(text),
        visibility=visibility,
        ours=False,
    )


def let_go(case: Case, hop: Hop, reason: str, because: Because) -> None:
    """The hop has no ticket at its desk any more: an assignment goes back up, a customer's own ticket is cancelled. Its desk
    is not written to; a number that its desk may give to another ticket is set free."""
    words = queueing.reason_text(case, hop, reason, because)
    event = case.record("desk.unlinked", hop, because, {"remote_id": hop.remote_id})
    since = replace(because, source=Source.GATEWAY, cause_id=event.id)
    if hop.status in OPEN and hop.parent_id is None:
        progress.move(case, hop, HopStatus.CANCELLED, None, since)
    elif hop.status in OPEN:
        verdict = HopStatus.DECLINED if hop.status is HopStatus.OFFERED else HopStatus.RETURNED
        handover.refuse(case, hop, verdict, words, since)
    _empty_lane(case, hop)
    hop = case.hops[hop.id]
    is_gone = not hop.unmapped.isdisjoint((GONE, MERGED))
    case.put(
        hop,
        unmapped=trusted(hop) | {UNLINKED},
        refetch_at=None,
        remote_id=None if is_gone else hop.remote_id,
    )


_UNSENT = (DeliveryState.PENDING, DeliveryState.PARKED)


def _empty_lane(case: Case, hop: Hop) -> None:
    """What waits for that ticket is not for anybody any more."""
    lane = [case.changed_deliveries.get(one.id, one) for one in case.lane(hop.id)]
    for one in lane:
        if one.state in _UNSENT:
            case.changed_deliveries[one.id] = replace(one, state=DeliveryState.CANCELLED, outcome="unlinked")
    mine: Sequence[int] = [place for place, one in enumerate(case.deliveries) if one.hop_id == hop.id]
    for place in mine:
        case.deliveries[place] = replace(
            case.deliveries[place], state=DeliveryState.CANCELLED, outcome="unlinked"
        )
