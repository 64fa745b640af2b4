"""How people are named to others: by the links on the way, in their direction, and nowhere else in a text."""

from typing import Any

import pytest

from gateway.domain import facts, people
from gateway.domain.case import Case
from gateway.domain.egress import words
from gateway.domain.model import Actor, CommandKind, Content, Crossing, Source, Visibility
from gateway.domain.model.change import replace
from gateway.domain.sighting import FieldChange
from tests.builders import PERSON, content, delivery, said, tree

CHAIN = ("customer>vendor", "vendor>partner", "vendor>other")
ANNA = {"source": {"remote_id": "7", "author": "u7", "role": "agent"}}


def rules(**by_edge: Any) -> Case:
    links = {edge.replace("__", ">"): {"crossing": Crossing(**rule)} for edge, rule in by_edge.items()}
    return tree(*CHAIN, links=links)


def first_line(case: Case, origin: str, reader: str, **more: Any) -> str:
    what = content(origin, "hello", **(ANNA | more))
    one = delivery(reader, kind=CommandKind.COMMENT, content_id=what.id, visibility=Visibility.PUBLIC)
    return words(case, one, what).splitlines()[0]


# the rule of vendor>partner → how somebody of the partner is named above, and somebody of the vendor below
DIRECTIONS: dict[str, tuple[dict[str, str], str, str]] = {
    "one rule for both, as before": ({"people": "organization"}, "Partner:", "Vendor:"),
    "names up, nobody down": ({"people_down": "nobody"}, "Anna Agent (Partner):", "hello"),
    "role up": ({"people_up": "role"}, "Agent (Partner):", "Anna Agent (Vendor):"),
    "one direction wins over both": ({"people": "nobody", "people_up": "name"}, "Anna Agent (Partner):", "hello"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "up", "down"), DIRECTIONS.values(), ids=DIRECTIONS.keys())
def test_each_direction_has_its_rule(rule: dict[str, str], up: str, down: str) -> None:
    case = rules(vendor__partner=rule)

    assert (first_line(case, "partner", "vendor"), first_line(case, "vendor", "partner")) == (up, down)


def test_a_mask_is_the_same_person_for_ever_and_another_on_another_link() -> None:
    case = rules(vendor__partner={"people": "masked"}, vendor__other={"people": "masked"})

    first = first_line(case, "vendor", "partner")

    assert first.startswith("Person ")
    assert first.endswith(" (Vendor):")
    assert first_line(case, "vendor", "partner", author="Anna Newname") == first
    assert first_line(case, "vendor", "other") != first
    assert first_line(case, "vendor", "partner", source=ANNA["source"] | {"author": "u8"}) != first


def test_a_role_is_said_in_the_readers_language() -> None:
    case = tree(
        *CHAIN, links={"vendor>partner": {"crossing": Crossing(people="role")}}, desks={"partner": {"language": "ru"}}
    )  # fmt: skip

    assert first_line(case, "vendor", "partner", source={"role": "requester"}) == "Заявитель (Vendor):"


# rule → what becomes of a name below the letter
BELOW = {
    "name": "regards, Anna Agent",
    "role": "regards, Agent",
    "organization": "regards, Vendor",
    "nobody": "regards, Vendor",
}


@pytest.mark.parametrize(("rule", "ends"), BELOW.items())
def test_a_name_in_the_text_is_named_no_better_than_above_it(rule: str, ends: str) -> None:
    case = rules(vendor__partner={"people": rule})
    what = content("vendor", "regards, ANNA AGENT" if rule != "name" else ends, **ANNA)
    case.library = lambda: [what]
    one = delivery("partner", kind=CommandKind.COMMENT, content_id=what.id, visibility=Visibility.PUBLIC)

    assert words(case, one, what).endswith(ends)


def test_a_short_name_is_not_looked_for_in_other_words() -> None:
    case = rules(vendor__partner={"people": "nobody"})
    what = content("vendor", "the tool of Al is also here", author="Al")
    case.library = lambda: [what]

    assert (
        people.without_names(case, case.hops["hop_partner"], case.hops["hop_vendor"], what.text) == what.text
    )


def assigned(case: Case) -> Content:
    change = FieldChange(
        field="assignee", old=None, new="Tom Technician", at=None, actor=Actor(), source=Source.HISTORY
    )
    facts.changed(case, case.hops["hop_partner"], change, PERSON)
    return case.contents[-1]


ASSIGNED = {"name": "Partner: assigned to Tom Technician.", "organization": "Partner: assigned to Partner."}


@pytest.mark.parametrize(("rule", "told"), ASSIGNED.items())
def test_who_works_on_it_is_told_as_the_link_names_people(rule: str, told: str) -> None:
    case = rules(vendor__partner={"people_up": rule})

    assigned(case)

    assert said(case, "vendor") == [told]


def test_a_note_that_names_somebody_names_nobody_when_the_link_was_narrowed_meanwhile() -> None:
    note = assigned(rules())
    one = delivery(
        "vendor", kind=CommandKind.COMMENT, content_id=note.id, visibility=note.visibility, note=True
    )

    narrowed = rules(vendor__partner={"people_up": "organization"})

    assert words(rules(), one, note) == ASSIGNED["name"]
    assert words(narrowed, one, note) == ASSIGNED["organization"]
    assert words(narrowed, one, replace(note, source={})) == note.text
