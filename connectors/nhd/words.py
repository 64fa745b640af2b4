"""The wire's names and values for canonical ones, both ways, and the two dialects."""

import hashlib
from collections.abc import Mapping

from gateway.domain.model import Desk, Field

NAMES: Mapping[str, str] = {
    Field.TITLE: "subject",
    Field.STATUS: "status",
    Field.REQUESTER: "requester",
    Field.TAGS: "tags",
    Field.DESCRIPTION: "description",
    "custom.status": "custom_status",
}
"""Canonical name → the wire's, where a document has a place of its own for it."""
CUSTOM = "custom_fields."
LONGEST_TITLE = 1_000
_OPEN_AT_RT: Mapping[str, str] = {"new": "open", "hold": "pending", "closed": "solved"}
"""Request Tracker's extension takes open, pending and solved only, whatever its own map names."""


def is_rt(desk: Desk) -> bool:
    """Whether Request Tracker's extension answers."""
    return desk.settings.get("dialect") == "rt"


def content_type(desk: Desk) -> dict[str, str]:
    """RT reads a body only of its own type; the gem's side only JSON's."""
    kind = 'text/x-json; charset="UTF-8"' if is_rt(desk) else "application/json"
    return {"content-type": kind}


def custom(desk: Desk) -> dict[str, str]:
    """Canonical name → the partner's custom field."""
    return {str(name): str(theirs) for name, theirs in (desk.settings.get("custom_fields") or {}).items()}


def canonical(desk: Desk) -> dict[str, str]:
    """The wire's name → canonical name, of all that this desk's tickets show."""
    plain = {theirs: str(name) for name, theirs in NAMES.items()}
    return plain | {f"{CUSTOM}{theirs}": name for name, theirs in custom(desk).items()}


def normalised(field: str, value: str | None, desk: Desk) -> str | None:
    """What will stand there: tags without spaces around, texts as they are, statuses as the dialect has them."""
    if not value:
        return None
    if field == Field.TITLE:
        return value[:LONGEST_TITLE]
    if field == Field.TAGS:
        return ",".join(tag.strip() for tag in value.split(",") if tag.strip()) or None
    if field == Field.STATUS:
        told = value.strip().lower()
        return (_OPEN_AT_RT.get(told, told) if is_rt(desk) else told) or None
    return value


def uuid(kind: str, marker: str) -> str:
    """40 hex digits, the same for the same thing: a repeat is known again there. The standard's own rule (SHA-1 of address,
    kind and id) with our marker for the address, which may change."""
    return hashlib.sha1(f"interdesk/{kind}/{marker}".encode(), usedforsecurity=False).hexdigest()
