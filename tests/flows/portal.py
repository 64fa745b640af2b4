"""A stage whose last party has no desk of its own: a portal desk in the hub, reached as the wire reaches it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.blobs import BlobStore
from gateway.desk_client import Asked
from gateway.domain.letters import Letter
from gateway.domain.model import Blob, Contact
from gateway.domain.portal import Act, Doing, Job, Part
from gateway.flows import postman
from gateway.flows.context import OPERATOR
from gateway.flows.portal import acting
from gateway.flows.portal.acting import Acted
from gateway.flows.portal.door import PortalDoor
from gateway.flows.portal.mailing import Mailing
from gateway.store.db import Database
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.faults import Answer
from gateway.testing.loopback.wire import MemoryWire
from tests.flows.scenes.stage import Cast, Stage

WHERE = "https://gw.example"
MAURO = Contact(
    id="dir_mauro", org_id="org_partner", code="mauro", level=1, channel="email",
    address="mauro@quick.example", name="Mauro Rossi", language="it",
)  # fmt: skip
PORTAL: Mapping[str, Any] = {
    "connector": "portal_desk",
    "base_url": "portal://here",
    "profile": {},
    "settings": {},
}


@dataclass(frozen=True)
class Shelf:
    """The hub's files, as the portal asks for them."""

    files: dict[str, bytes]

    def has(self, key: str) -> bool:
        return key in self.files

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        yield self.files[blob.sha256]


@dataclass(frozen=True)
class AsDesk:
    """The portal in the place of a loopback desk."""

    desk_id: str
    portal: PortalDoor
    said: list[Answer] = field(default_factory=list)

    def handle(
        self, method: str, path: str, *, query: Mapping[str, str], headers: object, body: bytes
    ) -> Answer:
        told = self.portal(Asked(desk_id=self.desk_id, method=method, path=path, query=query, body=body))
        whole = told.body if isinstance(told.body, bytes) else b"".join(told.body)
        self.said.append(Answer(told.status, {"content-type": "application/json"}, whole))
        return self.said[-1]


class PortalStage(Stage):
    """customer > vendor > partner, who has a portal desk and a contact who reads mail in Italian."""

    def __init__(self, *, contacts: tuple[Contact, ...] = (MAURO,), database: Database | None = None) -> None:
        cast_ = Cast(desks={"partner": PORTAL}, contacts=contacts)
        super().__init__("customer>vendor", "vendor>partner", cast=cast_, database=database)
        hub = self.hub
        shelf = cast("BlobStore", Shelf(hub.blobs))
        self.portal = PortalDoor(context=hub.context, blobs=shelf, now=hub.own_clock)
        self.as_desk = AsDesk("dsk_partner", self.portal)
        desk = cast("LoopbackDesk", self.as_desk)
        hub.wires["dsk_partner"] = MemoryWire(desk=desk, now=hub.own_clock, blobs=hub.blobs)
        self._acts = 0

    def offered(self, **fields: Any) -> "PortalStage":
        """A ticket of the customer's is offered to the partner."""
        self.open(**fields)
        self.delegate("vendor", "partner")
        return self

    def job(self) -> Job:
        """The partner's newest job."""
        return acting.listed(self.hub.context, OPERATOR, limit=1)[0]

    def parts(self) -> tuple[Part, ...]:
        """What was added to it."""
        return acting.one(self.hub.context, OPERATOR, self.job().id)[1]

    def act(self, doing: Doing, text: str = "", *, request: str = "", **more: Any) -> Acted:
        """Somebody at the partner does it, and it arrives everywhere."""
        self._acts += 1
        wanted = Act(doing=doing, by="Mauro Rossi", text=text, request=request or f"act-{self._acts}", **more)
        done = acting.act(self.hub.context, OPERATOR, self.job().id, wanted, now=self.hub.now)
        self.wait()
        return done

    def mails(self) -> list[Letter]:
        """What leaves now, with its text."""
        mailing = Mailing(context=self.hub.context, address=WHERE)
        claimed = postman.claim(self.hub.context, now=self.hub.now)
        return [mailing.filled(letter, self.hub.now) for letter in claimed]

    def links(self, letter: Letter) -> dict[Doing, str]:
        """What can be done by a mail's links → the link's token."""
        tokens = re.findall(rf"{WHERE}/portal/(\S+)", letter.body)
        shown = {token: acting.shown(self.hub.context, token, now=self.hub.now) for token in tokens}
        return {seen.link.doing: token for token, seen in shown.items() if seen is not None}
