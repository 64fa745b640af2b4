"""RT's words for the values of a ticket, brought into one normal form so that reading and writing agree.

Seen on RT 5.0.3: a subject loses its line ends and is cut at 200 bytes; priorities are numbers, and a text becomes 0; a
due date in any other form than `YYYY-MM-DD HH:MM:SS` (UTC) becomes "not set"; a missing time shows as 1970.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.connector import shaped
from gateway.domain.model import Desk, Field
from gateway.errors import AnswerUnreadable

SUBJECT_BYTES = 200
NOBODY = "Nobody"
SYSTEM = "RT_System"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_SQL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)Z?")


@shaped(AnswerUnreadable, "a time")
def moment(text: str) -> datetime | None:
    """RT's time stamp; None for its 1970, which means "never"."""
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return None if at.timestamp() <= 0 else at


def due_shown(text: str) -> str | None:
    """A due date as RT shows it. What RT itself could not read (a history keeps the attempt) was never set."""
    found = _SQL_TIME.fullmatch(text)
    if not found:
        return None
    try:
        at = moment(f"{found[1]}T{found[2]}Z")
    except AnswerUnreadable:
        return None
    return _zulu(at) if at else None


def due_written(value: str) -> str:
    """A normalised due date as RT reads it."""
    return value.replace("T", " ").removesuffix("Z")


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clean_text(text: str) -> str:
    """Several lines of plain text: LF, no control characters (NUL breaks RT on PostgreSQL), no white space at the end."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()


def one_line(text: str) -> str:
    """White space of any kind becomes one space."""
    return " ".join(_CONTROL.sub("", re.sub(r"\s", " ", text)).split())


def subject(text: str) -> str:
    """At most 200 bytes of UTF-8, cut between characters."""
    return one_line(text).encode()[:SUBJECT_BYTES].decode(errors="ignore").rstrip()


def priority_step(number: str, desk: Desk) -> str:
    """The profile's row a priority number falls into: the highest that is not above it, else the lowest."""
    steps = sorted(int(native) for native in desk.profile.priorities if native.isdecimal())
    if not re.fullmatch(r"-?[0-9]{1,9}", number):
        return number
    if not steps:
        return str(int(number))
    return str(max((step for step in steps if step <= int(number)), default=steps[0]))


def _status(text: str, desk: Desk) -> str:
    """RT takes a status in any case and shows it as its life cycle writes it."""
    wanted = text.casefold()
    return next((row.native for row in desk.profile.statuses if row.native.casefold() == wanted), text)


def _due(text: str, desk: Desk) -> str:
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(desk.zone))
        return _zulu(at) if at.timestamp() > 0 else ""
    except (ValueError, OverflowError):
        return text


def parts_of(text: str | None) -> list[str]:
    """The values of a list kept in one text."""
    return sorted(part.strip() for part in one_line(text or "").split(",") if part.strip())


def normalised(field: str, value: str | None, desk: Desk) -> str | None:
    """What RT shows after `value` was written into `field`. None and nothing are the same: empty."""
    if value is None:
        return None
    if field == Field.DESCRIPTION:
        return clean_text(value) or None
    text = one_line(value)
    if field == Field.RELATED or field in desk.settings.get("lists", ()):
        return ", ".join(parts_of(text)) or None
    match field:
        case Field.TITLE:
            text = subject(text)
        case Field.STATUS:
            text = _status(text, desk)
        case Field.PRIORITY:
            text = priority_step(text, desk)
        case Field.DUE:
            text = _due(text, desk)
        case Field.ASSIGNEE:
            text = "" if text.casefold() == NOBODY.casefold() else text
    return text or None
