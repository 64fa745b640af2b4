"""Carries messages to webhooks while a worker runs: several endpoints at a time, a few messages to each, so that a slow one
holds up no other."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.desk_client.webhooks import Post, Poster
from gateway.domain.webhooks.model import Answer
from gateway.domain.webhooks.sending import KEPT
from gateway.flows.context import OPERATOR, Context
from gateway.flows.webhooks import sending
from gateway.flows.webhooks.sending import Parcel
from gateway.store import webhooks
from gateway.store.health import will_pass

log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between rounds."""
MOST = 64
"""Messages under way from one process."""
PRUNE_EVERY = timedelta(hours=1)
WITHIN = 5.0
"""Seconds that messages under way get to end when the process is asked to stop."""


class Herald:
    """`source` is the installation's address, as it stands in every message; `now` the wall clock."""

    def __init__(self, context: Context, poster: Poster, *, source: str, now: Callable[[], datetime]) -> None:
        self._context, self._poster, self._source, self._now = context, poster, source, now
        self._under_way: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._pruned_at: datetime | None = None

    async def round(self) -> bool:
        """One round: what is ready is on its way when it returns. Never asks for another at once: what is under way
        must end first."""
        now = self._now()
        if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
            self._pruned_at = now
            await asyncio.to_thread(self._prune, now)
        if len(self._under_way) < MOST:
            busy = dict(self._busy)
            for parcel in await asyncio.to_thread(
                sending.claim, self._context, source=self._source, now=now, busy=busy
            ):
                self._start(parcel)
        return False

    def _prune(self, now: datetime) -> None:
        with self._context.database.write() as db:
            webhooks.prune(db, OPERATOR, before=now - KEPT)

    def _start(self, parcel: Parcel) -> None:
        self._busy[parcel.webhook.id] += 1
        task = asyncio.ensure_future(self._carry(parcel))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry(self, parcel: Parcel) -> None:
        try:
            await carry(self._context, self._poster, parcel, self._now)
        except Exception as error:
            if not will_pass(error):
                log.exception("message %s could not be carried; its lease runs out", parcel.message.id)
        finally:
            self._busy[parcel.webhook.id] -= 1

    async def settled(self) -> None:
        """Wait for what is under way."""
        if self._under_way:
            await asyncio.gather(*self._under_way)

    async def finish(self) -> None:
        """Let what is under way end, then close the way out. What does not end is sent again under the same id."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=WITHIN)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._poster.close()


async def carry(context: Context, poster: Poster, parcel: Parcel, now: Callable[[], datetime]) -> Answer:
    """One attempt, and what became of it."""
    if parcel.trouble is not None:
        await asyncio.to_thread(sending.settle, context, parcel, parcel.trouble, now=now())
        return parcel.trouble
    if parcel.document is None:
        await asyncio.to_thread(sending.drop, context, parcel, now=now())
        return Answer(reached=False, error="nothing of it may be read any more")
    body, headers = parcel.signed(now=now())
    post = Post(
        url=parcel.webhook.url,
        headers=headers,
        body=body,
        owner=parcel.webhook.id,
        allow_private_network=parcel.webhook.allow_private_network,
    )
    answer = await poster.post(post)
    await asyncio.to_thread(sending.settle, context, parcel, answer, now=now())
    return answer
