"""What crosses besides words and statuses: each item written at one desk, recorded, shown at the other and back; where a desk
cannot hold it, it is said there in words."""

from typing import Any

import pytest

from tests.flows.scenes.stage import MINUTE, Cast, Stage

FREE = ["tags", "category", "requester", "related", "parts", "visit_from", "custom.*", "service"]
TOLD = {"crosses": {"time_entries_up": True}}
BOTH_WAYS = {
    "crosses": {"fields_down": ["title", "description", *FREE], "fields_up": FREE, "time_entries_up": True}
}
SAID = {
    "arrived": "arrived",
    "left empty": "left",
    "missed": "missed",
    "ask": "approval_requested",
}
ACTS = [
    {"act": act, "field": "custom.step", "value": word} | ({"outcome": "no_access"} if act == "left" else {})
    for word, act in SAID.items()
] + [
    {"act": f"approval_{word}", "field": "custom.step", "value": word, "reason_from": "nowhere"}
    for word in ("granted", "refused")
]


def pair(**cast: Any) -> Stage:
    return Stage("customer>vendor", cast=Cast(links={"customer>vendor": BOTH_WAYS}, **cast))


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("tags", "till, urgent", "till"),
        ("category", "hardware", "software"),
        ("service", "tills", "network"),
        ("requester", "Maria Rossi <maria@acme.example>", "Luca"),
        ("parts", "2 x PSU-450", "1 x PSU-450"),
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


# -- work, visits, approvals, ratings ----------------------------------------------------------------------------------------


def chain(**cast: Any) -> Stage:
    rules = BOTH_WAYS | {"acts": ACTS}
    links = {"customer>vendor": rules, "vendor>partner": rules}
    stage = Stage("customer>vendor", "vendor>partner", cast=Cast(links=links, **cast))
    stage.open()
    stage.delegate("vendor", "partner")
    stage.set("vendor", "status", "open")
    stage.set("partner", "status", "open")
    return stage


def happened(stage: Stage, kind: str) -> list[dict[str, Any]]:
    return [dict(event.data) for event in stage.events() if event.type == kind]


def test_time_that_is_logged_at_a_desk_becomes_one_line_one_link_up() -> None:
    stage = chain()

    stage.person("partner").log(stage.id("partner"), 45, "changed the fuse", activity="On site")
    stage.wait(20 * MINUTE)

    [note] = [text for text in stage.read("vendor") if "logged work" in text]
    assert "labour 45 min" in note
    assert "On site: changed the fuse" in note
    assert [one["kind"] for one in happened(stage, "work.logged")] == ["labour"]
    assert "fuse" not in str(stage.read("customer"))


def test_time_logged_at_a_desk_stays_there_unless_the_link_lets_it_up() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "status", "open")

    stage.person("vendor").log(stage.id("vendor"), 45, "their router is a joke")
    stage.wait(20 * MINUTE)

    assert happened(stage, "work.logged") == []
    assert "joke" not in str(stage.read("customer"))


def test_time_logged_before_the_assignment_was_accepted_waits_for_that() -> None:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": TOLD}))
    stage.open()
    stage.person("vendor").log(stage.id("vendor"), 10)
    stage.wait(MINUTE)
    assert happened(stage, "work.logged") == []

    stage.set("vendor", "status", "open")
    stage.wait(20 * MINUTE)

    assert len(happened(stage, "work.logged")) == 1


def test_a_rating_goes_down_to_whoever_did_the_work_as_a_value() -> None:
    stage = chain()

    stage.set("customer", "rating", "4", by="maria")

    assert happened(stage, "rating.given") == [{"rating": 4}]
    assert (stage.field("vendor", "rating"), stage.field("partner", "rating")) == ("4", "4")


def test_a_rating_that_is_no_number_is_held_and_told() -> None:
    stage = chain()

    stage.set("customer", "rating", "great", by="maria")

    assert happened(stage, "rating.given") == []
    assert "“great” of the field rating" in stage.read("customer")[-1]
    assert stage.field("vendor", "rating") is None


FROM, UNTIL, LATER = "2026-03-02T09:00:00+00:00", "2026-03-02T11:00:00+00:00", "2026-03-02T12:00:00+00:00"


def test_a_window_is_recorded_once_shown_upstream_and_moved_by_either_side() -> None:
    stage = chain()

    stage.person("partner").set(stage.id("partner"), "visit_from", FROM)
    stage.set("partner", "visit_until", UNTIL)
    stage.wait(20 * MINUTE)

    assert happened(stage, "visit.proposed") == [{"window": [FROM, UNTIL], "by": "provider"}]
    for code in ("customer", "vendor"):
        assert (stage.field(code, "visit_from"), stage.field(code, "visit_until")) == (FROM, UNTIL)

    stage.set("partner", "visit_until", LATER)
    stage.wait(20 * MINUTE)
    assert happened(stage, "visit.moved") == [{"window": [FROM, LATER], "by": "provider"}]
    assert stage.field("customer", "visit_until") == LATER


def test_a_window_the_customer_wishes_goes_down() -> None:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": BOTH_WAYS}))
    stage.open()

    stage.person("customer").set(stage.id("customer"), "visit_from", FROM)
    stage.set("customer", "visit_until", UNTIL)
    stage.wait(20 * MINUTE)

    assert happened(stage, "visit.proposed") == [{"window": [FROM, UNTIL], "by": "consumer"}]
    assert stage.field("vendor", "visit_from") == FROM


def test_a_visit_in_vain_proposes_a_line_and_a_missed_one_is_told() -> None:
    stage = chain()

    stage.set("partner", "custom.step", "arrived")
    stage.set("partner", "custom.step", "left empty")
    stage.set("partner", "custom.step", "missed")

    assert [kind for kind in stage.happened() if kind.startswith("visit.")] == [
        "visit.arrived", "visit.left", "visit.missed",
    ]  # fmt: skip
    assert happened(stage, "visit.left")[0]["outcome"] == "no_access"
    assert "Partner did not come in the agreed window." in stage.read("vendor")


@pytest.mark.parametrize("answer", ["granted", "refused"])
def test_an_approval_is_asked_below_and_answered_above(answer: str) -> None:
    stage = chain()
    stage.say("partner", "a new board costs 200")

    stage.set("partner", "custom.step", "ask")
    assert "Partner asks for your approval: a new board costs 200" in stage.read("vendor")

    stage.set("vendor", "custom.step", answer)
    stage.wait(20 * MINUTE)
    stage.set("vendor", "custom.step", "something else")

    assert stage.happened("partner").count(f"approval.{answer}") == 1
    assert any("approve" in text for text in stage.read("partner"))
