"""What leaves for a partner. Each push asks our own side for leave, writes once, and tells our own side what was taken."""

from collections.abc import Mapping
from typing import Any

from connectors.nhd import words
from connectors.nhd.reading import receipt
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Command, CommandKind, Desk, Field, Receipt, Visibility
from gateway.errors import AnswerUnreadable, Unsupported
from gateway.in_house.reading import Doc, text

HERE = "sharing://here"
_NOT_THERE = (404, 410, 422)
"""How partners answer to a change of a ticket that they do not have."""
_ACTOR = {"uuid": words.uuid("users", "interdesk"), "name": "Interdesk", "role": "agent"}


def possible(command: Command, desk: Desk) -> None:
    """Raises Unsupported before anything is asked."""
    if command.kind is CommandKind.CREATE:
        return
    if command.kind is CommandKind.UPDATE:
        strange = command.fields.keys() - desk.capabilities.writable - words.custom(desk).keys()
        if strange:
            raise Unsupported(f"ticket sharing cannot write {', '.join(sorted(strange))}")
    elif command.kind not in (CommandKind.COMMENT, CommandKind.ATTACH):
        raise Unsupported(f"ticket sharing cannot {command.kind}")
    elif command.comment is None and command.attachment is None:
        raise Unsupported("a comment without words, or a file that is none")


def push(command: Command, desk: Desk) -> Exchange[Receipt]:
    """See Connector.push."""
    possible(command, desk)
    uuid, opens = _ticket(command), command.kind is CommandKind.CREATE
    leave = yield from _leave(command, desk, uuid)
    document = _document(command, desk, leave)
    exists = not opens
    if opens and leave["tried"]:
        exists = yield from _is_there(uuid, desk)
        document = {"uuid": uuid} if exists else document
    yield Request(
        effect=Effect.WRITE,
        method="PUT" if exists else "POST",
        path=f"tickets/{uuid}",
        headers=words.content_type(desk),
        json=document,
    )
    told = {"marker": command.marker, "opens": opens, "place": leave["place"], "document": document}
    # It changes nothing at the desk: what the desk has just said yes to is noted, as often as it is asked.
    response = yield Request(
        effect=Effect.READ, method="POST", path=f"{HERE}/tickets/{uuid}/taken", json=told
    )
    with shaped(AnswerUnreadable, "the ticket as it is kept"):
        noted = response.json()
        return receipt(noted["ticket"], command, desk, noted["added"])


def _ticket(command: Command) -> str:
    return command.remote_id or words.uuid("tickets", command.marker)


def _leave(command: Command, desk: Desk, uuid: str) -> Exchange[Mapping[str, Any]]:
    """What our own side says of it: the terms of the agreement, the time, the address of a file."""
    opens = command.kind is CommandKind.CREATE
    told: dict[str, Any] = {"marker": command.marker, "opens": opens}
    if opens:
        told["document"] = _opening(command, desk)
    if command.attachment is not None:
        draft = command.attachment
        blob = {"key": draft.blob.key, "size": draft.blob.size, "sha256": draft.blob.sha256}
        told["file"] = {"filename": draft.filename, "media_type": draft.media_type, "blob": blob}
    path = f"{HERE}/tickets/{uuid}/sending"
    response = yield Request(effect=Effect.PREPARE, method="POST", path=path, json=told)
    with shaped(AnswerUnreadable, "leave to send"):
        leave: Doc = response.json()["sending"]
        text(leave["clock"])
        return {
            **leave,
            "place": int(leave["place"]),
            "tried": leave["tried"] is True,
            "public_comments": leave["public_comments"] is True,
            "file_url": text(leave["file_url"]) if command.attachment is not None else "",
        }


def _is_there(uuid: str, desk: Desk) -> Exchange[bool]:
    """An earlier answer was lost. A change that changes nothing tells whether the ticket is there."""
    response = yield Request(
        effect=Effect.PREPARE,
        method="PUT",
        path=f"tickets/{uuid}",
        headers=words.content_type(desk),
        json={"uuid": uuid},
        accept=_NOT_THERE,
    )
    return response.status not in _NOT_THERE


def _document(command: Command, desk: Desk, leave: Mapping[str, Any]) -> dict[str, Any]:
    if command.kind is CommandKind.CREATE:
        return _opening(command, desk) | {"requested_at": leave["clock"]}
    uuid = _ticket(command)
    if command.kind is CommandKind.UPDATE:
        return {"uuid": uuid, "current_actor": _ACTOR, **_fields(command, desk)}
    return {"uuid": uuid, "current_actor": _ACTOR, "comments": [_comment(command, leave)]}


def _opening(command: Command, desk: Desk) -> dict[str, Any]:
    """A new ticket: its description is its first comment, as both products have it."""
    opening = {"uuid": _ticket(command), "current_actor": _ACTOR, **_fields(command, desk)}
    description = command.fields.get(Field.DESCRIPTION)
    asked_by = opening.get("requester") or {"uuid": words.uuid("users", "requester"), "name": "Interdesk"}
    if description:
        said = {
            "uuid": words.uuid("comments", command.marker),
            "author": asked_by,
            "body": description,
            "public": True,
        }
        opening["comments"] = [said]
    return {**opening, "requester": asked_by}


def _fields(command: Command, desk: Desk) -> dict[str, Any]:
    """The command's fields where a document has them. An emptied one is told as empty: null would mean unchanged."""
    told: dict[str, Any] = {}
    custom, theirs = words.custom(desk), {}
    for name, given in command.fields.items():
        value = words.normalised(name, given, desk) or ""
        if name in custom:
            theirs[custom[name]] = value
        elif name == Field.TAGS:
            told["tags"] = value.split(",") if value else []
        elif name == Field.REQUESTER and value:
            told["requester"] = {"uuid": words.uuid("users", value), "name": value}
        elif name in (Field.TITLE, Field.STATUS) and value:
            told[words.NAMES[name]] = value
    return told | ({"custom_fields": theirs} if theirs else {})


def _comment(command: Command, leave: Mapping[str, Any]) -> dict[str, Any]:
    part = command.comment or command.attachment
    assert part is not None  # noqa: S101 - possible() has looked
    public = part.visibility is Visibility.PUBLIC and leave["public_comments"]
    said: dict[str, Any] = {
        "uuid": words.uuid("comments", command.marker),
        "author": _ACTOR,
        "authored_at": leave["clock"],
        "public": public,
    }
    if command.comment is not None:
        return {**said, "body": command.comment.text}
    draft = command.attachment
    assert draft is not None  # noqa: S101 - possible() has looked
    file = {
        "url": leave["file_url"],
        "filename": draft.filename,
        "content_type": draft.media_type,
        "display_filename": draft.filename,
    }
    return {**said, "body": draft.filename, "attachments": [file]}
