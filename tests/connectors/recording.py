"""Records a conversation with a real desk as a fixture: what was asked and answered there, and what comes of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.connector import Connector, Request, Response
from gateway.errors import InterdeskError
from gateway.testing.fixtures import talk
from gateway.testing.notation import write
from gateway.testing.show import shown
from tests.connectors.drive import Drive

_PERSONAL = frozenset({"api_key", "mail", "password", "last_login_on", "passwd_changed_on"})


@dataclass(kw_only=True)
class Recorder:
    """Writes fixtures/out of one connector. `shared` becomes fixtures/desk.json; its base_url takes the place of the
    running desk's everywhere."""

    connector: Connector
    folder: Path
    drive: Drive
    source: str
    shared: Mapping[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Writes fixtures/desk.json."""
        self._write(self.folder / "fixtures/desk.json", dict(self.shared))

    def record(self, name: str, call: str, args: Mapping[str, Any], **more: Any) -> Any:
        """Runs the call against the real desk, writes the fixture, and returns what it expects (as JSON). `more` are
        further keys of the fixture: desk, remapped."""
        document: dict[str, Any] = {"source": self.source, **more, "call": call, "args": dict(args)}
        unfinished = {**document, "exchange": [], "expect": {"error": "DeskGone"}}
        case = talk(name, unfinished, self.connector, self.shared)
        self.drive.said.clear()
        try:
            self.drive.run(case.begin(self.connector))
        except InterdeskError as error:
            print(f"{name}: {error}")  # noqa: T201 - for the person who records
        document["exchange"] = [self._step(*said) for said in self.drive.said]
        path = self.folder / f"fixtures/out/{name}.json"
        self._write(path, {**document, "expect": {"error": "DeskGone"}})
        told = shown(self.connector, path)
        self._write(path, {**document, "expect": told["expect"]})
        return told["expect"]

    def _step(self, request: Request, response: Response) -> dict[str, Any]:
        answer: dict[str, Any] = {"status": response.status}
        if "date" in response.headers:
            answer["headers"] = {"date": response.headers["date"]}
        if response.blob is not None:
            answer["blob"] = write(response.blob)
        elif response.body and "json" in response.headers.get("content-type", ""):
            answer["json"] = _scrubbed(json.loads(response.body))
        return {"request": write(request), "response": answer}

    def _write(self, path: Path, document: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=2, ensure_ascii=False).replace(
            self.drive.base_url, str(self.shared["base_url"])
        )
        assert not re.search(r"127\.0\.0\.1|localhost", text), f"{path} shows where it was recorded"
        path.write_text(text + "\n", encoding="utf-8")


def _scrubbed(document: Any) -> Any:
    """The same without keys and addresses of people."""
    if isinstance(document, dict):
        return {name: _scrubbed(value) for name, value in document.items() if name not in _PERSONAL}
    return [_scrubbed(value) for value in document] if isinstance(document, list) else document


def command(kind: str, remote_id: str | None = None, **more: Any) -> dict[str, Any]:
    """The args of a push or find."""
    known = {"remote_id": remote_id} if remote_id else {}
    return {"command": {"id": "dlv_1", "kind": kind, "marker": "idk-7f31", **known, **more}}


def note(text: str, visibility: str = "public") -> dict[str, Any]:
    """A comment of a command."""
    return {"comment": {"text": text, "visibility": visibility}}


def file(text: str) -> dict[str, Any]:
    """An attachment of a command."""
    name = {"filename": "log/link: up?.txt", "media_type": "text/plain"}
    return {"attachment": {**name, "blob": {"text": text}, "visibility": "public"}}
