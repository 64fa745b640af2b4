"""A trouble ticket of a desk as a snapshot. The standard keeps a history of statuses only; another Interdesk tells every
change (schemas/federation.v1.json)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from connectors.tmf621.words import OWNER, dialect
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
from gateway.domain.tmf621 import federation, reading, writing
from gateway.domain.tmf621.reading import moment, state

Doc = Mapping[str, Any]
OURS = "idk-"
"""Begins our markers, by which we name our notes and files."""
_KNOWN = (
    *(Field.TITLE, Field.DESCRIPTION, Field.PRIORITY, Field.DUE, Field.CATEGORY, Field.ASSIGNEE),
    *(Field.REQUESTER, Field.SITE, Field.ASSET, Field.SERVICE),
)
"""Fields that are empty where a document does not have them."""


def text(value: object) -> str:
    """A text that is one. Raises TypeError."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} where a text belongs")
    return value


def snapshot(told: Doc, desk: Desk) -> Snapshot:
    """A whole ticket."""
    doc = dialect(desk).read(told)
    said = federation.said(doc)
    history = tuple(_changes(said, desk) if said else _moves(doc))
    return Snapshot(
        remote_id=text(doc["id"]),
        number=text(doc["id"]),
        fields=_fields(doc, said),
        comments=(*_notes(doc, desk), *(() if said else _reasons(doc))),
        attachments=tuple(_file(one, desk) for one in _items(doc, "attachment")),
        history=history,
        has_history=bool(said) or "statusChangeHistory" in doc,
        complete=True,
        created_at=moment(doc.get("creationDate")),
        changed_at=moment(doc.get("lastUpdate")),
    )


def _fields(doc: Doc, said: Doc) -> dict[str, str | None]:
    word = text(doc["status"])
    found: dict[str, str | None] = {str(name): None for name in _KNOWN}
    found |= reading.fields({**doc, "status": None})
    standing = state(word)
    found[Field.STATUS.value] = _waiting(standing.value, said) if standing else word
    if said:
        due = moment(said.get("due"))
        found[Field.DUE.value] = due.isoformat() if due else None
    return found


_USUAL = {"pending": "requester_info", "held": "other"}


def _waiting(word: str, said: Doc) -> str:
    """`held:parts_own`: what the ticket waits for, where the desk says more than the status does."""
    reason = said.get("waiting")
    more = word in _USUAL and isinstance(reason, str) and reason and reason != _USUAL[word]
    return f"{word}:{reason}" if more else word


def _items(doc: Doc, name: str) -> Sequence[Doc]:
    found = doc.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TypeError(f"{name} is no list of objects")
    return found


def _actor(name: object, ident: object, desk: Desk) -> Actor:
    who = str(name or "")
    ours = str(ident or "").startswith(OURS) or bool(desk.account and who == desk.account)
    kind = ActorKind.GATEWAY if ours else (ActorKind.PERSON if who else ActorKind.UNKNOWN)
    return Actor(id=who, name=who, kind=kind)


def _author(one: Doc, desk: Desk) -> Actor:
    """Who said it; of what another gateway says of itself nobody did."""
    found = _actor(one.get("author"), one.get("id"), desk)
    by_itself = federation.is_automatic(one) and found.kind is not ActorKind.GATEWAY
    return Actor(id=found.id, name=found.name, kind=ActorKind.AUTOMATION) if by_itself else found


def _notes(doc: Doc, desk: Desk) -> Iterator[NativeComment]:
    """The standard has no private notes: what a client can read was written for it. One without words says nothing."""
    for one in _items(doc, "note"):
        if one.get("text"):
            yield NativeComment(
                remote_id=_named(one, "date", "author", "text"),
                text=text(one["text"]),
                visibility=Visibility.PUBLIC,
                author=_author(one, desk),
                at=moment(one.get("date")),
            )


def _named(one: Doc, *parts: str) -> str:
    """The id of a part, which the standard does not ask for; without one, what it is made of names it."""
    known = one.get("id")
    if known not in (None, ""):
        return str(known)
    said = json.dumps([one.get(part) for part in parts], sort_keys=True, ensure_ascii=False)
    return f"nameless-{sha256(said.encode()).hexdigest()[:24]}"


def _reasons(doc: Doc) -> Iterator[NativeComment]:
    """Why the status is what it is, in words: the other side hears them as it hears a note. We never write one ourselves."""
    moves = [one for one in _items(doc, "statusChangeHistory") if one.get("statusChangeReason")]
    if not moves and doc.get("statusChangeReason") and "statusChangeHistory" not in doc:
        moves = [doc]
    for one in moves:
        at = str(one.get("statusChangeDate") or "")
        yield NativeComment(
            remote_id=f"reason|{at}|{one.get('status') or ''}",
            text=text(one["statusChangeReason"]),
            visibility=Visibility.PUBLIC,
            author=Actor(kind=ActorKind.PERSON),
            at=moment(at) if at else None,
        )


def _file(one: Doc, desk: Desk) -> NativeAttachment:
    url = (
        urljoin(f"{desk.base_url}/", text(one["url"])).removeprefix(f"{desk.base_url}/")
        if one.get("url")
        else None
    )
    return NativeAttachment(
        remote_id=_named(one, "name", "url", "href", "mimeType"),
        filename=str(one.get("name") or one.get("description") or "file"),
        media_type=str(one.get("mimeType") or "application/octet-stream"),
        size=_size(one.get("size")),
        url=url,
        visibility=Visibility.PUBLIC,
        author=_actor(one.get("author"), one.get("id"), desk),
        at=moment(one.get("creationDate")),
    )


def _size(value: object) -> int | None:
    amount = value.get("amount") if isinstance(value, dict) and value.get("units") == "byte" else None
    return amount if isinstance(amount, int) and not isinstance(amount, bool) and amount >= 0 else None


def _moves(doc: Doc) -> Iterator[HistoryEntry]:
    """The history of the status, as the standard keeps it: without who, and without what happened to other fields."""
    before: str | None = None
    for place, one in enumerate(_items(doc, "statusChangeHistory")):
        word = text(one["status"])
        known = state(word)
        now = known.value if known else word
        if before is not None:
            at = text(one["statusChangeDate"])
            who = Actor(kind=ActorKind.PERSON)
            yield HistoryEntry(
                id=f"{place}|{at}", field=Field.STATUS, old=before, new=now, at=moment(at), actor=who
            )
        before = now


def _changes(said: Doc, desk: Desk) -> Iterator[HistoryEntry]:
    """What another Interdesk tells. What was done under our own key there was done by us, unless the desk's `account` says
    that we are called otherwise."""
    waiting = said.get("waiting")
    changes = _items(said, "changes")
    for place, one in enumerate(changes):
        who, field = str(one.get("who") or ""), text(one["field"])
        ours = one.get("yours") is True and desk.account in ("", who)
        new = _or_none(one["new"])
        last = all(later["field"] != Field.STATUS for later in changes[place + 1 :])
        if field == Field.STATUS and new is not None and last and waiting:
            new = _waiting(new, said)
        yield HistoryEntry(
            id=text(one["id"]),
            field=field,
            old=_value(field, _or_none(one["old"])),
            new=_value(field, new),
            at=_moment(one["at"]),
            actor=Actor(id=who, name=who, kind=ActorKind.GATEWAY if ours else ActorKind.PERSON),
        )


def _or_none(value: object) -> str | None:
    return None if value in (None, "") else text(value)


def _value(field: str, value: str | None) -> str | None:
    at = moment(value) if field == Field.DUE else None
    return at.isoformat() if at else value


def _moment(value: object) -> datetime:
    at = moment(value)
    if at is None:
        raise ValueError(f"{value!r} is no moment with an offset")
    return at


def receipt(told: Doc, command: Command, desk: Desk, *, before: Doc | None = None) -> Receipt:
    """The proof in a ticket; `before`: as it was read ahead of the write. Raises LookupError where it is not there."""
    seen = snapshot(told, desk)
    if command.remote_id not in (None, seen.remote_id):
        raise ValueError(f"asked about {command.remote_id}, the desk speaks of {seen.remote_id}")
    one: NativeComment | NativeAttachment | None = None
    if command.kind is CommandKind.CREATE and command.marker not in markers(dialect(desk).read(told)):
        raise LookupError("a ticket without our marker")
    if command.kind in (CommandKind.COMMENT, CommandKind.ATTACH):
        one = _ours(seen, command, _ids(before, desk))
    known = {entry.id for entry in snapshot(before, desk).history} if before is not None else set()
    new = [entry for entry in seen.history if entry.id not in known and entry.field in command.fields]
    mine = [entry.id for entry in new if _wrote(entry, command)] if before is not None else []
    return Receipt(
        remote_id=seen.remote_id,
        marker=command.marker,
        object_id=one.remote_id if one else None,
        number=seen.number,
        entries=tuple(mine),
        snapshot=seen,
        at=one.at if one else seen.changed_at,
        created_at=one.at if one else seen.created_at,
    )


def _wrote(entry: HistoryEntry, command: Command) -> bool:
    sent = command.fields.get(entry.field)
    same = (entry.new or "").partition(":")[0] == (sent or "").partition(":")[0]
    return same or entry.actor.kind is ActorKind.GATEWAY


def markers(doc: Doc) -> list[str]:
    """Under which names of ours the desk keeps a ticket (v4 has no owner of a name)."""
    named = [one for one in _items(doc, "externalIdentifier") if one.get("owner") in (OWNER, None)]
    return [str(one.get("id")) for one in named]


def _ids(before: Doc | None, desk: Desk) -> frozenset[str]:
    if before is None:
        return frozenset()
    seen = snapshot(before, desk)
    return frozenset({one.remote_id for one in seen.comments} | {one.remote_id for one in seen.attachments})


def _ours(seen: Snapshot, command: Command, known: frozenset[str]) -> NativeComment | NativeAttachment:
    """The note or file under our own name; at a desk that gives names itself, the one of these words."""
    listed: Sequence[NativeComment | NativeAttachment] = (
        seen.comments if command.comment is not None else seen.attachments
    )
    named = [one for one in listed if one.remote_id == command.marker]
    same = [one for one in listed if one.remote_id not in known and _same(one, command)]
    return (named or same[-1:])[0]


def _same(one: NativeComment | NativeAttachment, command: Command) -> bool:
    if isinstance(one, NativeComment):
        draft = command.comment
        return draft is not None and one.text.split() == (draft.plain or draft.text).split()
    return command.attachment is not None and one.filename == command.attachment.filename


def found(told: Any, command: Command, desk: Desk) -> list[Receipt]:
    """What in this ticket is the command's effect."""
    if command.kind is CommandKind.CREATE:
        return [receipt(told, command, desk)] if command.marker in markers(dialect(desk).read(told)) else []
    seen = snapshot(told, desk)
    if command.kind is CommandKind.UPDATE:
        same = all(seen.fields.get(name) == normalised(name, value) for name, value in command.fields.items())
        return [receipt(told, command, desk)] if same else []
    listed: Sequence[NativeComment | NativeAttachment] = (
        seen.comments if command.comment is not None else seen.attachments
    )
    if any(one.remote_id == command.marker for one in listed):
        return [receipt(told, command, desk)]
    part, taken = command.comment or command.attachment, not desk.account
    alike = [
        one
        for one in listed
        if _same(one, command)
        and not one.remote_id.startswith(OURS)
        and (taken or one.author.kind is ActorKind.GATEWAY)
    ]
    there = part is not None and len(alike) >= part.occurrence
    return [receipt(told, command, desk)] if there else []


def normalised(field: str, value: str | None) -> str | None:
    """What a document says that was written so."""
    if field == federation.ROUTE:
        return value or None
    told: dict[str, Any] = {}
    put(told, field, value or "")
    return reading.fields(told).get(field)


def put(told: dict[str, Any], field: str, value: str) -> None:
    """A field into a v5 document; due is what its own party asks for, of a job of theirs what we promise."""
    ours = not told.get("id") or bool(markers(told))
    plain = value.partition(":")[0] if field == Field.STATUS else value
    writing.put(told, field, plain, due="requestedResolutionDate" if ours else "expectedResolutionDate")
