"""Which transport under httpx: requests a second and CPU a request, all candidates in one run against one stub.

    python -m tests.bench.transport [seconds per cell]

Carry the ratios, not the figures. Candidates that are not installed are left out.
"""

import asyncio
import contextlib
import importlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx
import uvloop

from gateway.connector import Effect, Exchange, Request
from gateway.desk_client import Credentials, DeskClient, GuardedTransport, NetworkPolicy
from gateway.desk_client.trip import Trip
from gateway.domain.model import Desk, Receipt

PAYLOAD = {"marker": "m", "title": "Printer on floor 3", "text": "x" * 1150}
LEVELS = (1, 16, 64)
Call = Callable[[], Awaitable[object]]
POLICY = NetworkPolicy.of(["127.0.0.0/8"])


def _push() -> Exchange[Receipt]:
    answer = yield Request(effect=Effect.WRITE, method="POST", path="/tickets", json=PAYLOAD)
    return Receipt(remote_id=answer.json()["id"])


@contextlib.asynccontextmanager
async def _httpx(url: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Call]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(transport=transport, limits=limits, trust_env=False, timeout=30)
    extensions = {"trip": Trip(allow_private_network=True)}
    async with client:
        yield lambda: client.post(f"{url}/tickets", json=PAYLOAD, extensions=extensions)


@contextlib.asynccontextmanager
async def _desk_client(url: str, transport: httpx.AsyncBaseTransport) -> AsyncIterator[Call]:
    desk = Desk(id="dsk_1", code="d", org_id="org_1", connector="x", base_url=url, allow_private_network=True)
    credentials = Credentials(origin=url, headers={"Authorization": "Basic eDp5"})
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
        yield lambda: client.push(_push(), desk=desk, credentials=credentials)


@contextlib.asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[Call]:
    aiohttp = importlib.import_module("aiohttp")

    async def call() -> None:
        async with session.post(f"{url}/tickets", json=PAYLOAD) as answer:
            await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield call


def _guarded() -> GuardedTransport:
    return GuardedTransport(policy=POLICY)


def _over_aiohttp() -> httpx.AsyncBaseTransport:
    transport: httpx.AsyncBaseTransport = importlib.import_module("httpx_aiohttp").AiohttpTransport()
    return transport


def _over_pyreqwest() -> httpx.AsyncBaseTransport:
    module = importlib.import_module("pyreqwest.compatibility.httpx")
    transport: httpx.AsyncBaseTransport = module.HttpxTransport()
    return transport


CANDIDATES: dict[str, Callable[[str], contextlib.AbstractAsyncContextManager[Call]]] = {
    "httpx, its own pool": _httpx,
    "httpx over aiohttp": lambda url: _httpx(url, _over_aiohttp()),
    "httpx over pyreqwest": lambda url: _httpx(url, _over_pyreqwest()),
    "httpx over ours": lambda url: _httpx(url, _guarded()),
    "aiohttp alone": _aiohttp,
    "DeskClient over httpx's pool": lambda url: _desk_client(url, httpx.AsyncHTTPTransport(trust_env=False)),
    "DeskClient over ours": lambda url: _desk_client(url, _guarded()),
}


async def _rate(call: Call, level: int, seconds: float) -> tuple[float, float]:
    """(requests a second, CPU microseconds a request) with `level` calls under way."""
    done = 0
    end = time.perf_counter() + seconds

    async def loop() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    await call()
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(loop() for _ in range(level)))
    return done / (time.perf_counter() - begun), (time.process_time() - cpu) / done * 1e6


async def _measure(url: str, seconds: float) -> None:
    rows: dict[str, list[tuple[float, float]]] = {}
    for name, candidate in CANDIDATES.items():
        try:
            async with candidate(url) as call:
                rows[name] = [await _rate(call, level, seconds) for level in LEVELS]
        except ModuleNotFoundError as error:
            print(f"{name}: left out ({error})")
    first = next(iter(rows.values()))
    print(f"{'':30}" + "".join(f"{f'{level} at once':>30}" for level in LEVELS))
    for name, cells in rows.items():
        shown = (
            f"{rate:8.0f}/s {cpu:6.0f} us CPU {rate / base:5.1f}x"
            for (rate, cpu), (base, _) in zip(cells, first, strict=True)
        )
        print(f"{name:30}" + "".join(f"{cell:>30}" for cell in shown))


def main() -> None:
    """Start the stub in a process of its own, measure, stop it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    command = [sys.executable, "-m", "tests.bench.stub"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdout
        assert stub.stdin
        try:
            port = stub.stdout.readline().strip()
            print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
            uvloop.run(_measure(f"http://127.0.0.1:{port}", seconds))
        finally:
            stub.stdin.close()


if __name__ == "__main__":
    main()
