"""The last line before the wire: from a delivery to the command that leaves, or the reason why it must not (D6).

Whatever was decided when the delivery was queued, what counts is what the store says now: the visibility of the
content, the link's allow-list, the state of the hop.
"""

from collections.abc import Mapping

from gateway.domain.audience import audience
from gateway.domain.case import Case
from gateway.domain.model import (
    AttachmentDraft,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Content,
    ContentKind,
    Delivery,
    Hop,
    Link,
    Visibility,
)
from gateway.domain.model.change import replace


class Withheld(Exception):
    """This must not leave; the delivery is parked with the words."""


def assemble(case: Case, delivery: Delivery, contents: Mapping[str, Content], occurrence: int) -> Command:
    """The command of a delivery, its texts filled in. Raises Withheld."""
    hop = case.hops[delivery.hop_id]
    command = Command(
        id=delivery.id,
        kind=delivery.kind,
        marker=delivery.marker,
        remote_id=hop.remote_id,
        fields=_fields(case, delivery, hop, contents),
    )
    if delivery.kind is CommandKind.CREATE:
        return command
    if hop.remote_id is None:
        raise Withheld("the ticket does not exist at that desk")
    if delivery.kind is CommandKind.UPDATE:
        return command
    content = contents.get(delivery.content_id or "")
    if content is None:
        raise Withheld("the content was erased")
    visibility = _checked(case, delivery, hop, content)
    if delivery.kind is CommandKind.ATTACH:
        return replace(command, attachment=_attachment(content, visibility, occurrence))
    text = content.text if delivery.note else _attributed(case, hop, content)
    return replace(command, comment=CommentDraft(text=text, visibility=visibility, occurrence=occurrence))


def _fields(
    case: Case, delivery: Delivery, hop: Hop, contents: Mapping[str, Content]
) -> dict[str, str | None]:
    link = case.link(hop)
    fields: dict[str, str | None] = dict(delivery.payload.get("fields", {}))
    for name, content_id in delivery.payload.get("texts", {}).items():
        if link is None or name not in link.crossing.fields_down:
            raise Withheld(f"the link does not let {name} cross")
        content = contents.get(content_id)
        if content is None:
            raise Withheld(f"the {name} was erased")
        fields[name] = content.text
    return fields


def _checked(case: Case, delivery: Delivery, hop: Hop, content: Content) -> Visibility:
    """The visibility to write with: never wider than the audience gives this hop today."""
    if delivery.visibility is None:
        raise Withheld("no visibility is stored")
    if delivery.note:
        return delivery.visibility
    allowed = audience(case, content).get(hop.id)
    if allowed is None:
        raise Withheld("its audience does not include this desk (any more)")
    if allowed is Visibility.PRIVATE:
        return Visibility.PRIVATE
    return delivery.visibility


def _attachment(content: Content, visibility: Visibility, occurrence: int) -> AttachmentDraft:
    if content.blob_key is None or content.blob_size is None or content.blob_sha256 is None:
        raise Withheld("the file could not be fetched from its desk")
    return AttachmentDraft(
        filename=content.filename or "file",
        media_type=content.media_type or "application/octet-stream",
        blob=Blob(key=content.blob_key, size=content.blob_size, sha256=content.blob_sha256),
        visibility=visibility,
        occurrence=occurrence,
    )


def _attributed(case: Case, hop: Hop, content: Content) -> str:
    """Who said it stands in the text: nobody is impersonated. The organization shown is the reader's neighbour on
    the way, so that a chain does not name its members to each other."""
    if content.kind is not ContentKind.COMMENT:
        return content.text
    neighbour, link = _towards(case, hop, case.hops[content.origin_hop_id])
    organization = case.directory.organization_name(neighbour.org_id)
    people = link.crossing.people if link else "name"
    if people == "name" and content.author:
        return f"{content.author} ({organization}):\n\n{content.text}"
    return f"{organization}:\n\n{content.text}" if people != "nobody" else content.text


def _towards(case: Case, hop: Hop, origin: Hop) -> tuple[Hop, Link | None]:
    """The hop next to `hop` on the way to `origin`, and the link between."""
    step = origin
    while step.parent_id is not None and step.id != hop.id:
        if step.parent_id == hop.id:
            return step, case.link(step)
        step = case.hops[step.parent_id]
    parent = case.parent(hop)
    return (parent or origin), case.link(hop)
