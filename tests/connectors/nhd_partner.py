"""A partner that speaks Networked Help Desk, written from the protocol's description alone and from nothing of ours. `strict` is
how Request Tracker's extension is: it wants the version, its own content type, 40 hex digits and three statuses."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = re.compile(r"/sharing/(agreements|tickets)/([^/]+)")
_HEX = re.compile(r"[0-9a-f]{40}")
_WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_STATUSES = {"open", "pending", "solved"}


@dataclass(kw_only=True)
class Partner:
    """Answers as the description says. `files`: what stands at its own addresses; `asked`: (method, path, headers, body);
    `lost`: how many answers get lost on the way, though what was asked is done."""

    strict: bool = False
    agreements: dict[str, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str], Any]] = field(default_factory=list)
    lost: int = 0

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status."""
        told = {name.lower(): value for name, value in headers.items()}
        document: Any = json.loads(body) if body else None
        self.asked.append((method, path, told, document))
        found = _PATH.fullmatch(path)
        if found is None:
            return 404
        kind, uuid = found.groups()
        refusal = self._refusal(method, kind, uuid, told, document)
        if refusal:
            return refusal
        return (
            self._agree(method, uuid, document)
            if kind == "agreements"
            else self._ticket(method, uuid, document)
        )

    def _refusal(  # noqa: PLR0911 - one for each rule of the description
        self, method: str, kind: str, uuid: str, headers: Mapping[str, str], document: Any
    ) -> int:
        token = headers.get("x-ticket-sharing-token")
        if self.strict and headers.get("x-ticket-sharing-version") != "1":
            return 412
        if self.strict and not headers.get("content-type", "").startswith("text/x-json"):
            return 415
        if not self.strict and headers.get("content-type") not in ("application/json", None):
            return 415
        if token is None and (self.strict or not (kind == "agreements" and method == "POST")):
            return 401
        if isinstance(document, dict) and document.get("uuid", uuid) != uuid:
            return 422
        if not _HEX.fullmatch(uuid):
            return 422
        if kind == "agreements" and method == "POST":
            return 0
        named, _, key = (token or "").partition(":")
        held = self.agreements.get(named)
        if held is None or held["access_key"] != key:
            return 403
        return 403 if kind == "tickets" and held["status"] != "accepted" else 0

    def _agree(self, method: str, uuid: str, document: dict[str, Any]) -> int:
        if method == "POST":
            if document["status"] != "pending" or uuid in self.agreements:
                return 422
            self.agreements[uuid] = document
            return 201
        self.agreements[uuid] |= {name: value for name, value in document.items() if value is not None}
        return 200

    def _ticket(  # noqa: PLR0911 - likewise
        self, method: str, uuid: str, document: dict[str, Any]
    ) -> int:
        if method == "DELETE":
            return 200 if self.tickets.pop(uuid, None) else 404
        if self.strict and document.get("status", "open") not in _STATUSES:
            return 422
        if (method == "POST") == (uuid in self.tickets):
            return 422 if method == "POST" else 404
        if method == "POST" and not document.get("subject"):
            return 422
        ticket = self.tickets.setdefault(uuid, {"comments": []})
        known = {one["uuid"] for one in ticket["comments"]}
        for comment in document.get("comments") or []:
            if not all(comment.get(name) for name in ("uuid", "body")) or not comment["author"].get("uuid"):
                return 422
            if not _WHEN.fullmatch(comment.get("authored_at") or "2011-01-17 01:01:01 +0100"):
                return 422
            if comment["uuid"] not in known:
                ticket["comments"].append(comment)
        told = {name: value for name, value in document.items() if name != "comments" and value is not None}
        ticket |= told
        return 201 if method == "POST" else 200


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    partner: Partner


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        partner = self.server.partner
        if self.command == "GET":
            status, headers, content = partner.files.get(self.path, (404, {}, b""))
        else:
            status, headers, content = (
                partner.handle(self.command, self.path, dict(self.headers), body),
                {},
                b"{}",
            )
        if partner.lost and self.command != "GET":
            partner.lost -= 1
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the names that the library looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(partner: Partner) -> Iterator[int]:
    """The partner on a port of its own."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.partner = partner
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
