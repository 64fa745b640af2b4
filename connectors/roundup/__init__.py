"""Roundup 2.6 over its REST API: polled, and told by a detector's message. What each method does stands in its module."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from connectors.roundup import checking, finding, hook, listing, reading, words, writing
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


class Roundup:
    """The connector; see README.md for what must be set up at the desk."""

    manifest: Manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """The detector's HMAC over the body. It signs no time, so a replayed message passes: it is only a hint."""
        del now
        hook.verify(message, desk)

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """Which issue was touched, and by whom."""
        del desk
        return hook.parse(message)

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The issue with all messages and files. Roundup shows no history over REST, so `since` changes nothing."""
        del since
        return reading.fetch(remote_id, desk)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """Issues by time of activity, two minutes re-read."""
        return listing.changed(cursor, desk)

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or one PATCH that holds only for the state it was decided on (If-Match)."""
        return writing.push(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """By the property with our marker; messages by their Message-ID, files by our account and their bytes."""
        return finding.find(command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes of a file."""
        del desk
        return reading.download(attachment.remote_id, attachment.filename)

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What Roundup shows after `value` was written."""
        del field, desk
        return words.plain(value)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """Whether the account and the marker property exist, and how much of the tracker it sees."""
        return checking.check(desk)


CONNECTOR = Roundup()
