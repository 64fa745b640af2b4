"""People at a Redmine, over its REST API."""

from collections.abc import Mapping
from typing import Any

from tests.desks.launch import Redmine
from tests.desks.people.agent import CUSTOM, EDIT, LOG, PRIVATE, RELATE, Said, good


class RedmineAgent:
    """See Agent."""

    can = frozenset({PRIVATE, EDIT, LOG, RELATE})

    def __init__(self, desk: Redmine, login: str) -> None:
        self._desk = desk
        self._client = desk.client(login)

    def open(self, title: str, text: str, **fields: str) -> str:
        issue = {
            "project_id": self._desk.project, "tracker_id": self._desk.trackers["Support"], "subject": title,
            "description": text, **self._native(fields),
        }  # fmt: skip
        return str(good(self._client.post("/issues.json", json={"issue": issue}))["issue"]["id"])

    def change(self, ticket: str, **fields: str) -> None:
        self._put(ticket, **self._native(fields))
        for name, value in fields.items():  # Redmine says 204 to what it does not do
            assert (self.field(ticket, name) or "") == value, (
                f"Redmine keeps {name} {self.field(ticket, name)!r}"
            )

    def say(self, ticket: str, text: str, *, public: bool = True) -> None:
        self._put(ticket, notes=text, private_notes=not public)

    def edit(self, ticket: str, before: str, after: str) -> None:
        [note] = [row["id"] for row in self._issue(ticket)["journals"] if row["notes"] == before]
        good(self._client.put(f"/journals/{note}.json", json={"journal": {"notes": after}}))

    def log(self, ticket: str, minutes: int, text: str) -> None:
        known = good(self._client.get("/enumerations/time_entry_activities.json"))["time_entry_activities"]
        entry = {"issue_id": ticket, "hours": minutes / 60, "activity_id": known[0]["id"], "comments": text}
        good(self._client.post("/time_entries.json", json={"time_entry": entry}))

    def relate(self, ticket: str, other: str) -> None:
        relation = {"issue_to_id": other, "relation_type": "relates"}
        good(self._client.post(f"/issues/{ticket}/relations.json", json={"relation": relation}))

    def related(self, ticket: str) -> set[str]:
        rows = self._issue(ticket)["relations"]
        return {str(row[end]) for row in rows for end in ("issue_id", "issue_to_id")} - {ticket}

    def attach(self, ticket: str, filename: str, content: bytes) -> None:
        self._put(ticket, uploads=[self.upload(filename, content)], notes="see the file")

    def upload(self, filename: str, content: bytes) -> dict[str, str]:
        """A file dropped into the form: it has its time now, and belongs to nothing until something is saved with it."""
        octets = {"Content-Type": "application/octet-stream"}
        told = good(
            self._client.post("/uploads.json", params={"filename": filename}, content=content, headers=octets)
        )
        token = told["upload"]["token"]
        return {"token": token, "filename": filename, "content_type": octets["Content-Type"]}

    def save(self, ticket: str, uploads: list[dict[str, str]], text: str, *, public: bool) -> None:
        """The form with its words and uploads."""
        self._put(ticket, uploads=uploads, notes=text, private_notes=not public)

    def field(self, ticket: str, name: str) -> str | None:
        issue = self._issue(ticket)
        match name:
            case "title":
                return str(issue["subject"])
            case "status" | "priority":
                return str(issue[name]["name"])
            case "assignee":
                return str(issue["assigned_to"]["id"]) if "assigned_to" in issue else None
            case "description":
                return str(issue["description"])
            case "due":
                return issue["due_date"] and str(issue["due_date"])
            case _:
                return {row["name"]: row["value"] for row in issue["custom_fields"]}[CUSTOM[name]] or None

    def said(self, ticket: str) -> list[Said]:
        people = {number: login for login, number in self._desk.user_ids.items()}
        return [
            Said(text=row["notes"].strip(), public=not row["private_notes"], author=people[row["user"]["id"]])
            for row in self._issue(ticket)["journals"]
            if row["notes"]
        ]

    def files(self, ticket: str) -> list[tuple[str, bytes]]:
        return [
            (row["filename"], self._client.get(row["content_url"]).raise_for_status().content)
            for row in self._issue(ticket)["attachments"]
        ]

    def titled(self, title: str) -> list[str]:
        return self._found(subject=title)

    def marked(self, marker: str) -> list[str]:
        return self._found(**{f"cf_{self._desk.custom_fields['ExternalRef']}": marker})

    def knows(self, word: str) -> bool:
        asked = {"q": word, "issues": "1", "attachments": "1"}
        return bool(good(self._client.get("/search.json", params=asked))["total_count"])

    def close(self) -> None:
        self._client.close()

    def _issue(self, ticket: str) -> Mapping[str, Any]:
        asked = {"include": "journals,attachments,relations"}
        told = good(self._client.get(f"/issues/{ticket}.json", params=asked))
        issue: Mapping[str, Any] = told["issue"]
        return issue

    def _found(self, **query: str) -> list[str]:
        asked = {"status_id": "*", "limit": "100", **query}
        return [str(row["id"]) for row in good(self._client.get("/issues.json", params=asked))["issues"]]

    def _put(self, ticket: str, **issue: Any) -> None:
        good(self._client.put(f"/issues/{ticket}.json", json={"issue": issue}))

    def _native(self, fields: Mapping[str, str]) -> dict[str, Any]:
        ids = self._desk.custom_fields
        native: dict[str, Any] = {}
        for name, value in fields.items():
            match name:
                case "title":
                    native["subject"] = value
                case "status":
                    native["status_id"] = self._desk.statuses[value]
                case "priority":
                    native["priority_id"] = self._desk.priorities[value]
                case "assignee":
                    native["assigned_to_id"] = value
                case "due":
                    native["due_date"] = value
        custom = [
            {"id": ids[CUSTOM[name]], "value": value} for name, value in fields.items() if name in CUSTOM
        ]
        return {**native, **({"custom_fields": custom} if custom else {})}
