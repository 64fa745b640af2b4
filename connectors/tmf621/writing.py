"""What leaves for a desk. A ticket is opened by POST; everything else is a PATCH of what was read a moment before."""

from collections.abc import Mapping
from typing import Any

from connectors.tmf621.reading import Doc, put, receipt
from connectors.tmf621.words import LIST, OWNER, by_operations, dialect, ticket
from gateway.connector import Effect, Embedded, Exchange, Request, shaped
from gateway.domain.model import Command, CommandKind, Desk, Field, Receipt, Visibility
from gateway.domain.tmf621 import federation
from gateway.errors import AnswerUnreadable, DeskRejected, Unsupported

_OPERATIONS = {"content-type": "application/json-patch+json"}
_MERGE = {"content-type": "application/merge-patch+json"}
_V4 = {"content-type": "application/json"}
_LISTS = "troubleTicketCharacteristic"


def push(command: Command, desk: Desk) -> Exchange[Receipt]:
    """See Connector.push."""
    _possible(command)
    if command.kind is CommandKind.CREATE:
        response = yield Request(effect=Effect.WRITE, method="POST", path=LIST, json=_opening(command, desk))
        with shaped(AnswerUnreadable, "a new trouble ticket"):
            return receipt(response.json(), command, desk)
    read = yield Request(effect=Effect.READ, method="GET", path=ticket(command.remote_id or ""))
    with shaped(AnswerUnreadable, "a trouble ticket"):
        before = read.json()
        receiving = _patch(command, desk, before)
    response = yield receiving
    with shaped(AnswerUnreadable, "a changed trouble ticket"):
        return _proof(response.json(), command, desk, before)


def _proof(told: Any, command: Command, desk: Desk, before: Doc) -> Receipt:
    seen = receipt(told, command, desk, before=before)
    word = command.fields.get(Field.STATUS)
    shown = (seen.snapshot.fields.get(Field.STATUS) if seen.snapshot else None) or ""
    was = str(dialect(desk).read(before).get("status"))
    if word and shown.partition(":")[0] == was and was != word:
        raise DeskRejected(f"the desk left the status at {shown}", why="it answered as if it had changed it")
    return seen


def _possible(command: Command) -> None:
    """Raises Unsupported before anything is asked."""
    if command.kind in (CommandKind.CREATE, CommandKind.UPDATE):
        return
    part = command.comment or command.attachment
    if part is None or command.kind not in (CommandKind.COMMENT, CommandKind.ATTACH):
        raise Unsupported(f"TMF621 cannot {command.kind}")
    if part.visibility is Visibility.PRIVATE:
        raise Unsupported("nothing is private at a TMF621 desk")


def _opening(command: Command, desk: Desk) -> dict[str, Any]:
    """A new ticket. The standard wants a description, a severity and a type of each."""
    told: dict[str, Any] = {"@type": "TroubleTicket"}
    for name, value in command.fields.items():
        if value and name not in (federation.ROUTE, Field.STATUS):
            put(told, name, value)
    named = {"id": command.marker, "owner": OWNER, "externalIdentifierType": "marker"}
    told["externalIdentifier"] = [{"@type": "ExternalIdentifier", **named}]
    told.setdefault("description", told.get("name", ""))
    told.setdefault("severity", told.get("priority", "medium"))
    told.setdefault("ticketType", str(desk.settings.get("ticket_type") or "assistance"))
    federation.with_said(told, federation.crossing(command.fields))
    return dialect(desk).write(told)


def _patch(command: Command, desk: Desk, before: Doc) -> Request:
    if command.kind is CommandKind.UPDATE:
        return _request(command, _MERGE, _changes(command, desk, before), desk)
    name, item = ("note", _note(command, desk)) if command.comment else ("attachment", _file(command))
    shown = before.get(name) or []
    if not by_operations(desk):
        return _request(command, _MERGE, {name: [*shown, item]}, desk)
    way = {"path": f"/{name}/-", "value": item} if shown else {"path": f"/{name}", "value": [item]}
    return _request(command, _OPERATIONS, [{"op": "add", **way}], desk)


def _request(command: Command, kind: Mapping[str, str], body: object, desk: Desk) -> Request:
    headers = _V4 if kind is _MERGE and dialect(desk).name == "v4" else kind
    path = ticket(command.remote_id or "")
    return Request(effect=Effect.WRITE, method="PATCH", path=path, headers=headers, json=body)


def _changes(command: Command, desk: Desk, before: Doc) -> dict[str, Any]:
    """Only the attributes that become other ones; a list is sent whole."""
    spoken = dialect(desk)
    read = spoken.read(before)
    after = dict(read)
    for name, value in command.fields.items():
        if value:
            put(after, name, value)
        else:
            _empty(after, name)
    changed = {
        name: after.get(name) for name in after.keys() | read.keys() if after.get(name) != read.get(name)
    }
    if _LISTS in changed:
        federation.with_said(changed, None)
        changed.setdefault(_LISTS, [])
    told = spoken.write({name: value for name, value in changed.items() if value is not None})
    gone = {_named(spoken.dialect.names, name): None for name, value in changed.items() if value is None}
    return told | gone


def _named(names: Mapping[str, str], wanted: str) -> str:
    return next((theirs for theirs, ours in names.items() if ours == wanted), wanted)


_ATTRIBUTES = {
    Field.TITLE.value: ("name",),
    Field.PRIORITY.value: ("priority",),
    Field.DUE.value: ("requestedResolutionDate", "expectedResolutionDate"),
}


def _empty(after: dict[str, Any], name: str) -> None:
    """No value any more. What the standard requires stays."""
    for attribute in _ATTRIBUTES.get(name, ()):
        after.pop(attribute, None)
    if name not in (*_ATTRIBUTES, Field.DESCRIPTION, Field.CATEGORY, Field.STATUS):
        put(after, name, "")


def _note(command: Command, desk: Desk) -> dict[str, Any]:
    draft = command.comment
    if draft is None:
        raise Unsupported("a comment without words")
    who = draft.author or desk.account
    told: dict[str, Any] = {"@type": "Note", "id": command.marker, "text": draft.plain or draft.text}
    return {**told, **({"author": who} if who else {}), **(federation.AUTOMATIC if draft.automatic else {})}


def _file(command: Command) -> dict[str, Any]:
    draft = command.attachment
    if draft is None:
        raise Unsupported("an attachment without a file")
    return {
        "@type": "Attachment",
        "id": command.marker,
        "name": draft.filename,
        "mimeType": draft.media_type,
        "attachmentType": "file",
        "content": Embedded(blob=draft.blob),
    }
