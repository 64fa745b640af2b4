"""The desk of a party that has none and speaks to us by API: its tickets, what is added to them, and what its callers may
do. States are TMF621's words. How documents of a standard become that, is `domain.tmf621`; where it is kept, the store's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.model import Actor, ActorKind, Field
from gateway.domain.model.change import replace

LONGEST_TEXT = 100_000
LONGEST_WORD = 1_000
"""Signs of a text (description, note) and of every other value."""


class State(StrEnum):
    """How a ticket stands: TMF621's eight words, and `offered` for a job that nobody here has answered yet."""

    OFFERED = "offered"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    PENDING = "pending"
    HELD = "held"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


OVER = frozenset({State.CLOSED, State.REJECTED, State.CANCELLED})
"""Nothing moves such a ticket any more."""
NEEDS_REASON = frozenset({State.REJECTED, State.PENDING})
"""Moves that mean nothing to the other side without words: why not, and what is asked."""


@dataclass(frozen=True, kw_only=True)
class DeskTicket:
    """A ticket at an API desk. `fields` are canonical names and the desk's own values; `document` is what its party said of
    it, whole, as TMF621 v5 writes it; `external` the party's own name for it, "" if it gave none; `parts` counts what was
    ever added; `revision` grows with each change."""

    id: str
    org_id: str
    desk_id: str
    number: str
    marker: str
    external: str
    digest: str
    """Of the document that made it: asked for again, the same must come."""
    fields: Mapping[str, str | None]
    document: Mapping[str, Any]
    created_at: datetime
    changed_at: datetime
    revision: int = 0
    parts: int = 0

    @property
    def state(self) -> State:
        """How it stands."""
        return State(self.fields.get(Field.STATUS) or State.ACKNOWLEDGED)

    @property
    def pushed(self) -> bool:
        """Whether its party opened it; else the gateway did."""
        return self.marker.startswith(PUSHED)


PUSHED = "pushed:"
"""Begins the marker of a ticket that its party opened."""


class PartKind(StrEnum):
    """What is added to a ticket."""

    COMMENT = "comment"
    FILE = "file"
    ENTRY = "entry"
    """One change of a field."""


class Shown(StrEnum):
    """As what its party reads a comment in the ticket's document: a note, or words that stand in another place of it."""

    NOTE = "note"
    REASON = "reason"
    LINK = "link"
    """A file that was named by its address only."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that was added to a ticket; `place` counts within it. `data`: `text shown raw edited_at` of a comment;
    `filename media_type key size sha256 raw` of a file; `field old new reason` of an entry; `raw` is the note or file as its
    party wrote it. `request` is the gateway's marker, or empty."""

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

    @property
    def name(self) -> str:
        """By what its party knows a note or a file: its own id for it, else the place."""
        raw = self.data.get("raw") or {}
        return str(raw.get("id") or self.place)


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
    """Who adds something, when, under which ids, and (of the gateway's) at which marker's request."""

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


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a caller asks for. `notes` and `files` are as its party wrote them, files with `blob` (`key size sha256`) or a
    `url`; `edits` are new words by the place of a note."""

    fields: Mapping[str, str | None] = field(default_factory=dict)
    reason: str = ""
    notes: Sequence[Mapping[str, Any]] = ()
    files: Sequence[Mapping[str, Any]] = ()
    edits: Mapping[int, str] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)


def may_move(before: State, after: State) -> bool:
    """Whether a caller can move a ticket so. What is over stays so; what is not resolved is not closed."""
    if before in OVER:
        return after is before
    return after is not State.OFFERED and (
        after is not State.CLOSED or before in (State.RESOLVED, State.CLOSED)
    )


def done(ticket: DeskTicket, wanted: Wanted, stamp: Stamp, known: Sequence[Part] = ()) -> Written:
    """The ticket after a caller's act. Words stand before the move they explain, all at one moment. A note to a ticket
    that waits for this party answers it, so that it goes on."""
    written = Written(ticket=ticket)
    for note in wanted.notes:
        data = {"text": str(note["text"]), "shown": Shown.NOTE.value, "raw": dict(note)}
        written = added(written, PartKind.COMMENT, data, stamp, _author(note, stamp))
    for file in wanted.files:
        written = _with_file(written, file, stamp)
    if wanted.reason and Field.STATUS in wanted.fields:
        said = {"text": wanted.reason, "shown": Shown.REASON.value}
        written = added(written, PartKind.COMMENT, said, stamp)
    fields = dict(wanted.fields)
    if wanted.notes and Field.STATUS not in fields and _waits_for_party(ticket, known):
        fields[Field.STATUS] = State.IN_PROGRESS.value
    written = moved(written, fields, stamp, reason=wanted.reason)
    edited = [_edited(part, wanted.edits[part.place], stamp) for part in known if part.place in wanted.edits]
    changed = bool(written.parts or edited or wanted.document != ticket.document)
    after = written.ticket
    if changed:
        grown = after.revision + (not written.parts)
        after = replace(after, document=dict(wanted.document), changed_at=stamp.now, revision=grown)
    return Written(ticket=after, parts=(*written.parts, *edited))


def _author(note: Mapping[str, Any], stamp: Stamp) -> Actor:
    named = note.get("author")
    return person(named) if isinstance(named, str) and named.strip() else stamp.who


def _with_file(written: Written, file: Mapping[str, Any], stamp: Stamp) -> Written:
    raw = {name: value for name, value in file.items() if name not in ("content", "blob")}
    blob = file.get("blob")
    if blob is not None:
        named = {"filename": str(file.get("name") or "file"), "media_type": str(file.get("mimeType") or "")}
        return added(written, PartKind.FILE, {**named, **blob, "raw": raw}, stamp)
    words = " · ".join(
        str(file[name]) for name in ("name", "description", "mimeType", "url") if file.get(name)
    )
    return added(written, PartKind.COMMENT, {"text": words, "shown": Shown.LINK.value, "raw": raw}, stamp)


def _waits_for_party(ticket: DeskTicket, known: Sequence[Part]) -> bool:
    """Whether the gateway, not the party itself, set it to pending."""
    moves = [part for part in known if part.kind is PartKind.ENTRY and part.data["field"] == Field.STATUS]
    return ticket.state is State.PENDING and bool(moves) and moves[-1].ours


def _edited(part: Part, text: str, stamp: Stamp) -> Part:
    raw = {**(part.data.get("raw") or {}), "text": text}
    return replace(part, data={**part.data, "text": text, "raw": raw, "edited_at": stamp.now.isoformat()})
