"""The flows of one event without sockets: accept, process, claim, an answer made on the spot, settle; in the runner's own
process, so that its CPU time can be told to the microsecond."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from gateway.app import Gateway, utc_now
from gateway.connector import Response
from gateway.desk_client.journey import Journey, Returned
from gateway.desk_client.judgement import of_receipt
from gateway.domain.model import Desk, Message, Receipt
from gateway.domain.outcome import Verdict
from gateway.flows import deliver, intake
from tests.bench.path import Outside

ROOM = 64


@dataclass(kw_only=True)
class Rounds:
    """One installation and the desks around it. `cpu`: seconds so far in the gateway's own flows."""

    gateway: Gateway
    outside: Outside
    cpu: float = 0.0
    settled: int = 0
    _desks: dict[str, Desk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outside.traffic.backlog = 10**9
        with self.gateway.database.read() as db:
            directory = self.gateway.context.directory(db)
        self._desks = {desk.code: desk for desk in directory.desks.values()}

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.cpu += time.process_time() - begun

    def turn(self, messages: int) -> None:
        """So many messages come in; everything that follows from them is delivered."""
        context = self.gateway.context
        arrivals = [self._message() for _ in range(messages)]
        with self._timed():
            intake.accept(context, arrivals)
            intake.process(context, now=utc_now(), limit=messages)
        while self._deliveries():
            pass

    def _message(self) -> tuple[Message, str]:
        post = self.outside.traffic.make(time.monotonic())
        if post is None:
            raise RuntimeError("the backlog is full")
        path, body, headers = post
        desk = self._desks[path.split("/")[2]]
        key = self.gateway.context.new_id("msg")
        message = Message(
            id=key, desk_id=desk.id, received_at=utc_now(), body=body, headers=headers, query={}
        )
        return message, desk.org_id

    def _deliveries(self) -> int:
        context, room = self.gateway.context, {desk.id: ROOM for desk in self._desks.values()}
        with self._timed():
            errands = deliver.claim(context, now=utc_now(), worker="bench", capacity=room, limit=200)
        outcomes = [
            deliver.Outcome(
                errand=errand, at=utc_now(), command=errand.command, verdict=self._answered(errand), took_ms=1
            )
            for errand in errands
        ]
        with self._timed():
            deliver.settle(context, outcomes, now=utc_now())
        self.settled += len(errands)
        return len(errands)

    def _answered(self, errand: deliver.Errand) -> Verdict:
        if errand.command is None:
            raise RuntimeError(f"withheld: {errand.withheld}")
        journey: Journey[Receipt] = Journey(
            errand.connector.push(errand.command, errand.desk), may_write=True, limit=9
        )
        turn = journey.advance(None)
        while not isinstance(turn, Returned):
            desk = self.outside.desks[errand.desk.code]
            status, told = desk.answer(turn.method, turn.path.split("/"), "", orjson.dumps(turn.json))
            answer = Response(status=status, headers={}, body=orjson.dumps(told), received_at=utc_now())
            turn = journey.advance(answer)
        return of_receipt(turn.value, errand.command, journey)
