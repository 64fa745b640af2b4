"""Access tokens towards a desk: asked for once, kept, renewed when they end or are refused; no secret goes anywhere else."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.connector import Effect, Exchange, Request
from gateway.desk_auth import Credentials, credentials_for, token_of
from gateway.desk_client import DeskClient
from gateway.domain.model import AuthKind, Desk, Receipt
from gateway.domain.model.change import replace
from gateway.domain.outcome import OutcomeClass
from gateway.errors import AnswerUnreadable, ConfigError, DeskDenied, DeskUnavailable
from gateway.registry import Registry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DESK = Desk(id="dsk_a", org_id="org_a", code="a", connector="loopback", base_url="https://desk.example/api")


class Partner(httpx.AsyncBaseTransport):
    """A desk and its issuer. `good`: the token it takes now; `says`: what the issuer answers instead of a token."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.wrote = 0
        self.given, self.good = 0, ""
        self.says: tuple[int, bytes] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/oauth/token":
            return self._issuer()
        if request.headers.get("authorization") != f"Bearer {self.good}":
            return httpx.Response(401, stream=httpx.ByteStream(b"{}"))
        self.wrote += request.method == "POST"
        return httpx.Response(200, stream=httpx.ByteStream(b'{"id": "7"}'))

    def _issuer(self) -> httpx.Response:
        if self.says is not None:
            return httpx.Response(self.says[0], stream=httpx.ByteStream(self.says[1]))
        self.given += 1
        self.good = f"token-{self.given}"
        told = f'{{"access_token": "{self.good}", "token_type": "Bearer", "expires_in": 900}}'
        return httpx.Response(200, stream=httpx.ByteStream(told.encode()))

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def credentials(**settings: str) -> Credentials:
    manifest = replace(Registry().manifest("loopback"), auth=(AuthKind(kind="oauth2_client_credentials"),))
    return credentials_for(
        replace(DESK, settings=settings), manifest, {"user": "cl:ient", "secret": "s&cret"}
    )


def reading() -> Exchange[str]:
    response = yield Request(effect=Effect.READ, method="GET", path="tickets")
    return str(response.json()["id"])


def writing() -> Exchange[Receipt]:
    response = yield Request(effect=Effect.WRITE, method="POST", path="tickets", json={})
    return Receipt(remote_id=response.json()["id"])


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.anyio
async def test_one_token_serves_until_shortly_before_its_end(partner: Partner, clock: Clock) -> None:
    async with DeskClient(now=clock, transport=partner) as client:
        for _ in range(3):
            assert (
                await client.ask(reading(), desk=DESK, credentials=credentials(scope="tickets:write")) == "7"
            )
        assert partner.given == 1
        clock.now += timedelta(seconds=871)
        await client.ask(reading(), desk=DESK, credentials=credentials(scope="tickets:write"))
    assert partner.paths() == ["/oauth/token", *["/api/tickets"] * 3, "/oauth/token", "/api/tickets"]
    first, second = partner.asked[0], partner.asked[1]
    pair = base64.b64encode(b"cl%3Aient:s%26cret").decode()
    assert first.headers["authorization"] == f"Basic {pair}"
    assert await first.aread() == b"grant_type=client_credentials&scope=tickets%3Awrite"
    assert second.headers["authorization"] == "Bearer token-1"


@pytest.mark.anyio
async def test_a_token_that_is_refused_is_renewed_once_and_nothing_is_written_twice(
    partner: Partner, clock: Clock
) -> None:
    async with DeskClient(now=clock, transport=partner) as client:
        await client.ask(reading(), desk=DESK, credentials=credentials())
        partner.good = "taken back"
        verdict = await client.push(writing(), desk=DESK, credentials=credentials())
        assert (verdict.outcome, partner.given, partner.wrote) == (OutcomeClass.APPLIED, 2, 1)
        partner.says = (200, b'{"access_token": "never good", "token_type": "mac"}')
        partner.good = "taken back"
        with pytest.raises(DeskUnavailable):
            await client.ask(reading(), desk=DESK, credentials=credentials())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "kind"), [(401, DeskDenied), (400, DeskDenied), (503, DeskUnavailable), (302, DeskUnavailable)]
)
async def test_an_issuer_that_gives_none(
    partner: Partner, clock: Clock, status: int, kind: type[Exception]
) -> None:
    partner.says = (status, b"{}")
    async with DeskClient(now=clock, transport=partner) as client:
        with pytest.raises(kind):
            await client.ask(reading(), desk=DESK, credentials=credentials())
        verdict = await client.push(writing(), desk=DESK, credentials=credentials())
    assert verdict.outcome is (OutcomeClass.AUTH if kind is DeskDenied else OutcomeClass.NOT_APPLIED)
    assert partner.wrote == 0


@pytest.mark.anyio
async def test_another_place_for_tokens_is_the_desks_setting(partner: Partner, clock: Clock) -> None:
    elsewhere = credentials(token_url="https://issuer.example/oauth/token")
    async with DeskClient(now=clock, transport=partner) as client:
        await client.ask(reading(), desk=DESK, credentials=elsewhere)
    assert [request.url.host for request in partner.asked] == ["issuer.example", "desk.example"]
    with pytest.raises(ConfigError):
        credentials(token_url="https://user:word@issuer.example/")
    assert "s&cret" not in repr(elsewhere)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"access_token": 7, "token_type": "Bearer"}',
        b'{"access_token": "a b", "token_type": "Bearer"}',
        b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer"}',
        b'{"access_token": "", "token_type": "Bearer"}',
        b'{"access_token": "a", "token_type": "Bearer", "expires_in": "soon"}',
        b'{"access_token": "a", "token_type": "Bearer", "expires_in": 1e999}',
    ],
)
def test_what_is_no_token(body: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        token_of(body)
