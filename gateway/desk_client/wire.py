"""One request of an exchange, out and back: built, sent, read whole, judged by its status. Notes what left."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import httpx

from gateway.blobs import BlobStore
from gateway.connector import Effect, Request, Response
from gateway.desk_client import answers
from gateway.desk_client.journey import Journey
from gateway.desk_client.judgement import Judged, check_status, in_doubt
from gateway.desk_client.limits import Limits
from gateway.desk_client.outgoing import Outgoing
from gateway.desk_client.tokens import Tokens
from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.model import Command, Desk
from gateway.domain.outcome import ClockSample, Stage, Verdict, clock_sample, of_break
from gateway.failpoints import step

T = TypeVar("T")

READ_TRIES = 2
READ_PAUSE = 0.1


@dataclass(frozen=True, kw_only=True)
class PushTerms:
    """What holds for one push.

    `before_write` is called with a connection in hand, right before the WRITE's first byte; LeaseLost from it abandons
    the push. With `command` a receipt about something else is noticed.
    """

    command: Command | None = None
    before_write: Callable[[], None] | None = None
    conflict_is_stale: bool = False
    deadline: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """One exchange with one desk, as the wire sees it. `trip` is that of the request sent last."""

    desk: Desk
    outgoing: Outgoing
    blob_limit: int
    terms: PushTerms
    trip: Trip = field(default_factory=Trip)
    clock: ClockSample | None = None
    wrote: tuple[datetime, datetime] | None = None
    """Between which moments of ours the desk answered the WRITE."""


def of_broken(journey: Journey[T], trip: Trip, stage: Stage, detail: str = "") -> Verdict:
    """The verdict on a break, from the facts of the trip and of the journey so far."""
    writing = journey.request is not None and journey.request.effect is Effect.WRITE
    verdict = of_break(
        writing=writing, connected=trip.connected, write_started=trip.write_started, stage=stage
    )
    if detail:
        verdict = replace(verdict, message=f"{verdict.message} ({detail})")
    return in_doubt(verdict) if journey.write_left and not writing else verdict


class Wire:
    """Sends requests over a transport. With any transport but ours the facts are unknown, so doubt is assumed."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        limits: Limits,
        blobs: BlobStore | None,
        now: Callable[[], datetime],
    ) -> None:
        self.transport = transport
        self._exact = isinstance(transport, GuardedTransport)
        self._limits = limits
        self._blobs = blobs
        self._now = now
        self._tokens = Tokens(transport, limits=limits, now=now)

    async def send(self, request: Request, journey: Journey[T], call: Call) -> Response:
        """The desk's whole answer, with a status the connector reads. Raises Judged or an error of ours."""
        try:
            response = await self._tries(request, journey, call)
            if response.status == 401 and self._tokens.forget(call.desk, call.outgoing.grant):
                response = await self._tries(
                    request, journey, call
                )  # refused, so nothing was done: ask with a new one
        except httpx.TransportError as error:
            stage = error.stage if isinstance(error, Broken) else Stage.ANSWER
            raise Judged(of_broken(journey, call.trip, stage, str(error))) from error
        except OSError as error:
            raise Judged(of_broken(journey, call.trip, Stage.ANSWER, f"our own disk: {error}")) from error
        try:
            check_status(request, response, now=self._now(), conflict_is_stale=call.terms.conflict_is_stale)
        except Judged as judged:
            if journey.write_left and request.effect is not Effect.WRITE:
                raise Judged(in_doubt(judged.verdict)) from judged
            raise
        return response

    async def _tries(self, request: Request, journey: Journey[T], call: Call) -> Response:
        """A read that never reached the desk is asked once more; nothing else ever is."""
        for _ in range(READ_TRIES - 1 if request.effect is Effect.READ else 0):
            try:
                return await self._once(request, journey, call)
            except Broken:
                if call.trip.answer_started or (call.trip.connected and not call.trip.reused):
                    raise
            await asyncio.sleep(READ_PAUSE)
        return await self._once(request, journey, call)

    async def _once(self, request: Request, journey: Journey[T], call: Call) -> Response:
        writing = request.effect is Effect.WRITE
        call.trip = trip = Trip(
            owner=call.desk.id,
            allow_private_network=call.desk.allow_private_network and not request.bare,
            by_agent=call.desk.agent and not request.bare,
            writing=writing,
            before_bytes=call.terms.before_write if writing else None,
        )
        token = await self._token(call) if not request.bare else ""
        outgoing = call.outgoing.build(request, trip, token)
        sent_at = self._now()
        try:
            answer = await self._out(outgoing, trip)
            response = await self._back(answer, request, call)
        finally:
            if writing:  # also when cancelled in mid-air
                journey.write_left = trip.connected if trip.write_started is None else trip.write_started
        if writing:
            step("answer.received")
        received_at = response.received_at or sent_at
        if not call.desk.capabilities.kept_here:  # its times are ours: when it pushed
            date = response.headers.get("date")
            call.clock = clock_sample(date, sent_at=sent_at, received_at=received_at) or call.clock
        if writing:
            call.wrote = (sent_at, received_at)
        return response

    async def _token(self, call: Call) -> str:
        return await self._tokens.of(call.desk, call.outgoing.grant) if call.outgoing.grant else ""

    async def _out(self, outgoing: httpx.Request, trip: Trip) -> httpx.Response:
        if not self._exact:
            trip.depart()
            trip.connected = True
        return await self.transport.handle_async_request(outgoing)

    async def _back(self, answer: httpx.Response, request: Request, call: Call) -> Response:
        try:
            if request.receive_blob and answer.is_success:
                return await answers.read_blob(
                    answer, blobs=self._blobs, limit=call.blob_limit, now=self._now
                )
            return await answers.read(answer, limit=self._limits.body_bytes, now=self._now)
        finally:
            await answer.aclose()
