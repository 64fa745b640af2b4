"""What the tests of the Redmine connector need of a running Redmine: the desk as the gateway knows it, a wire to it,
commands, and what people do."""

import time
from typing import Any

import httpx

from connectors.redmine import CONNECTOR
from gateway.domain.documents import merged_profile
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
from tests.connectors.record_redmine import settings
from tests.desks.launch import Redmine

WAITING = {"Waiting": {"status": "held", "reason": "third_party"}}


def drive_of(redmine: Redmine) -> Drive:
    """The wire, with the key of the gateway's account."""
    return Drive(base_url=redmine.base_url, headers={"X-Redmine-API-Key": redmine.keys["fedbot"]})


def desk_of(redmine: Redmine) -> Desk:
    """The desk as the gateway would know it, with a status of its own beside Redmine's defaults."""
    manifest = CONNECTOR.manifest
    statuses = {row.native: {"status": row.status, "reason": row.reason} for row in manifest.profile.statuses}
    own = {"statuses": {**statuses, **WAITING}, "defaults": {"queue": redmine.project}}
    return Desk(
        id="dsk_1",
        code="vendor",
        org_id="org_1",
        connector=manifest.name,
        base_url=redmine.base_url,
        allow_private_network=True,
        settings=settings(redmine),
        profile=merged_profile(manifest.profile, own),
        account=str(redmine.user_ids["fedbot"]),
    )


def made(drive: Drive, desk: Desk, **fields: str | None) -> Receipt:
    """A ticket created by the connector; each has its own marker."""
    wanted = {"title": "VPN down", "queue": "federation", "tracker": "Support", **fields}
    command = Command(id="dlv_1", kind=CommandKind.CREATE, marker=f"idk-{time.time_ns()}", fields=wanted)
    return drive.run(CONNECTOR.push(command, desk))


def update(remote_id: str, **fields: str | None) -> Command:
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker="idk-u", remote_id=remote_id, fields=fields)


def note(
    remote_id: str, text: str, visibility: Visibility = Visibility.PUBLIC, occurrence: int = 1
) -> Command:
    draft = CommentDraft(text=text, visibility=visibility, occurrence=occurrence)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker="idk-c", remote_id=remote_id, comment=draft)


def attach(remote_id: str, blob: Blob, filename: str = "x", occurrence: int = 1) -> Command:
    draft = AttachmentDraft(
        filename=filename,
        media_type="image/png",
        blob=blob,
        visibility=Visibility.PUBLIC,
        occurrence=occurrence,
    )
    return Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=remote_id, attachment=draft)


def look(drive: Drive, desk: Desk, remote_id: str, since: str | None = None) -> Snapshot:
    """The ticket as the connector sees it."""
    return drive.run(CONNECTOR.fetch(remote_id, desk, since=since))


def say(person: httpx.Client, issue: str, **fields: Any) -> None:
    """A change by a person at the desk."""
    person.put(f"/issues/{issue}.json", json={"issue": fields}).raise_for_status()
