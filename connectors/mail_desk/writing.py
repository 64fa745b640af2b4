"""From a command to one letter to the party, and to ourselves: the copy in our own mailbox is the proof that it left.

The Message-ID is the same for a repeat; References hang every letter below the offer, In-Reply-To below the party's last mail.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from connectors.mail_desk import addresses, words
from connectors.mail_desk.replies import LINE
from connectors.mail_desk.trust import listed
from gateway.connector import Effect, FilePart, Request
from gateway.domain.model import Command, CommandKind, Desk, Visibility
from gateway.errors import Unsupported

RECORD, SEAL = "X-Interdesk-Record", "X-Interdesk-Seal"
REMEMBERED = ("title", "status", "priority", "due", "site", "asset", "service")
"""The fields a letter's record keeps, and so the fields this desk has."""
_ID = re.compile(r"[!-;=?-~]{1,200}")
_REPLIES = re.compile(r"^(?:(?:re|aw|r|i|fwd?|fw|на|отв|ответ)\s*:\s*)+", re.IGNORECASE)
_SENT = frozenset({CommandKind.CREATE, CommandKind.UPDATE, CommandKind.COMMENT, CommandKind.ATTACH})


@dataclass(frozen=True, kw_only=True)
class Thread:
    """Where a conversation stands: our last title, the subject and Message-ID of the party's last mail."""

    title: str = ""
    subject: str = ""
    last: str = ""


def letter(command: Command, desk: Desk, thread: Thread) -> Request:
    """The one WRITE of a push. Raises Unsupported for what a mailbox cannot hold."""
    possible(command, desk)
    ticket = command.remote_id or addresses.ticket_of(command.marker)
    sender, recipients = addresses.reply_address(ticket, desk), listed(desk, "mail_to")
    if not recipients:
        raise Unsupported(f"mail desk {desk.code}: the setting `mail_to` names nobody")
    mail = _mail(command, desk, thread, (ticket, sender, recipients))
    draft = command.attachment
    files = (
        [FilePart(name="file", filename=draft.filename, media_type=draft.media_type, blob=draft.blob)]
        if draft
        else []
    )
    envelope = {
        "sender": sender,
        "recipients": [*recipients, sender],
        "smtp": str(desk.settings.get("smtp", "")),
    }
    form = {"envelope": json.dumps(envelope), "mail": mail.as_bytes().decode("ascii")}
    return Request(effect=Effect.WRITE, method="POST", path="letters", form=form, files=files)


def possible(command: Command, desk: Desk) -> None:
    """Raises Unsupported for what a mailbox cannot hold."""
    if command.kind not in _SENT:
        raise Unsupported("a letter that was sent cannot be changed or taken back")
    draft = command.comment or command.attachment
    if draft is not None and draft.visibility is Visibility.PRIVATE:
        raise Unsupported("a mail has no private place: its reader reads all of it")
    strange = command.fields.keys() - {*REMEMBERED, "description"}
    if strange and command.kind is CommandKind.UPDATE:
        raise Unsupported(f"mail desk {desk.code} keeps no {', '.join(sorted(strange))}")


def _mail(command: Command, desk: Desk, thread: Thread, ends: tuple[str, str, list[str]]) -> EmailMessage:
    ticket, sender, recipients = ends
    letter_id = addresses.message_id(ticket, command.marker, desk)
    packed, seal = addresses.sealed(record(command, ticket), letter_id, desk)
    mail = EmailMessage(policy=SMTP)
    name = _line(str(desk.settings.get("display_name", "Interdesk")))
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = subject(command, desk, ticket, thread)
    mail["Message-ID"] = letter_id
    if command.kind is not CommandKind.CREATE:
        first = addresses.offer_id(ticket, desk)
        last = f"<{thread.last}>" if _ID.fullmatch(thread.last) else first
        mail["In-Reply-To"] = last
        mail["References"] = first if last == first else f"{first} {last}"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    # in pieces: as one long word it would be folded into encoded words
    mail[RECORD], mail[SEAL] = " ".join(packed[at : at + 60] for at in range(0, len(packed), 60)), seal
    mail.set_content(text(command, desk, ticket), cte="quoted-printable")
    return mail


def record(command: Command, ticket: str) -> dict[str, object]:
    """What is read from our copy later: which command it was and what it set."""
    fields = {name: value for name, value in command.fields.items() if name in REMEMBERED}
    return {"ticket": ticket, "kind": command.kind.value, "marker": command.marker, "fields": fields}


def subject(command: Command, desk: Desk, ticket: str, thread: Thread) -> str:
    """`[<ticket>] title`; of an answer the party's own subject, for by it its desk may know the ticket again (RT does)."""
    if thread.subject:
        theirs = _line(_REPLIES.sub("", thread.subject))[:200]
        return f"Re: {theirs}" if ticket in theirs else f"Re: {theirs} [{ticket}]"
    title = command.fields.get("title") or thread.title
    return _line(f"[{ticket}] {title or words.say('job', desk.language)}")[:250]


def text(command: Command, desk: Desk, ticket: str) -> str:
    """The letter: what happened first, then how to answer."""
    language = desk.language
    parts = [f"{LINE} {words.say('above', language)}", ""] if command.kind is not CommandKind.CREATE else []
    if command.kind is CommandKind.CREATE:
        parts += [words.say("offer", language), "", *_facts(command.fields, language)]
    elif command.kind is CommandKind.UPDATE:
        parts += [words.say("update", language), "", *_facts(command.fields, language)]
    elif command.comment is not None:
        parts += [command.comment.text]
    elif command.attachment is not None:
        parts += [words.say("file", language, name=_line(command.attachment.filename))]
    parts += ["", "-- ", f"{LINE} {ticket}", words.say("orders", language)]
    return "\n".join(parts) + "\n"


def _facts(fields: Mapping[str, str | None], language: str) -> list[str]:
    """One line for each field, the description last and whole."""
    lines = [
        f"{words.say(name, language)}: {words.value(_line(value or '–'), language)}"
        for name, value in fields.items()
        if name not in ("description", "marker")
    ]
    description = fields.get("description")
    return [*lines, "", description] if description else lines


def _line(value: str) -> str:
    """Without line breaks: nothing begins a header of its own."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
