"""Mailboxes of mail desks on the wire: whatever a server says or sends, it is bounded and is not a ticket that is gone."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TypeVar

import pytest

from connectors.mail_desk import CONNECTOR, addresses
from gateway.blobs import BlobStore
from gateway.connector import Exchange
from gateway.desk_client import DeskClient, GuardedTransport, Limits, NetworkPolicy, credentials_for
from gateway.domain.model import Desk, Snapshot
from gateway.errors import DeskError, DeskUnavailable
from tests.connectors.mail_mailbox import DESK, PARTY, TICKET, Mailbox
from tests.desk_client import test_pool
from tests.imap import MailboxServer, mailbox_server

T = TypeVar("T")
authority = test_pool.authority


def asked(server: MailboxServer, exchange: Callable[[Desk], Exchange[T]], limits: Limits | None = None) -> T:
    """What the connector makes of it."""

    async def run() -> T:
        async with mailbox_server(server):
            desk = replace(DESK, base_url=f"imap://127.0.0.1:{server.port}", allow_private_network=True)
            credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "u", "secret": "x"})
            transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]), limits=limits)
            async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
                return await client.ask(exchange(desk), desk=desk, credentials=credentials)

    return asyncio.run(run())


def crlf(raw: bytes) -> bytes:
    """As a server hands it out."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_a_ticket_is_read_over_the_wire() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    server = MailboxServer(mails={mail.uid: crlf(mail.raw or b"") for mail in box.mails})

    seen = asked(server, lambda desk: CONNECTOR.fetch(TICKET, desk, since=None))

    assert seen.fields["status"] == "accepted"


LATER = {
    "the folder is locked": {"EXAMINE": "NO [INUSE] locked"},
    "the folder is being built": {"EXAMINE": "NO no such mailbox"},
    "logins are away": {"LOGIN": "NO [UNAVAILABLE] the directory is away"},
    "too many logins": {"LOGIN": "NO [LIMIT] too many connections"},
}


@pytest.mark.parametrize("name", LATER)
def test_a_no_for_now_is_tried_again(name: str) -> None:
    with pytest.raises(DeskUnavailable):
        asked(MailboxServer(says=LATER[name]), lambda desk: CONNECTOR.fetch(TICKET, desk, since=None))


def test_a_wrong_password_is_told_as_one() -> None:
    says = {"LOGIN": "NO [AUTHENTICATIONFAILED] wrong"}
    with pytest.raises(DeskError, match="AUTHENTICATIONFAILED") as told:
        asked(MailboxServer(says=says), lambda desk: CONNECTOR.fetch(TICKET, desk, since=None))

    assert not isinstance(told.value, DeskUnavailable)


def test_a_page_of_mails_with_endless_heads_is_read_all_the_same() -> None:
    head = b"From: a@else.example\r\nTo: desk@gw.example\r\n" + (b"X-Long: " + b"x" * 900 + b"\r\n") * 500
    server = MailboxServer(mails=dict.fromkeys(range(1, 51), head + b"\r\nhi"))

    page = asked(server, lambda desk: CONNECTOR.changed("7:0", desk))

    assert page.cursor == "7:98"


def fetched(desk: Desk) -> Exchange[Snapshot]:
    return CONNECTOR.fetch(TICKET, desk, since=None)


def test_a_server_that_never_stops_sending_is_left() -> None:
    server = MailboxServer(drip=b"* 5 EXISTS\r\n" * 1000)

    with pytest.raises(DeskError, match="sends more than"):
        asked(server, fetched, Limits(blob_bytes=100_000))


@pytest.mark.anyio
@pytest.mark.parametrize("secure", [False, True])
async def test_who_gives_up_ends_the_conversation(
    secure: bool, authority: tuple[ssl.SSLContext, Path]
) -> None:
    theirs, certificate = authority
    server = MailboxServer(drip=b"*")
    async with mailbox_server(server, theirs if secure else None):
        url = f"{'imaps' if secure else 'imap'}://desk.example:{server.port}"
        desk = replace(DESK, base_url=url, allow_private_network=True)
        credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "u", "secret": "x"})
        transport = GuardedTransport(
            policy=NetworkPolicy.of(["127.0.0.0/8"]),
            tls=ssl.create_default_context(cafile=certificate),
            resolver=test_pool.answering(("127.0.0.1",)),
        )
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.ask(fetched(desk), desk=desk, credentials=credentials)
            await asyncio.wait_for(server.left.wait(), 5)
    assert any("SEARCH" in words for words in server.asked)


@pytest.mark.parametrize("message_id", ["", "<a!b/c%d@firm.example>", "<plain@firm.example>"])
def test_a_file_is_found_whatever_its_mail_is_called(message_id: str, tmp_path: Path) -> None:
    box = Mailbox.offered()
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = PARTY, addresses.reply_address(TICKET, DESK)
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content("accept")
    mail.add_attachment(b"a plan", maintype="image", subtype="jpeg", filename="a.jpg")
    box.take(mail.as_bytes())
    [file] = box.shows().attachments
    server = MailboxServer(mails={one.uid: crlf(one.raw or b"") for one in box.mails})

    async def run() -> bytes:
        async with mailbox_server(server):
            desk = replace(DESK, base_url=f"imap://127.0.0.1:{server.port}", allow_private_network=True)
            credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "u", "secret": "x"})
            transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
            blobs = BlobStore(tmp_path)
            async with DeskClient(now=lambda: datetime.now(UTC), transport=transport, blobs=blobs) as client:
                blob = await client.ask(CONNECTOR.download(file, desk), desk=desk, credentials=credentials)
                return b"".join(blobs.chunks(blob))

    assert asyncio.run(run()) == b"a plan"
