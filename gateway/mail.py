"""Letters leave here: one SMTP conversation each, over TLS wherever the server has it. Nothing is retried here; what the
server said decides what happens next (`domain.letters`)."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from ssl import SSLError
from urllib.parse import unquote, urlsplit

import aiosmtplib

from gateway.domain.letters import ADMIN, Enclosure, Letter, Post, Posted
from gateway.errors import ConfigError

TIMEOUT = 30.0
"""Seconds for one step of the conversation."""
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """A mail server, who we are to it, and (`admin`) the address of whoever runs the installation; empty: nobody."""

    host: str
    port: int
    sender: str
    admin: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit_tls: bool = False

    @staticmethod
    def of(url: str, *, sender: str, admin: str = "") -> "Mailer":
        """From `smtp://user:password@host:587` (TLS as soon as the server offers it) or `smtps://…` (from the first byte).
        Raises ConfigError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ConfigError("INTERDESK_SMTP_URL is no address", cure="write smtp://host:25") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ConfigError(
                "INTERDESK_SMTP_URL is no address of a mail server", cure="write smtp://host:25"
            )
        if not sender:
            raise ConfigError(
                "INTERDESK_MAIL_FROM is not set", cure="name the address that letters come from"
            )
        return Mailer(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            sender=sender,
            admin=admin,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            implicit_tls=parts.scheme == "smtps",
        )

    @property
    def _start_tls(self) -> bool | None:
        """A server on this machine offers what it made up itself (Exim 4.96 signs its own certificate), and nothing leaves the
        machine; a password goes over TLS or not at all; else as the server offers."""
        if self.implicit_tls or self._is_here:
            return False
        return True if self.user else None

    @property
    def _is_here(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    async def send(self, letter: Letter, enclosed: Enclosure | None = None) -> Posted:
        """Hand a letter to the server, with the file that it encloses; what became of it."""
        address = self.admin if letter.address == ADMIN else letter.address
        if not address:
            return Posted(Post.REFUSED, "nobody is named to run this installation: INTERDESK_ADMIN_MAIL")
        try:
            await aiosmtplib.send(
                self._message(letter, address, enclosed),
                sender=self.sender,
                recipients=[address],
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.implicit_tls,
                start_tls=self._start_tls,
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            return _answered(refused.code, refused.message)
        except aiosmtplib.SMTPResponseException as error:
            login = isinstance(error, aiosmtplib.SMTPAuthenticationError)
            return (
                Posted(Post.LATER, _plain(error.message)) if login else _answered(error.code, error.message)
            )
        except (aiosmtplib.SMTPException, OSError, SSLError) as error:
            return Posted(Post.LATER, _plain(str(error) or type(error).__name__))
        except ValueError as error:  # an address that cannot be written in a header
            return Posted(Post.REFUSED, _plain(str(error)))
        return Posted(Post.SENT)

    def _message(self, letter: Letter, address: str, enclosed: Enclosure | None) -> EmailMessage:
        """RFC 5322, marked as automatic (RFC 3834), so that nobody's absence note answers it."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = address
        message["Subject"] = _plain(letter.subject)
        message["Date"] = format_datetime(letter.created_at)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(letter.body)
        if enclosed is not None:
            kind, _, rest = enclosed.media_type.partition("/")
            message.add_attachment(
                enclosed.content, maintype=kind, subtype=rest.partition(";")[0], filename=enclosed.name
            )
        return message


def _answered(code: int, words: str) -> Posted:
    """5xx is for good, 4xx for now (RFC 5321)."""
    return Posted(Post.REFUSED if code >= 500 else Post.LATER, _plain(f"{code} {words}"))


def _plain(text: str) -> str:
    """One line, without what would begin another header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())[:500]
