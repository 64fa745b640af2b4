"""Access tokens of desks that want them: asked for over the same guarded way, kept until they end or are refused."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import httpx

from gateway.desk_auth import Grant, token_of
from gateway.desk_client import answers
from gateway.desk_client.limits import Limits
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.model import Desk
from gateway.errors import AnswerUnreadable, ConfigError, DeskDenied, DeskUnavailable

_MOST_BYTES = 100_000
_FORM = "application/x-www-form-urlencoded"
_Key = tuple[str, Grant]


class Tokens:
    """One for a process. `now` is the wall clock."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, *, limits: Limits, now: Callable[[], datetime]
    ) -> None:
        self._transport, self._now = transport, now
        self._limit = min(_MOST_BYTES, limits.body_bytes)
        self._held: dict[_Key, tuple[str, datetime]] = {}
        self._asking: dict[_Key, asyncio.Lock] = {}

    async def of(self, desk: Desk, grant: Grant) -> str:
        """A token that is good now; several that need one ask once. Raises DeskDenied where the issuer refuses us,
        DeskUnavailable where it does not answer as one."""
        key = desk.id, grant
        async with self._asking.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and self._now() < held[1]:
                return held[0]
            try:
                token, lasts = token_of(await self._asked(desk, grant))
            except AnswerUnreadable as error:
                raise DeskUnavailable(f"desk {desk.code}: {error.what}") from error
            self._held = {known: one for known, one in self._held.items() if known[0] != desk.id}
            self._held[key] = token, self._now() + lasts
            return token

    def forget(self, desk: Desk, grant: Grant | None) -> bool:
        """The desk refused its token. False where there was none, so that asking again would change nothing."""
        return grant is not None and self._held.pop((desk.id, grant), None) is not None

    async def _asked(self, desk: Desk, grant: Grant) -> bytes:
        trip = Trip(owner=desk.id, allow_private_network=desk.allow_private_network)
        url, body = _parsed(desk, grant.url), grant.form.encode("ascii")
        headers = {
            "host": url.netloc.decode("ascii"),
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "interdesk",
            "content-type": _FORM,
            "content-length": str(len(body)),
            "authorization": grant.authorization,
        }
        asked = httpx.Request(
            "POST", url, headers=headers, stream=httpx.ByteStream(body), extensions={"trip": trip}
        )
        try:
            answer = await self._transport.handle_async_request(asked)
            try:
                response = await answers.read(answer, limit=self._limit, now=self._now)
            finally:
                await answer.aclose()
        except (Broken, httpx.TransportError) as error:
            raise DeskUnavailable(
                f"desk {desk.code}: its issuer of tokens did not answer", why=str(error)
            ) from error
        if response.status in (400, 401, 403):
            raise DeskDenied(
                f"desk {desk.code}: its issuer of tokens refused us", why=f"it answered {response.status}"
            )
        if response.status != 200:
            raise DeskUnavailable(f"desk {desk.code}: its issuer of tokens answered {response.status}")
        return response.body


def _parsed(desk: Desk, url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigError(
            f"desk {desk.code}: {url!r} is no address", why=str(error), cure="correct its setting token_url"
        ) from error
