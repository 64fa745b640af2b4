"""Carries events to whoever listens to an API desk: posted until they are taken, of each ticket in order, as any delivery is. A
listener that is slow holds up only itself."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import orjson

from gateway.desk_client.webhooks import Post, Poster
from gateway.domain.directory import Directory
from gateway.domain.tmf621 import notices as rules
from gateway.domain.tmf621.notices import Heard, Stage
from gateway.flows.api_desk import hubs
from gateway.flows.context import OPERATOR, Context
from gateway.store import tmf_notices as store
from gateway.store.tmf_notices import Claimed

log = logging.getLogger(__name__)
LIMIT = 20
MOST = 50
"""Listeners that are told at one time."""
KEPT = timedelta(days=30)
EVERY = 0.5
"""Seconds between looks for events to tell."""
STOP_WITHIN = 10.0


class Crier:
    """`now` is the wall clock."""

    def __init__(self, context: Context, poster: Poster, *, now: Callable[[], datetime]) -> None:
        self._context, self._poster, self._now = context, poster, now
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def round(self) -> bool:
        """One round: what can be told is on its way when it returns. Never asks for another at once."""
        waiting = await asyncio.to_thread(self._waiting)
        for listener_id in [one for one in waiting if one not in self._busy][: MOST - len(self._busy)]:
            task = asyncio.ensure_future(self._serve(listener_id))
            self._busy[listener_id] = task
            task.add_done_callback(partial(self._served, listener_id))
        return False

    def _served(self, listener_id: str, _done: "asyncio.Task[None]") -> None:
        del self._busy[listener_id]

    async def finish(self) -> None:
        """Let what is under way end, then close the way out; what does not is told again once its lease has run out."""
        tasks = list(self._busy.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_WITHIN)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.close()

    def _waiting(self) -> list[str]:
        with self._context.database.read() as db:
            return store.due_listeners(db, OPERATOR, now=self._now())

    async def _serve(self, listener_id: str) -> None:
        """Everything that one listener can be told now."""
        try:
            while claimed := await asyncio.to_thread(self._claim, listener_id):
                for one in claimed:
                    await self._carry(one)
        except Exception:
            log.exception("listener %s could not be told; its leases run out", listener_id)

    def _claim(self, listener_id: str) -> list[Claimed]:
        with self._context.database.write() as db:
            return store.claim(db, OPERATOR, listener_id, now=self._now(), limit=LIMIT)

    async def _carry(self, claimed: Claimed) -> None:
        listener, notice = claimed.listener, claimed.notice
        directory = await asyncio.to_thread(self._directory)
        desk = directory.desks.get(listener.desk_id)
        answer = await self._poster.post(
            Post(
                url=hubs.callback(self._context, listener),
                headers={"content-type": "application/json"},
                body=orjson.dumps(notice.document),
                owner=f"listener {listener.id}",
                allow_private_network=desk is not None and desk.allow_private_network,
            )
        )
        heard = Heard(status=answer.status or 0, words=answer.error, retry_after=answer.retry_after)
        await asyncio.to_thread(self._settle, claimed, heard)

    def _directory(self) -> Directory:
        with self._context.database.read() as db:
            return self._context.directory(db)

    def _settle(self, claimed: Claimed, heard: Heard) -> None:
        notice, now = claimed.notice, self._now()
        ended = rules.after(notice, heard, now=now, jitter=self._context.jitter())
        with self._context.database.write() as db:
            store.settle(db, OPERATOR, ended, lease=notice.lease_until)
            if ended.state == Stage.DROPPED:
                store.remove_listener(db, OPERATOR, notice.listener_id)
            store.forget(db, OPERATOR, before=now - KEPT)
        if ended.state != Stage.TOLD:
            told = {"listener": notice.listener_id, "ticket": notice.ticket_id, "state": ended.state}
            log.warning("an event was not taken: %s", heard.words[:200], extra=told)
