"""THE PORT: all that a connector author must read. A connector translates; it never performs I/O.

Inbound methods are pure functions. Outbound methods are generators that yield a `Request` and receive a `Response`
(the pattern of httpx's own `auth_flow`), so the same code runs under the async worker, in the simulator and over
recorded fixtures, and a plug-in never holds a client, a database or another link's secrets.
"""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson

from gateway.domain.documents import manifest_from
from gateway.domain.model import (
    Blob,
    Command,
    Desk,
    DeskFacts,
    Manifest,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
)
from gateway.errors import AnswerUnreadable, Unreadable


class Effect(StrEnum):
    """What a request does at the desk. What a PREPARE leaves behind must be harmless; a push ends with one WRITE
    (reads may follow it: the read-back)."""

    READ = "read"
    PREPARE = "prepare"
    WRITE = "write"


@dataclass(frozen=True, kw_only=True)
class FilePart:
    """One file of a multipart body."""

    name: str
    filename: str
    media_type: str
    blob: Blob


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A file that stands as base64 within a JSON body: put it where the text would stand, the wire writes the bytes."""

    blob: Blob


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request to the desk. `path` is relative to the desk's base URL (or absolute on the same origin; or of the
    scheme `kept_here`, where the gateway keeps what the desk pushed).

    At most one of `json`, `form`, `content`, `blob` is set; `files` goes with `form`. Credentials are added by the
    wire, never by the connector, except headers the product itself asks for. `receive_blob` streams the answer into
    the blob store; the Response then carries `blob` and an empty `body`.
    """

    effect: Effect
    method: str
    path: str
    params: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    files: Sequence[FilePart] = ()
    content: bytes | None = None
    blob: Blob | None = None
    receive_blob: bool = False
    bare: bool = False
    """To another place than the desk's, without credentials: a file that the desk names by its address. Only a GET that
    receives a blob, and only to public addresses."""
    accept: Sequence[int] = ()
    """Statuses beyond 2xx that the connector itself reads (a 404 in `find`, say). All others the wire turns into the
    right error before the connector sees them."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """The desk's whole answer (already complete: half a body never gets here). Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    blob: Blob | None = None
    received_at: datetime | None = None

    def json(self) -> Any:
        """Parsed body. Raises AnswerUnreadable when it is not JSON; the wire turns that into *uncertain* once a
        write has left, into *try again* before."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("content-type", "no content type")
            raise AnswerUnreadable(
                f"the desk answered {self.status} with something that is not JSON ({kind})"
            ) from error


def payload(message: Message) -> Any:
    """The JSON a message carries. Raises Unreadable when it carries none (or nests beyond 1,024 levels)."""
    try:
        return orjson.loads(message.body)
    except ValueError as error:
        raise Unreadable("the message is not JSON", why=str(error)) from error


@contextmanager
def shaped(kind: type[Unreadable] | type[AnswerUnreadable], what: str) -> Iterator[None]:
    """Around (or, as a decorator, on) plain code that takes a document apart: a missing key, a list where a mapping
    should be or a text that is no time becomes `kind` ("not a ticket as this desk writes it: KeyError 'id'")."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise kind(f"not {what} as this desk writes it", why=f"{type(error).__name__}: {error}") from error


def load_manifest(folder: Path) -> Manifest:
    """The manifest.json of a connector's folder (its schema is checked by the registry and the contract suite)."""
    return manifest_from(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


T = TypeVar("T")

Exchange = Generator[Request, Response, T]
"""A conversation with a desk: yields requests, is sent their responses, returns a T, raises a DeskError."""


class Connector(Protocol):
    """One desk product. Every method is a pure function of its arguments; see connectors/README.md."""

    @property
    def manifest(self) -> Manifest:
        """What manifest.json beside the code declares."""

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """Refuse with SignatureInvalid what this desk did not send: constant time, before any parsing, with a
        tolerance for old time stamps and every secret in `desk.hook_secrets` (rotation)."""

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """What the message says. `[]` means: not for us. Raises Unreadable for an unknown shape; never guesses."""

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket as the desk has it, with history, comments and attachments after `since` (a former
        snapshot's `position`; None = everything). A 404 ends the call with DeskGone by itself; raise DeskGone where
        the desk says in a 2xx that there is no such ticket."""

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """One page of what changed since the cursor, oldest first; None asks for a cursor that starts now.
        Re-reads an overlap of the larger of 2 minutes and the desk's time granularity."""

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """Bring about one effect with one WRITE; read back where the desk answers 2xx to refused changes."""

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """Everything at the desk that carries this command's effect, oldest first. For an UPDATE: a receipt if the
        ticket already has the wanted values. Creates nothing."""

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes of one attachment, streamed into the blob store."""

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What the desk will show after we write `value` into `field`: trimmed, cut, re-cased as it does."""

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """A cheap authenticated read that proves settings and credentials. Writes nothing."""
