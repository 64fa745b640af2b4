"""People at a Request Tracker, over REST2."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.desks.launch import RequestTracker
from tests.desks.people.agent import CUSTOM, LOG, PRIVATE, RELATE, Said, good

_PLAIN = {
    "title": "Subject",
    "status": "Status",
    "priority": "Priority",
    "assignee": "Owner",
    "requester": "Requestor",
    "due": "Due",
}
_SPOKEN = {"Correspond": True, "Comment": False}


class RequestTrackerAgent:
    """See Agent."""

    can = frozenset({PRIVATE, LOG, RELATE})

    def __init__(self, desk: RequestTracker, login: str) -> None:
        self._desk = desk
        self._client = desk.client(login)

    def open(self, title: str, text: str, **fields: str) -> str:
        body = {"Queue": self._desk.queue, "Subject": title, "Content": text, "ContentType": "text/plain"}
        return str(good(self._client.post("/ticket", json={**body, **_native(fields)}))["id"])

    def change(self, ticket: str, **fields: str) -> None:
        told = good(self._client.put(f"/ticket/{ticket}", json=_native(fields)))
        assert told, f"RT changed nothing of ticket {ticket}: {fields}"
        assert not any("Denied" in line or "isn't" in line for line in told), told

    def say(self, ticket: str, text: str, *, public: bool = True) -> None:
        message = {"Content": text, "ContentType": "text/plain"}
        good(self._client.post(f"/ticket/{ticket}/{_verb(public=public)}", json=message))

    def edit(self, ticket: str, before: str, after: str) -> None:
        raise AssertionError("RT lets nobody change what was said")

    def log(self, ticket: str, minutes: int, text: str) -> None:
        said = {"Content": text, "ContentType": "text/plain", "TimeTaken": str(minutes)}
        good(self._client.post(f"/ticket/{ticket}/comment", json=said))

    def relate(self, ticket: str, other: str) -> None:
        told = good(self._client.put(f"/ticket/{ticket}", json={"AddRefersTo": other}))
        assert "refers to" in str(told), told

    def related(self, ticket: str) -> set[str]:
        links = good(self._client.get(f"/ticket/{ticket}"))["_hyperlinks"]
        return {str(one["id"]) for one in links if one["ref"] in ("refers-to", "referred-to-by")}

    def attach(self, ticket: str, filename: str, content: bytes) -> None:
        # In JSON RT destroys a name that is not ASCII; as a part of a form it keeps it.
        told = {"JSON": json.dumps({"Content": "see the file", "ContentType": "text/plain"})}
        part = {"Attachments": (filename, content, "application/octet-stream")}
        good(self._client.post(f"/ticket/{ticket}/correspond", data=told, files=part))

    def field(self, ticket: str, name: str) -> str | None:
        shown = good(self._client.get(f"/ticket/{ticket}"))
        if name in CUSTOM and name not in _PLAIN:
            values = {row["name"]: row["values"] for row in shown["CustomFields"]}[CUSTOM[name]]
            return ", ".join(values) if values else None
        if name == "assignee":
            return str(shown["Owner"]["id"])
        return str(shown[_PLAIN[name]])

    def said(self, ticket: str) -> list[Said]:
        texts = {str(row["TransactionId"]): _text(row) for row in self._parts(ticket) if not row["Filename"]}
        return [
            Said(text=texts.get(str(row["id"]), ""), public=_SPOKEN[row["Type"]], author=row["Creator"]["id"])
            for row in self._all(f"/ticket/{ticket}/history", {"fields": "Type,Creator"})
            if row["Type"] in _SPOKEN and texts.get(str(row["id"]))
        ]

    def files(self, ticket: str) -> list[tuple[str, bytes]]:
        return [
            (row["Filename"], self._bytes(str(row["id"]))) for row in self._parts(ticket) if row["Filename"]
        ]

    def titled(self, title: str) -> list[str]:
        quoted = title.replace("'", "\\'")
        return [str(row["id"]) for row in self._all("/tickets", {"query": f"Subject='{quoted}'"})]

    def marked(self, marker: str) -> list[str]:
        return [str(row["id"]) for row in self._all("/tickets", {"query": f"CF.{{ExternalRef}}='{marker}'"})]

    def knows(self, word: str) -> bool:
        said = json.dumps([{"field": "Content", "operator": "LIKE", "value": word}])
        named = json.dumps([{"field": "Filename", "operator": "LIKE", "value": word}])
        return bool(
            self._all("/attachments", {"query": said})
            or self._all("/attachments", {"query": named})
            or self._all("/tickets", {"query": f"Subject LIKE '{word}'"})
        )

    def close(self) -> None:
        self._client.close()

    def _parts(self, ticket: str) -> list[Mapping[str, Any]]:
        fields = "TransactionId,ContentType,Filename,Content"
        return self._all(f"/ticket/{ticket}/attachments", {"fields": fields})

    def _bytes(self, attachment: str) -> bytes:
        return base64.b64decode(good(self._client.get(f"/attachment/{attachment}"))["Content"])

    def _all(self, path: str, params: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """All rows; RT fills a page of 100 with rows one may not see and leaves them out."""
        rows: list[Mapping[str, Any]] = []
        page = 1
        while True:
            asked = {**params, "per_page": "100", "page": str(page)}
            found = good(self._client.get(path, params=asked))["items"]
            rows += found
            if len(found) < 100:
                return rows
            page += 1


def _verb(*, public: bool) -> str:
    return "correspond" if public else "comment"


def _native(fields: Mapping[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = {_PLAIN[name]: value for name, value in fields.items() if name in _PLAIN}
    rest = {name: value for name, value in fields.items() if name not in _PLAIN}
    custom = {CUSTOM[name]: value.split(", ") if name == "tags" else value for name, value in rest.items()}
    return {**plain, **({"CustomFields": custom} if custom else {})}


def _text(row: Mapping[str, Any]) -> str:
    """The words of a part, which a list shows as they are (a single attachment is base64)."""
    return str(row["Content"]).strip() if row["ContentType"].startswith("text/") else ""
