"""The last line before the wire: from a delivery to the command that leaves, or the reason why it must not (D6).

Whatever was decided when the delivery was queued, what counts is what the store says now: the visibility of the
content, the link's allow-list, the state of the hop.
"""

from collections.abc import Mapping
from datetime import timedelta

from gateway.domain import mapping, notes, people
from gateway.domain.audience import audience
from gateway.domain.case import MERGED, OPEN, Case, shows_another
from gateway.domain.delivery import CROSSED_PAUSE, GIVE_UP_AFTER, refused, stale_since
from gateway.domain.facts import AGREED_DUE
from gateway.domain.marks import ROUTE
from gateway.domain.model import (
    AttachmentDraft,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Content,
    ContentKind,
    Delivery,
    Field,
    Hop,
    Link,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground
from gateway.domain.queueing import QUOTES
from gateway.domain.relinking import GONE
from gateway.domain.retraction import COPY_OF, EDITS
from gateway.domain.rules.passing import shaped


class Withheld(Exception):
    """This must not leave; the delivery is parked with the words."""


class NotYet(Withheld):
    """Its desk shows another ticket in the place of ours: what is written now might be read by the wrong people."""

    ground, pause = Ground.OTHER_SHOWN, timedelta(seconds=30)


class NotLooked(NotYet):
    """The ticket may have changed at its desk, and has not been read since: what is written now might undo that."""

    ground, pause = Ground.PRECONDITION, CROSSED_PAUSE


class NotForThem(Withheld):
    """Its audience does not include this desk any more: there is nothing to carry, and nothing for a person to do."""


def assemble(
    case: Case, delivery: Delivery, contents: Mapping[str, Content], *, asking: bool = False
) -> Command:
    """The command of a delivery, its texts filled in; `asking`: only to find out whether it was carried out before.
    Raises Withheld."""
    hop = case.hops[delivery.hop_id]
    if MERGED in hop.unmapped:
        raise Withheld("the ticket was merged into another one at that desk")
    if shows_another(hop) and not asking:
        raise NotYet("the desk shows another ticket under that number")
    if not asking and _is_unread(hop, delivery):
        raise _unread(case, delivery)
    command = Command(
        id=delivery.id,
        kind=delivery.kind,
        marker=delivery.marker,
        remote_id=hop.remote_id,
        fields=_fields(case, delivery, contents, asking=asking),
    )
    if delivery.kind is CommandKind.CREATE:
        if hop.status not in OPEN and not asking:
            raise NotForThem("the assignment was taken back before its ticket was made")
        return command
    if hop.remote_id is None:
        gone = hop.status not in OPEN
        raise (NotForThem if gone else Withheld)("the ticket does not exist at that desk")
    if delivery.kind is CommandKind.UPDATE:
        return _something(replace(command, was=_was(hop, command)), delivery)
    return _with_words(case, delivery, command, contents, asking=asking)


def _named(link: Link, *, down: bool) -> frozenset[str]:
    """The fields that go over a link; who asked for it only where people are named, or the link knows who is who."""
    fields = link.crossing.fields_down if down else link.crossing.fields_up
    if link.identities is None and people.rule(link, down=down) != "name":
        return fields - {Field.REQUESTER}
    return fields


def _is_unread(hop: Hop, delivery: Delivery) -> bool:
    """Whether the look that a change under our write asked for is still to come; of a ticket that is gone there is none."""
    since = stale_since(delivery)
    if since is None or hop.remote_id is None or GONE in hop.unmapped:
        return False
    return hop.looked_at is None or hop.looked_at < since


def _unread(case: Case, delivery: Delivery) -> Withheld:
    """Later; after as long as anything is tried (D8) a person must see to it."""
    since = stale_since(delivery)
    if since is not None and case.now - since > GIVE_UP_AFTER:
        return Withheld(f"the ticket at that desk could not be read since {since:%Y-%m-%d %H:%M} UTC")
    return NotLooked("the ticket changed at that desk and was not read since")


def _was(hop: Hop, command: Command) -> dict[str, str | None]:
    return {name: hop.shadow[name] for name in command.fields if name in hop.shadow}


def _something(command: Command, delivery: Delivery) -> Command:
    if not command.fields and delivery.payload.get("fields"):
        raise NotForThem("nothing of it may cross the link any more")
    return command


def _with_words(
    case: Case, delivery: Delivery, command: Command, contents: Mapping[str, Content], *, asking: bool
) -> Command:
    """The command of a comment or file, as it may be read there today."""
    if (
        delivery.kind is CommandKind.REMOVE
    ):  # its words may be erased by now; to take them away they need not be read
        return replace(command, object_id=_copy_there(case, delivery))
    content = contents.get(delivery.content_id or "")
    if content is None:
        raise Withheld("the content was erased")
    return _with_content(case, delivery, command, content, asking=asking)


def _with_content(
    case: Case, delivery: Delivery, command: Command, content: Content, *, asking: bool
) -> Command:
    """The command with the text or file it carries, for whom that is today."""
    # What was never written there cannot have been changed: of that nothing needs to be asked.
    asking = asking and (delivery.kind is not CommandKind.EDIT or bool(_copies(case, delivery)))
    visibility = _checked(case, delivery, content, asking=asking)
    if delivery.kind is CommandKind.EDIT:
        command = replace(command, object_id=_copy_there(case, delivery))
    if delivery.kind is CommandKind.ATTACH:
        return replace(command, attachment=_attachment(case, delivery, content, visibility))
    return replace(command, comment=_comment(case, delivery, content, visibility))


def _comment(case: Case, delivery: Delivery, content: Content, visibility: Visibility) -> CommentDraft:
    """The words; to another gateway also who said them, apart, so that it does not name them a second time."""
    draft = CommentDraft(text=words(case, delivery, content), visibility=visibility)
    if ROUTE not in case.desk(case.hops[delivery.hop_id]).capabilities.writable:
        return draft
    if delivery.note or content.kind is not ContentKind.COMMENT:
        return replace(draft, automatic=not delivery.payload.get(QUOTES))
    named, organization, text = _said(case, delivery, content)
    return replace(draft, author=named or organization, plain=text)


def _copies(case: Case, delivery: Delivery) -> list[str]:
    wanted = delivery.payload.get(COPY_OF)
    return [copy.remote_id for copy in case.our_copies(delivery.hop_id) if copy.content_id == wanted]


def _copy_there(case: Case, delivery: Delivery) -> str:
    """The desk's own id of the comment that is to be changed or taken away."""
    found = _copies(case, delivery)
    if found:
        return found[-1]
    if delivery.kind is CommandKind.REMOVE:
        raise NotForThem("there is nothing (any more) to take away")
    raise Withheld("the comment that this changes was never written there, or is gone")


def _fields(
    case: Case, delivery: Delivery, contents: Mapping[str, Content], *, asking: bool
) -> dict[str, str | None]:
    """What may be written today: what crosses no link (a status, a desk's own defaults), and what the allow-list names."""
    hop = case.hops[delivery.hop_id]
    wanted: Mapping[str, str | None] = delivery.payload.get("fields", {})
    fields = {name: value for name, value in wanted.items() if asking or _may_stand(case, hop, name)}
    if delivery.kind is CommandKind.UPDATE and not asking and _is_overtaken(case, hop, delivery):
        fields.pop(Field.STATUS, None)
    for name, content_id in delivery.payload.get("texts", {}).items():
        content = contents.get(content_id)
        if content is None:
            raise Withheld(f"the {name} was erased")
        origin = case.hops[content.origin_hop_id]
        links = list(people.way(case, hop, origin))
        if not links or not all(down and name in link.crossing.fields_down for link, down in links):
            raise Withheld(f"the link does not let {name} cross")
        text = shaped(content.text, delivery.payload.get("shapes", {}).get(name, ()))
        fields[name] = people.without_names(case, hop, origin, text)
    return fields


def _is_overtaken(case: Case, hop: Hop, delivery: Delivery) -> bool:
    """Whether the work moved on since this status was decided, and stands elsewhere by now: what waited for hours would undo
    what somebody did there meanwhile. By the order of the story: two things may happen in one moment."""
    word = delivery.payload.get("fields", {}).get(Field.STATUS)
    if word is not None and refused(delivery) and _is_over_at_both(case, hop):
        return True
    if word is None or mapping.native_status(case.desk(hop), hop.status) == word:
        return False
    story = case.story()
    place = next((at for at, event in enumerate(story) if event.id == delivery.event_id), None)
    since = (
        [event for event in story if event.observed_at > delivery.created_at]
        if place is None
        else story[place + 1 :]
    )
    return any(event.type == "status.changed" and event.hop_id == hop.id for event in since)


def _is_over_at_both(case: Case, hop: Hop) -> bool:
    """Whether the ticket ended there by itself, in whatever word, and here too: then there is nothing left to end."""
    shown = mapping.status_of(case.desk(hop), hop.shadow.get(Field.STATUS) or "")
    return hop.status not in OPEN and shown is not None and shown.status not in OPEN


_OURS = frozenset(
    {str(name) for name in (Field.STATUS, Field.TITLE, Field.MARKER, Field.DELEGATE, Field.QUEUE, ROUTE)}
)
"""Fields that carry what the gateway says itself; a title that crosses is a text, and checked as one."""


def _may_stand(case: Case, hop: Hop, name: str) -> bool:
    link = case.link(hop)
    named = set(_OURS) | {Field.DUE} if AGREED_DUE in hop.facts else set(_OURS)
    named |= {*case.desk(hop).profile.defaults}
    if link is not None:
        named |= {*link.create, link.crossing.needed_by, link.crossing.number_down, *_named(link, down=True)}
        named |= {str(Field.RATING)} if link.crossing.ratings_down else set()
    for child in case.children(hop):
        below = case.link(child)
        named |= _named(below, down=False) if below is not None else frozenset()
    if name == Field.VISIT_UNTIL:
        name = Field.VISIT_FROM  # a window is one thing, named by its beginning
    return name in named or (name.startswith("custom.") and "custom.*" in named)


def _checked(case: Case, delivery: Delivery, content: Content, *, asking: bool) -> Visibility:
    """The visibility to write with: never wider than the audience gives this hop today."""
    if delivery.visibility is None:
        raise Withheld("no visibility is stored")
    if delivery.note or asking:
        return delivery.visibility
    allowed = audience(case, content, said_before=True).get(delivery.hop_id)
    if allowed is None:
        raise _not_for(case, content, delivery.hop_id)
    if allowed is Visibility.PRIVATE:
        return Visibility.PRIVATE
    return delivery.visibility


def _not_for(case: Case, content: Content, hop_id: str) -> Withheld:
    """What a file is and how large shows only when it was fetched; that it is not taken for that is something to tell."""
    if hop_id in audience(case, replace(content, blob_size=None), said_before=True):
        return Withheld("the file is larger than the link allows")
    words = replace(content, kind=ContentKind.COMMENT, text=content.text or "-")
    if (
        content.kind is ContentKind.ATTACHMENT
        and content.blob_key
        and hop_id in audience(case, words, said_before=True)
    ):
        return Withheld("its first bytes are of a kind that the link does not take")
    return NotForThem("its audience does not include this desk (any more)")


def _attachment(case: Case, delivery: Delivery, content: Content, visibility: Visibility) -> AttachmentDraft:
    if content.blob_key is None or content.blob_size is None or content.blob_sha256 is None:
        raise Withheld("the file could not be fetched from its desk")
    hop, origin = case.hops[delivery.hop_id], case.hops[content.origin_hop_id]
    return AttachmentDraft(
        filename=people.without_names(case, hop, origin, content.filename or "file"),
        media_type=content.media_type or "application/octet-stream",
        blob=Blob(key=content.blob_key, size=content.blob_size, sha256=content.blob_sha256),
        visibility=visibility,
    )


def words(case: Case, delivery: Delivery, content: Content) -> str:
    """The text as it is written at the desk. Who said it stands in it: nobody is impersonated. The organization shown
    is the reader's neighbour on the way, so that a chain does not name its members to each other."""
    if delivery.note:
        return _note(case, case.hops[delivery.hop_id], content)
    if content.kind is not ContentKind.COMMENT:
        return content.text
    named, organization, text = _said(case, delivery, content)
    if named:
        return f"{named} ({organization}):\n\n{text}"
    return f"{organization}:\n\n{text}" if organization else text


def _said(case: Case, delivery: Delivery, content: Content) -> tuple[str, str, str]:
    """Who said it and for which organization, as far as both may be shown there, and the words."""
    text = content.text
    if content.source.get(EDITS) and delivery.kind is CommandKind.COMMENT:
        text = notes.say("edited", case.desk(case.hops[delivery.hop_id]).language, text=text)
    hop, origin = case.hops[delivery.hop_id], case.hops[content.origin_hop_id]
    organization = case.directory.organization_name(case.towards(hop, origin).org_id)
    text = people.without_names(case, hop, origin, text)
    named = people.shown(case, hop, people.author(case, content))
    told = named or people.naming(case, hop, origin) != "nobody"
    return named, organization if told else "", text


def _note(case: Case, hop: Hop, content: Content) -> str:
    """Words of ours that name somebody name nobody any more where the link by now shows less of people."""
    naming: Mapping[str, str] = content.source.get("naming", {})
    if not naming or naming["of"] not in case.hops:
        return content.text
    allowed = people.naming(case, hop, case.hops[naming["of"]])
    if people.RULES.index(allowed) >= people.RULES.index(naming["as"]):
        return content.text
    return content.text.replace(naming["name"], naming["instead"])
