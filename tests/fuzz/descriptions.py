"""What the doors are held against: our own description, and the official ones of TM Forum and MEF, which are never copied here."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.api import openapi
from tests.api.furnished import Furnished

OWN = "own"
OURS = ("operator", "north", "south", "quick", "far")
"""Who asks at our own doors, one after the other."""


@dataclass(frozen=True)
class Official:
    """A file and the address at which its doors are ours. `left_out`: paths that are not doors of a seller or a server."""

    file: str
    base: str
    left_out: tuple[str, ...] = ("/listener/",)


OFFICIAL: Mapping[str, Official] = {
    "tmf621-v5": Official("tmf621/TMF621-Trouble_Ticket-v5.0.1.oas.yaml", "/tmf-api/troubleTicket/v5"),
    "tmf621-v4": Official("tmf621/TMF621-TroubleTicket-v4.0.0.swagger.json", "/tmf-api/troubleTicket/v4"),
    "mef124": Official(
        "mef124/troubleTicketManagement.api.yaml",
        "/mefApi/sonata/troubleTicket/v4",
        left_out=("/listener/", "/incident"),
    ),
}


BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}


def own(here: Furnished, *, conditions: bool = True) -> dict[str, Any]:
    """Ours, as it is served; without If-Match where most changes should go through."""
    told = copy.deepcopy(openapi.description(here.app))
    for methods in told["paths"].values():
        for operation in methods.values():
            kept = [one for one in operation["parameters"] if conditions or one["name"] != "if-match"]
            operation["parameters"] = kept
    return told


def official(name: str, folder: Path) -> dict[str, Any]:
    """One of the official ones, at our address. Raises FileNotFoundError where the folder has it not."""
    known = OFFICIAL[name]
    text = (folder / known.file).read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text) if known.file.endswith(".json") else yaml.safe_load(text)
    told["paths"] = {
        path: methods for path, methods in told["paths"].items() if not path.startswith(known.left_out)
    }
    _discriminated(told)
    return _secured(told, known.base)


def _discriminated(node: Any) -> None:
    """Where a discriminator says which schema is meant, JSON Schema cannot: `PartyRef` fits `PartyRoleRef` too, so the official
    examples themselves break `oneOf`. Any of them will do."""
    if isinstance(node, dict):
        if "discriminator" in node and "oneOf" in node:
            node["anyOf"] = node.pop("oneOf")
        for one in node.values():
            _discriminated(one)
    elif isinstance(node, list):
        for one in node:
            _discriminated(one)


def _secured(told: dict[str, Any], base: str) -> dict[str, Any]:
    """At our address, and with the keys that we ask for: the standards leave both open."""
    if "swagger" in told:
        return {**told, "basePath": base, "securityDefinitions": _TOKEN, "security": [{"bearer": []}]}
    parts = {**told["components"], "securitySchemes": BEARER}
    return {**told, "servers": [{"url": base}], "components": parts, "security": [{"bearer": []}]}


_TOKEN = {"bearer": {"type": "apiKey", "in": "header", "name": "Authorization"}}
"""As Swagger 2.0 can say it."""
