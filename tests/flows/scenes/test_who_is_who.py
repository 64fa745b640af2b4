"""People at two desks: set as who they are there, told in words else, and made nowhere."""

from typing import Any

from tests.flows.scenes.stage import MINUTE, Cast, Stage

ROWS = [{"upstream": "maria", "downstream": "m.rossi"}, {"upstream": "anna", "downstream": "tec.7"}]


def stage_of(**crosses: Any) -> Stage:
    rule = {
        "crosses": {"fields_down": ["title", "requester", "assignee"], "fields_up": ["assignee"], **crosses},
        "identities": {"table": ROWS},
    }
    return Stage("customer>vendor", cast=Cast(links={"customer>vendor": rule}))


def test_requester_and_assignee_are_set_as_who_they_are_there_and_nothing_comes_back() -> None:
    stage = stage_of(people="nobody")
    stage.open(requester="maria")
    assert stage.field("vendor", "requester") == "m.rossi"

    stage.set("vendor", "assignee", "tec.7")
    stage.wait(20 * MINUTE)
    before = len(stage.deliveries())
    stage.wait(60 * MINUTE)

    assert stage.field("customer", "assignee") == "anna"
    assert stage.field("vendor", "assignee") == "tec.7"
    assert [text for text in stage.read("customer") if "assigned" in text] == []
    assert len(stage.deliveries()) == before


def test_who_is_not_known_there_is_told_in_words_where_people_are_named() -> None:
    stage = stage_of(people="name")
    stage.open(requester="luca")

    assert stage.field("vendor", "requester") == "Interdesk", "the desk takes who made it"
    assert "requester: luca" in stage.read("vendor", public=False)


def test_who_is_not_known_there_is_nobody_where_people_are_not_named() -> None:
    stage = stage_of(people="organization")
    stage.open(requester="luca")
    stage.set("customer", "requester", "carla")

    assert stage.field("vendor", "requester") == "Interdesk", "the desk takes who made it"
    assert "luca" not in repr(stage.docs("vendor"))
    assert "carla" not in repr(stage.docs("vendor"))
