"""Posts a loopback desk's webhooks: in order, a few tries each, then given up, as real desks do."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle

import httpx

from gateway.testing.loopback.hooks import Hook

TRIES = (0.0, 0.2, 1.0, 5.0)
"""Seconds before each try."""

LOOK_EVERY = 0.2
"""Seconds after which people's changes are noticed that nobody woke us for."""


class HookPoster:
    """Posts to one address, or to several in turn, each try to the next, as a load balancer would. `wake` says that
    something may be waiting; `failed` counts messages given up."""

    def __init__(self, url: str | Sequence[str], *, client: httpx.AsyncClient | None = None) -> None:
        self._urls = cycle([url] if isinstance(url, str) else url)
        self._client = client
        self._waiting = asyncio.Event()
        self.posted = 0
        self.failed = 0

    def wake(self) -> None:
        """Look for messages now (from the server's own thread)."""
        self._waiting.set()

    async def run(self, drain: Callable[[], list[Hook]]) -> None:
        """Post whatever `drain` hands out, until cancelled."""
        async with self._client or httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                for hook in drain():
                    await self._post(client, hook)
                self._waiting.clear()
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._waiting.wait()
                except TimeoutError:
                    continue

    async def _post(self, client: httpx.AsyncClient, hook: Hook) -> None:
        for pause in TRIES:
            await asyncio.sleep(pause)
            try:
                answer = await client.post(next(self._urls), content=hook.body, headers=dict(hook.headers))
            except httpx.HTTPError:
                continue
            if answer.is_success:
                self.posted += 1
                return
        self.failed += 1
