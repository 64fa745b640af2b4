"""What rules make of values: tables, templates, units, conditions; what is held; that every rule ends."""

from typing import Any

import pytest

from gateway.domain.model import Side
from gateway.domain.rules.documents import rules_from
from gateway.domain.rules.evaluate import MAX_VALUE, Made, applied
from gateway.domain.rules.model import Course
from gateway.patterns import compiled

VALUES: dict[str, str | None] = {
    "priority": "high",
    "service": "Tills",
    "site": "MI-1",
    "custom.minutes": "90,5",
}


def made(*rules: dict[str, Any], **more: str) -> dict[str, Made]:
    found = rules_from({"outgoing": list(rules)}, compiled)
    values = VALUES | more
    return applied(found, Course.OUTGOING, values, values, side=Side.UPSTREAM)


RULES: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "a table, whatever the case": ({"field": "service", "values": {"tills": "T"}}, "T", None),
    "a value it does not name": ({"field": "service", "values": {"x": "T"}}, None, "Tills"),
    "kept": ({"field": "service", "values": {"x": "T"}, "unknown": "keep"}, "Tills", None),
    "a default": ({"field": "service", "values": {"x": "T"}, "unknown": {"default": "D"}}, "D", None),
    "from another field": ({"field": "service", "from": "site"}, "MI-1", None),
    "a template": ({"field": "service", "template": "{site}/{service}{asset}!"}, "MI-1/Tills!", None),
    "always": ({"field": "service", "set": "x"}, "x", None),
    "a unit": ({"field": "service", "from": "custom.minutes", "unit": {"from": "min", "to": "h"}}, "1.51", None),
    "no number": ({"field": "service", "unit": {"from": "min", "to": "h"}}, None, "Tills"),
    "a condition that holds": ({"field": "service", "set": "x", "when": {"field": "site", "value": "mi-1"}}, "x", None),
    "one that does not": ({"field": "service", "set": "x", "when": {"field": "site", "value": "RM"}}, "Tills", None),
    "a pattern": ({"field": "service", "set": "x", "when": {"field": "site", "op": "matches", "value": "^MI"}}, "x", None),
    "a pattern is exact about case": (
        {"field": "service", "set": "x", "when": {"field": "site", "op": "matches", "value": "^mi"}}, "Tills", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "held"), RULES.values(), ids=RULES.keys())
def test_a_rule(rule: dict[str, Any], value: str | None, held: str | None) -> None:
    one = made(rule)["service"]
    assert (one.value, one.held) == (value, held)


def test_a_dropped_field_and_one_without_a_source() -> None:
    found = made({"field": "service", "drop": True}, {"field": "category", "from": "asset"})
    assert found["service"].dropped
    assert found["service"].value is None
    assert "category" not in found


def test_the_first_rule_that_fits_fires_and_none_sees_what_another_made() -> None:
    found = made(
        {"field": "service", "set": "never", "when": {"field": "site", "value": "RM"}},
        {"field": "service", "set": "x"},
        {"field": "category", "from": "service"},
    )
    assert (found["service"].value, found["service"].rule) == ("x", "upstream outgoing[1]")
    assert found["category"].value == "Tills"
    assert found["priority"] == Made(field="priority", value="high", before="high")


def test_what_grows_too_long_is_held() -> None:
    found = made({"field": "service", "template": "{site}{site}"}, site="x" * MAX_VALUE)
    assert found["service"].value is None
    assert found["service"].held == "x" * 80


NUMBERS = {
    "1e400": None,
    "nan": None,
    "-1.5": "-0.03",
    "12345678901234567890": None,
    " 60 ": "1",
    "0": "0",
    "६०": "1",
}


@pytest.mark.parametrize(("text", "wanted"), NUMBERS.items())
def test_numbers(text: str, wanted: str | None) -> None:
    rule = {"field": "custom.hours", "from": "custom.minutes", "unit": {"from": "min", "to": "h"}}
    found = made(rule, **{"custom.minutes": text})["custom.hours"]
    assert (found.value, found.held) == (wanted, None if wanted else text)
