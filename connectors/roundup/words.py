"""Roundup's words: which of an issue's properties is which canonical field, its times, and what it does to a text."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.domain.model import Desk, Field

LINKS: Mapping[str, str] = {
    Field.STATUS.value: "status",
    Field.PRIORITY.value: "priority",
    Field.ASSIGNEE.value: "assignedto",
}
"""Properties that point at another item; written and shown by its name."""

LABELS: Mapping[str, str] = {"status": "name", "priority": "name", "assignedto": "username"}

TITLE = "title"


def properties(desk: Desk) -> dict[str, str]:
    """Canonical name → the text property that holds it, from the desk's settings."""
    return {str(name): str(word) for name, word in desk.settings.get("properties", {}).items()}


def plain(value: str | None) -> str | None:
    """A text as Roundup keeps it, stripped at both ends (seen on 2.6.0), with line feeds only; None for nothing. NUL
    goes, as a tracker on PostgreSQL cannot keep it."""
    if value is None:
        return None
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip() or None


def moment(text: str) -> datetime:
    """Roundup's times: UTC, whole seconds, a dot between day and hour (2026-11-22.02:56:06)."""
    return datetime.strptime(text, "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC)


def written_moment(at: datetime) -> str:
    """The same the other way round."""
    return at.astimezone(UTC).strftime("%Y-%m-%d.%H:%M:%S")


_MESSAGE_ID = re.compile(r"<([^@<>\s]+)@interdesk>")


def message_id(marker: str) -> str:
    """The Message-ID under which Roundup keeps a message of ours, and mails it if it mails it."""
    return f"<{marker}@interdesk>"


def marker_in(text: str | None) -> str | None:
    """Our marker in a message's Message-ID, None in anybody else's."""
    found = _MESSAGE_ID.fullmatch(text or "")
    return found[1] if found else None
