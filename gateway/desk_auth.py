"""How the gateway shows who it is at a desk: from a manifest's auth kinds and a desk's secrets to request headers, or to
what its tokens are asked for with (OAuth 2.0 client credentials)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote_plus, urlencode, urlsplit

from gateway.domain.model import AuthKind, Desk, Manifest
from gateway.errors import AnswerUnreadable, ConfigError

IN_HOUSE = frozenset({"portal", "apidesk", "sharing"})
"""Schemes of desks that live in this gateway: no socket leads there (`gateway.desk_client.in_house`)."""


OAUTH = "oauth2_client_credentials"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """How a desk's tokens are asked for (RFC 6749, 4.4, by client_secret_basic). The secret never shows in a repr."""

    url: str
    form: str
    authorization: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Headers for one desk's own origin and no other. Values never show in a repr. With a `grant` a token comes beside."""

    origin: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    grant: Grant | None = None


_LONGEST_TOKEN = 10_000
_AS_LONG_AS = 300
"""Seconds that a token of an issuer that does not say how long is taken for good."""
_EARLIER = 30
"""Seconds by which a token is given up before its end."""


def token_of(body: bytes) -> tuple[str, timedelta]:
    """The access token in an answer, and for how long it is to be used. Raises AnswerUnreadable for no bearer token."""
    try:
        told = json.loads(body)
        token, kind, seconds = told["access_token"], told["token_type"], told.get("expires_in", _AS_LONG_AS)
        good = 0 < len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable()
        if not good or " " in token or kind.lower() != "bearer":
            raise ValueError("no bearer token")
        lasts = min(max(int(seconds), 0), 86_400)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise AnswerUnreadable(
            "the issuer of tokens answered with something that is no bearer token"
        ) from error
    return token, timedelta(seconds=max(lasts - _EARLIER, lasts // 2))


def credentials_for(desk: Desk, manifest: Manifest, secrets: Mapping[str, str]) -> Credentials:
    """From the desk's opened secrets: `secret`, for `basic` also `user`, for OAuth the client's id as `user`; `kind` chooses
    among several auth kinds. A desk behind an agent has none here: the agent adds them.

    The manifest's own headers come along, with `{base_url}` and `{origin}` filled in. Raises ConfigError naming what
    is missing, never what was given.
    """
    origin = origin_of(desk.base_url)
    headers = {
        name: value.replace("{base_url}", desk.base_url).replace("{origin}", _as_written(origin))
        for name, value in manifest.headers.items()
    }
    grant = None
    if manifest.auth and not desk.agent:
        kind = _chosen(desk, manifest.auth, secrets)
        if kind.kind == OAUTH:
            grant = _grant(desk, origin, secrets)
        else:
            headers[kind.header] = _value(desk, kind, secrets)
    for name, value in headers.items():
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in name + value):
            raise ConfigError(f"desk {desk.code}: the value for header {name!r} holds control characters")
    return Credentials(origin=origin, headers=headers, grant=grant)


def _grant(desk: Desk, origin: str, secrets: Mapping[str, str]) -> Grant:
    """The desk's settings say where tokens are given (`token_url`; else `/oauth/token` at its own origin) and which `scope` is
    asked for."""
    url = str(desk.settings.get("token_url") or f"{origin}/oauth/token")
    origin_of(url)
    scope = str(desk.settings.get("scope") or "")
    asked = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    pair = f"{quote_plus(secrets['user'])}:{quote_plus(secrets['secret'])}".encode()  # RFC 6749, 2.3.1
    basic = "Basic " + base64.b64encode(pair).decode("ascii")
    return Grant(url=url, form=urlencode(asked), authorization=basic)


def _chosen(desk: Desk, kinds: tuple[AuthKind, ...], secrets: Mapping[str, str]) -> AuthKind:
    wanted = secrets.get("kind")
    usable = [kind for kind in kinds if wanted in {None, kind.kind} and _is_given(kind, secrets)]
    if not usable:
        raise ConfigError(
            f"desk {desk.code}: its credentials fit none of {', '.join(sorted({kind.kind for kind in kinds}))}",
            cure="give `secret`, and for basic authentication and OAuth `user` as well",
        )
    return usable[0]


def _is_given(kind: AuthKind, secrets: Mapping[str, str]) -> bool:
    return bool(secrets.get("secret")) and (kind.kind == "header" or bool(secrets.get("user")))


def _value(desk: Desk, kind: AuthKind, secrets: Mapping[str, str]) -> str:
    if kind.kind == "basic":
        pair = f"{secrets['user']}:{secrets['secret']}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")
    if kind.kind == "header":
        return kind.format.replace("{secret}", secrets["secret"])
    raise ConfigError(f"desk {desk.code}: its connector names the unknown auth kind {kind.kind!r}")


def _as_written(origin: str) -> str:
    """The origin as an `Origin` header has it, without the scheme's own port (RFC 6454, 6.2). Products compare it letter
    by letter: Roundup 2.6 refuses every write with `https://host:443`."""
    scheme = origin.partition(":")[0]
    return origin.removesuffix({"https": ":443", "http": ":80"}.get(scheme, ""))


_PORTS = {"https": 443, "http": 80, "imaps": 993, "imap": 143}


def origin_of(url: str) -> str:
    """`https://host:port` in lower case with the port always named. Raises ConfigError for what is no web address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        if port is None and parts.scheme in IN_HOUSE:
            return f"{parts.scheme}://{parts.hostname}"
    except ValueError as error:
        raise ConfigError(f"{url!r} is no address of a desk: {error}") from error
    if port is None or not parts.hostname or parts.username or parts.password:
        raise ConfigError(
            f"{url!r} is no address of a desk", cure="write https://host/path, without a user name"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"
