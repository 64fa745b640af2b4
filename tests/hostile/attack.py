"""One spoilt request after the other, in this process without a socket, and the judgement of what comes back."""

import asyncio
import gc
import itertools
import random
import resource
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson

from gateway.passwords import Cost
from tests.api.furnished import Furnished
from tests.hostile import words
from tests.hostile.doors import Honest, honest, signed

AT_ONCE = 4
CHEAP = Cost(memory=64, passes=1)
SAMPLES = 20
PAGES = (
    "/tickets/",
    "/reports/",
    "/s/",
    "/portal",
    "/sign-in",
    "/sign-out",
    "/account",
    "/welcome",
    "/provider",
    "/static",
)
_ESCAPED = "%/!$&'()*+,;=:@~-._"


@dataclass(frozen=True, kw_only=True)
class Request:
    """As it arrives; `kind` says what is spoilt. `refused`: an answer other than a refusal is a fault."""

    kind: str
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: str
    refused: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back; `failure`: what the application raised."""

    status: int = 0
    media_type: str = ""
    body: bytes = b""
    failure: str = ""


@dataclass(kw_only=True)
class Count:
    """`faults`: route, kind and what was wrong → one request that did it. `memory`: resident MB, in the order of asking."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: dict[tuple[str, str, str], Request] = field(default_factory=dict)
    times: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)

    def grown(self) -> float:
        """MB between the first third, when caches are full, and the end."""
        later = self.memory[len(self.memory) // 3 :]
        return max(later[-3:]) - later[0] if later else 0.0


class Attack:
    """Requests of a seed against doors."""

    def __init__(self, here: Furnished, seed: int) -> None:
        self.dice = random.Random(seed)
        self.doors = honest(here)
        self.keys = {
            name: (b"authorization", told["authorization"].encode()) for name, told in here.keys.items()
        }
        self.numbers = itertools.count(1)
        self.ways: Mapping[str, Callable[[Honest], Request]] = {
            "document": self._document, "body": self._body, "place": self._place, "query": self._query,
            "header": self._header, "signature": self._signature,
        }  # fmt: skip

    def requests(self, count: int) -> Iterator[Request]:
        """So many, of all kinds, at all doors."""
        names = list(self.ways)
        for _ in range(count):
            door = self.dice.choice(self.doors)
            yield self.ways[self.dice.choice(names)](door)

    def _request(self, door: Honest, kind: str, **parts: Any) -> Request:
        places = {name: quote(value, safe="") for name, value in door.places.items()} | parts.get(
            "places", {}
        )
        path = door.path
        for name, text in places.items():
            path = path.replace("{" + name + "}", text or "%20")
        query = parts.get("query", door.query)
        body = parts.get("body", _body_of(door.body))
        headers = [self._caller(door), (b"content-type", door.media_type.encode()), (b"host", b"127.0.0.1")]
        if door.path.startswith("/hooks"):
            told = signed(body, next(self.numbers))
            headers += [(name.lower().encode(), value.encode()) for name, value in told.items()]
        more = parts.get("headers", [])
        named = {name for name, _ in more}
        headers = [pair for pair in headers if pair[0] not in named] + more
        return Request(
            kind=kind,
            method=door.method,
            target=path + (f"?{query}" if query else ""),
            headers=tuple(headers),
            body=body,
            route=f"{door.method} {door.path}",
            refused=parts.get("refused", False),
        )

    def _caller(self, door: Honest) -> tuple[bytes, bytes]:
        """Mostly somebody who may."""
        name = self.dice.choice(("own", "own", "own", "operator", *self.keys, "nobody"))
        return self.keys.get(
            door.who if name == "own" else name, (b"authorization", b"Bearer fgw_live_nobody")
        )

    def _document(self, door: Honest) -> Request:
        if isinstance(door.body, bytes):
            return self._request(door, "document", body=self._spoilt(door.body))
        return self._request(door, "document", body=words.told(words.changed(self.dice, door.body)))

    def _spoilt(self, body: bytes) -> bytes:
        at = self.dice.randrange(len(body) + 1)
        return body[:at] + words.soup(self.dice)[:9] + body[at + self.dice.randrange(9) :]

    def _body(self, door: Honest) -> Request:
        body = self.dice.choice((*words.BROKEN, words.soup(self.dice)))
        is_json = door.has_body and not isinstance(door.body, bytes) and "/hooks" not in door.path
        return self._request(door, "body", body=body, refused=is_json and not _may_be_kept(body))

    def _place(self, door: Honest) -> Request:
        if not door.places:
            return self._request(
                door, "place", query=f"{words.segment(self.dice)}={words.segment(self.dice)}"
            )
        name = self.dice.choice(sorted(door.places))
        return self._request(door, "place", places={name: words.segment(self.dice)})

    def _query(self, door: Honest) -> Request:
        names = ("limit", "cursor", "fields", "offset", "sort", "desk", "since", "number", "q", "kind", "filename", "by", "as",
                 "status", "creationDate.gt", "filter", "after", "organization", "customer", "lang", "token", "code", "state")  # fmt: skip
        pairs = [
            f"{self.dice.choice(names)}={words.segment(self.dice)}"
            for _ in range(self.dice.choice((1, 1, 2, 30)))
        ]
        return self._request(door, "query", query="&".join(pairs))

    def _header(self, door: Honest) -> Request:
        pairs = [self.dice.choice(words.HEADERS) for _ in range(self.dice.choice((1, 1, 2, 5)))]
        return self._request(
            door, "header", headers=list({name: (name, value) for name, value in pairs}.values())
        )

    def _signature(self, door: Honest) -> Request:
        """A hook with one bit of it changed, in its body, its id, its time or its signature; nothing of it may be taken."""
        hook = self.doors[-1]
        good = self._request(hook, "signature", refused=True)
        signed_headers = [
            pair for pair in good.headers if pair[0].startswith(b"webhook-") or b"signature" in pair[0]
        ]
        spoilt = self.dice.choice((*signed_headers, None))
        if spoilt is None:
            return replace(good, body=_flipped(self.dice, good.body))
        name, value = spoilt
        kept = tuple(pair for pair in good.headers if pair != spoilt)
        return replace(good, headers=(*kept, (name, _flipped(self.dice, value))))


def _flipped(dice: random.Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + bytes((text[at] ^ 1 << dice.randrange(7),)) + text[at + 1 :]


def _body_of(body: Any) -> bytes:
    return b"" if body is None else body if isinstance(body, bytes) else words.told(body)


def _may_be_kept(body: bytes) -> bool:
    """Whether it is JSON after all, by an independent reader that is not strict."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


async def ask(app: Any, request: Request) -> Answer:
    """As the server would hand it over."""
    path, _, query = request.target.partition("?")
    heard: list[dict[str, Any]] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": request.method,
        "scheme": "http", "path": unquote(path), "raw_path": quote(path, safe=_ESCAPED).encode(), "root_path": "",
        "query_string": query.encode(), "headers": list(request.headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "state": {},
    }  # fmt: skip
    said = iter([{"type": "http.request", "body": request.body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(said, {"type": "http.disconnect"})

    async def send(told: dict[str, Any]) -> None:
        heard.append(told)

    failure = ""
    try:
        async with asyncio.timeout(20):
            await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        failure = "".join(traceback.format_exception(error)[-6:])
    if not heard:
        return Answer(failure=failure or "no answer")
    headers = {name.lower(): value for name, value in heard[0].get("headers", [])}
    body = b"".join(one.get("body", b"") for one in heard[1:])
    return Answer(
        status=heard[0]["status"],
        media_type=headers.get(b"content-type", b"").decode("latin-1"),
        body=body,
        failure=failure,
    )


def fault(request: Request, answer: Answer) -> str:
    """What is wrong with the answer; "" if nothing is."""
    if answer.failure or answer.status >= 500 or not answer.status:
        return answer.failure or f"{answer.status} {answer.body[:300]!r}"
    if answer.status < 400:
        return f"taken: {answer.status}" if request.refused else ""
    return (
        ""
        if request.method == "HEAD" or _is_refusal(request, answer)
        else f"no problem: {answer.status} {answer.body[:200]!r}"
    )


def _is_refusal(request: Request, answer: Answer) -> bool:
    """A problem document, TM Forum's or MEF's or OAuth's error, or a page."""
    if answer.media_type.startswith("text/html"):
        return not request.target.startswith(("/v1", "/tmf-api", "/mefApi", "/oauth", "/sharing", "/hooks"))
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return False
    if answer.media_type.startswith("application/problem+json"):
        return bool(document["status"] == answer.status and document["code"])
    named = document[0] if isinstance(document, list) else document
    return bool(named.get("code") or (request.target.startswith("/oauth") and named.get("error")))


async def attacked(app: Any, attack: Attack, count: int) -> Count:
    """Ask all of them, some at once."""
    found, coming = Count(), attack.requests(count)
    every = max(1, count // SAMPLES)

    async def asking() -> None:
        for request in coming:
            answer = await ask(app, request)
            _note(found, request, answer)
            if found.asked % every == 0:
                gc.collect()
                found.memory.append(_resident())

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(asking())
    return found


def _note(found: Count, request: Request, answer: Answer) -> None:
    found.asked += 1
    found.statuses[answer.status] += 1
    if 0 < answer.status < 400:
        found.taken[request.kind, request.route] += 1
    wrong = fault(request, answer)
    if wrong:
        key = (request.route, request.kind, wrong[-400:])
        found.faults.setdefault(key, request)
        found.times[key] += 1


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def run(here: Furnished, *, seed: int, count: int) -> Count:
    """On the loop where the doors live."""
    here.app.state.house.meter.most = 0  # who asks too often is told so elsewhere
    here.app.state.parlour = replace(here.app.state.parlour, cost=CHEAP)
    portal = here.client.portal
    assert portal is not None
    counted: Count = portal.call(attacked, here.app, Attack(here, seed), count)
    return counted
