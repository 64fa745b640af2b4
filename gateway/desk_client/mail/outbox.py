"""One letter by SMTP (RFC 5321) over a socket that the guard has let through. All recipients or none."""

import asyncio
import json
import re
import socket
import ssl
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qs

import aiosmtplib

from gateway.desk_client.mail.folder import Refused
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.failpoints import step

MOST_BYTES = 30_000_000
_KIND = "X-Media-Type"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An envelope and what is in it."""

    sender: str
    recipients: tuple[str, ...]
    smtp: str
    content: bytes


def letter_from(kind: str, body: bytes) -> Letter:
    """From the form of a request: `envelope` (JSON), `mail` (RFC 5322 text), and maybe a file to enclose. Raises
    ValueError or KeyError for what is no letter."""
    fields, enclosed = _parts(kind, body)
    told = json.loads(fields["envelope"])
    mail = message_from_bytes(fields["mail"], policy=policy.SMTP)
    if not isinstance(mail, EmailMessage):
        raise ValueError("no mail")
    if enclosed is not None:
        maintype, _, subtype = _media_type(enclosed).partition("/")
        data = enclosed.get_payload(decode=True)
        if not isinstance(data, bytes):
            raise ValueError("the enclosed file has no bytes")
        mail.add_attachment(data, maintype=maintype, subtype=subtype, filename=_filename(enclosed))
    del mail["Date"]
    mail["Date"] = formatdate(usegmt=True)
    recipients = tuple(str(one) for one in told["recipients"])
    return Letter(
        sender=str(told["sender"]), recipients=recipients, smtp=str(told["smtp"]), content=mail.as_bytes()
    )


def _filename(part: Message) -> str:
    """As `outgoing` wrote it into the form: UTF-8, with quotes and line breaks escaped (RFC 7578)."""
    written = next((value for name, value in part.raw_items() if name.lower() == "content-disposition"), "")
    found = re.search(r'filename="([^"]*)"', str(written))
    name = found[1].encode("utf-8", "surrogateescape").decode("utf-8", "replace") if found else ""
    return name.replace("%22", "'").replace("%0D", " ").replace("%0A", " ") or "file"


def _media_type(part: Message) -> str:
    """What the file is; a mail or a package of parts travels as plain bytes, for nobody on the way shall open it."""
    kind = str(part.get(_KIND, "")).partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII) or kind.startswith(("message/", "multipart/")):
        return "application/octet-stream"
    return kind


def _as_bytes(kind: str, body: bytes) -> bytes:
    """The form with its parts' types under another name: the parser would take an enclosed mail apart."""
    found = re.search(r'boundary="?([^";\s]+)', kind)
    if found is None:
        return body
    head = rb"(--" + re.escape(found[1].encode()) + rb"\r\nContent-Disposition: [^\r\n]*\r\n)Content-Type:"
    return re.sub(head, rb"\1" + _KIND.encode() + b":", body, flags=re.IGNORECASE)


def _parts(kind: str, body: bytes) -> tuple[dict[str, bytes], Message | None]:
    if kind.startswith("application/x-www-form-urlencoded"):
        return {
            name: values[0].encode()
            for name, values in parse_qs(body.decode("ascii"), strict_parsing=True).items()
        }, None
    form = message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + _as_bytes(kind, body), policy=policy.compat32
    )
    fields: dict[str, bytes] = {}
    enclosed = None
    for part in form.get_payload():
        if not isinstance(part, Message):
            raise ValueError("no form")
        if part.get_filename() is not None:
            enclosed = part
            continue
        data = part.get_payload(decode=True)
        fields[str(part.get_param("name", header="content-disposition"))] = (
            data if isinstance(data, bytes) else b""
        )
    return fields, enclosed


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who we are to the server; TLS from the first byte, after STARTTLS, or (inside a listed network) not at all."""

    host: str
    user: str
    secret: str
    implicit: bool
    context: ssl.SSLContext | None
    timeout: float


async def greet(connected: socket.socket, login: Login) -> None:
    """Connect and log in, and leave again. Raises Refused or Broken."""
    client = await _open(connected, login)
    await _leave(client)


async def send(connected: socket.socket, login: Login, letter: Letter, trip: Trip) -> None:
    """Hand it over. Raises Refused for a no for good; Broken for "later" and for a connection that broke, with the trip's
    facts telling whether the letter may have left."""
    client = await _open(connected, login)
    try:
        trip.connected = True
        await client.mail(letter.sender)
        for recipient in letter.recipients:
            await client.rcpt(recipient)
        trip.depart()
        trip.write_started = True
        await client.data(letter.content)
        trip.answer_started = True
    except aiosmtplib.SMTPResponseException as error:
        trip.write_started = False  # the server's word: it has not taken it
        raise _no(error) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Broken(Stage.ANSWER, str(error) or type(error).__name__) from error
    finally:
        await _leave(client)
    if trip.writing:
        step("send.after")


async def _open(connected: socket.socket, login: Login) -> aiosmtplib.SMTP:
    client = aiosmtplib.SMTP(
        hostname=login.host if login.implicit else None,  # whose certificate it must be
        sock=connected,
        use_tls=login.implicit,
        start_tls=False,
        tls_context=login.context,
        timeout=login.timeout,
        local_hostname="interdesk",
    )
    try:
        await client.connect()
        if login.context is not None and not login.implicit:
            await client.starttls(server_hostname=login.host, tls_context=login.context)
        await client.ehlo()  # what it offers is said anew once TLS stands; nothing asks by itself
        if client.supports_extension("auth"):
            await client.login(login.user, login.secret)
    except aiosmtplib.SMTPAuthenticationError as error:
        await _leave(client)
        raise Refused(401, f"the mail server refuses the login: {error.message}") from error
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
        await _leave(client)
        raise Broken(Stage.CONNECT, str(error) or type(error).__name__) from error
    return client


def _no(error: aiosmtplib.SMTPResponseException) -> Refused | Broken:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    words = f"{error.code} {' '.join(error.message.split())}"[:300]
    return (
        Refused(422, words)
        if error.code >= 500
        else Broken(Stage.ANSWER, f"the mail server says later: {words}")
    )


async def _leave(client: aiosmtplib.SMTP) -> None:
    transport = cast("asyncio.Transport | None", client.transport)  # uvloop's are none by name
    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()
    if transport is not None:
        transport.abort()  # all is said: TLS needs no farewell of its own, which would outlive the loop
        await asyncio.sleep(0)
        await asyncio.sleep(0)
