"""The loopback desk as an ASGI application: its REST interface, a control side for tests, its webhooks posted out.

    POST /_control/person   {"as": "alice", "do": "open", "with": {"title": "…"}}   what people do at the desk
    GET  /_control/all      every ticket, private parts included, and what faults were met
    POST /_control/faults   {"script": [{"kind": "timeout_after"}, null], "writes_only": true} · {"rates": {…}} · {}
    POST /_control/clock    {"offset": -600}   the desk's clock goes wrong by so many seconds

The control side wants the control token as bearer token; without one set it is open to whoever reaches the port.
"""

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import timedelta
from threading import RLock
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.faults import (
    Answer,
    Dice,
    Fault,
    FaultKind,
    FaultPlan,
    NoAnswer,
    Outcome,
    Script,
    no_faults,
)
from gateway.testing.loopback.hooks import Hook

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HANG = 3600.0
"""So long a lost answer keeps its connection open, unless the caller leaves before."""

DROP = "loopback.drop"
"""Scope extension with which our server lets the application cut the connection."""

CONTROL = "/_control/"


class DeskApp:
    """One desk. All access to it, from whatever thread, holds `lock`."""

    def __init__(
        self,
        desk: LoopbackDesk,
        *,
        control_token: str | None = None,
        on_request: Callable[[], None] | None = None,
    ) -> None:
        self.desk = desk
        self.lock = RLock()
        self._control_token = control_token
        self._on_request = on_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        await self._serve(scope, receive, send)

    def drain(self) -> list[Hook]:
        """The desk's webhooks, for whoever posts them."""
        with self.lock:
            return self.desk.drain_hooks()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive)
        if scope["path"].startswith(CONTROL):
            outcome: Outcome = self._controlled(scope, headers, body)
        else:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            with self.lock:
                outcome = self.desk.handle(
                    scope["method"], scope["path"], query=query, headers=headers, body=body
                )
        if self._on_request is not None:
            self._on_request()
        await _deliver(outcome, scope, receive, send)

    def _controlled(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> Answer:
        wanted = f"Bearer {self._control_token}".encode()
        if self._control_token and not hmac.compare_digest(headers.get("authorization", "").encode(), wanted):
            return _json(401, {"error": "the control side wants its own token"})
        try:
            with self.lock:
                return _json(
                    200, self._obey(scope["path"].removeprefix(CONTROL), orjson.loads(body or b"{}"))
                )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _obey(self, what: str, told: dict[str, Any]) -> object:
        match what:
            case "person":
                act = told["do"]
                if act.startswith("_"):
                    raise ValueError(f"nobody can {act}")
                return {
                    "result": getattr(self.desk.person(told["as"]), act)(**_details(told.get("with", {})))
                }
            case "all":
                met = {kind.value: times for kind, times in self.desk.met.items()}
                return {"tickets": self.desk.tickets(), "met": met, "waiting": self.desk.waiting()}
            case "faults":
                self.desk.faults = plan_of(told, self.desk)
                return {}
            case "clock":
                self.desk.cabinet.clock_offset = timedelta(seconds=told["offset"])
                return {}
        raise ValueError(f"nothing at {what}")


def _details(told: Mapping[str, Any]) -> dict[str, Any]:
    """A file's bytes come as base64."""
    return {**told, "data": base64.b64decode(told["data"], validate=True)} if "data" in told else dict(told)


def plan_of(told: Mapping[str, Any], desk: LoopbackDesk) -> FaultPlan:
    """A fault plan from its document. Raises KeyError or ValueError for an unknown kind."""
    if "script" in told:
        steps = [None if step is None else _fault(step) for step in told["script"]]
        return Script(steps=steps, writes_only=told.get("writes_only", False))
    if "rates" in told:
        return Dice(rates={FaultKind(kind): rate for kind, rate in told["rates"].items()}, random=desk.random)
    return no_faults


def _fault(told: Mapping[str, Any]) -> Fault:
    return Fault(
        kind=FaultKind(told["kind"]),
        after=timedelta(seconds=told.get("after", 30)),
        retry_after=told.get("retry_after"),
    )


def _json(status: int, document: object) -> Answer:
    return Answer(status, {"content-type": "application/json"}, orjson.dumps(document))


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _deliver(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(outcome, Answer):
        if outcome.delay:
            await _until_gone(receive, within=outcome.delay.total_seconds())
        await _start(outcome, len(outcome.body), send)
        await send({"type": "http.response.body", "body": outcome.body})
        return
    if isinstance(outcome, NoAnswer) and outcome.part is not None:
        await _start(outcome.part, len(outcome.part.body) * 2 + 1, send)
        await send({"type": "http.response.body", "body": outcome.part.body, "more_body": True})
    elif isinstance(outcome, NoAnswer) and outcome.hangs:
        await _until_gone(receive)
    await _cut(scope, receive)


async def _start(answer: Answer, length: int, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _until_gone(receive: Receive, *, within: float = HANG) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection without another byte, and wait until the server has noticed."""
    drop: Callable[[], None] | None = scope.get("extensions", {}).get(DROP)
    if drop is not None:
        drop()
        await _until_gone(receive)
