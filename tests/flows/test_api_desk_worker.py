"""The whole way with nothing replaced: a stock HTTP client pushes a TMF621 ticket, a real worker carries it over desks on HTTP to
vendor and partner and back, and a real listener is told of every step."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx

from gateway import app as wiring
from gateway.app import Gateway, utc_now
from gateway.desk_client.webhooks import Post
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors

T = TypeVar("T")
PARTY = """
organizations:
  - {code: big, name: Big Stores}
desks:
  - {code: big, organization: big, connector: api_desk, allow_private_network: true}
links:
  - code: big-north
    upstream: big
    downstream: north
    passes: {when: {field: category, value: incident}}
    parent_means: {pending: pending}
    create: {queue: Field}
"""
TMF = "/tmf-api/troubleTicket/v5"
DATA = bytes(range(256)) * 8


class Listener:
    """A listener on a socket of its own. The first events are refused: they come again."""

    def __init__(self, refusals: int) -> None:
        self.heard: list[dict[str, Any]] = []
        heard, left = self.heard, [refusals]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                left[0] -= 1
                if left[0] < 0:
                    heard.append(json.loads(body))
                self.send_response(503 if left[0] >= 0 else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/told"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def kinds(self) -> list[str]:
        return [told["eventType"].removeprefix("TroubleTicket").removesuffix("Event") for told in self.heard]


async def until(look: Callable[[], T | None], within: float = 40) -> T:
    """What is looked for, as soon as it is there."""
    async with asyncio.timeout(within):
        while (found := await asyncio.to_thread(look)) is None:  # noqa: ASYNC110 - another thread's database
            await asyncio.sleep(0.05)
        return found


def test_a_pushed_ticket_runs_the_whole_chain(tmp_path: Path) -> None:
    token = house.SECRETS
    north = LoopbackDesk(
        PLAIN, clock=utc_now, token=token["NORTH_TOKEN"], hook_secret=house.HOOK_SECRET.encode()
    )
    south = LoopbackDesk(PLAIN, clock=utc_now, token=token["SOUTH_TOKEN"], seed=7)
    with (
        LoopbackServer(north) as above,
        LoopbackServer(south) as below,
        house.installed(tmp_path, north=above.url, south=below.url) as gateway,
    ):
        file = tmp_path / "party.yaml"
        file.write_text(PARTY, encoding="utf-8")
        apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="test", now=utc_now())
        asyncio.run(_worked(gateway, north, south))


async def _worked(gateway: Gateway, north: LoopbackDesk, south: LoopbackDesk) -> None:
    stop, client = asyncio.Event(), gateway.desk_client()
    working = asyncio.create_task(gateway.worker(client).run(stop))
    try:
        with Doors(gateway) as doors, Listener(refusals=1) as listener:
            headers = house.key(gateway, "big")
            where = f"http://127.0.0.1:{doors.port}"
            async with httpx.AsyncClient(base_url=where, headers=headers, trust_env=False) as http:
                await _played(gateway, (north, south), http, listener)
    finally:
        stop.set()
        await working
        await client.close()


async def _played(
    gateway: Gateway, desks: tuple[LoopbackDesk, LoopbackDesk], http: httpx.AsyncClient, listener: Listener
) -> None:
    north, south = desks
    hub = await http.post(f"{TMF}/hub", json={"callback": listener.url, "query": "", "@type": "Hub"})
    assert (hub.status_code, hub.headers["location"]) == (201, hub.json()["href"])
    photo = {"name": "till.bin", "mimeType": "image/x-till", "content": base64.b64encode(DATA).decode()}
    sent = {
        "@type": "TroubleTicket", "description": "Till 7 is dead", "severity": "Critical", "ticketType": "incident",
        "externalIdentifier": [{"owner": "Big", "id": "INC-7", "@type": "ExternalIdentifier"}],
        "note": [{"author": "Ann", "text": "Cash only", "@type": "Note"}], "attachment": [photo], "mood": ["calm"],
    }  # fmt: skip
    made = await http.post(f"{TMF}/troubleTicket", json=sent)
    assert made.status_code == 201
    href = made.json()["href"]
    again = await http.post(f"{TMF}/troubleTicket", json=sent)
    assert again.json()["id"] == made.json()["id"]

    at_partner = await until(lambda: next(iter(south.tickets()), None))
    assert at_partner["fields"]["title"] == "Till 7 is dead"
    await until(lambda: (south.tickets()[0]["attachments"] and south.tickets()[0]["comments"]) or None)
    assert "Cash only" in south.tickets()[0]["comments"][0]["text"]
    vendor = north.person("vera")
    vendor.set("1", "status", "open")
    vendor.comment("1", "Which till?")
    vendor.set("1", "status", "waiting")
    told = await _shows(gateway, north, http, href, "pending")
    assert any("Which till?" in note["text"] for note in told["note"])

    answer = {"note": [{"author": "Ann", "text": "Till 7, by the door"}]}
    await http.patch(href, json=answer, headers={"content-type": "application/merge-patch+json"})
    await until(lambda: (north.tickets()[0]["fields"]["status"] == "open") or None)
    vendor.attach("1", "report.pdf", b"%PDF-1.7 done")
    vendor.set("1", "status", "solved")
    told = await _shows(gateway, north, http, href, "resolved")
    closed = await http.post(f"{href}/close")
    assert closed.status_code == 204
    await until(lambda: (north.tickets()[0]["fields"]["status"] == "closed") or None)
    await _read_back(http, href, sent)
    await until(lambda: (listener.kinds()[-1:] == ["StatusChange"] and _last(listener) == "closed") or None)
    _judge(listener)
    assert (await http.delete(hub.headers["location"])).status_code == 204
    assert (await http.get(hub.headers["location"])).status_code == 404


async def _shows(
    gateway: Gateway, north: LoopbackDesk, http: httpx.AsyncClient, href: str, status: str
) -> dict[str, Any]:
    """The ticket as soon as it has that status."""
    await asyncio.to_thread(house.hear, gateway, north, "north")
    async with asyncio.timeout(40):
        while (told := (await http.get(href)).json())["status"] != status:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.05)
    found: dict[str, Any] = told
    return found


async def _read_back(http: httpx.AsyncClient, href: str, sent: dict[str, Any]) -> None:
    """Every state, note and file by the standard's GET."""
    told = (await http.get(href)).json()
    words = [one["status"] for one in told["statusChangeHistory"]]
    assert words == ["acknowledged", "inProgress", "pending", "inProgress", "resolved", "closed"]
    kept = ("description", "severity", "ticketType", "externalIdentifier", "mood")
    assert {name: told[name] for name in kept} == {name: sent[name] for name in kept}
    said = [note["text"] for note in told["note"]]
    assert (said[0], "Till 7, by the door" in said) == ("Cash only", True)
    files = {one["name"]: (await http.get(one["url"])).content for one in told["attachment"]}
    assert files == {"till.bin": DATA, "report.pdf": b"%PDF-1.7 done"}


def _last(listener: Listener) -> str:
    return str(listener.heard[-1]["event"]["troubleTicket"].get("status"))


def _judge(listener: Listener) -> None:
    """In order, none lost though the first was refused, none of the party's own notes."""
    kinds = listener.kinds()
    assert kinds[0] == "Create"
    told = [one["event"]["troubleTicket"] for one in listener.heard]
    moves = [one["status"] for kind, one in zip(kinds, told, strict=True) if kind == "StatusChange"]
    assert moves == ["inProgress", "pending", "inProgress", "resolved", "closed"]
    assert (kinds.count("Resolved"), kinds.count("InformationRequired")) == (1, 1)
    changed = [one for kind, one in zip(kinds, told, strict=True) if kind == "AttributeValueChange"]
    assert any("Which till?" in note["text"] for one in changed for note in one.get("note", ()))
    assert len({one["eventId"] for one in listener.heard}) == len(listener.heard)


def test_a_listener_in_a_private_network_that_nobody_allowed_is_never_asked(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway, Listener(refusals=0) as listener:
        strict = wiring.open_gateway(house.settings(tmp_path).model_copy(update={"allowed_networks": ()}))
        try:

            async def asked() -> Any:
                poster = strict.poster()
                post = Post(url=listener.url, headers={}, body=b"{}", owner="x", allow_private_network=True)
                try:
                    return await poster.post(post)
                finally:
                    await poster.close()

            heard = asyncio.run(asked())
        finally:
            strict.close()
        assert (heard.status, heard.refused, listener.heard) == (None, True, [])
        assert gateway.database.is_sqlite
