"""How canonical values stand in a TMF621 v5 document: what `reading.fields` reads, written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.domain.model import Field
from gateway.domain.tmf621 import reading

PLAIN: Mapping[str, str] = {
    Field.TITLE: "name",
    Field.DESCRIPTION: "description",
    Field.CATEGORY: "ticketType",
}
_AS_THEY_ARE: Mapping[str, str] = {**PLAIN, Field.PRIORITY: "priority", Field.STATUS: "status"}
_ENTITIES = (Field.SITE, Field.ASSET, Field.SERVICE)
_PARTIES = (Field.REQUESTER, Field.ASSIGNEE)


def stamp(at: datetime) -> str:
    """A moment as the standard writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put_entity(told: dict[str, Any], field: Field, value: str) -> None:
    """A related site, asset or service by its code, in the place of the one before."""
    others = [one for one in told.get("relatedEntity", ()) if one.get("role") != field.value]
    entity = {"id": value, "@type": "EntityRef", "@referredType": reading.ENTITY_TYPE[field]}
    told["relatedEntity"] = [*others, {"role": field.value, "@type": "RelatedEntity", "entity": entity}]


def put_party(told: dict[str, Any], role: str, name: str) -> None:
    """Somebody in a role, in the place of whoever was in it."""
    others = [one for one in told.get("relatedParty", ()) if one.get("role") != role]
    party = {"id": name, "name": name, "@type": "PartyRef", "@referredType": "Individual"}
    mine = {"role": role, "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": party}
    told["relatedParty"] = [*others, mine]


def put_characteristic(told: dict[str, Any], field: str, value: str) -> None:
    """A field that the standard has no attribute for."""
    listed = told.get("troubleTicketCharacteristic", ())
    others = [one for one in listed if reading.characteristic(one.get("name")) != field]
    name = field.removeprefix("custom.")
    mine = {"name": name, "value": value, "valueType": "string", "@type": "StringCharacteristic"}
    told["troubleTicketCharacteristic"] = [*others, mine]


def put(told: dict[str, Any], field: str, value: str, *, due: str = "requestedResolutionDate") -> None:
    """Any field; `due` is the attribute for that moment. A due that is no moment is left out."""
    if field in _AS_THEY_ARE:
        told[_AS_THEY_ARE[field]] = value
    elif field == "custom.severity":
        told["severity"] = value
    elif field == Field.DUE:
        at = reading.moment(value)
        told |= {due: stamp(at)} if at is not None else {}
    elif field in _ENTITIES:
        put_entity(told, Field(field), value)
    elif field in _PARTIES:
        put_party(told, field, value)
    else:
        put_characteristic(told, field, value)
