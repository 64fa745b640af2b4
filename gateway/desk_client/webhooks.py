"""Carries webhook messages out, through the same guarded way as everything else that leaves: no redirect is followed, an
address that the guard refuses is never connected to, and of the answer only its status and its wish to wait are read."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.trip import Trip
from gateway.domain.outcome import retry_after
from gateway.domain.webhooks.model import Answer
from gateway.errors import InterdeskError

DEADLINE = 20.0
"""Seconds for one attempt; Standard Webhooks asks for 15 to 30."""
MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are read so that the connection can serve again; of a longer one it is closed."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One attempt. `owner` keeps connections of different webhooks apart."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    owner: str
    allow_private_network: bool = False


class Poster:
    """Async; one for a process. `now` is the wall clock."""

    def __init__(self, transport: GuardedTransport, *, now: Callable[[], datetime]) -> None:
        self._transport, self._now = transport, now

    async def close(self) -> None:
        """Drop every connection."""
        await self._transport.aclose()

    async def post(self, post: Post) -> Answer:
        """What became of it; raises nothing but cancellation."""
        trip = Trip(owner=post.owner, allow_private_network=post.allow_private_network)
        started = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await self._exchange(post, trip)
        except TimeoutError:
            answer = Answer(error=f"no answer within {DEADLINE:g} s", reached=trip.connected)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            answer = Answer(error=str(error) or type(error).__name__, reached=trip.connected)
        except InterdeskError as error:
            why = f"the address is refused: {error.why or error.what}"
            answer = Answer(error=why, reached=trip.connected, refused=True)
        took = round((time.monotonic() - started) * 1000)
        return Answer(**{**vars(answer), "took_ms": took})

    async def _exchange(self, post: Post, trip: Trip) -> Answer:
        headers = {"accept-encoding": "identity", "user-agent": "Interdesk-Webhooks", **post.headers}
        request = httpx.Request("POST", post.url, headers=headers, content=post.body)
        request.extensions["trip"] = trip
        response = await self._transport.handle_async_request(request)
        try:
            await _read_away(response)
        finally:
            await response.aclose()
        return self._answer(response)

    def _answer(self, response: httpx.Response) -> Answer:
        status = response.status_code
        wish = retry_after(response.headers.get("retry-after"), self._now())
        if 200 <= status < 300:
            return Answer(status=status)
        why = "redirects are not followed" if 300 <= status < 400 else "not taken"
        return Answer(status=status, error=f"HTTP {status}: {why}", retry_after=wish)


async def _read_away(response: httpx.Response) -> None:
    """As much of the body as is worth reading; nothing of it is kept."""
    size = 0
    async for chunk in response.stream:  # type: ignore[union-attr]  # ours is always the asynchronous kind
        size += len(chunk)
        if size > MOST_ANSWER:
            return
