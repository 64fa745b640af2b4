"""Records the fixtures of desks that live in this gateway from the desks themselves:
`python -m tests.connectors.record_in_house`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import api_desk, portal_desk
from gateway.connector import Connector
from gateway.domain.portal import Doing
from gateway.errors import DeskGone, InterdeskError
from gateway.registry import folder_of
from gateway.testing.fixtures import talk
from gateway.testing.record import fixture, recording
from gateway.testing.show import shown
from tests.connectors.recording import command, note
from tests.flows.api_desk import ApiStage
from tests.flows.in_house import InHouseStage
from tests.flows.portal import PortalStage

SOURCE = "captured from the {} of Interdesk 0.1, 2026-11-22"
DATA = b"log"
FIELDS = {"title": "till is dead", "description": "since eight", "priority": "high"}


def main() -> None:
    """Play a ticket's life at each, and write what was said."""
    portal = PortalStage()
    _life(Recording(stage=portal, connector=portal_desk.CONNECTOR), lambda: _acts(portal))
    api = ApiStage("partner")
    _life(Recording(stage=api, connector=api_desk.CONNECTOR), lambda: _calls(api))


def _acts(stage: PortalStage) -> None:
    stage.act(Doing.ACCEPT)
    stage.act(Doing.DONE, "Replaced the power supply.")


def _calls(stage: ApiStage) -> None:
    stage.patch({"status": "inProgress"})
    edited = stage.patch({"note": [{"text": "Replaced the suply.", "author": "Mauro Rossi"}]})["note"][-1]
    stage.patch({"note": [{**edited, "text": "Replaced the power supply."}], "status": "resolved"})


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Writes the fixtures of one desk."""

    stage: InHouseStage
    connector: Connector

    def record(self, name: str, call: str, args: Mapping[str, Any]) -> Any:
        """One conversation; what it came to."""
        shared: Mapping[str, Any] = {}
        unfinished = {"call": call, "args": dict(args), "exchange": [], "expect": {"error": "DeskGone"}}
        case = talk(name, unfinished, self.connector, shared)
        steps: list[dict[str, Any]] = []
        exchange, wire = recording(case.begin(self.connector), steps), self.stage.hub.wires["dsk_partner"]
        with suppress(InterdeskError):  # it shows in what the fixture expects
            if call == "push":
                wire.push(exchange, case.args["command"])
            else:
                wire.ask(exchange)
        for step in steps:
            if "response" not in step:  # what the wire judges never gets to the connector
                told = self.stage.as_desk.said[-1]
                step["response"] = {"status": told.status, "json": json.loads(told.body)}
                step.pop("fails", None)
        self.stage.wait()
        source = SOURCE.format(self.connector.manifest.title)
        told_of = fixture(call, {}, steps, expect=DeskGone("unknown yet"), source=source)
        path = folder_of(self.connector) / f"fixtures/out/{name}.json"
        _write(path, {**told_of, "args": dict(args)})
        expected = shown(self.connector, path)["expect"]
        _write(path, {**told_of, "args": dict(args), "expect": expected})
        return expected


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _life(recording: Recording, act: Callable[[], None]) -> None:
    record = recording.record
    recording.stage.hub.blobs[hashlib.sha256(DATA).hexdigest()] = DATA
    record("check", "check", {})
    record("changed_starts_now", "changed", {"cursor": None})
    create = command("create", fields=FIELDS)
    record("find_nothing_yet", "find", create)
    ticket = record("create", "push", create)["remote_id"]
    record("create_again", "push", create)
    record("create_refused", "push", command("create", fields={"description": "x"}, marker="idk-none"))
    record("find_created", "find", create)
    _additions(record, ticket)
    _updates(record, ticket)
    act()
    record("fetch", "fetch", {"remote_id": ticket, "since": None})
    record("fetch_since", "fetch", {"remote_id": ticket, "since": "3"})
    record("fetch_gone", "fetch", {"remote_id": f"{ticket[:3]}_none", "since": None})
    record("changed_after_cursor", "changed", {"cursor": recording.stage.hub.now.isoformat()})
    url = f"tickets/{ticket}/files/2"
    listed = {"remote_id": "2", "filename": "log.txt", "url": url, "visibility": "public"}
    record("download", "download", {"attachment": listed})


Record = Callable[[str, str, Mapping[str, Any]], Any]


def _additions(record: Record, ticket: str) -> None:
    comment = command("comment", ticket, **note("Please call first."), marker="idk-2")
    record("comment", "push", comment)
    record("find_comment", "find", comment)
    record("comment_private", "push", command("comment", ticket, **note("not here", "private")))
    named = {"filename": "log.txt", "media_type": "text/plain"}
    file = {**named, "blob": {"text": "log"}, "visibility": "public"}
    attach = command("attach", ticket, attachment=file, marker="idk-3")
    record("attach", "push", attach)
    record("find_attachment", "find", attach)


def _updates(record: Record, ticket: str) -> None:
    def update(place: int, **fields: str | None) -> dict[str, Any]:
        return command("update", ticket, fields=fields, marker=f"idk-{place}")

    record("update", "push", update(4, priority="low", due=None))
    record("find_updated", "find", update(4, priority="low"))
    record("find_not_updated", "find", update(5, priority="high"))
    record("update_refused", "push", update(6, status="melted"))


if __name__ == "__main__":
    main()
