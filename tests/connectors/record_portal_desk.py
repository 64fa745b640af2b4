"""Records the portal desk's fixtures from the portal itself: `python -m tests.connectors.record_portal_desk`."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import connectors.portal_desk
from connectors.portal_desk import CONNECTOR
from gateway.domain.portal import Doing
from gateway.errors import DeskGone, InterdeskError
from gateway.testing.fixtures import talk
from gateway.testing.record import fixture, recording
from gateway.testing.show import shown
from tests.connectors.recording import command, note
from tests.flows.portal import PortalStage

FOLDER = Path(connectors.portal_desk.__file__).parent / "fixtures/out"
SOURCE = "captured from the portal of Interdesk 0.1, 2026-11-22"
DATA = b"log"


def main() -> None:
    """Play a job's life and write what was said."""
    stage = PortalStage()
    digest = hashlib.sha256(DATA).hexdigest()
    stage.hub.blobs[digest] = DATA
    record(stage, "check", "check", {})
    record(stage, "changed_starts_now", "changed", {"cursor": None})
    fields = {"title": "till is dead", "description": "since eight", "priority": "high"}
    record(stage, "find_nothing_yet", "find", command("create", fields=fields))
    made = record(stage, "create", "push", command("create", fields=fields))
    job = made["remote_id"]
    record(stage, "create_again", "push", command("create", fields=fields))
    record(stage, "create_refused", "push", command("create", fields={"description": "x"}, marker="idk-none"))
    record(stage, "find_created", "find", command("create", fields=fields))
    record(stage, "comment", "push", command("comment", job, **note("Please call first."), marker="idk-2"))
    record(
        stage, "find_comment", "find", command("comment", job, **note("Please call first."), marker="idk-2")
    )
    record(stage, "comment_private", "push", command("comment", job, **note("not here", "private")))
    file = {
        "filename": "log.txt",
        "media_type": "text/plain",
        "blob": {"text": "log"},
        "visibility": "public",
    }
    record(stage, "attach", "push", command("attach", job, attachment=file, marker="idk-3"))
    record(stage, "find_attachment", "find", command("attach", job, attachment=file, marker="idk-3"))
    record(
        stage,
        "update",
        "push",
        command("update", job, fields={"priority": "low", "due": None}, marker="idk-4"),
    )
    record(stage, "find_updated", "find", command("update", job, fields={"priority": "low"}, marker="idk-4"))
    record(
        stage, "find_not_updated", "find", command("update", job, fields={"priority": "high"}, marker="idk-5")
    )
    record(
        stage, "update_refused", "push", command("update", job, fields={"status": "melted"}, marker="idk-6")
    )
    stage.act(Doing.ACCEPT)
    stage.act(Doing.DONE, "Replaced the power supply.")
    record(stage, "fetch", "fetch", {"remote_id": job, "since": None})
    record(stage, "fetch_since", "fetch", {"remote_id": job, "since": "3"})
    record(stage, "fetch_gone", "fetch", {"remote_id": "job_none", "since": None})
    record(stage, "changed_after_cursor", "changed", {"cursor": stage.hub.now.isoformat()})
    listed = {"remote_id": "2", "filename": "log.txt", "url": f"jobs/{job}/files/2", "visibility": "public"}
    record(stage, "download", "download", {"attachment": listed})


def record(stage: PortalStage, name: str, call: str, args: Mapping[str, Any]) -> Any:
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
