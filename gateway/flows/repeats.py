"""A request with an Idempotency-Key is done once: who sends it again gets the first answer. What was under way when its process
ended is never done a second time by itself: nobody knows what came of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import orjson

from gateway.errors import AnotherRequest, ConfigError, UnderWay
from gateway.flows.context import OPERATOR, Context
from gateway.flows.principal import Principal
from gateway.store import repeats as store
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.vault import Place, Vault

KEPT = timedelta(hours=48)
PRUNE_EVERY = 3600.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that may be repeated: `digest` of what it asks. What two callers see differently is never one answer: the name
    holds on whose behalf and with which sight it is asked."""

    org_id: str
    name: str
    digest: str

    @property
    def place(self) -> Place:
        """Where its answer lies sealed: it may hold what is told only once."""
        return Place(org_id=self.org_id, table="stored_answer", row_id=self.name, column="sealed")

    @property
    def scope(self) -> Scope:
        """Of its row."""
        return Scope.of(self.org_id)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def request_of(who: Principal, key: str, asked: tuple[str, str, bytes]) -> Request:
    """Of a caller; `asked` is the method, the address with its query, and the body."""
    sight = "*" if who.scope.org_ids is None else " ".join(sorted(who.scope.org_ids))
    name = sha256(f"{who.org_id}\0{sight}\0{key}".encode()).hexdigest()
    method, address, body = asked
    return Request(
        org_id=who.org_id,
        name=name,
        digest=sha256(b"\0".join((method.encode(), address.encode(), body))).hexdigest(),
    )


def begin(context: Context, vault: Vault, request: Request, *, now: datetime) -> Answer | None:
    """The answer it got before; None: it is to be done now. Raises UnderWay, AnotherRequest."""
    with context.database.write(request.scope) as db:
        if store.begin(db, request.name, request.org_id, digest=request.digest, now=now):
            return None
        kept = store.get(db, request.scope, request.name)
    if kept is None:
        raise UnderWay("the same request was forgotten just now", cure="send it again")
    return _given(vault, request, kept)


def _given(vault: Vault, request: Request, kept: store.Kept) -> Answer:
    if kept.digest != request.digest:
        raise AnotherRequest(
            "this Idempotency-Key came with another request", cure="take a new key for each request"
        )
    if kept.sealed is None:
        cure = "ask again in a second; if it stays so, its process ended: look at what came of it, then take a new key"
        raise UnderWay("the same request is being answered", cure=cure)
    try:
        told = orjson.loads(vault.open(kept.sealed, request.place))
    except ConfigError as error:
        raise UnderWay(
            "the answer can no longer be read", cure="look at what came of it, then take a new key"
        ) from error
    return Answer(status=told["status"], headers=told["headers"], body=told["body"].encode())


def keep(context: Context, vault: Vault, request: Request, answer: Answer) -> None:
    """From now on it gets this answer."""
    told = {"secret": "", "status": answer.status, "headers": answer.headers, "body": answer.body.decode()}
    sealed = vault.seal(orjson.dumps(told).decode(), request.place)
    with context.database.write(request.scope) as db:
        store.keep(db, request.scope, request.name, sealed)


def forget(context: Context, request: Request) -> None:
    """It failed by our fault: it may be tried again."""
    with context.database.write(request.scope) as db:
        store.forget(db, request.scope, request.name)


@dataclass(frozen=True, kw_only=True)
class Pruner:
    """Drops what is older than 48 hours."""

    context: Context
    now: Callable[[], datetime]

    async def round(self) -> bool:
        """One round; it leaves nothing over."""
        await asyncio.to_thread(self.run)
        return False

    def run(self) -> int:
        """How many answers were dropped."""
        now = self.now()
        with self.context.database.write() as db:
            return _pruned(db, now)


def _pruned(db: Db, now: datetime) -> int:
    store.prune_quotas(db, OPERATOR, int((now - KEPT).timestamp()) // 60)
    return store.prune(db, OPERATOR, now - KEPT)
