"""Records the fixtures of ticket sharing from our own side of it and the partner of the tests:
`python -m tests.connectors.record_nhd`."""

import asyncio
import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

import connectors.nhd
from connectors.nhd import CONNECTOR
from connectors.nhd.words import uuid
from gateway.app import utc_now
from gateway.connector import Request
from gateway.desk_client import Asked
from gateway.domain.ticket_sharing import SCHEME
from gateway.errors import DeskGone, InterdeskError
from gateway.flows.ticket_sharing import receiving
from gateway.flows.ticket_sharing.receiving import Knock
from gateway.testing.fixtures import talk
from gateway.testing.loopback.faults import Answer, Outcome
from gateway.testing.loopback.wire import MemoryWire
from gateway.testing.notation import blob_of
from gateway.testing.record import fixture, recording
from gateway.testing.show import shown
from tests.connectors.nhd_world import TOKEN, UUID, World, world
from tests.connectors.recording import command, note

FOLDER = Path(connectors.nhd.__file__).parent / "fixtures"
SOURCE = "captured from Interdesk 0.1 and a partner written from the protocol's description, 2026-11-22"
DESK: Mapping[str, Any] = {
    "base_url": "https://zen.example/sharing",
    "settings": {"custom_fields": {"priority": "Priority", "site": "Store"}},
}
LOST = {
    "subject": "till is dead",
    "status": "new",
    "custom_fields": {"Priority": "high"},
    "comments": [{"uuid": "lost", "body": "since eight"}],
}
FILE = {"filename": "log.txt", "media_type": "text/plain", "blob": {"text": "log"}, "visibility": "public"}


@dataclass(kw_only=True)
class TwoWays(MemoryWire):
    """To our own side, and to the partner."""

    opened: World
    said: list[Answer]

    def _handled(self, request: Request) -> Outcome:
        parts, body = urlsplit(request.path), self._body(request)
        if parts.scheme == SCHEME:
            asked = Asked(
                desk_id=self.opened.desk.id,
                method=request.method,
                path=parts.path,
                query=dict(request.params),
                body=body,
            )
            told = self.opened.gateway.doors()[SCHEME](asked)
            assert isinstance(told.body, bytes)
            self.said.append(Answer(told.status, {"content-type": "application/json"}, told.body))
        elif request.method == "GET":
            self.said.append(Answer(200, {"content-type": "text/plain"}, b"log"))
        else:
            headers = {**request.headers, "x-ticket-sharing-token": TOKEN, "x-ticket-sharing-version": "1"}
            status = self.opened.partner.handle(request.method, f"/sharing/{request.path}", headers, body)
            self.said.append(Answer(status, {}, b""))
        return self.said[-1]


def main() -> None:
    """Play a ticket's life and write what was said."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as opened:
        document = json.dumps({**DESK}, indent=2)
        write(FOLDER / "desk.json", json.loads(document))
        wire = TwoWays(desk=None, now=utc_now, opened=opened, said=[])  # type: ignore[arg-type]
        _before(opened, wire)
        _agree(opened)
        _play(opened, wire)


def _agree(opened: World) -> None:
    invited = Knock(uuid=UUID, desk="zen", document=opened.invitation(), now=utc_now())
    receiving.invite(opened.gateway.context, invited)
    opened.partner.agreements[UUID] = opened.invitation()
    asyncio.run(opened.accept())


def _before(opened: World, wire: TwoWays) -> None:
    record(wire, "check_no_agreement", "check", {})
    fields = {"title": "till is dead"}
    record(wire, "create_without_agreement", "push", command("create", fields=fields))


def _play(opened: World, wire: TwoWays) -> None:
    opened.gateway.blobs.put([b"log"], limit=100)
    assert opened.gateway.blobs.has(blob_of(b"log").key)
    record(wire, "check", "check", {})
    record(wire, "changed_starts_now", "changed", {"cursor": None})
    fields = {"title": "till is dead", "description": "since eight", "priority": "high", "status": "new"}
    record(wire, "find_nothing_yet", "find", command("create", fields=fields))
    ticket = record(wire, "create", "push", command("create", fields=fields))["remote_id"]
    record(wire, "create_again", "push", command("create", fields=fields))
    record(wire, "find_created", "find", command("create", fields=fields))
    again = {**command("create", fields=fields)["command"], "marker": "idk-lost"}
    lost = Asked(
        desk_id=opened.desk.id,
        method="POST",
        path=f"/tickets/{uuid('tickets', 'idk-lost')}/sending",
        query={},
        body=orjson.dumps({"marker": "idk-lost", "opens": True, "document": LOST}),
    )
    opened.gateway.doors()[SCHEME](lost)
    record(wire, "create_that_never_arrived", "push", {"command": again})
    words = note("Please call first.")
    record(wire, "comment", "push", command("comment", ticket, **words, marker="idk-2"))
    record(wire, "find_comment", "find", command("comment", ticket, **words, marker="idk-2"))
    private = note("The safe is open.", "private")
    record(wire, "comment_private", "push", command("comment", ticket, **private, marker="idk-3"))
    record(wire, "attach", "push", command("attach", ticket, attachment=FILE, marker="idk-4"))
    record(wire, "find_attachment", "find", command("attach", ticket, attachment=FILE, marker="idk-4"))
    changes = {"priority": "low", "tags": "a, b", "status": "open"}
    record(wire, "update", "push", command("update", ticket, fields=changes, marker="idk-5"))
    record(
        wire, "find_updated", "find", command("update", ticket, fields={"priority": "low"}, marker="idk-5")
    )
    record(wire, "find_not_updated", "find", command("update", ticket, fields={"priority": "high"}))
    _answered(opened, ticket)
    record(wire, "fetch", "fetch", {"remote_id": ticket, "since": None})
    record(wire, "fetch_since", "fetch", {"remote_id": ticket, "since": "8"})
    record(wire, "fetch_gone", "fetch", {"remote_id": "nobodys", "since": None})
    record(wire, "changed_after_cursor", "changed", {"cursor": utc_now().isoformat()})
    url = f"{DESK['base_url']}/files/1"
    listed = {"remote_id": "z1.0", "filename": "log.txt", "url": url, "visibility": "public"}
    record(wire, "download", "download", {"attachment": listed})
    strange = {**listed, "url": "https://elsewhere.example/log.txt"}
    record(wire, "download_from_elsewhere", "download", {"attachment": strange})


def _answered(opened: World, ticket: str) -> None:
    """The partner's people do their part."""
    who = {"uuid": "a1", "name": "Ann", "role": "agent"}
    file = {"url": f"{DESK['base_url']}/files/1", "filename": "log.txt", "content_type": "text/plain"}
    said = {"uuid": "z1", "author": who, "body": "Replaced the fuser.", "attachments": [file]}
    told = {
        "status": "solved",
        "current_actor": who,
        "comments": [said],
        "custom_status": "Done, to be billed",
    }
    knock = Knock(uuid=ticket, desk="zen", token=TOKEN, document=told, now=utc_now())
    receiving.update(opened.gateway.context, knock)


def record(wire: TwoWays, name: str, call: str, args: Mapping[str, Any]) -> Any:
    """One conversation; what it came to."""
    unfinished = {"call": call, "args": dict(args), "exchange": [], "expect": {"error": "DeskGone"}}
    case = talk(name, unfinished, CONNECTOR, DESK)
    steps: list[dict[str, Any]] = []
    exchange = recording(case.begin(CONNECTOR), steps)
    with suppress(InterdeskError):  # it shows in what the fixture expects
        if call == "push":
            wire.push(exchange, case.args["command"])
        else:
            wire.ask(exchange)
    for step in steps:
        if "response" not in step:  # what the wire judges never gets to the connector
            step["response"] = {"status": wire.said[-1].status, "json": json.loads(wire.said[-1].body)}
            step.pop("fails", None)
    document = {**fixture(call, {}, steps, expect=DeskGone("unknown yet"), source=SOURCE), "args": dict(args)}
    document = json.loads(
        re.sub(
            r"fgw_link_\w+", "fgw_link_token", json.dumps(document).replace(wire.opened.url, DESK["base_url"])
        )
    )
    path = FOLDER / f"out/{name}.json"
    write(path, document)
    expected = shown(CONNECTOR, path)["expect"]
    write(path, {**document, "expect": expected})
    return expected


def write(path: Path, document: Mapping[str, Any]) -> None:
    """One file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
