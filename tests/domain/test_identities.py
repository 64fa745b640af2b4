"""Who is who at the two desks of a link, and what becomes of people who are nobody there."""

from typing import Any

import pytest

from gateway.domain import facts
from gateway.domain.case import Because, Case
from gateway.domain.egress import NotForThem, assemble
from gateway.domain.handover import offer
from gateway.domain.identities import across, problems
from gateway.domain.model import (
    Actor,
    Capabilities,
    CommandKind,
    Crossing,
    Identities,
    IdentityRule,
    Source,
)
from gateway.domain.model.change import replace
from gateway.domain.plan import Item, Kind, Ref
from gateway.domain.sighting import FieldChange
from tests.builders import CAPABLE, PERSON, delivery, link, put, queued, said, tree, written

TABLE = (("maria", "m.rossi"), ("Tom", "technician-7"))
CAN: dict[str, Capabilities] = {
    "capabilities": replace(CAPABLE, writable=CAPABLE.writable | {"assignee", "requester"})
}

# how the link finds people, who, the way → who that is there
ACROSS: dict[str, tuple[Identities | None, str, bool, str | None]] = {
    "a row, down": (Identities(table=TABLE), "Maria", True, "m.rossi"),
    "a row, up": (Identities(table=TABLE), "technician-7", False, "Tom"),
    "a row read the wrong way is nobody": (Identities(table=TABLE), "m.rossi", True, None),
    "no row and no rule": (Identities(table=TABLE), "anna", True, None),
    "the same word": (Identities(rule=IdentityRule.SAME), "anna", True, "anna"),
    "a row wins over the rule": (Identities(table=TABLE, rule=IdentityRule.SAME), "maria", True, "m.rossi"),
    "before the @": (Identities(rule=IdentityRule.BEFORE_AT), "anna@acme.example", True, "anna"),
    "before the @, of what is no address": (Identities(rule=IdentityRule.BEFORE_AT), "anna", True, None),
    "a link that says nothing": (None, "maria", True, None),
    "nobody": (Identities(rule=IdentityRule.SAME), "", True, None),
}


@pytest.mark.parametrize(("known", "who", "down", "there"), ACROSS.values(), ids=ACROSS.keys())
def test_somebody_is(known: Identities | None, who: str, down: bool, there: str | None) -> None:
    assert across(link("a", "b", identities=known), who, down=down) == there


def case_of(known: Identities | None, **crossing: Any) -> Case:
    fields = frozenset({"assignee", "requester"})
    rule = {"fields_down": fields, "fields_up": fields} | crossing
    terms = {"crossing": Crossing(**rule), "identities": known}
    return tree("customer>vendor", links={"customer>vendor": terms}, desks={"customer": CAN, "vendor": CAN})


def change(case: Case, code: str, field: str, new: str) -> None:
    told = FieldChange(field=field, old=None, new=new, at=None, actor=Actor(), source=Source.HISTORY)
    facts.changed(case, case.hops[f"hop_{code}"], told, PERSON)


# who is known, how people are named → what is written at the vendor, what is said there
REQUESTERS: dict[str, tuple[Identities | None, str, list[dict[str, str]], list[str]]] = {
    "who is known there": (Identities(table=TABLE), "organization", [{"requester": "m.rossi"}], []),
    "who is not, by name in words": (Identities(), "name", [], ["requester: maria"]),
    "who is not, where nobody is named": (Identities(), "organization", [], []),
    "a link that says nothing of who is who": (None, "name", [{"requester": "maria"}], []),
    "the same, where nobody is named": (None, "organization", [], []),
}


@pytest.mark.parametrize(("known", "rule", "fields", "words"), REQUESTERS.values(), ids=REQUESTERS.keys())
def test_a_requester_goes_down(
    known: Identities | None, rule: str, fields: list[dict[str, str]], words: list[str]
) -> None:
    case = case_of(known, people=rule)

    change(case, "customer", "requester", "maria")

    assert (written(case, "vendor"), said(case, "vendor")) == (fields, words)


@pytest.mark.parametrize(("known", "rule", "fields", "words"), REQUESTERS.values(), ids=REQUESTERS.keys())
def test_a_new_ticket_is_made_for_its_requester(
    known: Identities | None, rule: str, fields: list[dict[str, str]], words: list[str]
) -> None:
    case = case_of(known, people=rule)
    put(case, "vendor", status="declined")
    put(case, "customer", facts={"requester": "maria"})

    made = offer(case, case.hops["hop_customer"], case.directory.links["lnk_customer_vendor"], Because())

    assert made is not None
    [created] = [one for one in case.deliveries if one.kind is CommandKind.CREATE]
    wanted = fields[0] if fields else {}
    assert {name: value for name, value in created.payload["fields"].items() if name == "requester"} == wanted
    notes = {one.id: one.text for one in case.contents}
    told = [notes[one.content_id or ""] for one in case.deliveries if one.note and one.hop_id == made.id]
    assert told == words


def test_a_technician_known_above_is_assigned_there_and_not_told_in_words() -> None:
    case = case_of(Identities(table=TABLE), people="nobody")

    change(case, "vendor", "assignee", "technician-7")

    assert (written(case, "customer"), said(case, "customer")) == ([{"assignee": "Tom"}], [])


def test_one_who_is_not_known_above_is_told_in_words() -> None:
    case = case_of(Identities(table=TABLE), people="role")

    change(case, "vendor", "assignee", "anna")

    assert (written(case, "customer"), said(case, "customer")) == ([], ["Vendor: assigned to Agent."])


def test_a_desk_that_cannot_be_assigned_is_told_in_words() -> None:
    case = case_of(Identities(table=TABLE))
    blunt = replace(case.directory.desks["dsk_customer"], capabilities=CAPABLE)
    object.__setattr__(case.directory, "desks", {**case.directory.desks, "dsk_customer": blunt})

    change(case, "vendor", "assignee", "technician-7")

    assert said(case, "customer") == ["Vendor: assigned to technician-7."]


def test_an_assignee_goes_down_as_who_it_is_there_or_not_at_all() -> None:
    case = case_of(Identities(table=TABLE))

    change(case, "customer", "assignee", "maria")
    change(case, "customer", "assignee", "anna")

    assert written(case, "vendor") == [{"assignee": "m.rossi"}]
    assert len(queued(case, "vendor")) == 1


def test_a_requester_that_was_queued_before_people_were_hidden_does_not_leave() -> None:
    case = case_of(None, people="organization")

    with pytest.raises(NotForThem):
        assemble(case, delivery("vendor", payload={"fields": {"requester": "maria"}}), {})


def test_one_person_who_is_two_is_a_contradiction() -> None:
    rows = [{"upstream": "maria", "downstream": "a"}, {"upstream": "Maria", "downstream": "b"}]
    item = Item(
        ref=Ref(kind=Kind.LINK, code="a-b"), document={"identities": {"table": rows}}, source="links[0]"
    )

    assert [str(one) for one in problems(item)] == [
        "links[0].identities.table: 'maria' of the upstream desk stands in 2 rows; one person, one row"
    ]
