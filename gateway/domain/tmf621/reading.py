"""What a TMF621 v5 document says in canonical words. Nothing is guessed: what has no such word stays in the document."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.domain.api_desk import LONGEST_TEXT, LONGEST_WORD, State
from gateway.domain.marks import ROUTE
from gateway.domain.model import Field
from gateway.domain.tmf621 import federation
from gateway.errors import Invalid

Document = Mapping[str, Any]

SERVERS = frozenset({"id", "href", "creationDate", "lastUpdate", "statusChangeHistory"})
"""Attributes that only the server writes; in what comes they are replaced by its own."""
MOMENTS = ("requestedResolutionDate", "expectedResolutionDate", "resolutionDate", "statusChangeDate")
_TEXTS = ("name", "description", "severity", "priority", "status", "ticketType", "statusChangeReason")
_LISTS = (
    *("attachment", "note", "relatedEntity", "relatedParty", "externalIdentifier"),
    *("troubleTicketRelationship", "troubleTicketCharacteristic"),
)
_OBJECTS = ("channel", "troubleTicketSpecification")
REQUIRED = ("description", "severity", "ticketType")
LONGEST_TITLE = 200
MOST = 500
"""Items of one list."""

PRIORITIES = {
    "critical": "critical",
    "urgent": "critical",
    "extensive": "critical",
    "1": "critical",
    "high": "high",
    "major": "high",
    "significant": "high",
    "2": "high",
    "medium": "medium",
    "normal": "medium",
    "moderate": "medium",
    "3": "medium",
    "low": "low",
    "minor": "low",
    "4": "low",
}
"""Words of priority and severity that are in use (TMF621's examples, MEF 124's two enumerations, ITIL's numbers)."""
_ENTITIES = {
    Field.SITE: ("site", "geographicsite", "geographiclocation", "servicesite"),
    Field.ASSET: ("asset", "resource", "physicalresource", "logicalresource", "equipment", "device"),
    Field.SERVICE: ("service", "customerfacingservice", "resourcefacingservice", "productservice"),
}
ENTITY_TYPE = {Field.SITE: "GeographicSite", Field.ASSET: "Resource", Field.SERVICE: "Service"}
REQUESTERS = ("reporter", "originator", "requester", "reportercontact")
_CANONICAL = frozenset({Field.SITE, Field.ASSET, Field.SERVICE, Field.QUEUE, Field.DELEGATE, Field.TAGS})
_NAME = re.compile(r"[^a-z0-9]+")


def checked(document: Any) -> dict[str, Any]:
    """The document, if its parts are of the kinds that the standard gives them. Raises Invalid, naming every part that is
    not."""
    if not isinstance(document, dict):
        raise Invalid("a trouble ticket is a JSON object")
    problems = tuple(_problems(document))
    if problems:
        raise Invalid("the trouble ticket is not valid", problems=problems)
    return document


def checked_patch(document: Any) -> dict[str, Any]:
    """The same of a merge patch, of which only the whole result can be judged. Raises Invalid."""
    if not isinstance(document, dict):
        raise Invalid("a merge patch is a JSON object")
    return document


def _problems(document: Document) -> Iterator[str]:
    for name in _TEXTS:
        longest = LONGEST_TEXT if name == "description" else LONGEST_WORD
        yield from _of_text(name, document.get(name), longest)
    for name in MOMENTS:
        if document.get(name) is not None and moment(document[name]) is None:
            yield f"{name}: not a date-time with an offset (2026-03-01T09:00:00Z)"
    for name in _LISTS:
        yield from _of_list(name, document.get(name))
    for name in _OBJECTS:
        if document.get(name) is not None and not isinstance(document[name], dict):
            yield f"{name}: not an object"
    if isinstance(document.get("status"), str) and state(document["status"]) is None:
        yield f"status: {document['status'][:40]!r} is none of {', '.join(list(State)[1:])}"
    yield from _of_notes(document)


def _of_notes(document: Document) -> Iterator[str]:
    for place, note in enumerate(_items(document, "note")):
        if not isinstance(note.get("text"), str) or not note["text"].strip():
            yield f"note.{place}.text: a note needs its text"
        elif len(note["text"]) > LONGEST_TEXT:
            yield f"note.{place}.text: longer than {LONGEST_TEXT} signs"


def _of_text(name: str, value: Any, longest: int) -> Iterator[str]:
    if value is not None and not isinstance(value, str):
        yield f"{name}: not a text"
    elif value is not None and len(value) > longest:
        yield f"{name}: longer than {longest} signs"


def _of_list(name: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        yield f"{name}: not a list of objects"
    elif len(value) > MOST:
        yield f"{name}: more than {MOST} items"


def lacking(document: Document) -> list[str]:
    """What a new ticket must say and this one does not."""
    return [name for name in REQUIRED if not str(document.get(name) or "").strip()]


def state(word: str) -> State | None:
    """A status in the standard's words, however they are cased; None for another word."""
    wanted = word.casefold()
    return next((one for one in list(State)[1:] if one.casefold() == wanted), None)


def moment(value: Any) -> datetime | None:
    """An RFC 3339 date-time; None where it is none, or has no offset."""
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def fields(document: Document) -> dict[str, str]:
    """What a document says, as canonical names and the desk's own values."""
    found: dict[str, str | None] = {
        Field.TITLE: _title(document),
        Field.DESCRIPTION: document.get("description"),
        Field.STATUS: state(document["status"]) if document.get("status") else None,
        Field.PRIORITY: _priority(document),
        Field.CATEGORY: document.get("ticketType"),
        Field.DUE: _due(document),
        Field.REQUESTER: _party(document, REQUESTERS),
        Field.ASSIGNEE: _party(document, ("assignee",)),
        "custom.severity": document.get("severity"),
        **{name: _entity(document, name) for name in _ENTITIES},
        **dict(_characteristics(document)),
        ROUTE: federation.route(document),
    }
    return {str(name): str(value) for name, value in found.items() if value}


def _title(document: Document) -> str:
    words = document.get("name") or str(document.get("description") or "").strip().partition("\n")[0]
    return str(words).strip()[:LONGEST_TITLE]


def _priority(document: Document) -> str | None:
    """The priority; of one who names none, what the severity says (TMF621: the system sets it considering that)."""
    said = str(document.get("priority") or "").strip()
    severity = str(document.get("severity") or "").strip().casefold()
    return PRIORITIES.get(said.casefold(), said) if said else PRIORITIES.get(severity)


def _due(document: Document) -> str | None:
    at = moment(document.get("requestedResolutionDate")) or moment(document.get("expectedResolutionDate"))
    return at.isoformat() if at else None


def _items(document: Document, name: str) -> Sequence[Document]:
    value = document.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _party(document: Document, roles: Sequence[str]) -> str | None:
    for role in roles:
        for one in (*_items(document, "relatedParty"), *_items(document, "relatedContactInformation")):
            party = one.get("partyOrPartyRole")
            party = party if isinstance(party, dict) else one
            if str(one.get("role") or "").casefold() == role and (party.get("name") or party.get("id")):
                return str(party.get("name") or party["id"])[:LONGEST_WORD]
    return None


def _entity(document: Document, field: str) -> str | None:
    """The id of a related entity that is a site, an asset or a service: by its role, else by its type."""
    for one in _items(document, "relatedEntity"):
        entity = one.get("entity")
        entity = entity if isinstance(entity, dict) else one
        named = (one.get("role"), entity.get("@referredType"), entity.get("@type"))
        if any(str(word or "").casefold() in _ENTITIES[Field(field)] for word in named) and entity.get("id"):
            return str(entity["id"])[:LONGEST_WORD]
    return None


def _characteristics(document: Document) -> Iterator[tuple[str, str]]:
    """A characteristic is a field of its name: of ours where it is called so, else a custom one."""
    for one in _items(document, "troubleTicketCharacteristic"):
        name, value = characteristic(one.get("name")), one.get("value")
        if name and value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield name, text[:LONGEST_WORD]


def characteristic(name: Any) -> str | None:
    """The field that a characteristic of that name is."""
    word = _NAME.sub("_", str(name or "").casefold()).strip("_")
    if word in _CANONICAL:
        return word
    return f"custom.{word}" if word not in ("", federation.NAME) else None


def external(document: Document) -> str:
    """The party's own name for the ticket: its first external identifier; "" if it gave none."""
    for one in _items(document, "externalIdentifier"):
        if one.get("id"):
            parts = (one.get("owner"), one.get("externalIdentifierType"), one["id"])
            return "|".join(str(part or "") for part in parts)[:LONGEST_WORD]
    return ""


def of_party(document: Document) -> dict[str, Any]:
    """What the party itself says, to be kept: without what the server writes, and without notes and files, which are kept
    one by one."""
    return {
        name: value
        for name, value in document.items()
        if name not in SERVERS and name not in ("note", "attachment") and value is not None
    }
