"""What two gateways tell each other beyond the standard, as one characteristic of a ticket (schemas/federation.v1.json): over
which desks it came, every change with its own time, what it waits for, and the clocks that both sides' agreement runs. A
peer that knows nothing of it loses nothing that TMF621 has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.domain.marks import ROUTE, route_of

__all__ = [
    "AUTOMATIC",
    "NAME",
    "ROUTE",
    "VERSION",
    "characteristic",
    "clocks",
    "crossing",
    "is_automatic",
    "route",
    "said",
    "with_said",
]
Document = Mapping[str, Any]
NAME = "interdesk"
VERSION = 1
AUTOMATIC: Document = {NAME: {"automatic": True}}
"""Beside a note that no person wrote: the gateway that reads it has words of its own for that, and passes it to nobody."""
_LIST = "troubleTicketCharacteristic"


def characteristic(value: Document) -> dict[str, Any]:
    """The value as it stands in a document."""
    told = {"version": VERSION, **value}
    return {"name": NAME, "valueType": "object", "@type": "ObjectCharacteristic", "value": told}


def said(document: Document) -> Document:
    """What a document says so; {} where it says nothing, or in a version of which we know nothing."""
    for one in _items(document):
        value = one.get("value")
        if one.get("name") == NAME and isinstance(value, Mapping) and value.get("version") == VERSION:
            return value
    return {}


def _items(document: Document) -> Iterator[Document]:
    listed = document.get(_LIST)
    return (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, list) else iter(())


def with_said(document: dict[str, Any], value: Document | None) -> None:
    """The document with this in the place of what it said so before; None: with nothing."""
    others = [one for one in document.get(_LIST, ()) if one.get("name") != NAME]
    others += [characteristic(value)] if value is not None else []
    if others:
        document[_LIST] = others
    else:
        document.pop(_LIST, None)


def route(document: Document) -> str | None:
    """Over which desks the ticket came, as a desk's field; None: nothing is said."""
    marks = said(document).get("route")
    if not isinstance(marks, list):
        return None
    return " ".join(route_of(" ".join(mark for mark in marks if isinstance(mark, str)))) or None


def crossing(fields: Mapping[str, str | None]) -> dict[str, Any]:
    """What a new ticket carries: its route."""
    return {"route": list(route_of(fields.get(ROUTE)))}


def is_automatic(note: Document) -> bool:
    """Whether a note is words of a gateway's own."""
    told = note.get(NAME)
    return isinstance(told, Mapping) and told.get("automatic") is True


def clocks(found: Sequence[Document]) -> list[Document]:
    """Clocks in the order of their targets."""
    return sorted(found, key=lambda one: str(one["target"]))
