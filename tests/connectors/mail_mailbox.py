"""A mailbox on paper: what the connector sends lands in it as a server would file it, and people answer into it."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message

from connectors.mail_desk import CONNECTOR, addresses, writing
from connectors.mail_desk.folding import Mail, ticket_from
from gateway.domain.model import Command, CommandKind, CommentDraft, Desk, Snapshot, Visibility

PARTY = "tech@firm.example"
DESK = Desk(
    id="dsk_mail",
    code="mail",
    org_id="org_firm",
    connector="mail_desk",
    settings={"address": "desk@gw.example", "mail_to": [PARTY], "smtp": "smtps://mail.gw.example"},
    hook_secrets=(b"a secret",),
    capabilities=CONNECTOR.manifest.capabilities,
)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OFFER = Command(
    id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "Till dead", "priority": "high"}
)
TICKET = addresses.ticket_of(OFFER.marker)


def sent(command: Command, desk: Desk = DESK, thread: writing.Thread | None = None) -> Message:
    """The letter of a command."""
    form = writing.letter(command, desk, thread or writing.Thread()).form or {}
    return message_from_bytes(form["mail"].encode())


def recipients(command: Command, desk: Desk = DESK) -> list[str]:
    """Whom it goes to."""
    told = json.loads((writing.letter(command, desk, writing.Thread()).form or {})["envelope"])["recipients"]
    return [str(one) for one in told]


def comment(text: str, marker: str = "idk-2") -> Command:
    """We say something."""
    draft = CommentDraft(text=text, visibility=Visibility.PUBLIC)
    return Command(id="dlv_2", kind=CommandKind.COMMENT, marker=marker, remote_id=TICKET, comment=draft)


@dataclass(kw_only=True)
class Mailbox:
    """Mails about the offered ticket; each comes a minute after the one before."""

    desk: Desk = DESK
    mails: list[Mail] = field(default_factory=list)
    now: datetime = START
    pace: timedelta = timedelta(minutes=1)

    @classmethod
    def offered(cls, desk: Desk = DESK) -> "Mailbox":
        """With the offer in it."""
        box = cls(desk=desk)
        box.take(sent(OFFER, desk).as_bytes())
        return box

    def take(self, raw: bytes) -> Mail:
        """A mail arrives."""
        self.now += self.pace
        mail = Mail(uid=len(self.mails) + 1, size=len(raw), at=self.now, raw=raw)
        self.mails.append(mail)
        return mail

    def answer(self, text: str, *, sender: str = PARTY, to: str = "", **headers: str) -> Mail:
        """A mail by the party (or `sender`)."""
        mail = EmailMessage()
        mail["From"] = f"Ada Tech <{sender}>" if sender else ""
        mail["To"] = to or addresses.reply_address(TICKET, self.desk)
        mail["Message-ID"] = headers.pop("message_id", f"<m{len(self.mails)}@firm.example>")
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return self.take(mail.as_bytes())

    def shows(self) -> Snapshot:
        """The ticket that this makes."""
        found = ticket_from(self.mails, TICKET, self.desk)
        assert found is not None
        return found

    @property
    def status(self) -> str | None:
        """Its status."""
        return self.shows().fields["status"]

    def said(self, visibility: Visibility = Visibility.PUBLIC) -> list[str]:
        """Its comments of that kind."""
        return [one.text for one in self.shows().comments if one.visibility is visibility]

    def told(self) -> list[str]:
        """What is told privately: held and automatic mail."""
        return self.said(Visibility.PRIVATE)


def other(**settings: object) -> Desk:
    """The desk with other settings."""
    return replace(DESK, settings={**DESK.settings, **settings})
