"""Who may read what was said: the audience of a comment or file, fixed when it is seen, and its way there.

Public at a desk means "to its requester, one hop up". Whether it goes further up, down or to siblings is each link's
rule. Private goes nowhere, unless its writer names one neighbour and the link lets such notes cross.
"""

from collections.abc import Iterator

from gateway.domain import notes, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import (
    ActorKind,
    Carry,
    Content,
    ContentKind,
    Copy,
    Event,
    Hop,
    HopStatus,
    Link,
    NativeAttachment,
    NativeComment,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import text_hash


def audience(case: Case, content: Content) -> dict[str, Visibility]:
    """Hop ids the content may reach and how it lands there. The origin itself is not in it."""
    origin = case.hops[content.origin_hop_id]
    if content.to_link_id is not None:
        return _addressed(case, content, origin)
    if content.visibility is not Visibility.PUBLIC or content.automatic:
        return {}
    reached: dict[str, Visibility] = {}
    _spread(case, content, origin, came_from=None, reached=reached)
    return reached


def _addressed(case: Case, content: Content, origin: Hop) -> dict[str, Visibility]:
    """One neighbour, named by the writer: it lands there as it was written."""
    return {
        hop.id: content.visibility
        for hop, link, _down in _neighbours(case, origin)
        if link.id == content.to_link_id and _may_be_addressed(link, content)
    }


def _may_be_addressed(link: Link, content: Content) -> bool:
    return content.visibility is Visibility.PUBLIC or link.crossing.addressed_notes


def _neighbours(case: Case, hop: Hop) -> Iterator[tuple[Hop, Link, bool]]:
    """Open hops next to this one, the link between, and whether the way there goes down."""
    parent, own_link = case.parent(hop), case.link(hop)
    if parent is not None and own_link is not None and parent.status in OPEN:
        yield parent, own_link, False
    for child in case.children(hop):
        link = case.link(child)
        if link is not None and child.status in OPEN:
            yield child, link, True


def _spread(
    case: Case, content: Content, hop: Hop, *, came_from: Hop | None, reached: dict[str, Visibility]
) -> None:
    from_below = came_from is not None and came_from.parent_id == hop.id
    for other, link, down in _neighbours(case, hop):
        if came_from is not None and other.id == came_from.id:
            continue
        if down and from_below and not _sibling_may_read(link, content):
            continue
        carry = _carry(link, content, down=down)
        if carry is Carry.STOP:
            continue
        published = carry is Carry.PUBLISH
        reached[other.id] = Visibility.PUBLIC if published else Visibility.PRIVATE
        if published:
            _spread(case, content, other, came_from=hop, reached=reached)


def _sibling_may_read(link: Link, content: Content) -> bool:
    return link.crossing.siblings or link.id in content.released_to


def _carry(link: Link, content: Content, *, down: bool) -> Carry:
    crossing = link.crossing
    if content.kind is ContentKind.ATTACHMENT:
        allowed = crossing.attachments_down if down else crossing.attachments_up
        if not allowed or not _file_may_cross(link, content):
            return Carry.STOP
    return crossing.comments_down if down else crossing.comments_up


def _file_may_cross(link: Link, content: Content) -> bool:
    types, media = link.crossing.attachment_types, content.media_type or ""
    fits = not types or any(
        media == kind or (kind.endswith("/*") and media.startswith(kind[:-1])) for kind in types
    )
    return fits and (content.blob_size is None or content.blob_size <= link.crossing.attachment_max_bytes)


def send(case: Case, content: Content, event: Event) -> dict[str, Visibility]:
    """Queue the content at every hop of its audience. Returns the audience."""
    reached = audience(case, content)
    for hop_id, visibility in reached.items():
        _send_to(case, case.hops[hop_id], content, visibility, event)
    return reached


def _send_to(case: Case, hop: Hop, content: Content, visibility: Visibility, event: Event) -> None:
    capabilities = case.desk(hop).capabilities
    if visibility is Visibility.PRIVATE and not capabilities.private_comments:
        case.disagree("no_private_place", hop, content=content.id)
    elif content.kind is not ContentKind.ATTACHMENT:
        queueing.comment(case, hop, content, visibility, event)
    elif capabilities.attachments:
        queueing.attach(case, hop, content, visibility, event)
    else:
        case.disagree("no_attachments", hop, content=content.id)


def hand_over(case: Case, child: Hop, event: Event) -> None:
    """Give a new hop what was said before it came in: only what its audience rules let it read."""
    for content in case.all_contents():
        if content.kind in (ContentKind.COMMENT, ContentKind.ATTACHMENT):
            hand_over_one(case, child, content, event)


def hand_over_one(case: Case, hop: Hop, content: Content, event: Event) -> bool:
    """Send one content to one hop if its audience includes it."""
    visibility = audience(case, content).get(hop.id)
    if visibility is not None:
        _send_to(case, hop, content, visibility, event)
    return visibility is not None


def comment_seen(case: Case, hop: Hop, comment: NativeComment, because: Because) -> tuple[Event, Content]:
    """Record a comment that somebody wrote at a hop's desk, and send it to whom it is for."""
    addressed, text = _address(case, hop, comment.text)
    crosses = comment.visibility is Visibility.PUBLIC or (
        addressed is not None and addressed.crossing.addressed_notes
    )
    content = case.write(
        hop,
        ContentKind.COMMENT,
        text if crosses else "",  # what may go nowhere is not even kept
        visibility=comment.visibility,
        at=comment.at,
        author=comment.author.name or comment.author.id,
        to_link_id=addressed.id if addressed else None,
        automatic=because.actor_kind is ActorKind.AUTOMATION,
    )
    _keep_copy(case, hop, content, comment.remote_id, text_hash(comment.text))
    event = case.record(
        "comment.added", hop, because, _data(content) | {"audience": sorted(audience(case, content))}
    )
    send(case, content, event)
    return event, content


def _data(content: Content) -> dict[str, object]:
    return {
        "content": content.id,
        "digest": content.digest,
        "visibility": content.visibility.value,
        "automatic": content.automatic,
    }


def _address(case: Case, hop: Hop, text: str) -> tuple[Link | None, str]:
    """`@@code rest` names the neighbour whose link, desk or organization has that code; the token is taken off."""
    token = case.desk(hop).profile.address_sign
    stripped = text.lstrip()
    if not token or not stripped.startswith(token):
        return None, text
    code, _, rest = stripped.removeprefix(token).partition(" ")
    code = code.strip().rstrip(":,").casefold()
    for other, link, _down in _neighbours(case, hop):
        names = {link.code, case.desk(other).code, link.passage.delegate_as}
        organization = case.directory.organizations.get(case.desk(other).org_id)
        if code in {name.casefold() for name in (*names, organization.code if organization else "") if name}:
            return link, rest.strip()
    return None, text


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


def attachment_seen(case: Case, hop: Hop, attachment: NativeAttachment, because: Because) -> Event:
    """Record a file that somebody added at a hop's desk, and send it to whom it is for. Its bytes are fetched only
    when the first delivery needs them."""
    content = case.write(
        hop,
        ContentKind.ATTACHMENT,
        "",
        visibility=attachment.visibility,
        at=attachment.at,
        author=attachment.author.name or attachment.author.id,
        filename=attachment.filename,
        media_type=attachment.media_type,
        blob_size=attachment.size,
        source={
            "remote_id": attachment.remote_id,
            "url": attachment.url,
            "comment_id": attachment.comment_id,
        },
        automatic=because.actor_kind is ActorKind.AUTOMATION,
    )
    _keep_copy(case, hop, content, attachment.remote_id, attachment.sha256 or "")
    event = case.record("attachment.added", hop, because, _data(content) | {"size": attachment.size})
    send(case, content, event)
    return event


def comment_edited(case: Case, hop: Hop, copy: Copy, comment: NativeComment, because: Because) -> None:
    """A comment that changed: its readers get the new text; one that turned private is never sent again."""
    case.changed_copies[copy.id] = _as_now(copy, comment)
    data = {"content": copy.content_id, "visibility": comment.visibility.value}
    event = case.record("comment.edited", hop, because, data)
    if copy.visibility is Visibility.PUBLIC and comment.visibility is Visibility.PRIVATE:
        case.disagree("turned_private", hop, content=copy.content_id)
    if copy.ours or comment.visibility is not Visibility.PUBLIC:
        return
    text = notes.say("edited", case.desk(hop).language, text=comment.text)
    edited = case.write(
        hop,
        ContentKind.COMMENT,
        text,
        visibility=comment.visibility,
        at=comment.edited_at,
        author=comment.author.name or comment.author.id,
    )
    send(case, edited, event)


def _as_now(copy: Copy, comment: NativeComment) -> Copy:
    return replace(copy, native_hash=text_hash(comment.text), visibility=comment.visibility)


def comment_removed(case: Case, hop: Hop, copy: Copy, because: Because) -> None:
    """A comment that a complete list no longer shows: noted the first time, believed the second."""
    if not copy.missing:
        case.changed_copies[copy.id] = replace(copy, missing=True)
        case.want_look(hop, "a comment is missing")
        return
    case.changed_copies[copy.id] = replace(copy, removed=True)
    case.record("comment.removed", hop, because, {"content": copy.content_id})


def duplicate_copy(case: Case, hop: Hop, comment: NativeComment, of: Copy) -> Copy:
    """A second copy of our own comment that a late write made: known from now on, never fed back."""
    return replace(of, id=case.new_id("cpy"), hop_id=hop.id, remote_id=comment.remote_id)


def is_answer(case: Case, hop: Hop, content: Content) -> bool:
    """Whether a comment at `hop` answers a child that waits for its requester."""
    return content.visibility is Visibility.PUBLIC and any(
        child.status is HopStatus.PENDING and child.asked for child in case.children(hop)
    )
