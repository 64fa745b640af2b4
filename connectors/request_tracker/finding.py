"""`find`: what of ours RT already holds, after an answer was lost. Creates nothing."""

from collections.abc import Sequence
from datetime import datetime

from connectors.request_tracker import links, parts, settings
from connectors.request_tracker.history import transactions
from connectors.request_tracker.parts import download
from connectors.request_tracker.reading import COMMENT, CORRESPOND, path_part, ticket
from connectors.request_tracker.rest import Row, document, get, number, quoted, whole_pages
from connectors.request_tracker.words import clean_text, moment
from connectors.request_tracker.writing import holds, kept_name
from gateway.connector import Exchange, shaped
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Receipt,
    Visibility,
)
from gateway.errors import AnswerUnreadable, ConfigError

_TYPES = {Visibility.PUBLIC: CORRESPOND, Visibility.PRIVATE: COMMENT}


def find(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """Everything that carries the command's effect, oldest first."""
    if command.kind is CommandKind.CREATE:
        return (yield from _tickets(command, desk))
    if command.kind is CommandKind.UPDATE:
        return (yield from _updated(command, desk))
    if command.kind is CommandKind.COMMENT and command.comment is not None:
        return (yield from _comments(command, command.comment, desk))
    if command.attachment is not None:
        return (yield from _files(command, command.attachment, desk))
    return []


def _tickets(command: Command, desk: Desk) -> Exchange[list[Receipt]]:
    """Tickets whose marker field holds this marker. (RT never lists deleted or merged-away tickets.)"""
    name = settings.marker_field(desk)
    rows = yield from whole_pages(
        "tickets",
        ("query", f"CF.{{{name}}} = {quoted(command.marker)}"),
        ("fields", "CustomFields,Created"),
    )
    with shaped(AnswerUnreadable, "a list of tickets"):
        found = [_created(row, command, desk) for row in rows if command.marker in _marks(row, name)]
    if not found:
        yield from _field_exists(name, desk)
    return found


def _marks(row: Row, name: str) -> list[str]:
    """RT answers a search on an unknown field with nothing, but the value is compared all the same."""
    wanted = name.casefold()
    return [
        value
        for custom in row["CustomFields"]
        if str(custom["name"]).casefold() == wanted
        for value in custom["values"]
    ]


def _created(row: Row, command: Command, desk: Desk) -> Receipt:
    remote_id, at = str(number(row)), moment(row["Created"])
    return Receipt(
        remote_id=remote_id,
        marker=command.marker,
        number=remote_id,
        url=settings.ticket_url(remote_id, desk),
        at=at,
        created_at=at,
    )


def _field_exists(name: str, desk: Desk) -> Exchange[None]:
    """A missing marker field would make every search say "not there", and every repeat a second ticket."""
    queue = settings.queue(desk)
    row = document((yield get(f"queue/{path_part(queue)}")))
    with shaped(AnswerUnreadable, "a queue"):
        known = {str(custom["name"]).casefold() for custom in row["TicketCustomFields"]}
    if name.casefold() not in known:
        raise ConfigError(
            f"the queue {queue!r} has no custom field {name!r}",
            why="without it a ticket of ours cannot be found again",
            cure="apply the field to the queue, or correct the setting custom_fields.marker",
        )


def _updated(command: Command, desk: Desk) -> Exchange[list[Receipt]]:
    """A receipt if the ticket has every wanted value."""
    shown = yield from ticket(command.remote_id or "", desk)
    wanted = links.additions(command).fields
    if not all(holds(shown.fields, name, value, desk) for name, value in wanted.items()):
        return []
    return [Receipt(remote_id=shown.id, number=shown.id, url=settings.ticket_url(shown.id, desk))]


def _comments(command: Command, draft: CommentDraft, desk: Desk) -> Exchange[list[Receipt]]:
    """Messages of ours with this text, white space aside, from the `occurrence`-th on."""
    remote_id = command.remote_id or ""
    said = yield from _of_ours(remote_id, draft.visibility, desk)
    listed = yield from parts.listed(remote_id, list(said))
    wanted = {key: parts.sort_out(listed.get(key, ())).texts for key in said}
    texts = yield from parts.contents(remote_id, [part for some in wanted.values() for part in some])
    sought = clean_text(draft.text).split()
    found = [
        Receipt(remote_id=remote_id, object_id=key, at=at, created_at=at)
        for key, at in said.items()
        if " ".join(texts[part.id] for part in wanted[key]).split() == sought
    ]
    return found[draft.occurrence - 1 :]


def _files(command: Command, draft: AttachmentDraft, desk: Desk) -> Exchange[list[Receipt]]:
    """Files of ours with this name and size whose bytes are the same, from the `occurrence`-th on."""
    remote_id = command.remote_id or ""
    said = yield from _of_ours(remote_id, draft.visibility, desk)
    listed = yield from parts.listed(remote_id, list(said))
    found: list[Receipt] = []
    for key, at in said.items():
        for part in listed.get(key, ()):
            if part.size == draft.blob.size and part.filename == kept_name(draft.filename):
                blob = yield from download(part.path)
                if blob.sha256 == draft.blob.sha256:
                    found.append(Receipt(remote_id=remote_id, object_id=part.id, at=at, created_at=at))
    return found[draft.occurrence - 1 :]


def _of_ours(remote_id: str, visibility: Visibility, desk: Desk) -> Exchange[dict[str, datetime | None]]:
    """Our own messages of that visibility, oldest first, with their times."""
    rows = yield from transactions(remote_id, since=None, until=None)
    with shaped(AnswerUnreadable, "a history"):
        return {
            str(number(row)): moment(row["Created"])
            for row in rows
            if row["Type"] == _TYPES[visibility]
            and settings.actor(row["Creator"], desk).kind is ActorKind.GATEWAY
        }
