"""Two gateways, each with a desk of its own, share tickets with each other: real workers, real doors, nothing replaced."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gateway import app as wiring
from gateway.app import Gateway, utc_now
from gateway.domain.ticket_sharing import Standing
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.flows.ticket_sharing import agreements
from gateway.flows.ticket_sharing.agreements import Call, Step
from gateway.installation.reading import read
from gateway.store import views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors

T = TypeVar("T")
PARTNER = """
organizations:
  - {code: zen, name: Zen}
desks:
  - {code: zen, organization: zen, connector: nhd, base_url: "%s", allow_private_network: true, poll_every: 1h, profile: {to_verify: solved}}
links:
  - {code: crossing, %s, crosses: {fields_down: [title, description], fields_up: []}}
"""
HOUSE = house.UNLINKED.partition("  - code: south")[0]
ABOVE = "upstream: north, downstream: zen, passes: {when: {field: queue, value: Field}}"
BELOW = "upstream: zen, downstream: north, passes: {when: {field: status, value: new}}"


@dataclass(frozen=True, kw_only=True)
class Half:
    """One gateway with the loopback desk `north` of its own."""

    gateway: Gateway
    doors: Doors
    desk: LoopbackDesk
    folder: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.doors.port}"

    def befriend(self, other: "Half", link: str) -> None:
        """Make the other gateway's desk known."""
        file = self.folder / "partner.yaml"
        file.write_text(PARTNER % (f"{other.address}/sharing/zen", link), encoding="utf-8")
        apply(self.gateway.context, read(file), Terms(vault=self.gateway.vault), actor="t", now=utc_now())

    async def step(self, flow: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
        async with self.gateway.desk_client() as client:
            call = Call(client=client, address=self.address)
            step = Step(desk="zen", actor="test", now=utc_now())
            return await flow(self.gateway.context, call, step, *args, **more)


async def until(look: Callable[[], T | None], within: float = 30) -> T:
    """What is looked for, as soon as it is there."""
    async with asyncio.timeout(within):
        while not (found := await asyncio.to_thread(look)):  # noqa: ASYNC110 - another thread's database
            await asyncio.sleep(0.05)
        return found


def half(stack: ExitStack, folder: Path) -> Half:
    folder.mkdir()
    desk = LoopbackDesk(
        PLAIN, clock=utc_now, token=house.SECRETS["NORTH_TOKEN"], hook_secret=house.HOOK_SECRET.encode()
    )
    live = stack.enter_context(LoopbackServer(desk))
    gateway = stack.enter_context(house.installed(folder, said=HOUSE, north=live.url))
    doors = stack.enter_context(Doors(gateway))
    return Half(gateway=gateway, doors=doors, desk=desk, folder=folder)


def ticket(desk: LoopbackDesk) -> dict[str, Any] | None:
    return next((dict(one) for one in desk.tickets()), None)


def said(desk: LoopbackDesk) -> str:
    return " | ".join(one["text"] for one in (ticket(desk) or {"comments": []})["comments"])


def test_a_ticket_goes_down_over_ticket_sharing_and_comes_back(tmp_path: Path) -> None:
    with ExitStack() as stack:
        above, below = (half(stack, tmp_path / name) for name in ("above", "below"))
        asyncio.run(_scene(above, below))


async def _scene(above: Half, below: Half) -> None:
    above.befriend(below, ABOVE)
    below.befriend(above, BELOW)
    made = await above.step(agreements.invite, name="Interdesk")
    await below.step(agreements.answer, Standing.ACCEPTED)
    held = {one.uuid: one.standing for one, _ in agreements.listed(above.gateway.context)}
    assert held == {made.uuid: Standing.ACCEPTED}
    owns = [wiring.open_gateway(house.settings(one.folder, public_url=one.address)) for one in (above, below)]
    stop, clients = asyncio.Event(), [own.desk_client() for own in owns]
    working = [
        asyncio.create_task(own.worker(client).run(stop)) for own, client in zip(owns, clients, strict=True)
    ]
    try:
        await _there_and_back(above, below)
    finally:
        stop.set()
        await asyncio.gather(*working)
        for own, client in zip(owns, clients, strict=True):
            await client.close()
            own.close()


async def _there_and_back(above: Half, below: Half) -> None:
    ann, bo = above.desk.person("ann"), below.desk.person("bo")
    number = await asyncio.to_thread(ann.open, "The till is dead", "No light", queue="Field")
    await asyncio.to_thread(house.hear, above.gateway, above.desk, "north")
    down = await until(lambda: ticket(below.desk))
    shown = down["fields"]
    assert (shown["title"], shown["description"]) == ("The till is dead", "No light")
    await asyncio.to_thread(bo.set, down["id"], "status", "open")
    await asyncio.to_thread(bo.comment, down["id"], "On my way.")
    await asyncio.to_thread(bo.comment, down["id"], "the-safe-code-is-4711", public=False)
    await asyncio.to_thread(house.hear, below.gateway, below.desk, "north")
    await until(lambda: "On my way." in said(above.desk) or None)
    await asyncio.to_thread(ann.comment, number, "Thank you.")
    await asyncio.to_thread(house.hear, above.gateway, above.desk, "north")
    await until(lambda: "Thank you." in said(below.desk) or None)
    await asyncio.to_thread(bo.set, down["id"], "status", "solved")
    await asyncio.to_thread(house.hear, below.gateway, below.desk, "north")
    await until(lambda: "zen resolved" in _hops(above) or None)
    assert "4711" not in said(above.desk)
    assert (len(above.desk.tickets()), len(below.desk.tickets())) == (1, 1)
    assert said(below.desk).count("Thank you.") == 1


def _hops(one: Half) -> list[str]:
    with one.gateway.database.read() as db:
        [found] = views.tickets(db, Scope.operator(), limit=1)
    return [f"{hop['desk']} {hop['status']}" for hop in found["hops"]]
