"""Files at a running RT 5: byte by byte there and back, found by their bytes, and over the gateway's own wire."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from connectors.request_tracker import CONNECTOR
from gateway.blobs import BlobStore
from gateway.desk_auth import Credentials, credentials_for
from gateway.desk_client.client import DeskClient
from gateway.desk_client.guard import NetworkPolicy
from gateway.desk_client.transport import GuardedTransport
from gateway.domain.model import Blob, Command, Desk, Receipt
from gateway.domain.outcome import OutcomeClass
from tests.connectors.drive import Drive
from tests.desks.launch import RequestTracker
from tests.desks.request_tracker_commands import PRIVATE, attach, desk_of, drive_of, look, made

pytestmark = pytest.mark.desks

Make = Callable[..., Receipt]


@pytest.fixture
def rt(rt_partner: RequestTracker) -> RequestTracker:
    return rt_partner


@pytest.fixture
def drive(rt: RequestTracker) -> Drive:
    return drive_of(rt)


@pytest.fixture
def desk(rt: RequestTracker) -> Desk:
    return desk_of(rt)


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    return partial(made, drive, desk)


FILES = [
    ("Отчёт о работе \U0001f600.pdf", "application/pdf", bytes(range(256)) * 40),
    ("grüße.txt", "text/plain", "Grüße €\r\n".encode("cp1252")),
    ("page.html", "text/html", b"<p>\xff\xfe\r\n"),
    ('a "quoted" / name.csv', "text/csv", b"a;b\r\n\xe9;1\r\n"),
    ("mail.eml", "message/rfc822", b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"),
]


@pytest.mark.parametrize("file", FILES, ids=[one[0] for one in FILES])
def test_files_arrive_and_come_back_byte_by_byte(
    drive: Drive, desk: Desk, make: Make, file: tuple[str, str, bytes]
) -> None:
    filename, media_type, content = file
    ticket, blob = make().remote_id, drive.file(content)
    receipt = drive.run(CONNECTOR.push(attach(ticket, blob, filename, media_type, PRIVATE), desk))
    [shown] = look(drive, desk, ticket).attachments
    assert (shown.remote_id, shown.size, shown.visibility) == (receipt.object_id, len(content), PRIVATE)
    assert shown.filename == filename.replace('"', "_").replace("/", "_")
    assert drive.run(CONNECTOR.download(shown, desk)).sha256 == blob.sha256


def test_a_file_is_found_by_its_bytes_not_by_its_name(drive: Drive, desk: Desk, make: Make) -> None:
    ticket, blob, other = make().remote_id, drive.file(b"one two"), drive.file(b"two one")
    receipt = drive.run(CONNECTOR.push(attach(ticket, blob, "a.png"), desk))
    found = drive.run(CONNECTOR.find(attach(ticket, blob, "a.png"), desk))
    assert [one.object_id for one in found] == [receipt.object_id]
    assert drive.run(CONNECTOR.find(attach(ticket, other, "a.png"), desk)) == []


def test_the_gateways_own_wire_carries_files_both_ways(
    rt: RequestTracker, desk: Desk, make: Make, tmp_path: Path
) -> None:
    ticket, content = make().remote_id, bytes(range(256)) * 2000
    store = BlobStore(tmp_path)
    with store.writer(limit=10**6) as writer:
        writer.write(content)
        blob = writer.commit()
    credentials = credentials_for(desk, CONNECTOR.manifest, {"secret": rt.tokens["fedbot"]})

    async def there_and_back() -> Blob:
        here = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
        async with DeskClient(now=lambda: datetime.now(UTC), blobs=store, transport=here) as client:
            return await _there_and_back(client, desk, credentials, attach(ticket, blob, "größe.bin"))

    assert asyncio.run(there_and_back()) == blob


async def _there_and_back(client: DeskClient, desk: Desk, credentials: Credentials, command: Command) -> Blob:
    verdict = await client.push(CONNECTOR.push(command, desk), desk=desk, credentials=credentials)
    assert verdict.outcome is OutcomeClass.APPLIED, verdict
    ticket = CONNECTOR.fetch(command.remote_id or "", desk, since=None)
    seen = await client.ask(ticket, desk=desk, credentials=credentials)
    assert seen.attachments[0].filename == "größe.bin"
    return await client.ask(CONNECTOR.download(seen.attachments[0], desk), desk=desk, credentials=credentials)
