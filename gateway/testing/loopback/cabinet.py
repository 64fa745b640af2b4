"""What a loopback desk keeps (tickets, comments, files, history, the list of changes) and how a change gets there.

Documents are kept ready to be sent: plain dicts with times already written as this desk writes them. Who may do what,
and what comes over HTTP, is not decided here.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from gateway.testing.loopback.temper import Temper

Doc = dict[str, Any]

FIELDS = (
    "title", "description", "status", "priority", "assignee", "group", "due", "requester", "queue", "service",
    "category", "site", "asset", "tags", "related", "parts", "rating",
    "visit_from", "visit_until", "delegate", "marker",
)  # fmt: skip
"""The fields of a ticket; `custom.<name>` may come on top."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

ROBOT: Doc = {"id": "robot", "name": "Desk automation", "kind": "automation"}


@dataclass(slots=True, kw_only=True)
class Folder:
    """One ticket: its document, and the desk's own notes on it."""

    doc: Doc
    revision: int = 0
    marked_at: datetime
    """When it got its marker, by the true clock; what the search lag counts from (later changes hide nothing)."""

    @property
    def id(self) -> str:
        """The desk's id of it."""
        return str(self.doc["id"])

    @property
    def fields(self) -> dict[str, str | None]:
        """Field names to values."""
        fields: dict[str, str | None] = self.doc["fields"]
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the list of changes. `at` is the desk's time, `visible_at` the true time from which it is listed."""

    id: int
    ticket: str
    revision: int
    at: datetime
    visible_at: datetime
    actor: Doc


@dataclass(kw_only=True)
class Cabinet:
    """All of one desk. `clock` is true time; the desk's own is offset, coarse and in its zone."""

    temper: Temper
    clock: Callable[[], datetime]
    random: Random
    on_change: Callable[[Folder, Change], None]
    clock_offset: timedelta = timedelta()
    folders: dict[str, Folder] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    _latest: list[datetime] = field(default_factory=list)
    _markers: dict[str, dict[str, None]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _free: list[str] = field(default_factory=list)

    # -- time and ids ---------------------------------------------------------------------------------------------

    def desk_now(self) -> datetime:
        """The desk's clock: wrong by its offset, cut to its granularity, in its zone."""
        at = self.clock() + self.clock_offset
        step = self.temper.granularity
        if step > timedelta(microseconds=1):
            at -= (at - _EPOCH) % step
        return at.astimezone(ZoneInfo(self.temper.zone))

    def _next(self, kind: str) -> str:
        if kind == "ticket" and self._free and self.temper.reuses_ids:
            return self._free.pop()
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return str(self._numbers[kind])

    # -- reading --------------------------------------------------------------------------------------------------

    def get(self, ticket: str) -> Folder | None:
        """The ticket of that id, or the one it was merged into."""
        return self.folders.get(self.merged.get(ticket, ticket))

    def marked(self, marker: str) -> list[Folder]:
        """What a search for the marker finds now: nothing that is younger than the search lag."""
        seen_until = self.clock() - self.temper.search_lag
        found = [self.folders[ticket] for ticket in self._markers.get(marker, ()) if ticket in self.folders]
        carrying = [folder for folder in found if folder.fields.get("marker") == marker]
        return [folder for folder in carrying if folder.marked_at <= seen_until and not self.hidden(folder)]

    def hidden(self, folder: Folder) -> bool:
        """Whether lists leave this ticket out."""
        return self.temper.hides_closed and folder.fields["status"] in self.temper.closed

    def listed(self, since: datetime | None, after: int) -> Iterator[Change]:
        """Changes not older than `since` (desk time) with an id above `after`, as far as they are committed."""
        now = self.clock()
        start = bisect_left(self._latest, since) if since else 0
        start = max(start, bisect_right(self.changes, after, key=lambda change: change.id))
        for change in self.changes[start:]:
            if change.visible_at <= now and (since is None or change.at >= since):
                yield change

    # -- changing -------------------------------------------------------------------------------------------------

    def open(self, actor: Doc, fields: Mapping[str, str | None]) -> Folder:
        """A new ticket with the temper's defaults under the given fields."""
        ticket = self._next("ticket")
        at = self.desk_now().isoformat()
        own = {
            "status": self.temper.initial,
            "priority": self.temper.default_priority,
            "requester": actor["name"],
        }
        full = {
            **dict.fromkeys(FIELDS),
            **own,
            **{name: self._kept(name, value) for name, value in fields.items()},
        }
        doc = {
            "id": ticket, "number": f"{self.temper.prefix}-{ticket}", "url": f"/tickets/{ticket}", "revision": 0,
            "created_at": at, "changed_at": at, "fields": full, "comments": [], "attachments": [], "history": [],
        }  # fmt: skip
        folder = Folder(doc=doc, marked_at=self.clock())
        self.folders[ticket] = folder
        self._mark(folder)
        self._touch(folder, actor)
        return folder

    def _mark(self, folder: Folder) -> None:
        marker = folder.fields.get("marker")
        if marker:
            self._markers.setdefault(marker, {})[folder.id] = None
            folder.marked_at = self.clock()

    def set(self, actor: Doc, folder: Folder, fields: Mapping[str, str | None]) -> list[str]:
        """Change fields; the ids of the history entries, if the desk keeps any. Values that are already there change nothing."""
        kept = {name: self._kept(name, value) for name, value in fields.items()}
        moved = {name: value for name, value in kept.items() if folder.fields.get(name) != value}
        if not moved:
            return []
        entries = []
        if self.temper.history:
            entries = [self._entry(actor, folder, name, value) for name, value in moved.items()]
        folder.fields.update(moved)
        if "marker" in moved:
            self._mark(folder)
        self._touch(folder, actor)
        return entries

    def _entry(self, actor: Doc, folder: Folder, name: str, value: str | None) -> str:
        entry = {
            "id": self._next("entry"), "field": name, "old": folder.fields.get(name), "new": value,
            "at": self.desk_now().isoformat(), "actor": actor,
        }  # fmt: skip
        folder.doc["history"].append(entry)
        return str(entry["id"])

    def comment(
        self, actor: Doc, folder: Folder, text: str, *, public: bool, marker: str | None = None
    ) -> Doc:
        """Add a comment; its document."""
        comment = {
            "id": self._next("comment"),
            "text": self._kept("comment", text) or "",
            "public": public,
            "author": actor,
            "at": self.desk_now().isoformat(),
            "edited_at": None,
            "marker": marker if self.temper.comment_markers else None,
        }
        folder.doc["comments"].append(comment)
        self._touch(folder, actor)
        return comment

    def edit(self, actor: Doc, folder: Folder, comment: Doc, changes: Mapping[str, object]) -> None:
        """Change a comment's text or its visibility."""
        comment.update(changes, edited_at=self.desk_now().isoformat())
        self._touch(folder, actor)

    def remove(self, actor: Doc, folder: Folder, comment: Doc) -> None:
        """Take a comment away, without a trace."""
        folder.doc["comments"].remove(comment)
        self._touch(folder, actor)

    def attach(self, actor: Doc, folder: Folder, data: bytes, told: Mapping[str, object]) -> Doc:
        """Add a file; `told` holds filename, media_type, public, marker and comment_id."""
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        number = self._next("file")
        file = {
            "id": number, "filename": "file", "media_type": "application/octet-stream", "public": True, "comment_id": None,
            **told, "marker": told.get("marker") if self.temper.comment_markers else None, "size": len(data),
            "sha256": digest, "author": actor, "at": self.desk_now().isoformat(),
            "url": f"/tickets/{folder.id}/attachments/{number}",
        }  # fmt: skip
        folder.doc["attachments"].append(file)
        self._touch(folder, actor)
        return file

    def log(self, actor: Doc, folder: Folder, minutes: int, told: Mapping[str, object]) -> Doc:
        """Add a time entry; `told` holds its text and activity."""
        entry = {
            "id": self._next("work"),
            "minutes": minutes,
            **told,
            "author": actor,
            "at": self.desk_now().isoformat(),
        }
        folder.doc.setdefault("work", []).append(entry)
        self._touch(folder, actor)
        return entry

    def merge(self, actor: Doc, folder: Folder, into: Folder) -> None:
        """From now on this ticket's id leads to the other one."""
        self.merged[folder.id] = into.id
        self._touch(into, actor)

    def delete(self, folder: Folder) -> None:
        """The ticket is gone; its id may be used again by some desks."""
        del self.folders[folder.id]
        self._free.append(folder.id)

    def _touch(self, folder: Folder, actor: Doc) -> None:
        at, now = self.desk_now(), self.clock()
        folder.revision += 1
        folder.doc["revision"] = folder.revision
        folder.doc["changed_at"] = at.isoformat()
        lag = self.temper.commit_lag * self.random.random() if self.temper.commit_lag else timedelta()
        change = Change(
            id=len(self.changes) + 1,
            ticket=folder.id,
            revision=folder.revision,
            at=at,
            visible_at=now + lag,
            actor=actor,
        )
        self.changes.append(change)
        self._latest.append(max(at, self._latest[-1]) if self._latest else at)
        self.on_change(folder, change)

    def _kept(self, name: str, value: str | None) -> str | None:
        return kept(self.temper, name, value)


def kept(temper: Temper, name: str, value: str | None) -> str | None:
    """What this desk makes of a text it is given."""
    if value is None or value == "":
        return None
    text = value.replace("\r\n", "\n")
    if temper.strips_html and name in ("description", "comment"):
        text = without_tags(text)
    if name == "title":
        text = " ".join(text.split())[: temper.title_limit]
    return text.strip() or None


_TAG = re.compile(r"<[^<>]*>")


def without_tags(text: str) -> str:
    """Everything between < and > gone, as a careless desk does it, until nothing of the kind is left."""
    bare = _TAG.sub("", text)
    return bare if bare == text else without_tags(bare)
