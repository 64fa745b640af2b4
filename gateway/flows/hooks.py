"""Group commit at the hook door: everything that arrives within a moment is stored in one transaction, then all are
answered. A sender hears yes only when its message is on disk (D1), and nobody's message is half there."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.domain.model import Message
from gateway.errors import InterdeskError

log = logging.getLogger(__name__)

Arrival = tuple[Message, str]
"""A verified message and its desk's organization."""

Store = Callable[[Sequence[Arrival]], None]
"""Puts messages on disk, all or none, before it returns. Called in a thread of its own."""


class NotStored(InterdeskError):
    """The message could not be put on disk: answer 503, the sender sends it again; nothing of it was kept."""

    code = "IDK-1106"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """`gather`: seconds that a first message waits for company; `most` messages in one transaction; `queue`: how many
    may wait before senders are told to come again."""

    gather: float = 0.001
    most: int = 500
    queue: int = 5_000


class GroupCommit:
    """One per process, living on one event loop. `committed(n)` is called after each transaction of n messages."""

    def __init__(self, store: Store, *, committed: Callable[[int], None], terms: Terms | None = None) -> None:
        self._store = store
        self._committed = committed
        self._terms = terms or Terms()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbox")
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._busy = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def accept(self, message: Message, org_id: str) -> None:
        """Returns when the message is on disk. Raises NotStored when it is not."""
        if len(self._waiting) >= self._terms.queue:
            raise NotStored(
                "too many messages are waiting to be stored", cure="send it again in a few seconds"
            )
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiting.append(((message, org_id), stored))
        if not self._busy:
            self._busy = True
            self._idle.clear()
            loop.call_later(self._terms.gather, self._start, loop)
        await stored

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit what waits now; what comes meanwhile is the next batch."""
        batch, self._waiting = self._waiting[: self._terms.most], self._waiting[self._terms.most :]
        commit = loop.run_in_executor(self._thread, self._store, [arrival for arrival, _ in batch])
        commit.add_done_callback(lambda done: self._end(loop, done, [stored for _, stored in batch]))

    def _end(
        self,
        loop: asyncio.AbstractEventLoop,
        done: "asyncio.Future[None]",
        batch: list["asyncio.Future[None]"],
    ) -> None:
        failure = asyncio.CancelledError() if done.cancelled() else done.exception()
        if failure is None:
            self._committed(len(batch))
        else:
            log.error("%d messages could not be stored", len(batch), exc_info=failure)
        for stored in batch:
            if not stored.done():  # a sender that hung up has cancelled its own
                _answer(stored, failure)
        if self._waiting:
            self._start(loop)
        else:
            self._busy = False
            self._idle.set()

    async def close(self) -> None:
        """Store what still waits, then end the thread."""
        await self._idle.wait()
        self._thread.shutdown()


def _answer(stored: "asyncio.Future[None]", failure: BaseException | None) -> None:
    if failure is None:
        stored.set_result(None)
    else:
        error = NotStored("the message could not be stored", cure="send it again in a few seconds")
        error.__cause__ = failure
        stored.set_exception(error)
