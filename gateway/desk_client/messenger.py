"""The agent's half of `agency`: one request that a gateway wants made here, made over the guarded transport with credentials that
the gateway never sees; what came of it is told with the facts of this wire."""

import asyncio
import contextlib
from dataclasses import dataclass, replace

import httpx

from gateway.desk_auth import Credentials, origin_of
from gateway.desk_client.agency import Brought, Errand
from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.errors import ConfigError, ConnectorFailed


@dataclass(frozen=True, kw_only=True)
class Messenger:
    """Makes errands. `deadline` in seconds for one, `most_bytes` of an answer."""

    transport: GuardedTransport
    allow_private_network: bool = True
    deadline: float = 50.0
    most_bytes: int = 100_000_000

    async def carry(self, errand: Errand, credentials: Credentials) -> Brought:
        """What came of it; never raises for what a desk or a network does. A request to another origin than the credentials'
        is not made."""
        trip = Trip(
            owner=errand.desk_id,
            writing=errand.writing,
            allow_private_network=self.allow_private_network,
        )
        if origin_of(errand.url) != credentials.origin:
            return _not_made(_ELSEWHERE)
        try:
            async with asyncio.timeout(self.deadline):
                return await self._made(_request(errand, credentials, trip))
        except Broken as error:
            return _broke(trip, error.stage, str(error))
        except TimeoutError:
            return _broke(trip, Stage.DEADLINE, f"no whole answer within {self.deadline:g} s")
        except (ConfigError, ConnectorFailed, httpx.InvalidURL, ValueError) as error:
            return _broke(trip, Stage.CONNECT, str(error))

    async def _made(self, request: httpx.Request) -> Brought:
        answer = await self.transport.handle_async_request(request)
        body = bytearray()
        async with contextlib.aclosing(answer):
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self.most_bytes:
                    raise Broken(Stage.ANSWER, f"the desk's answer is longer than {self.most_bytes} bytes")
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw
        )
        return Brought(status=answer.status_code, headers=headers, body=bytes(body))


_ELSEWHERE = "the gateway asked for another address than this agent's desk has"


def _not_made(why: str) -> Brought:
    return Brought(stage=Stage.CONNECT, detail=why, connected=False, write_started=False)


def _broke(trip: Trip, stage: Stage, detail: str) -> Brought:
    started = trip.connected if trip.write_started is None else trip.write_started
    return replace(_not_made(detail), stage=stage, connected=trip.connected, write_started=started)


def _request(errand: Errand, credentials: Credentials, trip: Trip) -> httpx.Request:
    url = httpx.URL(errand.url)
    headers = {name.lower(): value for name, value in errand.headers}
    headers |= {name.lower(): value for name, value in credentials.headers.items()}
    headers["host"] = url.netloc.decode("ascii")
    if errand.body or errand.method in {"POST", "PUT", "PATCH"}:
        headers["content-length"] = str(len(errand.body))
    return httpx.Request(
        errand.method,
        url,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        stream=httpx.ByteStream(errand.body),
        extensions={"trip": trip},
    )
