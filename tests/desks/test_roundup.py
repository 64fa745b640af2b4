"""The Roundup connector against a running Roundup 2.6: what it writes arrives, what people do there is seen, what the
tracker moves by itself is what the manifest declares, and nothing private is ever published."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.roundup import CONNECTOR, listing
from gateway.connector import Effect, Exchange, Request
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    HopStatus,
    Message,
    NativeAttachment,
    Receipt,
    Snapshot,
    Visibility,
)
from gateway.errors import DeskDenied, DeskGone, DeskRejected, DeskStale, SignatureInvalid
from tests.connectors.drive import Drive
from tests.connectors.record_roundup import change, headers, say, shared
from tests.desks.launch import Roundup
from tests.desks.receiver import Receiver

pytestmark = pytest.mark.desks


@pytest.fixture
def drive(roundup_subcontractor: Roundup) -> Drive:
    """The wire, with the password of the gateway's account."""
    return Drive(base_url=roundup_subcontractor.base_url, headers=headers(roundup_subcontractor))


@pytest.fixture
def desk(roundup_subcontractor: Roundup) -> Desk:
    """The desk as the gateway would know it."""
    manifest = CONNECTOR.manifest
    return Desk(
        id="dsk_1",
        code="subcontractor",
        org_id="org_1",
        connector=manifest.name,
        base_url=roundup_subcontractor.base_url,
        settings=shared(roundup_subcontractor)["settings"],
        profile=manifest.profile,
        account="fedbot",
        hook_secrets=(roundup_subcontractor.hook_secret.encode(),),
    )


@pytest.fixture
def alice(roundup_subcontractor: Roundup) -> Iterator[httpx.Client]:
    """A person at the desk."""
    with roundup_subcontractor.client("alice") as client:
        yield client


Make = Callable[..., Receipt]


@pytest.fixture
def make(drive: Drive, desk: Desk) -> Make:
    """Creates a ticket by the connector; each has its own marker."""

    def made(**fields: str | None) -> Receipt:
        marker = f"idk-{time.time_ns()}"
        command = Command(
            id="dlv_1", kind=CommandKind.CREATE, marker=marker, fields={"title": "VPN down", **fields}
        )
        return drive.run(CONNECTOR.push(command, desk))

    return made


def update(remote_id: str, **fields: str | None) -> Command:
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker="idk-u", remote_id=remote_id, fields=fields)


def note(remote_id: str, text: str) -> Command:
    draft = CommentDraft(text=text, visibility=Visibility.PUBLIC)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker="idk-c", remote_id=remote_id, comment=draft)


def look(drive: Drive, desk: Desk, remote_id: str) -> Snapshot:
    return drive.run(CONNECTOR.fetch(remote_id, desk, since=None))


def test_round_trip_of_every_mapped_status(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    rows = desk.profile.statuses
    assert {row.native for row in rows} == set(roundup_subcontractor.statuses)
    ticket = make().remote_id
    assert look(drive, desk, ticket).fields["status"] == "unread"
    for row in (*rows[1:], rows[0]):
        receipt = drive.run(CONNECTOR.push(update(ticket, status=row.native), desk))
        assert receipt.snapshot is not None
        assert receipt.snapshot.fields["status"] == row.native
        assert look(drive, desk, ticket).fields["status"] == row.native
    read = {row.native: row.status for row in rows}
    for status, native in desk.profile.write_statuses.items():
        assert read[native] is status
    assert set(desk.profile.write_statuses) == {
        HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS, HopStatus.PENDING, HopStatus.HELD,
        HopStatus.RESOLVED, HopStatus.CLOSED,
    }  # fmt: skip


def test_every_mapped_priority_is_written_and_read(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    assert set(desk.profile.priorities) == set(roundup_subcontractor.priorities)
    ticket = make().remote_id
    for native in desk.profile.priorities:
        drive.run(CONNECTOR.push(update(ticket, priority=native), desk))
        assert look(drive, desk, ticket).fields["priority"] == native


def test_a_created_ticket_is_whole_and_found_by_its_marker_alone(
    drive: Drive, desk: Desk, make: Make
) -> None:
    made = make(description="Since 09:00.\nTunnel 7.", priority="urgent", site="PAR-01", assignee="alice")
    assert made.marker is not None
    seen = look(drive, desk, made.remote_id)
    assert seen.fields == {
        "title": "VPN down", "description": "Since 09:00.\nTunnel 7.", "priority": "urgent", "site": "PAR-01",
        "status": "unread", "assignee": "alice", "delegate": None, "tags": None, "marker": made.marker,
    }  # fmt: skip
    assert seen.comments == (), "the description is no comment"
    probe = Command(id="dlv_1", kind=CommandKind.CREATE, marker=made.marker)
    assert [found.remote_id for found in drive.run(CONNECTOR.find(probe, desk))] == [made.remote_id]
    part = replace(probe, marker=made.marker[:-1])
    assert drive.run(CONNECTOR.find(part, desk)) == (), "a part of a marker is not the marker"
    drive.run(CONNECTOR.push(update(made.remote_id, status="done-cbb"), desk))
    assert len(drive.run(CONNECTOR.find(probe, desk))) == 1


def test_a_ticket_by_a_person_has_a_description_too(drive: Drive, desk: Desk, alice: httpx.Client) -> None:
    first = alice.post("/msg", json={"author": "alice", "content": "It is down"}).json()["data"]["id"]
    with_it = alice.post("/issue", json={"title": "with", "messages": [first]}).json()["data"]["id"]
    without = alice.post("/issue", json={"title": "without"}).json()["data"]["id"]
    time.sleep(1)  # within one second nobody can tell a description from the first answer
    say(alice, without, "alice", "It is down")
    assert look(drive, desk, with_it).fields["description"] == "It is down"
    seen = look(drive, desk, without)
    assert seen.fields["description"] is None
    assert [said.text for said in seen.comments] == ["It is down"]


STRANGE = {
    "spaces": "  two  words ",
    "lines": "one\r\ntwo\rthree\n\nfour\n",
    "markup": "<b>bold</b> & h1. *textile*",
    "letters": "Привет, è già 中 😀",
    "numbers": "-1",
    "NUL": "a\0b",
    "control": "a\x01\x0bb",
    "long": "word " * 1000,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=list(STRANGE))
def test_what_a_text_becomes_is_foreseen(drive: Drive, desk: Desk, make: Make, text: str) -> None:
    fields = {"title": text, "site": text}
    foreseen = {name: CONNECTOR.normalised(name, value, desk) for name, value in fields.items()}
    made = make(**fields, description=text)
    assert made.snapshot is not None
    assert foreseen.items() <= made.snapshot.fields.items()
    drive.run(CONNECTOR.push(update(made.remote_id, title="x", site="x"), desk))
    drive.run(CONNECTOR.push(update(made.remote_id, **fields), desk))
    drive.run(CONNECTOR.push(note(made.remote_id, text), desk))
    seen = look(drive, desk, made.remote_id)
    described = {"description": CONNECTOR.normalised("description", text, desk)}
    assert (foreseen | described).items() <= seen.fields.items()
    assert [said.text for said in seen.comments] == [CONNECTOR.normalised("description", text, desk)]


def test_fields_can_be_emptied(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make(priority="bug", assignee="alice", site="PAR-01").remote_id
    empty = {"priority": None, "assignee": None, "site": None}
    drive.run(CONNECTOR.push(update(ticket, **empty), desk))
    assert empty.items() <= look(drive, desk, ticket).fields.items()


def test_what_people_do_is_seen(drive: Drive, desk: Desk, make: Make, alice: httpx.Client) -> None:
    ticket = make().remote_id
    change(alice, ticket, status="need-eg")
    say(alice, ticket, "alice", "Which tunnel?")
    seen = look(drive, desk, ticket)
    assert seen.fields["status"] == "need-eg"
    assert [(said.text, said.author.name, said.author.kind) for said in seen.comments] == [
        ("Which tunnel?", "alice", ActorKind.PERSON)
    ]
    now = datetime.now(UTC)
    assert seen.changed_at is not None
    assert now - timedelta(minutes=1) < seen.changed_at <= now + timedelta(seconds=1)
    assert (seen.has_history, seen.history, seen.complete) == (False, (), True)


@pytest.mark.parametrize(
    "status", ["unread", "resolved", "done-cbb", "in-progress", "need-eg", "deferred", "testing"]
)
def test_our_message_moves_only_what_the_manifest_declares(
    drive: Drive, desk: Desk, make: Make, status: str
) -> None:
    ticket = make(status=status).remote_id
    receipt = drive.run(CONNECTOR.push(note(ticket, "hello"), desk))
    assert receipt.snapshot is not None
    effects = {
        effect.old: effect.new for effect in CONNECTOR.manifest.side_effects if effect.field == "status"
    }
    assert receipt.snapshot.fields["status"] == effects.get(status, status)
    assert look(drive, desk, ticket).comments[0].author.kind is ActorKind.GATEWAY


@pytest.mark.parametrize("kind", ["comment", "file"])
def test_nothing_private_reaches_the_desk(drive: Drive, desk: Desk, make: Make, kind: str) -> None:
    ticket = make().remote_id
    private = note(ticket, "They never pay")
    assert private.comment is not None
    if kind == "comment":
        private = replace(private, comment=replace(private.comment, visibility=Visibility.PRIVATE))
    else:
        draft = AttachmentDraft(
            filename="x", media_type="text/plain", blob=drive.file(b"x"), visibility=Visibility.PRIVATE
        )
        private = replace(private, kind=CommandKind.ATTACH, comment=None, attachment=draft)
    drive.said.clear()
    with pytest.raises(DeskRejected, match="private"):
        drive.run(CONNECTOR.push(private, desk))
    assert drive.said == []


CONTENT = bytes(range(256)) * 40 + b"\r\n\n \n"


@pytest.mark.parametrize("filename", ["photo.jpg", 'a/b\\c: "what"?*.bin', "Фото è 中.png", " .x "])
def test_a_file_arrives_byte_by_byte(drive: Drive, desk: Desk, make: Make, filename: str) -> None:
    ticket = make().remote_id
    draft = AttachmentDraft(
        filename=filename, media_type="image/png", blob=drive.file(CONTENT), visibility=Visibility.PUBLIC
    )
    command = Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=ticket, attachment=draft)
    receipt = drive.run(CONNECTOR.push(command, desk))
    (native,) = look(drive, desk, ticket).attachments
    assert (native.remote_id, native.filename, native.author.kind) == (
        receipt.object_id, filename.strip(), ActorKind.GATEWAY
    )  # fmt: skip
    assert drive.run(CONNECTOR.download(native, desk)) == drive.file(CONTENT)
    assert [found.object_id for found in drive.run(CONNECTOR.find(command, desk))] == [receipt.object_id]
    other = replace(command, attachment=replace(draft, blob=drive.file(b"other")))
    assert drive.run(CONNECTOR.find(other, desk)) == (), "the same name is not the same file"


def test_equal_texts_are_told_apart_by_their_marker(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client
) -> None:
    ticket = make(description="ping").remote_id
    say(alice, ticket, "alice", "ping")
    first, second = (replace(note(ticket, "ping"), marker=f"idk-{number}") for number in (1, 2))
    assert drive.run(CONNECTOR.find(first, desk)) == (), "neither another's words nor the description"
    receipts = [drive.run(CONNECTOR.push(command, desk)) for command in (first, second)]
    for command, receipt in zip((first, second), receipts, strict=True):
        (found,) = drive.run(CONNECTOR.find(command, desk))
        assert (found.object_id, found.marker) == (receipt.object_id, command.marker)
    assert [said.marker for said in look(drive, desk, ticket).comments] == [None, "idk-1", "idk-2"]


def test_a_first_message_of_ours_is_no_description(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    drive.run(CONNECTOR.push(note(ticket, "hello"), desk))  # within the second in which the ticket was made
    seen = look(drive, desk, ticket)
    assert (seen.fields["description"], [said.text for said in seen.comments]) == (None, ["hello"])


@pytest.mark.parametrize("what", ["update", "comment"])
def test_somebody_who_was_faster_makes_it_stale(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client, what: str
) -> None:
    ticket = make().remote_id

    def interfere(request: Request) -> None:
        if request.effect is Effect.WRITE:
            change(alice, ticket, title="VPN down, tunnel 7")

    command = update(ticket, status="resolved") if what == "update" else note(ticket, "hello")
    drive.before = interfere
    with pytest.raises(DeskStale):
        drive.run(CONNECTOR.push(command, desk))
    drive.before = None
    seen = look(drive, desk, ticket)
    assert (seen.fields["title"], seen.fields["status"], seen.comments) == (
        "VPN down, tunnel 7",
        "unread",
        (),
    )
    drive.run(CONNECTOR.push(command, desk))
    assert len(drive.run(CONNECTOR.find(command, desk))) == 1


def test_a_person_who_changes_it_again_at_once_is_no_refusal(
    drive: Drive, desk: Desk, make: Make, alice: httpx.Client
) -> None:
    ticket = make().remote_id

    def interfere(request: Request) -> None:
        if request.effect is Effect.READ and drive.said[-1][0].effect is Effect.WRITE:
            change(alice, ticket, status="need-eg")

    drive.said.clear()
    drive.run(CONNECTOR.fetch(ticket, desk, since=None))
    drive.before = interfere
    receipt = drive.run(CONNECTOR.push(update(ticket, status="in-progress"), desk))
    assert receipt.snapshot is not None
    assert (receipt.snapshot.fields["status"], receipt.at) == ("need-eg", None)


REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "an unknown status": ({"status": "nonsense"}, "'nonsense' is not a status"),
    "an unknown priority": ({"priority": "whenever"}, "'whenever' is not a priority"),
    "an unknown person": ({"assignee": "nobody-known"}, "'nobody-known' is not a user"),
    "a field it has not": ({"due": "2026-12-01"}, "has no field 'due'"),
    "no title": ({"title": " "}, "an issue without title"),
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=list(REFUSED))
def test_a_refusal_is_told_in_words(
    drive: Drive, desk: Desk, make: Make, fields: dict[str, str | None], words: str
) -> None:
    ticket = make().remote_id
    with pytest.raises(DeskRejected, match=words):
        drive.run(CONNECTOR.push(update(ticket, **fields), desk))


def test_an_empty_file_is_refused(drive: Drive, desk: Desk, make: Make) -> None:
    draft = AttachmentDraft(
        filename="x", media_type="text/plain", blob=drive.file(b""), visibility=Visibility.PUBLIC
    )
    command = Command(
        id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=make().remote_id, attachment=draft
    )
    with pytest.raises(DeskRejected, match="empty file"):
        drive.run(CONNECTOR.push(command, desk))


def test_what_a_lost_answer_left_is_found(drive: Drive, desk: Desk, make: Make) -> None:
    class Lost(Exception):
        pass

    def after_the_write(request: Request) -> None:
        if drive.said and drive.said[-1][0].effect is Effect.WRITE:
            raise Lost

    ticket = make().remote_id
    draft = AttachmentDraft(
        filename="x", media_type="text/plain", blob=drive.file(b"x"), visibility=Visibility.PUBLIC
    )
    attach = Command(id="dlv_4", kind=CommandKind.ATTACH, marker="idk-a", remote_id=ticket, attachment=draft)
    for command in (update(ticket, status="resolved"), note(ticket, "hello"), attach):
        assert drive.run(CONNECTOR.find(command, desk)) == ()
        drive.said.clear()
        drive.before = after_the_write
        with pytest.raises(Lost):
            drive.run(CONNECTOR.push(command, desk))
        drive.before = None
        assert len(drive.run(CONNECTOR.find(command, desk))) == 1


def test_an_orphan_is_no_effect(drive: Drive, desk: Desk, make: Make) -> None:
    """A message that was made but never added to its issue: the comment is not there."""
    ticket, command = make().remote_id, note(make().remote_id, "lost")

    class Lost(Exception):
        pass

    def before_the_write(request: Request) -> None:
        if request.effect is Effect.WRITE:
            raise Lost

    command = replace(command, remote_id=ticket)
    drive.before = before_the_write
    with pytest.raises(Lost):
        drive.run(CONNECTOR.push(command, desk))
    drive.before = None
    assert drive.run(CONNECTOR.find(command, desk)) == ()
    assert look(drive, desk, ticket).comments == ()


def test_changes_are_listed_once_and_none_is_missed(
    drive: Drive, desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch, alice: httpx.Client
) -> None:
    monkeypatch.setattr(listing, "LIMIT", 2)
    old = make().remote_id
    page = drive.run(CONNECTOR.changed(None, desk))
    assert page.sightings == ()
    time.sleep(1)  # a cursor begins after the second in which it was handed out
    new = [make(site="PAR-01").remote_id for _ in range(4)]
    say(alice, old, "alice", "hello")
    seen: list[str] = []
    for _ in range(8):
        page = drive.run(CONNECTOR.changed(page.cursor, desk))
        seen += [sighting.remote_id for sighting in page.sightings]
    assert set(seen) == {old, *new}
    assert not page.more
    assert drive.run(CONNECTOR.changed(page.cursor, desk)).sightings == ()


def test_the_zone_of_our_account_does_not_move_the_poll(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    """Roundup reads a bare time in the zone of the user who asks."""
    me = roundup_subcontractor.user_ids["fedbot"]
    page = drive.run(CONNECTOR.changed(None, desk))
    with roundup_subcontractor.client("fedbot") as us:
        for zone in ("-8", "9", ""):
            etag = us.get(f"/user/{me}").json()["data"]["@etag"]
            us.patch(f"/user/{me}", json={"timezone": zone}, headers={"If-Match": etag}).raise_for_status()
            time.sleep(1)
            made = make().remote_id
            page = drive.run(CONNECTOR.changed(page.cursor, desk))
            assert made in [sighting.remote_id for sighting in page.sightings]
            seen = look(drive, desk, made)
            assert seen.created_at is not None
            assert abs(datetime.now(UTC) - seen.created_at) < timedelta(minutes=1)


def test_a_listed_ticket_tells_its_marker_and_where_it_stands(drive: Drive, desk: Desk, make: Make) -> None:
    cursor = drive.run(CONNECTOR.changed(None, desk)).cursor
    made = make(site="PAR-01", assignee="alice", priority="bug", description="It is down")
    (sighting,) = drive.run(CONNECTOR.changed(cursor, desk)).sightings
    assert (sighting.remote_id, sighting.marker) == (made.remote_id, made.marker)
    assert sighting.snapshot is not None
    described = {"description": "It is down"}
    assert {**sighting.snapshot.fields, **described} == look(drive, desk, made.remote_id).fields
    assert (sighting.snapshot.has_history, sighting.snapshot.complete) == (False, False)


def test_a_retired_ticket_is_gone(
    drive: Drive, desk: Desk, make: Make, roundup_subcontractor: Roundup
) -> None:
    ticket = make().remote_id
    with roundup_subcontractor.client("admin") as admin:
        etag = admin.get(f"/issue/{ticket}").json()["data"]["@etag"]
        admin.delete(f"/issue/{ticket}", headers={"If-Match": etag}).raise_for_status()
        assert admin.get(f"/issue/{ticket}").status_code == 200, "its own page does not tell"
    for exchange in _calls(ticket, desk):
        with pytest.raises(DeskGone):
            drive.run(exchange)
    for exchange in _calls("99999", desk):
        with pytest.raises(DeskGone):
            drive.run(exchange)


def _calls(ticket: str, desk: Desk) -> list[Exchange[Any]]:
    return [
        CONNECTOR.fetch(ticket, desk, since=None),
        CONNECTOR.push(update(ticket, status="resolved"), desk),
        CONNECTOR.push(note(ticket, "hello"), desk),
        CONNECTOR.find(note(ticket, "hello"), desk),
    ]


def test_a_file_that_is_not_there_is_gone(drive: Drive, desk: Desk) -> None:
    with pytest.raises(DeskGone):
        drive.run(CONNECTOR.download(NativeAttachment(remote_id="99999", filename="x"), desk))


def test_a_wrong_password_is_denied_everywhere(drive: Drive, desk: Desk, make: Make) -> None:
    ticket = make().remote_id
    known = {name: value for name, value in drive.headers.items() if name != "Authorization"}
    anonymous = Drive(base_url=drive.base_url, headers=known)
    stranger = Drive(
        base_url=drive.base_url, headers={**known, "Authorization": "Basic bm9ib2R5Om5vYm9keQ=="}
    )
    for exchange in (CONNECTOR.check(desk), *_calls(ticket, desk)):
        with pytest.raises(DeskDenied):
            anonymous.run(exchange)
    with pytest.raises(DeskDenied):  # once: after a few wrong passwords Roundup answers 429 for a while
        stranger.run(CONNECTOR.check(desk))


def test_check_says_what_it_sees_and_what_is_missing(
    drive: Drive, desk: Desk, roundup_subcontractor: Roundup
) -> None:
    facts = drive.run(CONNECTOR.check(desk))
    assert (facts.product, facts.account.name, facts.missing) == ("Roundup", "fedbot", ())
    assert facts.clock is not None
    assert abs(facts.clock - datetime.now(UTC)) < timedelta(minutes=1)
    assert facts.statuses == tuple(roundup_subcontractor.statuses)
    assert facts.priorities == tuple(roundup_subcontractor.priorities)
    wrong = replace(
        desk, account="somebody", settings={"properties": {"marker": "externalref", "site": "place"}}
    )
    told = drive.run(CONNECTOR.check(wrong)).missing
    assert len(told) == 2
    assert "somebody" in told[0]
    assert "'place'" in told[1]


def test_the_detectors_message_is_verified_and_read(
    desk: Desk, make: Make, alice: httpx.Client, roundup_subcontractor: Roundup
) -> None:
    ticket = make().remote_id
    with Receiver() as receiver:
        roundup_subcontractor.hook_to(receiver.url)
        try:
            change(alice, ticket, status="testing")
            came = receiver.next()
        finally:
            roundup_subcontractor.hook_to(None)
    now = datetime.now(UTC)
    message = Message(id="msg_1", desk_id=desk.id, received_at=now, body=came.body, headers=came.headers)
    CONNECTOR.verify(message, desk, now=now)
    (sighting,) = CONNECTOR.parse(message, desk)
    assert (sighting.remote_id, sighting.snapshot, sighting.hints) == (ticket, None, {"actor": "alice"})
    with pytest.raises(SignatureInvalid):
        CONNECTOR.verify(replace(message, body=came.body.replace(b"alice", b"malic")), desk, now=now)
