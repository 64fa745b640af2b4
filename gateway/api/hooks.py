"""`POST /hooks/{desk}[/{token}]`: verify, store, answer. A raw ASGI door, because it is the busiest one.

A 2xx means that the message is on disk. What the message says is read later: a body that is no JSON is stored and ends
in quarantine, where a person sees it.
"""

import asyncio
import hmac
import logging
import re
import time
from collections.abc import Mapping, MutableMapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from gateway.api import problems
from gateway.api.hook_desks import HookDesk
from gateway.api.house import House
from gateway.api.problems import Problem
from gateway.domain.model import Message
from gateway.domain.model.change import replace
from gateway.errors import InterdeskError, NotFound, SignatureInvalid

log = logging.getLogger(__name__)

ALLOWED = "GET, HEAD, POST"
BODY_SECONDS = 10.0
LINGER_SECONDS = 1.0
LONGEST_HEADER = 2_000

_KEPT = re.compile(
    r"content-type|date|user-agent|webhook-.*|(?:.*-)?(?:signature(?:-.*)?|timestamp)"
    r"|(?:.*-)?(?:event|delivery|request|hook|message)(?:-(?:id|uuid|key|time|type))?"
)
_NEVER = re.compile(r"authorization|cookie|secret|token|password|api-?key")


class _HungUp(Exception):
    """The sender left before the end of its message: there is nobody to answer."""


class HookDoor:
    """The ASGI application of one address, with `desk` and perhaps `token` in `scope["path_params"]`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._desks = house.desks
        self._metrics = house.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body = _Body(receive, self._house.max_hook_bytes)
        try:
            message_id = await self._serve(scope, body)
        except Problem as problem:
            await self._refuse(send, problem, body)
        except InterdeskError as error:
            await self._refuse(send, problems.of_error(error), body)
        except _HungUp:
            self._metrics.hooks.labels("hung up").inc()
        except Exception:
            log.exception("the hook door failed")
            await self._refuse(send, problems.internal(), body)
        else:
            await _accepted(send, message_id)
            self._metrics.hooks.labels("202" if message_id else "204").inc()
            if message_id:
                self._metrics.hook_seconds.observe(time.perf_counter() - started)

    async def _serve(self, scope: Scope, body: "_Body") -> str:
        """The id of the stored message; "" for a probe."""
        if scope["method"] not in {"POST", "GET", "HEAD"}:
            raise problems.wrong_method(ALLOWED)
        entry = await self._entry(scope)
        if scope["method"] != "POST":
            return ""
        headers = _headers(scope)
        _refuse_encoded(headers)
        message = Message(
            id=self._house.context.new_id("msg"),
            desk_id=entry.desk.id,
            received_at=self._house.now(),
            body=await body.read(headers),
            headers=headers,
            query=_query(scope),
        )
        desk = (await self._verify(entry, message)).desk
        kept = replace(message, headers=_kept(headers), query=_without(desk.hook_secrets, message.query))
        await self._house.store(kept, desk.org_id)
        return message.id

    async def _entry(self, scope: Scope) -> HookDesk:
        """The desk, if the token in the address is its own. Raises NotFound, SignatureInvalid."""
        code, token = scope["path_params"]["desk"], scope["path_params"].get("token", "")
        entry = self._desks.get(code) or await self._desks.get_fresh(code)
        if entry is None:
            raise NotFound("there is no such desk here")
        if not _fits(token, entry.token_hash):
            entry = await self._desks.get_fresh(code) or entry
            if not _fits(token, entry.token_hash):
                self._metrics.forged.labels(code).inc()
                raise SignatureInvalid("the token in the address is not this desk's")
        return entry

    async def _verify(self, entry: HookDesk, message: Message) -> HookDesk:
        """The desk as whose it is genuine. A secret that was rotated a moment ago is known at once: before a refusal the
        directory is read anew."""
        try:
            _verified(entry, message)
        except SignatureInvalid:
            fresh = await self._desks.get_fresh(entry.desk.code)
            try:
                if fresh is None or fresh is entry:
                    raise
                _verified(fresh, message)
            except SignatureInvalid:
                self._metrics.forged.labels(entry.desk.code).inc()
                raise
            return fresh
        return entry

    async def _refuse(self, send: Send, problem: Problem, body: "_Body") -> None:
        self._metrics.hooks.labels(str(problem.status)).inc()
        content = problem.body()
        headers = {
            "content-type": problems.MEDIA_TYPE,
            "content-length": str(len(content)),
            **problem.headers,
            **({} if body.complete else {"connection": "close"}),
        }
        await send({"type": "http.response.start", "status": problem.status, "headers": _raw(headers)})
        if body.complete:
            await send({"type": "http.response.body", "body": content})
            return
        # A sender in the middle of its body would meet a reset instead of our answer: hear it out, within bounds.
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await body.linger()
        await send({"type": "http.response.body", "body": b""})


class _Body:
    """One request's body, read as far as it is allowed to go."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self.complete = False

    async def read(self, headers: Mapping[str, str]) -> bytes:
        """Raises Problem (413, 408) or _HungUp. Stops at the first byte too many."""
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self._limit:
            raise problems.too_large(self._limit)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while not self.complete:
                    part = await self._next()
                    size += len(part)
                    if size > self._limit:
                        raise problems.too_large(self._limit)
                    parts.append(part)
        except TimeoutError:
            raise problems.too_slow(BODY_SECONDS) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _next(self) -> bytes:
        told: MutableMapping[str, Any] = await self._receive()
        if told["type"] == "http.disconnect":
            self.complete = True
            raise _HungUp
        self.complete = not told.get("more_body", False)
        part: bytes = told.get("body", b"")
        return part

    async def linger(self) -> None:
        """Read and forget as much again as the door takes, for a moment."""
        left = self._limit
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0 and not self.complete:
                    left -= len(await self._next())
        except (TimeoutError, _HungUp):
            self.complete = True


def _verified(entry: HookDesk, message: Message) -> None:
    """Raises SignatureInvalid, also where the connector fails over a hostile message: nothing proved it genuine."""
    try:
        entry.connector.verify(message, entry.desk, now=message.received_at)
    except SignatureInvalid:
        raise
    except Exception as error:
        log.exception("connector %s failed to verify a message", entry.desk.connector)
        raise SignatureInvalid("the message could not be verified") from error


def _fits(token: str, wanted: str | None) -> bool:
    """In constant time; a desk without a token takes any address."""
    if wanted is None:
        return True
    return hmac.compare_digest(sha256(token.encode(errors="replace")).hexdigest().encode(), wanted.encode())


def _headers(scope: Scope) -> dict[str, str]:
    """Names in lower case; what comes twice is joined as HTTP says."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """What is stored with a message: what it was signed and named with, nothing that opens anything."""
    return {name: value[:LONGEST_HEADER] for name, value in headers.items() if _is_kept(name)}


def _without(secrets: Sequence[bytes], query: Mapping[str, str]) -> dict[str, str]:
    """What is stored of the address: where its key is one of the desk's secrets, not the key."""
    held = [secret for secret in secrets if secret]
    return {name: value for name, value in query.items() if not any(one in value.encode() for one in held)}


_JUDGED: dict[str, bool] = {}


def _is_kept(name: str) -> bool:
    known = _JUDGED.get(name)
    if known is None:
        known = bool(_KEPT.fullmatch(name)) and not _NEVER.search(name)
        if len(_JUDGED) < 1_000:  # names come from senders
            _JUDGED[name] = known
    return known


def _refuse_encoded(headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", ""}:
        raise problems.encoded(encoding)


def _query(scope: Scope) -> dict[str, str]:
    raw = scope["query_string"]
    if not raw:
        return {}
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=100)
    return {name[:200]: value[:LONGEST_HEADER] for name, value in pairs}


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


_JSON = (b"content-type", b"application/json")


async def _accepted(send: Send, message_id: str) -> None:
    """202 with the message's id; 204 for a probe."""
    if not message_id:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    content = b'{"id":"%b"}' % message_id.encode()
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": content})
