"""The desks whose hooks are open, by code, kept in memory: a message at the door asks no database."""

import asyncio
import logging
import time
from dataclasses import dataclass

from gateway.connector import Connector
from gateway.domain.directory import Directory
from gateway.domain.imported import is_connected
from gateway.domain.model import Desk
from gateway.flows.context import OPERATOR, Context
from gateway.flows.hooks import NotStored
from gateway.store import views

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""How old what is known here may become: a secret that was taken back stays valid for that long."""
ASK_AGAIN_SECONDS = 0.25
"""Forged messages make the directory's version be asked no more often than this."""


@dataclass(frozen=True, kw_only=True)
class HookDesk:
    """A desk as the door needs it. `token_hash`: SHA-256 in hex of the token in its address, None if it has none."""

    desk: Desk
    connector: Connector
    token_hash: str | None


class HookDesks:
    """Read when the directory's version has grown. Lives on one event loop; the reading is done in a thread."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._directory: Directory | None = None
        self._known: dict[str, HookDesk] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    def get(self, code: str) -> HookDesk | None:
        """The desk of that code as of the last reading."""
        return self._known.get(code)

    async def get_fresh(self, code: str) -> HookDesk | None:
        """The same, after asking whether anything changed. Raises NotStored as long as nothing could ever be read: a
        desk that we cannot know of is not one that is not there."""
        await self._refresh(ASK_AGAIN_SECONDS)
        if self._directory is None:
            raise NotStored("the desks are not known yet", cure="send it again in a few seconds")
        return self._known.get(code)

    async def keep_fresh(self, stop: asyncio.Event) -> None:
        """Until `stop`, ask every second."""
        while not stop.is_set():
            await self._refresh(0.0)
            try:
                async with asyncio.timeout(REFRESH_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _refresh(self, at_most_every: float) -> None:
        async with self._lock:
            if time.monotonic() - self._asked_at < at_most_every:
                return
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._read)
            except Exception:
                log.exception("the directory could not be read; desks are known as before")
            self._asked_at = time.monotonic()

    def _read(self) -> None:
        with self._context.database.read() as db:
            directory = self._context.directory(db)
            if directory is self._directory:
                return
            tokens = views.hook_tokens(db, OPERATOR)
        self._known = {
            desk.code: HookDesk(
                desk=desk, connector=self._context.connector(desk), token_hash=tokens.get(desk.id)
            )
            for desk in filter(is_connected, directory.desks.values())
        }
        self._directory = directory
