"""Runs a connector's exchange against a real desk, one request after the other, and remembers what was said."""

import base64
import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from gateway.connector import Effect, Embedded, Exchange, Request, Response
from gateway.domain.model import Blob
from gateway.domain.outcome import of_status
from gateway.testing.verdicts import error_of

T = TypeVar("T")

_LIKE_THE_WIRE = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "interdesk"}


class Lost(Exception):
    """The connection broke."""


@dataclass(kw_only=True)
class Drive:
    """The wire in its plainest form: synchronous, no retries, files in memory.

    `headers` are the credentials and what the product wants on every request. `said` holds every request with its
    answer. `before` is called with each request just before it leaves (a test may let a person act there).
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    conflict_is_stale: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    said: list[tuple[Request, Response]] = field(default_factory=list)
    before: Callable[[Request], None] | None = None

    def file(self, content: bytes) -> Blob:
        """Puts bytes where a request can send them from."""
        digest = hashlib.sha256(content).hexdigest()
        self.files[digest] = content
        return Blob(key=digest, size=len(content), sha256=digest)

    def run(self, exchange: Exchange[T]) -> T:
        """The exchange's result; its DeskError passes through."""
        # verify: reading the machine's certificates takes longer than the exchange, and this is loopback without TLS
        with httpx.Client(headers=dict(self.headers), trust_env=False, verify=False, timeout=30) as client:
            try:
                request = next(exchange)
                while True:
                    response = self._answer(client, request)
                    self.said.append((request, response))
                    request = self._step(exchange, request, response)
            except StopIteration as end:
                result: T = end.value
                return result

    def lose_answer(self, exchange: Exchange[Any], *, written: bool = True) -> None:
        """Breaks off right after the write was carried out (or right before it, if not `written`)."""

        def break_off(request: Request) -> None:
            over = self.said and self.said[-1][0].effect is Effect.WRITE
            if over if written else request.effect is Effect.WRITE:
                raise Lost

        self.said.clear()
        self.before = break_off
        with contextlib.suppress(Lost):
            self.run(exchange)
            raise AssertionError("the exchange came to its end")
        self.before = None

    def _step(self, exchange: Exchange[T], request: Request, response: Response) -> Request:
        verdict = None
        if response.status not in request.accept:
            verdict = of_status(
                response.status,
                wrote=request.effect is Effect.WRITE,
                headers=response.headers,
                now=datetime.now(UTC),
                conflict_is_stale=self.conflict_is_stale,
            )
        return exchange.send(response) if verdict is None else exchange.throw(error_of(verdict))

    def _answer(self, client: httpx.Client, request: Request) -> Response:
        if self.before is not None:
            self.before(request)
        answer = client.request(
            request.method,
            self._url(request),
            headers={**_LIKE_THE_WIRE, **_kind(request), **request.headers},
            **self._body(request),
        )
        blob = self.file(answer.content) if request.receive_blob and answer.is_success else None
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=b"" if blob else answer.content,
            blob=blob,
            received_at=datetime.now(UTC),
        )

    def _embedded(self, value: object) -> str:
        if not isinstance(value, Embedded):
            raise TypeError(f"{value!r} in a JSON body")
        return base64.b64encode(self.files[value.blob.sha256]).decode()

    def _url(self, request: Request) -> httpx.URL:
        if request.path.startswith("http"):
            url = httpx.URL(request.path)
        else:
            url = httpx.URL(f"{self.base_url.rstrip('/')}/{request.path.lstrip('/')}")
        return url.copy_merge_params(list(request.params)) if request.params else url

    def _body(self, request: Request) -> dict[str, Any]:
        if request.files:
            parts = [
                (part.name, (part.filename, self.files[part.blob.sha256], part.media_type))
                for part in request.files
            ]
            return {"files": parts, "data": dict(request.form or {})}
        if request.json is not None:
            return {"content": json.dumps(request.json, default=self._embedded)}
        if request.blob is not None:
            return {"content": self.files[request.blob.sha256]}
        if request.form is not None:
            return {"data": dict(request.form)}
        return {"content": request.content} if request.content is not None else {}


def _kind(request: Request) -> dict[str, str]:
    return {"content-type": "application/json"} if request.json is not None else {}


def run(exchange: Exchange[T], base_url: str, headers: Mapping[str, str] | None = None) -> T:
    """One exchange, when nothing but its result is wanted."""
    return Drive(base_url=base_url, headers=headers or {}).run(exchange)
