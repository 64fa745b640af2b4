"""The loopback desk's documents as nouns. Every function raises KeyError, TypeError or ValueError for another shape."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.model import (
    Actor,
    ActorKind,
    Command,
    CommandKind,
    Desk,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    NativeWork,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)

Doc = Mapping[str, Any]

_KINDS = {"person": ActorKind.PERSON, "automation": ActorKind.AUTOMATION}


def snapshot(doc: Doc, desk: Desk, *, since: str | None = None) -> Snapshot:
    """A whole ticket. Its comments and files are always all of them; its history is what came after `since`."""
    has_history = desk.settings.get("history", True)
    entries = tuple(_entry(entry, desk) for entry in doc["history"]) if has_history else ()
    return Snapshot(
        remote_id=_text(doc["id"]),
        number=_text(doc["number"]),
        url=desk.base_url + _text(doc["url"]),
        fields=_fields(doc["fields"]),
        comments=tuple(_comment(part, desk) for part in doc["comments"]),
        attachments=tuple(_file(part, desk) for part in doc["attachments"]),
        work=tuple(_work(part, desk) for part in doc.get("work", ())),
        history=entries,
        has_history=has_history,
        complete=True,
        revision=str(_number(doc["revision"])),
        position=entries[-1].id if entries else since,
        created_at=_moment(doc["created_at"]),
        changed_at=_moment(doc["changed_at"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} where a text belongs")
    return value


def _or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} where a number belongs")
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return moment


def _fields(told: Doc) -> dict[str, str | None]:
    for name, value in told.items():
        if value is not None and type(value) is not str:
            raise ValueError(f"{name} is {value!r}")
    return dict(told)


def _actor(doc: Doc, desk: Desk) -> Actor:
    who = _text(doc["id"])
    kind = ActorKind.GATEWAY if who == desk.account else _KINDS.get(doc["kind"], ActorKind.UNKNOWN)
    return Actor(id=who, name=_text(doc["name"]), kind=kind)


def _visibility(doc: Doc) -> Visibility:
    """Only the very word true is public; anything else, and nothing at all, is private."""
    return Visibility.PUBLIC if doc.get("public") is True else Visibility.PRIVATE


def _comment(doc: Doc, desk: Desk) -> NativeComment:
    return NativeComment(
        remote_id=_text(doc["id"]),
        text=_text(doc["text"]),
        visibility=_visibility(doc),
        author=_actor(doc["author"], desk),
        at=_moment(doc["at"]),
        edited_at=_moment(doc["edited_at"]) if doc.get("edited_at") else None,
        marker=_or_none(doc.get("marker")),
    )


def _file(doc: Doc, desk: Desk) -> NativeAttachment:
    return NativeAttachment(
        remote_id=_text(doc["id"]),
        filename=_text(doc["filename"]),
        media_type=_text(doc["media_type"]),
        size=_number(doc["size"]),
        url=_text(doc["url"]),
        visibility=_visibility(doc),
        author=_actor(doc["author"], desk),
        at=_moment(doc["at"]),
        comment_id=_or_none(doc.get("comment_id")),
        sha256=_text(doc["sha256"]),
    )


def _work(doc: Doc, desk: Desk) -> NativeWork:
    return NativeWork(
        remote_id=_text(doc["id"]),
        minutes=_number(doc["minutes"]),
        at=_moment(doc["at"]),
        author=_actor(doc["author"], desk),
        text=str(doc["text"]),
        activity=str(doc["activity"]),
    )


def _entry(doc: Doc, desk: Desk) -> HistoryEntry:
    return HistoryEntry(
        id=_text(doc["id"]),
        field=_text(doc["field"]),
        old=_or_none(doc["old"]),
        new=_or_none(doc["new"]),
        at=_moment(doc["at"]),
        actor=_actor(doc["actor"], desk),
    )


def page(told: Doc, *, since: str) -> Page:
    """A page of changes, each ticket once (its newest line). While there is more, the cursor stays in this round."""
    rows = told["changes"]
    newest = {_text(row["ticket"]): row for row in rows}
    sightings = tuple(_touched(ticket, row) for ticket, row in newest.items())
    now = _moment(told["now"]).isoformat()
    if told["more"] is True:
        return Page(sightings=sightings, cursor=f"{since}|{_number(rows[-1]['id'])}", more=True)
    return Page(sightings=sightings, cursor=now)


def _touched(ticket: str, row: Doc) -> Sighting:
    fields = {name: value for name, value in _fields(row["fields"]).items() if value is not None}
    return Sighting(remote_id=ticket, marker=fields.get("marker"), hints=fields)


def ticket_in(answer: Doc, command: Command) -> Doc:
    """The ticket an answer speaks of. ValueError if it is another one than the command's."""
    doc: Doc = answer["ticket"]
    if command.remote_id is not None and doc["id"] != command.remote_id:
        raise ValueError(f"asked about ticket {command.remote_id}, the desk speaks of {doc['id']!r}")
    if command.kind is CommandKind.CREATE and doc["fields"]["marker"] != command.marker:
        raise ValueError("the desk speaks of a ticket that does not carry our marker")
    return doc


def receipt(answer: Doc, command: Command, desk: Desk) -> Receipt:
    """The proof in an answer: the ticket, and the comment or file where there is one."""
    doc = ticket_in(answer, command)
    part = answer.get(_PARTS[command.kind]) if command.kind in _PARTS else None
    seen = snapshot(doc, desk)
    if command.kind in _PARTS and part is None:
        raise ValueError(f"no {_PARTS[command.kind]} in the answer")
    made_at = part["at"] if part else doc["created_at"]
    return Receipt(
        remote_id=seen.remote_id,
        marker=command.marker,
        object_id=_text(part["id"]) if part else None,
        number=seen.number,
        url=seen.url,
        entries=tuple(_text(entry) for entry in answer.get("entries", ())),
        snapshot=seen,
        at=_moment(part["at"]) if part else seen.changed_at,
        created_at=_moment(made_at),
    )


_PARTS = {CommandKind.COMMENT: "comment", CommandKind.ATTACH: "attachment"}


def comment_in(doc: Doc, command: Command, desk: Desk) -> Sequence[Doc]:
    """The command's comment in its ticket: by marker, else the how-manieth of our own with that text and visibility."""
    if command.comment is None:
        return ()
    if desk.settings.get("comment_markers", True):
        return [part for part in doc["comments"] if part["marker"] == command.marker]
    text, wanted = normalised("comment", command.comment.text, desk), command.comment.visibility
    same = [
        part for part in _own(doc["comments"], desk) if part["text"] == text and _visibility(part) is wanted
    ]
    return same[command.comment.occurrence - 1 :][:1]


def is_rewritten(doc: Doc, command: Command, desk: Desk) -> bool:
    """Whether a comment of ours is as an edit wants it, or gone as a removal does."""
    here = [part for part in doc["comments"] if part["id"] == command.object_id]
    if command.comment is None:
        return not here
    wanted = normalised("comment", command.comment.text, desk)
    return any(part["text"] == wanted for part in here)


def files_in(doc: Doc, command: Command, desk: Desk) -> Sequence[Doc]:
    """The command's file in its ticket: by marker, else the how-manieth of our own with that name and content."""
    if command.attachment is None:
        return ()
    if desk.settings.get("comment_markers", True):
        return [part for part in doc["attachments"] if part["marker"] == command.marker]
    draft = command.attachment
    same = [
        part
        for part in _own(doc["attachments"], desk)
        if part["sha256"] == draft.blob.sha256 and part["filename"] == draft.filename
    ]
    return same[draft.occurrence - 1 :][:1]


def _own(parts: Sequence[Doc], desk: Desk) -> Iterator[Doc]:
    return (part for part in parts if desk.account in ("", part["author"]["id"]))


def normalised(field: str, value: str | None, desk: Desk) -> str | None:
    """What the desk shows after this value was written."""
    if not value:
        return None
    text = value.replace("\r\n", "\n")
    if desk.settings.get("strips_html") and field in ("description", "comment"):
        text = _without_tags(text)
    if field == "title":
        text = " ".join(text.split())[: desk.settings.get("title_limit")]
    return text.strip() or None


_TAG = re.compile(r"<[^<>]*>")


def _without_tags(text: str) -> str:
    bare = _TAG.sub("", text)
    return bare if bare == text else _without_tags(bare)
