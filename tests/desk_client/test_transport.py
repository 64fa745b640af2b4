"""The guarded transport beneath a plain httpx client, as the other outbound doors use it."""

import asyncio

import httpx
import pytest

from gateway.desk_client import GuardedTransport, NetworkPolicy
from gateway.desk_client.connection import _promised_idle, request_head
from gateway.desk_client.trip import Broken, Trip
from gateway.errors import ConfigError, ConnectorFailed
from gateway.testing import faults
from tests.desk_client.conftest import LIMITS, Setting

EVERYTHING_LOCAL = NetworkPolicy.of(["127.0.0.0/8"])


def client(policy: NetworkPolicy = EVERYTHING_LOCAL) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=GuardedTransport(limits=LIMITS, policy=policy), trust_env=False)


def trusting() -> dict[str, Trip]:
    return {"trip": Trip(allow_private_network=True)}


@pytest.mark.anyio
async def test_a_client_of_httpx_works_over_it(setting: Setting) -> None:
    async with client() as http:
        for _ in range(3):
            answer = await http.post(
                f"{setting.faults.url}/tickets", json={"marker": "a"}, extensions=trusting()
            )
            assert answer.json()["marker"] == "a"
    assert setting.faults.connections == 1


@pytest.mark.anyio
async def test_without_a_trip_nothing_private_is_reached(setting: Setting) -> None:
    async with client() as http:
        with pytest.raises(ConfigError):
            await http.get(setting.faults.url)
    assert setting.faults.connections == 0


@pytest.mark.anyio
async def test_a_redirect_that_a_client_follows_passes_the_guard_again(setting: Setting) -> None:
    setting.faults.plan(faults.status(302, location=f"http://0.0.0.0:{setting.faults.port}/"))
    async with client() as http:
        with pytest.raises(ConfigError, match=r"0\.0\.0\.0"):
            await http.get(f"{setting.faults.url}/x", extensions=trusting(), follow_redirects=True)
    assert len(setting.faults.received) == 1


@pytest.mark.anyio
async def test_a_break_is_an_error_that_httpx_users_know(setting: Setting) -> None:
    setting.faults.plan(faults.read_then_reset())
    trip = Trip(allow_private_network=True)
    async with client() as http:
        with pytest.raises(httpx.TransportError) as raised:
            await http.get(f"{setting.faults.url}/x", extensions={"trip": trip})
    assert isinstance(raised.value, Broken)
    assert (trip.connected, trip.write_started, trip.answer_started) == (True, True, False)


@pytest.mark.anyio
async def test_a_body_without_a_length_is_not_sent(setting: Setting) -> None:
    async def pieces() -> object:
        yield b"x"

    async with client() as http:
        with pytest.raises(ConnectorFailed, match="length"):
            await http.post(f"{setting.faults.url}/x", content=pieces(), extensions=trusting())  # type: ignore[arg-type]
    assert not setting.faults.received


@pytest.mark.anyio
async def test_facts_without_a_connection(setting: Setting) -> None:
    setting.faults.refuse()
    trip = Trip(allow_private_network=True)
    async with client() as http:
        with pytest.raises(Broken):
            await http.get(f"{setting.faults.url}/x", extensions={"trip": trip})
    assert (trip.connected, trip.write_started) == (False, False)


@pytest.mark.anyio
async def test_closing_breaks_what_is_under_way(setting: Setting) -> None:
    setting.faults.plan(faults.silent())
    http = client()
    asked = asyncio.create_task(http.get(f"{setting.faults.url}/x", extensions=trusting()))
    await asyncio.sleep(0.05)
    await http.aclose()
    with pytest.raises(Broken):
        await asked


def head(**parts: object) -> bytes:
    given: dict[str, object] = {"method": "GET", "url": "https://desk.example/x", **parts}
    return request_head(httpx.Request(**given))  # type: ignore[arg-type]


def test_the_head_of_a_request() -> None:
    raw = head(url="https://desk.example/a%20b?q=1", headers={"X-One": "1"})
    assert raw.startswith(b"GET /a%20b?q=1 HTTP/1.1\r\nHost: desk.example\r\n")
    assert raw.endswith(b"X-One: 1\r\n\r\n")


SPLIT = {
    "a value": {"headers": [(b"x", b"a\r\nEvil: 1")]},
    "a line feed": {"headers": [(b"x", b"a\nEvil: 1")]},
    "a null": {"headers": [(b"x", b"a\0b")]},
    "a name": {"headers": [(b"x\r\nEvil", b"1")]},
    "a method": {"method": "GET /evil HTTP/1.1\r\nX:"},
}


@pytest.mark.parametrize("parts", SPLIT.values(), ids=SPLIT.keys())
def test_nothing_ends_a_line_early(parts: dict[str, object]) -> None:
    with pytest.raises(ConnectorFailed):
        head(**parts)


KEEP_ALIVE = {
    "nothing": ([], float("inf")),
    "a time-out": ([(b"keep-alive", b"timeout=5, max=100")], 4.0),
    "shouted": ([(b"keep-alive", b"max=100, Timeout = 15")], 14.0),
    "one second": ([(b"keep-alive", b"timeout=1")], 0.0),
    "junk": ([(b"keep-alive", b"timeout=soon")], float("inf")),
    "more digits than sense": ([(b"keep-alive", b"timeout=" + b"9" * 5000)], 999999998.0),
}


@pytest.mark.parametrize(("headers", "seconds"), KEEP_ALIVE.values(), ids=KEEP_ALIVE.keys())
def test_how_long_a_desk_keeps_a_connection(headers: list[tuple[bytes, bytes]], seconds: float) -> None:
    assert _promised_idle(headers) == seconds
