"""Reading the documents of Networked Help Desk, of either dialect (the Ruby gem's and Request Tracker's): `null` and absent
both mean "unchanged", times come in two forms. Whatever else is strange is refused in words; nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from gateway.domain.ticket_sharing import Standing

LONGEST_TEXT = 100_000
LONGEST_WORD = 500
LONGEST_URL = 2_000
MOST_COMMENTS = 500
MOST_FILES = 100
MOST_NAMED = 200
"""Tags of a ticket, and custom fields: each at most so many."""
_UUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
"""Of a comment or person: the gem's own examples are `c1`, Request Tracker's 40 hex digits."""
_URL = re.compile(r"https?://[!-~]+")
T = TypeVar("T")


class NotTaken(ValueError):
    """The document cannot be taken; the message says which part and why, in words for the other side."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at the partner. `role` "agent" is one of its staff."""

    uuid: str
    name: str
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class FileTold:
    """A file that stands somewhere to be fetched."""

    url: str
    filename: str
    media_type: str


@dataclass(frozen=True, kw_only=True)
class CommentTold:
    """A comment; `html` is there where no plain text is."""

    uuid: str
    body: str
    html: str
    author: Person | None
    at: datetime | None
    public: bool
    files: tuple[FileTold, ...]


@dataclass(frozen=True, kw_only=True)
class TicketTold:
    """What a document says of a ticket; None is unchanged."""

    subject: str | None = None
    status: str | None = None
    requester: Person | None = None
    actor: Person | None = None
    requested_at: datetime | None = None
    number: str | None = None
    custom_status: str | None = None
    tags: tuple[str, ...] | None = None
    custom: Mapping[str, str] | None = None
    comments: tuple[CommentTold, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AgreementTold:
    """What a document says of an agreement; None is unchanged."""

    name: str | None = None
    sender_url: str | None = None
    receiver_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    standing: Standing | None = None
    deactivated_by: str | None = None
    sync_tags: bool | None = None
    sync_custom_fields: bool | None = None
    public_comments: bool | None = None


def ticket_told(given: object, uuid: str) -> TicketTold:
    """Raises NotTaken."""
    doc = _of_this(given, uuid)
    comments = _listed(doc, "comments", MOST_COMMENTS) or ()
    named = [_comment(_mapping(one, f"comments[{at}]"), f"comments[{at}]") for at, one in enumerate(comments)]
    return TicketTold(
        subject=_text(doc, "subject", longest=1_000),
        status=_lower(_text(doc, "status", longest=60)),
        requester=_person(doc, "requester"),
        actor=_person(doc, "current_actor"),
        requested_at=_time(doc, "requested_at"),
        number=_text(doc, "original_id", longest=100),
        custom_status=_text(doc, "custom_status", longest=200),
        tags=_tags(doc),
        custom=_custom(doc),
        comments=tuple(named),
    )


def agreement_told(given: object, uuid: str) -> AgreementTold:
    """Raises NotTaken."""
    doc = _of_this(given, uuid)
    standing = _text(doc, "status", longest=20)
    if standing is not None and standing not in [*Standing]:
        raise NotTaken(f"status {standing!r} is none of {', '.join(Standing)}")
    return AgreementTold(
        name=_text(doc, "name", longest=300),
        sender_url=_url(doc, "sender_url"),
        receiver_url=_url(doc, "receiver_url"),
        access_key=_text(doc, "access_key", longest=200),
        standing=None if standing is None else Standing(standing),
        deactivated_by=_text(doc, "deactivated_by", longest=20),
        sync_tags=_flag(doc, "sync_tags"),
        sync_custom_fields=_flag(doc, "sync_custom_fields"),
        public_comments=_flag(doc, "allows_public_comments"),
    )


def moment(text: str) -> datetime:
    """`2011-01-17 01:01:01 +0100` (both products write this), or ISO 8601 (the text of the standard). Raises ValueError."""
    words = text.strip()
    if words.endswith(" UTC"):
        words = f"{words[:-4]} +0000"
    date, space, offset = words.rpartition(" ")
    if space and offset[:1] in "+-" and ":" in date:
        words = date + offset
    at = datetime.fromisoformat(words)
    if at.tzinfo is None or not 1970 < at.year < 9000:
        raise ValueError("no offset, or no year of ours")
    return at.astimezone(UTC)


def written(at: datetime) -> str:
    """A moment as both products write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


def same_place(one: str, other: str) -> bool:
    """Whether two sharing addresses are one: the case of scheme and host says nothing, nor does a slash at the end."""
    return _placed(one) == _placed(other)


def _placed(url: str) -> tuple[str, str]:
    scheme, _, rest = url.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}".lower(), slash + path


def _of_this(given: object, uuid: str) -> Mapping[str, Any]:
    doc = _mapping(given, "the body")
    told = _text(doc, "uuid", longest=LONGEST_WORD)
    if told is not None and told != uuid:
        raise NotTaken("uuid is not the one in the address")
    return doc


def _mapping(given: object, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise NotTaken(f"{where} is no JSON object")
    return given


def _text(doc: Mapping[str, Any], name: str, *, longest: int, where: str = "") -> str | None:
    """A text, or a number where a text belongs (ids are numbers at some)."""
    value = doc.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise NotTaken(f"{where}{name} is no text")
    if len(value) > longest:
        raise NotTaken(f"{where}{name} is longer than {longest} signs")
    if "\0" in value:
        raise NotTaken(f"{where}{name} holds a NUL sign")
    return value


def _lower(text: str | None) -> str | None:
    return text.strip().lower() if text is not None else None


def _flag(doc: Mapping[str, Any], name: str, where: str = "") -> bool | None:
    value = doc.get(name)
    if value is not None and not isinstance(value, bool):
        raise NotTaken(f"{where}{name} is neither true nor false")
    return value


def _url(doc: Mapping[str, Any], name: str, where: str = "") -> str | None:
    url = _text(doc, name, longest=LONGEST_URL, where=where)
    if url is not None and not _URL.fullmatch(url):
        raise NotTaken(f"{where}{name} is no http address")
    return url


def _listed(doc: Mapping[str, Any], name: str, most: int, where: str = "") -> list[Any] | None:
    value = doc.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise NotTaken(f"{where}{name} is no list")
    if len(value) > most:
        raise NotTaken(f"{where}{name} has more than {most} items")
    return value


def _time(doc: Mapping[str, Any], name: str, where: str = "") -> datetime | None:
    text = _text(doc, name, longest=60, where=where)
    return _parsed(moment, text, f"{where}{name} is no time; write 2011-01-17 01:01:01 +0100")


def _parsed(read: Callable[[str], T], text: str | None, otherwise: str) -> T | None:
    try:
        return None if not text else read(text)
    except (ValueError, OverflowError):
        raise NotTaken(otherwise) from None


def _uuid(doc: Mapping[str, Any], where: str) -> str:
    uuid = _text(doc, "uuid", longest=64, where=where) or ""
    if not _UUID.fullmatch(uuid):
        raise NotTaken(f"{where}uuid is missing or no name of 1 to 64 letters and digits")
    return uuid


def _person(doc: Mapping[str, Any], name: str, where: str = "") -> Person | None:
    if doc.get(name) is None:
        return None
    place = f"{where}{name}."
    told = _mapping(doc[name], f"{where}{name}")
    return Person(
        uuid=_text(told, "uuid", longest=LONGEST_WORD, where=place) or "",
        name=_text(told, "name", longest=LONGEST_WORD, where=place) or "",
        role=_text(told, "role", longest=60, where=place) or "",
    )


def _tags(doc: Mapping[str, Any]) -> tuple[str, ...] | None:
    listed = _listed(doc, "tags", MOST_NAMED)
    if listed is None:
        return None
    tags = [_text({"tags": one}, "tags", longest=LONGEST_WORD) for one in listed]
    if any(tag is None or "," in tag for tag in tags):
        raise NotTaken("tags are texts without commas")
    return tuple(tag.strip() for tag in tags if tag and tag.strip())


def _custom(doc: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Each value as a text: a list of words with commas, true and false as such, null as nothing."""
    if doc.get("custom_fields") is None:
        return None
    told = _mapping(doc["custom_fields"], "custom_fields")
    if len(told) > MOST_NAMED:
        raise NotTaken(f"custom_fields has more than {MOST_NAMED} names")
    found: dict[str, str] = {}
    for name, value in told.items():
        if not 0 < len(name) <= LONGEST_WORD or "\0" in name:
            raise NotTaken("custom_fields has a name that is none")
        found[name] = _plain(value, f"custom_fields.{name[:40]}")
    return found


def _plain(value: object, where: str) -> str:
    if isinstance(value, list) and len(value) <= MOST_NAMED:
        return ",".join(_plain(one, where) for one in value if not isinstance(one, list))
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return "" if value is None else str(value)
    if not isinstance(value, str) or len(value) > 10_000 or "\0" in value:
        raise NotTaken(f"{where} is neither a text, a number nor a list of such")
    return value


def _comment(doc: Mapping[str, Any], where: str) -> CommentTold:
    place = f"{where}."
    public = _flag(doc, "public", place)
    files = _listed(doc, "attachments", MOST_FILES, place) or ()
    return CommentTold(
        uuid=_uuid(doc, place),
        body=_text(doc, "body", longest=LONGEST_TEXT, where=place) or "",
        html=_text(doc, "html_body", longest=2 * LONGEST_TEXT, where=place) or "",
        author=_person(doc, "author", place),
        at=_time(doc, "authored_at", place),
        public=public is not False,  # true unless it says otherwise: so the standard, and both products
        files=tuple(
            _file(_mapping(one, f"{place}attachments[{at}]"), f"{place}attachments[{at}].")
            for at, one in enumerate(files)
        ),
    )


def _file(doc: Mapping[str, Any], where: str) -> FileTold:
    url = _url(doc, "url", where)
    if url is None:
        raise NotTaken(f"{where}url is missing")
    name = _text(doc, "filename", longest=LONGEST_WORD, where=where) or ""
    shown = _text(doc, "display_filename", longest=LONGEST_WORD, where=where) or ""
    kind = _text(doc, "content_type", longest=200, where=where)
    return FileTold(url=url, filename=shown or name or "file", media_type=kind or "application/octet-stream")
