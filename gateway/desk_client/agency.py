"""Desks that nobody can dial in to: their owner's agent (`interdesk agent`) asks this gateway for requests, makes them inside its
own network with its own credentials, and brings the answers. This is the gateway's half, the agent's is `messenger`.

The facts are those of a wire. A request that no agent took in time has not left. One that was taken and not brought back
may have been made: doubt, as with a connection that broke.
"""

import asyncio
import base64
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import httpx

from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage

LOOK_EVERY = 0.05
"""Seconds between looks whether an answer is there; each look without one lets the next wait longer, up to `SLOWEST_LOOK`."""
SLOWEST_LOOK = 0.4
_THE_WIRES = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One request for an agent: everything but the credentials."""

    desk_id: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    writing: bool = False


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What an agent brings: an answer (`status` is given), or at which stage the exchange broke and what had left by then."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    stage: Stage | None = None
    detail: str = ""
    connected: bool = True
    write_started: bool = True


class Agency(Protocol):
    """Where errands wait. Blocks on the database, so it is called in threads."""

    def post(self, errand: Errand) -> str:
        """Let agents take it; answers its id."""

    def fetch(self, errand_id: str) -> Brought | None:
        """What was brought, once; None as long as there is nothing. Raises NobodyCame when its time to be taken is over."""

    def withdraw(self, errand_id: str) -> bool:
        """Nobody is to take it any more; False: somebody has."""


class NobodyCame(Exception):
    """No agent took the errand in time."""


async def through(agency: Agency, request: httpx.Request, trip: Trip) -> httpx.Response:
    """The answer that the desk's agent brought. Raises Broken with the facts of the agent's own wire."""
    errand = Errand(
        desk_id=trip.owner,
        method=request.method,
        url=str(request.url),
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.lower() not in _THE_WIRES
        ),
        body=await _whole(request),
        writing=trip.writing,
    )
    trip.depart()
    name = await asyncio.to_thread(agency.post, errand)
    trip.connected = trip.write_started = True  # from here on somebody may have taken it
    try:
        brought = await _brought(agency, name)
    except NobodyCame:
        trip.connected = trip.write_started = False
        raise Broken(Stage.CONNECT, "no agent of this desk came for the request") from None
    except BaseException:
        if await asyncio.shield(asyncio.to_thread(agency.withdraw, name)):
            trip.connected = trip.write_started = False
        raise
    return _answer(brought, request, trip)


async def _brought(agency: Agency, name: str) -> Brought:
    pause = LOOK_EVERY
    while (brought := await asyncio.to_thread(agency.fetch, name)) is None:
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, SLOWEST_LOOK)
    return brought


def _answer(brought: Brought, request: httpx.Request, trip: Trip) -> httpx.Response:
    if brought.status is None:
        trip.connected, trip.write_started = brought.connected, brought.write_started
        raise Broken(brought.stage or Stage.ANSWER, f"the agent tells: {brought.detail}")
    trip.answer_started = True
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in brought.headers
        if name.lower() not in _HOP_BY_HOP
    ]
    return httpx.Response(
        brought.status, headers=headers, stream=httpx.ByteStream(brought.body), request=request
    )


_HOP_BY_HOP = frozenset({"transfer-encoding", "connection", "keep-alive"})


async def _whole(request: httpx.Request) -> bytes:
    if not isinstance(request.stream, AsyncIterable):
        raise TypeError("a request body is bytes or an async stream")
    return b"".join([chunk async for chunk in request.stream])


# -- as documents ------------------------------------------------------------------------------------------------------------


def errand_from(document: Mapping[str, Any]) -> Errand:
    """What an agent was given."""
    return Errand(
        desk_id=document["desk"],
        method=document["method"],
        url=document["url"],
        headers=_pairs(document["headers"]),
        body=base64.b64decode(document["body"]),
        writing=document["writing"],
    )


def brought_from(document: Mapping[str, Any], body: bytes) -> Brought:
    """What an agent brought, as it is kept."""
    stage = document.get("stage")
    return Brought(
        status=document.get("status"),
        headers=_pairs(document.get("headers", ())),
        body=body,
        stage=Stage(stage) if stage else None,
        detail=document.get("detail", ""),
        connected=document.get("connected", True),
        write_started=document.get("write_started", True),
    )


def document_of(brought: Brought) -> dict[str, Any]:
    """The same without the body, to be sent."""
    return {key: value for key, value in asdict(brought).items() if key != "body"}


def _pairs(given: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in given)
