"""The whole way with nothing replaced: a real worker, desks over HTTP, mail over SMTP, a browser's POST."""

import asyncio
import http.client
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway import app as wiring
from gateway.app import Gateway, utc_now
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house, portal
from tests.api.house import Doors
from tests.smtp import MailServer, mail_server

T = TypeVar("T")
LINK = """
links:
  - {code: north-quick, upstream: north, downstream: quick, passes: {when: {field: queue, value: Quick}}}
"""


async def until(look: Callable[[], T | None], within: float = 30) -> T:
    """What is looked for, as soon as it is there."""
    async with asyncio.timeout(within):
        while (found := await asyncio.to_thread(look)) is None:  # noqa: ASYNC110 - another thread's database
            await asyncio.sleep(0.05)
        return found


def post(port: int, path: str, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, body=body, headers={"content-type": "application/x-www-form-urlencoded"})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def status_of(gateway: Gateway) -> str:
    with gateway.database.read() as db:
        [found] = views.tickets(db, Scope.operator(), limit=1)
    return next((str(hop["status"]) for hop in found["hops"] if hop["desk"] == "quick"), "")


def test_a_mailed_link_accepts_an_offer_and_the_other_desk_reads_of_it(tmp_path: Path) -> None:
    asyncio.run(_scene(tmp_path))


async def _scene(folder: Path) -> None:
    desk = LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS["NORTH_TOKEN"])
    with LoopbackServer(desk) as live, house.installed(folder, north=live.url) as gateway:
        portal.furnish(gateway, folder)
        file = folder / "link.yaml"
        file.write_text(LINK, encoding="utf-8")
        apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="test", now=utc_now())
        async with mail_server() as mail:
            await _played(folder, desk, mail)


async def _played(folder: Path, desk: LoopbackDesk, mail: MailServer) -> None:
    posting = {"smtp_url": f"smtp://127.0.0.1:{mail.port}", "mail_from": "gw@north.example"}
    own = wiring.open_gateway(house.settings(folder, **posting))
    stop, client = asyncio.Event(), own.desk_client()
    working = asyncio.create_task(own.worker(client).run(stop))
    try:
        number = await asyncio.to_thread(
            desk.person("ann").open, "The till is dead", "No light", queue="Quick"
        )
        house.hear(own, desk, "north")
        letter = await until(lambda: mail.taken[0] if mail.taken else None)
        text = letter.get_payload(decode=True)
        assert isinstance(text, bytes)
        [path] = re.findall(r"Accettare l'incarico:\s+http://[^/]+(/portal/\S+)", text.decode())
        with Doors(own) as doors:
            assert await asyncio.to_thread(post, doors.port, path, b"by=Mauro+Rossi") == 200
            assert await asyncio.to_thread(post, doors.port, path, b"by=Mauro+Rossi") == 410
        await until(lambda: status_of(own) == "accepted" or None)
        told = await until(lambda: next(iter(desk.tickets()[0]["comments"]), None))
        assert "Quick Hands accepted" in told["text"]
        assert number == desk.tickets()[0]["id"]
    finally:
        stop.set()
        await working
        await client.close()
        own.close()
