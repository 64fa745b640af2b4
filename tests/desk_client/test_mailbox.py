"""Mailboxes of mail desks on the wire: whatever a server says or sends, it is bounded and is not a ticket that is gone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from connectors.mail_desk import CONNECTOR
from gateway.connector import Exchange
from gateway.desk_client import DeskClient, GuardedTransport, NetworkPolicy, credentials_for
from gateway.domain.model import Desk
from gateway.errors import DeskError, DeskUnavailable
from tests.connectors.mail_mailbox import DESK, TICKET, Mailbox
from tests.imap import MailboxServer, mailbox_server

T = TypeVar("T")


def asked(server: MailboxServer, exchange: Callable[[Desk], Exchange[T]]) -> T:
    """What the connector makes of it."""

    async def run() -> T:
        async with mailbox_server(server):
            desk = replace(DESK, base_url=f"imap://127.0.0.1:{server.port}", allow_private_network=True)
            credentials = credentials_for(desk, CONNECTOR.manifest, {"user": "u", "secret": "x"})
            transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
            async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
                return await client.ask(exchange(desk), desk=desk, credentials=credentials)

    return asyncio.run(run())


def test_a_ticket_is_read_over_the_wire() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    server = MailboxServer(
        mails={
            mail.uid: (mail.raw or b"").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for mail in box.mails
        }
    )

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
