"""A loopback HTTP desk with faults down to the byte, for proving what a client concludes. Raw asyncio, no framework.

It keeps tickets in memory, counts every request it has read by identity, and knows which of them it applied, so a
re-send or a wrong conclusion shows.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Identity = tuple[str, str, str]
"""Method, target, and the `marker` of the JSON body (empty without one)."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it was read off the wire; header names are lower case. `connection` counts from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def identity(self) -> Identity:
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        marker = document.get("marker", "") if isinstance(document, dict) else ""
        return self.method, self.target, str(marker)


@dataclass
class Conversation:
    """One connection of the desk, at the point where a fault takes over."""

    desk: "FaultDesk"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    request: Received | None = None

    async def send(self, data: bytes) -> None:
        """These bytes and no others."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with RST, as a crashed peer does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def leave(self, *, reset: bool) -> None:
        """End the connection; a reset gives the other side a moment to read what was sent before."""
        if not reset:
            self.writer.close()
            return
        await asyncio.sleep(0.02)
        self.reset()

    def apply(self) -> dict[str, object]:
        """Do what the request asks, once per call; the ticket as it then stands."""
        assert self.request is not None  # noqa: S101  # faults that apply have read a request
        return self.desk.apply(self.request)


class Reads(StrEnum):
    """How much of a request the desk takes in."""

    NOTHING = "nothing"
    HEAD = "head"
    WHOLE = "whole"


@dataclass(frozen=True)
class Fault:
    """One way to treat one request, after so much of it was read. Faults that read nothing meet a new connection.

    `play` returns True if the connection can carry another request.
    """

    name: str
    play: Callable[[Conversation], Awaitable[bool | None]]
    reads: Reads = Reads.WHOLE


@dataclass
class FaultDesk:
    """`plan(...)` queues faults, one per request; without one a request is served well.

    `idle` is how many seconds it keeps an unused connection; `parting` is what it says on such a one before it goes.
    """

    idle: float = 30.0
    parting: bytes = b""
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    received: list[Received] = field(default_factory=list)
    applied: list[Identity] = field(default_factory=list)
    tickets: dict[str, dict[str, object]] = field(default_factory=dict)
    connections: int = 0
    port: int = 0
    _plan: list[Fault] = field(default_factory=list)
    _doors: list[Fault] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "FaultDesk":
        await self.listen(self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def plan(self, *faults: Fault) -> None:
        """The next requests meet these faults, in this order; those that read nothing meet the next connections."""
        for fault in faults:
            (self._doors if fault.reads is Reads.NOTHING else self._plan).append(fault)

    async def listen(self, port: int = 0) -> None:
        """Begin to listen, or begin again."""
        self._server = await asyncio.start_server(self._accept, self.host, port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Listen no more; open connections stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def count(self) -> Counter[Identity]:
        """How often each request was read."""
        return Counter(request.identity for request in self.received)

    def apply(self, request: Received) -> dict[str, object]:
        """POST makes a ticket, PUT and PATCH change one, GET shows it."""
        if request.method not in {"POST", "PUT", "PATCH"}:
            return self.tickets.get(request.target.rpartition("/")[2], {})
        self.applied.append(request.identity)
        key = str(len(self.tickets) + 1) if request.method == "POST" else request.target.rpartition("/")[2]
        ticket = self.tickets.setdefault(key, {"id": key})
        ticket["marker"] = request.identity[2]
        return ticket

    def later(self, seconds: float, request: Received) -> None:
        """Apply a request after the client has long been told nothing."""
        asyncio.get_running_loop().call_later(seconds, self.apply, request)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._converse(Conversation(self, reader, writer, self.connections))
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            writer.transport.abort()  # the client left, or the desk is closing: both are part of a test
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(self, talk: Conversation) -> None:
        if self._doors:
            await self._doors.pop(0).play(talk)
            return
        keep = True
        while keep:
            try:
                head = await asyncio.wait_for(talk.reader.readuntil(b"\r\n\r\n"), self.idle)
            except TimeoutError:
                await talk.send(self.parting)
                raise
            fault = self._plan.pop(0) if self._plan else well()
            talk.request = await _request(talk, head, fault)
            self.received.append(talk.request)
            keep = bool(await fault.play(talk))


async def _request(talk: Conversation, head: bytes, fault: Fault) -> Received:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    size = int(headers.get("content-length", "0")) if fault.reads is Reads.WHOLE else 0
    body = await talk.reader.readexactly(size)
    return Received(method=method, target=target, headers=headers, body=body, connection=talk.number)


def message(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer. Underscores in header names become hyphens; content-length is set unless given."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("content-length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def told(ticket: Mapping[str, object]) -> bytes:
    """The whole answer that shows this ticket."""
    return message(200, json.dumps(ticket).encode(), content_type="application/json")


def well() -> Fault:
    """No fault: applied and told."""

    async def play(talk: Conversation) -> bool:
        await talk.send(told(talk.apply()))
        return True

    return Fault("well", play)
