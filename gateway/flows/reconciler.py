"""Drives runs that compare desks with what we know: as many fetches as desk, run and breaker let through now, all at once.
Live traffic goes first: of a desk's rate a run takes a part. Nothing is decided here."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.desk_auth import Credentials
from gateway.desk_client import DeskClient
from gateway.domain import pace
from gateway.domain.model import Desk
from gateway.domain.pace import Bucket
from gateway.errors import InterdeskError
from gateway.flows import reconcile
from gateway.flows.capacity import Capacity
from gateway.flows.context import Context
from gateway.flows.reconcile import Errand, Fetched
from gateway.store.reconciliations import Run

SHARE = 0.25
"""Of a desk's rate."""

AGAIN = timedelta(seconds=30)
"""How often it is asked whether a run is due."""

log = logging.getLogger(__name__)


class Reconciler:
    """One per process. `credentials` opens a desk's; `now` is the wall clock, aware."""

    def __init__(
        self,
        context: Context,
        client: DeskClient,
        credentials: Callable[[Desk], Credentials],
        *,
        capacity: Capacity,
        now: Callable[[], datetime],
    ) -> None:
        self._context = context
        self._client = client
        self._credentials = credentials
        self._capacity = capacity
        self._now = now
        self._buckets: dict[str, Bucket] = {}
        self._asked_at: datetime | None = None
        self._returned: dict[str, datetime] = {}

    async def background(self) -> bool:
        """One round of the first run with something to do among those that begin by themselves. Whether there is more."""
        runs = await asyncio.to_thread(self._runs)
        for run in runs:
            if await self.round(run):
                return True
            if await asyncio.to_thread(reconcile.finish, self._context, run.id, now=self._now()):
                log.info("a comparison is over", extra={"run": run.id, "kind": run.kind})
        return False

    def _runs(self) -> list[Run]:
        now = self._now()
        if self._asked_at is None or now - self._asked_at >= AGAIN or now < self._asked_at:
            self._asked_at = now
            self._returned = {
                **self._capacity.returned(),
                **self._returned,
            }  # it is told once: kept until a run has begun
            reconcile.begin_due(self._context, self._returned, now=now)
            self._returned = {}
        return reconcile.unfinished(self._context, reconcile.BY_ITSELF)

    async def round(self, run: Run) -> int:
        """Compare what may be compared of the run now; how many assignments."""
        errands = await asyncio.to_thread(self._take, run)
        if not errands:
            return 0
        fetched = await asyncio.gather(*map(self._fetch, errands))
        await asyncio.to_thread(reconcile.store, self._context, fetched, now=self._now())
        return len(errands)

    def _take(self, run: Run) -> list[Errand]:
        now = self._now()
        capacity = {
            desk_id: min(room, self._allowed(desk_id, self._rate(desk_id), now))
            for desk_id, room in self._capacity.room(now).items()
        }
        limit = reconcile.BATCH
        if run.per_minute is not None:
            limit = min(limit, self._allowed(run.id, run.per_minute * pace.CALLS_PER_EXCHANGE / 60, now))
        errands = reconcile.take(self._context, [run.id], now=now, capacity=capacity, limit=limit)
        for errand in errands:
            self._capacity.take(errand.desk.id)
            for name in (errand.desk.id, run.id):
                if name in self._buckets:
                    self._buckets[name] = pace.taken(self._buckets[name])
        return errands

    def _rate(self, desk_id: str) -> float:
        """Calls a second."""
        desk = self._context.directory_now.desks[desk_id]
        return self._context.connector(desk).manifest.rate_per_minute / 60 * SHARE

    def _allowed(self, name: str, rate: float, now: datetime) -> int:
        known = self._buckets.get(name) or pace.full(rate, now)
        self._buckets[name] = pace.filled(known, now)
        return pace.exchanges(self._buckets[name])

    async def _fetch(self, errand: Errand) -> Fetched:
        fetched = Fetched(errand=errand, started_at=self._now())
        try:
            snapshot = await self._client.ask(
                errand.connector.fetch(errand.remote_id, errand.desk, since=errand.since),
                desk=errand.desk,
                credentials=self._credentials(errand.desk),
            )
            fetched = replace(fetched, snapshot=snapshot)
        except InterdeskError as error:
            fetched = replace(fetched, error=error)
        finally:
            self._capacity.give(errand.desk.id)
        self._capacity.learn_look(errand.desk.id, fetched.error, self._now())
        return fetched
