"""What the portal desk answers to its connector, in this process (`gateway.desk_client.in_house`): each request is one
transaction. Whatever carries a marker that is known is not done again.

GET   /desk                        what the desk says of itself
GET   /jobs/{id}?since=<place>     one job whole; history after that place
GET   /jobs?marker=<text>          search by marker
GET   /changes?since=<time>        what changed
POST  /jobs                        {"fields", "marker"}
PATCH /jobs/{id}                   {"fields", "marker"}
POST  /jobs/{id}/comments          {"text", "marker"}
POST  /jobs/{id}/files             {"filename", "media_type", "blob": {"key", "size", "sha256"}, "marker"}
GET   /jobs/{id}/files/{place}     the bytes
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from gateway.blobs import BlobStore
from gateway.desk_client import Asked, Told
from gateway.domain import portal
from gateway.domain.model import Blob, Desk
from gateway.domain.portal import US, Job, Part, PartKind, State, Written
from gateway.errors import InterdeskError, Invalid, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.portal import mailing
from gateway.store import portal as store
from gateway.store.db import Db

PAGE = 200
_TOLD_BY_MAIL = ("status", "priority", "due")
"""Fields whose change the party hears of; the rest it sees when it looks."""


@dataclass(frozen=True, kw_only=True)
class PortalDoor:
    """All portal desks of an installation. `now` is our own clock, which is the portal's."""

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
                return self._facts(asked)
            case ["jobs"]:
                return self._search(asked)
            case ["changes"]:
                return self._changes(asked)
            case ["jobs", name]:
                return self._read(asked, name)
            case ["jobs", name, "files", place]:
                return self._file(asked, name, place)
        return None

    def _written_by(self, asked: Asked, way: list[str]) -> Told | None:
        match asked.method, way:
            case "POST", ["jobs"]:
                return self._create(asked)
            case "PATCH", ["jobs", name]:
                return self._change(asked, name, self._moved)
            case "POST", ["jobs", name, "comments"]:
                return self._change(asked, name, self._commented)
            case "POST", ["jobs", name, "files"]:
                return self._change(asked, name, self._attached)
        return None

    def _desk(self, db: Db, asked: Asked) -> Desk:
        desk = self.context.directory(db).desks.get(asked.desk_id)
        if desk is None:
            raise NotFound("there is no such desk")
        return desk

    def _facts(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            readers = mailing.readers(self.context, db, self._desk(db, asked))
        told = {"clock": self.now().isoformat(), "states": [*State], "readers": len(readers)}
        return _reply(200, {"desk": told})

    def _search(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            found = store.marked(db, OPERATOR, asked.desk_id, asked.query.get("marker", ""))
            return _reply(200, {"jobs": [document(found, store.parts(db, found.id))] if found else []})

    def _changes(self, asked: Asked) -> Told:
        since = datetime.fromisoformat(asked.query["since"]) if asked.query.get("since") else self.now()
        with self.context.database.read() as db:
            found = store.changed_since(db, asked.desk_id, since, limit=PAGE)
        rows = [{"id": job.id, "marker": job.marker, "at": job.changed_at.isoformat()} for job in found]
        more = len(found) == PAGE and found[-1].changed_at > since
        return _reply(200, {"changes": rows, "more": more, "now": self.now().isoformat()})

    def _read(self, asked: Asked, name: str) -> Told:
        with self.context.database.read() as db:
            job = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id))
            since = int(asked.query.get("since") or 0)
            return _reply(200, {"job": document(job, store.parts(db, job.id), since=since)})

    def _file(self, asked: Asked, name: str, place: str) -> Told:
        with self.context.database.read() as db:
            job = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id))
            found = [one for one in store.parts(db, job.id) if str(one.place) == place]
        if not found or found[0].kind is not PartKind.FILE:
            raise NotFound(f"there is no file {place} at {job.number}")
        data = found[0].data
        blob = Blob(key=data["key"], size=data["size"], sha256=data["sha256"])
        return Told(status=200, body=self.blobs.chunks(blob))

    def _create(self, asked: Asked) -> Told:
        told = _body(asked)
        with self.context.database.write() as db:
            desk = self._desk(db, asked)
            job = store.marked(db, OPERATOR, desk.id, told["marker"])
            if job is None:
                place = store.next_place(db, desk.id)
                job = store.marked(db, OPERATOR, desk.id, told["marker"]) or self._new(db, desk, place, told)
            return _reply(201, {"job": document(job, store.parts(db, job.id))})

    def _new(self, db: Db, desk: Desk, place: int, told: Mapping[str, Any]) -> Job:
        fields = {name: value for name, value in told["fields"].items() if value}
        if not fields.get("title"):
            raise Invalid("a job needs a title")
        now = self.now()
        job = Job(
            id=self.context.new_id("job"),
            org_id=desk.org_id,
            desk_id=desk.id,
            number=f"P-{place}",
            marker=told["marker"],
            fields={**fields, "status": fields.get("status") or State.OFFERED.value},
            created_at=now,
            changed_at=now,
            revision=1,
        )
        store.create(db, job, place=place)
        mailing.tell(self.context, db, (desk, job), "offer", now=now)
        return job

    def _change(
        self, asked: Asked, name: str, change: Callable[[Written, Mapping[str, Any]], Written]
    ) -> Told:
        """One write of the gateway's: done once however often it is asked for."""
        told = _body(asked)
        with self.context.database.write() as db:
            job = _known(store.get(db, OPERATOR, name, desk_id=asked.desk_id, lock=True))
            known = store.parts(db, job.id, request=told["marker"]) if asked.method == "POST" else ()
            written = Written(job=job, parts=tuple(known))
            if not known:
                written = change(written, told)
                store.write(db, written)
                if any(_is_news(part) for part in written.parts):
                    mailing.tell(
                        self.context, db, (self._desk(db, asked), written.job), "news", now=self.now()
                    )
            whole = document(written.job, store.parts(db, job.id))
        return _reply(200, {"job": whole, "parts": [str(part.place) for part in written.parts]})

    def _moved(self, written: Written, told: Mapping[str, Any]) -> Written:
        fields = {name: value or None for name, value in told["fields"].items()}
        if fields.get("status", State.OFFERED) not in [*State]:
            raise Invalid(f"{fields['status']} is no state here")
        ids = tuple(self.context.new_id("prt") for _ in fields)
        return portal.moved(written, fields, who=US, at=(self.now(), ids, told["marker"]))

    def _commented(self, written: Written, told: Mapping[str, Any]) -> Written:
        if not told["text"].strip():
            raise Invalid("a comment needs words")
        at = (self.now(), self.context.new_id("prt"), told["marker"])
        said = {"text": told["text"], "public": True}
        return portal.added(written, PartKind.COMMENT, said, who=US, at=at)

    def _attached(self, written: Written, told: Mapping[str, Any]) -> Written:
        if not self.blobs.has(told["blob"]["key"]):
            raise Invalid("the file is not in the store")
        at = (self.now(), self.context.new_id("prt"), told["marker"])
        file = {name: told[name] for name in ("filename", "media_type")}
        return portal.added(written, PartKind.FILE, {**file, **told["blob"], "public": True}, who=US, at=at)


def _is_news(part: Part) -> bool:
    return part.kind is not PartKind.ENTRY or part.data["field"] in _TOLD_BY_MAIL


def _known(job: Job | None) -> Job:
    if job is None:
        raise NotFound("there is no such job")
    return job


def _body(asked: Asked) -> dict[str, Any]:
    try:
        told: dict[str, Any] = orjson.loads(asked.body)
    except ValueError as error:
        raise Invalid("the request is not JSON") from error
    return told


def _reply(status: int, told: object) -> Told:
    return Told(status=status, body=orjson.dumps(told))


def document(job: Job, parts: Sequence[Part], *, since: int = 0) -> dict[str, Any]:
    """A job as the connector reads it; of its history what came after the place `since`."""
    return {
        "id": job.id,
        "number": job.number,
        "marker": job.marker,
        "revision": job.revision,
        "created_at": job.created_at.isoformat(),
        "changed_at": job.changed_at.isoformat(),
        "fields": dict(job.fields),
        "comments": [_told(one) for one in parts if one.kind is PartKind.COMMENT],
        "files": [_told(one) for one in parts if one.kind is PartKind.FILE],
        "history": [_told(one) for one in parts if one.kind is PartKind.ENTRY and one.place > since],
        "position": job.parts,
    }


def _told(part: Part) -> dict[str, Any]:
    who = {"id": part.actor.id, "name": part.actor.name, "kind": part.actor.kind.value}
    return {
        "id": str(part.place),
        "at": part.at.isoformat(),
        "actor": who,
        "request": part.request,
        **part.data,
    }
