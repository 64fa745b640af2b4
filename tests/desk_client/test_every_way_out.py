"""T6: every way that leads out of the gateway, as `gateway.app` wires it, against a canary on loopback that counts connections: odd
literals, names that lie, answers that point elsewhere. None reaches it; the same ways do once the operator allows it."""

import asyncio
import base64
import ipaddress
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gateway import app as wiring
from gateway.app import Gateway
from gateway.config import Settings
from gateway.connector import Effect, Exchange, Request
from gateway.desk_auth import Grant, origin_of
from gateway.desk_client import Credentials, GuardedTransport
from gateway.desk_client.agency import Errand
from gateway.desk_client.documents import Ask
from gateway.desk_client.messenger import Messenger
from gateway.desk_client.webhooks import Post
from gateway.domain.model import Desk, Receipt
from gateway.errors import InterdeskError
from gateway.export import documents, pages, paper
from gateway.testing import faults
from gateway.testing.fault_desk import FaultDesk
from tests.documents import CHECKOUT

BASIC = {"Authorization": f"Basic {base64.b64encode(b'u:p').decode()}"}
LITERALS = (
    *("127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"),
    *("017700000001", "0x7f.0x0.0x0.0x1", "127.0x0.00.1", "00000127.0.0.1", "0", "0.0.0.0", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.０.０.１"),
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "127.0.0.1.", "127.0.0.1.nip.example"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::80ff:fffe]", "[::ffff:0:127.0.0.1]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
    *("[fc00::1]", "[fd00:ec2::254]", "[100::1]", "[2001:db8::1]", "[5f00::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.170.2", "168.63.129.16", "100.100.100.200"),
    *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "metadata"),
    *("user:pw@127.0.0.1", "public.example@127.0.0.1", "127.0.0.1%00.example", "127.0.0.1#.example", "[::1%25lo]"),
)  # fmt: skip


class Canary:
    """Listens on every address of this machine and counts who connects."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self._counted = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                there, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            there.close()

    def close(self) -> None:
        """Wakes who waits in `accept`."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


def opened(folder: Path, port: int, *networks: str) -> Gateway:
    """An installation whose operator listed these networks, and the canary's port for https."""
    return wiring.open_gateway(
        Settings(data_dir=folder, allowed_networks=networks, allowed_ports=(443, port))
    )


def desk(url: str, *, private: bool) -> Desk:
    return Desk(
        id="dsk_1", code="p", org_id="org_1", connector="x", base_url=url, allow_private_network=private
    )


def reading(path: str = "/tickets/7", **more: Any) -> Exchange[str]:
    return (yield Request(effect=Effect.READ, method="GET", path=path, **more)).body.decode()


def writing() -> Exchange[Receipt]:
    yield Request(effect=Effect.WRITE, method="POST", path="/tickets", json={"a": 1})
    return Receipt(remote_id="1")


async def _read(gateway: Gateway, url: str, private: bool) -> object:
    async with gateway.desk_client() as client:
        return await client.ask(
            reading(), desk=desk(url, private=private), credentials=Credentials(origin=origin_of(url))
        )


async def _file(gateway: Gateway, url: str, private: bool) -> object:
    async with gateway.desk_client() as client:
        return await client.ask(
            reading("/file", receive_blob=True),
            desk=desk(url, private=private),
            credentials=Credentials(origin=origin_of(url)),
        )


async def _named(gateway: Gateway, url: str, private: bool) -> object:
    """A file that a desk names by its address; only to public ones, whatever the operator lists."""
    own = desk("https://desk.example", private=private)
    async with gateway.desk_client() as client:
        credentials = Credentials(origin=origin_of(own.base_url))
        return await client.ask(reading(url, receive_blob=True, bare=True), desk=own, credentials=credentials)


async def _desks_token(gateway: Gateway, url: str, private: bool) -> object:
    """Where a desk's settings say that its tokens are given."""
    grant = Grant(url=url, form="grant_type=client_credentials", authorization=BASIC["Authorization"])
    own = desk("https://desk.example", private=private)
    async with gateway.desk_client() as client:
        credentials = Credentials(origin=origin_of(own.base_url), grant=grant)
        return await client.ask(reading(), desk=own, credentials=credentials)


async def _write(gateway: Gateway, url: str, private: bool) -> object:
    async with gateway.desk_client() as client:
        verdict = await client.push(
            writing(), desk=desk(url, private=private), credentials=Credentials(origin=origin_of(url))
        )
        return verdict.message


async def _mail(gateway: Gateway, url: str, private: bool) -> object:
    there = "imaps" + url[url.index(":") :]
    async with gateway.desk_client() as client:
        credentials = Credentials(origin=origin_of(there), headers=BASIC)
        return await client.ask(reading("/"), desk=desk(there, private=private), credentials=credentials)


async def _webhook(gateway: Gateway, url: str, private: bool) -> object:
    """Of subscribers, and notifications to TMF621's listeners."""
    poster = gateway.poster()
    try:
        return await poster.post(
            Post(url=url, headers={}, body=b"{}", owner="o", allow_private_network=private)
        )
    finally:
        await poster.close()


async def _provider(gateway: Gateway, url: str, private: bool) -> object:
    """Metadata and keys of who says who somebody is."""
    _, known = gateway.identity()
    return await asyncio.to_thread(known.fetch, Ask(url=url, private_network=private))


async def _token(gateway: Gateway, url: str, private: bool) -> object:
    _, known = gateway.identity()
    return await asyncio.to_thread(known.fetch, Ask(url=url, form={"code": "x"}, private_network=private))


async def _agent(gateway: Gateway, url: str, private: bool) -> object:
    """A gateway asks an agent for another place than its desk's."""
    transport = GuardedTransport(policy=gateway._policy())
    own = Credentials(origin="https://desk.example:443", headers=BASIC)
    errand = Errand(desk_id="p", method="GET", url=url)
    brought = await Messenger(transport=transport, allow_private_network=private).carry(errand, own)
    await transport.aclose()
    return brought


Way = Callable[[Gateway, str, bool], Awaitable[object]]
WAYS: dict[str, Way] = {
    "a desk is read": _read,
    "a file is fetched": _file,
    "a file the desk names": _named,
    "a desk's token is fetched": _desks_token,
    "a desk is written to": _write,
    "a mailbox is read": _mail,
    "a webhook": _webhook,
    "a provider's metadata": _provider,
    "a token is fetched": _token,
    "an agent's errand": _agent,
}
DESKS = {name: way for name, way in WAYS.items() if way not in (_agent, _named)}
HTTP = {name: way for name, way in DESKS.items() if way is not _mail}


async def tried(way: Way, gateway: Gateway, url: str, *, private: bool) -> object:
    """What came of it, refusals among it. What is no refusal of ours is raised."""
    try:
        return await asyncio.wait_for(way(gateway, url, private), 10)
    except (InterdeskError, httpx.InvalidURL) as refusal:
        return refusal


def lying(answers: dict[str, list[list[str]]], otherwise: str) -> Callable[..., object]:
    """A resolver: a name's answers one after the other, the last for ever; whatever is no address is `otherwise`, as glibc reads
    odd literals."""

    def lookup(host: str, port: int, *_: object, **__: object) -> object:
        given = answers.get(host)
        found = (given.pop(0) if len(given) > 1 else given[0]) if given else [host]
        return [_row(one, port, otherwise) for one in found]

    return lookup


def _row(text: str, port: int, otherwise: str) -> tuple[object, ...]:
    """As the system's resolver would answer; it is not asked, for tests resolve no names."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = ipaddress.ip_address(otherwise)
    if address.version == 6:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port)


async def _all(way: Way, gateway: Gateway, port: int) -> list[str]:
    """What was neither refused nor impossible."""
    passed = []
    for number, literal in enumerate(LITERALS):
        url = f"{('https', 'http')[number % 2]}://{literal}:{port}/x"
        told = repr(await tried(way, gateway, url, private=True))
        if not any(
            word in told
            for word in (
                "refused",
                "no address",
                "another address",
                "cannot be sent",
                "no mail server",
                "InvalidURL",
            )
        ):
            passed.append(f"{url}: {told}")
    return passed


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_t6_no_literal_leads_to_this_machine(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """The desk asks for private networks; the operator listed none."""
    monkeypatch.setattr(socket, "getaddrinfo", lying({}, "127.0.0.1"))
    gateway = opened(tmp_path, canary.port)
    try:
        passed = asyncio.run(_all(way, gateway, canary.port))
    finally:
        gateway.close()
    assert canary.connections == 0
    assert len(LITERALS) >= 60
    assert passed == []


@pytest.mark.parametrize("way", DESKS.values(), ids=DESKS)
def test_t6_the_canary_hears_who_is_allowed(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    gateway = opened(tmp_path, canary.port, "127.0.0.0/8")
    try:
        asyncio.run(tried(way, gateway, f"http://127.0.0.1:{canary.port}/x", private=True))
    finally:
        gateway.close()
    assert canary.connections > 0


REBINDING = {
    "first allowed, then here": [["127.0.0.3"], ["127.0.0.1"]],
    "one allowed and one here": [["127.0.0.3", "127.0.0.1"]],
    "one here and one allowed": [["127.0.0.1", "127.0.0.3"]],
    "here in IPv6": [["127.0.0.3"], ["::1"]],
}


@pytest.mark.parametrize("way", DESKS.values(), ids=DESKS)
def test_t6_a_name_that_changes_its_address_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """The operator allows 127.0.0.3, where nobody listens, in place of the public internet."""
    guarded = Canary()
    port = guarded.port
    guarded.close()
    with socket.create_server(("127.0.0.1", port)) as here:
        here.settimeout(0)
        gateway = opened(tmp_path, port, "127.0.0.3/32")
        for answers in REBINDING.values():
            monkeypatch.setattr(
                socket,
                "getaddrinfo",
                lying({"desk.example": [list(one) for one in answers]}, "127.0.0.1"),
            )
            for _ in range(3):
                asyncio.run(tried(way, gateway, f"https://desk.example:{port}/x", private=True))
            monkeypatch.undo()
        gateway.close()
        with pytest.raises(BlockingIOError):
            here.accept()


@pytest.mark.parametrize("way", HTTP.values(), ids=HTTP)
def test_t6_no_answer_sends_us_elsewhere(tmp_path: Path, canary: Canary, way: Way) -> None:
    """Only 127.0.0.3 may be reached; it answers with the way to the canary."""

    async def run(gateway: Gateway) -> int:
        async with FaultDesk(host="127.0.0.3") as there:
            for code in (301, 302, 303, 307, 308):
                for place in (
                    f"http://127.0.0.1:{canary.port}/",
                    f"//localhost:{canary.port}/",
                    "http://169.254.169.254/latest",
                ):
                    there.plan(faults.status(code, location=place))
                    await tried(way, gateway, there.url + "/x", private=True)
            return len(there.received)

    gateway = opened(tmp_path, canary.port, "127.0.0.3/32")
    try:
        assert asyncio.run(run(gateway)) == 15
    finally:
        gateway.close()
    assert canary.connections == 0


def test_t6_paper_fetches_nothing(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"127.0.0.1:{canary.port}"
    page = (
        f"<html lang=en><head><title>t</title><link rel=stylesheet href='http://{here}/a.css'>"
        f"<style>@import url(http://{here}/b.css); @font-face {{font-family: x; src: url(http://{here}/c.ttf)}}</style></head>"
        f"<body style='background: url(http://{here}/d.png)'><img src='http://{here}/e.png' alt=e>"
        f"<img src='file:///etc/passwd' alt=f><object data='ftp://{here}/g'></object></body></html>"
    )
    monkeypatch.setattr(pages, "text", lambda *_, **__: page)
    monkeypatch.setattr(documents, "digest", lambda _report: "0" * 64)
    made = paper.printed(SimpleNamespace(sections=()), None)  # type: ignore[arg-type]
    assert made.startswith(b"%PDF")
    assert canary.connections == 0


OUTWARD = re.compile(
    r"^\s*(?:import|from) (httpx|aiohttp|requests|urllib(?!\.parse)|http\.client|socket|smtplib|imaplib|ftplib|aiosmtplib)\b",
    re.MULTILINE,
)
HOMES = {
    "gateway/desk_client/": "the guarded transport",
    "gateway/mail.py": "letters to the operator's own mail server, which the operator names",
    "gateway/client/wire.py": "a command speaks to a gateway that its user names",
    "gateway/testing/": "the other side of the wire",
    "gateway/cli/serve.py": "listens",
    "gateway/cli/demo/stage.py": "looks for a free port",
    "gateway/app.py": "the name of this machine",
}


def test_t6_nobody_else_opens_a_way() -> None:
    """Sockets are no import that contracts know; whoever takes one stands here with the reason."""
    taken = {
        path.relative_to(CHECKOUT).as_posix()
        for folder in ("gateway", "connectors")
        for path in (CHECKOUT / folder).rglob("*.py")
        if OUTWARD.search(path.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(taken) if not name.startswith(tuple(HOMES))] == []
    assert [home for home in HOMES if not any(name.startswith(home) for name in taken)] == []
