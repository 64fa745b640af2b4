"""Pushes once to the desk whose URL is given, on the production loop; killed by a failpoint on the way."""

import asyncio
import sys
from datetime import UTC, datetime

import uvloop

from gateway.desk_client import Credentials, DeskClient, GuardedTransport
from tests.desk_client.conftest import LOOPBACK, desk_at, pushing


async def _push(url: str) -> None:
    transport = GuardedTransport(policy=LOOPBACK)
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
        await client.push(pushing(), desk=desk_at(url), credentials=Credentials(origin=url))
        await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(_push(sys.argv[1]))
