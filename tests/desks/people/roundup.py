"""People at a Roundup, over its REST API. Classic Roundup has no private comments."""

from collections.abc import Mapping
from typing import Any

from tests.desks.launch import Roundup
from tests.desks.people.agent import CUSTOM, Said, good

_NAMES = {"title": "title", "status": "status", "priority": "priority", "assignee": "assignedto"}


class RoundupAgent:
    """See Agent."""

    can = frozenset[str]()

    def __init__(self, desk: Roundup, login: str) -> None:
        self._desk = desk
        self._login = login
        self._client = desk.client(login)

    def open(self, title: str, text: str, **fields: str) -> str:
        issue = {"title": title, "messages": [self._message(text)], **self._native(fields)}
        return str(good(self._client.post("/issue", json=issue))["data"]["id"])

    def change(self, ticket: str, **fields: str) -> None:
        self._patch(ticket, self._native(fields))

    def say(self, ticket: str, text: str, *, public: bool = True) -> None:
        assert public, "classic Roundup has no private comments"
        self._patch(ticket, {"@op": "add", "messages": [self._message(text)]})

    def edit(self, ticket: str, before: str, after: str) -> None:
        raise AssertionError("classic Roundup lets nobody but its administrator change a message")

    def log(self, ticket: str, minutes: int, text: str) -> None:
        raise AssertionError("classic Roundup keeps no time")

    def relate(self, ticket: str, other: str) -> None:
        raise AssertionError("this Roundup has no field for related issues")

    def related(self, ticket: str) -> set[str]:
        return set()

    def attach(self, ticket: str, filename: str, content: bytes) -> None:
        octets = "application/octet-stream"
        part = {"content": (filename, content, octets)}
        made = good(self._client.post("/file", data={"name": filename, "type": octets}, files=part))["data"][
            "id"
        ]
        self._patch(ticket, {"@op": "add", "files": [made]})

    def field(self, ticket: str, name: str) -> str | None:
        value = self._issue(ticket)[_NAMES.get(name) or self._desk.custom_fields[CUSTOM[name]]]
        if isinstance(value, dict):
            return str(value.get("name") or value.get("username"))
        return value or None

    def said(self, ticket: str) -> list[Said]:
        return [
            Said(text=row["content"].strip(), public=True, author=row["author"]["username"])
            for row in self._linked(ticket, "messages", "msg", "content,author")
        ]

    def files(self, ticket: str) -> list[tuple[str, bytes]]:
        rows = self._linked(ticket, "files", "file", "name")
        return [(row["name"], self._bytes(str(row["id"]))) for row in rows]

    def titled(self, title: str) -> list[str]:
        return self._found("title:", title)

    def marked(self, marker: str) -> list[str]:
        return self._found(f"{self._desk.custom_fields['ExternalRef']}:", marker)

    def knows(self, word: str) -> bool:
        rows = [*self._rows("msg", {"@fields": "content"}), *self._rows("issue", {"@fields": "title"})]
        rows += self._rows("file", {"@fields": "name"})
        return any(word in str(value) for row in rows for value in row.values())

    def close(self) -> None:
        self._client.close()

    def _issue(self, ticket: str) -> Mapping[str, Any]:
        shown: Mapping[str, Any] = good(self._client.get(f"/issue/{ticket}", params={"@verbose": "2"}))[
            "data"
        ]["attributes"]
        return shown

    def _linked(self, ticket: str, name: str, kind: str, fields: str) -> list[Mapping[str, Any]]:
        idents = sorted((str(link["id"]) for link in self._issue(ticket)[name]), key=int)
        if not idents:
            return []
        asked: dict[str, str | list[str]] = {"id": idents, "@fields": fields, "@verbose": "3"}
        rows = good(self._client.get(f"/{kind}", params=asked))["data"]["collection"]
        return sorted(rows, key=lambda row: int(row["id"]))

    def _bytes(self, file: str) -> bytes:
        return self._client.get(f"/file/{file}/binary_content").raise_for_status().content

    def _found(self, key: str, value: str) -> list[str]:
        return [str(row["id"]) for row in self._rows("issue", {key: value, "@fields": "title"})]

    def _rows(self, kind: str, params: Mapping[str, str]) -> list[Mapping[str, Any]]:
        asked = {**params, "@verbose": "3"}  # without it a message's text is a link
        rows: list[Mapping[str, Any]] = good(self._client.get(f"/{kind}", params=asked))["data"]["collection"]
        return rows

    def _message(self, text: str) -> str:
        return str(
            good(self._client.post("/msg", json={"author": self._login, "date": ".", "content": text}))[
                "data"
            ]["id"]
        )

    def _patch(self, ticket: str, body: Mapping[str, Any]) -> None:
        """A change by somebody who just looked: whoever is faster makes him look again."""
        for _ in range(10):
            tag = good(self._client.get(f"/issue/{ticket}"))["data"]["@etag"]
            answer = self._client.patch(f"/issue/{ticket}", json=body, headers={"If-Match": tag})
            if answer.status_code != 412:
                good(answer)
                return
        raise AssertionError(f"somebody else kept changing issue {ticket}")

    def _native(self, fields: Mapping[str, str]) -> dict[str, str]:
        ours = self._desk.custom_fields
        return {_NAMES.get(name) or ours[CUSTOM[name]]: value for name, value in fields.items()}
