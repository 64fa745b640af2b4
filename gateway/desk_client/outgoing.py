"""From a connector's Request to the bytes that leave: address, headers, body. Nothing leaves the desk's origin."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode

import httpx
import orjson

from gateway.blobs import BlobStore
from gateway.connector import Embedded, FilePart, Request
from gateway.desk_auth import Credentials, Grant, origin_of
from gateway.desk_client.trip import Trip
from gateway.domain.model import Blob, Desk
from gateway.errors import ConfigError, ConnectorFailed

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DOTS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
# These frame the message; from a connector they could only break it apart.
_THE_WIRES = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer"}
)
_DEFAULT_HEADERS = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "interdesk"}


class Outgoing:
    """Builds the requests of one desk. Raises ConnectorFailed for a request that cannot be made."""

    def __init__(self, desk: Desk, credentials: Credentials, blobs: BlobStore | None) -> None:
        self._desk = desk
        self._headers = {
            **_DEFAULT_HEADERS,
            **{name.lower(): value for name, value in credentials.headers.items()},
        }
        self._credentials = credentials
        self._blobs = blobs
        kept = desk.capabilities.kept_here
        self._here = f"{kept}://here" if kept else ""

    @property
    def grant(self) -> Grant | None:
        """How this desk's tokens are asked for, if it wants any."""
        return self._credentials.grant

    def build(self, request: Request, trip: Trip, token: str = "") -> httpx.Request:
        """The request as httpx knows it, with a body that can be sent once, and the token that signs it."""
        if _origin(self._desk.base_url) != self._credentials.origin:
            raise ConfigError(f"desk {self._desk.code}: its credentials belong to another origin")
        own = {name.lower(): value for name, value in request.headers.items()}
        if forbidden := _THE_WIRES & own.keys():
            raise ConnectorFailed(f"the connector sets {', '.join(sorted(forbidden))}, which is the wire's")
        web = request.path.startswith(("https://", "http://"))
        if request.bare and not (request.method == "GET" and request.receive_blob and web):
            raise ConnectorFailed("the connector asks elsewhere for something that is no file")
        try:
            url = self._url(request)
            headers, stream = self._body(request)
            host = {"host": url.netloc.decode("ascii")}
            signed = {**self._headers, **({"authorization": f"Bearer {token}"} if token else {})}
            return httpx.Request(
                request.method,
                url,
                headers={**host, **(_DEFAULT_HEADERS if request.bare else signed), **headers, **own},
                stream=stream,
                extensions={"trip": trip},
            )
        except (httpx.InvalidURL, UnicodeError, TypeError, ValueError) as error:
            raise ConnectorFailed(f"the connector made a request that cannot be sent: {error}") from error

    def _url(self, request: Request) -> httpx.URL:
        text = request.path
        if not _ABSOLUTE.match(text):
            text = f"{self._desk.base_url.rstrip('/')}/{text.lstrip('/')}"
        elif not request.bare and _origin(text) not in (_origin(self._desk.base_url), self._here):
            raise ConnectorFailed(f"the connector wants to leave the desk for {text[:200]!r}")
        if _DOTS.search(text.partition("?")[0]):
            raise ConnectorFailed(f"the connector asks for a path with dots in it: {text[:200]!r}")
        if request.params:
            text += ("&" if "?" in text else "?") + urlencode(request.params)
        return _parsed(text)

    def _body(self, request: Request) -> tuple[dict[str, str], httpx.AsyncByteStream]:
        for blob in (*(part.blob for part in request.files), *([request.blob] if request.blob else ())):
            if self._blobs is None or not self._blobs.has(blob.key):
                raise ConnectorFailed(f"the connector sends the file {blob.key}, which is not in the store")
        if request.files:
            return self._multipart(request)
        if request.blob is not None:
            return {"content-length": str(request.blob.size)}, _Stream(self._chunks(request.blob))
        if request.form is not None:
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return _counted(urlencode(request.form).encode("ascii"), kind)
        if request.json is not None:
            return self._json(request.json)
        if request.content is not None:
            return _counted(request.content, {})
        return (
            _counted(b"", {}) if request.method in {"POST", "PUT", "PATCH"} else ({}, httpx.ByteStream(b""))
        )

    def _json(self, document: object) -> tuple[dict[str, str], httpx.AsyncByteStream]:
        """JSON as it is; each file in it is read when its turn comes, three bytes becoming four signs."""
        places: dict[str, Blob] = {}

        def placed(value: object) -> str:
            if not isinstance(value, Embedded):
                raise TypeError(f"{type(value).__name__} is nothing that JSON has")
            place = f"interdesk-file-{len(places)}-{value.blob.sha256}"
            places[place] = value.blob
            return place

        rest = orjson.dumps(document, default=placed, option=orjson.OPT_PASSTHROUGH_DATACLASS)
        kind = {"content-type": "application/json"}
        if not places:
            return _counted(rest, kind)
        parts: list[bytes | Blob] = []
        for place, blob in places.items():
            if self._blobs is None or not self._blobs.has(blob.key) or rest.count(place.encode()) != 1:
                raise ConnectorFailed(f"the connector sends the file {blob.key}, which is not in the store")
            before, _, rest = rest.partition(place.encode())
            parts += [before, blob]
        size = sum(4 * -(-part.size // 3) if isinstance(part, Blob) else len(part) for part in (*parts, rest))
        return {**kind, "content-length": str(size)}, _Stream(self._as_text([*parts, rest]))

    async def _as_text(self, parts: list[bytes | Blob]) -> AsyncIterator[bytes]:
        for part in parts:
            if isinstance(part, bytes):
                yield part
                continue
            left = b""
            async for chunk in self._chunks(part):
                whole = left + chunk
                even = len(whole) - len(whole) % 3
                yield base64.b64encode(whole[:even])
                left = whole[even:]
            yield base64.b64encode(left)

    def _multipart(self, request: Request) -> tuple[dict[str, str], httpx.AsyncByteStream]:
        boundary = _boundary(request)
        parts: list[bytes | Blob] = []
        for name, value in (request.form or {}).items():
            parts.append(_part_head(boundary, {"name": name}, None) + value.encode() + b"\r\n")
        for part in request.files:
            names = {"name": part.name, "filename": part.filename}
            parts += [_part_head(boundary, names, part.media_type), part.blob, b"\r\n"]
        parts.append(f"--{boundary}--\r\n".encode())
        size = sum(part.size if isinstance(part, Blob) else len(part) for part in parts)
        headers = {"content-type": f"multipart/form-data; boundary={boundary}", "content-length": str(size)}
        return headers, _Stream(self._parts(parts))

    async def _parts(self, parts: list[bytes | Blob]) -> AsyncIterator[bytes]:
        for part in parts:
            if isinstance(part, Blob):
                async for chunk in self._chunks(part):
                    yield chunk
            else:
                yield part

    async def _chunks(self, blob: Blob) -> AsyncIterator[bytes]:
        """The file's bytes. Breaks off, so that the desk sees half a request, if they are not what was promised."""
        assert self._blobs is not None  # noqa: S101  # _body has looked
        left = blob.size
        pieces = self._blobs.chunks(blob)
        while chunk := await asyncio.to_thread(next, pieces, b""):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise ConnectorFailed(f"the file {blob.key} is not {blob.size} bytes long")


class _Stream(httpx.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


@lru_cache(
    maxsize=1024
)  # httpx needs 20-40 us for one; a desk's lists and its place for new tickets are asked for again
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


@lru_cache(maxsize=1024)
def _origin(url: str) -> str:
    return origin_of(url)


def _counted(body: bytes, headers: dict[str, str]) -> tuple[dict[str, str], httpx.AsyncByteStream]:
    return {**headers, "content-length": str(len(body))}, httpx.ByteStream(body)


def _boundary(request: Request) -> str:
    """Cannot occur in the parts: it is a digest over the digests of the very files it separates."""
    seed = repr((sorted((request.form or {}).items()), [_identity(part) for part in request.files]))
    return "interdesk-" + hashlib.sha256(seed.encode("utf-8", "backslashreplace")).hexdigest()[:40]


def _identity(part: FilePart) -> tuple[str, str, str]:
    return part.name, part.filename, part.blob.sha256


def _part_head(boundary: str, names: Mapping[str, str], media_type: str | None) -> bytes:
    """One part's headers; quotes and line breaks in names are escaped as browsers do (RFC 7578, WHATWG)."""
    given = "".join(f'; {key}="{_escaped(value)}"' for key, value in names.items())
    kind = f"Content-Type: {quote(media_type, safe='/+-.;= ')}\r\n" if media_type else ""
    return f"--{boundary}\r\nContent-Disposition: form-data{given}\r\n{kind}\r\n".encode()


def _escaped(value: str) -> str:
    return value.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
