"""What the gateway's own wire makes of the same desks with nothing around it: 16 writes at once, again and again, from a
process of its own, as the gateway is one.

    python -m tests.bench.wire URL SECONDS          (prints {"calls/s", "CPU ms/call"} as JSON)
"""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from datetime import UTC, datetime

import orjson
import uvloop

from gateway.connector import Effect, Exchange, Request
from gateway.desk_client import Credentials, DeskClient, GuardedTransport, NetworkPolicy
from gateway.domain.model import Desk, Receipt
from tests.bench.desks import TEXT, serve
from tests.bench.length import Length
from tests.bench.path import Outside
from tests.bench.traffic import NEW

AT_ONCE = 16


async def alone(length: Length) -> dict[str, float]:
    """Calls a second and CPU a call, measured in another process against desks in this one."""
    server, url = await serve(Outside(turns=NEW).desks)
    command = [sys.executable, "-m", "tests.bench.wire", url, str(length.closed)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    told, _ = await process.communicate()
    server.close()
    if process.returncode:
        raise RuntimeError("the wire alone failed")
    figures: dict[str, float] = orjson.loads(told)
    return figures


async def measure(url: str, seconds: float) -> dict[str, float]:
    """In the process that calls."""
    desk = Desk(
        id="d", code="v0", org_id="o", connector="loopback", base_url=f"{url}/v0", allow_private_network=True
    )
    credentials = Credentials(origin=url, headers={"authorization": "Bearer bench-token"})
    done, cpu, end = 0, time.process_time(), time.perf_counter() + seconds

    async def loop(name: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await client.push(_write(f"m{done}-{name}"), desk=desk, credentials=credentials)
            done += 1

    transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
        await asyncio.gather(*(loop(name) for name in range(AT_ONCE)))
    return {"calls/s": done / seconds, "CPU ms/call": (time.process_time() - cpu) / done * 1000}


def _write(marker: str) -> Exchange[Receipt]:
    fields = {"title": "Till prints nothing", "description": TEXT, "marker": marker}
    answer = yield Request(effect=Effect.WRITE, method="POST", path="tickets", json={"fields": fields})
    return Receipt(remote_id=answer.json()["ticket"]["id"])


if __name__ == "__main__":
    print(orjson.dumps(uvloop.run(measure(sys.argv[1], float(sys.argv[2])))).decode())
