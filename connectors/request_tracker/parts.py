"""The parts of a ticket's messages: which are its text, which are files. RT keeps every MIME part as an attachment.

Seen on RT 5.0.3: multipart containers are rows of length 0; rows come in the order of the MIME tree, but a list of them
cannot name a row's parent (asking for it is answered with 500); the text of a list is UTF-8, whatever came in.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.request_tracker.plain_text import plain_text
from connectors.request_tracker.rest import Condition, Row, get, items, search, whole_pages
from connectors.request_tracker.words import clean_text
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Blob
from gateway.errors import AnswerUnreadable

LONGEST_TEXT = 500_000
"""Bytes; a longer text is handed on as a file."""

_TEXTS = {"text/plain": ".txt", "text/html": ".html"}
_ENDINGS = {
    **_TEXTS,
    "message/rfc822": ".eml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
}
_BATCH = 40
_BATCH_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One row: a text, a file or a container. `size` in bytes."""

    id: str
    transaction: str
    media_type: str
    filename: str
    size: int

    @property
    def name(self) -> str:
        """The file's name, or one made from its number."""
        return (
            self.filename or f"{self.media_type.split('/')[0]}-{self.id}{_ENDINGS.get(self.media_type, '')}"
        )

    @property
    def path(self) -> str:
        """Where RT's own pages hand the part out; relative to the desk, so that a desk may move."""
        return f"Ticket/Attachment/{self.transaction}/{self.id}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """The parts of one message that are its text, and those that are files."""

    texts: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


def listed(remote_id: str, transactions: Sequence[str]) -> Exchange[dict[str, list[Part]]]:
    """The parts of these transactions, without contents. Asked for by number: a list of all would also count the mails
    RT sent, which the account may not see, and so never show where it ends."""
    rows: list[Row] = []
    for start in range(0, len(transactions), _BATCH):
        wanted = [_is("TransactionId", one) for one in transactions[start : start + _BATCH]]
        rows += yield from whole_pages(
            f"ticket/{remote_id}/attachments",
            ("fields", "Filename,ContentType,ContentLength,TransactionId"),
            ("query", search(wanted)),
        )
    return _by_transaction(rows)


def _is(field: str, value: str) -> Condition:
    return {"field": field, "operator": "=", "value": value}


@shaped(AnswerUnreadable, "a list of attachments")
def _by_transaction(rows: Sequence[Row]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for row in rows:
        part = part_of(row)
        found.setdefault(part.transaction, []).append(part)
    return found


def part_of(row: Row) -> Part:
    """One row. Raises LookupError, TypeError or ValueError for one that is none."""
    return Part(
        id=str(int(row["id"])),
        transaction=str(int(row["TransactionId"])),
        media_type=str(row["ContentType"] or "application/octet-stream").lower(),
        filename=str(row["Filename"] or "").replace("/", "_").replace("\\", "_"),
        size=int(row["ContentLength"] or 0),
    )


def sort_out(parts: Sequence[Part]) -> Sorted:
    """Text parts without a name are the message; of two alternatives the plain one. What stands inside a forwarded
    message stays in it."""
    found = Sorted()
    alternatives = plain_given = forwarded = False
    for part in parts:
        if part.media_type.startswith("multipart/"):
            alternatives = alternatives or part.media_type == "multipart/alternative"
        elif part.media_type.startswith("message/"):
            forwarded = True
            found.files.append(part)
        elif part.filename:
            found.files.extend([part] if part.size else [])
        elif forwarded or not part.size:
            continue
        elif alternatives and plain_given and part.media_type == "text/html":
            alternatives = False
        else:
            plain_given = plain_given or part.media_type == "text/plain"
            is_text = part.media_type in _TEXTS and part.size <= LONGEST_TEXT
            (found.texts if is_text else found.files).append(part)
    return found


def contents(remote_id: str, parts: Collection[Part]) -> Exchange[Mapping[str, str]]:
    """The plain text of text parts by their id, some dozens at a time and never much at once."""
    found: dict[str, str] = {}
    for batch in _batches(parts):
        wanted = [_is("id", part.id) for part in batch]
        asked = (("fields", "ContentType,Content"), ("query", search(wanted)), ("per_page", "100"))
        rows = items((yield get(f"ticket/{remote_id}/attachments", *asked)))
        found |= _plain(rows)
        if len(found.keys() & {part.id for part in batch}) < len(batch):
            raise AnswerUnreadable("RT left out the text of a message it had just listed")
    return found


def _batches(parts: Collection[Part]) -> Iterator[list[Part]]:
    batch: list[Part] = []
    for part in parts:
        if batch and (len(batch) == _BATCH or sum(one.size for one in batch) + part.size > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(part)
    if batch:
        yield batch


@shaped(AnswerUnreadable, "the texts of messages")
def _plain(rows: Sequence[Row]) -> dict[str, str]:
    return {str(int(row["id"])): _readable(row["ContentType"].lower(), row["Content"]) for row in rows}


def _readable(media_type: str, content: str) -> str:
    return clean_text(plain_text(content) if media_type == "text/html" else content)


def download(path: str) -> Exchange[Blob]:
    """A part as it came in. REST2 would wrap it in JSON and turn texts to UTF-8; RT's own pages take the same token."""
    answer = yield Request(effect=Effect.READ, method="GET", path=path, receive_blob=True)
    if answer.blob is None:
        raise AnswerUnreadable("RT did not hand out the file")
    return answer.blob
