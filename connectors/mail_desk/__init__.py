"""A party that has only e-mail: its desk is the mailbox through which we talk to it. What stands in the mailbox is the
whole memory; `folding` makes a ticket of it, and nothing is kept beside it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from connectors.mail_desk import finding, mailbox, trust, writing
from connectors.mail_desk.folding import Mail
from gateway.connector import Effect, Exchange, Request, load_manifest, shaped
from gateway.domain.model import (
    Actor,
    Blob,
    Command,
    Desk,
    DeskFacts,
    Manifest,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
)
from gateway.errors import AnswerUnreadable, SignatureInvalid, Unreadable, Unsupported


class MailDesk:
    """The connector; see README.md for the mailbox it needs."""

    manifest: Manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """A mailbox calls nobody, so whatever comes is not from it."""
        del message, now
        raise SignatureInvalid(f"mail desk {desk.code} is polled; it sends no messages")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """A mail that was kept for a person, replayed: its ticket is looked at, if it counts by now."""
        mail = Mail(uid=0, size=len(message.body), at=message.received_at, raw=message.body)
        try:
            tickets, why = mailbox.judged(mail, desk)
        except Unsupported as error:
            raise Unreadable(error.what) from error
        if why or not tickets:
            raise Unreadable(why or "this is no mail about a ticket of this desk")
        return [Sighting(remote_id=ticket) for ticket in tickets]

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket as its mails tell it."""
        return mailbox.fetch(remote_id, desk, since)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """New mails by UID; UIDs come in order, so no overlap is read again."""
        return mailbox.changed(cursor, desk)

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One letter, to the party and to our own mailbox in one transaction."""
        writing.possible(command, desk)
        thread = writing.Thread()
        if command.remote_id is not None:
            thread = yield from mailbox.thread(command.remote_id, desk)
        response = yield writing.letter(command, desk, thread)
        with shaped(AnswerUnreadable, "the answer to a letter"):
            if response.json()["taken"] is not True:
                raise ValueError("not taken")
        return finding.receipt(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """The copy in our mailbox, by its Message-ID."""
        return finding.find(command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """One file out of its mail."""
        folder = (("folder", str(desk.settings.get("folder", "INBOX"))),)
        response = yield Request(
            effect=Effect.READ, method="GET", path=attachment.url or "file", params=folder, receive_blob=True
        )
        if response.blob is None:
            raise AnswerUnreadable(f"no file came for {attachment.filename}")
        return response.blob

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What is sent is what stands in the mailbox."""
        del field, desk
        return value

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """Logs in to the mailbox and greets the outgoing server; sends nothing."""
        response = yield mailbox.ask("", desk, smtp=str(desk.settings.get("smtp", "")))
        with shaped(AnswerUnreadable, "a mailbox"):
            told = response.json()
            return DeskFacts(
                product=str(told["greeting"])[:100],
                account=Actor(id=str(told["user"]), name=str(desk.settings.get("address", ""))),
                statuses=tuple(row.native for row in self.manifest.profile.statuses),
                missing=_missing(desk),
            )


def _missing(desk: Desk) -> tuple[str, ...]:
    told = []
    if not desk.hook_secrets:
        told.append("no hook secret: reply addresses could be forged, so nothing is sent")
    if not trust.listed(desk, "mail_to"):
        told.append("`mail_to` names nobody to write to")
    return tuple(told)


CONNECTOR = MailDesk()
