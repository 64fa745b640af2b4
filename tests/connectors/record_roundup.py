"""Records connectors/roundup/fixtures from a Roundup started for it: python -m tests.connectors.record_roundup"""

import base64
import hashlib
import hmac
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from connectors.roundup import CONNECTOR
from gateway.registry import folder_of
from gateway.testing.fixtures import HOOK_SECRET
from tests.connectors.drive import Drive
from tests.connectors.recording import Recorder, command, file, note
from tests.desks.launch import Roundup
from tests.desks.receiver import Received, Receiver

SOURCE = "captured from Roundup 2.6.0, 2026-11-22"


def shared(desk: Roundup) -> dict[str, Any]:
    """fixtures/desk.json."""
    names = {"marker": "ExternalRef", "delegate": "DelegateTo", "site": "Site"}
    return {
        "base_url": "https://roundup.example/tracker",
        "account": "fedbot",
        "settings": {"properties": {name: desk.custom_fields[word] for name, word in names.items()}},
    }


def headers(desk: Roundup) -> Mapping[str, str]:
    """What the manifest and the credentials make the wire send."""
    secret = base64.b64encode(f"fedbot:{desk.passwords['fedbot']}".encode()).decode()
    origin = desk.base_url.rpartition("/")[0]
    asked = {
        name: value.format(base_url=desk.base_url, origin=origin)
        for name, value in CONNECTOR.manifest.headers.items()
    }
    return {**asked, "Authorization": f"Basic {secret}"}


def change(person: httpx.Client, issue: str, **fields: Any) -> None:
    """A change by a person at the desk."""
    etag = person.get(f"/issue/{issue}").json()["data"]["@etag"]
    person.patch(f"/issue/{issue}", json=fields, headers={"If-Match": etag}).raise_for_status()


def say(person: httpx.Client, issue: str, author: str, text: str) -> None:
    """A message by a person at the desk."""
    body = {"author": author, "date": ".", "content": text}
    made = person.post("/msg", json=body).raise_for_status().json()["data"]["id"]
    change(person, issue, **{"@op": "add", "messages": [made]})


def play(recorder: Recorder, alice: httpx.Client) -> str:
    """The scenes, in the order in which they were played; returns the issue."""
    record = recorder.record
    record("check", "check", {})
    record("changed_starts_at_an_empty_desk", "changed", {"cursor": None})
    fields = {
        "title": "VPN down at PAR-01",
        "description": "Since 09:00 nobody gets in.\r\nTunnel 7.\n",
        "priority": "urgent",
        "site": "PAR-01",
    }
    record("find_nothing_yet", "find", command("create", fields=fields))
    made: str = record("create", "push", command("create", fields=fields))["remote_id"]
    begun = record("changed_starts_now", "changed", {"cursor": None})
    record("find_created", "find", command("create", fields=fields))
    record("create_refused", "push", command("create", fields={**fields, "priority": "whenever"}))
    record(
        "comment_moves_unread_to_chatting",
        "push",
        command("comment", made, **note("We are on it.\nBack at noon.")),
    )
    record("find_comment", "find", command("comment", made, **note("We are on it. Back at noon.")))
    new = {"status": "in-progress", "title": "VPN down ", "assignee": "alice"}
    record("update", "push", command("update", made, fields=new))
    record("find_updated", "find", command("update", made, fields=new))
    record("find_not_updated", "find", command("update", made, fields={"status": "resolved"}))
    record("update_refused", "push", command("update", made, fields={"assignee": "nobody-known"}))
    play_files(recorder, made)
    change(alice, made, status="need-eg")
    say(alice, made, "alice", "Which tunnel?")
    record("changed_after_cursor", "changed", {"cursor": begun["cursor"]})
    record("fetch", "fetch", {"remote_id": made, "since": None})
    record("fetch_gone", "fetch", {"remote_id": "999", "since": None})
    return made


def play_files(recorder: Recorder, made: str) -> None:
    """Two files of one name, told apart by their bytes."""
    for name, text in (("attach", "tunnel 7 down\n"), ("attach_again", "tunnel 7 back\n")):
        recorder.drive.file(text.encode())
        recorder.record(name, "push", command("attach", made, **file(text)))
    recorder.record(
        "find_attachment_by_its_bytes", "find", command("attach", made, **file("tunnel 7 back\n"))
    )
    recorder.record("download", "download", {"attachment": {"remote_id": "1", "filename": "x"}})


def play_conflicts(desk: Roundup, recorder: Recorder, alice: httpx.Client, made: str) -> None:
    """Somebody is faster, and an issue is retired."""
    recorder.drive.before = lambda request: (
        change(alice, made, title="VPN down, tunnel 7") if request.method == "PATCH" else None
    )
    recorder.record(
        "update_while_somebody_writes", "push", command("update", made, fields={"status": "resolved"})
    )
    recorder.drive.before = None
    with desk.client("admin") as admin:
        etag = admin.get(f"/issue/{made}").json()["data"]["@etag"]
        admin.delete(f"/issue/{made}", headers={"If-Match": etag}).raise_for_status()
    recorder.record("fetch_retired", "fetch", {"remote_id": made, "since": None})
    recorder.record("update_retired", "push", command("update", made, fields={"status": "resolved"}))


def keep_message(folder: Path, name: str, body: bytes, *, source: str, expect: list[dict[str, Any]]) -> None:
    """Writes a fixtures/in with the detector's signature."""
    signature = "sha256=" + hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    document = {
        "source": source,
        "request": {"headers": {"X-Roundup-Signature": signature}, "body": body.decode()},
        "replayable": True,
        "expect": expect,
    }
    path = folder / f"fixtures/in/{name}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def keep_messages(folder: Path, received: Received, made: str) -> None:
    """The detector's message as it came, and one of a tracker whose detector tells of more than issues."""
    told = [{"remote_id": made, "hints": {"actor": "alice"}}]
    keep_message(folder, "issue_changed", received.body, source=SOURCE, expect=told)
    signature = json.loads((folder / "fixtures/in/issue_changed.json").read_text())["request"]["headers"]
    assert signature == {"X-Roundup-Signature": received.headers["x-roundup-signature"]}
    other = json.dumps({**json.loads(received.body), "class": "milestone"}).encode()
    keep_message(folder, "unknown_class", other, source=f"{SOURCE}, with another class put in", expect=[])


def main() -> None:
    """Starts a Roundup, plays, stops it."""
    with tempfile.TemporaryDirectory() as scratch, Receiver() as receiver:
        Path(scratch).chmod(0o711)
        desk = Roundup.start(Path(scratch) / "roundup", "tracker", hook_secret=HOOK_SECRET)
        folder = folder_of(CONNECTOR)
        try:
            drive = Drive(base_url=desk.base_url, headers=headers(desk))
            recorder = Recorder(
                connector=CONNECTOR, folder=folder, drive=drive, source=SOURCE, shared=shared(desk)
            )
            recorder.begin()
            with desk.client("alice") as alice:
                made = play(recorder, alice)
                desk.hook_to(receiver.url)
                change(alice, made, status="testing")
                keep_messages(folder, receiver.next(), made)
                desk.hook_to(None)
                play_conflicts(desk, recorder, alice, made)
        finally:
            desk.stop()


if __name__ == "__main__":
    main()
