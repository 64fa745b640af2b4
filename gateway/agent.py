"""The agent of desks that nobody can dial in to (`interdesk agent`): it comes to the gateway by itself, makes the requests that wait
there at its own desks, with credentials that never leave it, and brings the answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.client import Interdesk
from gateway.desk_auth import Credentials
from gateway.desk_client.agency import Brought, document_of, errand_from
from gateway.desk_client.messenger import Messenger
from gateway.errors import GatewayAway, InterdeskError

WAIT = 10.0
"""Seconds the gateway is asked to wait for something to do."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries to reach a gateway that is away; the last one again and again."""
BRING_FOR = 60.0
"""Nobody waits longer for an answer."""


@dataclass(kw_only=True)
class Agent:
    """`desks`: code → credentials. `say` tells the person who runs it."""

    gateway: Interdesk
    messenger: Messenger
    desks: Mapping[str, Credentials]
    say: Callable[[str], None]
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what is under way then is brought home first. Raises what the gateway refuses."""
        failed = 0
        while not stop.is_set():
            try:
                errands = await asyncio.to_thread(self.gateway.errands, list(self.desks), wait=WAIT)
            except GatewayAway as error:
                self.say(f"{error}; trying again")
                await _pause(stop, PAUSES[min(failed, len(PAUSES) - 1)])
                failed += 1
                continue
            if failed:
                self.say("the gateway is back")
            failed = 0
            self._begin(errands)
        await asyncio.gather(*self._under_way, return_exceptions=True)  # `_ended` tells of each

    def _begin(self, errands: Sequence[Mapping[str, Any]]) -> None:
        for one in errands:
            task = asyncio.create_task(self._run(one))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Whatever an errand fails with is told; the gateway finds it in doubt."""
        self._under_way.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.say(f"a request failed: {type(error).__name__}: {error}")

    async def _run(self, document: Mapping[str, Any]) -> None:
        errand = errand_from(document)
        brought = await self.messenger.carry(errand, self.desks[errand.desk_id])
        if brought.status is None:
            self.say(f"{errand.desk_id}: {errand.method} {errand.url}: {brought.detail}")
        await self._bring(document["id"], brought)

    async def _bring(self, errand_id: str, brought: Brought) -> None:
        until = asyncio.get_running_loop().time() + BRING_FOR
        while True:
            try:
                await asyncio.to_thread(self.gateway.bring, errand_id, document_of(brought), brought.body)
            except GatewayAway as error:
                if asyncio.get_running_loop().time() > until:
                    self.say(f"an answer could not be brought: {error}")
                    return
                await asyncio.sleep(1)
            except InterdeskError as error:
                self.say(f"an answer was refused: {error}")
                return
            else:
                return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
