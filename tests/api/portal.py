"""A party with a portal desk in an installation of the doors' tests, and a job of its own."""

from pathlib import Path
from typing import Any

import orjson

from gateway import app as wiring
from gateway.app import Gateway
from gateway.desk_client import Asked
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read

PARTY = """
organizations:
  - {code: quick, name: Quick Hands, language: it}
contacts:
  - {organization: quick, code: mauro, level: 1, channel: email, address: mauro@quick.example, name: Mauro Rossi, language: it}
desks:
  - {code: quick, organization: quick, connector: portal_desk}
"""


def desk_id(gateway: Gateway) -> str:
    """The portal desk's id."""
    with gateway.database.read() as db:
        found = gateway.context.directory(db).desk_by_code("quick")
    assert found is not None
    return found.id


def furnish(gateway: Gateway, folder: Path) -> None:
    """Add the party."""
    file = folder / "party.yaml"
    file.write_text(PARTY, encoding="utf-8")
    apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="test", now=wiring.utc_now())


def asked(gateway: Gateway, method: str, path: str, **document: object) -> dict[str, Any]:
    """What the portal answers to the gateway's own connector."""
    body = orjson.dumps(document)
    told = gateway.doors()["portal"](
        Asked(desk_id=desk_id(gateway), method=method, path=path, query={}, body=body)
    )
    assert isinstance(told.body, bytes)
    return dict(orjson.loads(told.body))


def job(gateway: Gateway, *, title: str = "The till is dead", marker: str = "idk-1") -> str:
    """A job that the gateway made there; its id."""
    return str(asked(gateway, "POST", "/tickets", fields={"title": title}, marker=marker)["ticket"]["id"])
