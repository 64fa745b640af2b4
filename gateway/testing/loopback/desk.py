"""LoopbackDesk: a desk in our own process. Deterministic: time comes from a clock it is given, chance from a seed.

Three sides: `handle` is its REST interface with faults on top; `person` is how people work at it; `drain_hooks` is what
it has to tell others. What it holds can be read whole (`tickets`), private parts included: that is what a checker sees.
"""

import hmac
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson

from gateway.testing.loopback.cabinet import Cabinet, Change, Doc, Folder
from gateway.testing.loopback.faults import (
    Answer,
    Call,
    Fault,
    FaultKind,
    FaultPlan,
    NoAnswer,
    NoConnection,
    Outcome,
    no_faults,
)
from gateway.testing.loopback.hooks import Hook, hook_of
from gateway.testing.loopback.people import Person
from gateway.testing.loopback.rest import Asked, answer, reply
from gateway.testing.loopback.temper import Hooks, Temper

ACCOUNT = "interdesk"
"""The id of the account whose token the API takes."""

MOST_HOOKS = 100_000
"""If nobody ever drains them, the oldest are lost."""

SEEN = 5000
"""So many of the newest requests are remembered."""

LOGIN_PAGE = b"""<!doctype html><html><head><title>Sign in</title></head><body>
<form action=/login method=post><input name=user><input type=password name=pass></form></body></html>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it reached (or should have reached) the desk, with the fault that met it."""

    number: int
    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    fault: FaultKind | None


class LoopbackDesk:
    """One desk of a temper. `token`: what the API wants as bearer token (None = nothing). `hook_secret` signs hooks."""

    def __init__(
        self,
        temper: Temper,
        *,
        clock: Callable[[], datetime],
        seed: int = 0,
        token: str | None = None,
        hook_secret: bytes = b"",
    ) -> None:
        self.temper = temper
        self.clock = clock
        self.random = Random(seed)  # noqa: S311 - chance that can be repeated is the point
        self.token = token
        self.people_by_token: dict[str, str] = {}
        """Tokens of people's own, each with its name: what they do through the API is theirs."""
        self.hook_secret = hook_secret
        self.faults: FaultPlan = no_faults
        self.met: Counter[FaultKind] = Counter()
        self.seen: deque[Seen] = deque(maxlen=SEEN)
        self.calls = 0
        self.cabinet = Cabinet(
            temper=temper,
            clock=clock,
            random=self.random,
            on_change=self._tell,
            clock_offset=temper.clock_offset,
        )
        self._hooks: deque[Hook] = deque(maxlen=MOST_HOOKS)
        self._late: list[tuple[datetime, Asked]] = []

    # -- the people's side ----------------------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        """Somebody who works at this desk."""
        self.tick()
        return Person(cabinet=self.cabinet, name=name)

    def tickets(self) -> list[Doc]:
        """Everything this desk holds, oldest first."""
        self.tick()
        return [folder.doc for folder in self.cabinet.folders.values()]

    def ticket(self, ticket: str) -> Doc:
        """One ticket's whole document. Raises KeyError."""
        self.tick()
        return self.cabinet.folders[ticket].doc

    def file(self, sha256: str) -> bytes:
        """The bytes of a file by their hash. Raises KeyError."""
        return self.cabinet.blobs[sha256]

    # -- what it tells others -------------------------------------------------------------------------------------

    def _tell(self, folder: Folder, change: Change) -> None:
        if self.temper.hooks is not Hooks.NONE:
            hook = hook_of(folder, change, kind=self.temper.hooks, secret=self.hook_secret, now=self.clock())
            self._hooks.append(hook)

    def drain_hooks(self) -> list[Hook]:
        """The messages since the last drain, oldest first; the caller may lose, double or reorder them."""
        self.tick()
        hooks = list(self._hooks)
        self._hooks.clear()
        return hooks

    # -- the API --------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let happen what was put off until now."""
        if self._late:
            now = self.clock()
            due = [one for one in self._late if one[0] <= now]
            self._late = [one for one in self._late if one[0] > now]
            for at, asked in sorted(due, key=lambda one: one[0]):
                self._answer_at(at, asked)

    def _answer_at(self, at: datetime, asked: Asked) -> None:
        """Apply a write as of its own moment: nobody may have looked at this desk since, and what a search hides is
        counted from then."""
        self.cabinet.clock = lambda: at
        try:
            answer(self.cabinet, asked)
        finally:
            self.cabinet.clock = self.clock

    def waiting(self) -> int:
        """How many writes are still to be applied late."""
        return len(self._late)

    def put_off(self) -> list[datetime]:
        """When those will be applied."""
        return [at for at, _ in self._late]

    def handle(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Outcome:
        """One request and what its caller sees. Header names are lower case."""
        self.tick()
        self.calls += 1
        now = self.clock()
        fault = self.faults(Call(number=self.calls, method=method, path=path, now=now))
        kind = fault.kind if fault else None
        self.seen.append(
            Seen(
                number=self.calls,
                at=now,
                method=method,
                path=path,
                query=query or {},
                body=body,
                fault=kind,
            )
        )
        asked = Asked(
            method=method,
            path=path,
            query=query or {},
            headers=headers or {},
            body=body,
            actor=self._caller(headers or {}),
        )
        if fault is None:
            return self._answer(asked)
        self.met[fault.kind] += 1
        return self._spoilt(asked, fault)

    def _caller(self, headers: Mapping[str, str]) -> Doc:
        name = self.people_by_token.get(headers.get("authorization", "").removeprefix("Bearer "))
        if name is not None:
            return Person(cabinet=self.cabinet, name=name).actor
        return {"id": ACCOUNT, "name": "Interdesk", "kind": "api"}

    def _answer(self, asked: Asked) -> Answer:
        if not self._admitted(asked):
            return reply(401, {"error": {"status": 401, "message": "sign in first"}})
        given = answer(self.cabinet, asked)
        headers = {**given.headers, "date": http_date(self.clock() + self.cabinet.clock_offset)}
        return Answer(given.status, headers, given.body, self.temper.answers_in)

    def _admitted(self, asked: Asked) -> bool:
        if self.token is None:
            return True
        told = asked.headers.get("authorization", "")
        known = told.removeprefix("Bearer ") in self.people_by_token
        return known or hmac.compare_digest(told.encode(), f"Bearer {self.token}".encode())

    def _spoilt(self, asked: Asked, fault: Fault) -> Outcome:
        ways: Mapping[FaultKind, Callable[[], Outcome]] = {
            FaultKind.REFUSE: NoConnection,
            FaultKind.DROP: lambda: NoAnswer(applied=False, hangs=False),
            FaultKind.TIMEOUT_BEFORE: lambda: NoAnswer(applied=False),
            FaultKind.TIMEOUT_AFTER: lambda: NoAnswer(applied=self._answer(asked).status < 300),
            FaultKind.APPLY_LATE: lambda: self._put_off(asked, fault),
            FaultKind.HALF_BODY: lambda: _cut(self._answer(asked)),
            FaultKind.WRONG_ID: lambda: self._about_another(self._answer(asked)),
            FaultKind.SLOW: lambda: replace(self._answer(asked), delay=fault.after),
        }
        way = ways.get(fault.kind)
        return way() if way else self._refusal(asked, fault)

    def _refusal(self, asked: Asked, fault: Fault) -> Answer:
        match fault.kind:
            case FaultKind.ERROR_AFTER:
                self._answer(asked)
                return reply(500, {"error": {"status": 500, "message": "internal error"}})
            case FaultKind.THROTTLE:
                asked_for = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
                return Answer(
                    429, {"content-type": "application/json", **asked_for}, b'{"error":{"status":429}}'
                )
            case FaultKind.UNAUTHORIZED:
                return reply(401, {"error": {"status": 401, "message": "sign in first"}})
            case FaultKind.FORBIDDEN:
                return reply(403, {"error": {"status": 403, "message": "not for you"}})
            case FaultKind.LOGIN_PAGE:
                return Answer(200, {"content-type": "text/html; charset=utf-8"}, LOGIN_PAGE)
        return reply(500, {"error": {"status": 500, "message": "internal error"}})

    def _put_off(self, asked: Asked, fault: Fault) -> NoAnswer:
        if asked.method != "GET" and self._admitted(asked):
            self._late.append((self.clock() + fault.after, asked))
        return NoAnswer(applied=False)

    def _about_another(self, given: Answer) -> Answer:
        document: dict[str, Any] = orjson.loads(given.body) if given.body.startswith(b"{") else {}
        own = document.get("ticket")
        if not isinstance(own, dict):
            return given
        others = [folder.doc for folder in self.cabinet.folders.values() if folder.id != own["id"]]
        other = (
            self.random.choice(others)
            if others
            else {**own, "id": f"{own['id']}0", "fields": {**own["fields"], "marker": None}}
        )
        return Answer(given.status, given.headers, orjson.dumps({**document, "ticket": other}), given.delay)


def _cut(given: Answer) -> NoAnswer:
    part = Answer(given.status, given.headers, given.body[: len(given.body) // 2])
    return NoAnswer(applied=given.status < 300, part=part, hangs=False)


def http_date(at: datetime) -> str:
    """A moment as the `Date` header writes it."""
    utc = at.astimezone(UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {utc.day:02} {months[utc.month - 1]} {utc.year} {utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"
