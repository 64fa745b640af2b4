"""A person who is to be forgotten: how names, addresses, numbers and ids of theirs are found in what people and desks wrote,
and what stands there afterwards. Where things lie is `store.traces`."""

import html
import re
import unicodedata
import zlib
from binascii import Error as NotEncoded
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

ERASED = "[erased]"
"""What stands where something of theirs stood."""
SHORTEST = 4
"""Signs of a term: a shorter one would be found in the words of others."""
_NUMBER = re.compile(r"\+?[\d\s()./-]{7,}")
_BETWEEN = r"[\s()./-]*"
_PACKED, _MOST_UNPACKED = b"\x78", 50_000_000
_BASE64 = re.compile(rb"=\?[^?\s]+\?[bB]\?([^?]+)\?=|(?:^[A-Za-z0-9+/]{4,}={0,2}\r?(?:\n|\Z))+", re.MULTILINE)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([ntr/]))")
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "/": "/"}


@dataclass(frozen=True)
class Person:
    """By the terms they are known by: an address, a full name, an id at a desk, a number of theirs. Raises ValueError for
    a term that would be found in the words of others."""

    terms: tuple[str, ...]

    def __post_init__(self) -> None:
        bad = [term for term in self.terms if sum(sign.isalnum() for sign in term) < SHORTEST]
        if bad or not self.terms:
            raise ValueError(f"{bad[0]!r} has fewer than {SHORTEST} letters or digits" if bad else "no term")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        said = sorted({form for term in self.terms for form in _forms(term)}, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(said)})(?!\w)", re.IGNORECASE)

    def is_in(self, value: Any) -> bool:
        """Whether a text, or any text of a document (its names too), or bytes speak of them."""
        if isinstance(value, str):
            return self._pattern.search(value) is not None
        if isinstance(value, bytes | memoryview):
            return any(self._pattern.search(text) for text in readings(bytes(value)))
        if isinstance(value, Mapping):
            return any(self.is_in(name) or self.is_in(one) for name, one in value.items())
        return isinstance(value, list | tuple) and any(self.is_in(one) for one in value)

    def without(self, value: Any) -> Any:
        """The same with `ERASED` where they were; bytes that speak of them are emptied whole."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, bytes | memoryview):
            return b"" if self.is_in(value) else value
        if isinstance(value, Mapping):
            return {self.without(name): self.without(one) for name, one in value.items()}
        return [self.without(one) for one in value] if isinstance(value, list | tuple) else value


def _forms(term: str) -> Iterable[str]:
    """Patterns of a term: however its signs are composed, however wide its spaces are and a number is written."""
    if _NUMBER.fullmatch(term.strip()):
        yield r"\+?" + _BETWEEN.join(sign for sign in term if sign.isdigit())
        return
    for form in ("NFC", "NFD"):
        plain = r"\s+".join(re.escape(word) for word in unicodedata.normalize(form, term).split())
        yield rf"(?<![\w.+-]){plain}(?![\w-]|\.\w)" if "@" in term else plain


def readings(raw: bytes) -> Iterable[str]:
    """What bytes that came over a wire may say: as text, with JSON's and an address's escapes undone, as the parts of a mail."""
    for text in _said(raw):
        yield text
        if "\\" in text:
            yield _ESCAPED.sub(_unescaped, text)
        if "&" in text:
            yield html.unescape(text)
        if "%" in text or "+" in text:
            yield from _said(unquote_to_bytes(text.replace("+", " ")))
    if raw[:1] == _PACKED:
        yield from _said(_unpacked(raw))
    if b"Content-Transfer-Encoding" in raw or b"=?" in raw:
        yield from _parts_of_mail(raw)


def _said(raw: bytes) -> Iterable[str]:
    """As UTF-8; where it is none, as what mails and forms of the West and the East are written in."""
    try:
        yield raw.decode("utf-8")
        return
    except UnicodeDecodeError:
        yield raw.decode("utf-8", "replace")
    for code in ("cp1252", "cp1251", "utf-16"):
        yield raw.decode(code, "replace")


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _SIGNS[found[2]]


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, _MOST_UNPACKED)
    except zlib.error:
        return b""


def _parts_of_mail(raw: bytes) -> Iterable[str]:
    """Whatever its structure: each block and word in base64, and the whole as if it were quoted-printable."""
    for header in (False, True):
        for text in _said(a2b_qp(raw, header=header)):
            yield text
            if "&" in text:
                yield html.unescape(text)
    for block in _BASE64.finditer(raw):
        try:
            yield from _said(a2b_base64(block[1] or block[0]))
        except NotEncoded:
            continue  # it only looked like it


# -- what is left of a row --------------------------------------------------------------------------------------------------------

Row = Mapping[str, Any]
_TITLES = ("title", "description", "summary", "subject")
_SHUT: Mapping[str, Row] = {"account": {"password": None, "issuer": None, "subject": None}}
"""What else goes with a row that is theirs."""


def left_of(
    table: str, row: Row, person: Person, *, words: Iterable[str], requested: bool = False
) -> dict[str, Any]:
    """The columns of a row that change; none where it does not speak of them. `words`: the columns that hold people's words;
    `requested`: its ticket is their wish, so its title and description are their words."""
    if table == "content" and _is_theirs(row, person, requested=requested):
        return nothing_left(row)
    found = {name: _left(row[name], person, requested=requested) for name in words if row[name]}
    if row.get("data") and (person.is_in(row.get("actor_name")) or person.is_in(row.get("actor_id"))):
        found["data"] = part_left(person.without(row["data"]))
    if table == "letter" and requested:  # about a job: its title is the subject
        found["subject"] = ERASED
    if table == "desk_ticket" and (requested or person.is_in((row["fields"] or {}).get("requester"))):
        found["document"] = ticket_left(person.without(row["document"] or {}))
    changed = {name: value for name, value in found.items() if value != row[name]}
    if changed and table == "content":
        changed["salt"] = ""
    return changed | dict(_SHUT.get(table, {})) if changed else {}


def _is_theirs(row: Row, person: Person, *, requested: bool) -> bool:
    if row["text"] == ERASED:
        return False
    by_them = person.is_in(row["author"]) or person.is_in((row["source"] or {}).get("author"))
    return by_them or (requested and row["kind"] in _TITLES)


def nothing_left(row: Row) -> dict[str, Any]:
    """Of a content. Without its salt, the digest that events hold can be tried against no guess."""
    kept = {name: value for name, value in (row["source"] or {}).items() if name in ("remote_id", "role")}
    gone: dict[str, Any] = {"text": ERASED, "author": ERASED, "salt": "", "source": kept}
    if row["filename"] is not None:
        gone |= {"filename": ERASED, "blob_key": None, "blob_size": None, "blob_sha256": None}
    return gone


_WORDED = (*_TITLES, "requester", "assignee")


def part_left(data: Row) -> dict[str, Any]:
    """Of a note, a file or a change of a field at a desk of ours; the party's original (`raw`) goes whole."""
    gone = {name: ERASED for name in ("text", "filename", "name") if name in data}
    gone |= {name: "" for name in ("key", "sha256") if name in data}
    gone |= {name: ERASED for name in ("old", "new") if data.get("field") in _WORDED and data.get(name)}
    gone |= {"reason": ERASED} if data.get("reason") else {}
    return {name: value for name, value in data.items() if name != "raw"} | gone


_TECHNICAL = (
    "status",
    "priority",
    "severity",
    "ticketType",
    "externalId",
    "@type",
    "@baseType",
    "@schemaLocation",
)


def ticket_left(document: Row) -> dict[str, Any]:
    """Of a ticket of theirs at a desk of ours, as its party wrote it: what machines read."""
    kept = {name: document[name] for name in _TECHNICAL if name in document}
    return kept | {name: ERASED for name in ("name", "description") if document.get(name)}


def _left(value: Any, person: Person, *, requested: bool) -> Any:
    left = person.without(value)
    if isinstance(left, dict) and (requested or person.is_in(value.get("requester"))):
        left |= {name: ERASED for name in _TITLES if left.get(name)}
    return left
