"""Request Tracker 5 over REST2: manifest.json says what it can do, README.md what must be set up at the desk.

reading · history · parts · plain_text: a ticket and its words; feed: what changed; writing · finding: commands;
hook: the scrip's calls; facts: the check; words · settings · rest: values, settings, requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.request_tracker import facts, feed, finding, hook, parts, reading, words, writing
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
from gateway.errors import DeskRejected


@dataclass(frozen=True, kw_only=True)
class RequestTracker:
    """The connector; see gateway.connector.Connector for what each method promises."""

    manifest: Manifest

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """Refuses what our scrip did not sign."""
        hook.verify(message, desk)

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """The ticket that was touched."""
        return hook.parse(message)

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket, with what came after the transaction `since`."""
        return reading.snapshot(remote_id, desk, since=since)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """The tickets that had transactions."""
        return feed.changed(cursor, desk)

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One effect."""
        return writing.push(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """What RT already holds of it."""
        return finding.find(command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes of one file."""
        if not attachment.url:
            raise DeskRejected(f"where RT keeps the file {attachment.filename[:80]!r} is not known")
        return parts.download(attachment.url)

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What RT will show."""
        return words.normalised(field, value, desk)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """What RT says of itself."""
        return facts.check(desk)


CONNECTOR = RequestTracker(manifest=load_manifest(Path(__file__).parent))
