"""Letters of mail desks on the wire: what the server said decides what is known of them, and the guard stands before it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.mail_desk import CONNECTOR, finding, writing
from gateway.blobs import BlobStore
from gateway.connector import Exchange
from gateway.desk_client import (
    DeskClient,
    GuardedTransport,
    NetworkPolicy,
    OutcomeClass,
    Verdict,
    credentials_for,
)
from gateway.desk_client.mail.files import file_in
from gateway.desk_client.mail.outbox import letter_from
from gateway.domain.model import AttachmentDraft, Command, CommandKind, Desk, Receipt, Visibility
from gateway.errors import ConfigError, DeskError
from tests.connectors.mail_mailbox import DESK, OFFER, PARTY, TICKET
from tests.smtp import MailServer, mail_server

LISTED = ("127.0.0.0/8",)


async def pushed(
    server: MailServer,
    command: Command = OFFER,
    *,
    allowed: Sequence[str] = LISTED,
    blobs: BlobStore | None = None,
) -> Verdict:
    """A letter handed to that server."""
    settings = {**DESK.settings, "smtp": f"smtp://127.0.0.1:{server.port}"}
    desk = replace(DESK, base_url="imap://127.0.0.1:1", settings=settings, allow_private_network=True)
    credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "desk@gw.example", "secret": "x"})
    transport = GuardedTransport(policy=NetworkPolicy.of(allowed))
    async with DeskClient(now=lambda: datetime.now(UTC), transport=transport, blobs=blobs) as client:
        exchange = CONNECTOR.push(command, desk) if command.remote_id is None else only_sent(command, desk)
        return await client.push(exchange, desk=desk, credentials=credentials)


def only_sent(command: Command, desk: Desk) -> Exchange[Receipt]:
    """Without a look into the mailbox first."""
    yield writing.letter(command, desk, writing.Thread())
    return finding.receipt(command, desk)


async def offered(*answers: str, vanish: bool = False) -> tuple[Verdict, MailServer]:
    async with mail_server(*answers, vanish=vanish) as server:
        return await pushed(server), server


def test_one_letter_goes_to_the_party_and_to_ourselves() -> None:
    verdict, server = asyncio.run(offered())

    assert verdict.outcome is OutcomeClass.APPLIED
    assert verdict.receipt is not None
    assert verdict.receipt.remote_id == TICKET
    [letter] = server.taken
    assert letter["Date"]
    assert letter["To"] == PARTY
    assert TICKET in server.senders[0]


CASES: dict[str, tuple[tuple[str, ...], bool, OutcomeClass]] = {
    "the party is unknown": (("550 no such user",), False, OutcomeClass.PERMANENT),
    "our own mailbox is full": (("250 ok", "452 full"), False, OutcomeClass.NOT_APPLIED),
    "later": (("450 greylisted",), False, OutcomeClass.NOT_APPLIED),
    "gone after the last byte": ((), True, OutcomeClass.AMBIGUOUS),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_server_says_decides(name: str) -> None:
    answers, vanish, outcome = CASES[name]

    verdict, server = asyncio.run(offered(*answers, vanish=vanish))

    assert verdict.outcome is outcome
    assert vanish or server.taken == [], "all recipients or none"


def test_a_server_that_is_away_has_taken_nothing() -> None:
    verdict = asyncio.run(pushed(MailServer(port=1)))

    assert verdict.outcome is OutcomeClass.NOT_APPLIED


def test_the_guard_stands_before_mail_as_well() -> None:
    async def refused() -> tuple[Verdict, MailServer]:
        async with mail_server() as server:
            return await pushed(server, allowed=()), server

    verdict, server = asyncio.run(refused())

    assert verdict.outcome is OutcomeClass.PERMANENT
    assert "refused" in verdict.message
    assert server.senders == []


EML = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n"
FILES = {
    "application/pdf": (bytes(range(256)) * 100, "application/pdf"),
    "message/rfc822": (EML, "application/octet-stream"),
    "multipart/mixed; boundary=x": (EML, "application/octet-stream"),
    "text/plain": ("слово\n".encode(), "text/plain"),
    "strange": (b"x", "application/octet-stream"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_enclosed_as_it_is(kind: str, tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    data, sent_as = FILES[kind]
    draft = AttachmentDraft(
        filename="план.pdf",
        media_type=kind,
        blob=blobs.put([data], limit=10**6),
        visibility=Visibility.PUBLIC,
    )
    command = Command(id="dlv_3", kind=CommandKind.ATTACH, marker="idk-9", remote_id=TICKET, attachment=draft)

    async def sent() -> MailServer:
        async with mail_server() as server:
            assert (await pushed(server, command, blobs=blobs)).outcome is OutcomeClass.APPLIED
            return server

    [letter] = asyncio.run(sent()).taken
    [part] = [part for part in letter.walk() if part.get_content_disposition() == "attachment"]
    assert (part.get_filename(), part.get_payload(decode=True)) == ("план.pdf", data)
    assert part.get_content_type() == sent_as
    assert file_in(letter.as_bytes(), [*letter.walk()].index(part)) == data


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"mail=x"),
        ("application/x-www-form-urlencoded", b"envelope=%5B%5D&mail=x"),
        ("multipart/form-data; boundary=b", b"nothing"),
        ("text/plain", b"hello"),
    ],
)
def test_what_is_no_letter_is_not_sent(kind: str, body: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        letter_from(kind, body)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 40]
)
def test_a_file_that_is_not_there(raw: bytes) -> None:
    assert file_in(raw, 99) is None


OPEN = [("imaps", 993), ("smtps", 465), ("smtp", 587)]
SHUT = [("imap", 143), ("smtp", 25), ("smtp", 465), ("imaps", 443), ("https", 993)]


@pytest.mark.parametrize(("scheme", "port"), OPEN)
def test_mail_leaves_over_tls_only(scheme: str, port: int) -> None:
    NetworkPolicy().check("9.9.9.9", scheme=scheme, port=port, allow_private_network=False)


@pytest.mark.parametrize(("scheme", "port"), SHUT)
def test_other_ways_need_a_network_the_operator_has_listed(scheme: str, port: int) -> None:
    with pytest.raises(ConfigError):
        NetworkPolicy().check("9.9.9.9", scheme=scheme, port=port, allow_private_network=False)


def test_a_mailbox_that_is_away_is_told_as_any_desk() -> None:
    desk: Desk = replace(DESK, base_url="imap://127.0.0.1:1", allow_private_network=True)
    credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "u", "secret": "x"})

    async def asked() -> None:
        transport = GuardedTransport(policy=NetworkPolicy.of(LISTED))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            await client.ask(CONNECTOR.fetch(TICKET, desk, since=None), desk=desk, credentials=credentials)

    with pytest.raises(DeskError, match="connect"):
        asyncio.run(asked())
