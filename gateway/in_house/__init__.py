"""For connectors of desks that live in this gateway: all methods of the port, over the interface that is listed in
gateway/flows/in_house/door.py. No message comes from such a desk: whoever acts there makes the gateway look."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import (
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    DeskFacts,
    Manifest,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, SignatureInvalid, Unreadable, Unsupported
from gateway.in_house.reading import Doc, page, receipt, since_of, snapshot, text


class InHouseDesk:
    """One such desk product: its connector names the manifest, and what people call it."""

    manifest: Manifest
    called: str

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """Nothing is ever sent to a hook of this desk."""
        raise SignatureInvalid(f"the {self.called} sends no messages")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """Nothing is ever sent to a hook of this desk."""
        raise Unreadable(f"the {self.called} sends no messages")

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket whole; its history after the place `since`."""
        response = yield _read(_ticket(remote_id), **({"since": since} if since else {}))
        with shaped(AnswerUnreadable, "a ticket"):
            return snapshot(response.json()["ticket"])

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """The cursor is the gateway's clock at the last page, or the change to go on with."""
        response = yield _read("changes", **since_of(cursor))
        with shaped(AnswerUnreadable, "a list of changes"):
            return page(response.json())

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or PATCH; the answer shows the ticket."""
        response = yield self._write(command, desk)
        with shaped(AnswerUnreadable, "the answer to a write"):
            told = response.json()
            return receipt(told["ticket"], command, told["parts"] if command.remote_id else ())

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """A ticket by its marker; a comment or file in its ticket by marker; an update by its values."""
        if command.kind is CommandKind.CREATE:
            response = yield _read("tickets", marker=command.marker)
            with shaped(AnswerUnreadable, "a list of tickets"):
                return [receipt(doc, command, ()) for doc in response.json()["tickets"]]
        response = yield _read(_ticket(command.remote_id or ""))
        with shaped(AnswerUnreadable, "a ticket"):
            return _found(response.json()["ticket"], command)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes as they are."""
        response = yield Request(
            effect=Effect.READ, method="GET", path=attachment.url or "", receive_blob=True
        )
        if response.blob is None:
            raise AnswerUnreadable(f"no file came for {attachment.filename}")
        return response.blob

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """Kept as it is; empty is nothing."""
        return value or None

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """That it answers, its clock and its statuses, and what it says is missing."""
        response = yield _read("desk")
        with shaped(AnswerUnreadable, "a desk"):
            told = response.json()["desk"]
            return DeskFacts(
                product=f"Interdesk {self.called}",
                clock=datetime.fromisoformat(told["clock"]),
                statuses=tuple(map(text, told["states"])),
                missing=tuple(map(text, told["missing"])),
            )

    def _write(self, command: Command, desk: Desk) -> Request:
        """The one request of a push. Raises Unsupported for what this desk cannot do."""
        ticket = _ticket(command.remote_id or "")
        if command.kind is CommandKind.CREATE:
            return _post("tickets", command, {"fields": dict(command.fields)})
        if command.kind is CommandKind.UPDATE:
            strange = command.fields.keys() - desk.capabilities.writable
            if strange:
                raise Unsupported(f"the {self.called} cannot write {', '.join(sorted(strange))}")
            body = {"fields": dict(command.fields), "marker": command.marker}
            return Request(effect=Effect.WRITE, method="PATCH", path=ticket, json=body)
        part = command.comment or command.attachment
        if part is None or command.kind not in (CommandKind.COMMENT, CommandKind.ATTACH):
            raise Unsupported(f"the {self.called} cannot {command.kind}")
        if part.visibility is Visibility.PRIVATE:
            raise Unsupported(f"nothing is private at the {self.called}")
        if command.comment is not None:
            return _post(f"{ticket}/comments", command, _said(command.comment))
        if command.attachment is None:
            raise Unsupported("an attachment without a file")
        draft = command.attachment
        blob = {"key": draft.blob.key, "size": draft.blob.size, "sha256": draft.blob.sha256}
        told = {"filename": draft.filename, "media_type": draft.media_type, "blob": blob}
        return _post(f"{ticket}/files", command, told)


def _ticket(remote_id: str) -> str:
    return f"tickets/{quote(remote_id, safe='')}"


def _read(path: str, **params: str) -> Request:
    return Request(effect=Effect.READ, method="GET", path=path, params=tuple(params.items()))


def _post(path: str, command: Command, told: Doc) -> Request:
    body = {**told, "marker": command.marker}
    return Request(effect=Effect.WRITE, method="POST", path=path, json=body)


def _said(draft: CommentDraft) -> dict[str, object]:
    apart = {"author": draft.author, "plain": draft.plain, "automatic": draft.automatic}
    return {"text": draft.text, **{name: value for name, value in apart.items() if value}}


def _found(doc: Doc, command: Command) -> list[Receipt]:
    """What in this ticket is the command's effect."""
    if command.kind is CommandKind.UPDATE:
        same = all(doc["fields"].get(name) == (value or None) for name, value in command.fields.items())
        return [receipt(doc, command, ())] if same else []
    listed = doc["comments"] if command.comment is not None else doc["files"]
    return [receipt(doc, command, [part["id"]]) for part in listed if part["request"] == command.marker]
