"""Asking a server that is no desk for one small document: an identity provider's metadata, keys, tokens. The same guard, limits and
no redirects as for desks."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from gateway.desk_client import answers
from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.trip import Trip
from gateway.errors import AnswerUnreadable, ConfigError, DeskUnavailable

LARGEST = 1_000_000
_DEADLINE = 15.0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A GET, or with `form` a POST. Headers may hold a secret."""

    url: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    private_network: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """Status and body of the answer."""

    status: int
    body: bytes = field(repr=False)


Fetch = Callable[[Ask], Told]


def fetching(transport: Callable[[], GuardedTransport]) -> Fetch:
    """A way to ask from a thread of its own. Raises DeskUnavailable where no answer comes, AnswerUnreadable for one that is too
    large, ConfigError for an address that is refused."""

    def fetch(ask: Ask) -> Told:
        return asyncio.run(_fetch(ask, transport()))

    return fetch


async def _fetch(ask: Ask, transport: GuardedTransport) -> Told:
    try:
        async with asyncio.timeout(_DEADLINE):
            answer = await transport.handle_async_request(_request(ask))
            try:
                body = bytearray()
                async for chunk in answers.stream_of(answer, LARGEST):
                    body += chunk
                    if len(body) > LARGEST:
                        raise AnswerUnreadable(f"the answer is larger than {LARGEST} bytes")
            finally:
                await answer.aclose()
            return Told(status=answer.status_code, body=bytes(body))
    except httpx.InvalidURL as error:
        raise ConfigError(
            f"{ask.url!r} is no address", why=str(error), cure="correct the provider's address"
        ) from error
    except (httpx.TransportError, OSError, TimeoutError) as error:
        raise DeskUnavailable(f"no answer from {httpx.URL(ask.url).host}: {type(error).__name__}") from error
    finally:
        await transport.aclose()


def _request(ask: Ask) -> httpx.Request:
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "interdesk"}
    told, content = dict(headers), b""
    if ask.form is not None:
        content = urlencode(dict(ask.form)).encode()
        told["content-type"] = "application/x-www-form-urlencoded"
    return httpx.Request(
        "GET" if ask.form is None else "POST",
        ask.url,
        headers={**told, **ask.headers},
        content=content,
        extensions={"trip": Trip(owner="identity", allow_private_network=ask.private_network)},
    )
