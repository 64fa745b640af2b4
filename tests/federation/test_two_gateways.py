"""A ticket's life over two gateways: down and back over TMF621, by OAuth, each side with its own desk, database and worker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway import schemas
from gateway.domain.keeping import KeptClock
from tests.federation.town import Town, federated, free_ports, until

TRANSIT = timedelta(seconds=20)
"""More than a change needs from one gateway to the other on a busy machine."""
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with federated(tmp_path_factory.mktemp("federation"), free_ports(2)) as opened:
        yield opened


def test_a_ticket_goes_down_and_comes_back(town: Town) -> None:
    ticket = town.open("Till 7 is dead", priority="high")
    below = town.arrived("Till 7 is dead")
    assert town.doc(town.south, below)["fields"]["priority"] == "high"
    with town.south.acting() as desk:
        desk.person("mauro").set(below, "status", "open")
    town.shows(town.north, ticket, status="open")
    town.hears(town.north, ticket, "South accepted")
    with town.south.acting() as desk:
        mauro = desk.person("mauro")
        mauro.comment(below, "Which till?")
        mauro.set(below, "status", "waiting")
    town.hears(town.north, ticket, "Which till?")
    until(lambda: _stopped(town, below), "the clock stands still")
    town.hears(town.north, ticket, "waits for an answer from you")
    with town.north.acting() as desk:
        ann = desk.person("ann")
        ann.comment(ticket, "The seventh.")
        ann.attach(ticket, "photo.bin", bytes(range(256)), media_type="application/octet-stream")
        ann.set(ticket, "priority", "urgent")
    town.hears(town.south, below, "The seventh.")
    town.shows(town.south, below, status="open", priority="urgent")
    with town.south.acting() as desk:
        mauro = desk.person("mauro")
        mauro.attach(below, "report.txt", b"replaced", media_type="text/plain")
        mauro.comment(below, "Replaced the supply.")
        mauro.set(below, "status", "solved")
    town.hears(town.north, ticket, "Replaced the supply.")
    town.shows(town.north, ticket, status="on hold")
    with town.north.acting() as desk:
        desk.person("ann").set(ticket, "status", "open")
    town.shows(town.south, below, status="open")
    with town.south.acting() as desk:
        desk.person("mauro").set(below, "status", "solved")
    town.shows(town.north, ticket, status="on hold")
    with town.north.acting() as desk:
        desk.person("ann").set(ticket, "status", "solved")
    town.shows(town.south, below, status="closed")
    town.quiet()
    until(lambda: {clock.state for clock in _clocks(town, ticket, below)} == {"met"}, "both clocks are met")
    ours, theirs = _clocks(town, ticket, below)
    assert ours.target == theirs.target
    assert abs(ours.stopped_time - theirs.stopped_time) < TRANSIT
    assert abs(_moment(ours.due_at) - _moment(theirs.due_at)) < TRANSIT
    assert town.said(town.south, below, "The seventh.") == ["Ann (North):\n\nThe seventh."]
    assert town.said(town.north, ticket, "Which till?") == ["Mauro (South):\n\nWhich till?"]
    for server, ident in ((town.north, ticket), (town.south, below)):
        doc = town.doc(server, ident)
        for words in ("Which till?", "The seventh.", "Replaced the supply."):
            assert len(town.said(server, ident, words)) == 1, [one["text"] for one in doc["comments"]]
        assert {file["filename"] for file in doc["attachments"]} == {"photo.bin", "report.txt"}


def _clocks(town: Town, ticket: str, below: str) -> tuple[KeptClock, KeptClock]:
    ours, theirs = town.clock(town.a, ticket), town.clock(town.b, below)
    assert ours is not None
    assert theirs is not None
    return ours, theirs


def _stopped(town: Town, below: str) -> bool:
    clock = town.clock(town.b, below)
    return clock is not None and clock.stopped


def _moment(at: datetime | None) -> datetime:
    assert at is not None
    return at


def test_what_is_refused_goes_back_and_what_is_taken_back_is_cancelled(town: Town) -> None:
    refused, taken_back = town.open("not ours"), town.open("a mistake", priority="low")
    [below, second] = [town.arrived(title) for title in ("not ours", "a mistake")]
    due = town.doc(town.south, second)["fields"]["due"]
    assert abs(datetime.fromisoformat(due) - datetime.now(UTC) - timedelta(hours=24)) < 2 * TRANSIT
    with town.south.acting() as desk:
        mauro = desk.person("mauro")
        mauro.comment(below, "We do not serve that shop.")
        mauro.set(below, "status", "refused")
    with town.north.acting() as desk:
        desk.person("ann").set(taken_back, "status", "cancelled")
    town.hears(town.north, refused, "South declined the assignment. Reason: We do not serve that shop.")
    town.shows(town.south, second, status="cancelled")
    town.quiet()
    said = [one["text"] for one in town.doc(town.north, refused)["comments"]]
    assert [text for text in said if "We do not serve" in text] == [
        "Mauro (South):\n\nWe do not serve that shop.",
        "South declined the assignment. Reason: We do not serve that shop.",
    ]
    states = {one["name"]: one["status"] for one in town.told(limit="2")}
    assert states == {"not ours": "rejected", "a mistake": "cancelled"}


def test_what_crosses_beyond_the_standard_keeps_its_schema(town: Town) -> None:
    town.open("what crosses")
    town.arrived("what crosses")
    [told] = until(lambda: town.told(name="what crosses"), "the ticket at the door")
    [said] = [one["value"] for one in told["troubleTicketCharacteristic"] if one["name"] == "interdesk"]
    schemas.check("federation", said)
    assert len(said["route"]) == 2
    [named] = told["externalIdentifier"]
    assert [one["id"] for one in town.told(**{"externalIdentifier.id": named["id"]})] == [told["id"]]


def test_a_gateway_that_was_away_misses_nothing(town: Town) -> None:
    first = town.open("before")
    below = town.arrived("before")
    town.b.stop()
    later = town.open("while B is away")
    with town.north.acting() as desk:
        desk.person("ann").comment(first, "Are you there?")
    town.b.start()
    town.arrived("while B is away")
    town.hears(town.south, below, "Are you there?")
    town.a.stop()
    with town.south.acting() as desk:
        mauro = desk.person("mauro")
        mauro.comment(below, "We are.")
        mauro.set(below, "status", "open")
    town.a.start()
    town.hears(town.north, first, "We are.")
    town.shows(town.north, first, status="open")
    town.quiet()
    assert [len(town.at(town.south, title)) for title in ("before", "while B is away")] == [1, 1]
    assert len(town.said(town.south, below, "Are you there?")) == 1
    assert len(town.said(town.north, first, "We are.")) == 1
    assert town.doc(town.north, later)["fields"]["status"] == "new"
