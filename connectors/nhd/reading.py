"""What the gateway keeps of a partner's ticket, as nouns. Every function raises KeyError, TypeError or ValueError for another
shape."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.nhd import words
from gateway.domain.model import (
    Actor,
    ActorKind,
    Command,
    CommandKind,
    Desk,
    Field,
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


def snapshot(doc: Doc, desk: Desk) -> Snapshot:
    """A whole ticket: comments and files are always all of them. A field that the partner never spoke of is unknown."""
    names = words.canonical(desk)
    fields = {names[name]: _or_none(value) for name, value in doc["fields"].items() if name in names}
    # What nobody set yet is empty: the protocol has no other way to say so.
    empty: dict[str, str | None] = dict.fromkeys((Field.TAGS.value, *words.custom(desk)))
    return Snapshot(
        remote_id=text(doc["uuid"]),
        number=str(doc["number"]) or None,
        fields={**empty, **fields, Field.MARKER.value: str(doc["marker"]) or None},
        comments=tuple(map(_comment, doc["comments"])),
        attachments=tuple(map(_file, doc["files"])),
        history=tuple(_entry(part, names) for part in doc["history"] if part["field"] in names),
        has_history=True,
        complete=True,
        revision=str(int(doc["revision"])),
        position=str(int(doc["position"])),
        created_at=_moment(doc["created_at"]),
        changed_at=_moment(doc["changed_at"]),
    )


def _actor(part: Doc) -> Actor:
    who = part["actor"]
    return Actor(id=str(who["id"]), name=str(who["name"]), kind=ActorKind(who["kind"]))


def _visibility(part: Doc) -> Visibility:
    return Visibility.PUBLIC if part.get("public") is True else Visibility.PRIVATE


def _comment(part: Doc) -> NativeComment:
    return NativeComment(
        remote_id=text(part["id"]),
        text=text(part["text"]),
        visibility=_visibility(part),
        author=_actor(part),
        at=_moment(part["at"]),
    )


def _file(part: Doc) -> NativeAttachment:
    return NativeAttachment(
        remote_id=text(part["id"]),
        filename=text(part["filename"]),
        media_type=text(part["media_type"]),
        url=str(part["url"]) or None,
        visibility=_visibility(part),
        author=_actor(part),
        at=_moment(part["at"]),
        comment_id=text(part["comment"]),
    )


def _entry(part: Doc, names: Mapping[str, str]) -> HistoryEntry:
    return HistoryEntry(
        id=text(part["id"]),
        field=names[part["field"]],
        old=_or_none(part["old"]),
        new=_or_none(part["new"]),
        at=_moment(part["at"]),
        actor=_actor(part),
    )


def receipt(doc: Doc, command: Command, desk: Desk, added: Sequence[str] = ()) -> Receipt:
    """The proof in a ticket; `added` are the ids of what the command added."""
    seen = snapshot(doc, desk)
    if command.remote_id not in (None, seen.remote_id):
        raise ValueError(f"asked about {command.remote_id}, this is {seen.remote_id}")
    if command.kind is CommandKind.CREATE and doc["marker"] != command.marker:
        raise ValueError("a ticket without our marker")
    listed = [*doc["comments"], *doc["files"]]
    made = [part for part in listed if part["id"] in added] if command.kind in _ADDS else []
    return Receipt(
        remote_id=seen.remote_id,
        marker=command.marker,
        object_id=text(made[-1]["id"]) if made else None,
        number=seen.number,
        entries=tuple(map(text, added)) if command.kind is CommandKind.UPDATE else (),
        snapshot=seen,
        at=_moment(made[-1]["at"]) if made else seen.changed_at,
        created_at=_moment(made[-1]["at"]) if made else seen.created_at,
    )


_ADDS = (CommandKind.COMMENT, CommandKind.ATTACH)


def found(doc: Doc, command: Command, desk: Desk) -> list[Receipt]:
    """What in this ticket is the command's effect."""
    if command.kind is CommandKind.UPDATE:
        seen = snapshot(doc, desk).fields
        wanted = {name: words.normalised(name, value, desk) for name, value in command.fields.items()}
        same = all(seen.get(name) == value for name, value in wanted.items())
        return [receipt(doc, command, desk)] if same else []
    listed = doc["comments"] if command.comment is not None else doc["files"]
    return [receipt(doc, command, desk, [part["id"]]) for part in listed if part["request"] == command.marker]
