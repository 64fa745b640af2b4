"""Words that were carried already and changed since: rewritten or taken away at each desk that holds them, where that desk
can; else told anew, or a note asks its people to remove them. Who may read what is `audience`; the wire is others'."""

from collections.abc import Iterable, Mapping

from gateway.domain import duedates, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import (
    CommandKind,
    Content,
    ContentKind,
    Delivery,
    DeliveryState,
    Event,
    Hop,
    Visibility,
)
from gateway.domain.model.change import replace

EDITS = "edits"
"""In the `source` of an edited comment: the id of the content it replaces, the first version of it."""
COPY_OF = "copy_of"
"""In the payload of an EDIT or REMOVE: the id of the content whose copy at that desk it is about."""


def versions(case: Case, content: Content) -> list[Content]:
    """Every version of a comment, the first one first."""
    first = content.source.get(EDITS, content.id)
    return [one for one in case.all_contents() if first in (one.id, one.source.get(EDITS))]


def latest(contents: Iterable[Content]) -> list[Content]:
    """Contents, each as the last edit left it in the place where it was first said: a newcomer is told what holds now, in the
    order of the conversation."""
    newest: dict[str, Content] = {}
    for one in contents:
        newest[one.source.get(EDITS, one.id)] = one  # a name that is there already keeps its place
    return list(newest.values())


def rewrite(case: Case, hop: Hop, content: Content, visibility: Visibility, event: Event) -> bool:
    """Give our copy of an edited comment its new text where the desk lets us. False: it must be told as a new one."""
    if EDITS not in content.source or not case.desk(hop).capabilities.edits_comments:
        return False
    standing = _standing(case, hop, content)
    if standing is None or standing[1] is not visibility:
        return False  # never told there, or to other readers: another visibility is another comment
    _change(case, hop, CommandKind.EDIT, (content, *standing), event)
    return True


def narrow(
    case: Case, content: Content, event: Event, *, readers: Mapping[str, Visibility], everywhere: bool
) -> None:
    """Take a comment away at every desk that holds it and is no reader of it any more, or reads it where too many do;
    where that cannot be done a note without its words asks for it. `everywhere`: at tickets that have ended, too."""
    origin = case.hops[content.origin_hop_id]
    for hop in list(case.hops.values()):
        standing = _standing(case, hop, content) if hop.id != origin.id else None
        if standing is None or (hop.status not in OPEN and not everywhere):
            continue
        if _is_wider(standing[1], readers.get(hop.id)):
            _take_back(case, hop, content, standing, event)


def _is_wider(shown: Visibility, allowed: Visibility | None) -> bool:
    return allowed is None or (shown is Visibility.PUBLIC and allowed is Visibility.PRIVATE)


def _take_back(
    case: Case, hop: Hop, content: Content, standing: tuple[str, Visibility], event: Event
) -> None:
    copy_of, visibility = standing
    if case.desk(hop).capabilities.removes_comments:
        _retracted(case, hop, content, event, how="removed")
        _change(case, hop, CommandKind.REMOVE, (content, copy_of, visibility), event)
    elif any(copy.content_id == copy_of for copy in case.our_copies(hop.id)):
        ask(case, hop, content, event, "taken_back")


def too_late(case: Case, hop: Hop, content: Content, event: Event) -> None:
    """What was on its way when it turned private stands there now. Where the desk lets us remove comments that is queued
    behind it already; elsewhere its people are asked now that there is something to remove."""
    if content.kind is ContentKind.ATTACHMENT:
        ask(case, hop, content, event, "file_taken_back")
    elif not case.desk(hop).capabilities.removes_comments:
        ask(case, hop, content, event, "taken_back")


def ask(case: Case, hop: Hop, content: Content, event: Event, kind: str) -> None:
    """A note to the people there, without a word of what it is about."""
    origin = case.hops[content.origin_hop_id]
    _retracted(case, hop, content, event, how="asked")
    who = queueing.neighbour(case, case.towards(hop, origin), hop)
    queueing.note(case, hop, kind, event, who=who, at=duedates.at_desk(case.desk(hop), content.at))


def _retracted(case: Case, hop: Hop, content: Content, event: Event, *, how: str) -> None:
    data = {"content": content.id, "how": how}
    case.record("content.retracted", hop, Because(cause_id=event.id), data)


_FORGET = "forget"
"""In the `source` of words that nobody may read any more: they are kept only while it is not known whether a desk has them."""
_UNKNOWN = (DeliveryState.INFLIGHT, DeliveryState.AMBIGUOUS, DeliveryState.ASKING)


def silenced(case: Case, version: Content) -> Content:
    """A version of a comment that nobody may read any more: forgotten, its digest stays in the events. While a write of it is in
    doubt its words are what it can be found by at a desk that keeps no mark of ours, so they go once that is settled."""
    if any(_is_in_doubt(case, hop, version) for hop in case.hops.values()):
        return replace(version, visibility=Visibility.PRIVATE, source={**version.source, _FORGET: True})
    return replace(version, visibility=Visibility.PRIVATE, text="")


def _is_in_doubt(case: Case, hop: Hop, version: Content) -> bool:
    return any(one.content_id == version.id and one.state in _UNKNOWN for one in case.lane(hop.id))


def forget(case: Case, delivery: Delivery) -> None:
    """What became of a write is known: words that were kept for nothing but that are forgotten."""
    content = next((one for one in case.all_contents() if one.id == delivery.content_id), None)
    if content is None or _FORGET not in content.source:
        return
    lanes = (one for hop in case.hops.values() for one in case.lane(hop.id))
    others = [one for one in lanes if one.content_id == content.id and one.id != delivery.id]
    if not any(one.state in _UNKNOWN for one in others):
        source = {name: value for name, value in content.source.items() if name != _FORGET}
        case.changed_contents[content.id] = replace(content, text="", source=source)


def came_with(case: Case, origin_hop_id: str, comment_id: str) -> list[Content]:
    """The files that came with a comment of that hop's desk."""
    return [
        one
        for one in case.all_contents()
        if one.kind is ContentKind.ATTACHMENT
        and one.origin_hop_id == origin_hop_id
        and one.source.get("comment_id") == comment_id
    ]


def files(case: Case, origin: Hop, comment_id: str, event: Event) -> None:
    """Ask for the removal of the files that came with a comment, wherever they stand: no desk lets us take one away."""
    for file in came_with(case, origin.id, comment_id):
        for hop in list(case.hops.values()):
            if any(copy.content_id == file.id for copy in case.our_copies(hop.id)):
                ask(case, hop, file, event, "file_taken_back")


def _change(
    case: Case, hop: Hop, kind: CommandKind, what: tuple[Content, str, Visibility], event: Event
) -> None:
    """Done twice it has the same effect, so the marker need not find it again. `what`: the words, the id of the version
    that stands there, and how it is seen."""
    content, copy_of, visibility = what
    queueing.queue(
        case,
        hop,
        kind,
        about=f"{kind}|{event.id}",
        event=event,
        content_id=content.id,
        visibility=visibility,
        link_id=content.to_link_id,
        payload={COPY_OF: copy_of},
    )


def _standing(case: Case, hop: Hop, content: Content) -> tuple[str, Visibility] | None:
    """Under which version's id a comment stands at a hop, or will once its lane is empty, and how it is seen there."""
    ids = {one.id for one in versions(case, content)} - ({content.id} if EDITS in content.source else set())
    for copy in reversed(case.our_copies(hop.id)):
        if copy.content_id in ids:
            return copy.content_id, copy.visibility
    for one in reversed([*case.lane(hop.id), *(new for new in case.deliveries if new.hop_id == hop.id)]):
        waits = one.kind is CommandKind.COMMENT and one.state is not DeliveryState.PARKED
        if waits and one.content_id in ids and one.visibility is not None:
            return one.content_id or "", one.visibility
    return None
