"""Redmine 5 over its REST API. No webhooks: it is polled. What each method does stands in the module it calls."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from connectors.redmine import checking, finding, listing, reading, words, worklogs, writing
from gateway.connector import Exchange, load_manifest
from gateway.domain.model import (
    Blob,
    Command,
    Desk,
    DeskFacts,
    Manifest,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
)
from gateway.errors import SignatureInvalid, Unreadable


class Redmine:
    """The connector; see README.md for what must be set up at the desk."""

    manifest: Manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """Redmine 5 calls nobody, so whatever comes is not from it."""
        del message, now
        raise SignatureInvalid(f"Redmine desk {desk.code} sends no messages; it is polled")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """There is no message of Redmine 5 to read."""
        del message
        raise Unreadable(f"Redmine desk {desk.code} sends no messages; it is polled")

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The issue with all notes and files, and its field changes after `since`."""
        return worklogs.fetch(remote_id, desk, since)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """Issues by time of change, two minutes re-read."""
        return listing.changed(cursor, desk)

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or PUT, and the read-back: Redmine says 204 to what it refuses."""
        return writing.push(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """By the custom field with our marker; within an issue by our account and the text or file."""
        return finding.find(command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes of a file."""
        return reading.download(attachment, desk)

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What Redmine shows after `value` was written."""
        return words.normalised(field, value, desk)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """Who we are there, what the account may and sees, and whether the marker field can be searched."""
        return checking.check(desk)


CONNECTOR = Redmine()
