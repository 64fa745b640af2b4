"""A ticket of an API desk as a TMF621 v5 document: what its party said of it stays word for word, until somebody says
otherwise; notes, files, dates and the history of its status are the desk's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.api_desk import Shown, State, is_pushed, name_of, shown_as
from gateway.domain.in_house import DeskTicket, Part, PartKind, person
from gateway.domain.marks import ROUTE
from gateway.domain.model import Field
from gateway.domain.tmf621 import federation, reading, writing

PATH = "/tmf-api/troubleTicket/v5/troubleTicket"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the chain promises: by when the ticket is to be resolved, as its clock says; None: nothing."""

    due_at: datetime | None = None
    waits_for: str = ""
    """Why the ticket waits, in the chain's words."""
    clocks: Sequence[Mapping[str, Any]] = ()
    """`{target, due, state, stopped}` of the clocks that the party's own agreement runs."""


NOTHING = Promise()


def document(
    ticket: DeskTicket, parts: Sequence[Part], promise: Promise = NOTHING, *, reader: str | None = None
) -> dict[str, Any]:
    """The whole document. `reader`: the name of the caller that reads it; None: anybody of the party's."""
    told: dict[str, Any] = dict(ticket.document)
    told |= {"id": ticket.id, "href": f"{PATH}/{ticket.id}", "@type": told.get("@type") or "TroubleTicket"}
    _tell_fields(told, ticket)
    _tell_status(told, ticket, parts)
    due = _due(ticket, parts, promise)
    if due is not None:
        told["expectedResolutionDate"] = due
    told["creationDate"], told["lastUpdate"] = (
        writing.stamp(ticket.created_at),
        writing.stamp(ticket.changed_at),
    )
    federation.with_said(told, _beyond(ticket, parts, promise, reader))
    notes, files = list(_notes(ticket, parts)), list(_files(ticket, parts))
    return told | ({"note": notes} if notes else {}) | ({"attachment": files} if files else {})


def _tell_fields(told: dict[str, Any], ticket: DeskTicket) -> None:
    """Whatever the chain changed since the party last spoke of it."""
    said = reading.fields(ticket.document)
    live = {name: value for name, value in ticket.fields.items() if value != said.get(name) and value}
    for field, name in writing.PLAIN.items():
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
            writing.put_entity(told, field, live[field] or "")
    for field in (Field.REQUESTER, Field.ASSIGNEE):
        if field in live:
            writing.put_party(told, field.value, live[field] or "")
    for name, value in live.items():
        if name.startswith("custom.") and name != "custom.severity":
            writing.put_characteristic(told, name, value or "")


def shown_state(word: str | None) -> str:
    """A status in the standard's words: a job that nobody has answered yet is registered."""
    return State.ACKNOWLEDGED.value if word in (None, State.OFFERED) else str(word)


def _tell_status(told: dict[str, Any], ticket: DeskTicket, parts: Sequence[Part]) -> None:
    moves = [part for part in parts if part.kind is PartKind.ENTRY and part.data["field"] == Field.STATUS]
    first = moves[0].data["old"] if moves else ticket.fields.get(Field.STATUS)
    history = [_change(shown_state(first), writing.stamp(ticket.created_at), "")]
    for part in moves:
        word, reason = shown_state(part.data["new"]), str(part.data.get("reason") or "")
        if word != history[-1]["status"]:
            history.append(_change(word, writing.stamp(part.at), reason))
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
        return writing.stamp(promise.due_at)
    moves = [part for part in parts if part.kind is PartKind.ENTRY and part.data["field"] == Field.DUE]
    value = reading.moment(ticket.fields.get(Field.DUE))
    if value is None or (is_pushed(ticket) and not any(part.ours for part in moves)):
        return None
    return writing.stamp(value)


def _whose(ticket: DeskTicket, part: Part) -> dict[str, str]:
    """Who added a file, and when, as MEF 124 has it."""
    return {
        "author": part.actor.name,
        "creationDate": writing.stamp(part.at),
        "source": _source(ticket, part),
    }


def _source(ticket: DeskTicket, part: Part) -> str:
    """Whose a note or a file is, in MEF 124's words: whoever opened the ticket is the buyer."""
    return "seller" if part.ours is is_pushed(ticket) else "buyer"


def _beyond(
    ticket: DeskTicket, parts: Sequence[Part], promise: Promise, reader: str | None
) -> dict[str, Any] | None:
    """What the standard has no words for; only where the party told a route, or was told one: it is a gateway."""
    if not ticket.fields.get(ROUTE):
        return None
    due = reading.moment(ticket.fields.get(Field.DUE))
    told = {
        **federation.crossing(ticket.fields),
        "changes": list(_changes(parts, reader)),
        "clocks": federation.clocks(promise.clocks),
    }
    told |= {"waiting": promise.waits_for} if promise.waits_for else {}
    return told | ({"due": writing.stamp(due)} if due is not None else {})


def _changes(parts: Sequence[Part], reader: str | None) -> Iterator[dict[str, Any]]:
    """Every change of a field, the oldest first; `yours`: whoever reads this made it. What another caller of the same party
    did is news to a gateway, which would take it for its own writing."""
    mine = None if reader is None else person(reader).id
    for part in parts:
        if part.kind is PartKind.ENTRY and part.data["field"] != ROUTE:
            yours = not part.ours and mine in (None, part.actor.id)
            named = {"id": str(part.place), "at": writing.stamp(part.at), "yours": yours}
            values = {name: _as_told(part.data["field"], part.data[name]) for name in ("old", "new")}
            yield {**named, "field": part.data["field"], **values, "who": part.actor.name}


def _as_told(field: str, value: str | None) -> str | None:
    """A value as the document has it."""
    if field == Field.STATUS:
        return shown_state(value)
    at = reading.moment(value) if field == Field.DUE else None
    return writing.stamp(at) if at is not None else value


def _notes(ticket: DeskTicket, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if part.kind is PartKind.COMMENT and shown_as(part) is Shown.NOTE:
            raw = dict(part.data.get("raw") or {})
            known = {
                "id": name_of(part),
                "author": part.actor.name,
                "date": writing.stamp(part.at),
                "@type": "Note",
            }
            own = {"id": name_of(part), "text": part.data["text"], "source": _source(ticket, part)}
            yield {**known, **raw, **own, **(_apart(part) if ticket.fields.get(ROUTE) else {})}


def _apart(part: Part) -> dict[str, Any]:
    """Who said it apart from the words, for a party that is a gateway; words that nobody said are marked."""
    data = part.data
    if data.get("automatic"):
        return dict(federation.AUTOMATIC)
    return (
        {"author": data["author"], "text": data["plain"]} if data.get("author") and data.get("plain") else {}
    )


def _files(ticket: DeskTicket, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Files of the store by an address of ours, those named by their address as they were named."""
    for part in parts:
        raw: Mapping[str, Any] = part.data.get("raw") or {}
        if part.kind is PartKind.FILE:
            data = part.data
            known = {"name": data["filename"], "mimeType": data["media_type"] or "application/octet-stream"}
            known |= {"attachmentType": "file", "@type": "Attachment"}
            own = {"id": name_of(part), "url": f"{PATH}/{ticket.id}/attachment/{part.place}"}
            own |= _whose(ticket, part)
            yield {**known, **raw, **own, "size": {"amount": data["size"], "units": "byte"}}
        elif part.kind is PartKind.COMMENT and shown_as(part) is Shown.LINK:
            yield {"@type": "Attachment", **raw, **_whose(ticket, part)}
