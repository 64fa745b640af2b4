"""An installation in which something of everything stands, in memory of one process: for examples, for the description of the API and
for asking it at random."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.testclient import TestClient

from gateway import app as wiring
from gateway.app import Gateway, Life
from gateway.domain.reports.views import View
from gateway.flows import commands, publishing
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.proposal import Terms
from gateway.flows.reporting import Wanted
from gateway.installation.reading import read
from tests.api import house, portal
from tests.api.directory import FURNISHED
from tests.api.house import Chain
from tests.contested import contested

CONTRACTS = """
desks:
  - {code: far, organization: far, connector: api_desk}
calendars:
  - {code: always, organization: south, always: true}
agreements:
  - code: south-sla
    organization: south
    consumer: north
    kind: sla
    calendar: always
    targets: {response: {critical: 1h}, resolution: {critical: 8h}}
    stops: {requester_info: automatic}
"""


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """The doors, in this process; headers of callers by their organization's code (`operator`: the operator's)."""

    gateway: Gateway
    app: Any
    client: TestClient
    keys: dict[str, dict[str, str]]
    chain: Chain
    conflict: str
    job: str

    def ask(self, who: str, method: str, path: str, body: object = None, **more: str) -> Any:
        """One request; the answer."""
        headers = {**self.keys[who], **{name.replace("_", "-"): value for name, value in more.items()}}
        if body is None:
            return self.client.request(method, path, headers=headers)
        headers.setdefault("content-type", "application/json")
        return self.client.request(method, path, headers=headers, content=orjson.dumps(body))


@contextmanager
def furnished(folder: Path, **settings: Any) -> Iterator[Furnished]:
    """Open for as long as the block takes."""
    with house.installed(folder, said=FURNISHED, **settings) as gateway:
        contracts = folder / "contracts.yaml"
        contracts.write_text(CONTRACTS, encoding="utf-8")
        apply(
            gateway.context, read(contracts), Terms(vault=gateway.vault), actor="test", now=wiring.utc_now()
        )
        portal.furnish(gateway, folder)
        chain = house.open_chain(gateway)
        commands.accept(gateway.context, chain.hops["south"], Order(actor="sam", now=wiring.utc_now()))
        conflict, job = contested(gateway, chain), portal.job(gateway)
        keys = {name: house.key(gateway, name) for name in ("north", "south", "far", "quick")}
        _publish(gateway)
        app = wiring.web_app(gateway, with_worker=False, life=Life())
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield Furnished(
                gateway=gateway,
                app=app,
                client=client,
                keys={**keys, "operator": house.key(gateway)},
                chain=chain,
                conflict=conflict,
                job=job,
            )


def _publish(gateway: Gateway) -> None:
    now = wiring.utc_now()
    wanted = Wanted(customer="north", period=f"{now:%Y-%m}", view=View.CUSTOMER)
    made = publishing.draft(gateway.context, wanted, now=now)
    publishing.publish(gateway.context, made, Order(actor="test", reason="for the month", now=now))
