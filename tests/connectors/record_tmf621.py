"""Records connectors/tmf621/fixtures at our own TMF621 door: python -m tests.connectors.record_tmf621. Those of a plain peer
are written from the official examples (tests/connectors/test_tmf621.py says which)."""

import json
import tempfile
from pathlib import Path

import httpx

from connectors.tmf621 import CONNECTOR
from gateway.registry import folder_of
from tests.api import house
from tests.connectors.drive import Drive
from tests.connectors.recording import Recorder, command, note

SOURCE = "captured from Interdesk 0.1, 2026-11-22"
PARTY = """
organizations: [{code: big, name: Big Stores}]
desks: [{code: big, organization: big, connector: api_desk}]
"""
AT = "https://partner.example/tmf-api/troubleTicket"
KEY = "fixture-hook-secret"
ROUTE = "00112233445566aa 77889900aabbccdd"


def play(recorder: Recorder, person: httpx.Client) -> None:
    """The scenes, in the order in which they were played. `person` is the party's other system."""
    recorder.record("check", "check", {})
    recorder.record("changed_starts_now", "changed", {"cursor": None})
    fields = {"title": "till is dead", "description": "since eight", "priority": "high", "route": ROUTE}
    fields |= {"due": "2026-03-01T16:00:00+00:00", "site": "ROM-7", "requester": "Ann", "custom.floor": "2"}
    create = command("create", fields=fields)
    recorder.record("find_nothing_yet", "find", create)
    ticket = recorder.record("create", "push", create)["remote_id"]
    recorder.record("create_again", "push", create)
    recorder.record("find_created", "find", create)
    other = command("create", fields={"title": "another", "route": ROUTE})
    recorder.record("create_refused", "push", other)
    words = note("Please call first.")
    recorder.record("comment", "push", command("comment", ticket, **words, marker="idk-2"))
    recorder.record(
        "comment_the_second", "push", command("comment", ticket, **note("Or write."), marker="idk-8")
    )
    recorder.record("find_comment", "find", command("comment", ticket, **words, marker="idk-2"))
    recorder.record("find_no_comment", "find", command("comment", ticket, **note("nowhere"), marker="idk-0"))
    file = {
        "filename": "log.txt",
        "media_type": "text/plain",
        "blob": {"text": "log"},
        "visibility": "public",
    }
    recorder.drive.file(b"log")
    recorder.record("attach", "push", command("attach", ticket, attachment=file, marker="idk-3"))
    recorder.record("find_attachment", "find", command("attach", ticket, attachment=file, marker="idk-3"))
    low = {"priority": "low", "due": None, "custom.floor": "3", "assignee": "Mauro Rossi"}
    recorder.record("update", "push", command("update", ticket, fields=low, marker="idk-4"))
    recorder.record("find_updated", "find", command("update", ticket, fields=low, marker="idk-4"))
    high = command("update", ticket, fields={"priority": "high"}, marker="idk-5")
    recorder.record("find_not_updated", "find", high)
    closed = command("update", ticket, fields={"status": "closed"}, marker="idk-6")
    recorder.record("update_refused", "push", closed)
    person.patch(
        f"/{ticket}", json={"note": [{"text": "The fuse, too.", "author": "Ann"}], "status": "resolved"}
    )
    recorder.record("fetch", "fetch", {"remote_id": ticket, "since": None})
    recorder.record("fetch_gone", "fetch", {"remote_id": "apt_none", "since": None})
    recorder.record("changed_after_cursor", "changed", {"cursor": "2026-01-01T00:00:00.000Z"})
    url = f"troubleTicket/{ticket}/attachment/3"
    listed = {"remote_id": "idk-3", "filename": "log.txt", "url": url, "visibility": "public"}
    recorder.record("download", "download", {"attachment": listed})


def events(folder: Path, ticket: str) -> None:
    """What the hub of our own door posts, and an event that is about no ticket."""
    specification = "TroubleTicketSpecificationCreateEvent"
    body: dict[str, object] = {"troubleTicket": {"id": ticket}}
    event(folder, "status_changed", "TroubleTicketStatusChangeEvent", body, [{"remote_id": ticket}])
    event(folder, "unknown_specification", specification, {"troubleTicketSpecification": {}}, [])


def event(folder: Path, name: str, kind: str, body: dict[str, object], expect: list[dict[str, str]]) -> None:
    """One file."""
    told: dict[str, object] = {"@type": kind, "eventId": "evn_1", "eventType": kind}
    told |= {"eventTime": "2026-03-01T11:59:59.000Z", "event": body}
    headers = {"content-type": "application/json"}
    request = {"query": {"key": KEY}, "headers": headers, "body": json.dumps(told)}
    document = {"source": SOURCE, "request": request, "expect": expect}
    path = folder / f"fixtures/in/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Start a gateway, play, write."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        house.installed(Path(scratch), said=PARTY) as gateway,
        house.Doors(gateway) as doors,
    ):
        headers = house.key(gateway, "big")
        at = f"http://127.0.0.1:{doors.port}/tmf-api/troubleTicket"
        folder = folder_of(CONNECTOR)
        drive = Drive(base_url=f"{at}/v5", headers=headers)
        recorder = Recorder(
            connector=CONNECTOR,
            folder=folder,
            drive=drive,
            source=SOURCE,
            shared={"base_url": f"{AT}/v5"},
        )
        recorder.begin()
        with httpx.Client(base_url=f"{at}/v5/troubleTicket", headers=headers, trust_env=False) as person:
            play(recorder, person)
        old = {"base_url": f"{AT}/v4", "settings": {"version": "v4"}}
        v4 = Recorder(
            connector=CONNECTOR,
            folder=folder,
            drive=Drive(base_url=f"{at}/v4", headers=headers),
            source=SOURCE,
            shared=old,
        )
        fields = {"title": "printer", "site": "ROM-7", "requester": "Ann"}
        create = command("create", fields=fields, marker="idk-40")
        ticket = v4.record("v4_create", "push", create, desk=old)["remote_id"]
        v4.record("v4_find_created", "find", create, desk=old)
        v4.record(
            "v4_comment", "push", command("comment", ticket, **note("Hello."), marker="idk-41"), desk=old
        )
        v4.record(
            "v4_comment_the_second",
            "push",
            command("comment", ticket, **note("Hello?"), marker="idk-42"),
            desk=old,
        )
        v4.record("v4_update", "push", command("update", ticket, fields={"status": "inProgress"}), desk=old)
        v4.record("v4_fetch", "fetch", {"remote_id": ticket, "since": None}, desk=old)
        events(folder, ticket)


if __name__ == "__main__":
    main()
