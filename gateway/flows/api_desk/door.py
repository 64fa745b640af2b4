"""What an API desk answers to its connector, in this process (`gateway.desk_client.in_house`): each request is one
transaction. Whatever carries a marker that is known is not done again.

GET   /desk                           what the desk says of itself
GET   /tickets/{id}?since=<place>     one ticket whole; history after that place
GET   /tickets?marker=<text>          search by marker
GET   /changes?since=<time>           what changed
POST  /tickets                        {"fields", "marker"}
PATCH /tickets/{id}                   {"fields", "marker"}
POST  /tickets/{id}/comments          {"text", "marker"}
POST  /tickets/{id}/files             {"filename", "media_type", "blob": {"key", "size", "sha256"}, "marker"}
GET   /tickets/{id}/files/{place}     the bytes
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from gateway.blobs import BlobStore
from gateway.desk_client import Asked, Told
from gateway.domain import api_desk as rules
from gateway.domain.api_desk import US, DeskTicket, Part, PartKind, Shown, Stamp, State, Written
from gateway.domain.model import Blob, Desk
from gateway.errors import InterdeskError, Invalid, NotFound
from gateway.flows.api_desk import hubs
from gateway.flows.context import OPERATOR, Context
from gateway.store import api_desk as store
from gateway.store.db import Db

PAGE = 200


@dataclass(frozen=True, kw_only=True)
class ApiDoor:
    """All API desks of an installation. `now` is our own clock, which is theirs."""

    context: Context
    blobs: BlobStore
    now: Callable[[], datetime]

    def __call__(self, asked: Asked) -> Told:
        """The whole answer; a refusal is one too."""
        try:
            return self._route(asked)
        except NotFound as error:
            return _reply(404, {"error": str(error)})
        except InterdeskError as error:
            return _reply(422, {"error": str(error)})

    def _route(self, asked: Asked) -> Told:
        way = asked.path.strip("/").split("/")
        answer = self._read_by(asked, way) if asked.method == "GET" else self._written_by(asked, way)
        if answer is None:
            raise NotFound(f"nothing at {asked.method} {asked.path}")
        return answer

    def _read_by(self, asked: Asked, way: list[str]) -> Told | None:
        match way:
            case ["desk"]:
                return _reply(200, {"desk": {"clock": self.now().isoformat(), "states": [*State]}})
            case ["tickets"]:
                return self._search(asked)
            case ["changes"]:
                return self._changes(asked)
            case ["tickets", name]:
                return self._read(asked, name)
            case ["tickets", name, "files", place]:
                return self._file(asked, name, place)
        return None

    def _written_by(self, asked: Asked, way: list[str]) -> Told | None:
        match asked.method, way:
            case "POST", ["tickets"]:
                return self._create(asked)
            case "PATCH", ["tickets", name]:
                return self._change(asked, name, _moved)
            case "POST", ["tickets", name, "comments"]:
                return self._change(asked, name, _commented)
            case "POST", ["tickets", name, "files"]:
                return self._change(asked, name, self._attached)
        return None

    def _search(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            found = store.marked(db, OPERATOR, asked.desk_id, asked.query.get("marker", ""))
            return _reply(200, {"tickets": [_whole(db, found)] if found else []})

    def _changes(self, asked: Asked) -> Told:
        since = datetime.fromisoformat(asked.query["since"]) if asked.query.get("since") else self.now()
        with self.context.database.read() as db:
            found = store.changed_since(db, OPERATOR, asked.desk_id, since, limit=PAGE)
        rows = [{"id": one.id, "marker": one.marker, "at": one.changed_at.isoformat()} for one in found]
        more = len(found) == PAGE and found[-1].changed_at > since
        return _reply(200, {"changes": rows, "more": more, "now": self.now().isoformat()})

    def _read(self, asked: Asked, name: str) -> Told:
        with self.context.database.read() as db:
            ticket = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id))
            return _reply(200, {"ticket": _whole(db, ticket, since=int(asked.query.get("since") or 0))})

    def _file(self, asked: Asked, name: str, place: str) -> Told:
        with self.context.database.read() as db:
            ticket = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id))
            parts = store.parts(db, OPERATOR, [ticket.id])[ticket.id]
        found = [one for one in parts if str(one.place) == place and one.kind is PartKind.FILE]
        if not found:
            raise NotFound(f"there is no file {place} at {ticket.number}")
        return Told(status=200, body=self.blobs.chunks(blob_of(found[0])))

    def _create(self, asked: Asked) -> Told:
        told = _body(asked)
        with self.context.database.write() as db:
            desk = self._desk(db, asked)
            found = store.marked(db, OPERATOR, desk.id, told["marker"])
            if found is None:
                place = store.next_place(db, desk.id)
                found = store.marked(db, OPERATOR, desk.id, told["marker"]) or self._new(
                    db, desk, place, told
                )
            return _reply(201, {"ticket": _whole(db, found)})

    def _desk(self, db: Db, asked: Asked) -> Desk:
        desk = self.context.directory(db).desks.get(asked.desk_id)
        if desk is None:
            raise NotFound("there is no such desk")
        return desk

    def _new(self, db: Db, desk: Desk, place: int, told: Mapping[str, Any]) -> DeskTicket:
        fields = {name: value for name, value in told["fields"].items() if value}
        if not fields.get("title"):
            raise Invalid("a ticket needs a title")
        now = self.now()
        ticket = DeskTicket(
            id=self.context.new_id("apt"),
            org_id=desk.org_id,
            desk_id=desk.id,
            number=number(place),
            marker=told["marker"],
            external="",
            digest="",
            fields={**fields, "status": fields.get("status") or State.OFFERED.value},
            document={},
            created_at=now,
            changed_at=now,
            revision=1,
        )
        store.create(db, ticket, place=place)
        change = hubs.Change(before=None, after=ticket, by_party=False)
        hubs.tell(self.context, db, change, now=now)
        return ticket

    def _change(self, asked: Asked, name: str, change: "Change") -> Told:
        """One write of the gateway's: what is added is added once however often it is asked for."""
        told = _body(asked)
        with self.context.database.write() as db:
            ticket = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id, lock=True))
            parts = store.parts(db, OPERATOR, [ticket.id])[ticket.id]
            known = [one for one in parts if one.request == told["marker"]] if asked.method == "POST" else []
            written = Written(ticket=ticket, parts=tuple(known))
            if not known:
                ids = iter(lambda: self.context.new_id("app"), "")
                stamp = Stamp(who=US, now=self.now(), ids=ids, request=told["marker"])
                written = change(written, told, stamp)
                store.write(db, written)
                told_of = hubs.Change(before=(ticket, parts), after=written.ticket, by_party=False)
                hubs.tell(self.context, db, told_of, now=stamp.now)
            whole = _whole(db, written.ticket)
        return _reply(200, {"ticket": whole, "parts": [str(part.place) for part in written.parts]})

    def _attached(self, written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
        if not self.blobs.has(told["blob"]["key"]):
            raise Invalid("the file is not in the store")
        file = {name: told[name] for name in ("filename", "media_type")}
        return rules.added(written, PartKind.FILE, {**file, **told["blob"]}, stamp)


Change = Callable[[Written, Mapping[str, Any], Stamp], Written]


def _moved(written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
    fields = {name: value or None for name, value in told["fields"].items()}
    if fields.get("status", State.OFFERED) not in [*State]:
        raise Invalid(f"{fields['status']} is no status here")
    return rules.moved(written, fields, stamp)


def _commented(written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
    if not told["text"].strip():
        raise Invalid("a comment needs words")
    return rules.added(written, PartKind.COMMENT, {"text": told["text"], "shown": Shown.NOTE.value}, stamp)


def number(place: int) -> str:
    """What people call the ticket of that place."""
    return f"TT-{place}"


def blob_of(part: Part) -> Blob:
    """Where a file's bytes are."""
    return Blob(key=part.data["key"], size=part.data["size"], sha256=part.data["sha256"])


def _known(ticket: DeskTicket | None) -> DeskTicket:
    if ticket is None:
        raise NotFound("there is no such ticket")
    return ticket


def _body(asked: Asked) -> dict[str, Any]:
    try:
        told: dict[str, Any] = orjson.loads(asked.body)
    except ValueError as error:
        raise Invalid("the request is not JSON") from error
    return told


def _reply(status: int, told: object) -> Told:
    return Told(status=status, body=orjson.dumps(told))


def _whole(db: Db, ticket: DeskTicket, *, since: int = 0) -> dict[str, Any]:
    return document(ticket, store.parts(db, OPERATOR, [ticket.id])[ticket.id], since=since)


def document(ticket: DeskTicket, parts: Sequence[Part], *, since: int = 0) -> dict[str, Any]:
    """A ticket as the connector reads it; of its history what came after the place `since`."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "marker": ticket.marker,
        "revision": ticket.revision,
        "created_at": ticket.created_at.isoformat(),
        "changed_at": ticket.changed_at.isoformat(),
        "fields": dict(ticket.fields),
        "comments": list(_told(parts, PartKind.COMMENT)),
        "files": list(_told(parts, PartKind.FILE)),
        "history": [one for one in _told(parts, PartKind.ENTRY) if int(one["id"]) > since],
        "position": ticket.parts,
    }


def _told(parts: Sequence[Part], kind: PartKind) -> Iterator[dict[str, Any]]:
    for part in parts:
        if part.kind is kind:
            who = {"id": part.actor.id, "name": part.actor.name, "kind": part.actor.kind.value}
            data = {name: value for name, value in part.data.items() if name not in ("raw", "key", "shown")}
            place, at = str(part.place), part.at.isoformat()
            yield {"id": place, "at": at, "actor": who, "request": part.request, **data}
