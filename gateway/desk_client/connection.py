"""One HTTP/1.1 connection to a desk: writes one request at a time, hands what comes back to an `Incoming`."""

import asyncio
import select
from collections.abc import AsyncIterable, Coroutine
from typing import Any, TypeVar, cast

import httpx

from gateway.desk_client.incoming import Incoming
from gateway.desk_client.limits import Limits
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.errors import ConnectorFailed
from gateway.failpoints import armed, step

R = TypeVar("R")


class Connection(asyncio.Protocol):
    """`open` is false from the first sign that the other side is leaving. Never sends a request twice."""

    def __init__(self, limits: Limits) -> None:
        self.open = False
        self.idle_since = 0.0
        self.idle_limit = limits.idle
        self._limits = limits
        self._transport: asyncio.Transport
        self._incoming: Incoming | None = None
        self._drained: asyncio.Future[None] | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are duplex without being subclasses
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._incoming is None:
            self.abort()  # words that nobody asked for belong to no request
        else:
            self._incoming.feed(data)

    def eof_received(self) -> bool:
        self._closed("the desk closed the connection", orderly=True)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed(f"the connection broke: {exc or 'closed'}", orderly=False)

    def _closed(self, detail: str, *, orderly: bool) -> None:
        self.open = False
        if self._incoming is not None:
            self._incoming.end(detail, orderly=orderly)
        self.resume_writing()

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # one exchange

    async def exchange(self, request: httpx.Request, trip: Trip) -> Incoming:
        """Send the request, wait for status and headers. Raises Broken, or what `trip.before_bytes` raises.

        `trip.write_started` is set before the first byte is handed over and stays false if none was.
        """
        head, body = request_head(request), _small_body(request)
        incoming = Incoming(
            head_limit=self._limits.head_bytes, bodiless=request.method == "HEAD", flow=self._hold
        )
        trip.depart()
        if not self.open:
            raise Broken(Stage.SEND, "the desk closed the connection before the request")
        self._incoming = incoming
        trip.write_started = True
        self._transport.write(head + body if body is not None else head)
        if body is None:
            await self._send(request, incoming)
        if trip.writing:
            await self._pass_sent()
        await self._bounded(incoming.head(), Stage.ANSWER)
        trip.answer_started = True
        return incoming

    async def _send(self, request: httpx.Request, incoming: Incoming) -> None:
        """Stream the body; stops early when the desk has answered (413) or left. The answer then tells what it was."""
        stream = request.stream
        if not isinstance(stream, AsyncIterable):
            raise TypeError("a request body is bytes or an async stream")
        async for chunk in stream:
            if self._drained is not None:
                await self._bounded(self._wait_drained(), Stage.SEND)
            if incoming.headers_complete or not self.open:
                incoming.keep_alive = False
                incoming.dirty = True
                return
            self._transport.write(chunk)

    async def _wait_drained(self) -> None:
        if self._drained is not None:
            await self._drained

    @staticmethod
    async def _pass_sent() -> None:
        if armed():
            await asyncio.sleep(0.01)  # an event loop may keep small writes until its next turn
        step("send.after")

    async def chunk(self, incoming: Incoming) -> bytes:
        """The next piece of the body, b"" at its end. Raises Broken."""
        if incoming.chunks or incoming.complete:
            return await incoming.chunk()
        return await self._bounded(incoming.chunk(), Stage.ANSWER)

    async def _bounded(self, waiting: Coroutine[Any, Any, R], stage: Stage) -> R:
        try:
            async with asyncio.timeout(self._limits.read):
                return await waiting
        except TimeoutError:
            raise Broken(stage, f"the desk was silent for {self._limits.read:g} s") from None

    def _hold(self, pause: bool) -> None:
        if not self._transport.is_closing():
            (self._transport.pause_reading if pause else self._transport.resume_reading)()

    # between exchanges

    def rest(self, now: float) -> bool:
        """Put the finished exchange away; true if the connection can be kept. `now` is the loop's clock."""
        incoming, self._incoming = self._incoming, None
        if incoming is None or not incoming.reusable or not self.open:
            return False
        self.idle_since = now
        self.idle_limit = min(self._limits.idle, _promised_idle(incoming.headers))
        return self.idle_limit > 0

    def fresh(self, now: float) -> bool:
        """Whether a kept connection can still be trusted: young enough, and the kernel has no end or stray word for us."""
        return self.open and now - self.idle_since < self.idle_limit and not self._readable()

    def _readable(self) -> bool:
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def abort(self) -> None:
        """Close without ceremony; nothing is flushed."""
        self.open = False
        self._transport.abort()


def _small_body(request: httpx.Request) -> bytes | None:
    return b"".join(request.stream) if isinstance(request.stream, httpx.ByteStream) else None


def request_head(request: httpx.Request) -> bytes:
    """The request line and headers. Raises ConnectorFailed for anything that could end a line early."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in request.headers.raw]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines) or lines[0].count(b" ") != 2:
        raise ConnectorFailed("a request line or header holds a line break or a space where none may be")
    if "transfer-encoding" in request.headers:
        raise ConnectorFailed("a request body needs a length: not every desk reads a chunked one")
    return b"\r\n".join((*lines, b"", b""))


def _promised_idle(headers: list[tuple[bytes, bytes]]) -> float:
    """Seconds the desk says it keeps an idle connection, less one for the way; endless if it says nothing."""
    for name, value in headers:
        if name == b"keep-alive":
            for part in value.lower().split(b","):
                key, number = (word.strip() for word in part.partition(b"=")[::2])
                if key == b"timeout" and number.isdigit():
                    return float(number[:9]) - 1
    return float("inf")
