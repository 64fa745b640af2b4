"""The gateway's worker beside a test that waits for what it does."""

import asyncio
from threading import Thread

from gateway.app import Gateway


class Working:
    """The gateway's worker, in a thread with a loop of its own."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._run(),))

    async def _run(self) -> None:
        client = self._gateway.desk_client()
        try:
            await self._gateway.worker(client).run(self._stop)
        finally:
            await client.close()

    def __enter__(self) -> "Working":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._loop.close()
