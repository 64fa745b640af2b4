"""Facts and texts of a hop: where a change goes, what stays, what is told in words, and what a lossy map hides."""

from typing import Any

import pytest

from gateway.domain import facts
from gateway.domain.case import Case
from gateway.domain.model import (
    ActorKind,
    CommandKind,
    ContentKind,
    Crossing,
    HopStatus,
    Priority,
    Site,
    Source,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import FieldChange
from tests.builders import AGENT, CAPABLE, NOW, PERSON, WORDS, happened, put, queued, said, tree, written

CHAIN = ("customer>vendor", "vendor>north", "vendor>south", "north>deep")
SITES = {
    (org, code): Site(id=code, org_id=org, code=code)
    for org, code in (("org_customer", "MI-1"), ("org_vendor", "VE-1"))
}


def change(case: Case, code: str, field: str, new: str | None, old: str | None = None) -> None:
    one = FieldChange(field=field, old=old, new=new, at=NOW, actor=AGENT, source=Source.HISTORY)
    facts.changed(case, case.hops[f"hop_{code}"], one, PERSON)


def chain(**more: Any) -> Case:
    return tree(*CHAIN, sites=SITES, **more)


def reached(case: Case) -> dict[str, list[dict[str, Any]]]:
    """Code → the field values written there."""
    codes = ("customer", "vendor", "north", "south", "deep")
    return {code: written(case, code) for code in codes if written(case, code)}


# -- facts --------------------------------------------------------------------------------------------------------------------


def test_the_upstreams_priority_goes_down_every_branch() -> None:
    case = chain()

    change(case, "customer", "priority", "P1")

    assert reached(case) == {code: [{"priority": "P1"}] for code in ("vendor", "north", "south", "deep")}
    assert case.ticket.facts == {"priority": "critical"}
    assert case.events[0].data == {"field": "priority", "from": None, "to": "critical"}
    assert happened(case) == ["priority.changed"]


def test_a_change_below_stays_below() -> None:
    case = chain()

    change(case, "north", "priority", "P1")

    assert reached(case) == {"deep": [{"priority": "P1"}]}
    assert case.ticket.facts == {}


def test_each_desk_gets_its_own_word() -> None:
    theirs = replace(WORDS, write_priorities={Priority.CRITICAL: "Авария"})
    case = chain(desks={"north": {"profile": theirs}})

    change(case, "customer", "priority", "P1")

    assert written(case, "north") == [{"priority": "Авария"}]


def test_a_link_that_does_not_let_it_cross_stops_it_for_all_below() -> None:
    case = chain(links={"vendor>north": {"crossing": Crossing(fields_down=frozenset({"title"}))}})

    change(case, "customer", "priority", "P1")

    assert sorted(reached(case)) == ["south", "vendor"]


def test_a_hop_that_has_ended_is_told_nothing() -> None:
    case = chain()
    put(case, "north", status=HopStatus.DECLINED)

    change(case, "customer", "priority", "P1")

    assert sorted(reached(case)) == ["south", "vendor"]


def test_a_fact_that_is_taken_away_is_taken_away_below() -> None:
    case = chain(
        hops={
            code: {"facts": {"site": "MI-1"}, "shadow": {"site": "MI-1"}} for code in ("customer", "vendor")
        }
    )

    change(case, "customer", "site", None, "MI-1")

    assert written(case, "vendor") == [{"site": None}]
    assert case.ticket.facts == {}


def test_a_child_that_has_the_value_already_is_not_told() -> None:
    case = chain(hops={"vendor": {"facts": {"priority": "critical"}}})

    change(case, "customer", "priority", "P1")

    assert reached(case) == {}


# what the hop knows, what the desk shows now → whether that is news
LOSSY: dict[str, tuple[dict[str, str], str, str, bool]] = {
    "the same by another word": ({"priority": "critical"}, "priority", "Top", False),
    "the word the desk has for what we know": ({"priority": "high"}, "priority", "Top", False),
    "another": ({"priority": "critical"}, "priority", "P4", True),
    "a first value": ({}, "priority", "Top", True),
}


@pytest.mark.parametrize(("known", "field", "shown", "news"), LOSSY.values(), ids=LOSSY.keys())
def test_a_lossy_map_does_not_travel_back(known: dict[str, str], field: str, shown: str, news: bool) -> None:
    """This desk has one word for critical and high."""
    words = replace(
        WORDS,
        priorities={**WORDS.priorities, "Top": Priority.CRITICAL},
        write_priorities={**WORDS.write_priorities, Priority.CRITICAL: "Top", Priority.HIGH: "Top"},
    )
    case = chain(desks={"vendor": {"profile": words}}, hops={"vendor": {"facts": known}})

    change(case, "vendor", field, shown)

    assert bool(case.events) is news


def test_a_day_that_is_the_day_of_the_moment_we_know_is_no_news() -> None:
    days = {"capabilities": replace(CAPABLE, due="date")}
    known = {"facts": {"due": "2026-03-05T17:00:00+00:00"}}
    case = chain(desks={"vendor": days}, hops={"vendor": known})

    change(case, "vendor", "due", "2026-03-05")
    assert case.events == []

    change(case, "vendor", "due", "2026-03-06")
    assert happened(case) == ["field.changed"]


UNKNOWN = {
    "a priority": ("priority", "P9"),
    "a site of nobody": ("site", "XX-9"),
    "a site of another organization": ("site", "VE-1"),
    "a due date in words": ("due", "soon"),
}


@pytest.mark.parametrize(("field", "value"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_value_is_held_and_told_where_it_stands_and_goes_nowhere(field: str, value: str) -> None:
    case = chain()

    change(case, "customer", field, value)

    assert case.hops["hop_customer"].unmapped == {field}
    assert reached(case) == {}
    assert [f"“{value}” of the field {field}" in note for note in said(case, "customer")] == [True]
    assert [(kind, data) for kind, _, data in case.discrepancies] == [
        ("unmapped", {"field": field, "value": value})
    ]
    assert value not in str([event.data for event in case.events])


def test_it_is_told_once() -> None:
    case = chain()

    change(case, "customer", "priority", "P9")
    change(case, "customer", "priority", "P10")

    assert happened(case) == ["mapping.unknown"]


def test_a_known_value_afterwards_lifts_the_hold() -> None:
    case = chain(hops={"customer": {"unmapped": frozenset({"priority"})}})

    change(case, "customer", "priority", "P1")

    assert case.hops["hop_customer"].unmapped == frozenset()
    assert written(case, "vendor") == [{"priority": "P1"}]


def test_a_value_equal_to_what_we_know_lifts_it_too() -> None:
    case = chain(hops={"customer": {"unmapped": frozenset({"priority"}), "facts": {"priority": "critical"}}})

    change(case, "customer", "priority", "P1")

    assert case.hops["hop_customer"].unmapped == frozenset()
    assert case.events == []


# -- what a desk has no field for ---------------------------------------------------------------------------------------------


def test_what_a_desk_cannot_take_is_told_there_in_words() -> None:
    poor = {"capabilities": replace(CAPABLE, writable=frozenset({"status"}))}
    case = chain(desks={"vendor": poor})

    change(case, "customer", "site", "MI-1")

    assert (written(case, "vendor"), said(case, "vendor")) == ([], ["site: MI-1"])
    assert written(case, "north") == [{"site": "MI-1"}]


def test_a_custom_field_that_a_desk_has_not_is_told_there_in_words_and_so_is_that_it_was_emptied() -> None:
    free = {"crossing": Crossing(fields_down=frozenset({"custom.*"}))}
    able = {"capabilities": replace(CAPABLE, writable=frozenset({"status", "custom.*"}))}
    case = chain(desks={"north": able}, links={"customer>vendor": free, "vendor>north": free})

    change(case, "customer", "custom.po", "PO-17")
    change(case, "customer", "custom.po", None)

    assert said(case, "vendor") == ["custom.po: PO-17", "custom.po: –"]
    assert written(case, "north") == [{"custom.po": "PO-17"}, {"custom.po": None}]


def test_a_desk_of_days_gets_the_day_and_the_moment_in_words() -> None:
    days = {"capabilities": replace(CAPABLE, due="date"), "zone": "Europe/Rome"}
    case = chain(desks={"vendor": days})

    change(case, "customer", "due", "2026-03-05T23:30:00+00:00")

    assert written(case, "vendor") == [{"due": "2026-03-06"}]
    assert said(case, "vendor") == ["due: 2026-03-05T23:30:00+00:00"]


# -- facts that come up -------------------------------------------------------------------------------------------------------

PRIORITY_UP = {"crossing": Crossing(fields_up=frozenset({"priority"}))}


def test_what_the_downstream_may_decide_goes_up_as_far_as_the_links_say() -> None:
    case = chain(links={"vendor>north": PRIORITY_UP})

    change(case, "north", "priority", "P1")

    assert reached(case) == {"vendor": [{"priority": "P1"}], "deep": [{"priority": "P1"}]}
    assert case.hops["hop_vendor"].facts == {"priority": "critical"}


def test_two_such_links_bring_it_to_the_top() -> None:
    case = chain(links={"vendor>north": PRIORITY_UP, "customer>vendor": PRIORITY_UP})

    change(case, "north", "priority", "P1")

    assert case.ticket.facts == {"priority": "critical"}
    assert written(case, "customer") == [{"priority": "P1"}]


def test_what_comes_up_from_one_branch_is_not_written_into_another() -> None:
    case = chain(links={"vendor>north": PRIORITY_UP})

    change(case, "north", "priority", "P1")

    assert queued(case, "south") == []


def test_a_due_date_from_below_is_a_promise_told_in_words() -> None:
    case = chain()

    change(case, "north", "due", "2026-03-05T17:00:00+00:00")

    assert said(case, "vendor") == ["North expects to be done by 2026-03-05T17:00:00+00:00."]
    assert (written(case, "vendor"), queued(case, "customer")) == ([], [])


# -- texts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "description"])
def test_an_edited_text_goes_down_and_its_words_stand_in_no_event(field: str) -> None:
    case = chain()

    change(case, "customer", field, "the till is dead again")

    [text] = case.contents
    updates = [one for one in case.deliveries if one.kind is CommandKind.UPDATE]
    assert [one.hop_id for one in updates] == ["hop_vendor", "hop_north", "hop_deep", "hop_south"]
    assert {one.payload["texts"][field] for one in updates} == {text.id}
    assert case.events[0].data == {"field": field, "content": text.id, "digest": text.digest}
    assert "till" not in repr(case.events)


def test_an_edit_below_goes_down_from_there() -> None:
    case = chain()

    change(case, "north", "title", "leak")

    assert [one.hop_id for one in case.deliveries] == ["hop_deep"]


def test_an_edited_text_stops_at_a_link_that_does_not_let_it_cross() -> None:
    case = chain(links={"vendor>north": {"crossing": Crossing(fields_down=frozenset({"title"}))}})

    change(case, "customer", "description", "words")

    assert [one.hop_id for one in case.deliveries] == ["hop_vendor", "hop_south"]


def test_a_desk_that_lets_nobody_edit_it_is_told_the_new_text() -> None:
    fixed = {"capabilities": replace(CAPABLE, writable=frozenset({"title", "status"}))}
    case = chain(desks={"vendor": fixed})

    change(case, "customer", "description", "since eight")

    assert said(case, "vendor") == ["Customer changed the field description:\n\nsince eight"]
    assert len(queued(case, "north")) == 1


def test_a_text_that_was_emptied_is_empty_below() -> None:
    case = chain()

    change(case, "customer", "description", None)

    assert [one.text for one in case.contents if one.kind is ContentKind.DESCRIPTION] == [""]
    assert len(queued(case, "vendor")) == 1


# -- the assignee -------------------------------------------------------------------------------------------------------------

ASSIGNED: dict[str, tuple[dict[str, Any], str | None, list[str]]] = {
    "by name": ({}, "Ivan", ["North: assigned to Ivan."]),
    "by organization only": ({"people": "organization"}, "Ivan", ["North: assigned to North."]),
    "not at all": ({"fields_up": frozenset()}, "Ivan", []),
    "laid down": ({}, None, []),
}


@pytest.mark.parametrize(("rule", "new", "words"), ASSIGNED.values(), ids=ASSIGNED.keys())
def test_who_works_on_it_is_told_one_hop_up(rule: dict[str, Any], new: str | None, words: list[str]) -> None:
    case = chain(links={"vendor>north": {"crossing": Crossing(**rule)}})

    change(case, "north", "assignee", new)

    assert said(case, "vendor") == words
    assert queued(case, "customer") + queued(case, "south") + queued(case, "deep") == []
    assert [(event.type, event.data) for event in case.events] == [("assignee.changed", {"set": bool(new)})]


@pytest.mark.parametrize("ended", ["vendor", "north"])
def test_nothing_is_told_past_an_end(ended: str) -> None:
    case = chain()
    put(case, ended, status=HopStatus.CLOSED)

    change(case, "north", "assignee", "Ivan")

    assert queued(case, "vendor") == []


def test_any_other_field_is_noted_and_stays() -> None:
    case = chain()

    change(case, "customer", "custom.colour", "red")
    change(case, "customer", "marker", "idk-x")

    assert [(event.type, event.data) for event in case.events] == [
        ("field.changed", {"field": "custom.colour"})
    ]
    assert case.deliveries == []


def test_every_event_names_who_did_it() -> None:
    case = chain()

    change(case, "customer", "priority", "P1")

    [event] = case.events
    assert (event.actor_kind, event.actor, event.reported_at) == (ActorKind.PERSON, "per_x", NOW)
