"""Redmine's words: which of its attributes is which canonical field, and how it changes what is written."""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.domain.model import Desk, Field

TITLE_LIMIT = 255
"""Characters; a longer subject is refused with 422 (seen on 5.0.4, 2026-11)."""

ID_ATTRIBUTES: Mapping[str, str] = {
    Field.STATUS.value: "status_id",
    Field.PRIORITY.value: "priority_id",
    Field.ASSIGNEE.value: "assigned_to_id",
    Field.QUEUE.value: "project_id",
    Field.CATEGORY.value: "category_id",
    "tracker": "tracker_id",
}
"""Fields that Redmine keeps as an id; people, and everything beyond this connector, use the name."""

TEXT_ATTRIBUTES: Mapping[str, str] = {
    Field.TITLE.value: "subject",
    Field.DESCRIPTION.value: "description",
    Field.DUE.value: "due_date",
}

FIELD_OF_ATTRIBUTE: Mapping[str, str] = {
    attribute: name for name, attribute in {**ID_ATTRIBUTES, **TEXT_ATTRIBUTES}.items()
}


def custom_fields(desk: Desk) -> dict[str, int]:
    """Canonical name → id of the custom field that holds it, from the desk's settings."""
    return {str(name): int(number) for name, number in desk.settings.get("custom_fields", {}).items()}


def is_list(name: str, desk: Desk) -> bool:
    """Whether the field's custom field is one of several values, as the desk's settings say."""
    return name in desk.settings.get("lists", ())


def parts(text: str | None) -> list[str]:
    """The values of a list kept in one text, in an order that does not depend on how they came."""
    return sorted(part.strip() for part in (text or "").split(",") if part.strip())


def plain(value: str | None) -> str | None:
    """A text as everybody beyond Redmine knows it: line feeds only, and None instead of nothing. NUL goes, as a Redmine
    on PostgreSQL answers it with 500."""
    if value is None:
        return None
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "") or None


def sent(text: str) -> str:
    """What to send so that `text` arrives: an update turns the very word `none` into an empty text (seen on 5.0.4)."""
    return "none " if text == "none" else text


def normalised(field: str, value: str | None, desk: Desk) -> str | None:
    """See Connector.normalised. Texts keep their outer spaces; line ends become line feeds; a title is cut."""
    text = plain(value)
    if text is None:
        return None
    if field == Field.RELATED or is_list(field, desk):
        return ", ".join(parts(text)) or None
    match field:
        case Field.TITLE:
            return sent(text if len(text) <= TITLE_LIMIT else text[: TITLE_LIMIT - 1] + "…")
        case Field.DESCRIPTION:
            return sent(text)
        case Field.DUE:
            return _day(text, desk)
        case _:
            return text


def _day(text: str, desk: Desk) -> str:
    """Redmine knows days, not hours: the day at the desk. What is no moment is left for Redmine to judge."""
    if "T" not in text:
        return text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at.astimezone(ZoneInfo(desk.zone)) if at.tzinfo else at).date().isoformat()


def same_text(one: str, other: str) -> bool:
    """Whether two notes say the same; white space does not count."""
    return one.split() == other.split()


def same_filename(wanted: str, shown: str) -> bool:
    """Whether Redmine would show a file sent as `wanted` under the name `shown`: only the last part of a path
    survives, and what some file systems cannot bear becomes `_` (seen on 5.0.4)."""
    last = re.split(r"[\\/]", wanted)[-1]
    return re.sub(r"[/?%*:|\"'<>\n\r]+", "_", last) == shown
