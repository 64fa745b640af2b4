"""Who wins a field: by the link, by the directions, and always the same whoever came first."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.model import Crossing, Field, Loser, Ownership, Policy, Side
from gateway.domain.ownership import Claim, effective, ownership_of, winner
from tests.builders import NOW, PROPERTY, later, link

UP, DOWN = Side.UPSTREAM, Side.DOWNSTREAM


def rule(owner: Side, policy: Policy) -> Ownership:
    return Ownership(owner=owner, policy=policy)


def told(one: Ownership) -> Ownership:
    """The same, but what lost is only told."""
    return replace(one, loser=Loser.TELL)


# what crosses down, what crosses up, field → owner and policy
DEFAULTS = {
    "only down is the upstream's": ({"priority"}, set(), "priority", told(rule(UP, Policy.OWNER_WINS))),
    "only up is the downstream's": (set(), {"site"}, "site", told(rule(DOWN, Policy.OWNER_WINS))),
    "both ways is the later one's": ({"site"}, {"site"}, "site", rule(UP, Policy.LATEST_WINS)),
    "a title goes only down": ({"title"}, {"title"}, "title", rule(UP, Policy.OWNER_WINS)),
    "what does not cross is each one's own": (set(), set(), "priority", None),
    "a due date is each one's own (R20)": ({"due"}, {"due"}, "due", None),
    "an assignee is each one's own": ({"assignee"}, {"assignee"}, "assignee", None),
}


@pytest.mark.parametrize(("down", "up", "field", "expected"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_left_out_the_directions_say_whose_it_is(
    down: set[str], up: set[str], field: str, expected: Ownership | None
) -> None:
    crossing = Crossing(fields_down=frozenset(down), fields_up=frozenset(up))
    assert ownership_of(link("a", "b", crossing=crossing), field) == expected


def test_the_link_says_otherwise() -> None:
    said = rule(UP, Policy.HOLD)
    assert ownership_of(link("a", "b", ownership={"priority": said}), Field.PRIORITY) == said


def claim(side: Side, value: str, minute: float = 0) -> Claim:
    return Claim(side=side, value=value, at=later(minute))


# policy, owner, claims → the value that stands
CASES = {
    "the owner, however late": (Policy.OWNER_WINS, UP, [claim(UP, "a"), claim(DOWN, "b", 9)], "a"),
    "the owner below": (Policy.OWNER_WINS, DOWN, [claim(UP, "a", 9), claim(DOWN, "b")], "b"),
    "its newest": (Policy.OWNER_WINS, UP, [claim(UP, "a"), claim(UP, "c", 1), claim(DOWN, "b")], "c"),
    "the later one": (Policy.LATEST_WINS, UP, [claim(UP, "a"), claim(DOWN, "b", 1)], "b"),
    "the same moment is the owner's": (Policy.LATEST_WINS, DOWN, [claim(UP, "a"), claim(DOWN, "b")], "b"),
    "the same second, too": (Policy.LATEST_WINS, UP, [claim(UP, "a"), claim(DOWN, "b", 0.01)], "a"),
    "a person is to say": (Policy.HOLD, UP, [claim(UP, "a"), claim(DOWN, "b")], None),
    "both say the same": (Policy.HOLD, UP, [claim(UP, "a"), claim(DOWN, "a", 1)], "a"),
    "only one said anything": (Policy.HOLD, UP, [claim(DOWN, "b")], "b"),
}


@pytest.mark.parametrize(("policy", "owner", "claims", "expected"), CASES.values(), ids=CASES.keys())
def test_who_wins(policy: Policy, owner: Side, claims: list[Claim], expected: str | None) -> None:
    found = winner(rule(owner, policy), claims)
    assert (found.value if found else None) == expected


CLAIMS = st.lists(
    st.builds(
        claim, st.sampled_from(Side), st.sampled_from(["a", "b", "c"]), st.integers(min_value=0, max_value=3)
    ),
    min_size=1,
    max_size=5,
)


@PROPERTY
@given(CLAIMS, st.sampled_from(Side), st.sampled_from(Policy))
def test_the_order_in_which_claims_came_does_not_matter(
    claims: list[Claim], owner: Side, policy: Policy
) -> None:
    found = {
        won and won.value for order in permutations(claims) for won in [winner(rule(owner, policy), order)]
    }
    assert len(found) == 1


# reported, contrary seen (minutes) → effective, seen at 5
TIMES = {
    "the desk's own time": (3.0, None, 3.0),
    "never after it was seen": (9.0, None, 5.0),
    "not before it was last seen otherwise": (1.0, 2.0, 2.0),
    "no time is when it was seen": (None, 2.0, 5.0),
}


@pytest.mark.parametrize(("reported", "contrary", "expected"), TIMES.values(), ids=TIMES.keys())
def test_when_something_was_set(reported: float | None, contrary: float | None, expected: float) -> None:
    at = effective(
        None if reported is None else later(reported),
        seen=later(5),
        contrary=None if contrary is None else later(contrary),
    )
    assert at - NOW == timedelta(minutes=expected)
