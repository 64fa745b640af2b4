"""The desks at both ends of a bench, in the runner's own process: they speak the loopback desk's wire format, keep
little and answer at once, so that what is timed is the gateway. Webhooks are signed like the loopback desk's own."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.testing.loopback.cabinet import FIELDS
from gateway.testing.loopback.desk import http_date
from gateway.testing.loopback.hooks import signed

Doc = dict[str, Any]
PAIRS = 8
"""Customers, each with a vendor of its own: one desk takes 333 exchanges a second, as the loopback manifest says."""
ACCOUNT = {"id": "interdesk", "name": "Interdesk", "kind": "api"}
PERSON = {"id": "ann.agent", "name": "Ann Agent", "kind": "person"}
TEXT = " ".join(["The till at the counter prints nothing since this morning; power was cycled twice."] * 11)


def secret_of(code: str) -> str:
    """What a desk signs its webhooks with."""
    return f"{code}-bench-hook-secret-0123456789-0123456789"


def now_text() -> str:
    """This moment as a desk writes it."""
    return datetime.now(UTC).isoformat()


@dataclass(kw_only=True)
class BenchDesk:
    """One desk. `on_write(desk, kind, ticket, fields or comment)` hears of each write of the gateway's as it arrives."""

    code: str
    on_write: Callable[["BenchDesk", str, Doc], None]
    answers_in: float = 0.0
    tickets: dict[str, Doc] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    _serial: int = 0

    def new_id(self) -> str:
        """The next id of anything here."""
        self._serial += 1
        return str(self._serial)

    def open(self, fields: Doc) -> Doc:
        """A new ticket."""
        number, at = self.new_id(), now_text()
        doc = {
            "id": number, "number": f"T-{number}", "url": f"/tickets/{number}", "revision": 1, "created_at": at,
            "changed_at": at, "fields": {**_EMPTY, **fields}, "comments": [], "attachments": [], "history": [],
        }  # fmt: skip
        self.tickets[number] = doc
        return doc

    def set(self, doc: Doc, fields: Doc, actor: Doc) -> list[str]:
        """Change fields; ids of the entries in its history."""
        at, entries = now_text(), []
        for name, value in fields.items():
            entry = {"id": self.new_id(), "field": name, "old": doc["fields"].get(name), "new": value}
            doc["history"].append({**entry, "at": at, "actor": actor})
            entries.append(entry["id"])
        doc["fields"].update(fields)
        _touch(doc, at)
        return entries

    def comment(self, doc: Doc, text: str, actor: Doc, **more: Any) -> Doc:
        """Add a comment."""
        at = now_text()
        said = {
            "id": self.new_id(),
            "text": text,
            "public": True,
            "author": actor,
            "at": at,
            "edited_at": None,
        }
        doc["comments"].append({**said, "marker": None, **more})
        _touch(doc, at)
        comment: Doc = doc["comments"][-1]
        return comment

    def hook(self, doc: Doc, *, whole: bool = True) -> tuple[bytes, dict[str, str]]:
        """The signed webhook of a ticket's last change: body and headers."""
        told = {"type": "ticket.changed", "ticket_id": doc["id"], "revision": doc["revision"]}
        body = orjson.dumps({**told, "ticket": doc} if whole else told)
        return body, self.sign(body, f"msg_{doc['id']}_{doc['revision']}")

    def sign(self, body: bytes, hook: str) -> dict[str, str]:
        """The headers of a webhook."""
        return signed(hook, body, secret=secret_of(self.code).encode(), now=datetime.now(UTC))

    def answer(self, method: str, path: list[str], query: str, body: bytes) -> tuple[int, Doc]:
        """One request of the gateway's: status and document."""
        self.calls += 1
        match method, path:
            case "POST", ["tickets"]:
                return 201, self._create(orjson.loads(body)["fields"])
            case "PATCH", ["tickets", ticket]:
                return 200, self._update(self.tickets[ticket], orjson.loads(body)["fields"])
            case "POST", ["tickets", ticket, "comments"]:
                return 201, self._commented(self.tickets[ticket], orjson.loads(body))
            case "GET", _:
                return self._read(path, query)
        raise RuntimeError(f"nothing at {method} {path}")

    def _read(self, path: list[str], query: str) -> tuple[int, Doc]:
        match path:
            case ["tickets", ticket]:
                return 200, {"ticket": self.tickets[ticket]}
            case ["tickets"]:
                known = self.marked.get(query.partition("marker=")[2])
                return 200, {"tickets": [self.tickets[known]] if known else []}
            case ["changes"]:
                return 200, {"changes": [], "more": False, "now": now_text()}
        raise RuntimeError(f"nothing to read at {path}")

    def _create(self, fields: Doc) -> Doc:
        if fields["marker"] in self.marked:
            raise RuntimeError(f"a second ticket for {fields['marker']}")
        doc = self.open({"status": "new", "priority": "normal", **fields})
        self.marked[fields["marker"]] = doc["id"]
        self.on_write(self, "create", doc)
        return {"ticket": doc}

    def _update(self, doc: Doc, fields: Doc) -> Doc:
        entries = self.set(doc, fields, ACCOUNT)
        self.on_write(self, "update", doc)
        return {"ticket": doc, "entries": entries, "messages": []}

    def _commented(self, doc: Doc, told: Doc) -> Doc:
        said = self.comment(doc, told["text"], ACCOUNT, public=told["public"], marker=told["marker"])
        self.on_write(self, "comment", doc)
        return {"comment": said, "ticket": doc, "entries": []}


_EMPTY: Doc = dict.fromkeys(FIELDS)


def _touch(doc: Doc, at: str) -> None:
    doc["revision"] += 1
    doc["changed_at"] = at


class DeskConnection(asyncio.Protocol):
    """Serves `/<desk>/…` for all desks of a bench."""

    _transport: asyncio.Transport
    _held = b""
    _date = (0, b"")

    def __init__(self, desks: dict[str, BenchDesk]) -> None:
        self._desks = desks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a server's are duplex

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            at = head.lower().find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + size:
                return
            body, self._held = self._held[end + 4 : end + 4 + size], self._held[end + 4 + size :]
            self._serve(head.split(b" ", 2), body)

    def _serve(self, line: list[bytes], body: bytes) -> None:
        path, _, query = line[1].decode().partition("?")
        code, *rest = path.strip("/").split("/")
        desk = self._desks[code]
        status, told = desk.answer(line[0].decode(), rest, query, body)
        raw = orjson.dumps(told)
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ndate: %b\r\ncontent-length: %d\r\n\r\n"
        answer = head % (status, self._now(), len(raw)) + raw
        if desk.answers_in:
            asyncio.get_running_loop().call_later(desk.answers_in, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _now(self) -> bytes:
        second = int(time.time())
        if DeskConnection._date[0] != second:
            DeskConnection._date = second, http_date(datetime.now(UTC)).encode()
        return DeskConnection._date[1]


async def serve(desks: dict[str, BenchDesk]) -> tuple[asyncio.Server, str]:
    """Listen on a free port of the loopback interface; the server and its address."""
    server = await asyncio.get_running_loop().create_server(
        lambda: DeskConnection(desks), "127.0.0.1", 0, backlog=1024
    )
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
