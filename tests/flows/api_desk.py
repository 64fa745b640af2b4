"""A stage on which one party has an API desk in the hub, reached as the wire reaches it and spoken to as its callers do."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.tmf621.patching import MERGE
from gateway.flows.api_desk import pushing
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.front import ApiFront
from gateway.flows.api_desk.pushing import Errand, Patch, Place
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.vault import new_entry, ring
from tests.flows.in_house import InHouseStage
from tests.flows.scenes.stage import Cast

API_DESK: Mapping[str, Any] = {
    "connector": "api_desk",
    "base_url": "apidesk://here",
    "profile": {},
    "settings": {},
    "poll_every": "10m",
}
ENTRY = new_entry("k1")
RING = ring(ENTRY)
TICKET: Mapping[str, Any] = {
    "@type": "TroubleTicket",
    "name": "till is dead",
    "description": "since eight",
    "severity": "Major",
    "ticketType": "incident",
}


class ApiStage(InHouseStage):
    """customer > vendor > partner, of whom one (`at`) has an API desk. Everything that the customer opens is offered on."""

    def __init__(
        self,
        at: str,
        *,
        links: Mapping[str, Mapping[str, Any]] | None = None,
        database: Database | None = None,
        **cast_: Any,
    ) -> None:
        always = {"passes": {"when": {"field": "category", "value": "incident"}}}
        given = {"customer>vendor": always if at == "customer" else {}} | dict(links or {})
        whole = Cast(desks={at: API_DESK}, links=given, **cast_)
        super().__init__("customer>vendor", "vendor>partner", cast=whole, database=database)
        self.at = at
        self.hub.context.open_secret, self.hub.context.seal_secret = RING.open, RING.seal
        self.move_in(f"dsk_{at}", ApiFront(self.hub.context))
        self.caller = Caller(scope=Scope.of(f"org_{at}"), name="Their System")

    def errand(self, place: Place | None = None) -> Errand:
        """What the party's system wants done now."""
        place = place or Place(blobs=None)
        return Errand(context=self.hub.context, caller=self.caller, place=place, now=self.hub.now)

    def push(self, **changes: Any) -> Mapping[str, Any]:
        """The party's system opens a ticket, and it arrives everywhere."""
        told = pushing.opened(self.errand(), {**TICKET, **changes})
        self.ticket = self.ticket or told.ticket.id
        self.wait()
        return told.document

    def patch(self, document: Any, *, kind: str = MERGE[1]) -> Mapping[str, Any]:
        """The party's system changes its newest ticket, and it arrives everywhere."""
        ticket_id = self.shown()["id"]
        told = pushing.patched(self.errand(), ticket_id, Patch(media_type=kind, body=document))
        self.wait()
        return told.document

    def shown(self) -> Mapping[str, Any]:
        """The party's newest ticket, as it reads it."""
        found = pushing.listed(self.hub.context, self.caller, pushing.Asked())
        return found.documents[0]

    def notes(self) -> list[str]:
        """The words of its notes."""
        return [note["text"] for note in self.shown().get("note", ())]
