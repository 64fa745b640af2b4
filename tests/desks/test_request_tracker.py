"""The RT connector against a running RT 5: what it writes arrives, what people do there is seen with its time and actor,
and what RT refuses, drops or recodes without a word is noticed."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial

import httpx
import pytest

from connectors.request_tracker import CONNECTOR
from gateway.connector import Effect, Request
from gateway.domain.model import (
    ActorKind,
    Desk,
    HopStatus,
    Message,
    NativeAttachment,
    Receipt,
)
from gateway.errors import DeskDenied, DeskGone, DeskRejected, SignatureInvalid
from tests.connectors.drive import Drive
from tests.desks.launch import RequestTracker
from tests.desks.receiver import Receiver
from tests.desks.request_tracker_commands import (
    PRIVATE,
    PUBLIC,
    creation,
    desk_of,
    drive_of,
    look,
    made,
    note,
    update,
)

pytestmark = pytest.mark.desks

People = dict[str, httpx.Client]
Make = Callable[..., Receipt]


@pytest.fixture
def rt(rt_partner: RequestTracker) -> RequestTracker:
    return rt_partner


@pytest.fixture
def drive(rt: RequestTracker) -> Drive:
    return drive_of(rt)


@pytest.fixture
def desk(rt: RequestTracker) -> Desk:
    return desk_of(rt)


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    return partial(made, drive, desk)


@pytest.fixture
def people(rt: RequestTracker) -> Iterator[dict[str, httpx.Client]]:
    """alice and bob, agents, and root, at the desk."""
    with rt.client("alice") as alice, rt.client("bob") as bob, rt.client("root") as root:
        yield {"alice": alice, "bob": bob, "root": root}


def say(
    person: httpx.Client, ticket: str, text: str, *, verb: str = "correspond", kind: str = "text/plain"
) -> None:
    """A person's message at the desk."""
    message = {"Content": text, "ContentType": kind}
    person.post(f"/ticket/{ticket}/{verb}", json=message).raise_for_status()


def set_(person: httpx.Client, ticket: str, **fields: str) -> None:
    """A person's change at the desk; fails where RT refuses it."""
    answer = person.put(f"/ticket/{ticket}", json=fields).raise_for_status()
    assert "Denied" not in answer.text, answer.text


def test_round_trip_of_every_mapped_status(drive: Drive, desk: Desk, make: Make, people: People) -> None:
    rows = {row.native: row.status for row in desk.profile.statuses}
    ticket = make().remote_id
    for native in ("open", "stalled", "resolved", "rejected", "new"):
        drive.run(CONNECTOR.push(update(ticket, status=native), desk))
        seen = look(drive, desk, ticket)
        assert (seen.fields["status"], seen.history[-1].new) == (native, native)
    set_(people["root"], ticket, Status="deleted")  # the account has no right to delete, and needs none
    seen = look(drive, desk, ticket)
    assert (seen.fields["status"], seen.history[-1].new) == ("deleted", "deleted")
    assert {entry.new for entry in seen.history} == set(rows)
    for status, native in desk.profile.write_statuses.items():
        assert rows[native] in (status, HopStatus.REJECTED)


def test_every_mapped_priority_is_written_and_read(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    for native in desk.profile.priorities:
        drive.run(CONNECTOR.push(update(ticket, priority=native), desk))
        assert look(drive, desk, ticket).fields["priority"] == native


def test_a_created_ticket_shows_what_was_written_and_is_found_by_its_marker(drive: Drive, desk: Desk) -> None:
    wanted = {
        "title": "  größer\n als " + "ä" * 150,
        "description": "eins\r\nzwei \U0001f600\x00 <b>kein HTML</b>\n\n",
        "priority": "100",
        "due": "2031-05-04T12:00:00+02:00",
        "site": 'it\'s "S" \\ 1',
        "assignee": "fedbot",
    }
    command = creation(**wanted)
    receipt = drive.run(CONNECTOR.push(command, desk))
    seen = look(drive, desk, receipt.remote_id)
    for name, value in wanted.items():
        assert seen.fields[name] == CONNECTOR.normalised(name, value, desk)
    assert (seen.fields["marker"], seen.fields["requester"]) == (command.marker, "cust1")
    assert not seen.history
    assert receipt.snapshot is not None
    assert receipt.snapshot.position == seen.position
    again = drive.run(CONNECTOR.push(command, desk))
    found = drive.run(CONNECTOR.find(command, desk))
    assert [one.remote_id for one in found] == [receipt.remote_id, again.remote_id]
    assert drive.run(CONNECTOR.find(creation(title="never written"), desk)) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "nonsense"}, "isn't a valid status"),
        ({"assignee": "nobody-knows"}, "That user does not exist"),
        ({"queue": "General"}, "Permission Denied"),
        ({"status": "deleted"}, "Permission Denied"),
    ],
)
def test_what_rt_refuses_with_200_is_noticed(
    drive: Drive, desk: Desk, make: Make, fields: dict[str, str], words: str
) -> None:
    ticket = make().remote_id
    with pytest.raises(DeskRejected, match=words):
        drive.run(CONNECTOR.push(update(ticket, **fields), desk))
    assert drive.run(CONNECTOR.find(update(ticket, **fields), desk)) == []


def test_what_a_person_changes_again_at_once_was_not_refused(
    drive: Drive, desk: Desk, make: Make, people: People
) -> None:
    ticket = make().remote_id

    def interfere(request: Request) -> None:
        if request.effect is Effect.READ and drive.said and drive.said[-1][0].effect is Effect.WRITE:
            set_(people["alice"], ticket, Status="stalled")

    drive.before = interfere
    receipt = drive.run(CONNECTOR.push(update(ticket, status="open", assignee="alice"), desk))
    assert (receipt.remote_id, receipt.snapshot) == (ticket, None)
    seen = look(drive, desk, ticket)
    assert [(one.new, one.actor.kind) for one in seen.history if one.field == "status"] == [
        ("open", ActorKind.GATEWAY),
        ("stalled", ActorKind.PERSON),
    ]


def test_a_custom_field_rt_does_not_have_is_noticed(drive: Drive, desk: Desk, make: Make) -> None:
    settings = {**desk.settings, "custom_fields": {"marker": "ExternalRef", "asset": "Equipment"}}
    with pytest.raises(DeskRejected, match="no such field"):
        drive.run(CONNECTOR.push(update(make().remote_id, asset="A-1"), replace(desk, settings=settings)))


def test_equal_comments_are_told_apart_and_no_other_is_taken_for_them(
    drive: Drive, desk: Desk, make: Make, people: People
) -> None:
    ticket = make().remote_id
    said = [drive.run(CONNECTOR.push(note(ticket, text, who), desk)) for text, who in (
        ("On my way.", PUBLIC), ("On my way.", PRIVATE), ("0", PUBLIC), ("On  my\r\nway.", PUBLIC),
    )]  # fmt: skip
    say(people["alice"], ticket, "On my way.")
    ids = [receipt.object_id for receipt in said]
    assert [one.object_id for one in drive.run(CONNECTOR.find(note(ticket, "On my way."), desk))] == [
        ids[0],
        ids[3],
    ]
    assert [one.object_id for one in drive.run(CONNECTOR.find(note(ticket, "0"), desk))] == [ids[2]]
    assert drive.run(CONNECTOR.find(note(ticket, "0", PRIVATE), desk)) == []
    shown = look(drive, desk, ticket).comments
    assert [one.remote_id for one in shown[:4]] == ids
    assert [one.visibility for one in shown[:4]] == [PUBLIC, PRIVATE, PUBLIC, PUBLIC]
    assert [one.author.kind for one in shown] == [ActorKind.GATEWAY] * 4 + [ActorKind.PERSON]
    assert [one.at for one in said] == pytest.approx([one.at for one in shown[:4]], abs=timedelta(seconds=2))


def test_our_reply_to_a_new_ticket_opens_it_by_rts_own_hand(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make()
    drive.run(CONNECTOR.push(note(ticket.remote_id, "seen"), desk))
    assert ticket.snapshot is not None
    seen = look(drive, desk, ticket.remote_id, ticket.snapshot.position)
    opened = seen.history[-1]
    assert (opened.field, opened.old, opened.new) == ("status", "new", "open")
    assert opened.actor.kind is ActorKind.AUTOMATION


def test_what_people_do_is_seen_once_with_time_and_actor(
    drive: Drive, desk: Desk, make: Make, people: People
) -> None:
    ticket = make(site="S-1").remote_id
    before = look(drive, desk, ticket)
    people["alice"].put(f"/ticket/{ticket}/take", json={}).raise_for_status()
    people["bob"].put(f"/ticket/{ticket}/steal", json={}).raise_for_status()
    say(people["bob"], ticket, "<p>which <i>tunnel</i>?</p><p>six</p>", kind="text/html")
    say(people["alice"], ticket, "hush", verb="comment")
    people["bob"].put(f"/ticket/{ticket}", json={"CustomFields": {"Site": "S-2"}}).raise_for_status()
    people["bob"].put(f"/ticket/{ticket}/untake", json={}).raise_for_status()
    seen = look(drive, desk, ticket, before.position)
    told = [(one.field, one.old, one.new, one.actor.id) for one in seen.history]
    assert told == [
        ("assignee", None, "alice", "alice"),
        ("assignee", "alice", "bob", "bob"),
        ("status", "new", "open", "RT_System"),
        ("site", "S-1", "S-2", "bob"),
        ("assignee", "bob", None, "bob"),
    ]
    assert [(one.text, one.visibility, one.author.name) for one in seen.comments] == [
        ("which tunnel?\n\nsix", PUBLIC, "Bob"),
        ("hush", PRIVATE, "Alice"),
    ]
    assert all(
        one.at is not None and abs(datetime.now(UTC) - one.at) < timedelta(minutes=2) for one in seen.history
    )
    assert (seen.fields["assignee"], seen.fields["site"], seen.complete) == (None, "S-2", False)
    calls = len(drive.said)
    nothing = look(drive, desk, ticket, seen.position)
    assert (list(nothing.history), list(nothing.comments), len(drive.said) - calls) == ([], [], 1)


def test_a_ticket_that_came_by_mail(rt: RequestTracker, drive: Drive, desk: Desk) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "cust1@example.test", "federation@partner.test", "Über Mail"
    mail.set_content("Plain Grüße\n")
    mail.add_alternative("<p>HTML Grüße</p>", subtype="html")
    mail.add_attachment(
        b"\x00\xff" * 40, maintype="application", subtype="octet-stream", filename="Отчёт.bin"
    )
    gate = ["/usr/bin/rt-mailgate-5", "--queue", rt.queue, "--action", "correspond", "--url", rt.base_url]
    subprocess.run(gate, input=mail.as_bytes(), check=True, timeout=30)
    [sighting] = drive.run(CONNECTOR.changed(cursor, desk)).sightings
    seen = look(drive, desk, sighting.remote_id)
    assert (seen.fields["title"], seen.fields["description"]) == ("Über Mail", "Plain Grüße")
    assert [(one.filename, one.visibility, one.size) for one in seen.attachments] == [
        ("Отчёт.bin", PUBLIC, 80)
    ]
    blob = drive.run(CONNECTOR.download(seen.attachments[0], desk))
    assert drive.files[blob.key] == b"\x00\xff" * 40


def test_the_feed_tells_what_people_and_we_did_once(
    drive: Drive, desk: Desk, make: Make, people: People
) -> None:
    ticket, other = make().remote_id, make().remote_id
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    say(people["alice"], ticket, "hush", verb="comment")
    drive.run(CONNECTOR.push(update(other, status="stalled"), desk))
    page = drive.run(CONNECTOR.changed(cursor, desk))
    assert ([one.remote_id for one in page.sightings], page.more) == ([ticket, other], False)
    calls = len(drive.said)
    assert drive.run(CONNECTOR.changed(page.cursor, desk)).sightings == []
    assert len(drive.said) - calls == 1


def test_a_ticket_moved_out_of_sight_or_merged_is_not_taken_for_itself(
    drive: Drive, desk: Desk, make: Make, people: People
) -> None:
    ticket, into, moved = make(), make().remote_id, make().remote_id
    set_(people["alice"], into, Subject="The one that stays")
    set_(people["alice"], ticket.remote_id, Status="stalled")
    set_(people["root"], ticket.remote_id, MergeInto=into)
    merged = look(drive, desk, ticket.remote_id)
    assert merged.remote_id == into
    assert [(one.field, one.new) for one in merged.history] == [("title", "The one that stays")]
    set_(people["root"], moved, Queue="General")
    with pytest.raises(DeskGone, match="may not look"):
        look(drive, desk, moved)
    with pytest.raises(DeskGone, match="no ticket 99999"):
        look(drive, desk, "99999")


def test_a_reminder_is_no_ticket(drive: Drive, desk: Desk, people: People) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    reminder = {"Queue": "Federation", "Subject": "Call them", "Type": "reminder"}
    made = people["root"].post("/ticket", json=reminder).raise_for_status().json()["id"]
    assert drive.run(CONNECTOR.changed(cursor, desk)).sightings == []
    with pytest.raises(DeskGone, match="reminder"):
        look(drive, desk, made)


def test_a_wrong_token_is_said_to_be_one(rt: RequestTracker, desk: Desk) -> None:
    stranger = Drive(base_url=rt.base_url, headers={"Authorization": "token 1-31-nonsense"})
    with pytest.raises(DeskDenied):
        stranger.run(CONNECTOR.check(desk))
    file = NativeAttachment(remote_id="1", filename="x", url="Ticket/Attachment/1/1/1")
    with pytest.raises(DeskDenied):
        stranger.run(CONNECTOR.download(file, desk))


def test_the_check_finds_nothing_missing_and_names_what_is(drive: Drive, desk: Desk, make: Make) -> None:
    make()
    facts = drive.run(CONNECTOR.check(desk))
    assert (facts.product, facts.missing, facts.sees_beyond) == ("Request Tracker", [], [])
    assert facts.version is not None
    assert facts.version.startswith("5.")
    assert facts.clock is not None
    assert abs(facts.clock - datetime.now(UTC)) < timedelta(seconds=30)
    assert (facts.account.id, facts.account.kind) == ("fedbot", ActorKind.GATEWAY)
    assert "new" in facts.statuses
    lacking = drive.run(
        CONNECTOR.check(replace(desk, account="alice", settings={**desk.settings, "queue": "Sales"}))
    )
    assert len(lacking.missing) == 2


def test_the_scrip_is_believed_only_with_its_signature(
    rt: RequestTracker, desk: Desk, people: People
) -> None:
    with Receiver() as receiver:
        rt.hook_to(receiver.url)
        ticket = {"Queue": rt.queue, "Subject": "hook", "Requestor": "cust1@example.test"}
        made = people["alice"].post("/ticket", json=ticket).raise_for_status().json()["id"]
        came = receiver.next()
        rt.hook_to(None)
    message = Message(
        id="msg_1", desk_id=desk.id, received_at=datetime.now(UTC), body=came.body, headers=came.headers
    )
    CONNECTOR.verify(message, desk, now=datetime.now(UTC))
    assert [one.remote_id for one in CONNECTOR.parse(message, desk)] == [made]
    with pytest.raises(SignatureInvalid):
        CONNECTOR.verify(replace(message, body=came.body + b" "), desk, now=datetime.now(UTC))
