"""How people work at a loopback desk: what an agent clicks, as one call each. Rules for API accounts do not bind them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.testing.loopback.cabinet import FIELDS, Cabinet, Doc, Folder


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at the desk. Tickets, comments and files are named by the desk's ids; an unknown one is a KeyError."""

    cabinet: Cabinet
    name: str

    @property
    def actor(self) -> Doc:
        """How the desk names them."""
        return {"id": self.name, "name": self.name.replace(".", " ").title(), "kind": "person"}

    def open(self, title: str, text: str = "", **fields: str | None) -> str:
        """A new ticket; its id."""
        told = {"title": title, "description": text, **fields}
        self._check(told)
        return self.cabinet.open(self.actor, told).id

    def comment(self, ticket: str, text: str, *, public: bool = True) -> str:
        """A comment; its id. ValueError for a private one where the desk has none."""
        if not public and not self.cabinet.temper.private_comments:
            raise ValueError("this desk has no private comments")
        return str(self.cabinet.comment(self.actor, self._folder(ticket), text, public=public)["id"])

    def set(self, ticket: str, field: str, value: str | None) -> None:
        """One field; a status or priority must be one of the desk's words (ValueError)."""
        self._check({field: value})
        self.cabinet.set(self.actor, self._folder(ticket), {field: value})

    def attach(
        self, ticket: str, filename: str, data: bytes, *, media_type: str = "text/plain", public: bool = True
    ) -> str:
        """A file; its id."""
        told = {"filename": filename, "media_type": media_type, "public": public}
        return str(self.cabinet.attach(self.actor, self._folder(ticket), data, told)["id"])

    def enclose(self, ticket: str, file: str, comment: str, *, before: timedelta) -> None:
        """Say which comment a file came with, and how long before its words were saved the form took it up."""
        folder = self._folder(ticket)
        words = _comment(folder, comment)
        [one] = [part for part in folder.doc["attachments"] if part["id"] == file]
        at = datetime.fromisoformat(words["at"]) - before
        one.update(comment_id=words["id"], at=at.isoformat())

    def log(self, ticket: str, minutes: int, text: str = "", *, activity: str = "") -> str:
        """Time worked; the entry's id."""
        told = {"text": text, "activity": activity}
        return str(self.cabinet.log(self.actor, self._folder(ticket), minutes, told)["id"])

    def edit(self, ticket: str, comment: str, text: str) -> None:
        """Write a comment anew."""
        folder = self._folder(ticket)
        self.cabinet.edit(self.actor, folder, _comment(folder, comment), {"text": text})

    def show(self, ticket: str, comment: str, *, public: bool) -> None:
        """Make a comment public or private."""
        folder = self._folder(ticket)
        self.cabinet.edit(self.actor, folder, _comment(folder, comment), {"public": public})

    def remove(self, ticket: str, comment: str) -> None:
        """Take a comment away."""
        folder = self._folder(ticket)
        self.cabinet.remove(self.actor, folder, _comment(folder, comment))

    def merge(self, ticket: str, into: str) -> None:
        """Merge a ticket into another one."""
        self.cabinet.merge(self.actor, self._folder(ticket), self._folder(into))

    def delete(self, ticket: str) -> None:
        """Delete a ticket for good."""
        self.cabinet.delete(self._folder(ticket))

    def _folder(self, ticket: str) -> Folder:
        return self.cabinet.folders[ticket]

    def _check(self, fields: dict[str, str | None]) -> None:
        temper = self.cabinet.temper
        for name, value in fields.items():
            words = {"status": temper.statuses, "priority": temper.priorities}.get(name)
            if words is not None and value not in words:
                raise ValueError(f"{value!r} is no {name} at this desk; one of {', '.join(words)}")
            if name not in FIELDS and not name.startswith("custom."):
                raise ValueError(f"{name!r} is no field of this desk")


def _comment(folder: Folder, comment: str) -> Doc:
    found: dict[str, Doc] = {known["id"]: known for known in folder.doc["comments"]}
    return found[comment]
