"""Notes of ours that get another text, or none: Redmine lets an account do so to its own notes. A note without a text is
deleted unless field changes stand in the same journal; it is no comment any more then either (its source, 5.0.4)."""

from collections.abc import Sequence
from urllib.parse import quote

from connectors.redmine import reading
from connectors.redmine.names import Document
from connectors.redmine.words import plain, same_text, sent
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Command, CommandKind, Desk, Receipt
from gateway.errors import AnswerUnreadable, DeskRejected, Unsupported


def rewrite(command: Command, desk: Desk) -> Exchange[Receipt]:
    """An EDIT or REMOVE: one PUT, and the read-back. What is gone already needs no removing."""
    del desk
    wanted, number = _wanted(command), command.object_id or ""
    response = yield Request(
        effect=Effect.WRITE,
        method="PUT",
        path=f"journals/{quote(number, safe='')}.json",
        json={"journal": {"notes": sent(wanted)}},
        accept=(403, 404),
    )
    if response.status == 403:
        raise DeskRejected(
            f"this account may not change note {number}",
            cure="give its role the permission `Edit own notes`",
        )
    issue = yield from reading.issue_of(command.remote_id or "")
    if not _stands(issue, number, wanted):
        raise DeskRejected(f"Redmine did not take the change of note {number}")
    return Receipt(remote_id=str(issue["id"]))


def rewritten(command: Command, issue: Document) -> Sequence[Receipt]:
    """A receipt if the note is as the command wants it."""
    done = _stands(issue, command.object_id or "", _wanted(command))
    return (Receipt(remote_id=str(issue["id"])),) if done else ()


def _wanted(command: Command) -> str:
    if not command.object_id:
        raise Unsupported(f"a {command.kind} that names no note")
    if command.kind is CommandKind.REMOVE:
        return ""
    text = plain(command.comment.text) if command.comment else None
    if not text or not text.strip():
        raise DeskRejected("Redmine keeps no empty note")
    return text


@shaped(AnswerUnreadable, "an issue")
def _stands(issue: Document, number: str, wanted: str) -> bool:
    notes = [str(row["notes"] or "") for row in issue["journals"] if str(row["id"]) == number]
    if not wanted:
        return not any(note.strip() for note in notes)
    return any(same_text(note, wanted) for note in notes)
