"""A ticket of an API desk as a TMF621 v5 document: what its party said of it stays word for word, until somebody says
otherwise; notes, files, dates and the history of its status are the desk's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.domain.api_desk import DeskTicket, Part, PartKind, Shown, State
from gateway.domain.model import Field
from gateway.domain.tmf621 import reading

PATH = "/tmf-api/troubleTicket/v5/troubleTicket"
_PLAIN = {Field.TITLE: "name", Field.DESCRIPTION: "description", Field.CATEGORY: "ticketType"}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the chain promises: by when the ticket is to be resolved, as its clock says; None: nothing."""

    due_at: datetime | None = None


NOTHING = Promise()


def stamp(at: datetime) -> str:
    """A moment as the standard writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def document(ticket: DeskTicket, parts: Sequence[Part], promise: Promise = NOTHING) -> dict[str, Any]:
    """The whole document."""
    told: dict[str, Any] = dict(ticket.document)
    told |= {"id": ticket.id, "href": f"{PATH}/{ticket.id}", "@type": told.get("@type") or "TroubleTicket"}
    _tell_fields(told, ticket)
    _tell_status(told, ticket, parts)
    due = _due(ticket, parts, promise)
    if due is not None:
        told["expectedResolutionDate"] = due
    told["creationDate"], told["lastUpdate"] = stamp(ticket.created_at), stamp(ticket.changed_at)
    notes, files = list(_notes(ticket, parts)), list(_files(ticket, parts))
    return told | ({"note": notes} if notes else {}) | ({"attachment": files} if files else {})


def _tell_fields(told: dict[str, Any], ticket: DeskTicket) -> None:
    """Whatever the chain changed since the party last spoke of it."""
    said = reading.fields(ticket.document)
    live = {name: value for name, value in ticket.fields.items() if value != said.get(name) and value}
    for field, name in _PLAIN.items():
        if field in live and live[field] != reading.fields(told).get(field):
            told[name] = live[field]
    told.setdefault("description", told.get("name", ""))
    if ticket.fields.get(Field.PRIORITY) and (Field.PRIORITY in live or "priority" not in told):
        told["priority"] = ticket.fields[Field.PRIORITY]
    told.setdefault(
        "severity", ticket.fields.get("custom.severity") or ticket.fields.get(Field.PRIORITY) or "medium"
    )
    told.setdefault("ticketType", ticket.fields.get(Field.CATEGORY) or "assistance")
    for field in (Field.SITE, Field.ASSET, Field.SERVICE):
        if field in live:
            _put_entity(told, field, live[field] or "")
    for field in (Field.REQUESTER, Field.ASSIGNEE):
        if field in live:
            _put_party(told, field.value, live[field] or "")
    for name, value in live.items():
        if name.startswith("custom.") and name != "custom.severity":
            _put_characteristic(told, name, value or "")


def _put_entity(told: dict[str, Any], field: Field, value: str) -> None:
    others = [one for one in told.get("relatedEntity", ()) if one.get("role") != field.value]
    entity = {"id": value, "@type": "EntityRef", "@referredType": reading.ENTITY_TYPE[field]}
    told["relatedEntity"] = [*others, {"role": field.value, "@type": "RelatedEntity", "entity": entity}]


def _put_party(told: dict[str, Any], role: str, name: str) -> None:
    others = [one for one in told.get("relatedParty", ()) if one.get("role") != role]
    party = {"id": name, "name": name, "@type": "PartyRef", "@referredType": "Individual"}
    mine = {"role": role, "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": party}
    told["relatedParty"] = [*others, mine]


def _put_characteristic(told: dict[str, Any], field: str, value: str) -> None:
    listed = told.get("troubleTicketCharacteristic", ())
    others = [one for one in listed if reading.characteristic(one.get("name")) != field]
    name = field.removeprefix("custom.")
    mine = {"name": name, "value": value, "valueType": "string", "@type": "StringCharacteristic"}
    told["troubleTicketCharacteristic"] = [*others, mine]


def shown_state(word: str | None) -> str:
    """A status in the standard's words: a job that nobody has answered yet is registered."""
    return State.ACKNOWLEDGED.value if word in (None, State.OFFERED) else str(word)


def _tell_status(told: dict[str, Any], ticket: DeskTicket, parts: Sequence[Part]) -> None:
    moves = [part for part in parts if part.kind is PartKind.ENTRY and part.data["field"] == Field.STATUS]
    first = moves[0].data["old"] if moves else ticket.fields.get(Field.STATUS)
    history = [_change(shown_state(first), stamp(ticket.created_at), "")]
    for part in moves:
        word, reason = shown_state(part.data["new"]), str(part.data.get("reason") or "")
        if word != history[-1]["status"]:
            history.append(_change(word, stamp(part.at), reason))
    told["status"] = history[-1]["status"]
    told["statusChangeHistory"] = history
    if moves or "statusChangeDate" not in told:
        told["statusChangeDate"] = history[-1]["statusChangeDate"]
    if moves:
        told.pop("statusChangeReason", None)
        if history[-1].get("statusChangeReason"):
            told["statusChangeReason"] = history[-1]["statusChangeReason"]
    ended = [one for one in history if one["status"] == State.RESOLVED]
    if ended and moves:
        told["resolutionDate"] = ended[-1]["statusChangeDate"]


def _change(status: str, at: str, reason: str) -> dict[str, Any]:
    change = {"status": status, "statusChangeDate": at, "@type": "StatusChange"}
    return {**change, "statusChangeReason": reason} if reason else change


def _due(ticket: DeskTicket, parts: Sequence[Part], promise: Promise) -> str | None:
    """By when: as the chain's clock says, else as somebody last wrote; None: as the party's document has it."""
    if promise.due_at is not None:
        return stamp(promise.due_at)
    moves = [part for part in parts if part.kind is PartKind.ENTRY and part.data["field"] == Field.DUE]
    value = reading.moment(ticket.fields.get(Field.DUE))
    if value is None or (ticket.pushed and not any(part.ours for part in moves)):
        return None
    return stamp(value)


def _whose(ticket: DeskTicket, part: Part) -> dict[str, str]:
    """Who added a file, and when, as MEF 124 has it."""
    return {"author": part.actor.name, "creationDate": stamp(part.at), "source": _source(ticket, part)}


def _source(ticket: DeskTicket, part: Part) -> str:
    """Whose a note or a file is, in MEF 124's words: whoever opened the ticket is the buyer."""
    return "seller" if part.ours is ticket.pushed else "buyer"


def _notes(ticket: DeskTicket, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if part.kind is PartKind.COMMENT and part.data["shown"] == Shown.NOTE:
            raw = dict(part.data.get("raw") or {})
            known = {"id": part.name, "author": part.actor.name, "date": stamp(part.at), "@type": "Note"}
            own = {"id": part.name, "text": part.data["text"], "source": _source(ticket, part)}
            yield {**known, **raw, **own}


def _files(ticket: DeskTicket, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Files of the store by an address of ours, those named by their address as they were named."""
    for part in parts:
        raw: Mapping[str, Any] = part.data.get("raw") or {}
        if part.kind is PartKind.FILE:
            data = part.data
            known = {"name": data["filename"], "mimeType": data["media_type"] or "application/octet-stream"}
            known |= {"attachmentType": "file", "@type": "Attachment"}
            own = {"id": part.name, "url": f"{PATH}/{ticket.id}/attachment/{part.place}"}
            own |= _whose(ticket, part)
            yield {**known, **raw, **own, "size": {"amount": data["size"], "units": "byte"}}
        elif part.kind is PartKind.COMMENT and part.data["shown"] == Shown.LINK:
            yield {"@type": "Attachment", **raw, **_whose(ticket, part)}
