"""The way out: every address passes the guard, connections are kept briefly and never shared, TLS is verified."""

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.desk_client import Credentials, DeskClient, GuardedTransport, NetworkPolicy
from gateway.desk_client.pool import AddressRow, Resolver
from gateway.desk_client.trip import Trip
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.errors import ConfigError
from gateway.testing import fault_desk, faults
from gateway.testing.fault_desk import FaultDesk
from tests.desk_client.conftest import LIMITS, LOOPBACK, Setting, a_setting, asking, desk_at, pushing

pytestmark = pytest.mark.anyio


def rows(*addresses: str, port: int) -> Sequence[AddressRow]:
    return [
        (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))
        for text in addresses
    ]


def answering(*answers: tuple[str, ...]) -> Resolver:
    """A name server that gives these answers in turn, the last one for ever."""
    left = list(answers)

    def resolve(_: str, port: int) -> Sequence[AddressRow]:
        return rows(*(left.pop(0) if len(left) > 1 else left[0]), port=port)

    return resolve


async def get(
    transport: GuardedTransport, url: str, *, private: bool = True, owner: str = ""
) -> httpx.Response:
    trip = Trip(allow_private_network=private, owner=owner)
    request = httpx.Request("GET", url, extensions={"trip": trip})
    response = await transport.handle_async_request(request)
    await response.aread()
    await response.aclose()
    return response


@pytest.fixture
async def canary(anyio_backend: object) -> AsyncIterator[FaultDesk]:
    """Counts who knocks."""
    async with FaultDesk() as desk:
        yield desk


LITERALS = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"]


@pytest.mark.parametrize("host", LITERALS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_literal_of_this_machine_is_reached(canary: FaultDesk, host: str, scheme: str) -> None:
    transport = GuardedTransport(limits=LIMITS)
    with pytest.raises(ConfigError):
        await get(transport, f"{scheme}://{host}:{canary.port}/")
    await transport.aclose()
    assert canary.connections == 0


ODD_LITERALS = [
    *("2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "127.0.1", "017700000001", "0"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]"),
]

KNOCK = """
import asyncio, sys, httpx
from gateway.desk_client import GuardedTransport
from gateway.desk_client.trip import Trip
from gateway.errors import ConfigError

async def main():
    transport = GuardedTransport()
    for host in sys.argv[2:]:
        try:
            request = httpx.Request("GET", f"http://{host}:{sys.argv[1]}/", extensions={"trip": Trip()})
            await transport.handle_async_request(request)
        except (ConfigError, httpx.InvalidURL):
            print(host)
    await transport.aclose()

asyncio.run(main())
"""


async def test_no_odd_literal_of_this_machine_is_reached(canary: FaultDesk) -> None:
    """In a process of its own, whose resolver reads them as the system does (this one's answers for localhost alone)."""
    knock = [sys.executable, "-c", KNOCK, str(canary.port), *ODD_LITERALS]
    done = await asyncio.to_thread(subprocess.run, knock, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ODD_LITERALS, done.stderr
    assert canary.connections == 0


async def test_a_full_width_literal_is_no_way_in(canary: FaultDesk) -> None:
    transport = GuardedTransport(limits=LIMITS)
    with pytest.raises((ConfigError, httpx.InvalidURL, httpx.TransportError)):
        await get(transport, f"http://①②⑦.⓪.⓪.①:{canary.port}/")
    await transport.aclose()
    assert canary.connections == 0


async def test_a_private_address_among_public_ones_refuses_them_all(canary: FaultDesk) -> None:
    transport = GuardedTransport(resolver=answering(("8.8.8.8", "127.0.0.1")))
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        await get(transport, "https://desk.example/")
    await transport.aclose()
    assert canary.connections == 0


async def test_a_name_that_turns_private_is_refused_at_the_next_connection(anyio_backend: object) -> None:
    """Rebinding: 127.0.0.2 stands for the public address here, 127.0.0.1 for the private one."""
    policy = NetworkPolicy.of(["127.0.0.2/32"])
    async with FaultDesk(host="127.0.0.2") as public, FaultDesk(port=public.port) as private:
        transport = GuardedTransport(policy=policy, resolver=answering(("127.0.0.2",), ("127.0.0.1",)))
        public.plan(faults.status(200, connection="close"))
        assert (await get(transport, f"http://desk.example:{public.port}/")).status_code == 200
        with pytest.raises(ConfigError):
            await get(transport, f"http://desk.example:{public.port}/")
        await transport.aclose()
        assert (public.connections, private.connections) == (1, 0)


async def test_the_address_that_answered_the_check_is_the_one_connected_to(anyio_backend: object) -> None:
    """Resolved once per connection: a name server that changes its mind in between has no second say."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[AddressRow]:
        asked.append(host)
        return rows("127.0.0.2" if len(asked) == 1 else "127.0.0.1", port=port)

    async with FaultDesk(host="127.0.0.2") as public:
        transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.2/32"]), resolver=resolve)
        await get(transport, f"http://desk.example:{public.port}/")
        await transport.aclose()
    assert asked == ["desk.example"]


async def test_a_refused_address_parks_the_push_with_the_cure(canary: FaultDesk, setting: Setting) -> None:
    stranger = replace(setting.desk, base_url=canary.url, allow_private_network=False)
    credentials = replace(setting.credentials, origin=canary.url)
    verdict = await setting.client.push(pushing(), desk=stranger, credentials=credentials)
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.PERMANENT, Ground.CONFIG)
    assert "allow_private_network" in verdict.message
    with pytest.raises(ConfigError):
        await setting.client.ask(asking(), desk=stranger, credentials=credentials)
    assert canary.connections == 0


async def test_a_connection_of_a_trusted_desk_serves_no_other(setting: Setting) -> None:
    await setting.push()
    other = replace(setting.desk, id="dsk_2", allow_private_network=False)
    verdict = await setting.client.push(pushing(), desk=other, credentials=setting.credentials)
    assert verdict.reason is Ground.CONFIG
    twin = replace(setting.desk, id="dsk_3")
    assert (
        await setting.client.push(pushing(), desk=twin, credentials=setting.credentials)
    ).outcome is OutcomeClass.APPLIED
    assert setting.faults.connections == 2


async def test_redirects_are_answers(setting: Setting, canary: FaultDesk) -> None:
    setting.faults.plan(faults.status(307, location=f"{canary.url}/tickets"))
    verdict = await setting.push()
    assert verdict.reason is Ground.MOVED
    assert canary.connections == 0


async def test_no_proxy_is_taken_from_the_environment(
    setting: Setting, canary: FaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, canary.url)
    assert (await setting.push()).outcome is OutcomeClass.APPLIED
    assert canary.connections == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "file:///etc/passwd"])
async def test_other_schemes_and_names_in_the_address_are_refused(url: str) -> None:
    transport = GuardedTransport(policy=LOOPBACK)
    with pytest.raises(ConfigError):
        await get(transport, url)
    await transport.aclose()


async def test_a_name_that_does_not_resolve_is_tried_later(setting: Setting) -> None:
    desk = replace(setting.desk, base_url="http://nowhere.invalid")
    credentials = replace(setting.credentials, origin="http://nowhere.invalid:80")
    verdict = await setting.client.push(pushing(), desk=desk, credentials=credentials)
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE)
    assert "resolved" in verdict.message


async def test_a_dead_address_is_followed_by_the_next(setting: Setting) -> None:
    resolver = answering(("127.0.0.3", "127.0.0.1"))  # nobody listens at the first
    transport = GuardedTransport(policy=LOOPBACK, resolver=resolver)
    assert (await get(transport, f"http://desk.example:{setting.faults.port}/tickets/1")).status_code == 200
    await transport.aclose()


async def test_a_name_server_that_hangs_is_left_in_time(anyio_backend: object) -> None:
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(_: str, port: int) -> Sequence[AddressRow]:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        return rows("127.0.0.1", port=port)

    transport = GuardedTransport(limits=replace(LIMITS, connect=0.1), policy=LOOPBACK, resolver=hang)
    desk = desk_at("http://desk.example")
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
        origin = _credentials("http://desk.example:80")
        verdict = await client.push(pushing(), desk=desk, credentials=origin)
        released.set()
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE)


# keeping connections


async def test_a_connection_is_kept_and_used_again(setting: Setting) -> None:
    for _ in range(5):
        assert (await setting.push()).outcome is OutcomeClass.APPLIED
    assert setting.faults.connections == 1


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_connection_the_desk_closed_while_idle_is_not_written_to(tmp_path: Path, method: str) -> None:
    async with a_setting(tmp_path, faults=FaultDesk(idle=0.05)) as setting:
        for _ in range(4):
            assert (await setting.push(pushing(method))).outcome is OutcomeClass.APPLIED
            await asyncio.sleep(0.1)
        assert setting.faults.connections == len(setting.faults.received) == 4


async def test_a_close_that_the_loop_has_not_seen_yet_is_seen(setting: Setting) -> None:
    """The kernel knows before the event loop does."""
    setting.faults.plan(faults.says(fault_desk.message(200, b'{"id": "1"}')))
    assert (await setting.push()).outcome is OutcomeClass.APPLIED
    (connection,) = setting.client._wire.transport._pool._live  # type: ignore[attr-defined]
    for _ in range(100):  # until the FIN is here; nothing but this loop's turn could have told the connection
        if connection._readable() or not connection.open:
            break
        await asyncio.sleep(0.001)
    connection.open = True  # as if the loop had not had its turn
    assert (await setting.push()).outcome is OutcomeClass.APPLIED
    assert setting.faults.connections == len(setting.faults.received) == 2


async def test_words_on_an_idle_connection_answer_nothing(tmp_path: Path) -> None:
    parting = fault_desk.message(408, b"bye")
    async with a_setting(tmp_path, faults=FaultDesk(idle=0.05, parting=parting)) as setting:
        assert (await setting.push()).outcome is OutcomeClass.APPLIED
        await asyncio.sleep(0.1)
        assert (await setting.push()).outcome is OutcomeClass.APPLIED
        assert setting.faults.connections == 2


async def test_words_after_the_answer_spoil_the_connection(setting: Setting) -> None:
    whole = fault_desk.message(200, b'{"id": "1"}')
    setting.faults.plan(faults.says(whole + whole, then_close=False))
    assert (await setting.push()).outcome is OutcomeClass.APPLIED
    verdict = await setting.push()
    assert verdict.receipt
    assert setting.faults.connections == 2


LEFT_UNUSED = {
    "the desk says close": faults.status(200, b'{"id": "1"}', connection="close"),
    "the desk keeps it a second": faults.status(200, b'{"id": "1"}', keep_alive="timeout=1, max=9"),
}


@pytest.mark.parametrize("fault", LEFT_UNUSED.values(), ids=LEFT_UNUSED.keys())
async def test_a_connection_the_desk_gives_up_is_not_kept(setting: Setting, fault: fault_desk.Fault) -> None:
    setting.faults.plan(fault)
    await setting.push()
    await setting.push()
    assert setting.faults.connections == 2


async def test_a_connection_is_not_kept_longer_than_the_limit(tmp_path: Path) -> None:
    async with a_setting(tmp_path, replace(LIMITS, idle=0.05)) as setting:
        await setting.push()
        pool = setting.client._wire.transport._pool  # type: ignore[attr-defined]
        await asyncio.sleep(0.2)
        assert not pool._live
        assert not pool._kept
        await setting.push()
        assert setting.faults.connections == 2


async def test_many_at_once(setting: Setting) -> None:
    pushes = [setting.push(pushing("POST", f"m-{number}")) for number in range(100)]
    verdicts = await asyncio.gather(*pushes)
    assert {verdict.outcome for verdict in verdicts} == {OutcomeClass.APPLIED}
    assert set(setting.faults.count().values()) == {1}
    assert {verdict.receipt.marker for verdict in verdicts if verdict.receipt} == {
        f"m-{number}" for number in range(100)
    }


# TLS


def _credentials(origin: str) -> Credentials:
    return Credentials(origin=origin)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server context for `desk.example`, and the certificate that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk.example")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("desk.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


TLS = {
    "a known authority": ("desk.example", True, OutcomeClass.APPLIED),
    "an unknown authority": ("desk.example", False, OutcomeClass.NOT_APPLIED),
    "another name": ("other.example", True, OutcomeClass.NOT_APPLIED),
}


@pytest.mark.parametrize(("name", "known", "outcome"), TLS.values(), ids=TLS.keys())
async def test_names_and_chains_are_verified(
    authority: tuple[ssl.SSLContext, Path], name: str, known: bool, outcome: OutcomeClass
) -> None:
    server, certificate = authority
    tls = ssl.create_default_context(cafile=certificate) if known else None
    async with FaultDesk(tls=server) as desk:
        transport = GuardedTransport(policy=LOOPBACK, tls=tls, resolver=answering(("127.0.0.1",)))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            url = f"https://{name}:{desk.port}"
            for _ in range(2):
                verdict = await client.push(pushing(), desk=desk_at(url), credentials=_credentials(url))
                assert verdict.outcome is outcome, verdict.message
        assert len(desk.received) == (2 if outcome is OutcomeClass.APPLIED else 0)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_answer_cut_within_tls_is_a_doubt(
    authority: tuple[ssl.SSLContext, Path], method: str
) -> None:
    server, certificate = authority
    tls = ssl.create_default_context(cafile=certificate)
    async with FaultDesk(tls=server) as desk:
        transport = GuardedTransport(policy=LOOPBACK, tls=tls, resolver=answering(("127.0.0.1",)))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            url = f"https://desk.example:{desk.port}"
            for fault in (faults.cut(50), faults.cut(50, reset=True), faults.apply_then_drop()):
                desk.plan(fault)
                verdict = await client.push(pushing(method), desk=desk_at(url), credentials=_credentials(url))
                assert verdict.outcome is OutcomeClass.AMBIGUOUS
        assert len(desk.received) == len(desk.applied) == 3


async def test_plain_http_where_tls_is_due_applies_nothing(canary: FaultDesk, tmp_path: Path) -> None:
    async with a_setting(tmp_path, replace(LIMITS, connect=0.2)) as setting:
        url = canary.url.replace("http:", "https:")
        verdict = await setting.client.push(pushing(), desk=desk_at(url), credentials=_credentials(url))
        assert verdict.outcome is OutcomeClass.NOT_APPLIED
        assert not canary.received
