"""What the tests of the Roundup connector need of a running Roundup: the desk as the gateway knows it, a wire to it, and
commands."""

import time

from connectors.roundup import CONNECTOR
from gateway.domain.model import (
    AttachmentDraft,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Receipt,
    Snapshot,
    Visibility,
)
from tests.connectors.drive import Drive
from tests.connectors.record_roundup import headers, shared
from tests.desks.launch import Roundup


def drive_of(roundup: Roundup) -> Drive:
    """The wire, with the password of the gateway's account."""
    return Drive(base_url=roundup.base_url, headers=headers(roundup))


def desk_of(roundup: Roundup) -> Desk:
    """The desk as the gateway would know it."""
    manifest = CONNECTOR.manifest
    return Desk(
        id="dsk_1",
        code="subcontractor",
        org_id="org_1",
        connector=manifest.name,
        base_url=roundup.base_url,
        allow_private_network=True,
        settings=shared(roundup)["settings"],
        profile=manifest.profile,
        account="fedbot",
        hook_secrets=(roundup.hook_secret.encode(),),
    )


def made(drive: Drive, desk: Desk, **fields: str | None) -> Receipt:
    """A ticket created by the connector; each has its own marker."""
    wanted = {"title": "VPN down", **fields}
    command = Command(id="dlv_1", kind=CommandKind.CREATE, marker=f"idk-{time.time_ns()}", fields=wanted)
    return drive.run(CONNECTOR.push(command, desk))


def update(remote_id: str, **fields: str | None) -> Command:
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker="idk-u", remote_id=remote_id, fields=fields)


def note(
    remote_id: str, text: str, marker: str = "idk-c", visibility: Visibility = Visibility.PUBLIC
) -> Command:
    draft = CommentDraft(text=text, visibility=visibility)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker=marker, remote_id=remote_id, comment=draft)


def attach(
    remote_id: str,
    blob: Blob,
    filename: str = "x",
    occurrence: int = 1,
    visibility: Visibility = Visibility.PUBLIC,
) -> Command:
    draft = AttachmentDraft(
        filename=filename, media_type="image/png", blob=blob, visibility=visibility, occurrence=occurrence
    )
    return Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=remote_id, attachment=draft)


def look(drive: Drive, desk: Desk, remote_id: str) -> Snapshot:
    """The ticket as the connector sees it."""
    return drive.run(CONNECTOR.fetch(remote_id, desk, since=None))
