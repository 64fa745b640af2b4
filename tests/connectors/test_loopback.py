"""The loopback connector against the loopback desk itself, every temper, in memory and over HTTP."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from connectors.loopback import CONNECTOR
from gateway.connector import Effect, Response
from gateway.desk_client import DeskClient, GuardedTransport, NetworkPolicy, credentials_for
from gateway.domain.model import (
    ActorKind,
    AttachmentDraft,
    Command,
    CommandKind,
    Receipt,
    Visibility,
)
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.errors import DeskDenied, DeskGone, SignatureInvalid, Unsupported
from gateway.testing.loopback import PLAIN, TEMPERS, VENDOR, Answer, Hooks, LoopbackDesk, Temper
from gateway.testing.loopback.server import LoopbackServer
from gateway.testing.notation import blob_of
from tests.testing.loopback.around import TOKEN, Around, again, comment, create, desk_for, update

ALL = pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS.keys())


def brought_before(around: Around, ticket: str, native: str) -> None:
    """Let a person bring the ticket to where the desk allows the move to `native`."""
    moves = around.temper.transitions or {}
    allowed = [old for old, news in moves.items() if native in news]
    other = next(word for word in around.temper.statuses if word != native)
    around.loopback.person("dispatcher").set(ticket, "status", allowed[0] if allowed else other)


@ALL
def test_round_trip_of_every_mapped_status(temper: Temper) -> None:
    around = Around(temper=temper)
    ticket = around.done(create()).remote_id
    means = {row.native: row.status for row in around.desk.profile.statuses}
    assert around.desk.profile.write_statuses
    for canonical, native in around.desk.profile.write_statuses.items():
        brought_before(around, ticket, native)
        receipt = around.done(update(ticket, status=native))
        snapshot = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None))
        assert snapshot.fields["status"] == native == CONNECTOR.normalised("status", native, around.desk)
        assert receipt.snapshot is not None
        assert receipt.snapshot.fields == snapshot.fields
        own_words = around.temper.write_statuses
        assert means[native] is canonical or own_words.get(canonical) == native


@ALL
def test_round_trip_of_every_mapped_priority(temper: Temper) -> None:
    around = Around(temper=temper)
    ticket = around.done(create()).remote_id
    for canonical, native in around.desk.profile.write_priorities.items():
        around.done(update(ticket, priority=native))
        shown = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None)).fields["priority"]
        assert shown == temper.priority_remap.get(native, native)
        if native not in temper.priority_remap:
            assert around.desk.profile.priorities[native] is canonical


@ALL
def test_what_is_written_shows_as_normalised(temper: Temper) -> None:
    around = Around(temper=temper)
    fields = {
        "title": "  a <b>very</b>\n long " + "title " * 40,
        "description": " <p>one</p>\r\ntwo <<i>> ",
        "queue": " ",
    }
    receipt = around.done(Command(id="1", kind=CommandKind.CREATE, marker="m", fields=fields))
    assert receipt.snapshot is not None
    for name, sent in fields.items():
        assert receipt.snapshot.fields[name] == CONNECTOR.normalised(name, sent, around.desk)


@ALL
def test_everything_pushed_is_found_again_once(temper: Temper) -> None:
    around = Around(temper=temper)
    assert around.found(create()) == []
    ticket = around.done(create()).remote_id
    around.clock.pass_by(seconds=temper.search_lag.total_seconds())
    assert [receipt.remote_id for receipt in around.found(create())] == [ticket]
    said = comment(ticket, "<b>On</b> my way")
    assert around.found(said) == []
    written = around.done(said)
    assert [receipt.object_id for receipt in around.found(said)] == [written.object_id]
    changed = update(ticket, title="Another")
    assert around.found(changed) == []
    around.done(changed)
    assert len(around.found(changed)) == 1


@ALL
def test_equal_comments_are_told_apart(temper: Temper) -> None:
    around = Around(temper=temper)
    ticket = around.done(create()).remote_id
    first, second = comment(ticket, "Any news?", "m1"), comment(ticket, "Any news?", "m2", occurrence=2)
    one = around.done(first)
    assert around.found(second) == []
    two = around.done(second)
    assert [receipt.object_id for receipt in around.found(first)] == [one.object_id]
    assert [receipt.object_id for receipt in around.found(second)] == [two.object_id]


@ALL
def test_a_file_comes_back_byte_for_byte(temper: Temper) -> None:
    around = Around(temper=temper)
    ticket = around.done(create()).remote_id
    data = bytes(range(256)) * 40
    around.wire.blobs[blob_of(data).sha256] = data
    draft = AttachmentDraft(
        filename="schéma «1».bin",
        media_type="application/x-test",
        blob=blob_of(data),
        visibility=Visibility.PUBLIC,
    )
    command = Command(id="1", kind=CommandKind.ATTACH, marker="m", remote_id=ticket, attachment=draft)
    assert around.found(command) == []
    receipt = around.done(command)
    assert [found.object_id for found in around.found(command)] == [receipt.object_id]
    shown = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None)).attachments
    assert [(part.filename, part.media_type, part.size) for part in shown] == [
        (draft.filename, draft.media_type, len(data))
    ]
    around.wire.blobs.clear()
    blob = around.ask(CONNECTOR.download(shown[0], around.desk))
    assert blob == blob_of(data)
    assert around.wire.blobs[blob.sha256] == data


@ALL
def test_a_webhook_says_what_a_fetch_says(temper: Temper) -> None:
    around = Around(temper=replace(temper, hooks=Hooks.FULL))
    ticket = around.loopback.person("alice").open("Printer on fire", queue="print")
    around.loopback.person("alice").comment(ticket, "Smoke!", public=True)
    hook = around.loopback.drain_hooks()[-1]
    CONNECTOR.verify(around.message(hook), around.desk, now=around.clock())
    (seen,) = CONNECTOR.parse(around.message(hook), around.desk)
    assert seen.snapshot == around.ask(CONNECTOR.fetch(ticket, around.desk, since=None))


def test_actors_are_told_apart() -> None:
    around = Around(temper=VENDOR)
    ticket = around.done(create()).remote_id
    around.done(comment(ticket, "hello"))
    around.loopback.person("alice").set(ticket, "assignee", "alice")
    history = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None)).history
    assert [(entry.field, entry.actor.kind) for entry in history] == [
        ("status", ActorKind.AUTOMATION),
        ("assignee", ActorKind.PERSON),
    ]
    around.done(update(ticket, group="field"))
    after = around.ask(CONNECTOR.fetch(ticket, around.desk, since=history[-1].id))
    assert [(entry.field, entry.actor.kind) for entry in after.history] == [("group", ActorKind.GATEWAY)]
    assert after.position == after.history[-1].id


def test_the_receipt_names_every_entry_it_caused() -> None:
    around = Around(temper=VENDOR)
    ticket = around.done(create()).remote_id
    said = around.done(comment(ticket, "hello"))
    changed = around.done(update(ticket, group="field", assignee="bob"))
    history = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None)).history
    assert [entry.id for entry in history] == [*said.entries, *changed.entries]


def test_a_refusal_in_a_200_is_seen() -> None:
    around = Around(temper=replace(VENDOR, transitions={"new": ("open",), "open": ()}))
    ticket = around.done(create()).remote_id
    verdict = around.push(update(ticket, status="resolved"))
    assert (verdict.outcome, verdict.reason) == (OutcomeClass.PERMANENT, Ground.REFUSED)
    assert "cannot go from new to resolved" in verdict.message


def test_a_private_comment_is_never_made_public() -> None:
    around = Around(settings={"private_comments": False})
    ticket = around.done(create()).remote_id
    calls = around.loopback.calls
    with pytest.raises(Unsupported):
        next(CONNECTOR.push(comment(ticket, "secret", public=False), around.desk))
    assert around.loopback.calls == calls


def test_one_call_when_the_answer_is_the_receipt_else_two() -> None:
    for trusted, calls in ((True, 1), (False, 2)):
        around = Around(settings={"receipt_is_answer": trusted})
        around.done(create())
        assert around.loopback.calls == calls


def test_a_change_is_written_only_over_what_was_known_where_the_desk_is_set_so() -> None:
    around = Around(settings={"conditional": True})
    ticket = around.done(create(title="Printer on fire")).remote_id
    ours = replace(update(ticket, title="Printer burns"), was={"title": "Printer on fire"})
    around.loopback.person("alice").set(ticket, "title", "Fax on fire")
    before = around.loopback.calls
    verdict = around.push(ours)
    assert (verdict.outcome, around.loopback.calls) == (OutcomeClass.STALE, before + 1)
    assert "title" in verdict.message
    around.done(replace(ours, was={"title": "Fax on fire"}))
    around.done(ours)  # it stands there already: whoever wrote it
    assert around.ask(CONNECTOR.fetch(ticket, around.desk, since=None)).fields["title"] == "Printer burns"


def test_a_change_in_the_moment_of_the_write_is_refused_by_its_etag() -> None:
    around = Around(settings={"conditional": True})
    ticket = around.done(create(title="Printer on fire")).remote_id
    writing = CONNECTOR.push(
        replace(update(ticket, title="Printer burns"), was={"title": "Printer on fire"}), around.desk
    )
    look = next(writing)
    shown = around.call(look.method, f"/{look.path}")
    around.loopback.person("alice").comment(ticket, "It is the fax.")
    write = writing.send(Response(status=shown.status, headers=shown.headers, body=shown.body))
    assert write.effect is Effect.WRITE
    answer = around.loopback.handle(
        write.method, f"/{write.path}", query={}, body=orjson.dumps(write.json),
        headers={"authorization": f"Bearer {TOKEN}", **write.headers},
    )  # fmt: skip
    assert isinstance(answer, Answer)
    assert answer.status == 412


def test_changes_are_listed_once_each_with_an_overlap() -> None:
    around = Around()
    cursor = around.ask(CONNECTOR.changed(None, around.desk)).cursor
    alice = around.loopback.person("alice")
    first = alice.open("one", queue="print")
    alice.comment(first, "more")
    around.clock.pass_by(seconds=90)
    page = around.ask(CONNECTOR.changed(cursor, around.desk))
    assert [(seen.remote_id, seen.hints["queue"]) for seen in page.sightings] == [(first, "print")]
    again_page = around.ask(CONNECTOR.changed(page.cursor, around.desk))
    assert [seen.remote_id for seen in again_page.sightings] == [first]
    around.clock.pass_by(seconds=121)
    later = around.ask(CONNECTOR.changed(again_page.cursor, around.desk))
    assert [seen.remote_id for seen in later.sightings] == [first]
    assert around.ask(CONNECTOR.changed(later.cursor, around.desk)).sightings == ()


def test_a_long_list_comes_in_pages() -> None:
    around = Around()
    cursor: str = around.ask(CONNECTOR.changed(None, around.desk)).cursor
    opened = [around.loopback.person("alice").open(f"ticket {number}") for number in range(250)]
    seen: list[str] = []
    more = True
    while more:
        page = around.ask(CONNECTOR.changed(cursor, around.desk))
        seen += [sighting.remote_id for sighting in page.sightings]
        cursor, more = page.cursor, page.more
    assert seen == opened


@pytest.mark.parametrize("seed", range(20))
def test_no_change_is_missed_though_ids_commit_out_of_order(seed: int) -> None:
    around = Around(temper=replace(PLAIN, commit_lag=timedelta(seconds=110)), seed=seed)
    cursor = around.ask(CONNECTOR.changed(None, around.desk)).cursor
    opened, seen = set(), set()
    for number in range(60):
        around.clock.pass_by(seconds=7)
        if number < 40:
            opened.add(around.loopback.person("alice").open(f"ticket {number}"))
        page = around.ask(CONNECTOR.changed(cursor, around.desk))
        cursor = page.cursor
        seen |= {sighting.remote_id for sighting in page.sightings}
    assert seen == opened


def test_two_secrets_during_rotation_and_none_is_none() -> None:
    around = Around()
    around.loopback.person("alice").open("one")
    message = around.message(around.loopback.drain_hooks()[0])
    CONNECTOR.verify(
        message, replace(around.desk, hook_secrets=(b"new", *around.desk.hook_secrets)), now=around.clock()
    )
    for secrets in ((), (b"",), (b"new",)):
        with pytest.raises(SignatureInvalid):
            CONNECTOR.verify(message, replace(around.desk, hook_secrets=secrets), now=around.clock())


def flipped(data: bytes) -> Iterator[bytes]:
    for place in range(len(data) * 8):
        byte = data[place // 8] ^ (1 << place % 8)
        yield data[: place // 8] + bytes([byte]) + data[place // 8 + 1 :]


def test_no_bit_can_be_changed() -> None:
    around = Around()
    around.loopback.person("alice").open("one", "Smoke on floor 3.")
    message = around.message(around.loopback.drain_hooks()[0])
    forged = [replace(message, body=body) for body in flipped(message.body)]
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        values = [value.decode("latin-1") for value in flipped(message.headers[name].encode())]
        forged += [replace(message, headers={**message.headers, name: value}) for value in values]
    accepted = 0
    for candidate in forged:
        try:
            CONNECTOR.verify(candidate, around.desk, now=around.clock())
            accepted += 1
        except SignatureInvalid:
            continue
    assert (accepted, len(forged) > 4000) == (0, True)


@pytest.mark.parametrize(("seconds", "passes"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_five_minutes_are_tolerated(seconds: int, passes: bool) -> None:
    around = Around()
    around.loopback.person("alice").open("one")
    message = around.message(around.loopback.drain_hooks()[0])
    now = around.clock() + timedelta(seconds=seconds)
    if passes:
        CONNECTOR.verify(message, around.desk, now=now)
    else:
        with pytest.raises(SignatureInvalid, match="too old"):
            CONNECTOR.verify(message, around.desk, now=now)


def test_a_merged_ticket_answers_under_another_id() -> None:
    around = Around()
    alice = around.loopback.person("alice")
    one, two = alice.open("one"), alice.open("two")
    alice.merge(one, two)
    assert around.ask(CONNECTOR.fetch(one, around.desk, since=None)).remote_id == two
    verdict = around.push(comment(one, "hello"))
    assert verdict.outcome is OutcomeClass.AMBIGUOUS


def test_a_deleted_ticket_is_gone() -> None:
    around = Around()
    ticket = around.done(create()).remote_id
    around.loopback.person("alice").delete(ticket)
    with pytest.raises(DeskGone):
        around.ask(CONNECTOR.fetch(ticket, around.desk, since=None))


def test_a_wrong_account_is_told() -> None:
    around = Around()
    facts = around.ask(CONNECTOR.check(around.desk))
    assert (facts.statuses, facts.missing) == (tuple(PLAIN.statuses), ())
    assert facts.clock == around.clock()
    (told,) = around.ask(CONNECTOR.check(replace(around.desk, account="somebody"))).missing
    assert "'interdesk'" in told
    around.wire.token = "wrong"
    with pytest.raises(DeskDenied):
        around.ask(CONNECTOR.check(around.desk))


# -- over HTTP, with the wire of production -------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    temper = replace(PLAIN, hooks=Hooks.NONE)
    desk = LoopbackDesk(temper, clock=lambda: datetime.now(UTC), token=TOKEN)
    with LoopbackServer(desk) as running:
        yield running


def over_http(server: LoopbackServer, *commands: Command) -> list[Verdict]:
    desk = replace(desk_for(PLAIN, base_url=server.url), allow_private_network=True)
    credentials = credentials_for(desk, CONNECTOR.manifest, {"secret": TOKEN})

    async def run() -> list[Verdict]:
        transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport) as client:
            return [
                await client.push(CONNECTOR.push(command, desk), desk=desk, credentials=credentials)
                for command in commands
            ]

    return asyncio.run(run())


def test_the_same_over_http(server: LoopbackServer) -> None:
    verdicts = over_http(
        server, create(), comment("1", "Привет"), update("1", status="open"), again(create(), "idk-2")
    )
    assert [verdict.outcome for verdict in verdicts] == [OutcomeClass.APPLIED] * 4
    assert all(isinstance(verdict.receipt, Receipt) for verdict in verdicts)
    with server.acting() as desk:
        ticket, other = desk.tickets()
    assert (ticket["fields"]["status"], ticket["comments"][0]["text"]) == ("open", "Привет")
    assert other["fields"]["marker"] == "idk-2"
