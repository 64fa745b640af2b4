"""A form that a browser posts, read within limits: plain (`application/x-www-form-urlencoded`) or with a file
(`multipart/form-data`, RFC 7578). Total: what is no form raises Unformed."""

import re
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

MOST_PARTS = 20
_BOUNDARY = re.compile(r"multipart/form-data\s*;.*?boundary=\"?([^\";,\s]{1,200})\"?", re.IGNORECASE)
_NAMED = re.compile(rb';\s*(name|filename)="([^"\r\n]*)"', re.IGNORECASE)
_TYPED = re.compile(rb"^content-type:\s*([\w.+-]+/[\w.+-]+)", re.IGNORECASE | re.MULTILINE)


class Unformed(Exception):
    """Not a form."""


class TooLarge(Exception):
    """More bytes than are taken."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file of a form. Its name and type are what the browser says."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was filled in."""

    texts: dict[str, str]
    files: dict[str, Upload] = field(default_factory=dict)


async def whole(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """All that is sent. Raises TooLarge as soon as the limit is passed."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


def read(content_type: str, body: bytes) -> Form:
    """The form in a body. Raises Unformed, for a NUL sign too: no browser sends one and no database keeps it."""
    form = _read(content_type, body)
    if any("\0" in text for text in form.texts.values()):
        raise Unformed
    return form


def _read(content_type: str, body: bytes) -> Form:
    found = _BOUNDARY.match(content_type[:500])
    if found:
        return _multipart(found[1].encode("latin-1", "replace"), body)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARTS)
    except ValueError as error:
        raise Unformed from error
    return Form(texts=dict(pairs))


def _multipart(boundary: bytes, body: bytes) -> Form:
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_PARTS + 2)
    if len(parts) < 2 or len(parts) > MOST_PARTS + 2 or not parts[-1].startswith(b"--"):
        raise Unformed
    form = Form(texts={})
    for part in parts[1:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        names = {key.lower(): value for key, value in _NAMED.findall(head)}
        if not found or b"name" not in names:
            raise Unformed
        name = names[b"name"].decode("utf-8", "replace")
        if b"filename" not in names:
            form.texts[name] = content.decode("utf-8", "replace")
        elif names[b"filename"] or content:
            kind = _TYPED.search(head)
            form.files[name] = Upload(
                filename=_plain_name(names[b"filename"].decode("utf-8", "replace")),
                media_type=kind[1].decode("ascii") if kind else "application/octet-stream",
                content=content,
            )
    return form


def _plain_name(name: str) -> str:
    """The last part of a path, without what no file name needs."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip(" .")[:200] or "file"
