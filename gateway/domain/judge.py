"""From what a desk shows to what it means: native changes become events, acts and news for the neighbours.

One entry, `observe`, takes a snapshot of a hop's desk; the rules it calls are named by file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain import (
    acts,
    attending,
    booked,
    contest,
    conversation,
    dispatching,
    facts,
    notes,
    progress,
    queueing,
    relinking,
)
from gateway.domain.audience import audience
from gateway.domain.case import ANOTHER, MERGED, Because, Case
from gateway.domain.mapping import status_of
from gateway.domain.model import (
    Actor,
    ActorKind,
    Content,
    Copy,
    Event,
    Field,
    Hop,
    HopStatus,
    Snapshot,
    Source,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import (
    AttachmentSeen,
    Change,
    CommentBack,
    CommentEdited,
    CommentRemoved,
    CommentSeen,
    FieldChange,
    Known,
    WorkSeen,
    compare,
)

AGAIN = timedelta(seconds=30)
"""How soon a desk that showed another ticket is asked once more."""
AGREEING = 5
"""So many looks in a row that show the same other ticket make a merge: a wrong answer may well come twice."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A snapshot and how to read it: what was known, when it was taken (the moment before its first byte), and the
    fields a settled write of ours set, as the desk was to show them. `fetched_at`: the same moment, where it was asked
    for; None for what a message brought, which may be older than it seems."""

    snapshot: Snapshot
    known: Known
    looked_at: datetime
    fetched_at: datetime | None = None
    written: Mapping[str, str | None] = field(default_factory=dict)


def observe(case: Case, hop_id: str, sight: Sight) -> None:
    """Judge one snapshot of the hop's desk."""
    hop, snapshot = case.hops[hop_id], sight.snapshot
    desk, known_before, unchanged_at = case.desk(hop), hop.looked_at is not None, hop.fetched_at
    if relinking.UNLINKED in hop.unmapped:
        return
    if snapshot.remote_id != hop.remote_id:
        _merged(case, hop, snapshot)
        return
    if relinking.is_another_of_that_number(hop, snapshot):
        relinking.reused(case, hop)
        return
    seen = compare(hop, snapshot, desk, sight.known, sight.written)
    hop = _remember(case, hop, snapshot, seen.shadow, sight.looked_at)
    if sight.fetched_at is not None and not sight.known.is_masked:
        case.put(hop, fetched_at=max(sight.fetched_at, unchanged_at or sight.fetched_at))
    for name in seen.unexplained:
        case.disagree("missing_event", hop, field=name)
    explained = {change.field for change in seen.changes if isinstance(change, FieldChange)}
    for change in (*seen.changes, *_still_unmapped(hop, snapshot, explained)):
        _judge(case, hop_id, change, unchanged_at)
    before = _view_before(hop, seen.changes) if known_before else None
    if seen.changes or not known_before:
        account = _on_whose_account(case, hop_id, seen.changes)
        dispatching.after_changes(case, hop_id, before=before, because=account)
    contest.assure(case)


def _merged(case: Case, hop: Hop, snapshot: Snapshot) -> None:
    """The desk answered with another ticket. Never compared; what it keeps saying is a merge, and waits for a person."""
    if MERGED in hop.unmapped:
        return
    doubts = [f"{ANOTHER} {time} {snapshot.remote_id}" for time in range(1, AGREEING)]
    fresh = next((doubt for doubt in doubts if doubt not in hop.unmapped), None)
    if fresh is not None:
        trusted = relinking.trusted(hop)
        case.put(hop, unmapped=trusted | hop.unmapped.intersection(doubts) | {fresh})
        case.want_look(hop, "another ticket was shown", case.now + AGAIN)
        return
    relinking.merged(case, hop, snapshot)


def _remember(
    case: Case, hop: Hop, snapshot: Snapshot, shadow: Mapping[str, str | None], looked_at: datetime
) -> Hop:
    return case.know(
        hop,
        shadow,
        unmapped=relinking.trusted(hop),
        position=snapshot.position or hop.position,
        last_entry=snapshot.history[-1].id if snapshot.history else hop.last_entry,
        revision=snapshot.revision or hop.revision,
        number=snapshot.number or hop.number,
        url=snapshot.url or hop.url,
        looked_at=max(looked_at, hop.looked_at) if hop.looked_at else looked_at,
        refetch_at=hop.refetch_at or case.now + case.desk(hop).refetch_every,
    )


def _still_unmapped(hop: Hop, snapshot: Snapshot, explained: set[str]) -> list[Change]:
    """Values that had no meaning when they were first seen: compared again, for the profile may know them now."""
    return [
        FieldChange(
            field=name,
            old=None,
            new=snapshot.fields.get(name),
            at=None,
            actor=Actor(),
            source=Source.DIFFERENCE,
        )
        for name in sorted(hop.unmapped)
        if name in snapshot.fields and name not in explained
    ]


def _view_before(hop: Hop, changes: tuple[Change, ...]) -> dict[str, str | None]:
    """The ticket as link rules saw it before these changes."""
    view = dict(hop.shadow)
    for change in reversed(changes):
        if isinstance(change, FieldChange):
            view[change.field] = change.old
    return view


def _on_whose_account(case: Case, hop_id: str, changes: tuple[Change, ...]) -> Because:
    """On whose account a rule fires when several changes came together: a person's, if there was one; and when: with the
    last of them, for only then did all of it hold."""
    told = [change for change in changes if isinstance(change, FieldChange) and not change.follows]
    kinds = [change.actor.kind for change in told]
    kind = ActorKind.PERSON if ActorKind.PERSON in kinds else (kinds[0] if kinds else ActorKind.AUTOMATION)
    times = [change.at for change in told]
    last = max((at for at in times if at is not None), default=None) if None not in times else None
    here = [one for one in case.events if one.hop_id == hop_id and last and one.reported_at == last]
    cause = here[-1].id if here else None
    return Because(source=Source.DIFFERENCE, actor_kind=kind, reported_at=last, cause_id=cause)


def _judge(case: Case, hop_id: str, change: Change, unchanged_at: datetime | None) -> None:
    hop = case.hops[hop_id]
    match change:
        case FieldChange():
            _field(case, hop, change, unchanged_at)
        case CommentSeen(late_copy_of=None):
            because = replace(
                _because(case, hop, change.comment.author.kind, change), contrary_seen_at=unchanged_at
            )
            event, content = conversation.comment_seen(case, hop, change.comment, because)
            _answer_children(case, hop, content, event)
        case CommentSeen(comment=comment, late_copy_of=Copy() as first):
            case.disagree("late_duplicate", hop, comment=comment.remote_id)
            case.copies.append(conversation.duplicate_copy(case, hop, comment, first))
        case CommentEdited():
            conversation.comment_edited(case, hop, change.copy, change.comment, _plain(change))
        case CommentRemoved():
            conversation.comment_removed(case, hop, change.copy, _plain(change))
        case CommentBack():
            conversation.comment_back(case, change.copy)
        case AttachmentSeen():
            because = replace(
                _because(case, hop, change.attachment.author.kind, change), contrary_seen_at=unchanged_at
            )
            event, content = conversation.attachment_seen(case, hop, change.attachment, because)
            _answer_children(case, hop, content, event)
        case WorkSeen(work=work):
            booked.seen(case, hop, work)


def _answer_children(case: Case, hop: Hop, content: Content, cause: Event) -> None:
    """Words or a file of a person that reach a child which asked are its answer."""
    asking = [child for child in case.children(hop) if child.status is HopStatus.PENDING and child.asked]
    reached = audience(case, content) if asking and not content.automatic else {}
    for child in asking:
        if child.id in reached:
            progress.answered(case, child, cause)


def _because(case: Case, hop: Hop, kind: ActorKind, change: CommentSeen | AttachmentSeen) -> Because:
    thing = change.comment if isinstance(change, CommentSeen) else change.attachment
    return Because(
        source=Source.HISTORY,
        actor_kind=kind,
        actor=case.person(hop, thing.author),
        reported_at=thing.at,
    )


def _plain(change: CommentEdited | CommentRemoved) -> Because:
    at = change.comment.edited_at if isinstance(change, CommentEdited) else None
    return Because(source=Source.DIFFERENCE, actor_kind=ActorKind.UNKNOWN, reported_at=at)


def _field(case: Case, hop: Hop, change: FieldChange, unchanged_at: datetime | None) -> None:
    """One field changed: an act, a status, a fact, an edit; or a value that nobody has given a meaning."""
    because = Because(
        source=change.source,
        actor_kind=ActorKind.AUTOMATION if change.follows else change.actor.kind,
        actor=case.person(hop, change.actor),
        reported_at=change.at,
        contrary_seen_at=unchanged_at,
    )
    if change.follows:
        data = {"field": change.field, "automatic": True, "from": change.old, "to": change.new}
        case.record("desk.moved", hop, because, data)
    elif change.field == Field.STATUS:
        _status(case, hop, change, because)
    elif _is_told_again(case, hop.id, change):
        facts.told_again(case, hop, change, because)
    elif attending.judge(case, hop, change, because) or acts.judge(case, hop, change, because):
        return
    else:
        facts.changed(case, hop, change, because)


def _is_told_again(case: Case, hop_id: str, change: FieldChange) -> bool:
    """Whether the last that was recorded of a field is the same, seen as a difference before the history told of it."""
    name = change.field
    about = (
        event
        for event in reversed(case.story() if change.told else [])
        if event.hop_id == hop_id
        and (event.data.get("field") == name or (name == Field.STATUS and event.type == "status.changed"))
    )
    last = next(about, None)
    return last is not None and last.source is Source.DIFFERENCE


def _status(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    row = status_of(case.desk(hop), change.new or "")
    if row is None:
        facts.unknown(case, hop, Field.STATUS, change.new or "", because)
        return
    hop = case.put(hop, unmapped=hop.unmapped - {Field.STATUS})
    if _is_told_again(case, hop.id, change) or not acts.judge(case, hop, change, because):
        acts.implied(case, case.hops[hop.id], row, change, because)
    if because.by_person and case.desk(hop).capabilities.acknowledges:
        language = case.desk(hop).language
        queueing.note(case, case.hops[hop.id], "understood", status=notes.status_word(row.status, language))
