"""Desks that live in this gateway, over the real wire: the same judgement as for any other, and each only its own rows."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app import Gateway, utc_now
from gateway.desk_auth import credentials_for
from gateway.desk_client import Asked, DeskClient, GuardedTransport, Told, Verdict
from gateway.domain.model import AttachmentDraft, Blob, Command, CommandKind, Desk, Visibility
from gateway.domain.outcome import OutcomeClass
from gateway.errors import DeskGone
from gateway.testing.notation import blob_of
from tests.api import house, portal

CREATE = Command(id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "till is dead"})


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with house.installed(tmp_path) as opened:
        portal.furnish(opened, tmp_path)
        yield opened


@pytest.fixture
def desk(gateway: Gateway) -> Desk:
    with gateway.database.read() as db:
        return gateway.context.directory(db).desks[portal.desk_id(gateway)]


def push(client: DeskClient, gateway: Gateway, desk: Desk, command: Command) -> Verdict:
    connector = gateway.context.connector(desk)
    credentials = credentials_for(desk, connector.manifest, {})
    return asyncio.run(client.push(connector.push(command, desk), desk=desk, credentials=credentials))


def test_a_file_there_and_back_over_the_wire(gateway: Gateway, desk: Desk) -> None:
    data, client = bytes(range(256)) * 1000, gateway.desk_client()
    kept = gateway.blobs.put([data], limit=1_000_000)
    made = push(client, gateway, desk, CREATE).receipt
    assert made is not None
    draft = AttachmentDraft(filename="a.bin", media_type="x/y", blob=kept, visibility=Visibility.PUBLIC)
    attach = Command(
        id="dlv_2", kind=CommandKind.ATTACH, marker="idk-2", remote_id=made.remote_id, attachment=draft
    )

    verdict = push(client, gateway, desk, attach)

    assert (verdict.outcome, verdict.receipt and verdict.receipt.object_id) == (OutcomeClass.APPLIED, "1")
    connector = gateway.context.connector(desk)
    credentials = credentials_for(desk, connector.manifest, {})

    async def back() -> Blob:
        seen = await client.ask(
            connector.fetch(made.remote_id, desk, since=None), desk=desk, credentials=credentials
        )
        return await client.ask(
            connector.download(seen.attachments[0], desk), desk=desk, credentials=credentials
        )

    assert asyncio.run(back()) == blob_of(data)


def test_what_is_written_twice_is_there_once(gateway: Gateway, desk: Desk) -> None:
    client = gateway.desk_client()
    first, second = (push(client, gateway, desk, CREATE).receipt for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.remote_id == second.remote_id


def test_a_desk_reaches_its_own_jobs_whatever_its_address_says(gateway: Gateway, desk: Desk) -> None:
    made = push(gateway.desk_client(), gateway, desk, CREATE).receipt
    assert made is not None
    stranger = replace(desk, id="dsk_stranger")
    connector = gateway.context.connector(desk)
    credentials = credentials_for(stranger, connector.manifest, {})
    asking = gateway.desk_client().ask(
        connector.fetch(made.remote_id, stranger, since=None), desk=stranger, credentials=credentials
    )
    with pytest.raises(DeskGone):
        asyncio.run(asking)


def test_a_door_that_falls_over_leaves_a_doubt(gateway: Gateway, desk: Desk) -> None:
    def falls(asked: Asked) -> Told:
        raise OSError("the disk is full")

    client = DeskClient(now=utc_now, transport=GuardedTransport(doors={"portal": falls}))
    assert push(client, gateway, desk, CREATE).outcome is OutcomeClass.AMBIGUOUS


def test_a_refusal_is_one(gateway: Gateway, desk: Desk) -> None:
    verdict = push(gateway.desk_client(), gateway, desk, replace(CREATE, fields={"description": "x"}))
    assert verdict.outcome is OutcomeClass.PERMANENT
    assert "a ticket needs a title" in verdict.message
