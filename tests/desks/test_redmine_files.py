"""Files at a running Redmine 5: byte by byte there and back, told apart by their bytes, and over the gateway's own wire."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from connectors.redmine import CONNECTOR
from gateway.blobs import BlobStore
from gateway.desk_auth import Credentials, credentials_for
from gateway.desk_client.client import DeskClient
from gateway.desk_client.guard import NetworkPolicy
from gateway.desk_client.transport import GuardedTransport
from gateway.domain.model import (
    ActorKind,
    Blob,
    Command,
    Desk,
    NativeAttachment,
    Receipt,
)
from gateway.domain.outcome import OutcomeClass
from gateway.errors import DeskGone, DeskRejected
from tests.connectors.drive import Drive
from tests.desks.launch import Redmine
from tests.desks.redmine_commands import attach, desk_of, drive_of, look, made

Make = Callable[..., Receipt]

pytestmark = pytest.mark.desks


@pytest.fixture
def drive(redmine_vendor: Redmine) -> Drive:
    return drive_of(redmine_vendor)


@pytest.fixture
def desk(redmine_vendor: Redmine) -> Desk:
    return desk_of(redmine_vendor)


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    return partial(made, drive, desk)


CONTENT = bytes(range(256)) * 40 + b"\r\n\n \n"


@pytest.mark.parametrize("filename", ["photo.jpg", "a/b\\c: what?*.bin", "Фото è 中.png", " .x", "none"])
def test_a_file_arrives_byte_by_byte(drive: Drive, desk: Desk, make: Make, filename: str) -> None:
    ticket = make().remote_id
    command = attach(ticket, drive.file(CONTENT), filename)
    receipt = drive.run(CONNECTOR.push(command, desk))
    (native,) = look(drive, desk, ticket).attachments
    told = (native.remote_id, native.size, native.author.kind)
    assert told == (receipt.object_id, len(CONTENT), ActorKind.GATEWAY)
    assert drive.run(CONNECTOR.download(native, desk)) == drive.file(CONTENT)
    assert [found.object_id for found in drive.run(CONNECTOR.find(command, desk))] == [receipt.object_id]


def test_files_of_one_name_and_size_are_told_apart(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id

    def sent(content: bytes, filename: str = "x") -> str | None:
        return drive.run(CONNECTOR.push(attach(ticket, drive.file(content), filename), desk)).object_id

    def found(content: bytes, filename: str = "x", occurrence: int = 1) -> list[str | None]:
        wanted = attach(ticket, drive.file(content), filename, occurrence)
        return [receipt.object_id for receipt in drive.run(CONNECTOR.find(wanted, desk))]

    first = sent(b"one")
    assert found(b"six") == [first], "a single file of that name and size is taken for it unread"
    second, third = sent(b"two"), sent(b"two")
    assert found(b"one") == [first]
    assert found(b"two") == [second, third]
    assert found(b"two", occurrence=2) == [third]
    assert found(b"six") == []
    assert found(b"one", filename="y") == [], "the same bytes under another name"
    other = sent(b"one", filename="y")
    assert found(b"one", filename="y", occurrence=2) == [other], "the second with these bytes"


def test_a_file_too_large_is_refused_in_redmines_words(drive: Drive, desk: Desk, make: Make) -> None:
    limit = CONNECTOR.manifest.capabilities.attachment_max_bytes
    assert limit is not None
    command = attach(make().remote_id, drive.file(bytes(limit + 1)))
    with pytest.raises(DeskRejected, match=f"exceeds the maximum allowed file size \\({limit}\\)"):
        drive.run(CONNECTOR.push(command, desk))


def test_a_file_that_was_removed_is_gone(drive: Drive, desk: Desk) -> None:
    with pytest.raises(DeskGone):
        drive.run(CONNECTOR.download(NativeAttachment(remote_id="99999", filename="x"), desk))


def test_the_gateways_own_wire_carries_files_both_ways(
    redmine_vendor: Redmine, desk: Desk, make: Make, tmp_path: Path
) -> None:
    ticket, content = make().remote_id, bytes(range(256)) * 2000
    store = BlobStore(tmp_path)
    blob = store.put([content], limit=10**6)
    credentials = credentials_for(desk, CONNECTOR.manifest, {"secret": redmine_vendor.keys["fedbot"]})

    async def there_and_back() -> Blob:
        here = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
        async with DeskClient(now=lambda: datetime.now(UTC), blobs=store, transport=here) as client:
            return await _there_and_back(client, desk, credentials, attach(ticket, blob, "größe.bin"))

    assert asyncio.run(there_and_back()) == blob


async def _there_and_back(client: DeskClient, desk: Desk, credentials: Credentials, command: Command) -> Blob:
    verdict = await client.push(CONNECTOR.push(command, desk), desk=desk, credentials=credentials)
    assert verdict.outcome is OutcomeClass.APPLIED, verdict
    found = await client.ask(CONNECTOR.find(command, desk), desk=desk, credentials=credentials)
    assert verdict.receipt is not None
    assert [receipt.object_id for receipt in found] == [verdict.receipt.object_id]
    ticket = CONNECTOR.fetch(command.remote_id or "", desk, since=None)
    seen = await client.ask(ticket, desk=desk, credentials=credentials)
    assert seen.attachments[0].filename == "größe.bin"
    return await client.ask(CONNECTOR.download(seen.attachments[0], desk), desk=desk, credentials=credentials)
