"""The loopback desk (`gateway.testing.loopback`): the demo's and the simulator's desk, and the model of a good connector.

Its interface is listed in gateway/testing/loopback/rest.py; its webhooks are signed as Standard Webhooks describes.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from connectors.loopback.reading import (
    Doc,
    comment_in,
    files_in,
    is_rewritten,
    normalised,
    page,
    receipt,
    snapshot,
    ticket_in,
)
from gateway.connector import Effect, Exchange, Request, Response, load_manifest, payload, shaped
from gateway.domain.model import (
    Actor,
    Blob,
    Command,
    CommandKind,
    Desk,
    DeskFacts,
    Field,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)
from gateway.errors import (
    AnswerUnreadable,
    DeskRejected,
    DeskStale,
    SignatureInvalid,
    Unreadable,
    Unsupported,
)

TOLERANCE = timedelta(minutes=5)
OVERLAP = timedelta(minutes=2)
MOST_SIGNATURES = 5


class Loopback:
    """All methods of the port; what a ticket's document means stands in `reading`."""

    manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, any of our secrets, at most five minutes old."""
        stamp = message.headers.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise SignatureInvalid("the message has no time stamp")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise SignatureInvalid("the message is too old, or a clock is wrong")
        signed = f"{message.headers.get('webhook-id', '')}.{stamp}.".encode() + message.body
        given = message.headers.get("webhook-signature", "").encode().split(b" ", MOST_SIGNATURES)
        genuine = False
        for secret in filter(None, desk.hook_secrets):
            wanted = b"v1," + base64.b64encode(hmac.digest(secret, signed, "sha256"))
            for signature in given[:MOST_SIGNATURES]:
                genuine |= hmac.compare_digest(wanted, signature)
        if not genuine:
            raise SignatureInvalid("the signature is not this desk's")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """`ticket.changed` with the whole ticket in it or without; `desk.ping` is for nobody; the rest is unknown."""
        told = payload(message)
        with shaped(Unreadable, "a webhook"):
            if told["type"] == "desk.ping":
                return ()
            if told["type"] != "ticket.changed":
                raise Unreadable(f"unknown event {told['type']!r}")
            if told.get("ticket") is None:
                return (Sighting(remote_id=_id(told["ticket_id"])),)
            seen = snapshot(told["ticket"], desk)
            return (Sighting(remote_id=seen.remote_id, snapshot=seen, marker=seen.fields.get("marker")),)

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket whole; its history after `since`, an entry's id."""
        response = yield _read(f"tickets/{quote(remote_id, safe='')}", **({"since": since} if since else {}))
        return _snapshot(response, desk, since)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """The cursor is the desk's own clock at the last page; within one round of pages also the last change's id."""
        if cursor is None:
            response = yield _read("changes", limit="0")
            with shaped(AnswerUnreadable, "a list of changes"):
                return Page(sightings=(), cursor=datetime.fromisoformat(response.json()["now"]).isoformat())
        since, _, after = cursor.partition("|")
        overlap = max(OVERLAP, desk.capabilities.granularity)
        start = (datetime.fromisoformat(since) - overlap).isoformat()
        response = yield _read("changes", since=start, **({"after": after} if after else {}))
        with shaped(AnswerUnreadable, "a list of changes"):
            return page(response.json(), since=since)

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or PATCH; the answer shows the ticket. It is read back where the desk is set not to be trusted, and read
        before where it is set to be written to only as it was known."""
        held = (
            (yield from _unmoved(command, desk)) if command.was and desk.settings.get("conditional") else None
        )
        response = yield _write(command, desk, held)
        with shaped(AnswerUnreadable, "the answer to a write"):
            answer = response.json()
            _said_no(answer)
            told = receipt(answer, command, desk)
        if desk.settings.get("receipt_is_answer", True):
            return told
        response = yield _read(f"tickets/{quote(told.remote_id, safe='')}")
        with shaped(AnswerUnreadable, "a ticket"):
            return receipt({**answer, "ticket": response.json()["ticket"]}, command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """A ticket by its marker; a comment or file in its ticket by marker, else by text or content; an update by value."""
        if command.kind is CommandKind.CREATE:
            response = yield _read("tickets", marker=command.marker)
            with shaped(AnswerUnreadable, "a list of tickets"):
                found = sorted(
                    response.json()["tickets"], key=lambda doc: (doc["created_at"], int(doc["id"]))
                )
                return [receipt({"ticket": doc}, command, desk) for doc in found]
        response = yield _read(f"tickets/{quote(command.remote_id or '', safe='')}")
        with shaped(AnswerUnreadable, "a ticket"):
            return _found(response.json()["ticket"], command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes as they are."""
        response = yield Request(
            effect=Effect.READ, method="GET", path=(attachment.url or "").lstrip("/"), receive_blob=True
        )
        if response.blob is None:
            raise AnswerUnreadable(f"no file came for {attachment.filename}")
        return response.blob

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """Trimmed, titles on one line and cut, markup taken out: as the desk's settings say."""
        return normalised(field, value, desk)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """What the desk says of itself; comments and status words that its settings or profile get wrong."""
        response = yield _read("desk")
        with shaped(AnswerUnreadable, "a desk"):
            told = response.json()
            return DeskFacts(
                product=_id(told["product"]),
                version=_id(told["version"]),
                clock=datetime.fromisoformat(told["clock"]),
                account=Actor(id=_id(told["account"]["id"]), name=_id(told["account"]["name"])),
                statuses=tuple(map(_id, told["statuses"])),
                priorities=tuple(map(_id, told["priorities"])),
                missing=_missing(_id(told["account"]["id"]), desk),
            )


def _id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} where a text belongs")
    return value


def _missing(account: str, desk: Desk) -> tuple[str, ...]:
    if desk.account in ("", account):
        return ()
    return (f"the token belongs to {account!r}, but this desk's account is set to {desk.account!r}",)


def _read(path: str, **params: str) -> Request:
    return Request(effect=Effect.READ, method="GET", path=path, params=tuple(params.items()))


def _snapshot(response: Response, desk: Desk, since: str | None) -> Snapshot:
    with shaped(AnswerUnreadable, "a ticket"):
        return snapshot(response.json()["ticket"], desk, since=since)


def _unmoved(command: Command, desk: Desk) -> Exchange[str]:
    """The ticket's ETag, at which it still holds what the gateway knew. Raises DeskStale if it holds something else."""
    response = yield _read(f"tickets/{quote(command.remote_id or '', safe='')}")
    with shaped(AnswerUnreadable, "a ticket"):
        shown, etag = snapshot(response.json()["ticket"], desk).fields, _id(response.headers["etag"])
    moved = [
        name
        for name, value in command.was.items()
        if name != Field.RELATED
        and shown.get(name) not in (value, normalised(name, command.fields[name], desk))
    ]
    if moved:
        raise DeskStale(f"somebody changed {', '.join(sorted(moved))} meanwhile")
    return etag


def _write(command: Command, desk: Desk, held: str | None) -> Request:
    """The one request of a push; `held`: the ETag it must still have. Raises Unsupported for what this desk cannot do."""
    ticket = f"tickets/{quote(command.remote_id or '', safe='')}"
    if command.kind is CommandKind.CREATE:
        fields = {**command.fields, "marker": command.marker}
        return Request(effect=Effect.WRITE, method="POST", path="tickets", json={"fields": fields})
    if command.kind is CommandKind.UPDATE:
        strange = {
            name
            for name in command.fields.keys() - desk.capabilities.writable
            if not name.startswith("custom.")
        }
        if strange:
            raise Unsupported(f"this desk cannot write {', '.join(sorted(strange))}")
        return Request(
            effect=Effect.WRITE,
            method="PATCH",
            path=ticket,
            json={"fields": dict(command.fields)},
            headers={"if-match": held} if held else {},
        )
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        return _rewrite(command, desk, ticket)
    if command.comment is not None:
        public = _public(command.comment.visibility, desk)
        said = {"text": command.comment.text, "public": public, "marker": command.marker}
        return Request(effect=Effect.WRITE, method="POST", path=f"{ticket}/comments", json=said)
    if command.attachment is None:
        raise Unsupported(f"a {command.kind} without anything to write")
    draft = command.attachment
    public = _public(draft.visibility, desk)
    query = (("filename", draft.filename), ("public", str(public).lower()), ("marker", command.marker))
    return Request(
        effect=Effect.WRITE,
        method="POST",
        path=f"{ticket}/attachments",
        params=query,
        headers={"content-type": draft.media_type},
        blob=draft.blob,
    )


def _rewrite(command: Command, desk: Desk, ticket: str) -> Request:
    """Another text for a comment of ours, or none: each is refused where the desk's settings say that it has no such thing.
    One that is gone already is no error."""
    if command.object_id is None:
        raise Unsupported(f"a {command.kind} that names no comment")
    path, removed = (
        f"{ticket}/comments/{quote(command.object_id, safe='')}",
        command.kind is CommandKind.REMOVE,
    )
    if not desk.settings.get("removes_comments" if removed else "edits_comments", True):
        raise Unsupported("this desk keeps comments as they were written")
    if removed:
        return Request(effect=Effect.WRITE, method="DELETE", path=path)
    if command.comment is None:
        raise Unsupported("an edit without a text")
    return Request(effect=Effect.WRITE, method="PATCH", path=path, json={"text": command.comment.text})


def _public(visibility: Visibility, desk: Desk) -> bool:
    if visibility is Visibility.PRIVATE and not desk.settings.get("private_comments", True):
        raise Unsupported("this desk has no private comments or files")
    return visibility is Visibility.PUBLIC


def _said_no(answer: Doc) -> None:
    """Some desks of this kind answer 200 to a change they refuse, with the reason in `messages`."""
    messages = answer.get("messages")
    if messages:
        raise DeskRejected("the desk refused the change", why="; ".join(map(str, messages)))


def _found(doc: Doc, command: Command, desk: Desk) -> list[Receipt]:
    """What in this ticket is the command's effect."""
    ticket = ticket_in({"ticket": doc}, command)
    if command.kind is CommandKind.UPDATE:
        same = all(
            doc["fields"].get(name) == normalised(name, value, desk) for name, value in command.fields.items()
        )
        return [receipt({"ticket": ticket}, command, desk)] if same else []
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        return [receipt({"ticket": ticket}, command, desk)] if is_rewritten(doc, command, desk) else []
    if command.comment is not None:
        return [
            receipt({"ticket": ticket, "comment": part}, command, desk)
            for part in comment_in(doc, command, desk)
        ]
    return [
        receipt({"ticket": ticket, "attachment": part}, command, desk)
        for part in files_in(doc, command, desk)
    ]


CONNECTOR = Loopback()
