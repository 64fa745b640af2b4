"""Writing to Roundup: one POST or one PATCH for each command. Every PATCH names the state it was decided on (the ETag of
a read just before); when somebody was faster Roundup says 412 and nothing happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.roundup import reading
from connectors.roundup.reading import ISSUES, Document
from connectors.roundup.words import LINKS, TITLE, message_id, plain, properties
from gateway.connector import Effect, Exchange, FilePart, Request, Response, shaped
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Field,
    Receipt,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskError, DeskGone, DeskRejected, DeskStale, Unsupported

_REFUSALS = (400, 409)
"""400: a name that does not exist. 409: a retired issue, or whatever else Roundup's own code objects to (2.6.0)."""


def push(command: Command, desk: Desk) -> Exchange[Receipt]:
    """See Connector.push. What this desk cannot take is refused before anything is asked."""
    if command.kind is CommandKind.CREATE:
        return (yield from create(command, desk))
    if command.kind is CommandKind.UPDATE:
        return (yield from update(command, desk))
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        raise Unsupported("Roundup keeps messages as they were written")
    if command.comment is not None:
        return (yield from comment(command, command.comment, desk))
    if command.attachment is not None:
        return (yield from attach(command, command.attachment, desk))
    raise DeskRejected(f"a command of kind {command.kind} with nothing in it")


def create(command: Command, desk: Desk) -> Exchange[Receipt]:
    """A new issue. Roundup keeps a description as the first message, which must be there before."""
    fields = {name: value for name, value in command.fields.items() if name != Field.DESCRIPTION}
    issue: dict[str, Any] = _body({**fields, Field.MARKER.value: command.marker}, desk)
    description = plain(command.fields.get(Field.DESCRIPTION))
    author = _account(desk) if description else ""
    if description:
        issue["messages"] = [(yield from _message(description, author, command.marker))]
    response = yield Request(effect=Effect.WRITE, method="POST", path=ISSUES, json=issue, accept=_REFUSALS)
    if response.status in _REFUSALS:
        raise _refusal(response)
    ident = _made(response)
    shown = yield from _read(ident, desk)
    snapshot = reading.bare(shown.issue, desk)
    return Receipt(
        remote_id=ident,
        marker=snapshot.fields.get(Field.MARKER),
        number=snapshot.number,
        url=snapshot.url,
        snapshot=snapshot,
        at=snapshot.created_at,
        created_at=snapshot.created_at,
    )


def _body(fields: Mapping[str, str | None], desk: Desk) -> dict[str, Any]:
    """The properties to send; an empty text clears one (null does not). Raises DeskRejected for a field it has not."""
    known = {Field.TITLE.value: TITLE, **LINKS, **properties(desk)}
    for name, value in fields.items():
        if name not in known:
            raise DeskRejected(
                f"Roundup desk {desk.code} has no field {name!r} that can be written",
                cure=f"name its property in the setting properties.{name}",
            )
        if name in (Field.TITLE, Field.STATUS) and plain(value) is None:
            raise DeskRejected(f"an issue without {name} is of no use to anybody")
    return {known[name]: plain(value) or "" for name, value in fields.items()}


def _account(desk: Desk) -> str:
    """The author to name. A message without one makes Roundup refuse the issue with 409."""
    if not desk.account:
        raise DeskRejected(
            f"Roundup desk {desk.code} has no account", cure="set the desk's account to the log-in name"
        )
    return desk.account


def _message(text: str, author: str, marker: str) -> Exchange[str]:
    """A message that no issue shows yet; alone it is harmless. Its Message-ID carries our marker. The date `.` is
    Roundup's own now: without one its pages show none."""
    body = {"author": author, "date": ".", "content": text, "messageid": message_id(marker)}
    response = yield Request(
        effect=Effect.PREPARE, method="POST", path="rest/data/msg", json=body, accept=_REFUSALS
    )
    if response.status in _REFUSALS:
        raise _refusal(response)
    return _made(response)


def _made(response: Response) -> str:
    document = response.json()
    with shaped(AnswerUnreadable, "what was made"):
        return str(int(document["data"]["id"]))


def _refusal(response: Response) -> DeskError:
    document = response.json()
    with shaped(AnswerUnreadable, "a refusal"):
        words = str(document["error"]["msg"])
    if "is retired" in words:
        return DeskGone(f"Roundup: {words}")
    return DeskRejected(f"Roundup refuses: {words}")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An issue's own page and the ETag of that state."""

    issue: Document
    etag: str


def _read(ident: str, desk: Desk) -> Exchange[Shown]:
    """The issue's own page, which unlike a list tells the ETag. Raises DeskGone if there never was one."""
    response = yield Request(
        effect=Effect.READ,
        method="GET",
        path=f"{ISSUES}/{quote(ident, safe='')}",
        params=(("@fields", reading.wanted(desk, "messages", "files")), ("@verbose", "2")),
        accept=(404,),
    )
    if response.status == 404:
        raise DeskGone(f"Roundup has no issue {ident} for this account")
    document = response.json()
    with shaped(AnswerUnreadable, "an issue"):
        # the header's ETag grows a suffix when a proxy packs the answer; the body's does not
        return Shown(
            issue={"id": str(int(document["data"]["id"])), **document["data"]["attributes"]},
            etag=_text(document["data"]["@etag"]),
        )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no text")
    return value


def _patch(before: Shown, body: Document, desk: Desk) -> Exchange[Shown]:
    """The one PATCH of a command, and the issue after it. 412 becomes DeskStale on the wire."""
    ident = before.issue["id"]
    response = yield Request(
        effect=Effect.WRITE,
        method="PATCH",
        path=f"{ISSUES}/{ident}",
        headers={"if-match": before.etag},
        json=body,
        accept=_REFUSALS,
    )
    if response.status in _REFUSALS:
        raise _refusal(response)
    return (yield from _read(ident, desk))


def update(command: Command, desk: Desk) -> Exchange[Receipt]:
    """New values. Roundup refuses loudly, but a tracker's own auditors may change what was sent."""
    body = _body(command.fields, desk)
    before = yield from _read(command.remote_id or "", desk)
    _unmoved(command, before, desk)
    after = yield from _patch(before, body, desk)
    snapshot = reading.bare(after.issue, desk)
    changed = [
        f"{name} became {snapshot.fields.get(name)!r} instead of {plain(value)!r}"
        for name, value in command.fields.items()
        if snapshot.fields.get(name) != plain(value)
    ]
    if changed and _is_ours(after, desk):
        raise DeskRejected(f"Roundup did not take the change: {'; '.join(changed)}")
    return _receipt(after, snapshot, None, desk)


def _unmoved(command: Command, before: Shown, desk: Desk) -> None:
    """Raises DeskStale if a field is no longer what the gateway knew; from this read on the ETag holds it."""
    shown = reading.bare(before.issue, desk).fields
    moved = [
        name
        for name, value in command.was.items()
        if name in shown and shown[name] not in (plain(value), plain(command.fields.get(name)))
    ]
    if moved:
        raise DeskStale(f"somebody changed {', '.join(sorted(moved))} at Roundup meanwhile")


@shaped(AnswerUnreadable, "an issue")
def _is_ours(shown: Shown, desk: Desk) -> bool:
    """Whether the last to change the issue was us; else somebody has changed it again since."""
    return reading.actor(shown.issue["actor"], desk).kind is ActorKind.GATEWAY


def _receipt(after: Shown, snapshot: Snapshot, object_id: str | None, desk: Desk) -> Receipt:
    return Receipt(
        remote_id=snapshot.remote_id,
        object_id=object_id,
        snapshot=snapshot,
        at=snapshot.changed_at if _is_ours(after, desk) else None,
    )


def comment(command: Command, draft: CommentDraft, desk: Desk) -> Exchange[Receipt]:
    """A message, made first and then added to the issue."""
    if draft.visibility is not Visibility.PUBLIC:
        raise DeskRejected("Roundup has no private messages: whoever sees the issue would read it")
    text = plain(draft.text)
    if text is None:
        raise DeskRejected("an empty message is of no use to anybody")
    author = _account(desk)
    before = yield from _read(command.remote_id or "", desk)
    ident = yield from _message(text, author, command.marker)
    return (yield from _added("messages", ident, before, desk))


def attach(command: Command, draft: AttachmentDraft, desk: Desk) -> Exchange[Receipt]:
    """A file, made first and then added to the issue."""
    if draft.visibility is not Visibility.PUBLIC:
        raise DeskRejected("Roundup has no private files: whoever sees the issue sees them")
    if draft.blob.size == 0:
        raise DeskRejected(f"Roundup takes no empty file ({draft.filename})")
    before = yield from _read(command.remote_id or "", desk)
    response = yield Request(
        effect=Effect.PREPARE,
        method="POST",
        path="rest/data/file",
        form={"name": draft.filename, "type": draft.media_type},
        files=(
            FilePart(name="content", filename=draft.filename, media_type=draft.media_type, blob=draft.blob),
        ),
        accept=_REFUSALS,
    )
    if response.status in _REFUSALS:
        raise _refusal(response)
    return (yield from _added("files", _made(response), before, desk))


def _added(name: str, ident: str, before: Shown, desk: Desk) -> Exchange[Receipt]:
    after = yield from _patch(before, {"@op": "add", name: [ident]}, desk)
    with shaped(AnswerUnreadable, "an issue"):
        linked = {str(link["id"]) for link in after.issue[name]}
    if ident not in linked:
        raise DeskRejected(f"Roundup said yes but does not show what was added ({name} {ident})")
    return _receipt(after, reading.bare(after.issue, desk), ident, desk)
