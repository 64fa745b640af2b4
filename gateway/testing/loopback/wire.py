"""Runs connectors' exchanges against loopback desks in memory, judged by the very code that judges the real wire.

What the desk calls a fault becomes the facts a transport would have: no connection, sent and no answer, an answer.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from gateway.connector import Effect, Exchange, Request, Response
from gateway.desk_client.journey import Journey, Returned
from gateway.desk_client.judgement import (
    Judged,
    check_status,
    error_of,
    in_doubt,
    of_error,
    of_receipt,
    of_unreadable,
)
from gateway.domain.filetypes import HEAD, sniffed
from gateway.domain.model import Blob, Command, Receipt
from gateway.domain.outcome import Stage, Verdict, of_break
from gateway.errors import AnswerUnreadable, InterdeskError
from gateway.failpoints import step
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.faults import Answer, NoConnection, Outcome

T = TypeVar("T")

MOST_REQUESTS = 1000


@dataclass(kw_only=True)
class MemoryWire:
    """The way to one desk. `blobs` are files by their hash, shared with whoever keeps them; `now` is our own clock."""

    desk: LoopbackDesk
    now: Callable[[], datetime]
    token: str | None = None
    blobs: dict[str, bytes] = field(default_factory=dict)
    conflict_is_stale: bool = True
    before_write: Callable[[], None] | None = None

    def ask(self, exchange: Exchange[T]) -> T:
        """An exchange that only reads. Raises the same errors as `DeskClient.ask`."""
        with _travelling(exchange, may_write=False) as journey:
            try:
                return self._travel(journey)
            except Judged as judged:
                raise error_of(judged.verdict) from judged
            except AnswerUnreadable as error:
                raise of_unreadable(error, journey.response) from error

    def push(self, exchange: Exchange[Receipt], command: Command) -> Verdict:
        """A push, and what it came to. A crash at a failpoint passes through."""
        with _travelling(exchange, may_write=True) as journey:
            try:
                return of_receipt(self._travel(journey), command, journey)
            except Judged as judged:
                return judged.verdict
            except InterdeskError as error:
                return of_error(error, journey)

    def _travel(self, journey: Journey[T]) -> T:
        turn = journey.advance(None)
        while not isinstance(turn, Returned):
            turn = journey.advance(self._sent(turn, journey))
        return turn.value

    def _sent(self, request: Request, journey: Journey[T]) -> Response:
        response = self._once(request, journey)
        try:
            check_status(request, response, now=self.now(), conflict_is_stale=self.conflict_is_stale)
        except Judged as judged:
            if journey.write_left and request.effect is not Effect.WRITE:
                raise Judged(in_doubt(judged.verdict)) from judged
            raise
        return response

    def _once(self, request: Request, journey: Journey[T]) -> Response:
        writing = request.effect is Effect.WRITE
        if writing:
            if self.before_write is not None:
                self.before_write()
            step("send.before")
        outcome = self._handled(request)
        if isinstance(outcome, NoConnection):
            raise self._broken(journey, writing=writing, connected=False)
        if writing:
            journey.write_left = True
            step("send.after")
        if not isinstance(outcome, Answer):
            raise self._broken(journey, writing=writing, connected=True)
        if writing:
            step("answer.received")
        return self._response(outcome, request)

    def _broken(self, journey: Journey[T], *, writing: bool, connected: bool) -> Judged:
        stage = Stage.ANSWER if connected else Stage.CONNECT
        verdict = of_break(writing=writing, connected=connected, write_started=connected, stage=stage)
        return Judged(in_doubt(verdict) if journey.write_left and not writing else verdict)

    def _handled(self, request: Request) -> Outcome:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(request.params)
        return self.desk.handle(
            request.method,
            "/" + parts.path.lstrip("/"),
            query=query,
            headers=self._headers(request),
            body=self._body(request),
        )

    def _headers(self, request: Request) -> dict[str, str]:
        signed = {} if self.token is None else {"authorization": f"Bearer {self.token}"}
        return signed | {name.lower(): value for name, value in request.headers.items()}

    def _body(self, request: Request) -> bytes:
        if request.json is not None:
            return orjson.dumps(request.json)
        if request.blob is not None:
            return self.blobs[request.blob.sha256]
        return request.content or b""

    def _response(self, answer: Answer, request: Request) -> Response:
        blob = None
        if request.receive_blob and answer.status < 300:
            digest = hashlib.sha256(answer.body).hexdigest()
            self.blobs[digest] = answer.body
            blob = Blob(
                key=digest, size=len(answer.body), sha256=digest, media_type=sniffed(answer.body[:HEAD])
            )
        body = b"" if blob else answer.body
        return Response(
            status=answer.status, headers=answer.headers, body=body, blob=blob, received_at=self.now()
        )


@contextmanager
def _travelling(exchange: Exchange[T], *, may_write: bool) -> Iterator[Journey[T]]:
    journey = Journey(exchange, may_write=may_write, limit=MOST_REQUESTS)
    try:
        yield journey
    finally:
        journey.close()
