"""The faults of the fault desk, one function each: what a desk, its host or the way to it can do to a request."""

import asyncio
import gzip
import json

from gateway.testing.fault_desk import Conversation, Fault, Reads, message, told


def close_at_once() -> Fault:
    """Accept, read nothing, close."""

    async def play(talk: Conversation) -> None:
        talk.writer.close()

    return Fault("close_at_once", play, reads=Reads.NOTHING)


def read_then_reset() -> Fault:
    """Read the request, apply nothing, RST."""

    async def play(talk: Conversation) -> None:
        talk.reset()

    return Fault("read_then_reset", play)


def read_then_close() -> Fault:
    """Read the request, apply nothing, FIN."""

    async def play(talk: Conversation) -> None:
        talk.writer.close()

    return Fault("read_then_close", play)


def apply_then_drop() -> Fault:
    """Applied, and the client is never told."""

    async def play(talk: Conversation) -> None:
        talk.apply()
        talk.reset()

    return Fault("apply_then_drop", play)


def drop_then_apply(seconds: float) -> Fault:
    """Dropped now, applied later."""

    async def play(talk: Conversation) -> None:
        assert talk.request is not None  # noqa: S101
        talk.desk.later(seconds, talk.request)
        talk.reset()

    return Fault("drop_then_apply", play)


def silent() -> Fault:
    """Applied; then not a word, with the connection open."""

    async def play(talk: Conversation) -> None:
        talk.apply()
        await talk.reader.read()

    return Fault("silent", play)


def cut(at: int, *, reset: bool = False) -> Fault:
    """Applied; the answer ends after `at` bytes, in order or by RST."""

    async def play(talk: Conversation) -> None:
        await talk.send(told(talk.apply())[:at])
        await talk.leave(reset=reset)

    return Fault(f"cut_at_{at}", play)


def drip(pause: float) -> Fault:
    """Applied; the answer comes one byte at a time."""

    async def play(talk: Conversation) -> bool:
        for byte in told(talk.apply()):
            await talk.send(bytes((byte,)))
            await asyncio.sleep(pause)
        return True

    return Fault("drip", play)


def says(raw: bytes, *, then_close: bool = True, reset: bool = False) -> Fault:
    """Exactly these bytes, whatever was asked; nothing is applied."""

    async def play(talk: Conversation) -> bool:
        await talk.send(raw)
        if then_close:
            await talk.leave(reset=reset)
        return not then_close

    return Fault("says", play)


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """A whole answer with this status; nothing is applied."""
    return says(message(code, body, **headers), then_close=False)


def html_page(*, login: bool = False) -> Fault:
    """200 with a web page where JSON was due."""
    field_ = b'<input type="password" name="p">' if login else b""
    return status(200, b"<html><body><h1>Welcome</h1>" + field_ + b"</body></html>", content_type="text/html")


def wrong_length(by: int) -> Fault:
    """Applied; Content-Length differs from the body by `by` bytes."""

    async def play(talk: Conversation) -> None:
        body = json.dumps(talk.apply()).encode()
        raw = message(200, body, content_type="application/json", content_length=str(len(body) + by))
        await talk.send(raw)
        talk.writer.close()

    return Fault(f"wrong_length_{by}", play)


def wrong_id() -> Fault:
    """Applied; the answer shows somebody else's ticket."""

    async def play(talk: Conversation) -> bool:
        talk.apply()
        await talk.send(told({"id": "999999", "marker": "not-ours"}))
        return True

    return Fault("wrong_id", play)


def gzip_bomb(megabytes: int) -> Fault:
    """Applied; a small packed body that unpacks to so many megabytes of spaces and then JSON."""

    async def play(talk: Conversation) -> bool:
        talk.apply()
        packed = gzip.compress(b" " * (megabytes << 20) + b"{}", compresslevel=9)
        await talk.send(message(200, packed, content_encoding="gzip", content_type="application/json"))
        return True

    return Fault("gzip_bomb", play)


def endless_headers() -> Fault:
    """Applied; header lines until the client has enough."""

    async def play(talk: Conversation) -> None:
        talk.apply()
        await talk.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await talk.send(b"X-More: " + b"a" * 8000 + b"\r\n")

    return Fault("endless_headers", play)


def endless_body() -> Fault:
    """Applied; a chunked body without end."""

    async def play(talk: Conversation) -> None:
        talk.apply()
        await talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await talk.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    return Fault("endless_body", play)


def answers_early(code: int) -> Fault:
    """Says no when it has read the headers, then takes the rest in and closes."""

    async def play(talk: Conversation) -> None:
        await talk.send(message(code, b"too much", connection="close"))
        while await talk.reader.read(65536):
            continue

    return Fault("answers_early", play, reads=Reads.HEAD)


def stops_reading() -> Fault:
    """Reads the headers and then takes in nothing more, with the connection open."""

    async def play(talk: Conversation) -> None:
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a server's transports can
        await asyncio.Event().wait()

    return Fault("stops_reading", play, reads=Reads.HEAD)
