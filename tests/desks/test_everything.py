"""What crosses besides words and statuses, at a running RT and a running Redmine: each item that a desk can hold is written,
read back and seen when a person changes it; what it cannot hold is refused before anything is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from connectors.redmine import CONNECTOR as REDMINE
from connectors.request_tracker import CONNECTOR as RT
from gateway.connector import Connector
from gateway.domain.model import Command, CommandKind, CommentDraft, Desk, NativeWork, Snapshot, Visibility
from gateway.errors import DeskRejected, Unsupported
from tests.connectors.drive import Drive
from tests.connectors.record_redmine import log_time
from tests.desks import redmine_commands, request_tracker_commands
from tests.desks.launch import Redmine, RequestTracker

pytestmark = pytest.mark.desks

FREE = ("custom.po_number", "rating")
VALUES = ("PO-17 / ящик", "4")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A desk with one ticket in it, made once for all tests."""

    connector: Connector
    desk: Desk
    drive: Drive
    ticket: str

    def push(self, kind: CommandKind, **more: Any) -> str | None:
        wanted = Command(id="dlv_9", kind=kind, marker="idk-9", remote_id=self.ticket)
        return self.drive.run(self.connector.push(replace(wanted, **more), self.desk)).object_id

    def find(self, kind: CommandKind, **more: Any) -> int:
        wanted = Command(id="dlv_9", kind=kind, marker="idk-9", remote_id=self.ticket)
        return len(self.drive.run(self.connector.find(replace(wanted, **more), self.desk)))

    def look(self) -> Snapshot:
        return self.drive.run(self.connector.fetch(self.ticket, self.desk, since=None))


@pytest.fixture(scope="module")
def redmine(redmine_vendor: Redmine) -> Place:
    known, drive = redmine_commands.desk_of(redmine_vendor), redmine_commands.drive_of(redmine_vendor)
    numbers = redmine_vendor.custom_fields
    fields = {"marker": numbers["ExternalRef"], FREE[0]: numbers["Site"], FREE[1]: numbers["DelegateTo"]}
    desk = replace(known, settings={**known.settings, "custom_fields": fields})
    ticket = redmine_commands.made(drive, desk, **{FREE[0]: "PO-1"}).remote_id
    return Place(connector=REDMINE, desk=desk, drive=drive, ticket=ticket)


@pytest.fixture(scope="module")
def rt(rt_partner: RequestTracker) -> Place:
    known, drive = request_tracker_commands.desk_of(rt_partner), request_tracker_commands.drive_of(rt_partner)
    fields = {"marker": "ExternalRef", FREE[0]: "Site", FREE[1]: "DelegateTo"}
    desk = replace(known, settings={**known.settings, "custom_fields": fields})
    ticket = request_tracker_commands.made(drive, desk, **{FREE[0]: "PO-1"}).remote_id
    return Place(connector=RT, desk=desk, drive=drive, ticket=ticket)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def alice(redmine_vendor: Redmine) -> Iterator[httpx.Client]:
    with redmine_vendor.client("alice") as client:
        yield client


@pytest.mark.parametrize("place", ["redmine", "rt"], indirect=True)
def test_fields_of_an_installations_own_are_written_and_read(place: Place) -> None:
    assert place.look().fields[FREE[0]] == "PO-1"

    place.push(CommandKind.UPDATE, fields=dict(zip(FREE, VALUES, strict=True)))

    seen = place.look()
    assert tuple(seen.fields[name] for name in FREE) == VALUES
    assert {(entry.field, entry.new) for entry in seen.history} >= set(zip(FREE, VALUES, strict=True))

    place.push(CommandKind.UPDATE, fields={FREE[1]: None})
    assert place.look().fields[FREE[1]] is None


def test_redmine_edits_and_removes_our_note(redmine: Place) -> None:
    first = CommentDraft(text="The code is 4711.", visibility=Visibility.PUBLIC)
    number = redmine.push(CommandKind.COMMENT, comment=first)
    other = replace(first, text="The code is 4712.\nнет")
    assert redmine.find(CommandKind.EDIT, object_id=number, comment=other) == 0

    redmine.push(CommandKind.EDIT, object_id=number, comment=other)

    [seen] = [one for one in redmine.look().comments if one.remote_id == number]
    assert (seen.text, seen.visibility) == (other.text, Visibility.PUBLIC)
    assert redmine.find(CommandKind.EDIT, object_id=number, comment=other) == 1

    redmine.push(CommandKind.REMOVE, object_id=number)
    assert number not in {one.remote_id for one in redmine.look().comments}
    assert redmine.find(CommandKind.REMOVE, object_id=number) == 1
    redmine.push(CommandKind.REMOVE, object_id=number)  # once more: it is gone


def test_redmine_keeps_others_notes_from_us(redmine: Place, alice: httpx.Client) -> None:
    redmine_commands.say(alice, redmine.ticket, notes="Mine.")
    theirs = redmine.look().comments[-1]

    with pytest.raises(DeskRejected, match="may not change note"):
        redmine.push(CommandKind.REMOVE, object_id=theirs.remote_id)

    assert theirs in redmine.look().comments


def test_rt_says_that_it_cannot_edit_or_remove(rt: Place) -> None:
    before = len(rt.drive.said)
    draft = CommentDraft(text="x", visibility=Visibility.PUBLIC)
    for kind, more in ((CommandKind.EDIT, {"comment": draft}), (CommandKind.REMOVE, {})):
        with pytest.raises(Unsupported):
            rt.push(kind, object_id="1", **more)
    assert len(rt.drive.said) == before


def test_time_logged_at_redmine_is_seen_with_its_activity(redmine: Place, alice: httpx.Client) -> None:
    assert redmine.look().work == ()

    log_time(alice, redmine.ticket, 0.75, "Changed the fuse")

    [entry] = redmine.look().work
    assert (entry.minutes, entry.text) == (45, "Changed the fuse")
    assert entry.activity
    assert entry.author.name.startswith("Alice")


def test_time_worked_at_rt_is_seen_with_a_message_and_alone(rt: Place, rt_partner: RequestTracker) -> None:
    with rt_partner.client("bob") as agent:
        said = {"Content": "Changed the fuse", "ContentType": "text/plain", "TimeTaken": "15"}
        agent.post(f"ticket/{rt.ticket}/comment", json=said).raise_for_status()
        agent.put(f"ticket/{rt.ticket}", json={"TimeWorked": "40"}).raise_for_status()

    seen: list[NativeWork] = list(rt.look().work)

    assert [entry.minutes for entry in seen] == [15, 25]
    assert len({entry.remote_id for entry in seen}) == 2
