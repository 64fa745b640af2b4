"""A ticket of a desk that lives in this gateway as its connector reads it (`gateway.in_house.reading`). All of it is
public: whatever gets there is read by the desk's party."""

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.domain.in_house import DeskTicket, Part, PartKind
from gateway.domain.model import Blob

_OWN = ("raw", "key", "shown")
"""Of a part's data what only we use."""


def document(ticket: DeskTicket, parts: Sequence[Part], *, since: int = 0) -> dict[str, Any]:
    """The ticket whole; of its history what came after the place `since`."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "marker": ticket.marker,
        "revision": ticket.revision,
        "created_at": ticket.created_at.isoformat(),
        "changed_at": ticket.changed_at.isoformat(),
        "fields": dict(ticket.fields),
        "comments": [{**one, "public": True} for one in _told(parts, PartKind.COMMENT)],
        "files": [{**one, "public": True} for one in _told(parts, PartKind.FILE)],
        "history": [one for one in _told(parts, PartKind.ENTRY) if int(one["id"]) > since],
        "position": ticket.parts,
    }


def _told(parts: Sequence[Part], kind: PartKind) -> Iterator[dict[str, Any]]:
    for part in parts:
        if part.kind is kind:
            who = {"id": part.actor.id, "name": part.actor.name, "kind": part.actor.kind.value}
            data = {name: value for name, value in part.data.items() if name not in _OWN}
            place, at = str(part.place), part.at.isoformat()
            yield {"id": place, "at": at, "actor": who, "request": part.request, **data}


def blob_of(part: Part) -> Blob:
    """Where a file's bytes are."""
    return Blob(key=part.data["key"], size=part.data["size"], sha256=part.data["sha256"])
