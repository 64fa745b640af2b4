"""Tests among real work: which links and desks go together, and what a promotion takes over."""

from typing import Any

import pytest

from gateway.domain import trial
from gateway.domain.plan import Item, Kind, Ref


def desk(code: str, **document: Any) -> Item:
    return Item(ref=Ref(kind=Kind.DESK, code=code), document={"code": code, **document})


def link(**document: Any) -> Item:
    return Item(ref=Ref(kind=Kind.LINK, code="a-b"), document=document, source="x.yaml: links[0]")


@pytest.mark.parametrize(
    ("said", "above", "below", "problem"),
    [
        ({}, {}, {}, ""),
        ({"test": True}, {"test": True}, {"test": True}, ""),
        ({"test": True, "on_live_desk": True}, {"test": True}, {}, ""),
        ({}, {"test": True}, {}, "desk a is a test desk, and the link is not for tests"),
        ({}, {}, {"test": True}, "desk b is a test desk, and the link is not for tests"),
        ({"test": True}, {"test": True}, {}, "desk b is a live desk: tests would come among its work"),
        ({"test": True}, {}, {"test": True}, "desk a is a live desk: what is opened there is real"),
    ],
)
def test_a_test_link_begins_at_a_test_desk_and_says_where_it_ends(
    said: dict[str, Any], above: dict[str, Any], below: dict[str, Any], problem: str
) -> None:
    found = list(trial.problems(link(**said), desk("a", **above), desk("b", **below)))
    assert [one.what for one in found] == ([problem] if problem else [])


def test_a_promotion_takes_over_everything_but_that_it_is_a_test() -> None:
    test = {
        "code": "a-b",
        "upstream": "a",
        "downstream": "b",
        "test": True,
        "on_live_desk": True,
        "state": "paused",
        "crosses": {"fields_down": ["title"]},
        "hop_limit": 3,
    }
    assert trial.promoted(test, {}, code="x-y", upstream="x", downstream="y") == {
        "code": "x-y",
        "upstream": "x",
        "downstream": "y",
        "crosses": {"fields_down": ["title"]},
        "hop_limit": 3,
    }


def test_profiles_that_differ_are_named() -> None:
    one = {"profile": {"statuses": {"new": "acknowledged"}, "priorities": {"1": "high"}}}
    other = {"profile": {"statuses": {"neu": "acknowledged"}, "priorities": {"1": "high"}}}
    assert trial.unlike(one, other) == ["statuses"]
