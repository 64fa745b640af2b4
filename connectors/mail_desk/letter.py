"""A mail as it lies in the mailbox, read into what it says: within limits, whatever its sender made of MIME.

Read leniently (`compat32` never refuses a header) and bounded: what is nested too deep, has too many parts or cannot be
taken apart is Unreadable, and is kept for a person.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser

from gateway.errors import Unreadable

DEEPEST, MOST_PARTS, LONGEST_TEXT = 20, 100, 200_000
_MOST_BOUNDARIES = 300
MOST_HEADERS, LONGEST_HEAD = 1_000, 256_000
_PIECE, _LONGEST_TAG = 2_000, 8_000
_CHARSETS = ("utf-8", "windows-1251", "latin-1")
"""What a text is tried in whose own word is wrong: the last one reads anything."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file in a mail; `part` is its place in the walk over all parts, counted from 0."""

    part: int
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`headers` hold all values of a name (lower case), decoded, in their order; `report` what a delivery report says."""

    id: str
    sender: str
    name: str
    subject: str
    text: str
    at: datetime
    headers: dict[str, tuple[str, ...]]
    files: tuple[File, ...] = ()
    report: str = ""
    kind: str = ""

    def first(self, name: str) -> str:
        """The topmost header of that name."""
        return self.headers.get(name, ("",))[0]

    def every(self, *names: str) -> str:
        """All values of these headers, one a line."""
        return "\n".join(value for name in names for value in self.headers.get(name, ()))


def read(raw: bytes, at: datetime) -> Letter:
    """What a mail says. Raises Unreadable for one that cannot be taken apart within the limits."""
    if (
        raw.count(b"\n--") > _MOST_BOUNDARIES * MOST_PARTS
        or raw.lower().count(b"boundary") > _MOST_BOUNDARIES
    ):
        raise Unreadable("the mail has too many parts")
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        _bounded(message)
        parts = list(walk(message))
        return _letter(message, parts, raw, at)
    except Unreadable:
        raise
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise Unreadable("the mail cannot be taken apart", why=type(error).__name__) from error


def _bounded(message: Message) -> None:
    """Raises Unreadable for a head that no mail program writes: what is read of it must not cost more than its size."""
    if len(message) > MOST_HEADERS or sum(len(str(value)) for _, value in message.raw_items()) > LONGEST_HEAD:
        raise Unreadable(f"the mail has more than {MOST_HEADERS} headers or {LONGEST_HEAD} bytes of them")


def walk(message: Message) -> Iterator[Message]:
    """Every part, outermost first; a mail in a mail is not entered: it is a file. Raises Unreadable beyond the limits."""
    waiting: list[tuple[Message, int]] = [(message, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop(0)
        count += 1
        if depth > DEEPEST or count > MOST_PARTS:
            raise Unreadable(f"the mail is nested deeper than {DEEPEST} or has more than {MOST_PARTS} parts")
        yield part
        inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(inner, list):
            waiting[:0] = [(one, depth + 1) for one in inner if isinstance(one, Message)]


def _letter(message: Message, parts: list[Message], raw: bytes, at: datetime) -> Letter:
    told: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        told.setdefault(str(name).lower(), []).append(_plain(_decoded(_unescaped(value))))
    headers = {name: tuple(values) for name, values in told.items()}
    written = next((value for name, value in message.raw_items() if name.lower() == "from"), "")
    name, sender = _first_address(_unescaped(written))
    files = tuple(_file(number, part) for number, part in enumerate(parts) if _is_file(part))
    given = _plain(str(message.get("Message-ID", "")))
    return Letter(
        id=given.strip("<> ")[:250] or hashlib.sha256(raw).hexdigest()[:32],
        sender=sender,
        name=name,
        subject=headers.get("subject", ("",))[0][:500],
        text=_text(parts)[:LONGEST_TEXT],
        at=at,
        headers=headers,
        files=files,
        report=_report(message, parts),
        kind=f"{message.get_content_type()}; {message.get_param('report-type') or ''}".lower(),
    )


def _first_address(text: str) -> tuple[str, str]:
    """(name, address) of a From header; two addresses are nobody's."""
    found = [(name, address) for name, address in getaddresses([text]) if "@" in address]
    if len(found) != 1:
        return "", ""
    return _plain(_decoded(found[0][0]))[:100], _plain(found[0][1]).lower()


def _unescaped(value: object) -> str:
    """A header with bytes beyond ASCII in it, as many programs still write them, raw."""
    return _as_text(str(value).encode("utf-8", "surrogateescape"), "utf-8")


def _decoded(value: object) -> str:
    """A header's words (RFC 2047), whatever charset they claim."""
    try:
        pieces = decode_header(str(value))
    except (ValueError, LookupError, AssertionError):  # base64 that is none, and the like
        return str(value)
    return "".join(piece if isinstance(piece, str) else _as_text(piece, charset) for piece, charset in pieces)


def _as_text(data: bytes, charset: str | None) -> str:
    for name in (charset, *_CHARSETS):
        try:
            return data.decode(name or "ascii")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("latin-1")


def _plain(text: str) -> str:
    """One line without control characters or marks that turn the reading direction."""
    return " ".join(_CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).split())


def _bytes(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    if isinstance(data, bytes):
        return data
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    return first.as_bytes() if isinstance(first, Message) else b""


def _is_file(part: Message) -> bool:
    if part.get_content_maintype() == "multipart" or part.get_content_type() in _REPORTS:
        return False
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return True
    return part.get_content_maintype() != "text"


_REPORTS = ("message/delivery-status", "text/rfc822-headers", "message/disposition-notification")


def _file(number: int, part: Message) -> File:
    data = _bytes(part)
    name = _plain(_decoded(part.get_filename() or "")).replace("\\", "/").rpartition("/")[2].lstrip(".")[:120]
    kind = part.get_content_type()
    digest = hashlib.sha256(data).hexdigest()
    return File(part=number, name=name or f"file-{number}", media_type=kind, size=len(data), sha256=digest)


def _text(parts: list[Message]) -> str:
    """The first plain text that is no file; else the first HTML, as plain text."""
    texts = [part for part in parts if part.get_content_maintype() == "text" and not _is_file(part)]
    texts = [part for part in texts if part.get_content_type() not in _REPORTS]
    for part in texts:
        words = _words(part)
        if part.get_content_type() == "text/plain" and words.strip():
            return words
    return next((_from_html(_words(part)) for part in texts if part.get_content_subtype() == "html"), "")


def _words(part: Message) -> str:
    data = _bytes(part)[: LONGEST_TEXT * 4]
    text = _as_text(data, part.get_content_charset())
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")


def _report(message: Message, parts: list[Message]) -> str:
    """What a delivery report (RFC 3464, or Exim's plain one) says of the letter that did not arrive."""
    told = []
    for part in parts:
        if part.get_content_type() in (*_REPORTS, "message/rfc822"):
            inner = part.get_payload()
            blocks = inner if isinstance(inner, list) else [part]
            told += [str(block)[:20_000] for block in blocks]
    failed = message.get("X-Failed-Recipients")
    return "\n".join([*told, f"X-Failed-Recipients: {failed}" if failed else ""]).strip()


class _Reader(HTMLParser):
    """HTML to plain text: what is quoted gets a `>`, what is no text goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines = [""]
        self._hidden = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self._break()
        self._quoted += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _BLOCKS and tag != "br":
            self._break()
        if tag == "blockquote":
            self._quoted = max(self._quoted - 1, 0)

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not self._hidden:
            if not self.lines[-1] and self._quoted:
                self.lines[-1] = "> "
            space = " " if self.lines[-1] and data[:1].isspace() else ""
            self.lines[-1] += space + words + (" " if data[-1:].isspace() else "")

    def _break(self) -> None:
        if self.lines[-1]:
            self.lines.append("")


_HIDDEN = frozenset({"style", "script", "head", "title", "template"})
_BLOCKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "table", "h1", "h2", "h3", "hr", "pre"})


def _from_html(text: str) -> str:
    """In pieces: the parser looks at all that is unfinished again and again, so of a tag or comment that does not end only
    its beginning (what it is) and its end (a quote may still be open in it) are kept."""
    reader = _Reader()
    for at in range(0, len(text), _PIECE):
        reader.feed(text[at : at + _PIECE])
        if len(reader.rawdata) > _LONGEST_TAG:
            reader.rawdata = reader.rawdata[:_PIECE] + reader.rawdata[-_PIECE:]
    reader.close()
    return "\n".join(line.rstrip() for line in reader.lines)
