"""`POST /v1/tickets`: a party opens a ticket at its own API desk, in our own words instead of TMF621's."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, caller
from gateway.api.door import Door
from gateway.domain.model import Priority
from gateway.domain.tmf621 import writing
from gateway.errors import Invalid
from gateway.flows.api_desk import pushing
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.pushing import Errand, Place
from gateway.flows.principal import Principal

router = APIRouter(prefix="/v1/tickets", route_class=Door)
_Word = Annotated[str, Field(max_length=1_000)]


class NewTicket(Body):
    """A ticket to be opened. `external_id` is the party's own name for it: the same one with the same ticket opens it once.
    `custom` are further fields by their name."""

    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    description: Annotated[str, Field(max_length=100_000)] = ""
    external_id: _Word = ""
    priority: Priority = Priority.MEDIUM
    category: _Word = "incident"
    service: _Word = ""
    site: _Word = ""
    asset: _Word = ""
    requester: _Word = ""
    due_at: datetime | None = None
    custom: Annotated[dict[str, _Word], Field(max_length=100)] = Field(default_factory=dict)


@router.post("", status_code=201)
def create(
    here: AnyHouse,
    key: Annotated[Principal, Depends(caller)],
    wanted: NewTicket,
    response: Response,
    desk: Annotated[str, Query(max_length=100, description="The desk's code, where a key has several.")] = "",
) -> dict[str, Any]:
    """Open it: 201; 200 if it had been opened before. It is read at its TMF621 address, `href`."""
    who = Caller(scope=key.scope, name=key.name, desk=desk)
    place = Place(blobs=here.blobs, largest=here.max_file_bytes)
    errand = Errand(context=here.context, caller=who, place=place, now=here.now())
    told = pushing.opened(errand, _document(wanted))
    response.status_code = 200 if told.repeated else 201
    return {
        "id": told.ticket.id,
        "number": told.ticket.number,
        "href": told.document["href"],
        "status": told.document["status"],
        "external_id": wanted.external_id,
        "ticket_id": pushing.chain_of(here.context, told.ticket),
        "repeated": told.repeated,
    }


def _document(wanted: NewTicket) -> dict[str, Any]:
    """The same as TMF621 writes it."""
    if wanted.due_at is not None and wanted.due_at.tzinfo is None:
        raise Invalid("`due_at` has no offset", cure="write 2026-03-01T09:00:00+01:00")
    entities = {"site": wanted.site, "asset": wanted.asset, "service": wanted.service}
    named = {"role": "requester", "partyOrPartyRole": {"name": wanted.requester, "@type": "PartyRef"}}
    found: dict[str, Any] = {
        "externalIdentifier": [{"id": wanted.external_id}] if wanted.external_id else [],
        "requestedResolutionDate": writing.stamp(wanted.due_at) if wanted.due_at else "",
        "relatedEntity": [{"role": role, "entity": {"id": name}} for role, name in entities.items() if name],
        "relatedParty": [named] if wanted.requester else [],
        "troubleTicketCharacteristic": [
            {"name": name, "value": value, "valueType": "string"} for name, value in wanted.custom.items()
        ],
    }
    return {
        "@type": "TroubleTicket",
        "name": wanted.title,
        "description": wanted.description or wanted.title,
        "severity": wanted.priority.value,
        "priority": wanted.priority.value,
        "ticketType": wanted.category,
        **{name: value for name, value in found.items() if value},
    }
