"""Which version a desk speaks, and where its tickets are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.domain.model import Desk
from gateway.domain.tmf621.versions import V4, V5, Dialect

LIST = "troubleTicket"
OWNER = "interdesk"
"""Whose the external identifier is that holds our marker."""


@dataclass(frozen=True)
class Spoken:
    """A version as its desk speaks it: `external` is the attribute that finds a ticket by our marker."""

    dialect: Dialect
    external: str

    @property
    def name(self) -> str:
        """`v5` or `v4`."""
        return self.dialect.name

    def read(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A document of the desk's as v5 writes it."""
        return self.dialect.of(document)

    def write(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A v5 document as the desk takes it."""
        told = self.dialect.to({**document, "href": document.get("href")})
        return told if told["href"] is not None else {n: v for n, v in told.items() if n != "href"}


_SPOKEN = {"v5": Spoken(V5, "externalIdentifier.id"), "v4": Spoken(V4, "externalId")}


def dialect(desk: Desk) -> Spoken:
    """As the desk's settings say."""
    return _SPOKEN[str(desk.settings.get("version") or "v5")]


def by_operations(desk: Desk) -> bool:
    """Whether notes and files are added by a JSON patch; else the whole list is sent."""
    return str(desk.settings.get("patch") or ("json" if dialect(desk).name == "v5" else "merge")) == "json"


def ticket(remote_id: str) -> str:
    """The path of a ticket."""
    return f"{LIST}/{quote(remote_id, safe='')}"
