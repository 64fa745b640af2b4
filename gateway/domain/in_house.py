"""A desk that lives in this gateway, for a party that has none of its own: its tickets and what is added to them. What people
do there by links and calls is `domain.portal`, what their programs do `domain.api_desk`; where it is kept, the store's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.model import Actor, ActorKind, Field
from gateway.domain.model.change import replace


class Face(StrEnum):
    """Who a desk faces: people, or programs. What one has made the other neither shows nor changes."""

    PORTAL = "portal"
    API = "api"


@dataclass(frozen=True, kw_only=True)
class DeskTicket:
    """A ticket at such a desk. `fields` are canonical names and the desk's own values; `parts` counts what was ever added
    to it; `revision` grows with each change. Where a program opened it: `document` is what its party said of it, whole, as
    TMF621 v5 writes it; `external` the party's own name for it, "" if it gave none; `digest` that of the document that
    made it."""

    id: str
    org_id: str
    desk_id: str
    face: Face
    number: str
    marker: str
    fields: Mapping[str, str | None]
    created_at: datetime
    changed_at: datetime
    external: str = ""
    digest: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    parts: int = 0

    @property
    def title(self) -> str:
        """What it is called."""
        return self.fields.get(Field.TITLE) or self.number


class PartKind(StrEnum):
    """What is added to a ticket."""

    COMMENT = "comment"
    FILE = "file"
    ENTRY = "entry"
    """One change of a field."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that was added to a ticket; `place` counts within it. `data`: `text` of a comment; `filename media_type key
    size sha256` of a file; `field old new` of an entry; and what a face adds. `request` is what asked for it: a marker of
    the gateway's, the id of a link, a key that a caller gave, or nothing."""

    id: str
    org_id: str
    ticket_id: str
    place: int
    kind: PartKind
    at: datetime
    actor: Actor
    data: Mapping[str, Any]
    request: str = ""

    @property
    def ours(self) -> bool:
        """Whether the gateway wrote it."""
        return self.actor.kind is ActorKind.GATEWAY


US = Actor(id="interdesk", name="Interdesk", kind=ActorKind.GATEWAY)


def person(name: str) -> Actor:
    """Somebody who is named; the same name is the same person at this desk."""
    words = " ".join(name.split())
    return Actor(id=words.casefold(), name=words, kind=ActorKind.PERSON)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A ticket after something was added or changed, and which parts are new or new in their words."""

    ticket: DeskTicket
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who adds something, when, under which ids, and at whose request."""

    who: Actor
    now: datetime
    ids: Iterator[str]
    request: str = ""


def added(
    written: Written, kind: PartKind, data: Mapping[str, Any], stamp: Stamp, who: Actor | None = None
) -> Written:
    """With one more part, of `who` if that is not whoever asks."""
    ticket = written.ticket
    ticket = replace(ticket, parts=ticket.parts + 1, revision=ticket.revision + 1, changed_at=stamp.now)
    part = Part(
        id=next(stamp.ids),
        org_id=ticket.org_id,
        ticket_id=ticket.id,
        place=ticket.parts,
        kind=kind,
        at=stamp.now,
        actor=who or stamp.who,
        data=data,
        request=stamp.request,
    )
    return Written(ticket=ticket, parts=(*written.parts, part))


def moved(written: Written, fields: Mapping[str, str | None], stamp: Stamp, *, reason: str = "") -> Written:
    """With other values in some fields; one entry for each that changes, the status last (and with its reason)."""
    for name, value in sorted(fields.items(), key=lambda item: item[0] == Field.STATUS):
        before = written.ticket.fields.get(name)
        if before == value:
            continue
        entry: dict[str, Any] = {"field": name, "old": before, "new": value}
        if name == Field.STATUS and reason:
            entry["reason"] = reason
        written = added(written, PartKind.ENTRY, entry, stamp)
        ticket = replace(written.ticket, fields={**written.ticket.fields, name: value})
        written = Written(ticket=ticket, parts=written.parts)
    return written
