"""What a settled delivery means for the case: the hop's shadow, the copy at the desk, the news for the ledger, and what
to say when something could not be carried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain import handover, judge, queueing, retraction
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import (
    Command,
    CommandKind,
    ContentKind,
    Copy,
    Delivery,
    Desk,
    Event,
    Hop,
    Receipt,
    Snapshot,
    Visibility,
)
from gateway.domain.sighting import Known, text_hash

_COPY_KIND = {CommandKind.COMMENT: ContentKind.COMMENT, CommandKind.ATTACH: ContentKind.ATTACHMENT}


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has its effect. `written` and `text`: its fields and its comment as the desk will show them;
    `fresh`: nothing else changed the shadow since the write was claimed, so a read-back may be compared with it;
    `begun_at`: when the exchange began, before any read-back of it."""

    command: Command
    receipt: Receipt
    known: Known
    written: Mapping[str, str | None]
    fresh: bool
    text: str = ""
    begun_at: datetime | None = None


def applied(case: Case, delivery: Delivery, done: Done) -> None:
    """The desk has it."""
    hop, receipt = case.hops[delivery.hop_id], done.receipt
    if delivery.kind is CommandKind.CREATE:
        hop = _created(case, hop, receipt)
    hop, known = _remember(case, hop, done), done.known
    if delivery.kind in _COPY_KIND and receipt.object_id:
        copy = _copy(case, delivery, done, receipt.object_id)
        case.copies.append(copy)
        # The read-back shows it: with an equal text before it, it would pass for a late copy of that one.
        known = replace(known, copies={**known.copies, (copy.kind, copy.remote_id): copy})
    if delivery.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        known = _rewritten(case, delivery, done)
    if (not delivery.note or queueing.is_news(delivery)) and delivery.kind is not CommandKind.CREATE:
        cause = Because(cause_id=delivery.event_id, reported_at=receipt.at)
        data = {"delivery": delivery.id, "kind": delivery.kind.value}
        event = case.record("news.delivered", hop, cause, data)
        _if_too_late(case, hop, delivery, event)
    retraction.forget(case, delivery)
    if receipt.snapshot is not None and done.fresh:
        judge.observe(
            case,
            hop.id,
            judge.Sight(
                snapshot=receipt.snapshot,
                known=known,
                looked_at=case.now,
                fetched_at=done.begun_at,
                written=done.written,
            ),
        )
    else:
        case.want_look(hop, "written")


def _if_too_late(case: Case, hop: Hop, delivery: Delivery, event: Event) -> None:
    """It turned private while it was on the wire, or in doubt."""
    if delivery.note or delivery.kind not in _COPY_KIND or delivery.visibility is not Visibility.PUBLIC:
        return
    content = next((one for one in case.all_contents() if one.id == delivery.content_id), None)
    if content is not None and content.visibility is Visibility.PRIVATE:
        retraction.too_late(case, hop, content, event)


def _rewritten(case: Case, delivery: Delivery, done: Done) -> Known:
    """Our comment has another text now, or is gone: known so from here on, so that it is no sighting."""
    place, known = (ContentKind.COMMENT, done.command.object_id or ""), done.known
    here = [copy for copy in case.our_copies(delivery.hop_id) if copy.remote_id == place[1]]
    for copy in (one for one in here if one.kind is ContentKind.COMMENT):
        removed = delivery.kind is CommandKind.REMOVE
        digest = copy.native_hash if removed else text_hash(done.text)
        after = replace(copy, native_hash=digest, removed=removed, missing=False)
        case.changed_copies[copy.id] = after
        known = replace(known, copies={**known.copies, place: after})
    return known


def _created(case: Case, hop: Hop, receipt: Receipt) -> Hop:
    desk = case.desk(hop)
    hop = case.put(
        hop,
        remote_id=receipt.remote_id,
        number=receipt.number or receipt.remote_id,
        url=receipt.url,
        refetch_at=case.now + desk.refetch_every,
    )
    handover.received(case, hop, Because(reported_at=receipt.at))
    return hop


def _remember(case: Case, hop: Hop, done: Done) -> Hop:
    """Our written values enter the shadow; after a newer look of a desk with history the shadow knows better."""
    if done.written and (done.fresh or not case.desk(hop).capabilities.history):
        hop = case.know(hop, {**hop.shadow, **done.written})
    return case.put(hop, wrote_at=case.now) if _may_have_effects(case.desk(hop), done.command) else hop


def _may_have_effects(desk: Desk, command: Command) -> bool:
    """Whether the desk may move something by itself after this write. Where no history names who did it, only what the
    connector declares for this kind of write: anything else that changes then was a person."""
    return desk.capabilities.history or any(effect.after == command.kind for effect in desk.side_effects)


def _copy(case: Case, delivery: Delivery, done: Done, object_id: str) -> Copy:
    file = done.command.attachment
    return Copy(
        id=case.new_id("cpy"),
        org_id=delivery.org_id,
        ticket_id=delivery.ticket_id,
        hop_id=delivery.hop_id,
        content_id=delivery.content_id or "",
        kind=_COPY_KIND[delivery.kind],
        remote_id=object_id,
        native_hash=file.blob.sha256 if file else text_hash(done.text),
        visibility=delivery.visibility or Visibility.PRIVATE,
        ours=True,
    )


def duplicates(case: Case, delivery: Delivery, others: Sequence[Receipt]) -> None:
    """Further copies of what one delivery wrote: the older is kept, the newer are flagged and told once (D4)."""
    hop = case.hops[delivery.hop_id]
    for other in others:
        case.disagree("late_duplicate", hop, remote_id=other.remote_id, object=other.object_id)


def made_late(case: Case, delivery: Delivery, remote_id: str) -> None:
    """A ticket of ours that nobody expected any more: remembered, so that it is never taken for a new one. Either there
    is another, which is kept, or the assignment was taken back meanwhile, and it is told so."""
    hop, because = case.hops[delivery.hop_id], Because(cause_id=delivery.event_id)
    if hop.remote_id is None:
        event = case.record("desk.late", hop, because, {"remote_id": remote_id})
        late = case.put(hop, remote_id=remote_id, number=remote_id)
        parent = case.parent(late)
        who = queueing.neighbour(case, parent, late) if parent else ""
        handover.take_back(case, late, "withdrawn", event, who=who, reason="")
        return
    case.copies.append(_second_ticket(case, delivery, remote_id))
    case.disagree("late_duplicate", hop, remote_id=remote_id)
    event = case.record("desk.duplicated", hop, because, {"remote_id": remote_id})
    queueing.note(case, hop, "duplicate", event, number=remote_id)


SPLIT_AFTER = timedelta(hours=1)
"""A ticket with our mark that was made so long after we sent ours is no late write: somebody copied or split ours."""


def is_split(delivery: Delivery, snapshot: Snapshot) -> bool:
    """Whether a person made this other ticket with our mark out of ours."""
    sent, made = delivery.first_sent_at, snapshot.created_at
    return sent is not None and made is not None and made > sent + SPLIT_AFTER


def split_off(case: Case, delivery: Delivery, snapshot: Snapshot) -> None:
    """Somebody split or copied our ticket at its desk: told there, remembered, and linked to nothing by itself."""
    hop = case.hops[delivery.hop_id]
    case.copies.append(_second_ticket(case, delivery, snapshot.remote_id))
    case.disagree("split", hop, remote_id=snapshot.remote_id)
    event = case.record("desk.split", hop, Because(), {"remote_id": snapshot.remote_id})
    if hop.status in OPEN and hop.remote_id is not None:
        queueing.note(case, hop, "split_off", event, number=snapshot.number or snapshot.remote_id)


def _second_ticket(case: Case, delivery: Delivery, remote_id: str) -> Copy:
    """How a flagged duplicate is remembered."""
    return Copy(
        id=case.new_id("cpy"),
        org_id=delivery.org_id,
        ticket_id=delivery.ticket_id,
        hop_id=delivery.hop_id,
        content_id="",
        kind=ContentKind.DESCRIPTION,
        remote_id=remote_id,
        native_hash="",
        visibility=Visibility.PRIVATE,
        ours=True,
    )


def parked(case: Case, delivery: Delivery) -> None:
    """It will not go without a person: recorded, told to the other side, and for words or files noted on the spot."""
    hop = case.hops[delivery.hop_id]
    because = Because(cause_id=delivery.event_id)
    retraction.forget(case, delivery)
    event = case.record(
        "delivery.parked", hop, because, {"delivery": delivery.id, "kind": delivery.kind.value}
    )
    if delivery.kind is CommandKind.UPDATE:
        case.want_look(
            hop, "what it hid may be seen"
        )  # while it was on its way, what changed in its fields was not judged
    if delivery.note:
        return
    other = _other_side(case, delivery, hop)
    if other is not None and other.status in OPEN and other.remote_id is not None:
        who = case.directory.organization_name(case.towards(other, hop).org_id)
        queueing.note(case, other, "not_carried", event, who=who, why=_why(delivery, hop, other))
    if delivery.kind is CommandKind.REMOVE:
        _ask_instead(case, hop, delivery, event)
    if delivery.kind in _COPY_KIND and hop.status in OPEN:
        queueing.note(case, hop, "left_out", event, what=delivery.kind.value, why=delivery.error)


def _ask_instead(case: Case, hop: Hop, delivery: Delivery, event: Event) -> None:
    """The desk did not let us take our copy away: its people are asked to."""
    content = next((one for one in case.all_contents() if one.id == delivery.content_id), None)
    if content is not None:
        retraction.ask(case, hop, content, event, "taken_back")


def _why(delivery: Delivery, hop: Hop, told: Hop) -> str:
    """The desk's own words, to its neighbour: further away they would tell of a party that is not known there."""
    return delivery.error if told.id == hop.parent_id or hop.id == told.parent_id else ""


def let_go(case: Case, delivery: Delivery) -> None:
    """It was withheld because it is not for that desk any more: recorded, and nobody there is told that it was."""
    retraction.forget(case, delivery)
    data = {"delivery": delivery.id, "kind": delivery.kind.value, "content": delivery.content_id}
    case.record("delivery.withheld", case.hops[delivery.hop_id], Because(cause_id=delivery.event_id), data)


def _other_side(case: Case, delivery: Delivery, hop: Hop) -> Hop | None:
    """Whose people should know: the hop the content came from, else the upstream."""
    content = next((known for known in case.all_contents() if known.id == delivery.content_id), None)
    if content is not None and content.origin_hop_id != hop.id:
        return case.hops[content.origin_hop_id]
    return case.parent(hop)
