"""What is kept in this gateway of a desk's tickets, as nouns: of desks that live here, and of those that push and cannot be
asked. Every function raises KeyError, TypeError or ValueError for another shape."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.model import (
    Actor,
    ActorKind,
    Command,
    CommandKind,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)

Doc = Mapping[str, Any]
_OVERLAP = timedelta(minutes=2)


def text(value: object) -> str:
    """A text that is one. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} where a text belongs")
    return value


def moment(value: str) -> datetime:
    """A moment with its offset."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return found


def or_none(value: object) -> str | None:
    """A text, or nothing."""
    return None if value is None else text(value)


def snapshot(doc: Doc) -> Snapshot:
    """A whole ticket. Comments and files are always all of them."""
    return Snapshot(
        remote_id=text(doc["id"]),
        number=text(doc["number"]),
        fields={text(name): or_none(value) for name, value in doc["fields"].items()}
        | {"marker": text(doc["marker"])},
        comments=tuple(map(comment, doc["comments"])),
        attachments=tuple(_file(part, text(doc["id"])) for part in doc["files"]),
        history=tuple(map(entry, doc["history"])),
        has_history=True,
        complete=True,
        revision=str(int(doc["revision"])),
        position=str(int(doc["position"])),
        created_at=moment(doc["created_at"]),
        changed_at=moment(doc["changed_at"]),
    )


def actor(part: Doc) -> Actor:
    """Whose part it is."""
    who = part["actor"]
    return Actor(id=str(who["id"]), name=str(who["name"]), kind=ActorKind(who["kind"]))


def visibility(part: Doc) -> Visibility:
    """Private, unless it says that it is public."""
    return Visibility.PUBLIC if part.get("public") is True else Visibility.PRIVATE


def comment(part: Doc) -> NativeComment:
    """A comment."""
    return NativeComment(
        remote_id=text(part["id"]),
        text=text(part["text"]),
        visibility=visibility(part),
        author=actor(part),
        at=moment(part["at"]),
        edited_at=moment(part["edited_at"]) if part.get("edited_at") else None,
    )


def _file(part: Doc, ticket: str) -> NativeAttachment:
    return NativeAttachment(
        remote_id=text(part["id"]),
        filename=text(part["filename"]),
        # Some desks know no type of a file: it is passed on as that, and the ticket stays readable.
        media_type=str(part["media_type"] or "application/octet-stream"),
        size=int(part["size"]),
        url=f"tickets/{ticket}/files/{text(part['id'])}",
        visibility=visibility(part),
        author=actor(part),
        at=moment(part["at"]),
        sha256=text(part["sha256"]),
    )


def entry(part: Doc) -> HistoryEntry:
    """One change of a field."""
    return HistoryEntry(
        id=text(part["id"]),
        field=text(part["field"]),
        old=or_none(part["old"]),
        new=or_none(part["new"]),
        at=moment(part["at"]),
        actor=actor(part),
    )


def receipt(doc: Doc, command: Command, parts: Sequence[str]) -> Receipt:
    """The proof in a ticket's document; `parts` are the ids of what the command added."""
    found = proof(doc, snapshot(doc), command, parts)
    if command.kind in _ADDS and found.object_id is None:
        raise ValueError("an answer that shows nothing new")
    return found


_ADDS = (CommandKind.COMMENT, CommandKind.ATTACH)


def proof(doc: Doc, seen: Snapshot, command: Command, parts: Sequence[str]) -> Receipt:
    """The same where the document is read already."""
    if command.remote_id not in (None, seen.remote_id):
        raise ValueError(f"asked about {command.remote_id}, the desk speaks of {seen.remote_id}")
    if command.kind is CommandKind.CREATE and doc["marker"] != command.marker:
        raise ValueError("a ticket without our marker")
    added = [part for part in (*doc["comments"], *doc["files"]) if part["id"] in parts]
    one = added[-1] if added and command.kind in _ADDS else None
    return Receipt(
        remote_id=seen.remote_id,
        marker=command.marker,
        object_id=text(one["id"]) if one else None,
        number=seen.number,
        entries=tuple(map(text, parts)) if command.kind is CommandKind.UPDATE else (),
        snapshot=seen,
        at=moment(one["at"]) if one else seen.changed_at,
        created_at=moment(one["at"]) if one else seen.created_at,
    )


def since_of(cursor: str | None) -> dict[str, str]:
    """From when on changes are asked for: the gateway's clock at the last page, less an overlap, or the change to go on
    with; None begins now."""
    if cursor is None:
        return {}
    since, _, going_on = cursor.partition("|")
    start = datetime.fromisoformat(since) - (timedelta() if going_on else _OVERLAP)
    return {"since": start.isoformat()}


def page(told: Doc) -> Page:
    """A list of changes."""
    rows = told["changes"]
    sightings = tuple(Sighting(remote_id=text(row["id"]), marker=str(row["marker"]) or None) for row in rows)
    if told["more"] is True:
        return Page(sightings=sightings, cursor=f"{text(rows[-1]['at'])}|+", more=True)
    return Page(sightings=sightings, cursor=datetime.fromisoformat(told["now"]).isoformat())
