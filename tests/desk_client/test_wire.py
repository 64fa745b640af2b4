"""The wire over other transports: how unit tests inject one, and that it claims no more than such a one can know."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
import respx

from gateway.connector import Exchange
from gateway.desk_client import Credentials, DeskClient, PushTerms
from gateway.domain.model import Desk, Receipt
from gateway.domain.outcome import OutcomeClass, Verdict
from gateway.errors import LeaseLost
from tests.desk_client.conftest import pushing, read, write

DESK = Desk(id="dsk_1", code="partner", org_id="org_1", connector="x", base_url="https://desk.example")
CREDENTIALS = Credentials(origin="https://desk.example:443", headers={"Authorization": "Basic eDp5"})
Handler = Callable[[httpx.Request], httpx.Response]


def push(
    transport: httpx.AsyncBaseTransport,
    exchange: Exchange[Receipt] | None = None,
    terms: PushTerms | None = None,
) -> Verdict:
    async def once() -> Verdict:
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            return await client.push(exchange or pushing(), desk=DESK, credentials=CREDENTIALS, terms=terms)

    return asyncio.run(once())


def test_a_mock_transport_serves_unit_tests() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Basic eDp5"
        return httpx.Response(201, json={"id": "7", "marker": "m-1"})

    assert push(httpx.MockTransport(answer)).receipt == Receipt(remote_id="7", marker="m-1")


def test_a_respx_router_serves_unit_tests() -> None:
    router = respx.Router(assert_all_called=True)
    route = router.post("https://desk.example/tickets").respond(201, json={"id": "7"})
    assert push(httpx.MockTransport(router.async_handler)).outcome is OutcomeClass.APPLIED
    assert route.call_count == 1


BREAKS = [
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.ReadTimeout("x"),
    httpx.RemoteProtocolError("x"),
]


@pytest.mark.parametrize("error", BREAKS, ids=lambda error: type(error).__name__)
def test_no_exception_class_of_another_transport_proves_anything(error: httpx.TransportError) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    assert push(httpx.MockTransport(fail)).outcome is OutcomeClass.AMBIGUOUS


def test_before_the_write_nothing_is_in_doubt_over_any_transport() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("x")

    def reading_first() -> Exchange[Receipt]:
        yield read()
        yield write()
        raise AssertionError("answered by nobody")

    assert push(httpx.MockTransport(fail), reading_first()).outcome is OutcomeClass.NOT_APPLIED


def test_the_lease_is_asked_over_any_transport() -> None:
    def lost() -> None:
        raise LeaseLost("another worker has it")

    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    verdict = push(httpx.MockTransport(answer), terms=PushTerms(before_write=lost))
    assert verdict.outcome is OutcomeClass.ABANDONED
    assert not sent


def test_a_full_disk_of_ours_is_no_answer() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise OSError(28, "No space left on device")

    verdict = push(httpx.MockTransport(fail))
    assert verdict.outcome is OutcomeClass.AMBIGUOUS
    assert "No space left" in verdict.message
