"""The loopback desk's REST interface: method, path and body to an answer. No fault and no socket here.

GET   /desk                                    what the desk says of itself
GET   /tickets/{id}?since=<entry>              one ticket whole; history after that entry
GET   /tickets?marker=<text>                   search by marker
GET   /changes?since=<time>&after=<id>&limit=  what changed
POST  /tickets                                 {"fields": {…}}
PATCH /tickets/{id}                            {"fields": {…}}, If-Match
POST  /tickets/{id}/comments                   {"text", "public", "marker"}
PATCH /tickets/{id}/comments/{comment}         {"text"}; DELETE takes it away: one's own only
POST  /tickets/{id}/attachments?filename=…     the bytes themselves; ?public=, ?marker=
GET   /tickets/{id}/attachments/{file}         the bytes
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from gateway.testing.loopback.cabinet import FIELDS, ROBOT, Cabinet, Doc, Folder, kept
from gateway.testing.loopback.faults import Answer

PAGE = 100
LARGEST_PAGE = 500


class Refusal(Exception):
    """The desk says no: a status and the words a person reads."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, taken apart. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    actor: Doc

    def json(self) -> dict[str, Any]:
        """The body. Raises Refusal (400) if it is no JSON mapping."""
        try:
            document = orjson.loads(self.body)
        except ValueError as error:
            raise Refusal(400, f"the body is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise Refusal(400, "the body is not a mapping")
        return document


def answer(cabinet: Cabinet, asked: Asked) -> Answer:
    """The desk's whole answer; every refusal is one too."""
    try:
        return _route(cabinet, asked)
    except Refusal as refusal:
        return reply(refusal.status, {"error": {"status": refusal.status, "message": refusal.words}})


def reply(status: int, document: object, *, etag: int | None = None) -> Answer:
    """A JSON answer."""
    headers = {"content-type": "application/json"}
    return Answer(
        status, headers if etag is None else {**headers, "etag": f'"{etag}"'}, orjson.dumps(document)
    )


_Handler = Callable[..., Answer]


def _route(cabinet: Cabinet, asked: Asked) -> Answer:
    match asked.method, asked.path.strip("/").split("/"):
        case "GET", ["desk"]:
            return _facts(cabinet, asked)
        case "GET", ["tickets"]:
            return _search(cabinet, asked)
        case "POST", ["tickets"]:
            return _create(cabinet, asked)
        case "GET", ["changes"]:
            return _changes(cabinet, asked)
        case _, ["tickets", ticket, *rest]:
            return _of_ticket(cabinet, asked, _known(cabinet, ticket), rest)
    raise Refusal(404, f"nothing at {asked.method} {asked.path}")


def _of_ticket(cabinet: Cabinet, asked: Asked, folder: Folder, rest: list[str]) -> Answer:
    match asked.method, rest:
        case "GET", []:
            return _read(folder, asked)
        case "PATCH", []:
            return _update(cabinet, asked, folder)
        case "POST", ["comments"]:
            return _comment(cabinet, asked, folder)
        case "PATCH" | "DELETE", ["comments", comment]:
            return _rewrite(cabinet, asked, folder, comment)
        case "POST", ["attachments"]:
            return _attach(cabinet, asked, folder)
        case "GET", ["attachments", file]:
            return _download(cabinet, folder, file)
    raise Refusal(404, f"nothing at {asked.method} {asked.path}")


def _known(cabinet: Cabinet, ticket: str) -> Folder:
    folder = cabinet.get(ticket)
    if folder is None:
        raise Refusal(404, f"there is no ticket {ticket}")
    return folder


def _facts(cabinet: Cabinet, asked: Asked) -> Answer:
    temper = cabinet.temper
    told = {
        "product": "Interdesk loopback desk",
        "version": "1",
        "temper": temper.name,
        "clock": cabinet.desk_now().isoformat(),
        "account": asked.actor,
        "statuses": list(temper.statuses),
        "priorities": list(temper.priorities),
    }
    return reply(200, told)


def _read(folder: Folder, asked: Asked) -> Answer:
    since = _number(asked.query.get("since", "0"), "since")
    doc = folder.doc
    if since:
        doc = {**doc, "history": [entry for entry in doc["history"] if int(entry["id"]) > since]}
    return reply(200, {"ticket": doc}, etag=folder.revision)


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refusal(400, f"{name} must be a number")
    return int(text)


def _search(cabinet: Cabinet, asked: Asked) -> Answer:
    marker = asked.query.get("marker")
    if not marker:
        raise Refusal(400, "say which marker to look for")
    return reply(200, {"tickets": [folder.doc for folder in cabinet.marked(marker)]})


def _changes(cabinet: Cabinet, asked: Asked) -> Answer:
    limit = min(_number(asked.query.get("limit", str(PAGE)), "limit"), LARGEST_PAGE)
    since = _moment(asked.query["since"]) if asked.query.get("since") else None
    rows: list[Doc] = []
    more = False
    for change in cabinet.listed(since, _number(asked.query.get("after", "0"), "after")):
        folder = cabinet.get(change.ticket)
        if folder is None or cabinet.hidden(folder):
            continue
        if len(rows) == limit:
            more = True
            break
        told = {
            name: value
            for name, value in folder.fields.items()
            if name != "description" and value is not None
        }
        rows.append({"id": change.id, "ticket": change.ticket, "at": change.at.isoformat(), "fields": told})
    return reply(200, {"changes": rows, "more": more, "now": cabinet.desk_now().isoformat()})


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, f"since: {error}") from error
    if moment.tzinfo is None:
        raise Refusal(400, "since needs an offset")
    return moment


def _create(cabinet: Cabinet, asked: Asked) -> Answer:
    fields = _fields(cabinet, asked)
    if not fields.get("title"):
        raise Refusal(422, "a ticket needs a title")
    folder = cabinet.open(asked.actor, fields)
    _reply_by_itself(cabinet, folder)
    return reply(201, {"ticket": folder.doc}, etag=folder.revision)


def _update(cabinet: Cabinet, asked: Asked, folder: Folder) -> Answer:
    _unchanged_since(asked, folder)
    fields = _fields(cabinet, asked)
    refusal = _forbidden_move(cabinet, folder, fields)
    if refusal and not cabinet.temper.refuses_quietly:
        raise Refusal(422, refusal)
    entries = [] if refusal else cabinet.set(asked.actor, folder, fields)
    told = {"ticket": folder.doc, "entries": entries, "messages": [refusal] if refusal else []}
    return reply(200, told, etag=folder.revision)


def _unchanged_since(asked: Asked, folder: Folder) -> None:
    wanted = asked.headers.get("if-match")
    if wanted is not None and wanted != f'"{folder.revision}"':
        raise Refusal(412, f"the ticket is at revision {folder.revision} now")


def _forbidden_move(cabinet: Cabinet, folder: Folder, fields: Mapping[str, str | None]) -> str | None:
    old, new = folder.fields["status"], fields.get("status")
    moves = cabinet.temper.transitions
    if moves is None or new is None or new == old or new in moves.get(old or "", ()):
        return None
    return f"a ticket cannot go from {old} to {new}"


def _fields(cabinet: Cabinet, asked: Asked) -> dict[str, str | None]:
    told = asked.json().get("fields")
    if not isinstance(told, dict):
        raise Refusal(400, "fields is missing")
    for name, value in told.items():
        _check_field(cabinet, name, value)
    remap = cabinet.temper.priority_remap
    return {**told, "priority": remap.get(told["priority"], told["priority"])} if "priority" in told else told


def _check_field(cabinet: Cabinet, name: str, value: object) -> None:
    if name not in FIELDS and not name.startswith("custom."):
        raise Refusal(422, f"there is no field {name}")
    if value is not None and not isinstance(value, str):
        raise Refusal(422, f"{name} must be a text")
    words = {"status": cabinet.temper.statuses, "priority": cabinet.temper.priorities}.get(name)
    if words is not None and value not in words:
        raise Refusal(422, f"{value} is no {name} here")


def _comment(cabinet: Cabinet, asked: Asked, folder: Folder) -> Answer:
    _unchanged_since(asked, folder)
    told = asked.json()
    text, public, marker = told.get("text"), told.get("public"), told.get("marker")
    if not isinstance(text, str) or not text.strip():
        raise Refusal(422, "a comment needs a text")
    if not isinstance(public, bool):
        raise Refusal(422, "say whether the comment is public")
    if not public and not cabinet.temper.private_comments:
        raise Refusal(422, "this desk has no private comments")
    comment = cabinet.comment(
        asked.actor, folder, text, public=public, marker=marker if isinstance(marker, str) else None
    )
    entries = _open_by_itself(cabinet, folder)
    if public:
        _reply_by_itself(cabinet, folder)
    return reply(201, {"comment": comment, "ticket": folder.doc, "entries": entries}, etag=folder.revision)


def _rewrite(cabinet: Cabinet, asked: Asked, folder: Folder, number: str) -> Answer:
    comment = next((one for one in folder.doc["comments"] if one["id"] == number), None)
    if not cabinet.temper.edits_comments:
        raise Refusal(422, "this desk keeps comments as they were written")
    if comment is not None and comment["author"]["id"] != asked.actor["id"]:
        raise Refusal(422, "somebody else wrote that comment")
    if asked.method == "DELETE":
        if comment is not None:
            cabinet.remove(asked.actor, folder, comment)
        return reply(200, {"ticket": folder.doc}, etag=folder.revision)
    text = asked.json().get("text")
    if comment is None or not isinstance(text, str) or not text.strip():
        raise Refusal(422, "an edit needs a comment that is there and a text")
    cabinet.edit(asked.actor, folder, comment, {"text": kept(cabinet.temper, "comment", text)})
    return reply(200, {"ticket": folder.doc}, etag=folder.revision)


def _open_by_itself(cabinet: Cabinet, folder: Folder) -> list[str]:
    move = cabinet.temper.opens_on_comment
    if move is None or folder.fields["status"] != move[0]:
        return []
    return cabinet.set(ROBOT, folder, {"status": move[1]})


def _reply_by_itself(cabinet: Cabinet, folder: Folder) -> None:
    if cabinet.temper.auto_reply:
        cabinet.comment(ROBOT, folder, cabinet.temper.auto_reply, public=True)


def _attach(cabinet: Cabinet, asked: Asked, folder: Folder) -> Answer:
    query = asked.query
    if not query.get("filename"):
        raise Refusal(422, "a file needs a name")
    public = query.get("public") == "true"
    if not public and not cabinet.temper.private_comments:
        raise Refusal(422, "this desk has no private files")
    told = {
        "filename": query["filename"],
        "media_type": asked.headers.get("content-type", "application/octet-stream"),
        "public": public,
        "marker": query.get("marker"),
    }
    file = cabinet.attach(asked.actor, folder, asked.body, told)
    return reply(201, {"attachment": file, "ticket": folder.doc}, etag=folder.revision)


def _download(cabinet: Cabinet, folder: Folder, file: str) -> Answer:
    for known in folder.doc["attachments"]:
        if known["id"] == file:
            return Answer(200, {"content-type": known["media_type"]}, cabinet.blobs[known["sha256"]])
    raise Refusal(404, f"there is no file {file} at ticket {folder.id}")
