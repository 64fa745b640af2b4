"""What was said at a desk: recorded once, sent to whom it is for (`audience`), followed when it changes or goes away."""

from collections.abc import Mapping

from gateway.domain import people, queueing, retraction
from gateway.domain.audience import audience, neighbours, refusing, shares_notes
from gateway.domain.case import Because, Case
from gateway.domain.model import (
    ActorKind,
    Content,
    ContentKind,
    Copy,
    Event,
    Field,
    Hop,
    NativeAttachment,
    NativeComment,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import text_hash


def send(case: Case, content: Content, event: Event) -> dict[str, Visibility]:
    """Queue the content at every hop of its audience. Returns the audience. Whoever wrote what has no private place there
    is told so, without a word of it."""
    reached = audience(case, content)
    for hop_id, visibility in reached.items():
        _send_to(case, case.hops[hop_id], content, visibility, event)
    for hop in _without_a_place(case, reached):
        _tell_no_place(case, case.hops[content.origin_hop_id], hop, event)
    return reached


def _without_a_place(case: Case, reached: Mapping[str, Visibility]) -> list[Hop]:
    hops = [case.hops[hop_id] for hop_id, how in reached.items() if how is Visibility.PRIVATE]
    return [hop for hop in hops if not case.desk(hop).capabilities.private_comments]


def _tell_no_place(case: Case, origin: Hop, hop: Hop, event: Event) -> None:
    who = case.directory.organization_name(case.towards(origin, hop).org_id)
    queueing.note(case, origin, "no_private_place", event, who=who)


def _send_to(case: Case, hop: Hop, content: Content, visibility: Visibility, event: Event) -> None:
    capabilities = case.desk(hop).capabilities
    if visibility is Visibility.PRIVATE and not capabilities.private_comments:
        case.disagree("no_private_place", hop, content=content.id)
    elif content.kind is not ContentKind.ATTACHMENT:
        if not retraction.rewrite(case, hop, content, visibility, event):
            queueing.comment(case, hop, content, visibility, event)
    elif capabilities.attachments:
        queueing.attach(case, hop, content, visibility, event)
    else:
        case.disagree("no_attachments", hop, content=content.id)


def hand_over(case: Case, child: Hop, event: Event) -> None:
    """Give a new hop what was said before it came in: only what its audience rules let it read."""
    untold: dict[str, Hop] = {}
    for content in retraction.latest(case.all_contents()):
        if content.kind in (ContentKind.COMMENT, ContentKind.ATTACHMENT):
            hand_over_one(case, child, content, event)
            if _without_a_place(
                case, {child.id: how} if (how := audience(case, content).get(child.id)) else {}
            ):
                untold[content.origin_hop_id] = case.hops[content.origin_hop_id]
    for origin in untold.values():
        _tell_no_place(case, origin, child, event)


def hand_over_one(case: Case, hop: Hop, content: Content, event: Event) -> bool:
    """Send one content to one hop if its audience includes it."""
    visibility = audience(case, content).get(hop.id)
    if visibility is not None:
        _send_to(case, hop, content, visibility, event)
    return visibility is not None


def comment_seen(case: Case, hop: Hop, comment: NativeComment, because: Because) -> tuple[Event, Content]:
    """Record a comment that somebody wrote at a hop's desk, and send it to whom it is for."""
    automatic = because.actor_kind is ActorKind.AUTOMATION
    content = _write(case, hop, comment, automatic=automatic)
    _keep_copy(case, hop, content, comment.remote_id, text_hash(comment.text))
    event = case.record(
        "comment.added",
        hop,
        because,
        _data(content)
        | {"audience": sorted(audience(case, content)), "by_requester": _is_requester(hop, comment)},
    )
    send(case, content, event)
    if content.to_link_id == NOBODY and not automatic:
        name = _addressee(case, hop, comment.text)[0]
        queueing.note(case, hop, "unknown_address", event, name=name)
    return event, content


def _is_requester(hop: Hop, comment: NativeComment) -> bool:
    """Whether the people for whom the desk works wrote it, and not its own (R13)."""
    requesters = (hop.shadow.get(Field.REQUESTER) or "").replace(",", " ").split()
    return bool(comment.author.id) and comment.author.id in requesters


NOBODY = ""
"""The address of a comment whose writer named somebody who is no neighbour: it goes nowhere."""


def _write(
    case: Case, hop: Hop, comment: NativeComment, *, automatic: bool, first: Content | None = None
) -> Content:
    """Keep a comment's words with their address taken off; what may go nowhere is not even kept. `first` is what an
    edited comment said before: whoever it was for then, it is for no more people now."""
    name, text = _addressee(case, hop, comment.text)
    address = first.to_link_id if first is not None else None
    link_id = _link_called(case, hop, name) if address is None and name else address
    crosses = comment.visibility is Visibility.PUBLIC or _notes_cross(case, hop, link_id)
    role = people.REQUESTER if _is_requester(hop, comment) else people.AGENT
    source = {"remote_id": comment.remote_id, "author": comment.author.id, "role": role}
    if first is not None and first.text:
        source[retraction.EDITS] = first.id
    return case.write(
        hop,
        ContentKind.COMMENT,
        text if crosses else "",
        visibility=comment.visibility,
        at=comment.edited_at if first else comment.at,
        author=comment.author.name or comment.author.id,
        to_link_id=link_id,
        source=source,
        automatic=automatic,
        released_to=first.released_to if first else frozenset(),
    )


def _notes_cross(case: Case, hop: Hop, link_id: str | None) -> bool:
    """Whether a note may go anywhere at all: to the neighbour it names, else over any link of this desk that shares them,
    be it handed over there only later."""
    link = case.directory.links.get(link_id or "")
    if link_id is not None:
        return link is not None and link.crossing.addressed_notes
    up = case.link(hop)
    shared = up is not None and shares_notes(up, down=False)
    return shared or any(shares_notes(one, down=True) for one in case.directory.links_from(hop.desk_id))


def _data(content: Content) -> dict[str, object]:
    return {
        "content": content.id,
        "digest": content.digest,
        "visibility": content.visibility.value,
        "automatic": content.automatic,
    }


def _addressee(case: Case, hop: Hop, text: str) -> tuple[str, str]:
    """(name, rest) of a comment that starts with `@@name`, else ("", the whole text)."""
    sign, stripped = case.desk(hop).profile.address_sign, text.lstrip()
    if not sign or not stripped.startswith(sign):
        return "", text
    name, *rest = stripped.removeprefix(sign).split(maxsplit=1) or [""]
    follows = stripped[len(sign) : len(sign) + 1]
    if not name or follows.isspace():
        return "", text
    return name.rstrip(":,"), rest[0] if rest else ""


def _link_called(case: Case, hop: Hop, name: str) -> str:
    """The id of the link to the open neighbour whose link, desk or organization has that code, or NOBODY."""
    for other, link, _down in neighbours(case, hop):
        organization = case.directory.organizations.get(case.desk(other).org_id)
        known = {link.code, case.desk(other).code, link.passage.delegate_as}
        known |= {organization.code} if organization else set()
        if name.casefold() in {code.casefold() for code in known if code}:
            return link.id
    return NOBODY


def _keep_copy(case: Case, hop: Hop, content: Content, remote_id: str, native_hash: str) -> None:
    case.copies.append(
        Copy(
            id=case.new_id("cpy"),
            org_id=hop.org_id,
            ticket_id=case.ticket.id,
            hop_id=hop.id,
            content_id=content.id,
            kind=content.kind,
            remote_id=remote_id,
            native_hash=native_hash,
            visibility=content.visibility,
            ours=False,
        )
    )


def attachment_seen(
    case: Case, hop: Hop, attachment: NativeAttachment, because: Because
) -> tuple[Event, Content]:
    """Record a file that somebody added at a hop's desk, and send it to whom it is for. Its bytes are fetched only
    when the first delivery needs them. One whose comment we never saw is private: nobody knows for whom its words were."""
    letter = _letter_of(case, hop, attachment)
    stands_alone = attachment.comment_id is None
    hidden = not stands_alone and (letter is None or letter.visibility is Visibility.PRIVATE)
    content = case.write(
        hop,
        ContentKind.ATTACHMENT,
        "",
        visibility=Visibility.PRIVATE if hidden else attachment.visibility,
        at=attachment.at,
        author=attachment.author.name or attachment.author.id,
        to_link_id=letter.to_link_id if letter else None,
        filename=attachment.filename,
        media_type=attachment.media_type,
        blob_size=attachment.size,
        source={
            "remote_id": attachment.remote_id,
            "url": attachment.url,
            "comment_id": attachment.comment_id,
            "sha256": attachment.sha256,
            "author": attachment.author.id,
        },
        automatic=because.actor_kind is ActorKind.AUTOMATION or (letter is not None and letter.automatic),
    )
    _keep_copy(case, hop, content, attachment.remote_id, attachment.sha256 or "")
    event = case.record("attachment.added", hop, because, _data(content) | {"size": attachment.size})
    send(case, content, event)
    for other in refusing(case, content):
        who = queueing.neighbour(case, other, hop)
        queueing.note(case, hop, "file_refused", event, who=who, name=attachment.filename)
    return event, content


def _letter_of(case: Case, hop: Hop, attachment: NativeAttachment) -> Content | None:
    """The comment a file came with, as it is now: a file goes no further than the words it belongs to."""
    if attachment.comment_id is None:
        return None
    versions = [
        case.changed_contents.get(content.id, content)
        for content in case.all_contents()
        if content.origin_hop_id == hop.id
        and content.kind is ContentKind.COMMENT
        and content.source.get("remote_id") == attachment.comment_id
    ]
    return versions[-1] if versions else None


def comment_edited(case: Case, hop: Hop, copy: Copy, comment: NativeComment, because: Because) -> None:
    """A comment that changed: its readers get the new text. From those it is not for any more it is taken away; one that
    turned private is not even kept, unless links share it."""
    case.changed_copies[copy.id] = _as_now(copy, comment)
    data = {"content": copy.content_id, "visibility": comment.visibility.value}
    event = case.record("comment.edited", hop, because, data)
    first = _content(case, copy.content_id)
    if _turned_private(copy, comment):
        case.disagree("turned_private", hop, content=copy.content_id)
    if copy.ours or first is None:
        return
    hidden = _turned_private(copy, comment)
    edited = _write(case, hop, comment, automatic=first.automatic, first=first)
    if hidden:
        _hush(case, first, comment.remote_id, now=edited)
    retraction.narrow(case, first, event, readers=audience(case, edited), everywhere=hidden)
    if hidden:
        retraction.files(case, hop, comment.remote_id, event)
    send(case, edited, event)


def _turned_private(copy: Copy, comment: NativeComment) -> bool:
    return copy.visibility is Visibility.PUBLIC and comment.visibility is Visibility.PRIVATE


def _content(case: Case, content_id: str) -> Content | None:
    return next((content for content in case.all_contents() if content.id == content_id), None)


def _hush(case: Case, first: Content, remote_id: str, *, now: Content | None = None) -> None:
    """What still waits to be delivered, the files that came with it too, is withheld at the last line before the wire.
    Where nobody may read it any more (`now` says nothing) it is forgotten."""
    kept = now is not None and bool(now.text)
    for version in retraction.versions(case, first):
        if version is not now:
            private = replace(version, visibility=Visibility.PRIVATE)
            case.changed_contents[version.id] = private if kept else retraction.silenced(case, version)
    for file in retraction.came_with(case, first.origin_hop_id, remote_id):
        case.changed_contents[file.id] = replace(file, visibility=Visibility.PRIVATE)


def _as_now(copy: Copy, comment: NativeComment) -> Copy:
    return replace(copy, native_hash=text_hash(comment.text), visibility=comment.visibility, missing=False)


def comment_removed(case: Case, hop: Hop, copy: Copy, because: Because) -> None:
    """A comment that a complete list no longer shows: noted the first time, believed the second."""
    if not copy.missing:
        case.changed_copies[copy.id] = replace(copy, missing=True)
        case.want_look(hop, "a comment is missing")
        return
    case.changed_copies[copy.id] = replace(copy, removed=True)
    event = case.record("comment.removed", hop, because, {"content": copy.content_id})
    first = _content(case, copy.content_id)
    if first is not None and not copy.ours:
        _hush(case, first, copy.remote_id)
        retraction.narrow(case, first, event, readers={}, everywhere=True)
        retraction.files(case, hop, copy.remote_id, event)


def comment_back(case: Case, copy: Copy) -> None:
    """A comment that was missing from one list is there again: nothing was removed."""
    case.changed_copies[copy.id] = replace(copy, missing=False)


def duplicate_copy(case: Case, hop: Hop, comment: NativeComment, of: Copy) -> Copy:
    """A second copy of our own comment that a late write made: known from now on, never fed back."""
    return replace(of, id=case.new_id("cpy"), hop_id=hop.id, remote_id=comment.remote_id)
