"""From the desk's bytes to a Response: bounded in size, also once unpacked; files stream into the blob store."""

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from datetime import datetime

import httpx

from gateway.blobs import BlobStore, BlobTooLarge
from gateway.connector import Response
from gateway.errors import AnswerUnreadable, ConfigError, DeskRejected

_STEP = 64 * 1024


async def read(answer: httpx.Response, *, limit: int, now: Callable[[], datetime]) -> Response:
    """The whole answer. Raises AnswerUnreadable for one that is larger than `limit` bytes or packed in a strange way."""
    body = bytearray()
    async for chunk in stream_of(answer, limit):
        body += chunk
        if len(body) > limit:
            raise AnswerUnreadable(f"the desk's answer is larger than {limit} bytes")
    headers = _headers(answer)
    return Response(status=answer.status_code, headers=headers, body=bytes(body), received_at=now())


async def read_blob(
    answer: httpx.Response, *, blobs: BlobStore | None, limit: int, now: Callable[[], datetime]
) -> Response:
    """The answer with its body in the blob store. Raises DeskRejected for a file beyond the limit."""
    if blobs is None:
        raise ConfigError("this gateway has no place for files", cure="set a folder for files")
    with blobs.writer(limit=limit) as writer:
        try:
            async for chunk in stream_of(answer, limit):
                writer.write(chunk)
        except BlobTooLarge as error:
            raise DeskRejected(error.what) from error
        blob = await asyncio.to_thread(writer.commit)
    return Response(status=answer.status_code, headers=_headers(answer), blob=blob, received_at=now())


def _headers(answer: httpx.Response) -> dict[str, str]:
    """Lower-case names; a repeated header is joined by commas."""
    headers: dict[str, str] = {}
    for name, value in answer.headers.raw:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def stream_of(answer: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body as it should be read, in pieces. We ask for `identity`; a desk that packs all the same is unpacked within `limit`."""
    stream = answer.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport gave an answer that cannot be awaited")
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        return aiter(stream)
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise AnswerUnreadable(f"the desk packs its answer as {packing[:40]!r}, which was not asked for")
    return _unpacked(stream, _Unpacker(packing), limit)


async def _unpacked(stream: AsyncIterable[bytes], unpacker: "_Unpacker", limit: int) -> AsyncIterator[bytes]:
    grown = 0
    async for chunk in stream:
        for piece in unpacker.feed(chunk):
            grown += len(piece)
            if grown > limit:
                raise AnswerUnreadable(f"the desk's answer unpacks to more than {limit} bytes")
            yield piece
    if not unpacker.done:
        raise AnswerUnreadable("the desk's packed answer is cut off")


class _Unpacker:
    """gzip or deflate in pieces of at most _STEP bytes, so a bomb grows only as far as its reader lets it."""

    def __init__(self, packing: str) -> None:
        self._packing = packing
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._begun = False

    @property
    def done(self) -> bool:
        return self._zlib.eof or not self._begun

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if not self._begun and self._packing == "deflate":
            # RFC 9110 says zlib; some servers send raw deflate. The first byte of a zlib header tells them apart.
            self._zlib = zlib.decompressobj(zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        self._begun = True
        try:
            piece = self._zlib.decompress(chunk, _STEP)
            while piece:
                yield piece
                piece = self._zlib.decompress(self._zlib.unconsumed_tail, _STEP)
        except zlib.error as error:
            raise AnswerUnreadable(f"the desk's packed answer is broken: {error}") from error
