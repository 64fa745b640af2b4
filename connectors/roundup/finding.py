"""Looking for what a lost write may have left at Roundup. Creates nothing; compares every row it is given."""

from collections.abc import Sequence

from connectors.roundup import reading
from connectors.roundup.reading import ISSUES, Document
from connectors.roundup.words import moment, plain, properties
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    Desk,
    Field,
    Receipt,
)
from gateway.errors import AnswerUnreadable, DeskRejected


def find(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """See Connector.find. A message or file that was made but never added to its issue is not an effect."""
    if command.kind is CommandKind.CREATE:
        return (yield from created(command, desk))
    issue = yield from reading.listed_issue(command.remote_id or "", desk)
    if command.kind is CommandKind.UPDATE:
        return _updated(command, issue, desk)
    if command.comment is not None:
        messages = yield from reading.messages_of(issue)
        return _said(command.marker, issue, messages, desk)
    if command.attachment is not None:
        return (yield from _attached(command.attachment, issue, desk))
    raise DeskRejected(f"a command of kind {command.kind} with nothing in it")


def created(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """Issues whose marker property is the marker. `:=` asks for the whole value; `=` would find parts of it too."""
    word = marker_property(desk)
    params = (
        (f"{word}:", command.marker),
        ("@fields", f"{word},creation"),
        ("@sort", "id"),
        ("@verbose", "2"),
    )
    rows = reading.rows_in((yield Request(effect=Effect.READ, method="GET", path=ISSUES, params=params)))
    with shaped(AnswerUnreadable, "a list of issues"):
        return tuple(_issue(row, command.marker, desk) for row in rows if row[word] == command.marker)


def marker_property(desk: Desk) -> str:
    """The property that holds our marker. Raises DeskRejected if the settings name none."""
    if Field.MARKER not in properties(desk):
        raise DeskRejected("the setting properties.marker is missing")
    return properties(desk)[Field.MARKER]


def _issue(row: Document, marker: str, desk: Desk) -> Receipt:
    at = moment(row["creation"])
    return Receipt(
        remote_id=str(row["id"]),
        marker=marker,
        number=str(row["id"]),
        url=f"{desk.base_url.rstrip('/')}/issue{row['id']}",
        at=at,
        created_at=at,
    )


def _updated(command: Command, issue: Document, desk: Desk) -> Sequence[Receipt]:
    snapshot = reading.bare(issue, desk)
    for name, value in command.fields.items():
        if name not in snapshot.fields or snapshot.fields[name] != plain(value):
            return ()
    return (Receipt(remote_id=snapshot.remote_id, snapshot=snapshot),)


def _said(marker: str, issue: Document, messages: Sequence[Document], desk: Desk) -> Sequence[Receipt]:
    """The messages of the issue that carry the marker, whatever has become of their text."""
    whole = reading.whole(issue, messages, (), desk)
    return tuple(
        Receipt(
            remote_id=whole.remote_id,
            marker=marker,
            object_id=comment.remote_id,
            at=comment.at,
            created_at=comment.at,
        )
        for comment in whole.comments
        if comment.marker == marker
    )


def _attached(draft: AttachmentDraft, issue: Document, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """Of our files with these bytes the `occurrence`-th and those after it, where they have the wanted name. Roundup
    tells no size, so they are read: for a first occurrence only those of that name."""
    files = yield from reading.files_of(issue)
    whole = reading.whole(issue, (), files, desk)
    name = plain(draft.filename) or ""
    same = []
    for known in whole.attachments:
        if known.author.kind is not ActorKind.GATEWAY or (draft.occurrence == 1 and known.filename != name):
            continue
        blob = yield from reading.download(known.remote_id, known.filename)
        if blob.sha256 == draft.blob.sha256:
            same.append(known)
    return tuple(
        Receipt(remote_id=whole.remote_id, object_id=known.remote_id, at=known.at, created_at=known.at)
        for known in same[draft.occurrence - 1 :]
        if known.filename == name
    )
