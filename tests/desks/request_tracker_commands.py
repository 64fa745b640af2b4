"""What the tests of the RT connector need of a running RT: the desk as the gateway knows it, a wire to it, commands."""

import itertools
from datetime import UTC, datetime

from connectors.request_tracker import CONNECTOR
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
from tests.desks.launch import RequestTracker

NUMBERS = itertools.count(1)
PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE


def drive_of(rt: RequestTracker) -> Drive:
    """The wire, with the token of the gateway's account."""
    return Drive(base_url=rt.base_url, headers={"Authorization": f"token {rt.tokens['fedbot']}"})


def desk_of(rt: RequestTracker) -> Desk:
    """The desk as the gateway would know it."""
    manifest = CONNECTOR.manifest
    return Desk(
        id="dsk_1",
        code="partner",
        org_id="org_1",
        connector=manifest.name,
        base_url=rt.base_url,
        account="fedbot",
        allow_private_network=True,
        settings={
            "queue": rt.queue,
            "requestor": "cust1@example.test",
            "custom_fields": {"marker": "ExternalRef", "delegate": "DelegateTo", "site": "Site"},
        },
        profile=manifest.profile,
        hook_secrets=(rt.hook_secret.encode(),),
    )


def creation(**fields: str | None) -> Command:
    marker = f"idk-{datetime.now(UTC).timestamp()}"
    return Command(id="dlv_1", kind=CommandKind.CREATE, marker=marker, fields=fields)


def update(remote_id: str, **fields: str | None) -> Command:
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker="idk-u", remote_id=remote_id, fields=fields)


def note(remote_id: str, text: str, visibility: Visibility = PUBLIC) -> Command:
    draft = CommentDraft(text=text, visibility=visibility)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker="idk-c", remote_id=remote_id, comment=draft)


def attach(
    remote_id: str, blob: Blob, filename: str, media_type: str = "image/png", visibility: Visibility = PUBLIC
) -> Command:
    draft = AttachmentDraft(filename=filename, media_type=media_type, blob=blob, visibility=visibility)
    return Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-f", remote_id=remote_id, attachment=draft)


def made(drive: Drive, desk: Desk, **fields: str | None) -> Receipt:
    """Creates a ticket by the connector; each has its own marker."""
    return drive.run(CONNECTOR.push(creation(title=f"VPN down {next(NUMBERS)}", **fields), desk))


def look(drive: Drive, desk: Desk, remote_id: str, since: str | None = None) -> Snapshot:
    """The ticket as the connector sees it."""
    return drive.run(CONNECTOR.fetch(remote_id, desk, since=since))
