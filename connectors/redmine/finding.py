"""Looking for what a lost write may have left at Redmine. Creates nothing; compares every row it is given."""

from collections.abc import Sequence

from connectors.redmine import reading, relations, rewriting
from connectors.redmine.names import Document
from connectors.redmine.reading import View
from connectors.redmine.words import custom_fields, normalised, plain, same_filename, same_text
from connectors.redmine.writing import mine
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import (
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Field,
    NativeAttachment,
    Receipt,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskDenied, DeskRejected


def find(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """See Connector.find."""
    if command.kind is CommandKind.CREATE:
        return (yield from created(command, desk))
    issue = yield from reading.issue_of(command.remote_id or "")
    view = yield from reading.view_of(issue, desk)
    if command.kind is CommandKind.UPDATE:
        if Field.QUEUE in command.fields:
            view = yield from reading.named(view, issue, f"{reading.last_journal(issue)}@")
        return _updated(command, issue, view)
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        return rewriting.rewritten(command, issue)
    if command.comment is not None:
        return _noted(command.comment, issue, view)
    if command.attachment is not None:
        return (yield from _attached(command.attachment, issue, view))
    raise DeskRejected(f"a command of kind {command.kind} with nothing in it")


def created(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """Issues, open or closed, whose marker field holds the marker. Raises DeskDenied if Redmine cannot search that
    field: it then ignores the filter and lists everything, and a look at one page would prove nothing."""
    number = custom_fields(desk).get(Field.MARKER)
    if number is None:
        raise DeskRejected("the setting custom_fields.marker is missing")
    response = yield Request(
        effect=Effect.READ,
        method="GET",
        path="issues.json",
        params=marker_filter(number, command.marker),
    )
    document = response.json()
    with shaped(AnswerUnreadable, "a list of issues"):
        rows = [dict(row) for row in document["issues"]]
        found = [row for row in rows if _value(row, number) == command.marker]
        if len(found) != len(rows):
            raise DeskDenied(
                f"Redmine does not search custom field {number}: it answered with issues that are not marked so",
                cure="tick `Used as a filter` on that custom field",
            )
        return tuple(_receipt(row, command.marker, desk) for row in found)


def marker_filter(number: int, marker: str) -> tuple[tuple[str, str], ...]:
    """The query for one marker. `=` says that it is no operator; without status_id=* closed issues are left out."""
    return (("status_id", "*"), (f"cf_{number}", f"={marker}"), ("sort", "id"), ("limit", "100"))


def _value(row: Document, number: int) -> object:
    return next((field["value"] for field in row.get("custom_fields", ()) if field["id"] == number), None)


def _receipt(row: Document, marker: str, desk: Desk) -> Receipt:
    at = reading.moment(row["created_on"])
    return Receipt(
        remote_id=str(row["id"]),
        marker=marker,
        number=str(row["id"]),
        url=reading.url_of(row, desk),
        at=at,
        created_at=at,
    )


@shaped(AnswerUnreadable, "an issue")
def _updated(command: Command, issue: Document, view: View) -> Sequence[Receipt]:
    shown = reading.fields(issue, view)
    for name, value in command.fields.items():
        if name == Field.RELATED:
            if not relations.are_there(command, issue):
                return ()
        elif name not in shown or shown[name] != normalised(name, value, view.desk):
            return ()
    return (Receipt(remote_id=str(issue["id"])),)


@shaped(AnswerUnreadable, "an issue")
def _noted(draft: CommentDraft, issue: Document, view: View) -> Sequence[Receipt]:
    """Of our notes with this text the `occurrence`-th and those after it, where they have the wanted visibility."""
    text = plain(draft.text) or ""
    private = draft.visibility is not Visibility.PUBLIC
    notes = [
        row
        for row in sorted(issue["journals"], key=lambda row: int(row["id"]))
        if str((row.get("user") or {}).get("id")) == view.me and same_text(str(row["notes"] or ""), text)
    ]
    here = notes[draft.occurrence - 1 :]
    return tuple(_made(issue, row) for row in here if bool(row["private_notes"]) is private)


def _attached(draft: AttachmentDraft, issue: Document, view: View) -> Exchange[Sequence[Receipt]]:
    """Of our files with these bytes the `occurrence`-th and those after it, where they have the wanted name. Only several
    of one size are read; a single one with that name is believed."""
    with shaped(AnswerUnreadable, "an issue"):
        files = mine(issue["attachments"], draft, view)
    if len(files) > 1:
        files = yield from _same_bytes(draft, files, view.desk)
    with shaped(AnswerUnreadable, "an issue"):
        here = [
            row
            for row in files[draft.occurrence - 1 :]
            if same_filename(draft.filename, str(row["filename"]))
        ]
        return tuple(_made(issue, row) for row in here)


def _same_bytes(draft: AttachmentDraft, files: Sequence[Document], desk: Desk) -> Exchange[list[Document]]:
    same = []
    for row in files:
        native = NativeAttachment(remote_id=str(row["id"]), filename=draft.filename)
        blob = yield from reading.download(native, desk)
        if blob.sha256 == draft.blob.sha256:
            same.append(row)
    return same


def _made(issue: Document, row: Document) -> Receipt:
    at = reading.moment(row["created_on"])
    return Receipt(remote_id=str(issue["id"]), object_id=str(row["id"]), at=at, created_at=at)
