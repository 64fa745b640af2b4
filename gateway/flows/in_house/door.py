"""What a desk that lives in this gateway answers to its connector, in this process (`gateway.desk_client.in_house`): each
request is one transaction. Whatever carries a marker that is known is not done again.

GET   /desk                           what the desk says of itself
GET   /tickets/{id}?since=<place>     one ticket whole; history after that place
GET   /tickets?marker=<text>          search by marker
GET   /changes?since=<time>           what changed
POST  /tickets                        {"fields", "marker"}
PATCH /tickets/{id}                   {"fields", "marker"}
POST  /tickets/{id}/comments          {"text", "marker"}, also "author", "plain", "automatic" for another gateway
POST  /tickets/{id}/files             {"filename", "media_type", "blob": {"key", "size", "sha256"}, "marker"}
GET   /tickets/{id}/files/{place}     the bytes
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.blobs import BlobStore
from gateway.desk_client import Asked, Told
from gateway.domain import in_house as rules
from gateway.domain.in_house import US, DeskTicket, PartKind, Stamp, Written
from gateway.domain.model import Desk
from gateway.errors import InterdeskError, Invalid, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.in_house.answers import PAGE, body, changes, reply, since
from gateway.flows.in_house.documents import blob_of, document
from gateway.flows.in_house.front import Change, Front
from gateway.store import in_house as store
from gateway.store.db import Db
from gateway.store.in_house import At

OFFERED = "offered"


@dataclass(frozen=True, kw_only=True)
class DeskDoor:
    """All desks of one face in an installation. `now` is our own clock, which is theirs."""

    context: Context
    blobs: BlobStore
    now: Callable[[], datetime]
    front: Front

    def __call__(self, asked: Asked) -> Told:
        """The whole answer; a refusal is one too."""
        try:
            return self._route(asked)
        except NotFound as error:
            return reply(404, {"error": str(error)})
        except InterdeskError as error:
            return reply(422, {"error": str(error)})

    def _route(self, asked: Asked) -> Told:
        way = asked.path.strip("/").split("/")
        answer = self._read_by(asked, way) if asked.method == "GET" else self._written_by(asked, way)
        if answer is None:
            raise NotFound(f"nothing at {asked.method} {asked.path}")
        return answer

    def _read_by(self, asked: Asked, way: list[str]) -> Told | None:
        match way:
            case ["desk"]:
                return self._facts(asked)
            case ["tickets"]:
                return self._search(asked)
            case ["changes"]:
                return self._changes(asked)
            case ["tickets", name]:
                return self._read(asked, name)
            case ["tickets" | "jobs", name, "files", place]:  # jobs: in addresses that were kept
                return self._file(asked, name, place)
        return None

    def _written_by(self, asked: Asked, way: list[str]) -> Told | None:
        match asked.method, way:
            case "POST", ["tickets"]:
                return self._create(asked)
            case "PATCH", ["tickets", name]:
                return self._change(asked, name, self._moved)
            case "POST", ["tickets", name, "comments"]:
                return self._change(asked, name, _commented)
            case "POST", ["tickets", name, "files"]:
                return self._change(asked, name, self._attached)
        return None

    def _desk(self, db: Db, asked: Asked) -> Desk:
        desk = self.context.directory(db).desks.get(asked.desk_id)
        if desk is None:
            raise NotFound("there is no such desk")
        return desk

    def _at(self, asked: Asked) -> At:
        return At(self.front.face, asked.desk_id)

    def _facts(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            missing = self.front.missing(db, self._desk(db, asked))
        told = {"clock": self.now().isoformat(), "states": [*self.front.states], "missing": [*missing]}
        return reply(200, {"desk": told})

    def _search(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            found = store.marked(db, OPERATOR, self._at(asked), asked.query.get("marker", ""))
            return reply(200, {"tickets": [_whole(db, found)] if found else []})

    def _changes(self, asked: Asked) -> Told:
        now = self.now()
        with self.context.database.read() as db:
            found = store.changed_since(db, OPERATOR, self._at(asked), since(asked, now), limit=PAGE)
        return changes(asked, [(one.id, one) for one in found], now)

    def _known(self, db: Db, asked: Asked, name: str, *, lock: bool = False) -> DeskTicket:
        ticket = store.get(db, OPERATOR, self._at(asked), name, lock=lock)
        if ticket is None:
            raise NotFound("there is no such ticket")
        return ticket

    def _read(self, asked: Asked, name: str) -> Told:
        with self.context.database.read() as db:
            ticket = self._known(db, asked, name)
            return reply(200, {"ticket": _whole(db, ticket, since=int(asked.query.get("since") or 0))})

    def _file(self, asked: Asked, name: str, place: str) -> Told:
        with self.context.database.read() as db:
            ticket = self._known(db, asked, name)
            parts = store.parts_of(db, OPERATOR, ticket)
        found = [one for one in parts if str(one.place) == place and one.kind is PartKind.FILE]
        if not found:
            raise NotFound(f"there is no file {place} at {ticket.number}")
        return Told(status=200, body=self.blobs.chunks(blob_of(found[0])))

    def _create(self, asked: Asked) -> Told:
        told = body(asked)
        with self.context.database.write() as db:
            desk, at = self._desk(db, asked), self._at(asked)
            found = store.marked(db, OPERATOR, at, told["marker"])
            if found is None:
                place = store.next_place(db, self.front.face, desk.id)
                found = store.marked(db, OPERATOR, at, told["marker"]) or self._new(db, desk, place, told)
            return reply(201, {"ticket": _whole(db, found)})

    def _new(self, db: Db, desk: Desk, place: int, told: Mapping[str, Any]) -> DeskTicket:
        fields = {name: value for name, value in told["fields"].items() if value}
        if not fields.get("title"):
            raise Invalid("a ticket needs a title")
        now = self.now()
        ticket = DeskTicket(
            id=self.context.new_id(self.front.prefix),
            org_id=desk.org_id,
            desk_id=desk.id,
            face=self.front.face,
            number=self.front.number(place),
            marker=told["marker"],
            fields={**fields, "status": fields.get("status") or OFFERED},
            created_at=now,
            changed_at=now,
            revision=1,
        )
        store.create(db, ticket, place=place)
        change = Change(before=None, after=Written(ticket=ticket), by_party=False)
        self.front.told(db, desk, change, now=now)
        return ticket

    def _change(self, asked: Asked, name: str, change: "Changing") -> Told:
        """One write of the gateway's: what is added is added once however often it is asked for."""
        told = body(asked)
        with self.context.database.write() as db:
            ticket = self._known(db, asked, name, lock=True)
            parts = store.parts_of(db, OPERATOR, ticket)
            known = [one for one in parts if one.request == told["marker"]] if asked.method == "POST" else []
            written = Written(ticket=ticket, parts=tuple(known))
            if not known:
                ids = iter(lambda: self.context.new_id("prt"), "")
                stamp = Stamp(who=US, now=self.now(), ids=ids, request=told["marker"])
                written = change(written, told, stamp)
                store.write(db, written)
                happened = Change(before=(ticket, parts), after=written, by_party=False)
                self.front.told(db, self._desk(db, asked), happened, now=stamp.now)
            whole = _whole(db, written.ticket)
        return reply(200, {"ticket": whole, "parts": [str(part.place) for part in written.parts]})

    def _moved(self, written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
        fields = {name: value or None for name, value in told["fields"].items()}
        if fields.get("status", OFFERED) not in self.front.states:
            raise Invalid(f"{fields['status']} is no status here")
        return rules.moved(written, fields, stamp)

    def _attached(self, written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
        if not self.blobs.has(told["blob"]["key"]):
            raise Invalid("the file is not in the store")
        file = {name: told[name] for name in ("filename", "media_type")}
        return rules.added(written, PartKind.FILE, {**file, **told["blob"]}, stamp)


Changing = Callable[[Written, Mapping[str, Any], Stamp], Written]


def _commented(written: Written, told: Mapping[str, Any], stamp: Stamp) -> Written:
    if not told["text"].strip():
        raise Invalid("a comment needs words")
    apart = {name: told[name] for name in ("author", "plain", "automatic") if told.get(name)}
    return rules.added(written, PartKind.COMMENT, {"text": told["text"], **apart}, stamp)


def _whole(db: Db, ticket: DeskTicket, *, since: int = 0) -> dict[str, Any]:
    return document(ticket, store.parts_of(db, OPERATOR, ticket), since=since)
