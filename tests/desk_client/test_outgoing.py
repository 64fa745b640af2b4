"""What leaves: the address stays at the desk, credentials too, bodies arrive as they were given."""

import base64
import email
import email.policy
import hashlib
import json
from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from gateway.blobs import BlobStore
from gateway.connector import Effect, Embedded, Exchange, FilePart, Request
from gateway.desk_client import Credentials
from gateway.desk_client.outgoing import Outgoing
from gateway.desk_client.trip import Trip
from gateway.domain.model import Blob, Receipt
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.errors import ConfigError, ConnectorFailed, DeskUnavailable
from gateway.testing import faults
from tests.desk_client.conftest import Setting, desk_at

BIG = bytes(range(256)) * 4096 * 3 + b"tail"


def url_of(base: str, path: str, **more: object) -> str:
    outgoing = Outgoing(desk_at(base), Credentials(origin=_origin(base)), None)
    request = Request(effect=Effect.READ, method="GET", path=path, **more)  # type: ignore[arg-type]
    return str(outgoing.build(request, Trip()).url)


def _origin(base: str) -> str:
    return "https://desk.example:8443" if ":8443" in base else "https://desk.example:443"


ADDRESSES = {
    "relative": ("https://desk.example/rt", "REST/2.0/ticket/7", "https://desk.example/rt/REST/2.0/ticket/7"),
    "with a slash": ("https://desk.example/rt", "/REST/2.0", "https://desk.example/rt/REST/2.0"),
    "two slashes": ("https://desk.example/rt/", "//evil.example/x", "https://desk.example/rt/evil.example/x"),
    "absolute, at the desk": (
        "https://desk.example/rt",
        "https://desk.example/other?page=2",
        "https://desk.example/other?page=2",
    ),
    "absolute, the default port": (
        "https://desk.example",
        "https://DESK.example:443/x",
        "https://desk.example/x",
    ),
    "a query": ("https://desk.example", "x?a=1", "https://desk.example/x?a=1"),
    "dots in a query": ("https://desk.example", "x?a=../b", "https://desk.example/x?a=../b"),
    "dots in a name": ("https://desk.example", "file..txt", "https://desk.example/file..txt"),
    "a scheme without slashes": ("https://desk.example", "mailto:x", "https://desk.example/mailto:x"),
}


@pytest.mark.parametrize(("base", "path", "url"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_an_address(base: str, path: str, url: str) -> None:
    assert url_of(base, path) == url


def test_parameters_are_escaped_and_keep_their_order() -> None:
    url = url_of("https://desk.example", "x?a=1", params=[("q", "a b&c=д"), ("q", "2")])
    assert url.startswith("https://desk.example/x?a=1&q=")
    assert parse_qsl(url.partition("?")[2]) == [("a", "1"), ("q", "a b&c=д"), ("q", "2")]


ESCAPES = {
    "another host": "https://evil.example/x",
    "another port": "https://desk.example:8443/x",
    "another scheme": "http://desk.example/x",
    "a name before the host": "https://desk.example@evil.example/",
    "up": "../admin",
    "up, hidden": "a/%2e%2E/admin",
    "here": "./x",
    "a line break": "x\r\nHost: evil",
    "no port": "https://desk.example:x/",
}


@pytest.mark.parametrize("path", ESCAPES.values(), ids=ESCAPES.keys())
def test_no_request_leaves_the_desk(path: str) -> None:
    with pytest.raises((ConnectorFailed, ConfigError)):
        url_of("https://desk.example", path)


def test_credentials_of_another_origin_are_not_used() -> None:
    outgoing = Outgoing(desk_at("https://desk.example"), Credentials(origin="https://evil.example:443"), None)
    with pytest.raises(ConfigError, match="another origin"):
        outgoing.build(Request(effect=Effect.READ, method="GET", path="x"), Trip())


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection", "Expect"])
def test_framing_is_the_wires(name: str) -> None:
    outgoing = Outgoing(desk_at("https://desk.example"), Credentials(origin="https://desk.example:443"), None)
    with pytest.raises(ConnectorFailed, match=name.lower()):
        outgoing.build(Request(effect=Effect.READ, method="GET", path="x", headers={name: "1"}), Trip())


def sending(request: Request) -> Exchange[Receipt]:
    yield request
    return Receipt(remote_id="1")


def post(**body: object) -> Request:
    return Request(effect=Effect.WRITE, method="POST", path="/tickets", **body)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_the_headers_of_every_request(setting: Setting) -> None:
    await setting.push(sending(post(json={}, headers={"If-Match": '"3"', "Accept": "text/plain"})))
    headers = setting.faults.received[0].headers
    assert headers == {
        "host": f"127.0.0.1:{setting.faults.port}",
        "accept": "text/plain",
        "accept-encoding": "identity",
        "user-agent": "interdesk",
        "authorization": "Basic eDp5",
        "content-type": "application/json",
        "content-length": "2",
        "if-match": '"3"',
    }


BODIES: Mapping[str, tuple[dict[str, object], str, bytes]] = {
    "JSON": ({"json": {"a": "д", "b": None}}, "application/json", '{"a":"д","b":null}'.encode()),
    "a form": ({"form": {"a b": "c&d"}}, "application/x-www-form-urlencoded", b"a+b=c%26d"),
    "bytes": ({"content": b"\x00\xff", "headers": {"content-type": "x/y"}}, "x/y", b"\x00\xff"),
    "nothing": ({}, "", b""),
}


@pytest.mark.anyio
@pytest.mark.parametrize(("given", "kind", "body"), BODIES.values(), ids=BODIES.keys())
async def test_a_body(setting: Setting, given: dict[str, object], kind: str, body: bytes) -> None:
    assert (await setting.push(sending(post(**given)))).outcome is OutcomeClass.APPLIED
    received = setting.faults.received[0]
    assert (received.headers.get("content-type", ""), received.body) == (kind, body)
    assert received.headers["content-length"] == str(len(body))


UNSENDABLE = {
    "no JSON": {"json": object()},
    "a number too large": {"json": 1 << 70},
    "half a character": {"json": "\ud800"},
    "a header with a line break": {"headers": {"x": "a\r\nEvil: 1"}},
    "a header with a null": {"headers": {"x": "a\0"}},
    "a header that is no name": {"headers": {"x\r\nEvil": "1"}},
    "a file that is not there": {"blob": Blob(key="0" * 64, size=1, sha256="0" * 64)},
}


@pytest.mark.anyio
@pytest.mark.parametrize("given", UNSENDABLE.values(), ids=UNSENDABLE.keys())
async def test_what_cannot_be_sent_is_the_connectors_fault(
    setting: Setting, given: dict[str, object]
) -> None:
    verdict = await setting.push(sending(post(**given)))
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.PERMANENT, Ground.CONNECTOR), verdict.message
    assert not setting.faults.received


@pytest.mark.anyio
async def test_a_file_as_body(setting: Setting) -> None:
    blob = setting.blobs.put([BIG], limit=len(BIG))
    assert (await setting.push(sending(post(blob=blob)))).outcome is OutcomeClass.APPLIED
    assert hashlib.sha256(setting.faults.received[0].body).hexdigest() == blob.sha256


@pytest.mark.anyio
async def test_files_among_fields(setting: Setting) -> None:
    blob = setting.blobs.put([BIG], limit=len(BIG))
    empty = setting.blobs.put([], limit=0)
    name = 'фото "1"\r\n.jpg'
    files = [
        FilePart(name="Attachments", filename=name, media_type="image/jpeg", blob=blob),
        FilePart(name="Attachments", filename="empty", media_type="text/plain\r\nEvil: 1", blob=empty),
    ]
    await setting.push(sending(post(form={"JSON": '{"д": 1}'}, files=files)))
    received = setting.faults.received[0]
    raw = f"Content-Type: {received.headers['content-type']}\r\n\r\n".encode() + received.body
    parts = list(email.message_from_bytes(raw, policy=email.policy.HTTP).iter_parts())
    assert [part.get_payload(decode=True) for part in parts] == ['{"д": 1}'.encode(), BIG, b""]
    assert received.body.count('filename="фото %221%22%0D%0A.jpg"'.encode()) == 1
    assert b"\r\nEvil" not in received.body


@pytest.mark.anyio
async def test_a_file_that_shrank_ends_the_request_half_way(setting: Setting, tmp_path: Path) -> None:
    blob = setting.blobs.put([b"0123456789"], limit=10)
    lying = Blob(key=blob.key, size=11, sha256=blob.sha256)
    verdict = await setting.push(sending(post(blob=lying)))
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.AMBIGUOUS, Ground.CONNECTOR)
    assert not setting.faults.applied


@pytest.mark.anyio
async def test_a_desk_that_refuses_a_file_early_is_heard(setting: Setting) -> None:
    blob = setting.blobs.put([BIG * 4], limit=len(BIG) * 4)
    setting.faults.plan(faults.answers_early(413))
    verdict = await setting.push(sending(post(blob=blob)))
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.PERMANENT, Ground.TOO_LARGE)


@pytest.mark.anyio
async def test_a_desk_that_takes_no_more_bytes_is_left(hasty: Setting) -> None:
    blob = hasty.blobs.put([BIG * 4], limit=len(BIG) * 4)
    hasty.faults.plan(faults.stops_reading())
    verdict = await hasty.push(sending(post(blob=blob)))
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def downloading() -> Exchange[Blob]:
    answer = yield Request(effect=Effect.READ, method="GET", path="/tickets/7", receive_blob=True)
    assert answer.blob
    return answer.blob


@pytest.mark.anyio
async def test_a_file_comes_down_byte_by_byte_the_same(setting: Setting) -> None:
    setting.faults.plan(faults.status(200, BIG, content_type="image/jpeg"))
    blob = await setting.client.ask(downloading(), desk=setting.desk, credentials=setting.credentials)
    assert (blob.size, blob.sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert b"".join(setting.blobs.chunks(blob)) == BIG


@pytest.mark.anyio
async def test_half_a_file_is_not_kept(setting: Setting, tmp_path: Path) -> None:
    setting.faults.plan(faults.says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
    with pytest.raises(DeskUnavailable):
        await setting.client.ask(downloading(), desk=setting.desk, credentials=setting.credentials)
    assert files_in(tmp_path) == []


@pytest.mark.anyio
@pytest.mark.parametrize("size", [0, 1, 2, 3, 200_001])
async def test_a_file_within_json_is_base64_and_as_long_as_it_says(tmp_path: Path, size: int) -> None:
    blobs, data = BlobStore(tmp_path), bytes(range(256)) * (size // 256 + 1)
    with blobs.writer(limit=size + 1) as writer:
        writer.write(data[:size])
        kept = writer.commit()
    blob = Blob(key=kept.key, size=kept.size, sha256=kept.sha256)
    outgoing = Outgoing(
        desk_at("https://desk.example"), Credentials(origin="https://desk.example:443"), blobs
    )
    document = {"files": [{"name": "é", "content": Embedded(blob=blob)}], "after": 1}
    built = outgoing.build(Request(effect=Effect.WRITE, method="POST", path="x", json=document), Trip())
    assert isinstance(built.stream, AsyncIterable)
    body = b"".join([chunk async for chunk in built.stream])
    assert built.headers["content-length"] == str(len(body))
    told = json.loads(body)
    assert (told["after"], told["files"][0]["name"]) == (1, "é")
    assert base64.b64decode(told["files"][0]["content"]) == data[:size]


def test_a_file_within_json_must_be_in_the_store(tmp_path: Path) -> None:
    blob = Blob(key="0" * 64, size=1, sha256="0" * 64)
    outgoing = Outgoing(
        desk_at("https://desk.example"), Credentials(origin="https://desk.example:443"), BlobStore(tmp_path)
    )
    request = Request(effect=Effect.WRITE, method="POST", path="x", json={"content": Embedded(blob=blob)})
    with pytest.raises(ConnectorFailed):
        outgoing.build(request, Trip())
