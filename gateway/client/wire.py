"""The one place from which the client speaks HTTP: a key leaves only by https, or to this very machine; no redirect is followed,
no proxy is asked, an answer has a limit. A refusal becomes the error it was over there."""

import contextlib
import ipaddress
from collections.abc import Mapping
from typing import Any

import httpx

from gateway.errors import (
    ConfigError,
    GatewayAway,
    InterdeskError,
    Invalid,
    Moved,
    NotFound,
    Refused,
    Unsupported,
)

PATIENCE = 90.0
"""Seconds: a check asks two desks."""
CERTIFYING = 900.0
"""The same for a situation of a certification, in which people's tickets go over and back."""
MOST_BYTES = 200_000_000
_KINDS: Mapping[str, type[InterdeskError]] = {
    kind.code: kind for kind in (ConfigError, Unsupported, NotFound, Refused, Moved, Invalid)
}
_NO_KEY, _OPERATORS = "IDK-1404", "IDK-1405"


def checked(url: str) -> httpx.URL:
    """An address that a key may be sent to. Raises ConfigError."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigError(
            f"{url!r} is no address of a gateway", cure="--url https://gateway.example"
        ) from error
    if parsed.scheme not in ("https", "http") or not parsed.host:
        raise ConfigError(f"{url!r} is no address of a gateway", cure="--url https://gateway.example")
    if parsed.userinfo:
        raise ConfigError("the gateway's address names a user", cure="leave it out: the key says who you are")
    if parsed.scheme == "http" and not _is_here(parsed.host):
        why = "a key sent by http can be read on its way"
        raise ConfigError(f"{url!r} is not private", why=why, cure="use https")
    return parsed


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Wire:
    """One gateway, one key. Close it after use."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=checked(url),
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        *,
        version: str = "",
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """The answer's document. `version`: only this one is changed (If-Match). Raises what the gateway refused with, GatewayAway
        if it does not answer, ConfigError for a key that it does not know."""
        only = {"if-match": version} if version else {}
        request = self._client.build_request(method, path, json=document, headers=only, timeout=patience)
        return self._asked(request)

    def bring(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """The same for bytes that are sent as they are."""
        kind = {"content-type": "application/octet-stream", **headers}
        return self._asked(self._client.build_request("POST", path, content=body, headers=kind))

    def _asked(self, request: httpx.Request) -> dict[str, Any]:
        try:
            answer = self._client.send(request, stream=True)
            with contextlib.closing(answer):
                body = _read(answer)
        except httpx.HTTPError as error:
            told = f"the gateway at {self._client.base_url} does not answer"
            raise GatewayAway(told, why=str(error), cure="is the address right, does it run?") from error
        if answer.is_success:
            return _document(answer, body)
        raise _refusal(answer, body)


def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise GatewayAway(f"the answer is longer than {MOST_BYTES} bytes")
    return bytes(body)


def _document(answer: httpx.Response, body: bytes) -> dict[str, Any]:
    try:
        found = httpx.Response(answer.status_code, content=body).json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise GatewayAway(
            f"what answers is no gateway ({answer.status_code})", cure="is the address that of Interdesk?"
        )
    return found


def _refusal(answer: httpx.Response, body: bytes) -> InterdeskError:
    """The error that a problem document is."""
    if answer.is_redirect:
        return GatewayAway("the address leads elsewhere", why="a key is not sent on", cure="name it directly")
    told = _document(answer, body)
    code, words = str(told.get("code", "")), str(told.get("detail") or told.get("title") or "")
    if code == _NO_KEY:
        return ConfigError(
            "the gateway does not know this key",
            why="it is mistyped, expired or taken back",
            cure="INTERDESK_KEY",
        )
    if code == _OPERATORS:
        return Refused("this needs a key of the operator")
    kind = _KINDS.get(code)
    if kind is not None:
        return kind(words)
    return GatewayAway(f"{code or answer.status_code}: {words}")
