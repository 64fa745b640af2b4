"""Records connectors/request_tracker/fixtures from an RT started for it: python -m tests.connectors.record_request_tracker"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from connectors.request_tracker import CONNECTOR
from gateway.connector import Request, Response
from gateway.registry import folder_of
from gateway.testing.fixtures import HOOK_SECRET
from tests.connectors.drive import Drive
from tests.connectors.recording import Recorder, command, file, note
from tests.desks.launch import RequestTracker
from tests.desks.receiver import Receiver

SOURCE = "captured from Request Tracker 5.0.3, 2026-11-23"

SETTINGS = {
    "queue": "Federation",
    "requestor": "cust1@example.test",
    "custom_fields": {"marker": "ExternalRef", "delegate": "DelegateTo", "site": "Site"},
}

SHARED: dict[str, Any] = {"base_url": "https://rt.example", "account": "fedbot", "settings": SETTINGS}


@dataclass(kw_only=True)
class RtRecorder(Recorder):
    """Keeps the headers RT speaks with, and the long lists of links only where they are read."""

    keeps_links: bool = False

    def _step(self, request: Request, response: Response) -> dict[str, Any]:
        step = super()._step(request, response)
        headers = {
            name: response.headers[name] for name in ("date", "etag", "location") if name in response.headers
        }
        step["response"] |= {"headers": headers}
        found = step["response"].get("json")
        if isinstance(found, dict):
            dropped = {"EmailAddress"} if self.keeps_links else {"EmailAddress", "_hyperlinks"}
            step["response"]["json"] = {name: value for name, value in found.items() if name not in dropped}
        return step


def with_settings(**more: Any) -> dict[str, Any]:
    """A desk that is set up otherwise."""
    return {"settings": {**SETTINGS, **more}}


def play(recorder: RtRecorder, people: dict[str, httpx.Client]) -> None:
    """The scenes, in the order in which they were played."""
    record = recorder.record
    begun = record("changed_starts_at_an_empty_desk", "changed", {"cursor": None})
    fields = {
        "title": "VPN down\nat PAR-01",
        "description": "Since 09:00 nobody gets in.\nTunnel 7: größer als gedacht.",
        "priority": "100",
        "due": "2026-12-01T12:00:00+01:00",
        "site": "PAR-01",
    }
    record("find_nothing_yet", "find", command("create", fields=fields))
    made = record("create", "push", command("create", fields=fields))["remote_id"]
    record("find_created", "find", command("create", fields=fields))
    record("create_in_no_queue", "push", command("create", fields={**fields, "queue": "Nowhere"}))
    record("changed_after_cursor", "changed", {"cursor": begun["cursor"]})
    record("changed_starts_now", "changed", {"cursor": None})
    wanted = {"status": "stalled", "assignee": "alice", "due": None, "delegate": "partner"}
    record("update", "push", command("update", made, fields=wanted))
    record("find_updated", "find", command("update", made, fields=wanted))
    record("find_not_updated", "find", command("update", made, fields={"status": "resolved"}))
    record("update_refused", "push", command("update", made, fields={"status": "nonsense", "priority": "50"}))
    record("comment_public", "push", command("comment", made, **note("We are on it.\nBack at noon.")))
    record(
        "comment_private", "push", command("comment", made, **note("They are behind on payments.", "private"))
    )
    record("find_comment", "find", command("comment", made, **note("We are on it. Back at noon.")))
    recorder.drive.file(b"tunnel 7 down\n")
    record("attach", "push", command("attach", made, **file("tunnel 7 down\n")))
    record("find_attachment_by_its_bytes", "find", command("attach", made, **file("tunnel 7 down\n")))
    record("find_attachment_of_other_bytes", "find", command("attach", made, **file("tunnel 7 gone\n")))
    play_people(recorder, people, made)


def play_people(recorder: RtRecorder, people: dict[str, httpx.Client], made: str) -> None:
    """What people do at the desk."""
    record, alice = recorder.record, people["alice"]
    path = f"/ticket/{made}"
    page = "<p>Which <b>tunnel</b>?</p><ul><li>six<li>seven</ul>"
    alice.post(f"{path}/correspond", json={"Content": page, "ContentType": "text/html"}).raise_for_status()
    alice.post(f"{path}/comment", json={"Content": "Hush.", "ContentType": "text/plain"}).raise_for_status()
    picture = {"FileName": "tunnel.png", "FileType": "image/png", "FileContent": "iVBORw0KGgo="}
    told = {"Content": "See the picture.", "ContentType": "text/plain", "Attachments": [picture]}
    alice.post(f"{path}/correspond", json=told).raise_for_status()
    before = record("fetch", "fetch", {"remote_id": made, "since": None})
    since = {"remote_id": made, "since": before["position"]}
    record("fetch_nothing_new", "fetch", since)
    people["bob"].put(path, json={"Subject": "VPN flaps", "Priority": "150"}).raise_for_status()
    people["root"].put(path, json={"Owner": "bob", "Status": "open"}).raise_for_status()
    record("fetch_since_fields_changed", "fetch", since)
    record("download", "download", {"attachment": before["attachments"][-1]})
    record("fetch_gone", "fetch", {"remote_id": "999", "since": None})
    play_relating(recorder, alice, made)
    play_ends(recorder, people["root"], made)


def play_relating(recorder: RtRecorder, alice: httpx.Client, made: str) -> None:
    """A relation of a person's, one of ours, and one that RT refuses."""
    record, recorder.keeps_links = recorder.record, True
    others = [
        str(record(name, "push", command("create", fields={"title": name}))["remote_id"])
        for name in ("create_first_related", "create_second_related")
    ]
    alice.put(f"/ticket/{made}", json={"AddRefersTo": others[0]}).raise_for_status()
    record("fetch_related", "fetch", {"remote_id": made, "since": None})
    wanted = {"related": ", ".join(sorted(others))}
    ours = command("update", made, fields=wanted, was={"related": others[0]})
    record("find_not_related", "find", ours)
    record("relate", "push", ours)
    record("find_related", "find", ours)
    record("relate_refused", "push", command("update", made, fields={"related": made}))
    recorder.keeps_links = False


def play_ends(recorder: RtRecorder, root: httpx.Client, made: str) -> None:
    """Tickets that leave, accounts that lack something."""
    record = recorder.record
    plain = {"Queue": "Federation", "Subject": "The same again", "Requestor": "cust1@example.test"}
    other = root.post("/ticket", json=plain).raise_for_status().json()["id"]
    root.put(f"/ticket/{other}", json={"MergeInto": made}).raise_for_status()
    record("fetch_merged_into_another", "fetch", {"remote_id": other, "since": None})
    recorder.keeps_links = True
    record("check", "check", {})
    mistaken = with_settings(custom_fields={"marker": "ExternalRef", "site": "Place"})
    record("check_finds_what_is_missing", "check", {}, desk={**mistaken, "account": "alice"})
    record("check_without_the_queue", "check", {}, desk=with_settings(queue="Nowhere"))
    recorder.keeps_links = False
    nameless = with_settings(custom_fields={"marker": "Nowhere"})
    record("find_without_a_marker_field", "find", command("create"), desk=nameless)
    root.put(f"/ticket/{made}", json={"Queue": "General"}).raise_for_status()
    record("fetch_moved_out_of_sight", "fetch", {"remote_id": made, "since": None})
    record(
        "fetch_rights_lost", "fetch", {"remote_id": made, "since": None}, desk=with_settings(queue="General")
    )
    record("update_out_of_sight", "push", command("update", made, fields={"status": "open"}))
    record("changed_without_the_queue", "changed", {"cursor": None}, desk=with_settings(queue="General"))


def record_hooks(desk: RequestTracker, folder: Path) -> None:
    """What the scrip sends when a ticket is created by an agent and answered by us."""
    with Receiver() as receiver, desk.client("alice") as alice:
        desk.hook_to(receiver.url)
        ticket = {"Queue": "Federation", "Subject": "Hook", "Requestor": "cust1@example.test", "Content": "x"}
        made = alice.post("/ticket", json=ticket).raise_for_status().json()["id"]
        alice.put(f"/ticket/{made}", json={"Status": "open"}).raise_for_status()
        alice.post(f"/ticket/{made}/comment", json={"Content": "y", "ContentType": "text/plain"})
        wanted = {"Create": "ticket_created", "Status": "status_changed", "Comment": "commented"}
        while wanted:
            came = receiver.next()
            name = wanted.pop(json.loads(came.body)["type"], None)
            if name:
                _write_hook(
                    folder / f"fixtures/in/{name}.json", came.body.decode(), came.headers["x-rt-signature"]
                )
        desk.hook_to(None)


def _write_hook(path: Path, body: str, signature: str) -> None:
    told = json.loads(body)
    hint = {"remote_id": str(told["ticket"]), "hints": {"transaction": str(told["txn"])}}
    document = {
        "source": SOURCE,
        "replayable": True,
        "request": {
            "headers": {"X-RT-Signature": signature, "Content-Type": "application/json"},
            "body": body,
        },
        "expect": [hint],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Starts an RT, plays, stops it."""
    folder = folder_of(CONNECTOR)
    with tempfile.TemporaryDirectory() as scratch:
        desk = RequestTracker.start(Path(scratch) / "rt", "recording", hook_secret=HOOK_SECRET)
        try:
            headers = {"Authorization": f"token {desk.tokens['fedbot']}"}
            drive = Drive(base_url=desk.base_url, headers=headers)
            recorder = RtRecorder(
                connector=CONNECTOR, folder=folder, drive=drive, source=SOURCE, shared=SHARED
            )
            recorder.begin()
            people = {login: desk.client(login) for login in ("alice", "bob", "root")}
            play(recorder, people)
            for person in people.values():
                person.close()
            record_hooks(desk, folder)
        finally:
            desk.stop()


if __name__ == "__main__":
    main()
