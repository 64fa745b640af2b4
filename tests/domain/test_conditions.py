"""Conditions of link rules: every operator, how they are joined, and that they are total."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.conditions import OPERATORS, holds, labels
from gateway.domain.model import Condition
from tests.builders import PROPERTY

VIEW = {"queue": "Network", "title": "Till is dead", "tags": "wifi, Urgent; till", "site": None}


def when(field: str, op: str = "eq", value: str | tuple[str, ...] = "") -> Condition:
    return Condition(field=field, op=op, value=value)


YES, NO = True, False
OPERATORS_BY_EXAMPLE = {
    "equal": (when("queue", "eq", "Network"), YES),
    "equal in another case": (when("queue", "eq", "nETWORK"), YES),
    "not equal": (when("queue", "eq", "Net"), NO),
    "a missing field equals nothing": (when("site", "eq", ""), YES),
    "different": (when("queue", "ne", "Net"), YES),
    "not different": (when("queue", "ne", "network"), NO),
    "one of": (when("queue", "in", ("desk", "network")), YES),
    "none of": (when("queue", "in", ("desk", "net")), NO),
    "not in": (when("queue", "not_in", ("desk", "net")), YES),
    "in after all": (when("queue", "not_in", ("desk", "network")), NO),
    "contains": (when("title", "contains", "IS DEAD"), YES),
    "contains all": (when("title", "contains", ("till", "dead")), YES),
    "contains only one of two": (when("title", "contains", ("till", "alive")), NO),
    "starts": (when("title", "starts", "till"), YES),
    "starts in the middle": (when("title", "starts", "is"), NO),
    "has a label": (when("tags", "has_label", "urgent"), YES),
    "has one of several labels": (when("tags", "has_label", ("vip", "till")), YES),
    "has part of a label": (when("tags", "has_label", "wif"), NO),
    "empty when null": (when("site", "empty"), YES),
    "empty when absent": (when("asset", "empty"), YES),
    "not empty": (when("queue", "empty"), NO),
    "set": (when("queue", "set"), YES),
    "not set": (when("site", "set"), NO),
}


@pytest.mark.parametrize(
    ("condition", "expected"), OPERATORS_BY_EXAMPLE.values(), ids=OPERATORS_BY_EXAMPLE.keys()
)
def test_an_operator(condition: Condition, expected: bool) -> None:
    assert holds(condition, VIEW) is expected


def test_every_operator_has_an_example_for_yes_and_for_no() -> None:
    for expected in (True, False):
        assert {cond.op for cond, told in OPERATORS_BY_EXAMPLE.values() if told is expected} == OPERATORS


TRUE, FALSE = when("queue", "set"), when("queue", "empty")
JOINED = {
    "all of two": (Condition(all=(TRUE, TRUE)), YES),
    "all but one": (Condition(all=(TRUE, FALSE)), NO),
    "all of none": (Condition(all=()), YES),
    "any of two": (Condition(any=(FALSE, TRUE)), YES),
    "any of the wrong ones": (Condition(any=(FALSE, FALSE)), NO),
    "any of none": (Condition(any=()), NO),
    "not": (Condition(negated=FALSE), YES),
    "not not": (Condition(negated=Condition(negated=FALSE)), NO),
    "nested": (Condition(all=(TRUE, Condition(any=(FALSE, Condition(negated=FALSE))))), YES),
}


@pytest.mark.parametrize(("condition", "expected"), JOINED.values(), ids=JOINED.keys())
def test_joined(condition: Condition, expected: bool) -> None:
    assert holds(condition, VIEW) is expected


def test_no_condition_is_never_true() -> None:
    assert holds(None, VIEW) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    {"": [], "one": ["one"], "a, B;c": ["a", "b", "c"], " ; ,x ,": ["x"]}.items(),
)
def test_labels(text: str, expected: list[str]) -> None:
    assert labels(text) == expected


leaves = st.builds(
    Condition,
    field=st.sampled_from([*VIEW, "other"]),
    op=st.sampled_from(sorted(OPERATORS)),
    value=st.one_of(st.text(max_size=5), st.lists(st.text(max_size=5), min_size=1, max_size=3).map(tuple)),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Condition, all=st.lists(parts, max_size=3).map(tuple)),
        st.builds(Condition, any=st.lists(parts, max_size=3).map(tuple)),
        st.builds(Condition, negated=parts),
    ),
    max_leaves=8,
)
views = st.dictionaries(st.sampled_from([*VIEW, "other"]), st.one_of(st.none(), st.text(max_size=8)))


@PROPERTY
@given(trees, views)
def test_every_condition_is_true_or_false_of_every_ticket_and_never_both(
    condition: Condition, view: dict[str, str | None]
) -> None:
    assert holds(condition, view) is not holds(Condition(negated=condition), view)
