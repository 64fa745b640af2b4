"""`fetch`: a ticket as RT has it. Cheap where nothing happened: one call; two after a change of fields; four after words.

The ETag of a ticket is the id of its last transaction this account may see. The ticket is read first and everything
else only up to that transaction, so fields, history, comments and files of a snapshot are of one moment.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.request_tracker import history, links, parts, settings
from connectors.request_tracker.parts import Part
from connectors.request_tracker.rest import NOT_YOURS, Row, document, get, number, refusal
from connectors.request_tracker.words import due_shown, moment, normalised
from gateway.connector import Exchange, Response, shaped
from gateway.domain.model import (
    Desk,
    Field,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskDenied, DeskGone

CREATE, CORRESPOND, COMMENT = "Create", "Correspond", "Comment"

VISIBILITY = {CORRESPOND: Visibility.PUBLIC, COMMENT: Visibility.PRIVATE}
"""A correspondence goes to the requester; anything else with words is not shown to them."""

_ETAG = re.compile(r'(?:W/)?"?(\d+)')


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket's own record. `last` is the id of its last transaction, None if RT did not say."""

    id: str
    row: Row
    last: int | None
    fields: Mapping[str, str | None]
    lists: Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class _Words:
    description: Mapping[str, str | None] = field(default_factory=dict)
    comments: Sequence[NativeComment] = ()
    attachments: Sequence[NativeAttachment] = ()


def ticket(remote_id: str, desk: Desk) -> Exchange[Ticket]:
    """The record of one ticket. Raises DeskGone; DeskDenied if the account lost its queue altogether."""
    if not remote_id.isascii() or not remote_id.isdecimal():
        raise DeskGone(f"RT has no ticket {remote_id[:40]!r}: its numbers are digits")
    asked = (("fields[Queue]", "Name"), ("fields[Owner]", "id,Name"))
    answer = yield get(f"ticket/{remote_id}", *asked, accept=NOT_YOURS)
    if refusal(answer) is not None:
        if answer.status == 404:
            raise DeskGone(f"RT has no ticket {remote_id}")
        yield from _only_this_one(remote_id, desk)
    row = document(answer)
    if row.get("Type", "ticket") != "ticket":
        raise DeskGone(f"what RT keeps as {remote_id} is a {str(row['Type'])[:40]}, not a ticket")
    return _ticket(row, answer, desk)


def _only_this_one(remote_id: str, desk: Desk) -> Exchange[None]:
    """A ticket moved where the account may not look is gone; an account that lost its rights has lost all of them."""
    queue = settings.queue(desk)
    answer = yield get(f"queue/{path_part(queue)}", accept=NOT_YOURS)
    if refusal(answer) is not None:
        raise DeskDenied(f"the account may read neither ticket {remote_id} nor the queue {queue!r}")
    raise DeskGone(f"ticket {remote_id} is where this account may not look")


def path_part(name: str) -> str:
    """A name as one step of a path."""
    return "".join(
        f"%{byte:02X}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in name.encode()
    )


@shaped(AnswerUnreadable, "a ticket")
def _ticket(row: Row, answer: Response, desk: Desk) -> Ticket:
    etag = _ETAG.match(answer.headers.get("etag", ""))
    lists = {
        Field.REQUESTER.value: [str(user["id"]) for user in row["Requestor"]],
        **_custom_values(row, desk),
    }
    related = links.shown(row)
    if related is not None:
        lists[Field.RELATED.value] = related
    owner, queue = row["Owner"], row["Queue"]
    single = {
        Field.TITLE: str(row["Subject"] or ""),
        Field.STATUS: str(row["Status"]),
        Field.PRIORITY: str(row["Priority"]),
        Field.ASSIGNEE: str(owner.get("Name") or owner["id"]),
        Field.QUEUE: str(queue.get("Name") or queue["id"]),
        Field.DUE: due_shown(str(row["Due"] or "")) or "",
    }
    fields = {name.value: normalised(name, value, desk) for name, value in single.items()}
    fields |= {name: history.joined(values) for name, values in lists.items()}
    return Ticket(
        id=str(number(row)), row=row, last=int(etag[1]) if etag else None, fields=fields, lists=lists
    )


def _custom_values(row: Row, desk: Desk) -> dict[str, list[str]]:
    """The values of the custom fields that the settings name and this ticket has."""
    found: dict[str, list[str]] = {}
    for custom in row["CustomFields"]:
        name = settings.canonical_of(str(custom["name"]), desk)
        if name is not None:
            shown = [normalised(name, value, desk) for value in custom["values"] if isinstance(value, str)]
            found[name] = [value for value in shown if value is not None]
    return found


def snapshot(remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
    """Everything after the transaction `since`; all of it without."""
    if since is not None and not since.isdecimal():
        raise AnswerUnreadable(f"{since[:40]!r} is no position of an RT ticket")
    found = yield from ticket(remote_id, desk)
    told = yield from _with_past(found, desk, since=since)
    work = yield from history.work(found.row, found.id, desk)
    return replace(told, complete=since is None, work=work)


def newborn(remote_id: str, desk: Desk) -> Exchange[Snapshot]:
    """A ticket that was created just now, without its own text: we wrote it."""
    found = yield from ticket(remote_id, desk)
    return (yield from _with_past(found, desk, since=None, ours=True))


def _with_past(found: Ticket, desk: Desk, *, since: str | None, ours: bool = False) -> Exchange[Snapshot]:
    listed: list[Row] = []
    if found.last is None or since is None or int(since) < found.last:
        listed = yield from history.transactions(found.id, since=since, until=found.last)
    rows = history.of_ticket(listed, found.id)
    names = history.names_on(found.row, desk)
    yield from history.learn(names, rows)
    changes = history.entries(rows, names, now=found.lists, desk=desk)
    speaking = [
        row for row in rows if row.get("Type") in VISIBILITY or (row.get("Type") == CREATE and not ours)
    ]
    words = yield from _words(found.id, speaking, desk)
    return _snapshot(found, desk, position=_position(found, listed, since), changes=changes, words=words)


def _position(found: Ticket, rows: Sequence[Row], since: str | None) -> str | None:
    if found.last is not None:
        return str(found.last)
    return str(number(rows[-1])) if rows else since


@shaped(AnswerUnreadable, "a ticket")
def _snapshot(
    found: Ticket, desk: Desk, *, position: str | None, changes: Sequence[HistoryEntry], words: _Words
) -> Snapshot:
    return Snapshot(
        remote_id=found.id,
        fields={**found.fields, **words.description},
        number=found.id,
        url=settings.ticket_url(found.id, desk),
        comments=words.comments,
        attachments=words.attachments,
        history=changes,
        has_history=True,
        revision=position,
        position=position,
        created_at=moment(found.row["Created"]),
        changed_at=moment(found.row["LastUpdated"]),
    )


def _words(remote_id: str, speaking: Sequence[Row], desk: Desk) -> Exchange[_Words]:
    """Description, comments and files of the transactions that have words."""
    if not speaking:
        return _Words()
    listed = yield from parts.listed(remote_id, [_id(row) for row in speaking])
    sorted_out = {_id(row): parts.sort_out(listed.get(_id(row), ())) for row in speaking}
    wanted = [part for one in sorted_out.values() for part in one.texts]
    texts = yield from parts.contents(remote_id, wanted)
    said = {key: _joined(one.texts, texts) for key, one in sorted_out.items()}
    return _told(speaking, said, {key: one.files for key, one in sorted_out.items()}, desk)


def _id(row: Row) -> str:
    return str(number(row))


def _joined(wanted: Sequence[Part], texts: Mapping[str, str]) -> str:
    return "\n\n".join(filter(None, (texts[part.id] for part in wanted)))


@shaped(AnswerUnreadable, "a message")
def _told(
    speaking: Sequence[Row], said: Mapping[str, str], files: Mapping[str, Sequence[Part]], desk: Desk
) -> _Words:
    description: dict[str, str | None] = {}
    comments: list[NativeComment] = []
    attachments: list[NativeAttachment] = []
    for row in speaking:
        key, who, at = _id(row), settings.actor(row["Creator"], desk), moment(row["Created"])
        if row["Type"] == CREATE:
            description[Field.DESCRIPTION.value] = said[key] or None
            seen, under = Visibility.PUBLIC, None
        else:
            seen, under = VISIBILITY[row["Type"]], key if said[key] else None
            if said[key]:
                comments.append(
                    NativeComment(remote_id=key, text=said[key], visibility=seen, author=who, at=at)
                )
        attachments += [
            NativeAttachment(
                remote_id=part.id,
                filename=part.name,
                media_type=part.media_type,
                size=part.size or None,
                url=part.path,
                visibility=seen,
                author=who,
                at=at,
                comment_id=under,
            )
            for part in files[key]
        ]
    return _Words(description=description, comments=comments, attachments=attachments)
