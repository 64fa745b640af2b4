"""What is refused when a side's rules are saved: each with its place, what is wrong and what would be right."""

from typing import Any

import pytest

from gateway.domain.model import Crossing, Side
from gateway.domain.rules.problems import problems
from gateway.patterns import compiled

CROSSING = Crossing(
    fields_down=frozenset({"title", "description", "priority", "site", "service", "custom.*"}),
    fields_up=frozenset({"custom.answer", "priority"}),
)


def told(document: dict[str, Any], side: Side = Side.UPSTREAM) -> list[str]:
    return [str(one) for one in problems(document, side=side, crossing=CROSSING, patterns=compiled)]


def when(**condition: Any) -> dict[str, Any]:
    return {"outgoing": [{"field": "service", "set": "x", "when": condition}]}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a field nobody has": ({"field": "prioritty", "set": "high"}, "outgoing[0].field: there is no field 'prioritty'"),
    "the status": ({"field": "status", "set": "open"}, "there is no field 'status' to use here"),
    "a source nobody has": ({"field": "service", "from": "custom.A"}, "outgoing[0].from: there is no field"),
    "a field that does not cross": ({"field": "asset", "set": "T"}, "outgoing[0].field: the link does not let asset cross"),
    "a source that does not cross": (
        {"field": "service", "from": "asset"},
        "outgoing[0].from: the link does not let asset cross this way; let it cross in the link, or use another field",
    ),
    "a placeholder that does not cross": ({"field": "service", "template": "{asset}"}, "outgoing[0].template"),
    "an empty placeholder": ({"field": "service", "template": "a {} b"}, "there is no field ''"),
    "words of people in a code": (
        {"field": "service", "template": "{title}"},
        "the words of title may not stand in another field",
    ),
    "two makings": ({"field": "service", "set": "a", "template": "b"}, "keep one of template, set"),
    "nothing at all": ({"field": "service"}, "outgoing[0]: the rule changes nothing"),
    "unknown without a table": ({"field": "service", "set": "a", "unknown": "hold"}, "there is no table of values"),
    "no priority": ({"field": "priority", "values": {"high": "urgent"}}, "values.high: 'urgent' is no priority"),
    "no priority by default": (
        {"field": "priority", "values": {"high": "low"}, "unknown": {"default": "none"}},
        "unknown.default: 'none' is no priority",
    ),
    "a priority from any words": ({"field": "priority", "from": "service"}, "would not always be a priority"),
    "a priority from a template": ({"field": "priority", "template": "{service}"}, "not always be a priority"),
    "kept words as priority": (
        {"field": "priority", "from": "service", "values": {"a": "low"}, "unknown": "keep"},
        "what is kept may be no priority",
    ),
    "a table for a text": ({"field": "title", "values": {"a": "b"}}, "title is a text"),
    "units of two kinds": (
        {"field": "custom.a", "unit": {"from": "min", "to": "kg"}},
        "min and kg do not measure the same thing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "words"), BAD.values(), ids=BAD.keys())
def test_a_rule_is_refused(rule: dict[str, Any], words: str) -> None:
    [found] = told({"outgoing": [rule]})
    assert words in found


CONDITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"field": "nobody"}, "outgoing[0].when.field: there is no field 'nobody'"),
    "a pattern that looks ahead": (
        {"field": "title", "op": "matches", "value": "(?=a)"},
        "outgoing[0].when.value",
    ),
    "several patterns": ({"field": "title", "op": "matches", "value": ["a"]}, "it is no pattern"),
    "what cannot be": (
        {"all": [{"field": "service", "value": "a"}, {"field": "service", "value": "b"}]},
        "service cannot be 'a' and 'b' at once",
    ),
    "a deep one": (
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"field": "title"}}}}}}}}},
        "outgoing[0].when: the condition is too large",
    ),
}


@pytest.mark.parametrize(("condition", "words"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_is_refused(condition: dict[str, Any], words: str) -> None:
    [found] = told(when(**condition))
    assert words in found


def test_a_rule_that_never_fires_contradicts_the_one_above() -> None:
    condition = {"field": "site", "value": "MI-1"}
    always, here = {"field": "service", "set": "a"}, {"field": "service", "set": "b", "when": condition}

    assert told({"outgoing": [here, always]}) == []
    assert (
        "outgoing[1]: it never fires: outgoing[0] makes service too" in told({"outgoing": [always, here]})[0]
    )
    assert "has the same condition" in told({"incoming": [here | {"field": "priority", "set": "low"}] * 2})[0]


def test_each_way_has_the_allow_list_of_its_direction() -> None:
    rule = {"field": "custom.answer", "set": "42"}

    assert told({"incoming": [rule]}, Side.UPSTREAM) == told({"outgoing": [rule]}, Side.DOWNSTREAM) == []
    assert told({"incoming": [{"field": "service", "set": "a"}]}, Side.DOWNSTREAM) == []
    assert len(told({"outgoing": [{"field": "service", "set": "a"}]}, Side.DOWNSTREAM)) == 1


def test_patterns_are_counted() -> None:
    many = [{"field": "title", "op": "matches", "value": f"a{number}"} for number in range(51)]
    assert "51 patterns; at most 50 may be used" in told(when(any=many))[0]
