"""Acme Desk, API version 3 (https://acme.example/docs/api, read 2026-03-01)."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.connector import Effect, Exchange, Request, load_manifest, payload, shaped
from gateway.domain.model import (
    Actor,
    ActorKind,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    DeskFacts,
    Message,
    NativeAttachment,
    NativeComment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, SignatureInvalid, Unreadable, Unsupported

FIELDS = {"title": "subject", "description": "body", "status": "state", "priority": "urgency"}
OVERLAP = timedelta(minutes=2)
TOLERANCE = timedelta(minutes=5)

Doc = Mapping[str, Any]


class Acme:
    manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """`X-Acme-Signature`: hex HMAC-SHA256 over `<X-Acme-Time>.<body>` (…/docs/webhooks#signing)."""
        stamp = message.headers.get("x-acme-time", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise SignatureInvalid("no time stamp")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise SignatureInvalid("too old")
        given = message.headers.get("x-acme-signature", "").encode()
        signed = stamp.encode() + b"." + message.body
        secrets = filter(None, desk.hook_secrets)
        wanted = [hmac.digest(secret, signed, "sha256").hex().encode() for secret in secrets]
        if not any(hmac.compare_digest(one, given) for one in wanted):
            raise SignatureInvalid("the signature is not this desk's")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        told = payload(message)
        with shaped(Unreadable, "a webhook"):
            if told["event"] not in ("issue.created", "issue.updated"):
                raise Unreadable(f"unknown event {told['event']!r}")
            seen = _snapshot(told["issue"], desk)
            return [Sighting(remote_id=seen.remote_id, snapshot=seen, marker=told["issue"]["ref"])]

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        response = yield _get(f"issues/{int(remote_id)}")
        with shaped(AnswerUnreadable, "an issue"):
            return _snapshot(response.json()["issue"], desk)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """Cursor: Acme's own clock at the last page's answer, or the page to go on with. Sorted by Acme, oldest first."""
        since, _, page = (cursor or "").partition("|")
        start = (datetime.fromisoformat(since) - OVERLAP).isoformat() if since else "now"
        response = yield _get("issues", updated_since=start, page=page or "1")
        with shaped(AnswerUnreadable, "a list of issues"):
            told = response.json()
            seen = [Sighting(remote_id=str(int(row["id"])), marker=row["ref"]) for row in told["issues"]]
            if told["next_page"] is not None:
                return Page(sightings=seen, cursor=f"{since}|{int(told['next_page'])}", more=True)
            return Page(sightings=seen, cursor=_moment(told["time"]).isoformat())

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        response = yield _write(command, self.manifest.capabilities.writable)
        with shaped(AnswerUnreadable, "the answer to a write"):
            told = response.json()
            return _receipt(told["issue"], command, desk, told.get("note"))

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        if command.kind is CommandKind.CREATE:
            response = yield _get("issues", ref=command.marker)
            with shaped(AnswerUnreadable, "a list of issues"):
                rows = sorted(response.json()["issues"], key=lambda row: int(row["id"]))
                return [_receipt(row, command, desk) for row in rows]
        response = yield _get(f"issues/{int(command.remote_id or 0)}")
        with shaped(AnswerUnreadable, "an issue"):
            issue = response.json()["issue"]
            if command.comment is not None:
                notes = _same_note(issue, command.comment, desk)
                return [_receipt(issue, command, desk, note) for note in notes]
            wanted = {name: self.normalised(name, value, desk) for name, value in command.fields.items()}
            same = all(issue[FIELDS[name]] == value for name, value in wanted.items())
            return [_receipt(issue, command, desk)] if same else []

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        raise Unsupported("Acme Desk has no files")

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        return (value or "").strip() or None

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        response = yield _get("me")
        with shaped(AnswerUnreadable, "an account"):
            told = response.json()
            return DeskFacts(
                product="Acme Desk",
                version=_text(told["version"]),
                clock=_moment(told["time"]),
                account=Actor(id=_text(told["id"]), name=_text(told["name"])),
            )


def _get(path: str, **params: str) -> Request:
    return Request(effect=Effect.READ, method="GET", path=path, params=tuple(params.items()))


def _post(path: str, body: Mapping[str, object]) -> Request:
    return Request(effect=Effect.WRITE, method="POST", path=path, json=body)


def _write(command: Command, writable: frozenset[str]) -> Request:
    issue = f"issues/{int(command.remote_id or 0)}"
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        raise Unsupported("notes stay as they were written")
    if command.comment is not None:
        internal = command.comment.visibility is Visibility.PRIVATE
        return _post(f"{issue}/notes", {"text": command.comment.text, "internal": internal})
    native = {FIELDS[name]: value for name, value in command.fields.items() if name in writable}
    if command.kind is CommandKind.CREATE:
        return _post("issues", {**native, "ref": command.marker})
    if command.kind is CommandKind.ATTACH or len(native) < len(command.fields):
        raise Unsupported(f"Acme Desk cannot {command.kind} {', '.join(command.fields)}")
    return Request(effect=Effect.WRITE, method="PATCH", path=issue, json=native)


def _receipt(issue: Doc, command: Command, desk: Desk, note: Doc | None = None) -> Receipt:
    seen = _snapshot(issue, desk)
    if command.remote_id not in (None, seen.remote_id):
        raise ValueError(f"asked about {command.remote_id}, Acme speaks of {seen.remote_id}")
    if command.kind is CommandKind.CREATE and issue["ref"] != command.marker:
        raise ValueError("an issue without our marker")
    object_id = _text(note["id"] if note else None) if command.comment else None
    return Receipt(
        remote_id=seen.remote_id,
        number=seen.number,
        marker=command.marker,
        object_id=object_id,
        snapshot=seen,
    )


def _same_note(issue: Doc, draft: CommentDraft, desk: Desk) -> Sequence[Doc]:
    """Acme keeps no marker beside a note: the how-manieth of our own with that text and visibility."""
    internal = draft.visibility is Visibility.PRIVATE
    own = [note for note in issue["notes"] if note["author"]["id"] == desk.account]
    same = [note for note in own if note["text"] == draft.text.strip() and note["internal"] is internal]
    return same[draft.occurrence - 1 :][:1]


def _snapshot(issue: Doc, desk: Desk) -> Snapshot:
    fields = {name: issue[native] for name, native in FIELDS.items()}
    return Snapshot(
        remote_id=str(int(issue["id"])),
        number=_text(issue["key"]),
        fields={name: None if value is None else _text(value) for name, value in fields.items()},
        comments=tuple(_comment(note, desk) for note in issue["notes"]),
        complete=True,
        revision=str(int(issue["version"])),
        changed_at=_moment(issue["updated_at"]),
    )


def _comment(note: Doc, desk: Desk) -> NativeComment:
    who = note["author"]
    person = ActorKind.AUTOMATION if who["bot"] else ActorKind.PERSON
    return NativeComment(
        remote_id=_text(note["id"]),
        text=_text(note["text"]),
        visibility=Visibility.PUBLIC if note.get("internal") is False else Visibility.PRIVATE,
        author=Actor(
            id=_text(who["id"]),
            name=_text(who["name"]),
            kind=ActorKind.GATEWAY if who["id"] == desk.account else person,
        ),
        at=_moment(note["at"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} where a text belongs")
    return value


def _moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")  # fails without an offset; Acme always sends one


CONNECTOR = Acme()
