"""Requests to desks that live in this gateway: the same limits, facts and judgement as on a wire, but no socket. Whose desk
is asked is the trip's owner, which the wire sets: nothing in an address can lead to another's."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx

from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.failpoints import step


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request to the desk of that id; `path` begins with a slash."""

    desk_id: str
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The whole answer; a file comes in pieces, anything else as JSON bytes."""

    status: int
    body: bytes | Iterator[bytes] = b""


Door = Callable[[Asked], Told]
"""Answers for all desks of one scheme. Blocks on the database, so it is called in a thread."""


async def through(door: Door, request: httpx.Request, trip: Trip) -> httpx.Response:
    """The answer. What the door itself fails with breaks the exchange, as a server that fell over would."""
    asked = Asked(
        desk_id=trip.owner,
        method=request.method,
        path=request.url.path,
        query=dict(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)),
        body=await _whole(request),
    )
    trip.depart()
    trip.connected = trip.write_started = True
    try:
        told = await asyncio.to_thread(door, asked)
    except Exception as error:
        raise Broken(Stage.ANSWER, f"our own desk failed: {type(error).__name__}: {error}") from error
    if trip.writing:
        step("send.after")
    trip.answer_started = True
    if isinstance(told.body, bytes):
        headers = {"content-type": "application/json", "content-length": str(len(told.body))}
        return httpx.Response(
            told.status, headers=headers, stream=httpx.ByteStream(told.body), request=request
        )
    return httpx.Response(told.status, stream=_Pieces(told.body), request=request)


async def _whole(request: httpx.Request) -> bytes:
    if not isinstance(request.stream, AsyncIterable):
        raise TypeError("a request body is bytes or an async stream")
    return b"".join([chunk async for chunk in request.stream])


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await asyncio.to_thread(next, self._pieces, b""):
            yield chunk
