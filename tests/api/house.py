"""A small installation for tests of the doors: two organizations with a loopback desk each, a link, and messages signed
as the upstream desk signs them."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvicorn

from gateway import app as wiring
from gateway.app import Gateway, Life
from gateway.config import Settings
from gateway.domain.model import Message
from gateway.flows import intake, keys
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import rows, views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.hooks import signed
from tests.migrated import bring_up

HOOK_SECRET = "north-hook-secret-0123456789-0123456789"
TOKEN = "a-token-in-the-address-0123456789-0123456789"
SECRETS: Mapping[str, str] = {
    "NORTH_TOKEN": "north-desk-token",
    "NORTH_HOOK": HOOK_SECRET,
    "SOUTH_TOKEN": "south-desk-token",
    "SOUTH_HOOK": "south-hook-secret-0123456789-0123456789",
    "SOUTH_ADDRESS": TOKEN,
}
CONFIGURATION = """
organizations:
  - {code: north, name: North Stores}
  - {code: south, name: South Services}
desks:
  - code: north
    organization: north
    connector: loopback
    base_url: %(north)s
    allow_private_network: true
    credentials: {kind: header, secret: {env: NORTH_TOKEN}}
    hook: {secrets: [{env: NORTH_HOOK}]}
    poll_every: 1h
  - code: south
    organization: south
    connector: loopback
    base_url: %(south)s
    allow_private_network: true
    credentials: {kind: header, secret: {env: SOUTH_TOKEN}}
    hook: {token: {env: SOUTH_ADDRESS}, secrets: [{env: SOUTH_HOOK}]}
    poll_every: 1h
links:
  - code: north-south
    upstream: north
    downstream: south
    passes: {when: {field: queue, value: Field}}
    ownership: {priority: {owner: upstream, loser: write_back}}
"""
UNLINKED = CONFIGURATION.partition("links:")[0]
NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""


def settings(folder: Path, **given: Any) -> Settings:
    """Settings of an installation in a folder of the test's own."""
    return Settings(data_dir=folder / "data", allowed_networks=("127.0.0.0/8",), port=0, **given)


def configuration(folder: Path, *, said: str = "", **urls: str) -> Path:
    """The configuration file, with the desks' addresses filled in; `said`: another text than ours."""
    file = folder / "federation.yaml"
    text = (said or CONFIGURATION) % {"north": NOWHERE, "south": NOWHERE, **urls}
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def installed(
    folder: Path, *, url: str | None = None, said: str = "", region: str = "", **urls: str
) -> Iterator[Gateway]:
    """The installation, migrated and configured. `url`: of another database than the embedded one."""
    before = {name: os.environ.get(name) for name in SECRETS}
    os.environ.update(SECRETS)
    given = {"database_url": url} if url else {}
    gateway = wiring.open_gateway(settings(folder, region=region, **given))
    try:
        bring_up(gateway.database)
        wanted = read(configuration(folder, said=said, **urls))
        terms = Terms(vault=gateway.vault, region=gateway.settings.region)
        apply(gateway.context, wanted, terms, actor="test", now=wiring.utc_now())
        yield gateway
    finally:
        gateway.close()
        for name, value in before.items():
            _put_back(name, value)


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value


def message(number: int = 1, **changes: Any) -> tuple[bytes, dict[str, str]]:
    """A signed message of the upstream desk: body and headers. `changes` go into the document."""
    body = orjson.dumps({"type": "ticket.changed", "ticket_id": str(number), "revision": 1, **changes})
    return body, headers_for(body, number)


def headers_for(body: bytes, number: int = 1, *, at: datetime | None = None) -> dict[str, str]:
    """The headers that the upstream desk would send with this body."""
    now = at or datetime.now(UTC)
    return signed(f"msg_{number}", body, secret=HOOK_SECRET.encode(), now=now)


class Doors:
    """The real doors on a socket of their own, in a thread of this process; no worker."""

    def __init__(self, gateway: Gateway) -> None:
        self.life = Life()
        self.app = wiring.web_app(gateway, with_worker=False, life=self.life)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        config = uvicorn.Config(
            self.app, http="httptools", lifespan="on", log_config=None, access_log=False, proxy_headers=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],))

    def __enter__(self) -> "Doors":
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the doors did not open"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self.socket.close()

    def send(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> "Answer":
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            told = connection.getresponse()
            return Answer(
                told.status, {name.lower(): value for name, value in told.getheaders()}, told.read()
            )
        finally:
            connection.close()

    def post(self, path: str, message: tuple[bytes, Mapping[str, str]], **headers: str) -> "Answer":
        """Post a signed message. In the names of further headers underscores stand for hyphens."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, body=message[0], headers={**message[1], **more})


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem document, or of TM Forum's and MEF's `Error`."""
        if "referenceError" in self.document:
            return str(self.document["referenceError"])[-len("IDK-1401") :]
        assert self.headers["content-type"] == "application/problem+json", self.body
        document = self.document
        assert document["status"] == self.status
        assert document["title"]
        return str(document["code"])


def started(folder: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    """A real `interdesk` process over the installation in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-c", "from gateway.cli import main; main()", *words],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")},
            "INTERDESK_DATA_DIR": str(folder / "data"),
            "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def _running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@contextmanager
def served(folder: Path, *words: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A real `interdesk serve`; the process and its port. Killed at the end."""
    with _running(started(folder, "serve", "--port", "0", *words, **environment)) as process:
        yield process, int(_said(process, "listening on ").rsplit(":", 1)[1])


@contextmanager
def working(folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A real `interdesk worker`. Killed at the end."""
    with _running(started(folder, "worker", **environment)) as process:
        _said(process, "working")
        yield process


def _said(process: subprocess.Popen[str], beginning: str) -> str:
    """The first line of its talk that begins so."""
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if line.startswith(beginning):
            return line
    raise AssertionError("the process did not start:\n" + "".join(said))


def ended(process: subprocess.Popen[str], *, within: float = 20) -> int:
    """Ask the process to stop; its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=within)


def exchange(port: int, raw: bytes, *, cut: bool = False) -> bytes:
    """Send bytes, read one whole answer or until the other side ends; `cut` closes our sending side."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(raw)
        if cut:
            sock.shutdown(socket.SHUT_WR)
        answer = b""
        while part := sock.recv(65536):
            answer += part
            if _is_whole(answer):
                break
    return answer


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].split(b":")[1])


def hear(gateway: Gateway, desk: LoopbackDesk, code: str) -> None:
    """Take what the desk has to tell, and read it."""
    with gateway.database.read() as db:
        known = gateway.context.directory(db).desk_by_code(code)
    assert known is not None
    for hook in desk.drain_hooks():
        told = Message(
            id=wiring.new_id("msg"),
            desk_id=known.id,
            received_at=wiring.utc_now(),
            body=hook.body,
            headers=hook.headers,
        )
        intake.accept(gateway.context, [(told, known.org_id)])
        intake.process(gateway.context, now=wiring.utc_now())


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A ticket that began at the upstream's desk and is offered to the downstream; one that stayed; and ids."""

    ticket: str
    stayed: str
    hops: Mapping[str, str]
    desk: LoopbackDesk
    number: str


PRIVATE = "the-safe-code-is-4711"


def open_chain(gateway: Gateway) -> Chain:
    """Two tickets at the upstream's desk; the first passes over the link. A private comment stands on it."""
    desk = LoopbackDesk(PLAIN, clock=wiring.utc_now, hook_secret=HOOK_SECRET.encode())
    agent = desk.person("ann")
    passing = agent.open("The till is dead", "No light", queue="Field", priority="urgent")
    agent.comment(passing, PRIVATE, public=False)
    hear(gateway, desk, "north")
    with gateway.database.write() as db:  # one that stays: what a later link rule would have passed
        (found,) = views.tickets(db, Scope.operator(), limit=10)
        stays = {
            "id": "tkt_stays",
            "org_id": _org(gateway, "north"),
            "opened_at": wiring.utc_now(),
            "version": 0,
        }
        db.execute(rows.ticket.insert().values(**stays, facts={}))
        hop = (
            db.execute(rows.hop.select().where(rows.hop.c.desk_id == _desk(gateway, "north")))
            .mappings()
            .one()
        )
        own = {**hop, "id": "hop_stays", "ticket_id": "tkt_stays", "remote_id": "900", "number": "T-900"}
        db.execute(rows.hop.insert().values(**own))
    hops = {one["desk"]: one["id"] for one in found["hops"]}
    return Chain(ticket=found["id"], stayed="tkt_stays", hops=hops, desk=desk, number=passing)


def _org(gateway: Gateway, code: str) -> str:
    with gateway.database.read() as db:
        known = gateway.context.directory(db).organizations
    return next(one.id for one in known.values() if one.code == code)


def _desk(gateway: Gateway, code: str) -> str:
    with gateway.database.read() as db:
        known = gateway.context.directory(db).desk_by_code(code)
    assert known is not None
    return known.id


def key(gateway: Gateway, organization: str | None = None) -> dict[str, str]:
    """The header of a caller with a key of the operator's or of an organization's."""
    wanted = keys.Wanted(label="test", organization=organization)
    _, text = keys.create(gateway.context, wanted, actor="test", now=wiring.utc_now())
    return {"authorization": f"Bearer {text}"}
