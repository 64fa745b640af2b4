"""Who may read a comment or a file, and how it lands there: the link's rules walked from its origin through the chain.

Public at a desk means "to its requester, one hop up". Whether it goes further up, down or to siblings is each link's
rule. Private goes nowhere, unless its writer names one neighbour and the link lets such notes cross, or the link shares
all internal notes; and then it stays private.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.domain import filetypes
from gateway.domain.case import OPEN, Case
from gateway.domain.model import Carry, Content, ContentKind, Hop, Link, Visibility
from gateway.domain.model.change import replace

Reached = dict[str, Visibility]
"""Hop id → how the content lands there."""


def audience(case: Case, content: Content, *, said_before: bool = False) -> Reached:
    """Hop ids the content may reach and how it lands there. The origin itself is not in it. `said_before`: of something that
    was on its way when a ticket above was ended; a ticket below that was taken back gets nothing more."""
    origin = case.hops[content.origin_hop_id]
    if _is_empty_note(content):
        return {}
    if content.to_link_id is not None:
        return _addressed(case, content, origin, said_before)
    if content.automatic:
        return {}
    walk = _Walk(case=case, content=content, said_before=said_before)
    walk.go_on(origin, came_from=None)
    return walk.reached


def _addressed(case: Case, content: Content, origin: Hop, said_before: bool) -> Reached:
    """One neighbour, named by the writer. A private note needs the link's word for it and stays private."""
    for hop, link, down in neighbours(case, origin, said_before=said_before):
        if link.id != content.to_link_id:
            continue
        if content.visibility is Visibility.PUBLIC:
            return _landing(hop, _carry(link, content, down=down))
        if link.crossing.addressed_notes and _file_crosses(link, content, down=down):
            return {hop.id: Visibility.PRIVATE}
    return {}


def _is_empty_note(content: Content) -> bool:
    """An internal note whose words were not kept: no link shared it when it was seen."""
    note = content.visibility is Visibility.PRIVATE and content.kind is not ContentKind.ATTACHMENT
    return note and not content.text


def _landing(hop: Hop, carry: Carry) -> Reached:
    if carry is Carry.STOP:
        return {}
    return {hop.id: Visibility.PUBLIC if carry is Carry.PUBLISH else Visibility.PRIVATE}


def neighbours(case: Case, hop: Hop, *, said_before: bool = False) -> Iterator[tuple[Hop, Link, bool]]:
    """Open hops next to this one, the link between, and whether the way there goes down."""
    parent, own_link = case.parent(hop), case.link(hop)
    if parent is not None and own_link is not None and (said_before or parent.status in OPEN):
        yield parent, own_link, False
    for child in case.children(hop):
        link = case.link(child)
        if link is not None and child.status in OPEN:
            yield child, link, True


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """Of one content through the chain; `reached` so far."""

    case: Case
    content: Content
    said_before: bool
    reached: Reached = field(default_factory=dict)

    def go_on(self, hop: Hop, *, came_from: Hop | None) -> None:
        """A public word goes on from where it is published; a note from wherever the link shares them all."""
        content, from_below = self.content, came_from is not None and came_from.parent_id == hop.id
        is_note = content.visibility is not Visibility.PUBLIC
        for other, link, down in neighbours(self.case, hop, said_before=self.said_before):
            if came_from is not None and other.id == came_from.id:
                continue
            if down and from_below and not _sibling_may_read(link, content):
                continue
            carry = _note_carry(link, content, down=down) if is_note else _carry(link, content, down=down)
            if carry is Carry.STOP:
                continue
            self.reached.update(_landing(other, carry))
            if carry is Carry.PUBLISH or is_note:
                self.go_on(other, came_from=hop)


def _note_carry(link: Link, content: Content, *, down: bool) -> Carry:
    crosses = shares_notes(link, down=down) and _file_crosses(link, content, down=down)
    return Carry.LAND_AS_INTERNAL if crosses else Carry.STOP


def shares_notes(link: Link, *, down: bool) -> bool:
    """Whether every internal note crosses the link in that direction."""
    return link.crossing.internal_notes_down if down else link.crossing.internal_notes_up


def _sibling_may_read(link: Link, content: Content) -> bool:
    return link.crossing.siblings or link.id in content.released_to


def _carry(link: Link, content: Content, *, down: bool) -> Carry:
    if not _file_crosses(link, content, down=down):
        return Carry.STOP
    return link.crossing.comments_down if down else link.crossing.comments_up


def refusing(case: Case, content: Content) -> list[Hop]:
    """The neighbours of a public file's origin that would read its words, but whose link refuses such a file."""
    if content.kind is not ContentKind.ATTACHMENT or content.visibility is not Visibility.PUBLIC:
        return []
    if content.automatic or content.to_link_id is not None:
        return []
    words = replace(content, kind=ContentKind.COMMENT)
    read, got = audience(case, words), audience(case, content)
    return [
        hop
        for hop, _, _ in neighbours(case, case.hops[content.origin_hop_id])
        if hop.id in read and hop.id not in got
    ]


def _file_crosses(link: Link, content: Content, *, down: bool) -> bool:
    """Whether the link lets such a file pass; what is no file passes here."""
    if content.kind is not ContentKind.ATTACHMENT:
        return True
    crossing = link.crossing
    if not (crossing.attachments_down if down else crossing.attachments_up):
        return False
    types = crossing.attachment_types_down if down else crossing.attachment_types_up
    allowed = crossing.attachment_types if types is None else types
    if not filetypes.fits(allowed, content.media_type or "", content.filename or ""):
        return False
    most = crossing.attachment_max_bytes_down if down else crossing.attachment_max_bytes_up
    return content.blob_size is None or content.blob_size <= (most or crossing.attachment_max_bytes)
