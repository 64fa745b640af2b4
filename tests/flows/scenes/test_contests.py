"""Desks that set the same field: whoever is heard first, every desk ends with the same value, and what lost can be seen."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import conflicts
from gateway.domain.model import HopStatus
from tests.builders import PROPERTY
from tests.flows.scenes.stage import MINUTE, Cast, Stage

CHAIN = ("customer>vendor", "vendor>north")
CODES = ("customer", "vendor", "north")
BOTH = {"fields_down": ["title", "priority"], "fields_up": ["priority"]}
Edit = tuple[str, str, int]
"""(desk, priority, after how many seconds)."""


def chain(**link: object) -> Stage:
    found = Stage(*CHAIN, cast=Cast(links={edge: {"crosses": BOTH, **link} for edge in CHAIN}))
    found.open(priority="normal")
    found.delegate("vendor", "north")
    found.set("north", "status", "open")
    found.wait(MINUTE)
    return found


def played(edits: Sequence[Edit], order: Sequence[int], **link: object) -> dict[str, str | None]:
    """All edits are made before the gateway hears of any; then it hears of them in that order. What each desk shows in
    the end."""
    found = chain(**link)
    found.hub.hooks()
    start = found.hub.clock.now
    heard = []
    for code, value, second in sorted(edits, key=lambda edit: edit[2]):
        found.hub.clock.now = start + timedelta(seconds=second)
        found.person(code).set(found.id(code), "priority", value)
    heard = found.hub.hooks()
    found.hub.clock.now = start + timedelta(seconds=10)
    for place in order:
        if place < len(heard):
            found.hub.receive(*heard[place])
            found.hub.step()
    found.wait(5 * MINUTE)
    return {code: found.field(code, "priority") for code in CODES}


EDITS = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.sampled_from(["urgent", "high", "low"]),
        st.integers(min_value=0, max_value=3),
    ),
    min_size=2,
    max_size=4,
)


@settings(PROPERTY, max_examples=12)
@given(EDITS, st.permutations(range(4)), st.sampled_from(["upstream", "downstream"]))
def test_the_later_one_wins_on_every_desk_in_whatever_order_it_is_heard(
    edits: list[Edit], order: list[int], owner: str
) -> None:
    told = {"priority": {"owner": owner, "policy": "latest_wins"}}
    found = played(edits, order, ownership=told)
    assert len(set(found.values())) == 1
    assert found == played(edits, range(4), ownership=told)


@settings(PROPERTY, max_examples=8)
@given(EDITS, st.permutations(range(4)))
def test_the_owners_value_is_on_every_desk_in_whatever_order_it_is_heard(
    edits: list[Edit], order: list[int]
) -> None:
    found = played(edits, order, ownership={"priority": {"owner": "upstream"}})
    own = [value for code, value, _ in sorted(edits, key=lambda edit: edit[2]) if code == "customer"]
    assert set(found.values()) == {own[-1] if own else "normal"}


def test_both_in_the_same_second_the_loser_stays_visible() -> None:
    found = chain(ownership={"priority": {"owner": "upstream", "policy": "latest_wins"}})
    for code, value in (("vendor", "low"), ("customer", "urgent")):
        found.person(code).set(found.id(code), "priority", value)
    found.wait(5 * MINUTE)

    assert {code: found.field(code, "priority") for code in CODES} == dict.fromkeys(CODES, "urgent")
    [conflict] = [event for event in found.events() if event.type == conflicts.FOUND]
    assert (conflict.data["winner"], conflict.data["downstream"]["value"]) == ("upstream", "low")
    assert [
        f"“low” was replaced by “urgent” ({conflict.id})" in text for text in found.read("vendor")[-1:]
    ] == [True]


def test_a_title_is_the_upstreams_all_the_way_down() -> None:
    found = chain()
    found.set("north", "title", "my own words")
    found.set("vendor", "title", "other words")
    found.wait(5 * MINUTE)
    assert {found.field(code, "title") for code in CODES} == {"till is dead"}


def test_a_status_that_waited_does_not_undo_what_a_person_set_there_since() -> None:
    """The vendor's word waits for the customer's desk, where somebody solves the ticket; that is seen before the word leaves."""
    stage = Stage("customer>vendor")
    stage.open()
    worker = stage.hub.worker

    def seen() -> None:
        for code, hook in stage.hub.hooks():
            stage.hub.receive(code, hook)
        for act in (worker.read_messages, worker.claim_looks, worker.fetch, worker.judge):
            act()

    stage.person("vendor").set(stage.id("vendor"), "status", "open")
    seen()
    stage.hub.clock.advance(timedelta(seconds=1))
    stage.person("customer").set(stage.id("customer"), "status", "solved")
    seen()
    assert stage.is_("customer") is HopStatus.RESOLVED
    stage.wait(timedelta(hours=13))

    assert (stage.status("customer"), stage.is_("customer")) == ("solved", HopStatus.RESOLVED)
