"""An API desk's ticket as nouns. Every function raises KeyError, TypeError or ValueError for another shape."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.model import (
    Actor,
    ActorKind,
    Command,
    CommandKind,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    Receipt,
    Snapshot,
    Visibility,
)

Doc = Mapping[str, Any]


def text(value: object) -> str:
    """A text that is one. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} where a text belongs")
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return moment


def _or_none(value: object) -> str | None:
    return None if value is None else text(value)


def snapshot(doc: Doc) -> Snapshot:
    """A whole ticket. Comments and files are always all of them."""
    return Snapshot(
        remote_id=text(doc["id"]),
        number=text(doc["number"]),
        fields={text(name): _or_none(value) for name, value in doc["fields"].items()}
        | {"marker": text(doc["marker"])},
        comments=tuple(map(_comment, doc["comments"])),
        attachments=tuple(_file(part, text(doc["id"])) for part in doc["files"]),
        history=tuple(map(_entry, doc["history"])),
        has_history=True,
        complete=True,
        revision=str(int(doc["revision"])),
        position=str(int(doc["position"])),
        created_at=_moment(doc["created_at"]),
        changed_at=_moment(doc["changed_at"]),
    )


def _actor(part: Doc) -> Actor:
    who = part["actor"]
    return Actor(id=text(who["id"]), name=text(who["name"]), kind=ActorKind(who["kind"]))


def _comment(part: Doc) -> NativeComment:
    return NativeComment(
        remote_id=text(part["id"]),
        text=text(part["text"]),
        visibility=Visibility.PUBLIC,
        author=_actor(part),
        at=_moment(part["at"]),
        edited_at=_moment(part["edited_at"]) if part.get("edited_at") else None,
    )


def _file(part: Doc, ticket: str) -> NativeAttachment:
    return NativeAttachment(
        remote_id=text(part["id"]),
        filename=text(part["filename"]),
        # Some desks know no type of a file: it is passed on as that, and the ticket stays readable.
        media_type=str(part["media_type"] or "application/octet-stream"),
        size=int(part["size"]),
        url=f"tickets/{ticket}/files/{text(part['id'])}",
        visibility=Visibility.PUBLIC,
        author=_actor(part),
        at=_moment(part["at"]),
        sha256=text(part["sha256"]),
    )


def _entry(part: Doc) -> HistoryEntry:
    return HistoryEntry(
        id=text(part["id"]),
        field=text(part["field"]),
        old=_or_none(part["old"]),
        new=_or_none(part["new"]),
        at=_moment(part["at"]),
        actor=_actor(part),
    )


def receipt(doc: Doc, command: Command, parts: Sequence[str]) -> Receipt:
    """The proof in a ticket's document; `parts` are the ids of what the command added."""
    seen = snapshot(doc)
    if command.remote_id not in (None, seen.remote_id):
        raise ValueError(f"asked about {command.remote_id}, the desk speaks of {seen.remote_id}")
    if command.kind is CommandKind.CREATE and doc["marker"] != command.marker:
        raise ValueError("a ticket without our marker")
    added = [part for part in (*doc["comments"], *doc["files"]) if part["id"] in parts]
    one = added[0] if command.kind in (CommandKind.COMMENT, CommandKind.ATTACH) else None
    return Receipt(
        remote_id=seen.remote_id,
        marker=command.marker,
        object_id=text(one["id"]) if one else None,
        number=seen.number,
        entries=tuple(map(text, parts)) if command.kind is CommandKind.UPDATE else (),
        snapshot=seen,
        at=_moment(one["at"]) if one else seen.changed_at,
        created_at=_moment(one["at"]) if one else seen.created_at,
    )
