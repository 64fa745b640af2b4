"""Records the API desk's fixtures from the desk itself: `python -m tests.connectors.record_api_desk`."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import connectors.api_desk
from connectors.api_desk import CONNECTOR
from gateway.errors import DeskGone, InterdeskError
from gateway.testing.fixtures import talk
from gateway.testing.record import fixture, recording
from gateway.testing.show import shown
from tests.connectors.recording import command, note
from tests.flows.api_desk import ApiStage

FOLDER = Path(connectors.api_desk.__file__).parent / "fixtures/out"
SOURCE = "captured from the API desk of Interdesk 0.1, 2026-11-22"
DATA = b"log"


def main() -> None:
    """Play a ticket's life and write what was said."""
    stage = ApiStage("partner")
    digest = hashlib.sha256(DATA).hexdigest()
    stage.hub.blobs[digest] = DATA
    record(stage, "check", "check", {})
    record(stage, "changed_starts_now", "changed", {"cursor": None})
    fields = {"title": "till is dead", "description": "since eight", "priority": "high"}
    record(stage, "find_nothing_yet", "find", command("create", fields=fields))
    made = record(stage, "create", "push", command("create", fields=fields))
    ticket = made["remote_id"]
    record(stage, "create_again", "push", command("create", fields=fields))
    record(stage, "create_refused", "push", command("create", fields={"description": "x"}, marker="idk-none"))
    record(stage, "find_created", "find", command("create", fields=fields))
    record(stage, "comment", "push", command("comment", ticket, **note("Please call first."), marker="idk-2"))
    record(
        stage,
        "find_comment",
        "find",
        command("comment", ticket, **note("Please call first."), marker="idk-2"),
    )
    record(stage, "comment_private", "push", command("comment", ticket, **note("not here", "private")))
    file = {
        "filename": "log.txt",
        "media_type": "text/plain",
        "blob": {"text": "log"},
        "visibility": "public",
    }
    record(stage, "attach", "push", command("attach", ticket, attachment=file, marker="idk-3"))
    record(stage, "find_attachment", "find", command("attach", ticket, attachment=file, marker="idk-3"))
    record(
        stage,
        "update",
        "push",
        command("update", ticket, fields={"priority": "low", "due": None}, marker="idk-4"),
    )
    record(
        stage, "find_updated", "find", command("update", ticket, fields={"priority": "low"}, marker="idk-4")
    )
    record(
        stage,
        "find_not_updated",
        "find",
        command("update", ticket, fields={"priority": "high"}, marker="idk-5"),
    )
    record(
        stage,
        "update_refused",
        "push",
        command("update", ticket, fields={"status": "melted"}, marker="idk-6"),
    )
    stage.patch({"status": "inProgress"})
    edited = stage.patch({"note": [{"text": "Replaced the suply.", "author": "Mauro Rossi"}]})["note"][-1]
    stage.patch({"note": [{**edited, "text": "Replaced the power supply."}], "status": "resolved"})
    record(stage, "fetch", "fetch", {"remote_id": ticket, "since": None})
    record(stage, "fetch_since", "fetch", {"remote_id": ticket, "since": "3"})
    record(stage, "fetch_gone", "fetch", {"remote_id": "apt_none", "since": None})
    record(stage, "changed_after_cursor", "changed", {"cursor": stage.hub.now.isoformat()})
    listed = {
        "remote_id": "2",
        "filename": "log.txt",
        "url": f"tickets/{ticket}/files/2",
        "visibility": "public",
    }
    record(stage, "download", "download", {"attachment": listed})


def record(stage: ApiStage, name: str, call: str, args: Mapping[str, Any]) -> Any:
    """One conversation; what it came to."""
    shared: Mapping[str, Any] = {}
    unfinished = {"call": call, "args": dict(args), "exchange": [], "expect": {"error": "DeskGone"}}
    case = talk(name, unfinished, CONNECTOR, shared)
    steps: list[dict[str, Any]] = []
    exchange, wire = recording(case.begin(CONNECTOR), steps), stage.hub.wires["dsk_partner"]
    with suppress(InterdeskError):  # it shows in what the fixture expects
        if call == "push":
            wire.push(exchange, case.args["command"])
        else:
            wire.ask(exchange)
    for step in steps:
        if "response" not in step:  # what the wire judges never gets to the connector
            told = stage.as_desk.said[-1]
            step["response"] = {"status": told.status, "json": json.loads(told.body)}
            step.pop("fails", None)
    stage.wait()
    document = {**fixture(call, {}, steps, expect=DeskGone("unknown yet"), source=SOURCE), "args": dict(args)}
    path = FOLDER / f"{name}.json"
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
