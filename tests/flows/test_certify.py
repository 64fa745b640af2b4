"""Certifying a link: every situation is played at desks in memory by people's own accounts, misses are told, what a desk cannot do
is not asked of it, and the tickets are closed behind it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

import pytest

from gateway.desk_client import DeskClient
from gateway.domain.certifying import SITUATIONS, Side, native_status
from gateway.domain.model import Blob, Command, HopStatus, Snapshot
from gateway.errors import Refused
from gateway.flows.certify import protocol
from gateway.flows.certify.hands import Driven, Hand
from gateway.flows.certify.playing import Bench, Document
from gateway.flows.certify.sitting import Room, driven
from gateway.flows.link_steps import By
from gateway.flows.preflight import Call
from gateway.testing.loopback.temper import PLAIN
from gateway.testing.loopback.wire import MemoryWire
from gateway.vault import ring
from tests.flows.scenes.stage import Cast, Stage

SECOND = timedelta(seconds=1)
VAULT = ring(f"one:{'A' * 43}=", source="test")


@dataclass(frozen=True)
class InMemory:
    """The wires of a hub in the place of the gateway's client."""

    wires: dict[str, MemoryWire]

    async def ask(self, exchange: Any, *, desk: Any, **_: Any) -> Any:
        return self.wires[desk.id].ask(exchange)

    async def push(self, exchange: Any, *, desk: Any, terms: Any, **_: Any) -> Any:
        assert isinstance(terms.command, Command)
        return self.wires[desk.id].push(exchange, terms.command)


def stage(**links: Any) -> Stage:
    made = Stage("customer>vendor", cast=Cast(links={"customer>vendor": links}))
    made.open(delegate=None)  # the stage's own ticket: its numbers are not the run's
    return made


def bench(
    stage: Stage, *, driven: tuple[str, ...] = ("customer", "vendor"), said: list[str] | None = None
) -> Bench:
    hub = stage.hub
    call = Call(
        client=cast("DeskClient", InMemory(hub.wires)),
        credentials=cast("Any", lambda _desk: None),
        now=hub.own_clock,
    )
    people: dict[str, MemoryWire] = {}
    for code in driven:
        hub.desks[code].people_by_token["anna"] = "anna"
        people[f"dsk_{code}"] = MemoryWire(
            desk=hub.desks[code], now=hub.own_clock, token="anna", blobs=hub.blobs
        )

    def keep(data: bytes) -> Blob:
        digest = sha256(data).hexdigest()
        hub.blobs[digest] = data
        return Blob(key=digest, size=len(data), sha256=digest)

    async def pause() -> None:
        hub.run(SECOND)

    theirs = Call(
        client=cast("DeskClient", InMemory(people)), credentials=call.credentials, now=hub.own_clock
    )
    sides = {"customer": Side.UPSTREAM, "vendor": Side.DOWNSTREAM}
    hands: dict[Side, Hand] = {
        sides[code]: Driven(context=hub.context, call=theirs, credentials=cast("Any", None), keep=keep)
        for code in driven
    }
    return Bench(
        context=hub.context, call=call, hands=hands, pause=pause, keep=keep, say=(said if said is not None else []).append,
        patience=timedelta(minutes=2),
    )  # fmt: skip


def by(stage: Stage) -> By:
    return By(party=None, actor="anna", now=stage.hub.now)


def played(stage: Stage, with_: Bench, *names: str) -> Document:
    """The protocol after these situations, or all."""
    document = protocol.begun(stage.hub.context, "customer-vendor", by(stage))
    run = protocol.run_of(with_, document, by(stage))
    for number, situation in protocol.left(document):
        if not names or situation.name in names:
            document["situations"].append(asyncio.run(run.play(situation, number)))
    return document


def verdicts(document: Document) -> dict[str, str]:
    return {one["name"]: f"{one['verdict']}: {one['why']}".rstrip(": ") for one in document["situations"]}


def test_every_situation_passes_between_two_plain_desks() -> None:
    made = stage(crosses={"fields_down": ["title", "description", "priority", "due"]})
    document = played(made, bench(made))

    assert verdicts(document) == {one.name: "passed" for one in SITUATIONS}
    assert len(SITUATIONS) >= 20
    assert {tuple(one["left"]) for one in document["situations"]} == {()}
    for code in ("customer", "vendor"):
        mine = [doc for doc in made.docs(code) if "certify-" in str(doc["fields"]["title"])]
        assert {doc["fields"]["status"] for doc in mine} <= {"cancelled", "closed", "refused"}, code


def test_a_desk_that_nobody_drives_is_watched_while_a_person_does_it() -> None:
    made = stage()
    said: list[str] = []

    class Obliging(list[str]):
        """Somebody at the vendor's desk who does what the terminal says."""

        def append(self, text: str) -> None:
            said.append(text)
            native = text.partition("“")[2].partition("”")[0]
            made.person("vendor").set(made.id("vendor"), "status", native)

    document = played(made, bench(made, driven=("customer",), said=Obliging()), "hand-over")

    assert verdicts(document) == {"hand-over": "passed"}
    assert said == ["please, at vendor, ticket T-1: set its status to “open”"]
    assert document["situations"][0]["left"] == ["vendor T-1"], "nobody here can close it"


def test_what_nobody_does_or_no_desk_shows_fails_and_is_named() -> None:
    made = stage()
    document = played(made, bench(made, driven=("customer",)), "words up")

    [entry] = document["situations"]
    assert entry["verdict"] == "failed"
    assert entry["why"] == "nobody did it: at vendor, ticket T-1: set its status to “open”"


def test_a_ticket_that_somebody_opens_by_hand_is_found_by_its_title() -> None:
    made = stage()

    class Opening(list[str]):
        def append(self, text: str) -> None:
            title = text.partition("“")[2].partition("”")[0]
            made.person("customer").open(title, delegate="vendor")

    document = played(made, bench(made, driven=("vendor",), said=Opening()), "hand-over")

    assert verdicts(document) == {"hand-over": "passed"}


def test_a_desk_is_not_asked_for_what_it_cannot_do() -> None:
    made = Stage(
        "customer>vendor",
        cast=Cast(
            tempers={
                "customer": replace(PLAIN, edits_comments=False),
                "vendor": replace(PLAIN, private_comments=False, edits_comments=False),
            }
        ),
    )
    made.open(delegate=None)
    document = played(made, bench(made), "private below", "edited", "priority", "due")

    found = verdicts(document)
    assert found["private below"] == "not applicable: vendor has no internal notes"
    assert found["edited"] == "not applicable: customer lets nobody edit a comment"
    assert "steps" in document["situations"][0]


def test_an_edit_is_seen_at_a_desk_that_cannot_edit_and_a_rejection_cancels_where_nothing_else_does() -> None:
    made = Stage("customer>vendor", cast=Cast(tempers={"vendor": replace(PLAIN, edits_comments=False)}))
    made.open(delegate=None)
    document = played(made, bench(made), "edited", "cancel")

    assert verdicts(document) == {"edited": "passed", "cancel": "passed"}
    [desk] = [one for one in made.hub.context.directory_now.desks.values() if one.code == "customer"]
    kept = tuple(row for row in desk.profile.statuses if row.status != "cancelled")
    writes = {status: word for status, word in desk.profile.write_statuses.items() if status != "cancelled"}
    narrow = replace(desk, profile=replace(desk.profile, statuses=kept, write_statuses=writes))
    assert native_status(narrow, "cancelled") == desk.profile.write_statuses[HopStatus.REJECTED]


class Unsized(InMemory):
    """Desks that tell no file's size, as Roundup does."""

    async def ask(self, exchange: Any, *, desk: Any, **more: Any) -> Any:
        seen = await super().ask(exchange, desk=desk, **more)
        if isinstance(seen, Snapshot):
            return replace(seen, attachments=tuple(replace(one, size=None) for one in seen.attachments))
        return seen


def test_where_a_desk_tells_no_size_the_bytes_of_a_file_are_looked_at() -> None:
    made = stage()
    with_ = bench(made)
    call = replace(with_.call, client=cast("DeskClient", Unsized(made.hub.wires)))
    document = played(made, replace(with_, call=call), "file up", "large photo")

    assert verdicts(document) == {"file up": "passed", "large photo": "passed"}


def test_a_link_that_loses_a_word_does_not_pass() -> None:
    made = stage(crosses={"fields_down": ["title", "priority"], "internal_notes_down": True})
    document = played(made, bench(made), "private above", "due")
    assert verdicts(document) == {
        "private above": "not applicable: the link lets internal notes cross",
        "due": "not applicable: the link does not let due cross",
    }


def test_a_run_goes_on_where_it_stopped_and_ends_with_its_sums() -> None:
    made = stage()
    document = played(made, bench(made), "hand-over", "words down")
    still = [one.name for _, one in protocol.left(document)]
    assert len(still) == len(SITUATIONS) - 2
    assert "hand-over" not in still

    ended = protocol.ended(made.hub.context, document, by(made))
    assert ended["counts"] == {"passed": 2, "failed": 0, "not applicable": 0}


def test_a_hand_writes_under_its_own_name_and_not_where_an_agent_signs_in() -> None:
    made = stage()
    with_ = bench(made)
    room = Room(context=made.hub.context, call=with_.call, vault=VAULT, keep=with_.keep, pause=with_.pause)
    desk = made.hub.context.directory_now.desk("dsk_vendor")

    assert driven(room, desk, {"user": "anna", "secret": "her own"}).account == "anna"
    assert driven(room, desk, {"secret": "her own"}).account == ""
    with pytest.raises(Refused, match="through its agent"):
        driven(room, replace(desk, agent=True), {"secret": "her own"})


def test_a_changed_protocol_is_not_ours() -> None:
    signed = protocol.signed({"run": "1", "situations": [{"verdict": "failed"}]}, VAULT)

    assert protocol.is_genuine(signed, VAULT)
    assert not protocol.is_genuine({**signed, "situations": [{"verdict": "passed"}]}, VAULT)
    assert not protocol.is_genuine(
        {name: value for name, value in signed.items() if name != "signature"} | {"signature": "k1."}, VAULT
    )


def test_a_link_over_which_nothing_passes_is_not_certified() -> None:
    made = stage(state="paused")
    with pytest.raises(Refused, match="customer-vendor is paused"):
        protocol.begun(made.hub.context, "customer-vendor", by(made))
