"""The case in memory: finding one's way in the chain, and collecting what a judgement adds and changes."""

import pytest

from gateway.domain.case import Because
from gateway.domain.marks import keyed
from gateway.domain.model import Actor, ActorKind, ContentKind, Visibility
from tests.builders import NOW, PERSON, SALT, content, later, put, tree

FORK = ("customer>vendor", "vendor>north", "vendor>south", "north>deep")


def codes(*hop_ids: str) -> list[str]:
    return [hop_id.removeprefix("hop_") for hop_id in hop_ids]


# -- the way ------------------------------------------------------------------------------------------------------------------


def test_up_and_down() -> None:
    case = tree(*FORK)
    root, deep = case.hops["hop_customer"], case.hops["hop_deep"]

    assert (case.parent(root), case.link(root)) == (None, None)
    assert codes(*(hop.id for hop in case.upwards(deep))) == ["deep", "north", "vendor", "customer"]
    assert case.desk(deep).code == "deep"


def test_children_stand_in_the_order_of_their_offers() -> None:
    case = tree(*FORK)
    put(case, "north", offered_at=later(5))

    assert codes(*(hop.id for hop in case.children(case.hops["hop_vendor"]))) == ["south", "north"]


TOWARDS = {
    "a child's child": ("vendor", "deep", "north"),
    "a child": ("vendor", "south", "south"),
    "the root": ("deep", "customer", "north"),
    "a cousin": ("deep", "south", "north"),
    "a sibling": ("south", "north", "vendor"),
    "the parent": ("north", "vendor", "vendor"),
}


@pytest.mark.parametrize(("here", "there", "first"), TOWARDS.values(), ids=TOWARDS.keys())
def test_the_first_step_towards(here: str, there: str, first: str) -> None:
    case = tree(*FORK)

    step = case.towards(case.hops[f"hop_{here}"], case.hops[f"hop_{there}"])

    assert step.id == f"hop_{first}"


# -- changes ------------------------------------------------------------------------------------------------------------------


def test_a_change_of_nothing_is_no_change() -> None:
    case = tree(*FORK)
    before = case.hops["hop_north"]

    assert case.put(before, status=before.status) is before
    assert case.dirty_hops == set()


def test_a_change_is_made_to_the_hop_as_it_is_now() -> None:
    case = tree(*FORK)
    stale = case.hops["hop_north"]
    case.put(stale, number="N-1")

    hop = case.put(stale, url="u")

    assert (hop.number, hop.url, case.dirty_hops) == ("N-1", "u", {"hop_north"})


@pytest.mark.parametrize(
    ("changes", "grows"),
    [
        ({"shadow": {"status": "x"}}, True),
        ({"position": "9"}, True),
        ({"revision": "9"}, True),
        ({"remote_id": "9"}, True),
        ({"wrote_at": later(1)}, True),
        ({"number": "9", "answer_by": NOW, "next_seq": 9}, False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else str(value),
)
def test_the_version_grows_with_what_we_know_of_the_desk(changes: dict[str, object], grows: bool) -> None:
    case = tree(*FORK)

    hop = case.put(case.hops["hop_north"], **changes)

    assert hop.version == (1 if grows else 0)


def test_a_shadow_is_keyed_with_plain_words() -> None:
    case = tree(*FORK)

    hop = case.know(case.hops["hop_north"], {ContentKind.TITLE: "x"})

    assert [type(name) for name in hop.shadow] == [str]


# -- what is recorded -----------------------------------------------------------------------------------------------------------


def test_an_event_says_who_when_and_where() -> None:
    case = tree(*FORK)

    event = case.record("status.changed", case.hops["hop_north"], PERSON, {"to": "held"})

    assert (event.org_id, event.ticket_id, event.hop_id) == ("org_north", "tkt_1", "hop_north")
    assert (event.actor, event.actor_kind, event.source) == ("per_x", PERSON.actor_kind, PERSON.source)
    assert (event.observed_at, event.reported_at, dict(event.data)) == (NOW, NOW, {"to": "held"})


def test_what_follows_from_an_event_is_the_gateways() -> None:
    case = tree(*FORK)
    event = case.record("status.changed", case.hops["hop_north"], PERSON)

    after = PERSON.after(event)

    assert (after.cause_id, after.actor_kind, after.reported_at) == (event.id, ActorKind.GATEWAY, None)


@pytest.mark.parametrize(
    ("kind", "person"),
    [
        (ActorKind.PERSON, True),
        (ActorKind.UNKNOWN, True),
        (ActorKind.AUTOMATION, False),
        (ActorKind.GATEWAY, False),
    ],
)
def test_who_counts_as_a_person(kind: ActorKind, person: bool) -> None:
    assert Because(actor_kind=kind).by_person is person


def test_a_person_is_named_by_an_opaque_id_per_desk() -> None:
    case = tree(*FORK)
    north, south = case.hops["hop_north"], case.hops["hop_south"]
    ivan = Actor(id="u7", name="Ivan Petrov")

    first = case.person(north, ivan)

    assert first == case.person(north, Actor(id="u7", name="renamed"))
    assert first != case.person(south, ivan)
    assert "van" not in first
    assert case.people[first] == ("org_north", "dsk_north", "u7", "renamed")
    assert case.person(north, Actor()) == ""


def test_a_text_is_kept_with_a_digest_that_needs_its_salt() -> None:
    case = tree(*FORK)
    north = case.hops["hop_north"]

    one = case.write(north, ContentKind.COMMENT, "hello")
    other = case.write(north, ContentKind.COMMENT, "hello")

    assert one.digest == keyed(one.salt, "hello")
    assert one.digest != other.digest
    assert (one.visibility, one.at, one.origin_hop_id) == (Visibility.PRIVATE, NOW, "hop_north")
    assert SALT not in repr(one)


def test_all_contents_are_those_kept_and_those_of_this_judgement() -> None:
    case = tree(*FORK)
    kept = content("customer")
    case.library = lambda: [kept]

    new = case.write(case.hops["hop_north"], ContentKind.COMMENT, "x", at=later(-60))

    assert case.all_contents() == [kept, new]


def test_looks_at_tickets_that_do_not_exist_yet_are_not_wanted() -> None:
    case = tree(*FORK)
    put(case, "south", remote_id=None)

    case.want_look(case.hops["hop_south"], "x")
    case.want_look(case.hops["hop_north"], "y", later(1))

    assert case.wanted_looks == {("dsk_north", "1"): (later(1), "y")}


def test_the_ticket_itself_changes() -> None:
    case = tree(*FORK)

    case.put_ticket(closed_at=NOW)

    assert (case.ticket.closed_at, case.dirty_ticket) == (NOW, True)
