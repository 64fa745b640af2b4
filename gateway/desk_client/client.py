"""The only place that talks to a desk: runs a connector's exchange over the guarded transport, within limits."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import httpx

from gateway.blobs import BlobStore
from gateway.connector import Exchange
from gateway.desk_auth import Credentials
from gateway.desk_client.journey import Journey, Returned
from gateway.desk_client.judgement import Judged, error_of, of_error, of_receipt, of_unreadable
from gateway.desk_client.limits import Limits
from gateway.desk_client.outgoing import Outgoing
from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.wire import Call, PushTerms, Wire, of_broken
from gateway.domain.model import CommandKind, Desk, Receipt
from gateway.domain.outcome import ClockSample, Stage, Verdict, stamp_sample
from gateway.errors import AnswerUnreadable, InterdeskError

T = TypeVar("T")
_MAKES = frozenset({CommandKind.CREATE, CommandKind.COMMENT, CommandKind.ATTACH})
"""Whose receipt dates something that was not there before."""


class DeskClient:
    """Async; one for the whole process. `now` gives the wall clock (aware); `transport` is replaced in unit tests."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
        blobs: BlobStore | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._blobs = blobs
        self._wire = Wire(
            transport or GuardedTransport(limits=self._limits), limits=self._limits, blobs=blobs, now=now
        )
        self._clocks: dict[str, ClockSample] = {}

    async def __aenter__(self) -> "DeskClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop every connection; exchanges under way break."""
        await self._wire.transport.aclose()

    def clock_of(self, desk_id: str) -> ClockSample | None:
        """The latest sample of this desk's clock; also on every Verdict."""
        return self._clocks.get(desk_id)

    async def ask(
        self,
        exchange: Exchange[T],
        *,
        desk: Desk,
        credentials: Credentials,
        deadline: timedelta | None = None,
        blob_limit: int | None = None,
    ) -> T:
        """Run an exchange that only reads (fetch, changed, find, check, download). `blob_limit` in bytes.

        Raises DeskUnavailable, DeskThrottled, DeskDenied, DeskGone, DeskStale, DeskRejected, ConnectorFailed or
        ConfigError.
        """
        journey = Journey(exchange, may_write=False, limit=self._limits.requests)
        call = self._call(desk, credentials, PushTerms(deadline=deadline), blob_limit)
        try:
            async with asyncio.timeout(self._seconds(deadline)):
                return await self._travel(journey, call)
        except Judged as judged:
            raise error_of(judged.verdict) from judged
        except AnswerUnreadable as error:
            raise of_unreadable(error, journey.response) from error
        except TimeoutError as error:
            raise error_of(of_broken(journey, call.trip, Stage.DEADLINE)) from error
        finally:
            self._finish(journey, call)

    async def push(
        self,
        exchange: Exchange[Receipt],
        *,
        desk: Desk,
        credentials: Credentials,
        terms: PushTerms | None = None,
    ) -> Verdict:
        """Run an exchange that ends with one WRITE, which is never sent twice.

        Whatever desk or connector do becomes the verdict; only cancellation and a crash at a failpoint pass through.
        """
        terms = terms or PushTerms()
        journey = Journey(exchange, may_write=True, limit=self._limits.requests)
        call = self._call(desk, credentials, terms)
        try:
            async with asyncio.timeout(self._seconds(terms.deadline)):
                verdict = of_receipt(await self._travel(journey, call), terms.command, journey)
        except Judged as judged:
            verdict = judged.verdict
        except InterdeskError as error:
            verdict = of_error(error, journey)
        except TimeoutError:
            verdict = of_broken(journey, call.trip, Stage.DEADLINE)
        finally:
            self._finish(journey, call)
        return replace(verdict, clock=self._sampled(verdict, call))

    def _sampled(self, verdict: Verdict, call: Call) -> ClockSample | None:
        """The sample of the desk's clock; of one that dates no answer (Puma does not), the time it gives what the WRITE
        made."""
        made = call.terms.command is not None and call.terms.command.kind in _MAKES
        stamped = verdict.receipt.at if verdict.receipt is not None and made else None
        if call.clock is None and call.wrote is not None and stamped is not None:
            sent_at, received_at = call.wrote
            granularity = call.desk.capabilities.granularity
            call.clock = stamp_sample(
                stamped, sent_at=sent_at, received_at=received_at, resolution=granularity
            )
            self._clocks[call.desk.id] = call.clock
        return call.clock

    async def _travel(self, journey: Journey[T], call: Call) -> T:
        turn = journey.advance(None)
        while not isinstance(turn, Returned):
            turn = journey.advance(await self._wire.send(turn, journey, call))
        return turn.value

    def _call(
        self, desk: Desk, credentials: Credentials, terms: PushTerms, blob_limit: int | None = None
    ) -> Call:
        return Call(
            desk=desk,
            outgoing=Outgoing(desk, credentials, self._blobs),
            blob_limit=self._limits.blob_bytes if blob_limit is None else blob_limit,
            terms=terms,
        )

    def _seconds(self, deadline: timedelta | None) -> float:
        return self._limits.deadline if deadline is None else deadline.total_seconds()

    def _finish(self, journey: Journey[T], call: Call) -> None:
        journey.close()
        if call.clock is not None:
            self._clocks[call.desk.id] = call.clock
