"""What the gateway keeps of a partner's ticket, as nouns. Every function raises KeyError, TypeError or ValueError for another
shape."""

from collections.abc import Sequence

from connectors.nhd import words
from gateway.domain.model import Command, CommandKind, Desk, Field, NativeAttachment, Receipt, Snapshot
from gateway.in_house.reading import Doc, actor, comment, entry, moment, or_none, proof, text, visibility


def snapshot(doc: Doc, desk: Desk) -> Snapshot:
    """A whole ticket: comments and files are always all of them. A field that the partner never spoke of is unknown."""
    names = words.canonical(desk)
    fields = {names[name]: or_none(value) for name, value in doc["fields"].items() if name in names}
    # What nobody set yet is empty: the protocol has no other way to say so.
    empty: dict[str, str | None] = dict.fromkeys((Field.TAGS.value, *words.custom(desk)))
    comments = tuple(map(comment, doc["comments"]))
    shown = frozenset(one.remote_id for one in comments)
    return Snapshot(
        remote_id=text(doc["uuid"]),
        number=str(doc["number"]) or None,
        fields={**empty, **fields, Field.MARKER.value: str(doc["marker"]) or None},
        comments=comments,
        attachments=tuple(_file(part, shown) for part in doc["files"]),
        history=tuple(
            entry({**part, "field": names[part["field"]]})
            for part in doc["history"]
            if part["field"] in names
        ),
        has_history=True,
        complete=True,
        revision=str(int(doc["revision"])),
        position=str(int(doc["position"])),
        created_at=moment(doc["created_at"]),
        changed_at=moment(doc["changed_at"]),
    )


def _file(part: Doc, shown: frozenset[str]) -> NativeAttachment:
    """A file. Its comment is not shown if it is the ticket's description or has no words."""
    came_with = text(part["comment"])
    return NativeAttachment(
        remote_id=text(part["id"]),
        filename=text(part["filename"]),
        media_type=text(part["media_type"]),
        url=str(part["url"]) or None,
        visibility=visibility(part),
        author=actor(part),
        at=moment(part["at"]),
        comment_id=came_with if came_with in shown else None,
    )


def receipt(doc: Doc, command: Command, desk: Desk, added: Sequence[str] = ()) -> Receipt:
    """The proof in a ticket; `added` are the ids of what the command added."""
    return proof(doc, snapshot(doc, desk), command, added)


def found(doc: Doc, command: Command, desk: Desk) -> list[Receipt]:
    """What in this ticket is the command's effect."""
    if command.kind is CommandKind.UPDATE:
        seen = snapshot(doc, desk).fields
        wanted = {name: words.normalised(name, value, desk) for name, value in command.fields.items()}
        same = all(seen.get(name) == value for name, value in wanted.items())
        return [receipt(doc, command, desk)] if same else []
    listed = doc["comments"] if command.comment is not None else doc["files"]
    return [receipt(doc, command, desk, [part["id"]]) for part in listed if part["request"] == command.marker]
