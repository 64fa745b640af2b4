"""What a desk shows against our shadow (the ten rules of the shadow): pure, in the desk's own words.

A webhook is a hint, the desk is the truth. The difference between a snapshot and the last state we know becomes a list
of changes, each with its own time and actor where the desk keeps a history, else with what can honestly be said.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain.model import (
    Actor,
    ActorKind,
    ContentKind,
    Copy,
    Desk,
    Field,
    HistoryEntry,
    Hop,
    NativeAttachment,
    NativeComment,
    NativeWork,
    Snapshot,
    Source,
)
from gateway.domain.model.change import replace

FOLLOWS_WITHIN = timedelta(seconds=5)
"""How soon after our own write an automatic change counts as its consequence."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field that changed. `follows`: the desk did it by itself because of a write of ours (never an act)."""

    field: str
    old: str | None
    new: str | None
    at: datetime | None
    actor: Actor
    source: Source
    follows: bool = False
    ours: bool = False
    """What the desk made of a value that we just wrote: nobody there contradicted it."""
    told: bool = False
    """The desk's history tells only now what its fields have shown before: some write the one before the other."""


@dataclass(frozen=True, kw_only=True)
class CommentSeen:
    """A comment we did not know; `late_copy_of` names our own comment that a late write doubled."""

    comment: NativeComment
    late_copy_of: Copy | None = None


@dataclass(frozen=True, kw_only=True)
class CommentEdited:
    """A known comment whose text or visibility changed."""

    copy: Copy
    comment: NativeComment


@dataclass(frozen=True, kw_only=True)
class CommentRemoved:
    """A known comment that a complete list no longer shows."""

    copy: Copy


@dataclass(frozen=True, kw_only=True)
class CommentBack:
    """A comment that was missing from the list before this one."""

    copy: Copy


@dataclass(frozen=True, kw_only=True)
class AttachmentSeen:
    """A file we did not know."""

    attachment: NativeAttachment


@dataclass(frozen=True, kw_only=True)
class WorkSeen:
    """Time that somebody logged there and that we did not know."""

    work: NativeWork


Change = FieldChange | CommentSeen | CommentEdited | CommentRemoved | CommentBack | AttachmentSeen | WorkSeen


@dataclass(frozen=True, kw_only=True)
class Known:
    """What we know of a hop's comments and files: copies by (kind, remote id), our own by hash, and what of ours is
    under way without a verdict (rule 3)."""

    copies: Mapping[tuple[ContentKind, str], Copy] = field(default_factory=dict)
    ours_by_hash: Mapping[str, Copy] = field(default_factory=dict)
    masked_fields: frozenset[str] = frozenset()
    masked_hashes: frozenset[str] = frozenset()
    masked_files: frozenset[str] = frozenset()
    masked_contents: frozenset[str] = frozenset()
    """Contents whose copy we are taking away."""

    @property
    def is_masked(self) -> bool:
        """Whether something is left out of the difference, so that a look does not prove that nothing else changed."""
        return bool(self.masked_fields or self.masked_hashes or self.masked_files or self.masked_contents)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The changes in the order they happened, the new shadow, and the fields whose change no history explains."""

    changes: tuple[Change, ...]
    shadow: Mapping[str, str | None]
    unexplained: tuple[str, ...] = ()


def text_hash(text: str) -> str:
    """Identity of a text across desks: white space and case of line ends do not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def compare(
    hop: Hop, snapshot: Snapshot, desk: Desk, known: Known, written: Mapping[str, str | None]
) -> Seen:
    """The difference between what the desk shows and what we knew.

    `written` holds the fields a settled write of ours set, as the desk was to show them (rule 4). Absent fields are
    unknown, never cleared (rule 7). Returns changes oldest first.
    """
    changes: list[Change] = [
        *_comments(snapshot, known),
        *_attachments(snapshot, known),
        *_work(snapshot, known),
    ]
    shadow = dict(hop.shadow)
    if snapshot.has_history:
        changes += _from_history(hop, snapshot, shadow)
    behind = _behind(hop, snapshot, shadow)
    residue = _residue(hop, snapshot, shadow, known, written)
    residue = {name: old for name, old in residue.items() if name not in behind}
    unexplained = tuple(residue) if snapshot.has_history else ()
    made = _from_difference(hop, snapshot, desk, residue, alone=len(residue) == 1 and not changes)
    changes += [replace(change, ours=change.field in written) for change in made]
    kept_back = behind if snapshot.has_history else known.masked_fields - written.keys()
    shadow |= {name: value for name, value in snapshot.fields.items() if name not in kept_back}
    return Seen(changes=_in_order(changes), shadow=shadow, unexplained=unexplained)


def _in_order(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Oldest first; at the same moment what was said stands before what was done; no time means last. What comes from
    one list stays in its order, for a desk's clock may step back. `changes` names comments before files: a file comes
    after the comment it belongs to, for a form takes it up before its words are saved."""
    latest: dict[type, float] = {}
    said: dict[str | None, float] = {}
    keyed: list[tuple[tuple[float, int], Change]] = []
    for change in changes:
        moment, rank = _when(change)
        if isinstance(change, AttachmentSeen):
            moment = max(moment, said.get(change.attachment.comment_id, moment))
        if moment != NO_TIME:
            moment = latest[type(change)] = max(moment, latest.get(type(change), 0.0))
        if isinstance(change, CommentSeen):
            said[change.comment.remote_id] = moment
        keyed.append(((moment, rank), change))
    return tuple(change for _, change in sorted(keyed, key=lambda pair: pair[0]))


NO_TIME = float("inf")


def _when(change: Change) -> tuple[float, int]:
    match change:
        case FieldChange(at=None, source=Source.DIFFERENCE):
            return (NO_TIME, 1)
        case FieldChange(at=at):
            return (at.timestamp() if at else 0.0, 1)
        case CommentSeen(comment=comment):
            return (comment.at.timestamp() if comment.at else 0.0, 0)
        case AttachmentSeen(attachment=attachment):
            return (attachment.at.timestamp() if attachment.at else 0.0, 0)
        case WorkSeen():
            return (NO_TIME, 1)  # after what accepts the ticket, whenever it was done
        case _:
            return (0.0, 0)


def _from_history(hop: Hop, snapshot: Snapshot, shadow: dict[str, str | None]) -> list[Change]:
    """Rule 9: each entry with its own time and actor, less our own; `shadow` is folded along."""
    changes: list[Change] = []
    met: set[str] = set()
    for entry in new_entries(hop, snapshot):
        name = str(entry.field)  # a connector may name it by an enum; it becomes part of documents
        told = name not in met and entry.new == hop.shadow.get(name, entry.old)
        met.add(name)
        shadow[name] = entry.new
        if entry.actor.kind is not ActorKind.GATEWAY and entry.old != entry.new:
            changes.append(
                FieldChange(
                    field=name,
                    old=entry.old,
                    new=entry.new,
                    at=entry.at,
                    actor=entry.actor,
                    source=Source.HISTORY,
                    follows=_follows_ours(hop, snapshot, entry.at, entry.actor),
                    told=told,
                )
            )
    return changes


def _behind(hop: Hop, snapshot: Snapshot, folded: Mapping[str, str | None]) -> frozenset[str]:
    """Fields that show what they held before the changes which the history of the same answer tells: it was read after
    them. If they stay so the next look says that the history is wrong."""
    shown = snapshot.fields.items()
    return frozenset(name for name, value in shown if value == hop.shadow.get(name) != folded.get(name))


def new_entries(hop: Hop, snapshot: Snapshot) -> Sequence[HistoryEntry]:
    """The entries that were not judged yet: a webhook or read-back shows the history from its beginning."""
    ids = [entry.id for entry in snapshot.history]
    if hop.last_entry in ids:
        return snapshot.history[ids.index(hop.last_entry) + 1 :]
    return snapshot.history


def _follows_ours(hop: Hop, snapshot: Snapshot, at: datetime | None, actor: Actor) -> bool:
    """Whether a change with no human actor comes right after a write of ours at that desk."""
    if actor.kind is not ActorKind.AUTOMATION or at is None:
        return False
    ours = [comment.at for comment in snapshot.comments if comment.author.kind is ActorKind.GATEWAY]
    ours += [entry.at for entry in snapshot.history if entry.actor.kind is ActorKind.GATEWAY]
    near = any(when is not None and timedelta(0) <= at - when <= FOLLOWS_WITHIN for when in ours)
    return near or (hop.wrote_at is not None and abs(at - hop.wrote_at) <= FOLLOWS_WITHIN)


def _residue(
    hop: Hop,
    snapshot: Snapshot,
    folded: Mapping[str, str | None],
    known: Known,
    written: Mapping[str, str | None],
) -> dict[str, str | None]:
    """The fields whose value neither the shadow, nor the history, nor a write of ours explains: name → old value."""
    residue: dict[str, str | None] = {}
    for name, value in snapshot.fields.items():
        if name not in folded and not _is_first_status(hop, snapshot, name):
            continue  # never known before: the baseline, not a change
        if value == folded.get(name) or (name in written and value == written[name]):
            continue
        if name not in known.masked_fields or name in written:
            residue[name] = folded.get(name)
    return residue


def _is_first_status(hop: Hop, snapshot: Snapshot, name: str) -> bool:
    """A delegated ticket whose first sight may already show an answer to the offer, at a desk without history."""
    return name == Field.STATUS and hop.parent_id is not None and not snapshot.has_history


def _from_difference(
    hop: Hop, snapshot: Snapshot, desk: Desk, residue: Mapping[str, str | None], *, alone: bool
) -> list[FieldChange]:
    """Without history the difference is the event; its time is the desk's last change only if it is the only one."""
    return [
        FieldChange(
            field=str(name),
            old=old,
            new=snapshot.fields[name],
            at=snapshot.changed_at if alone and not snapshot.has_history else None,
            actor=Actor(),
            source=Source.DIFFERENCE,
            follows=_is_side_effect(hop, desk, name, old, snapshot.fields[name]),
        )
        for name, old in residue.items()
    ]


def _is_side_effect(hop: Hop, desk: Desk, name: str, old: str | None, new: str | None) -> bool:
    """A habit the connector declares: after a write of ours the desk moves this field by itself."""
    if hop.wrote_at is None or (hop.looked_at is not None and hop.looked_at > hop.wrote_at):
        return False
    return any(
        effect.field == name and effect.new == new and effect.old in (old, None)
        for effect in desk.side_effects
    )


def _comments(snapshot: Snapshot, known: Known) -> list[Change]:
    changes: list[Change] = []
    for comment in snapshot.comments:
        copy = known.copies.get((ContentKind.COMMENT, comment.remote_id))
        digest = text_hash(comment.text)
        if copy is not None:
            changed = copy.native_hash != digest or copy.visibility is not comment.visibility
            if changed and not copy.removed:
                if not (copy.ours and digest in known.masked_hashes):  # an edit of ours under way
                    changes.append(CommentEdited(copy=copy, comment=comment))
            elif not copy.removed and copy.missing:
                changes.append(CommentBack(copy=copy))
        elif comment.author.kind is not ActorKind.GATEWAY:
            changes.append(CommentSeen(comment=comment))
        elif digest not in known.masked_hashes and digest in known.ours_by_hash:
            changes.append(CommentSeen(comment=comment, late_copy_of=known.ours_by_hash[digest]))
    if snapshot.complete:
        changes += _removed(snapshot, known)
    return changes


def _removed(snapshot: Snapshot, known: Known) -> list[Change]:
    shown = {comment.remote_id for comment in snapshot.comments}
    return [
        CommentRemoved(copy=copy)
        for (kind, remote_id), copy in known.copies.items()
        if kind is ContentKind.COMMENT
        and remote_id not in shown
        and not copy.removed
        and not (copy.ours and copy.content_id in known.masked_contents)
    ]


def _attachments(snapshot: Snapshot, known: Known) -> list[Change]:
    return [
        AttachmentSeen(attachment=attachment)
        for attachment in snapshot.attachments
        if (ContentKind.ATTACHMENT, attachment.remote_id) not in known.copies
        and attachment.author.kind is not ActorKind.GATEWAY
        and attachment.filename not in known.masked_files
    ]


def _work(snapshot: Snapshot, known: Known) -> list[Change]:
    return [
        WorkSeen(work=work)
        for work in snapshot.work
        if (ContentKind.WORK, work.remote_id) not in known.copies
        and work.author.kind is not ActorKind.GATEWAY
    ]
