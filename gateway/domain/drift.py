"""Drift of a ticket: what its desk shows, what we think it shows, and what the chain says should stand there; each difference
with its cause and what is to be done about it. Judges only; the repair goes the ways of every other change (`healing`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from gateway.domain import mapping, relinking, sighting
from gateway.domain.acts import at_root
from gateway.domain.case import OPEN, Case
from gateway.domain.delivery import FINAL
from gateway.domain.model import (
    ActorKind,
    ContentKind,
    Copy,
    Delivery,
    DeliveryState,
    Field,
    Hop,
    HopStatus,
    Snapshot,
)
from gateway.domain.sighting import Known

FRESH = timedelta(minutes=2)
"""What changed so shortly ago may still be on its way to us by hook or poll: not drift."""
TEXTS = frozenset({Field.TITLE.value, Field.DESCRIPTION.value})
"""Fields that are content: written again by their content, never by value."""
QUOTED = frozenset({*mapping.CARRIED, Field.STATUS.value, Field.QUEUE.value, Field.CATEGORY.value})
"""Fields whose values a report quotes; of all others, which people may have written or be, only that they differ."""


class Cause(StrEnum):
    """Why a desk and we differ."""

    MISSED = "missed_hook"
    """The desk's history (or list) tells of the change, and we never heard of it."""
    UNTOLD = "changed_behind_our_back"
    """Nothing tells who changed it, or when."""
    LOST = "write_lost"
    """We wrote it, the desk confirmed it, and it does not stand there."""
    UNMAPPED = "unmapped"
    """The profile has no meaning for the desk's word."""
    NOT_OURS = "not_ours"
    """The desk does not let us write it, or it belongs to its people."""
    PARKED = "parked"
    """What would set it right waits for a person."""
    GONE = "gone"
    """The desk has no such ticket."""
    ANOTHER = "another_ticket"
    """The desk answers with another ticket."""


class Repair(StrEnum):
    """What is done about it: taken over as a sighting, written again, held for a person, or let be."""

    ADOPT = "adopt"
    REWRITE = "rewrite"
    HOLD = "hold"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One difference at one hop. `what`: a field's name, `comment`, `attachment` or `ticket`; `object_id`: the desk's id of a
    comment or file. The values are native; texts of people are left out."""

    hop_id: str
    what: str
    cause: Cause
    repair: Repair
    shows: str | None = None
    known: str | None = None
    wanted: str | None = None
    object_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`snapshot`: just fetched. `known`: our copies and what is in doubt. `writes`: per field, the newest delivery of ours that
    carried it to this hop. `ahead`: how far the desk's clock is from ours."""

    snapshot: Snapshot
    known: Known
    writes: Mapping[str, Delivery] = field(default_factory=dict)
    ahead: timedelta = timedelta()


def compare(case: Case, hop: Hop, evidence: Evidence) -> list[Drift]:
    """Every difference between the desk, our shadow and the chain at one hop."""
    snapshot = evidence.snapshot
    if relinking.UNLINKED in hop.unmapped:
        return []
    if snapshot.remote_id != hop.remote_id or relinking.is_another_of_that_number(hop, snapshot):
        return [Drift(hop_id=hop.id, what="ticket", cause=Cause.ANOTHER, repair=Repair.HOLD)]
    found = [one for name in snapshot.fields for one in _of_field(case, hop, str(name), evidence)]
    found += _of_words(case, hop, evidence)
    found += _of_removed(hop, evidence)
    return found


def gone(hop: Hop) -> Drift:
    """The desk has no such ticket."""
    return Drift(hop_id=hop.id, what="ticket", cause=Cause.GONE, repair=Repair.HOLD)


def went_back(hop: Hop, snapshot: Snapshot) -> bool:
    """Whether the desk shows an older state of the ticket than it did before: it was restored from a backup."""
    shown, known = snapshot.revision or "", hop.revision or ""
    return shown.isdecimal() and known.isdecimal() and int(shown) < int(known)


def _of_field(case: Case, hop: Hop, name: str, evidence: Evidence) -> Iterator[Drift]:
    """A field is drift when the desk shows another value than we think, or both show another than the chain says."""
    shows, known = evidence.snapshot.fields[name], hop.shadow.get(name)
    if name == Field.MARKER or name not in hop.shadow or name in evidence.known.masked_fields:
        return
    wanted = _wanted(case, hop, name)
    if shows != known:
        found = _moved(case, hop, name, evidence)
    elif name in evidence.writes and evidence.writes[name].state not in FINAL:
        found = _waits(case, hop, name)
    else:
        found = _stood(case, hop, name, wanted, evidence)
    if found is None:
        return
    cause, repair = found
    quoted = (shows, known, wanted) if name in QUOTED else (None, None, None)
    yield Drift(
        hop_id=hop.id,
        what=name,
        cause=cause,
        repair=repair,
        shows=quoted[0],
        known=quoted[1],
        wanted=quoted[2],
    )


def _moved(case: Case, hop: Hop, name: str, evidence: Evidence) -> tuple[Cause, Repair] | None:
    """The desk shows another value than the one we knew."""
    snapshot = evidence.snapshot
    entries = [entry for entry in sighting.new_entries(hop, snapshot) if entry.field == name]
    if entries and entries[-1].actor.kind is ActorKind.GATEWAY:
        return None  # the trace of a write of ours that is being settled
    at = entries[-1].at if entries else snapshot.changed_at
    if not entries and _is_lost(hop, name, evidence):
        return (Cause.LOST, Repair.REWRITE) if _may_write(case, hop, name, evidence) else _LET_BE
    if at is not None and at > case.now + evidence.ahead - FRESH:
        return None
    if not _has_meaning(case, hop, name, snapshot.fields[name]):
        return Cause.UNMAPPED, Repair.HOLD
    return (Cause.MISSED if entries else Cause.UNTOLD), Repair.ADOPT


_LET_BE = (Cause.NOT_OURS, Repair.LEAVE)


def _may_write(case: Case, hop: Hop, name: str, evidence: Evidence) -> bool:
    newest = evidence.writes.get(name)
    if name in TEXTS and (newest is None or name not in newest.payload.get("texts", {})):
        return False
    return name in case.desk(hop).capabilities.writable


def _is_lost(hop: Hop, name: str, evidence: Evidence) -> bool:
    """Whether a change that nothing explains is a write of ours that the desk has no longer: the desk went back in time, or
    it says of itself that nothing there has changed since before our newest write of this field."""
    if went_back(hop, evidence.snapshot):
        return True
    newest, changed_at = evidence.writes.get(name), evidence.snapshot.changed_at
    if newest is None or newest.first_sent_at is None or changed_at is None:
        return False
    wrote = newest.state is DeliveryState.DONE and _value(newest, name) == hop.shadow.get(name)
    return wrote and changed_at - evidence.ahead + LITTLE < newest.first_sent_at


LITTLE = timedelta(seconds=2)
"""How finely a desk's time of last change and ours may differ when both mean the same moment."""


def _value(delivery: Delivery, name: str) -> str | None:
    value: str | None = delivery.payload.get("fields", {}).get(name)
    return value


def _has_meaning(case: Case, hop: Hop, name: str, native: str | None) -> bool:
    desk = case.desk(hop)
    if name == Field.STATUS:
        return mapping.status_of(desk, native or "") is not None
    if name != Field.PRIORITY or not native:
        return True
    try:
        return bool(mapping.canonical(desk, frozenset(), name, native))
    except mapping.UnknownWord:
        return False


def _waits(case: Case, hop: Hop, name: str) -> tuple[Cause, Repair] | None:
    """A value is on its way; only one that a person must let go is told."""
    lane = [one for one in case.lane(hop.id) if name in one.payload.get("fields", {})]
    parked = any(one.state is DeliveryState.PARKED for one in lane)
    return (Cause.PARKED, Repair.HOLD) if parked else None


def _stood(
    case: Case, hop: Hop, name: str, wanted: str | None, evidence: Evidence
) -> tuple[Cause, Repair] | None:
    """The desk shows what we thought; the chain may say something else."""
    if name in hop.unmapped:
        return Cause.UNMAPPED, Repair.HOLD
    if wanted is None or _fits(case, hop, name, evidence.snapshot.fields[name]):
        return None
    newest = evidence.writes.get(name)
    if newest is not None and newest.state is DeliveryState.DONE and _value(newest, name) == wanted:
        return Cause.LOST, Repair.REWRITE
    return None  # never written there: a rule that changed since, which holds for what happens from now on


def _wanted(case: Case, hop: Hop, name: str) -> str | None:
    """The native value that the chain's canonical one has at this desk; None where there is none, or no word for it."""
    if name == Field.STATUS:
        return mapping.native_status(case.desk(hop), hop.status)
    value = hop.facts.get(name)
    if name not in mapping.CARRIED or value is None or hop.status not in OPEN:
        return None
    return mapping.native(case.desk(hop), name, value)


def _fits(case: Case, hop: Hop, name: str, native: str | None) -> bool:
    """Whether a desk's word says what the chain says (rule 5: a lossy map is no difference)."""
    if native == _wanted(case, hop, name):
        return True
    if name != Field.STATUS:
        return False
    row = mapping.status_of(case.desk(hop), native or "")
    if row is None or (native or "") == case.desk(hop).profile.to_verify:
        return True
    shown = at_root(row.status) if hop.parent_id is None else row.status
    return shown is hop.status or (hop.status, shown) in _ALIKE or hop.status not in OPEN


_ALIKE = frozenset(
    {
        (HopStatus.OFFERED, HopStatus.ACKNOWLEDGED),
        (HopStatus.ACCEPTED, HopStatus.OFFERED),
        (HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED),
        (HopStatus.ACCEPTED, HopStatus.IN_PROGRESS),
        (HopStatus.RESOLVED, HopStatus.CLOSED),
    }
)
"""(the hop's status, what its desk shows): the same thing in two words."""


# -- words and files -------------------------------------------------------------------------------------------------------


def _of_words(case: Case, hop: Hop, evidence: Evidence) -> Iterator[Drift]:
    """Comments and files that somebody wrote or changed without our hearing of it."""
    seen = sighting.compare(hop, evidence.snapshot, case.desk(hop), evidence.known, {})
    still_new = case.now + evidence.ahead - FRESH
    for change in seen.changes:
        match change:
            case sighting.CommentSeen(comment=comment) | sighting.CommentEdited(comment=comment):
                what, object_id, at = "comment", comment.remote_id, comment.edited_at or comment.at
            case sighting.AttachmentSeen(attachment=attachment):
                what, object_id, at = "attachment", attachment.remote_id, attachment.at
            case _:
                continue
        if at is None or at <= still_new:
            yield _word(hop, what, object_id, Cause.MISSED, Repair.ADOPT)


def _of_removed(hop: Hop, evidence: Evidence) -> Iterator[Drift]:
    """Comments and files that a whole list no longer shows: taken away by somebody, or lost when the desk went back."""
    restored = went_back(hop, evidence.snapshot)
    for copy in absent(evidence):
        if restored:
            ours = (Cause.LOST, Repair.REWRITE) if copy.ours else (Cause.NOT_OURS, Repair.LEAVE)
            yield _word(hop, copy.kind.value, copy.remote_id, *ours)
        elif copy.kind is ContentKind.COMMENT:
            yield _word(hop, copy.kind.value, copy.remote_id, Cause.UNTOLD, Repair.ADOPT)


def _word(hop: Hop, what: str, object_id: str, cause: Cause, repair: Repair) -> Drift:
    return Drift(hop_id=hop.id, what=what, cause=cause, repair=repair, object_id=object_id)


def absent(evidence: Evidence) -> Sequence[Copy]:
    """The copies that a whole list does not show."""
    snapshot = evidence.snapshot
    if not snapshot.complete:
        return ()
    shown = {(ContentKind.COMMENT, one.remote_id) for one in snapshot.comments}
    shown |= {(ContentKind.ATTACHMENT, one.remote_id) for one in snapshot.attachments}
    kinds = (ContentKind.COMMENT, ContentKind.ATTACHMENT)
    return [
        copy
        for key, copy in evidence.known.copies.items()
        if key not in shown and copy.kind in kinds and not copy.removed
    ]
