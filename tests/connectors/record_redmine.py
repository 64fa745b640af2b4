"""Records connectors/redmine/fixtures/out from a Redmine started for it: python -m tests.connectors.record_redmine"""

import tempfile
from pathlib import Path
from typing import Any

import httpx

from connectors.redmine import CONNECTOR
from gateway.registry import folder_of
from tests.connectors.drive import Drive
from tests.connectors.recording import Recorder, command, file, note
from tests.desks.launch import Redmine

SOURCE = "captured from Redmine 5.0.4, 2026-11-23"


def settings(desk: Redmine) -> dict[str, Any]:
    """The desk's settings with every table that spares a request."""
    return {
        "custom_fields": {
            "marker": desk.custom_fields["ExternalRef"],
            "delegate": desk.custom_fields["DelegateTo"],
            "site": desk.custom_fields["Site"],
        },
        "project_ids": {desk.project: desk.project_id},
        "status_ids": dict(desk.statuses),
        "priority_ids": dict(desk.priorities),
        "tracker_ids": dict(desk.trackers),
    }


def shared(desk: Redmine) -> dict[str, Any]:
    """fixtures/desk.json."""
    return {
        "base_url": "https://redmine.example",
        "account": str(desk.user_ids["fedbot"]),
        "settings": settings(desk),
        "profile": {"defaults": {"queue": desk.project}},
    }


def say(person: httpx.Client, issue: str, **fields: Any) -> None:
    """A change by a person at the desk."""
    person.put(f"/issues/{issue}.json", json={"issue": fields}).raise_for_status()


def play(desk: Redmine, recorder: Recorder, alice: httpx.Client) -> None:
    """The scenes, in the order in which they were played."""
    record = recorder.record
    record("check", "check", {})
    begun = record("changed_starts_at_an_empty_desk", "changed", {"cursor": None})
    fields = {
        "title": "VPN down at PAR-01",
        "description": "Since 09:00 nobody gets in.\nTunnel 7.",
        "priority": "High",
        "queue": desk.project,
        "tracker": "Support",
        "due": "2026-12-01",
        "site": "PAR-01",
    }
    record("find_nothing_yet", "find", command("create", fields=fields))
    made = record("create", "push", command("create", fields=fields))["remote_id"]
    record("find_created", "find", command("create", fields=fields))
    record("create_refused", "push", command("create", fields={**fields, "title": " "}))
    record("changed_after_cursor", "changed", {"cursor": begun["cursor"]})
    record("changed_starts_now", "changed", {"cursor": None})
    record("update", "push", command("update", made, fields={"status": "In Progress", "title": "VPN down"}))
    record(
        "find_updated", "find", command("update", made, fields={"status": "In Progress", "title": "VPN down"})
    )
    record("find_not_updated", "find", command("update", made, fields={"status": "Resolved"}))
    record("comment_public", "push", command("comment", made, **note("We are on it.\nBack at noon.")))
    record("find_comment", "find", command("comment", made, **note("We are on it. Back at noon.")))
    record(
        "comment_private",
        "push",
        command("comment", made, **note("The customer is behind on payments.", "private")),
    )
    recorder.drive.file(b"tunnel 7 down\n")
    record("attach", "push", command("attach", made, **file("tunnel 7 down\n")))
    recorder.drive.file(b"tunnel 7 back\n")
    record("attach_again", "push", command("attach", made, **file("tunnel 7 back\n")))
    record("find_attachment_by_its_bytes", "find", command("attach", made, **file("tunnel 7 back\n")))
    play_rewriting(desk, recorder, alice)
    play_relating(desk, recorder, alice, made)
    play_people(desk, recorder, alice, made)


def play_rewriting(desk: Redmine, recorder: Recorder, alice: httpx.Client) -> None:
    """A note of ours gets another text and is taken away; somebody logs time."""
    record = recorder.record
    fields = {"title": "Door does not open", "queue": desk.project, "tracker": "Support"}
    made = record("create_another", "push", command("create", fields=fields))["remote_id"]
    written = record("comment_to_be_edited", "push", command("comment", made, **note("The code is 4711.")))
    other = {"object_id": written["object_id"], **note("The code is 4712.")}
    record("find_not_edited", "find", command("edit", made, **other))
    record("edit", "push", command("edit", made, **other))
    record("find_edited", "find", command("edit", made, **other))
    gone = command("remove", made, object_id=written["object_id"])
    record("remove", "push", gone)
    record("find_removed", "find", gone)
    say(alice, made, notes="Mine.")
    theirs = record("fetch_of_others", "fetch", {"remote_id": made, "since": None})["comments"][-1][
        "remote_id"
    ]
    record("edit_refused", "push", command("edit", made, object_id=theirs, **note("Not mine.")))
    log_time(alice, made, 1.5, "Changed the fuse")
    record("fetch_with_time_logged", "fetch", {"remote_id": made, "since": None})


def play_relating(desk: Redmine, recorder: Recorder, alice: httpx.Client, made: str) -> None:
    """A relation of a person's, one of ours, and one that Redmine refuses."""
    record = recorder.record
    fields = {"queue": desk.project, "tracker": "Support"}
    others = [
        str(one["remote_id"])
        for name in ("create_first_related", "create_second_related")
        for one in [record(name, "push", command("create", fields={"title": name, **fields}))]
    ]
    relation = {"issue_to_id": others[0], "relation_type": "relates"}
    alice.post(f"/issues/{made}/relations.json", json={"relation": relation}).raise_for_status()
    record("fetch_related", "fetch", {"remote_id": made, "since": None})
    ours = command("update", made, fields={"related": ", ".join(sorted(others))}, was={"related": others[0]})
    record("find_not_related", "find", ours)
    record("relate", "push", ours)
    record("find_related", "find", ours)
    record("relate_refused", "push", command("update", made, fields={"related": made}))


def log_time(person: httpx.Client, issue: str, hours: float, comments: str) -> None:
    """Time worked, by a person, with the first activity that Redmine has."""
    known = person.get("/enumerations/time_entry_activities.json").raise_for_status().json()
    activity = known["time_entry_activities"][0]["id"]
    entry = {"issue_id": issue, "hours": hours, "activity_id": activity, "comments": comments}
    person.post("/time_entries.json", json={"time_entry": entry}).raise_for_status()


def play_people(desk: Redmine, recorder: Recorder, alice: httpx.Client, made: str) -> None:
    """What people do at the desk, and what Redmine refuses."""
    record, me = recorder.record, desk.user_ids
    before = record("fetch", "fetch", {"remote_id": made, "since": None})
    say(alice, made, status_id=desk.statuses["Feedback"], assigned_to_id=me["alice"], notes="Which tunnel?")
    say(alice, made, notes="They never answer.", private_notes=True, description="Since 09:00.")
    since = {"remote_id": made, "since": before["position"]}
    record(
        "fetch_since_names_learned",
        "fetch",
        since,
        desk={
            "account": "fedbot",
            "settings": {"custom_fields": {"marker": desk.custom_fields["ExternalRef"]}},
        },
    )
    record(
        "download",
        "download",
        {"attachment": {"remote_id": before["attachments"][0]["remote_id"], "filename": "x"}},
    )
    child = {"project_id": desk.project_id, "tracker_id": 3, "subject": "Part of it", "parent_issue_id": made}
    alice.post("/issues.json", json={"issue": child}).raise_for_status()
    record("update_refused_by_workflow", "push", command("update", made, fields={"status": "Closed"}))
    record("update_of_nobody_known", "push", command("update", made, fields={"assignee": "Nobody Known"}))
    record("fetch_gone", "fetch", {"remote_id": "999", "since": None})
    recorder.record(
        "find_by_a_field_that_is_no_filter",
        "find",
        command("create"),
        desk={"settings": {"custom_fields": {"marker": 99}}},
    )
    with desk.client("admin") as admin:
        hidden = {"name": "Hidden", "identifier": "hidden", "is_public": False}
        admin.post("/projects.json", json={"project": hidden}).raise_for_status()
        say(admin, made, project_id="hidden")
    record("fetch_moved_out_of_sight", "fetch", {"remote_id": made, "since": None})


def main() -> None:
    """Starts a Redmine, plays, stops it."""
    with tempfile.TemporaryDirectory() as scratch:
        desk = Redmine.start(Path(scratch) / "redmine", "recording")
        try:
            drive = Drive(base_url=desk.base_url, headers={"X-Redmine-API-Key": desk.keys["fedbot"]})
            recorder = Recorder(
                connector=CONNECTOR,
                folder=folder_of(CONNECTOR),
                drive=drive,
                source=SOURCE,
                shared=shared(desk),
            )
            recorder.begin()
            with desk.client("alice") as alice:
                play(desk, recorder, alice)
        finally:
            desk.stop()


if __name__ == "__main__":
    main()
