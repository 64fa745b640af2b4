"""Fixtures of the pages' tests: stores whose tills one firm looks after and another repairs, with contracts; the doors on a
socket; a real browser where there is one."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from gateway.app import Gateway, utc_now
from gateway.flows import commands
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from tests.api import house
from tests.api.house import HOOK_SECRET, Chain, Doors
from tests.conftest import REQUIRE_DESKS
from tests.flows.installation import write

CONTRACTS = """
organizations:
  - {code: north, name: North Stores, language: it}
  - {code: east, name: East Repairs}
  - {code: stranger, name: Somebody Else}
sites:
  - {organization: north, code: MI-1, name: Milan, zone: Europe/Rome}
desks:
  - code: east
    organization: east
    connector: loopback
    base_url: http://127.0.0.1:9
    allow_private_network: true
    credentials: {kind: header, secret: {env: SOUTH_TOKEN}}
links:
  - {code: south-east, upstream: south, downstream: east, passes: {delegate_as: east}}
calendars:
  - {code: always, organization: south, always: true}
  - {code: always, organization: east, always: true}
agreements:
  - code: south-sla
    organization: south
    consumer: north
    kind: sla
    calendar: always
    targets: {response: {critical: 1h}, resolution: {critical: 8h}}
    stops: {requester_info: automatic}
  - code: east-uc
    organization: east
    consumer: south
    kind: uc
    calendar: always
    targets: {acceptance: {critical: 15m}, resolution: {critical: 4h}}
"""
BROWSER = "/usr/bin/chromium"
_FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Installed on the embedded SQLite, with contracts. One for each module: pages only read."""
    folder = tmp_path_factory.mktemp("installation")
    with house.installed(folder) as opened:
        wanted = read(write(folder, CONTRACTS, "contracts.yaml"))
        apply(opened.context, wanted, Terms(vault=opened.vault), actor="test", now=utc_now())
        yield opened


@pytest.fixture(scope="module")
def chain(gateway: Gateway) -> Chain:
    """A ticket of the stores that their vendor has handed on; a private comment stands on it."""
    desk = LoopbackDesk(PLAIN, clock=utc_now, hook_secret=HOOK_SECRET.encode())
    agent = desk.person("ann")
    number = agent.open("The till is dead", "No light", queue="Field", priority="urgent", site="MI-1")
    agent.comment(number, house.PRIVATE, public=False)
    house.hear(gateway, desk, "north")
    order = Order(actor="test", now=utc_now())
    commands.accept(gateway.context, _hops(gateway)["south"], order)
    commands.offer(gateway.context, _hops(gateway)["south"], "south-east", order)
    with gateway.database.read() as db:
        (found,) = views.tickets(db, Scope.operator(), limit=10)
    return Chain(ticket=found["id"], stayed="", hops=_hops(gateway), desk=desk, number=number)


def _hops(gateway: Gateway) -> dict[str, str]:
    with gateway.database.read() as db:
        (found,) = views.tickets(db, Scope.operator(), limit=10)
    return {one["desk"]: one["id"] for one in found["hops"]}


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    """The doors of the installation."""
    with Doors(gateway) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Skipped where it is not installed; a failure where the desks were asked for."""
    if shutil.which(BROWSER) is None:
        missing = f"{BROWSER} is not there: deploy/install-desks installs it"
        pytest.fail(missing) if os.environ.get(REQUIRE_DESKS) else pytest.skip(missing)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=BROWSER, args=_FLAGS.split())
        yield opened
        opened.close()
