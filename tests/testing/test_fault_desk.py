"""The fault desk itself: it counts what it reads, applies what it says it applies, and breaks as it promises."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from gateway.testing import faults
from gateway.testing.fault_desk import Fault, FaultDesk, message, told

POST = b'POST /tickets HTTP/1.1\r\nContent-Length: 15\r\n\r\n{"marker": "m"}'
WHOLE = told({"id": "1", "marker": "m"})


async def talk(desk: FaultDesk, *requests: bytes) -> bytes:
    """Everything the desk says on one connection; b"RST" at the end for a reset."""
    reader, writer = await asyncio.open_connection(desk.host, desk.port)
    said = b""
    try:
        for request in requests:
            writer.write(request)
        while piece := await asyncio.wait_for(reader.read(65536), 0.2):
            said += piece
    except ConnectionResetError:
        said += b"RST"
    except TimeoutError:
        said += b"..."
    finally:
        writer.close()
    return said


def at_a_desk(act: Callable[[FaultDesk], Awaitable[None]], *planned: Fault) -> FaultDesk:
    desk = FaultDesk()

    async def play() -> None:
        async with desk:
            desk.plan(*planned)
            await act(desk)

    asyncio.run(play())
    return desk


# fault → what is said, how many requests were read, how many applied
FAULTS = {
    "none": ((), WHOLE + b"...", 1, 1),
    "read then close": ((faults.read_then_close(),), b"", 1, 0),
    "read then reset": ((faults.read_then_reset(),), b"RST", 1, 0),
    "apply then drop": ((faults.apply_then_drop(),), b"RST", 1, 1),
    "drop then apply": ((faults.drop_then_apply(0.0),), b"RST", 1, 1),
    "silent": ((faults.silent(),), b"...", 1, 1),
    "cut": ((faults.cut(9),), WHOLE[:9], 1, 1),
    "cut by reset": ((faults.cut(9, reset=True),), WHOLE[:9] + b"RST", 1, 1),
    "drip": ((faults.drip(0.0),), WHOLE + b"...", 1, 1),
    "status": ((faults.status(503, retry_after="5"),), message(503, retry_after="5") + b"...", 1, 0),
    "wrong id": ((faults.wrong_id(),), told({"id": "999999", "marker": "not-ours"}) + b"...", 1, 1),
}


@pytest.mark.parametrize(("planned", "said", "read", "applied"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault(planned: tuple[Fault, ...], said: bytes, read: int, applied: int) -> None:
    heard: list[bytes] = []

    async def once(desk: FaultDesk) -> None:
        heard.append(await talk(desk, POST))
        await asyncio.sleep(0.02)

    desk = at_a_desk(once, *planned)
    assert heard == [said]
    assert (len(desk.received), len(desk.applied)) == (read, applied)


def test_closed_before_anything_is_read() -> None:
    heard: list[bytes] = []

    async def knock(desk: FaultDesk) -> None:
        heard.append(await talk(desk))

    desk = at_a_desk(knock, faults.close_at_once())
    assert heard == [b""]
    assert (desk.connections, desk.received) == (1, [])


def test_a_resend_shows() -> None:
    async def twice(desk: FaultDesk) -> None:
        await talk(desk, POST, POST)
        await talk(desk, POST)

    desk = at_a_desk(twice)
    assert desk.count() == {("POST", "/tickets", "m"): 3}
    assert [request.connection for request in desk.received] == [1, 1, 2]
    assert len(desk.tickets) == 3


def test_a_ticket_is_made_changed_and_shown() -> None:
    heard: list[bytes] = []

    async def story(desk: FaultDesk) -> None:
        await talk(desk, POST)
        await talk(desk, POST.replace(b"POST /tickets", b"PUT /tickets/1").replace(b'"m"', b'"n"'))
        heard.append(await talk(desk, b"GET /tickets/1 HTTP/1.1\r\n\r\n"))

    at_a_desk(story)
    body = heard[0].removesuffix(b"...").partition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"id": "1", "marker": "n"}


def test_faults_come_in_order_and_end() -> None:
    heard: list[bytes] = []

    async def three(desk: FaultDesk) -> None:
        heard.extend([(await talk(desk, POST))[:12] for _ in range(3)])

    at_a_desk(three, faults.status(500), faults.status(429))
    assert heard == [b"HTTP/1.1 500", b"HTTP/1.1 429", b"HTTP/1.1 200"]
