"""A stage whose last party has no desk of its own: a portal desk in the hub, reached as the wire reaches it."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.domain.in_house import DeskTicket, Part
from gateway.domain.letters import Letter
from gateway.domain.model import Contact
from gateway.domain.portal import Act, Doing
from gateway.flows import postman
from gateway.flows.context import OPERATOR
from gateway.flows.portal import acting
from gateway.flows.portal.acting import Acted
from gateway.flows.portal.front import PortalFront
from gateway.flows.portal.mailing import Mailing
from gateway.store.db import Database
from tests.flows.in_house import InHouseStage
from tests.flows.scenes.stage import Cast

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


class PortalStage(InHouseStage):
    """customer > vendor > partner, who has a portal desk and a contact who reads mail in Italian."""

    def __init__(self, *, contacts: tuple[Contact, ...] = (MAURO,), database: Database | None = None) -> None:
        cast_ = Cast(desks={"partner": PORTAL}, contacts=contacts)
        super().__init__("customer>vendor", "vendor>partner", cast=cast_, database=database)
        self.move_in("dsk_partner", PortalFront(self.hub.context))
        self._acts = 0

    def offered(self, **fields: Any) -> "PortalStage":
        """A ticket of the customer's is offered to the partner."""
        self.open(**fields)
        self.delegate("vendor", "partner")
        return self

    def job(self) -> DeskTicket:
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
