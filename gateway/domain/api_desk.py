"""What a party's programs do at its desk in this gateway, and what may be done there. States are TMF621's words. The ticket
and what is added to it is `domain.in_house`; how documents of a standard become that, `domain.tmf621`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.domain.in_house import DeskTicket, Part, PartKind, Stamp, Written, added, moved, person
from gateway.domain.model import Actor, ActorKind, Field
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import federation

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


PUSHED = "pushed:"
"""Begins the marker of a ticket that its party opened."""


def is_pushed(ticket: DeskTicket) -> bool:
    """Whether its party opened it; else the gateway did."""
    return ticket.marker.startswith(PUSHED)


def state_of(ticket: DeskTicket) -> State:
    """How it stands."""
    return State(ticket.fields.get(Field.STATUS) or State.ACKNOWLEDGED)


class Shown(StrEnum):
    """As what its party reads a comment in the ticket's document (`shown` of its data): a note, or words that stand in another
    place of it."""

    NOTE = "note"
    REASON = "reason"
    LINK = "link"
    """A file that was named by its address only."""


def shown_as(comment: Part) -> Shown:
    """As what its party reads it; what the gateway says is a note."""
    return Shown(comment.data.get("shown") or Shown.NOTE)


def name_of(part: Part) -> str:
    """By what its party knows a note or a file: its own id for it, else the place. `raw` is how it wrote it."""
    raw = part.data.get("raw") or {}
    return str(raw.get("id") or part.place)


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
    spoke = any(not federation.is_automatic(note) for note in wanted.notes)
    if spoke and Field.STATUS not in fields and _waits_for_party(ticket, known):
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
    who = person(named) if isinstance(named, str) and named.strip() else stamp.who
    return replace(who, kind=ActorKind.AUTOMATION) if federation.is_automatic(note) else who


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
    return state_of(ticket) is State.PENDING and bool(moves) and moves[-1].ours


def _edited(part: Part, text: str, stamp: Stamp) -> Part:
    raw = {**(part.data.get("raw") or {}), "text": text}
    return replace(part, data={**part.data, "text": text, "raw": raw, "edited_at": stamp.now.isoformat()})
