"""Each side's rules in the real flows: what is created and written at the other desk, what is held and told, and that a
rolled-back version makes exactly what was made before."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.directory import Directory
from gateway.domain.model import Side
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import mapping_trial, mappings
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.mapping_trial import Trial
from gateway.flows.mappings import Which
from gateway.store import mappings as store
from gateway.store.db import Db
from gateway.testing.loopback import Outages
from tests.flows.scenes.stage import MINUTE, Cast, Stage

CROSSES = {
    "fields_down": ["title", "description", "priority", "service", "category", "tags", "custom.*"],
    "fields_up": ["category", "custom.*"],
}
LINK = "customer-vendor"
UP = {
    "outgoing": [
        {"field": "category", "values": {"hardware": "HW", "software": "SW"}},
        {"field": "title", "template": "[{service}] {title}"},
        {"field": "custom.hours", "from": "custom.minutes", "unit": {"from": "min", "to": "h", "digits": 1}},
    ]
}
DOWN = {
    "incoming": [
        {"field": "priority", "set": "critical", "when": {"field": "title", "op": "matches", "value": r"^\[tills\]"}},
        {"field": "tags", "template": "from-{service}"},
        {"field": "description", "text": {"from": "html", "to": "plain"}},
    ]
}  # fmt: skip


def pair() -> Stage:
    """The stage's directory comes from its plan; the rules in it are those that the store has published."""
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": {"crosses": CROSSES}}))
    context = stage.hub.context
    plan = context.directory_now

    def read(db: Db, version: int) -> Directory:
        return replace(plan, rules=store.in_effect(db, OPERATOR), version=version)

    context.__dict__["_as_of"] = read
    return stage


def order(stage: Stage, reason: str = "agreed") -> Order:
    return Order(actor="maria", now=stage.hub.now, reason=reason)


def publish(stage: Stage, side: Side, document: dict[str, Any]) -> None:
    which = Which(link=LINK, side=side)
    mappings.draft(stage.hub.context, which, document, order(stage))
    mappings.publish(stage.hub.context, which, order(stage))
    stage.wait()


def ruled() -> Stage:
    stage = pair()
    publish(stage, Side.UPSTREAM, UP)
    publish(stage, Side.DOWNSTREAM, DOWN)
    return stage


def shown(stage: Stage) -> dict[str, str | None]:
    names = ("title", "description", "priority", "service", "category", "tags", "custom.hours")
    return {name: stage.doc("vendor")["fields"].get(name) for name in names}


def test_both_sides_rules_make_what_is_created_and_changed() -> None:
    stage = ruled()

    stage.open(
        service="tills", category="Hardware", text="<p>since <b>eight</b></p>", **{"custom.minutes": "90"}
    )

    assert shown(stage) == {
        "title": "[tills] till is dead",
        "description": "since eight",
        "priority": "urgent",
        "service": "tills",
        "category": "HW",
        "tags": "from-tills",
        "custom.hours": "1.5",
    }

    stage.set("customer", "service", "network")
    stage.set("customer", "title", "it is dead")
    stage.set("customer", "custom.minutes", "15")
    stage.wait(20 * MINUTE)
    assert shown(stage)["tags"] == "from-network"
    assert shown(stage)["title"] == "[network] it is dead"
    assert shown(stage)["custom.hours"] == "0.3"
    assert stage.field("customer", "title") == "it is dead"  # what a rule made does not travel back


def test_a_value_that_no_table_names_is_held_and_told_until_a_version_names_it() -> None:
    stage = ruled()

    stage.open(service="tills", category="furniture")

    assert shown(stage)["category"] is None
    assert [text for text in stage.read("customer") if "furniture" in text] != []
    assert stage.happened().count("mapping.unknown") == 1
    stage.set("customer", "category", "plants")
    assert shown(stage)["category"] is None
    assert stage.happened().count("mapping.unknown") == 1  # told once

    assert _holding(stage) == [stage.case.ticket.id]

    publish(
        stage,
        Side.UPSTREAM,
        {"outgoing": [{"field": "category", "values": {"plants": "PL"}}, *UP["outgoing"][1:]]},
    )

    assert shown(stage)["category"] == "PL"
    assert _holding(stage) == []


def _holding(stage: Stage) -> list[str]:
    with stage.hub.context.database.read() as db:
        return store.holding(db, OPERATOR, f"lnk_{LINK.replace('-', '_')}")


def test_rolling_back_makes_exactly_what_was_made_before() -> None:
    stage = ruled()
    told = {"service": "tills", "category": "software", "text": "<p>a <i>b</i></p>"}
    stage.open(**told)
    first = shown(stage)

    publish(
        stage,
        Side.UPSTREAM,
        {"outgoing": [{"field": "category", "set": "other"}, {"field": "title", "drop": True}]},
    )
    stage.open(**told)
    assert shown(stage)["category"] == "other"
    assert shown(stage)["title"] != first["title"]

    moved = mappings.rollback(stage.hub.context, Which(link=LINK, side=Side.UPSTREAM), order(stage, "wrong"))
    assert (moved.number, moved.kind) == (1, "rolled_back")
    stage.open(**told)
    assert shown(stage) == first
    stage.set("customer", "category", "hardware")
    assert shown(stage)["category"] == "HW"


def test_what_is_under_way_keeps_the_rules_it_was_queued_with() -> None:
    stage = ruled()
    down = (stage.hub.now, stage.hub.now + 5 * MINUTE)
    stage.hub.desks["vendor"].faults = Outages(spans=[down])
    stage.open(service="tills", category="software")
    assert stage.docs("vendor") == []

    publish(stage, Side.UPSTREAM, {"outgoing": [{"field": "category", "set": "other"}]})
    stage.wait(30 * MINUTE)

    assert (shown(stage)["category"], shown(stage)["title"]) == ("SW", "[tills] till is dead")


def test_a_status_may_be_told_in_words() -> None:
    stage = pair()
    publish(stage, Side.UPSTREAM, {"status": "as_note"})
    publish(stage, Side.DOWNSTREAM, {"status": "as_note"})
    stage.open()
    before = stage.status("customer")

    stage.set("vendor", "status", "open")
    assert stage.status("customer") == before
    assert any("in_progress" in text for text in stage.read("customer"))

    stage.set("customer", "status", "closed")
    assert stage.status("vendor") == "open"


def test_each_side_owns_its_rules_and_sees_of_the_others_only_what_concerns_it() -> None:
    stage = ruled()
    theirs = Which(link=LINK, side=Side.UPSTREAM, party="org_vendor")

    seen_there = mappings.concerning(stage.hub.context, theirs)
    assert seen_there["makes"] == ["category", "custom.hours", "title"]
    assert "hardware" not in str(seen_there)
    for forbidden in (
        lambda: mappings.history(stage.hub.context, theirs),
        lambda: mappings.draft(stage.hub.context, theirs, {}, order(stage)),
        lambda: mappings.publish(stage.hub.context, theirs, order(stage)),
        lambda: mappings.rollback(stage.hub.context, theirs, order(stage)),
    ):
        with pytest.raises(Refused, match="belong to its own organization"):
            forbidden()
    with pytest.raises(NotFound):
        mappings.concerning(stage.hub.context, replace(theirs, party="org_stranger"))


def test_rules_are_judged_when_they_are_saved() -> None:
    stage = pair()
    bad = {"outgoing": [{"field": "asset", "set": "T"}, {"field": "prioritty", "set": "low"}]}

    with pytest.raises(Invalid) as raised:
        mappings.draft(stage.hub.context, Which(link=LINK, side=Side.UPSTREAM), bad, order(stage))

    assert len(raised.value.problems) == 2
    assert mappings.history(stage.hub.context, Which(link=LINK, side=Side.UPSTREAM)) == ([], [])


def test_a_trial_shows_each_step_with_its_rule_and_writes_nothing() -> None:
    stage = ruled()
    stage.open(service="tills", category="furniture")
    before = stage.happened()

    rows = {
        row["field"]: row
        for row in mapping_trial.of_ticket(
            stage.hub.context, Trial(link=LINK), stage.case.ticket.id, now=stage.hub.now
        )
    }

    priority = {"field": "priority", "source": "normal", "canonical": "medium", "outgoing": "medium"}
    assert rows["priority"] == priority | {
        "incoming": "critical", "target": "urgent", "rule": "downstream incoming[0]", "note": ""
    }  # fmt: skip
    assert rows["title"]["target"] == "[tills] till is dead"
    assert rows["category"]["note"] == "held: 'furniture' is not in the table"
    assert stage.happened() == before

    [lack] = mapping_trial.coverage(stage.hub.context, LINK, days=30, now=stage.hub.now)
    assert lack == {
        "field": "category", "value": "furniture", "tickets": 1, "where": "upstream outgoing[0]", "direction": "down"
    }  # fmt: skip
    assert mapping_trial.coverage(stage.hub.context, LINK, days=1, now=stage.hub.now + 3000 * MINUTE) == []
