"""`push`: one effect at RT. RT answers 200 to an update it refused and 201 to a ticket whose custom field it dropped, so
both are read back; a comment or file it took it names in `Location`.

A receipt of an update or a comment carries no snapshot: one that began at our write would hide from the history what
others did between the gateway's last look and this write. The gateway looks by itself, from its own position.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.request_tracker import links, parts, settings
from connectors.request_tracker.history import entries, learn, names_on, transactions
from connectors.request_tracker.reading import Ticket, newborn, ticket
from connectors.request_tracker.rest import NOT_YOURS, document, get, items, messages, refusal, write
from connectors.request_tracker.words import NOBODY, clean_text, due_shown, due_written, normalised, parts_of
from gateway.connector import Effect, Exchange, FilePart, Request, Response, shaped
from gateway.domain.model import ActorKind, Command, CommandKind, Desk, Field, Receipt, Visibility
from gateway.errors import AnswerUnreadable, DeskGone, DeskRejected, DeskStale, Unsupported

VERBS = {Visibility.PUBLIC: "correspond", Visibility.PRIVATE: "comment"}

_PLAIN = {
    Field.TITLE: "Subject",
    Field.STATUS: "Status",
    Field.PRIORITY: "Priority",
    Field.ASSIGNEE: "Owner",
    Field.DUE: "Due",
    Field.QUEUE: "Queue",
}
_EMPTY = {Field.TITLE: "", Field.DUE: "", Field.ASSIGNEE: NOBODY}
_ON_CREATE = frozenset({Field.DESCRIPTION, Field.REQUESTER, Field.QUEUE})
_MADE_BY_US = frozenset({Field.MARKER})
_NAME_BYTES = 200
_LONGEST_WRITE = timedelta(minutes=1)
_READS = 3
"""How often at most a ticket is read before a write, until it stands still."""
_RECODED = re.compile(r"text/plain|text/html|message/", re.IGNORECASE)
_TRANSACTION = re.compile(r"/transaction/(\d+)/?$")


def push(command: Command, desk: Desk) -> Exchange[Receipt]:
    """The command's receipt. Raises Unsupported before any request for what RT cannot do."""
    match command.kind:
        case CommandKind.CREATE:
            return (yield from _create(command, desk))
        case CommandKind.UPDATE:
            return (yield from _update(command, desk))
        case CommandKind.COMMENT:
            return (yield from _comment(command))
        case CommandKind.ATTACH:
            return (yield from _attach(command))
        case _:
            raise Unsupported("RT keeps what was said as it was said")


def _create(command: Command, desk: Desk) -> Exchange[Receipt]:
    answer = yield write("POST", "ticket", _new_ticket(command, desk), accept=(403,))
    why = refusal(answer)  # 403 is also what RT says of a queue that does not exist
    if why is not None:
        raise DeskRejected(why)
    with shaped(AnswerUnreadable, "a new ticket"):
        remote_id = str(int(document(answer)["id"]))
    told = yield from newborn(remote_id, desk)
    if told.remote_id != remote_id:
        raise AnswerUnreadable(f"RT created ticket {remote_id} and shows {told.remote_id} in its place")
    return Receipt(
        remote_id=remote_id,
        marker=told.fields.get(Field.MARKER),
        number=told.number,
        url=told.url,
        snapshot=told,
        at=told.created_at,
        created_at=told.created_at,
    )


def _new_ticket(command: Command, desk: Desk) -> dict[str, object]:
    """RT's own names for the fields; codes this desk has no custom field for are left out (README.md)."""
    known = {
        name: value
        for name, value in command.fields.items()
        if value is not None and (name in _PLAIN or name in settings.custom_fields(desk))
    }
    body: dict[str, object] = {"Queue": settings.queue(desk), **_native(known, desk)}
    custom = {settings.marker_field(desk): command.marker}
    body["CustomFields"] = {**_custom(known, desk), **custom}
    requestor = normalised(Field.REQUESTER, command.fields.get(Field.REQUESTER), desk) or desk.settings.get(
        "requestor"
    )
    if requestor:
        body["Requestor"] = requestor
    text = clean_text(command.fields.get(Field.DESCRIPTION) or "")
    if text:
        body |= {"Content": text, "ContentType": "text/plain"}
    return body


def _native(fields: Mapping[str, str | None], desk: Desk) -> dict[str, str]:
    """RT's plain fields. Raises DeskRejected for a value RT would take and turn into something else."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        native = _PLAIN.get(Field(name)) if name in _PLAIN else None
        if native is None:
            continue
        shown = normalised(name, value, desk)
        if shown is None and name not in _EMPTY:
            raise DeskRejected(f"RT cannot leave {name} empty")
        found[native] = _EMPTY[Field(name)] if shown is None else _written(name, shown)
    return found


def _written(name: str, shown: str) -> str:
    if name == Field.PRIORITY and not re.fullmatch(r"-?\d+", shown):
        raise DeskRejected(
            f"{shown[:40]!r} is no priority of RT", why="RT would make it 0", cure="write a number"
        )
    if name == Field.DUE:
        if due_shown(shown) is None:
            raise DeskRejected(f"{shown[:40]!r} is no time", why="RT would take the due date away")
        return due_written(shown)
    return shown


def _custom(fields: Mapping[str, str | None], desk: Desk) -> dict[str, str | list[str] | None]:
    names, lists = settings.custom_fields(desk), settings.lists(desk)
    return {
        names[name]: parts_of(value) if name in lists else normalised(name, value, desk)
        for name, value in fields.items()
        if name in names and name not in _PLAIN and name not in _MADE_BY_US
    }


def _update(command: Command, desk: Desk) -> Exchange[Receipt]:
    remote_id, command = _known(command), links.additions(command)
    body = _changes(command, desk)
    tag = (yield from _unmoved(command, remote_id, desk)) if command.was else ""
    answer = yield write("PUT", f"ticket/{remote_id}", body, accept=NOT_YOURS, only_if=tag)
    if refusal(answer) is not None:
        if answer.status == 404:
            raise DeskGone(f"RT has no ticket {remote_id}")
        raise DeskRejected(f"ticket {remote_id} is where this account may not look")
    said = messages(answer)
    shown = yield from ticket(remote_id, desk)
    at = _clock(answer)
    missing = {n: v for n, v in command.fields.items() if not holds(shown.fields, n, v, desk)}
    taken = (yield from _taken(shown, at, desk)) if missing else set()
    refused = [
        name
        for name, value in missing.items()
        if not any(name == one and holds({one: new}, one, value, desk) for one, new in taken)
    ]
    if refused:
        what = ", ".join(_stays(name, shown.fields.get(name), missing[name]) for name in refused)
        raise DeskRejected(what, why=" ".join(said) or "RT has no such field on this ticket")
    return Receipt(remote_id=shown.id, number=shown.id, url=settings.ticket_url(shown.id, desk), at=at)


def _stays(name: str, shown: str | None, wanted: str | None) -> str:
    if name == Field.RELATED:
        return f"RT does not relate it to {', '.join(links.lacking(shown, wanted))}"
    return f"{name} stays {shown!r}"


def _unmoved(command: Command, remote_id: str, desk: Desk) -> Exchange[str]:
    """The ETag of a ticket whose fields are what the gateway knew; 412 says that they ceased to be before the write.
    Raises DeskStale. RT reads the record first and its ETag after, so one answer may show an old status under a new
    tag; what is read once more under the same tag is whole."""
    before = yield from ticket(remote_id, desk)
    for _ in range(_READS - 1):
        shown = yield from ticket(remote_id, desk)
        if shown.last == before.last:
            return _as_known(command, shown, desk)
        before = shown
    raise DeskStale(f"ticket {remote_id} changes while it is read")


def _as_known(command: Command, shown: Ticket, desk: Desk) -> str:
    wanted = command.fields
    moved = [
        name
        for name, value in command.was.items()
        if name in shown.fields
        and not holds(shown.fields, name, value, desk)
        and not holds(shown.fields, name, wanted.get(name), desk)
    ]
    if moved:
        raise DeskStale(f"somebody changed {', '.join(sorted(moved))} of ticket {shown.id} at RT meanwhile")
    return "" if shown.last is None else f'"{shown.last}"'


def _taken(shown: Ticket, at: datetime | None, desk: Desk) -> Exchange[set[tuple[str, str | None]]]:
    """What RT took of ours just now, though somebody has changed it again since: (field, value)."""
    rows = yield from transactions(shown.id, since=None, until=shown.last)
    names = names_on(shown.row, desk)
    yield from learn(names, rows)
    ours = [
        one for one in entries(rows, names, now=shown.lists, desk=desk) if one.actor.kind is ActorKind.GATEWAY
    ]
    return {
        (one.field, one.new)
        for one in ours
        if at is not None and one.at is not None and at - _LONGEST_WRITE <= one.at
    }


def holds(shown: Mapping[str, str | None], name: str, wanted: str | None, desk: Desk) -> bool:
    """Whether a field has the wanted value; RT may write it in another case (logins, values of a list). Of relations
    the wanted ones must be among those there."""
    if name not in shown:
        return False
    if name == Field.RELATED:
        return links.contains(shown[name], wanted)
    return (shown[name] or "").casefold() == (normalised(name, wanted, desk) or "").casefold()


def _changes(command: Command, desk: Desk) -> dict[str, object]:
    names = settings.custom_fields(desk)
    for name in command.fields:
        if name in _MADE_BY_US or not (name in _PLAIN or name in names or name == Field.RELATED):
            raise Unsupported(
                f"this RT desk cannot change {name}",
                cure=f"name the custom field that holds it in the setting custom_fields.{name}"
                if name not in _ON_CREATE
                else "",
            )
    if not command.fields:
        raise Unsupported("an update without a field")
    custom = _custom(command.fields, desk)
    added = parts_of(command.fields.get(Field.RELATED))
    return {
        **_native(command.fields, desk),
        **({"CustomFields": custom} if custom else {}),
        **({links.ADD: added} if added else {}),
    }


def _comment(command: Command) -> Exchange[Receipt]:
    remote_id, draft = _known(command), command.comment
    text = clean_text(draft.text) if draft else ""
    if draft is None or not text:
        raise DeskRejected("RT keeps no comment without words")
    if text == "0":
        text = "0\n"  # RT takes a bare 0 for no words at all and keeps an empty comment (5.0.3)
    path = f"ticket/{remote_id}/{VERBS[draft.visibility]}"
    answer = yield write("POST", path, {"Content": text, "ContentType": "text/plain"})
    return Receipt(remote_id=remote_id, object_id=_transaction(answer), at=_clock(answer))


def _transaction(answer: Response) -> str:
    """The transaction RT made of a message."""
    found = _TRANSACTION.search(answer.headers.get("location", ""))
    if not messages(answer) or not found:
        raise AnswerUnreadable("RT did not say which transaction it made")
    return found[1]


def _attach(command: Command) -> Exchange[Receipt]:
    remote_id, draft = _known(command), command.attachment
    if draft is None or not draft.blob.size:
        raise DeskRejected("RT keeps no empty file")
    part = FilePart(
        name="Attachments",
        filename=kept_name(draft.filename),
        media_type=kept_type(draft.media_type),
        blob=draft.blob,
    )
    answer = yield Request(
        effect=Effect.WRITE,
        method="POST",
        path=f"REST/2.0/ticket/{remote_id}/{VERBS[draft.visibility]}",
        form={"JSON": "{}"},
        files=(part,),
    )
    transaction = _transaction(answer)
    object_id = yield from _file_of(transaction, draft.blob.size)
    return Receipt(remote_id=remote_id, object_id=object_id, at=_clock(answer))


def kept_name(filename: str) -> str:
    """A name that RT gives back as it was: without quotes, slashes and encoded words, at most 200 bytes."""
    name = re.sub(r'[\x00-\x1f"/\\]', "_", filename).replace("=?", "=_")
    stem, dot, ending = name.rpartition(".")
    tail = f"{dot}{ending}".encode()
    if len(name.encode()) > _NAME_BYTES and stem and len(tail) <= 20:
        return stem.encode()[: _NAME_BYTES - len(tail)].decode(errors="ignore") + tail.decode()
    return name.encode()[:_NAME_BYTES].decode(errors="ignore") or "file"


def kept_type(media_type: str) -> str:
    """RT converts texts to UTF-8, losing what it takes for another encoding; as plain bytes it leaves them alone."""
    return "application/octet-stream" if _RECODED.match(media_type) else media_type


def _file_of(transaction: str, size: int) -> Exchange[str]:
    """The file in a message of ours. Raises DeskRejected if RT kept only a part of it (its MaxAttachmentSize)."""
    fields = "Filename,ContentType,ContentLength,TransactionId"
    rows = items((yield get(f"transaction/{transaction}/attachments", ("fields", fields))))
    with shaped(AnswerUnreadable, "a list of attachments"):
        files = [part for part in map(parts.part_of, rows) if part.filename]
    if not files:
        raise AnswerUnreadable(f"RT shows no file in transaction {transaction}")
    if files[0].size != size:
        raise DeskRejected(
            f"RT kept {files[0].size} of {size} bytes",
            cure="raise MaxAttachmentSize, or let no larger file cross",
        )
    return files[0].id


def _known(command: Command) -> str:
    remote_id = command.remote_id or ""
    if not remote_id.isascii() or not remote_id.isdecimal():
        raise DeskGone(f"RT has no ticket {remote_id[:40]!r}: its numbers are digits")
    return remote_id


@shaped(AnswerUnreadable, "an answer")
def _clock(answer: Response) -> datetime | None:
    told = answer.headers.get("date")
    return parsedate_to_datetime(told) if told else None
