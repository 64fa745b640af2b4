"""What crosses besides words and statuses: each item written at one desk, recorded, shown at the other and back; where a desk
cannot hold it, it is said there in words."""

from typing import Any

import pytest

from tests.flows.scenes.stage import MINUTE, Cast, Stage

FREE = ["tags", "category", "requester", "related", "custom.*", "service"]
BOTH_WAYS = {"crosses": {"fields_down": ["title", "description", *FREE], "fields_up": FREE}}


def pair(**cast: Any) -> Stage:
    return Stage("customer>vendor", cast=Cast(links={"customer>vendor": BOTH_WAYS}, **cast))


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("tags", "till, urgent", "till"),
        ("category", "hardware", "software"),
        ("service", "tills", "network"),
        ("requester", "Maria Rossi <maria@acme.example>", "Luca"),
        ("custom.po_number", "PO-17", "PO-18"),
        ("custom.colours", "red, green, blue", "green, red"),
    ],
)
def test_a_field_crosses_at_opening_and_afterwards_both_ways(field: str, value: str, other: str) -> None:
    stage = pair()

    stage.open(**{field: value})
    assert stage.field("vendor", field) == value

    stage.set("customer", field, other)
    assert stage.field("vendor", field) == other

    stage.set("vendor", field, value)
    stage.wait(20 * MINUTE)
    assert (stage.field("customer", field), stage.field("vendor", field)) == (value, value)
    assert stage.happened().count("field.changed") == 2
    told = str([event.data for event in stage.events()])
    assert (value in told) is (field == "service")  # a code may stand in an event, people's words may not


def test_a_field_that_no_link_names_is_kept_nowhere() -> None:
    stage = Stage("customer>vendor")

    stage.open(**{"custom.canary": "CANARY"})
    stage.set("customer", "custom.canary", "CANARY 2")

    assert "custom.canary" not in stage.doc("vendor")["fields"]
    assert "CANARY" not in str([hop.facts for hop in stage.case.hops.values()])
    assert "CANARY" not in str([event.data for event in stage.events()])


def test_a_field_that_is_emptied_is_emptied_there() -> None:
    stage = pair()
    stage.open(tags="till")

    stage.set("customer", "tags", None)

    assert stage.field("vendor", "tags") is None


def test_tickets_related_at_one_desk_are_related_at_the_other_where_both_are_in_a_chain() -> None:
    stage = pair()
    first = stage.open()
    second = stage.open()
    alone = stage.open(delegate=None)

    stage.person("customer").set(second, "related", f"{first}, {alone}")
    stage.wait(20 * MINUTE)

    older, newer = stage.docs("vendor")
    assert newer["fields"]["related"] == older["id"]
    assert older["fields"]["related"] is None
    assert stage.read("vendor") == [f"Customer relates their ticket to: {alone}."]


def test_a_relation_stated_below_comes_up() -> None:
    stage = pair()
    first = stage.open()
    second = stage.open()
    older, newer = stage.docs("vendor")

    stage.person("vendor").set(newer["id"], "related", older["id"])
    stage.wait(20 * MINUTE)

    fields = {doc["id"]: doc["fields"]["related"] for doc in stage.docs("customer")}
    assert fields == {first: None, second: first}
