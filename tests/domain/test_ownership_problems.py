"""What a link's `ownership` may not say."""

from typing import Any

import pytest

from gateway.domain.ownership_problems import ownership_problems
from gateway.domain.plan import Item, Kind, Ref

CASES: dict[str, tuple[dict[str, Any], dict[str, list[str]], str]] = {
    "what goes down is the upstream's": ({"priority": {"owner": "upstream"}}, {}, ""),
    "what goes up may be the downstream's": (
        {"site": {"owner": "downstream"}},
        {"fields_up": ["site"]},
        "",
    ),
    "an owner whose value does not cross": (
        {"priority": {"owner": "downstream"}},
        {},
        "the downstream owns the priority, and it does not cross · add it to crosses.fields_up",
    ),
    "both sides, one way": (
        {"priority": {"owner": "upstream", "policy": "hold"}},
        {},
        (
            "hold lets both sides set the priority, and it does not cross both ways · "
            "add priority to crosses.fields_down and crosses.fields_up"
        ),
    ),
    "a title from below": (
        {"title": {"owner": "downstream"}},
        {"fields_up": ["title"]},
        "the title only goes down · owner: upstream, policy: owner_wins",
    ),
}


@pytest.mark.parametrize(("ownership", "crosses", "expected"), CASES.values(), ids=CASES.keys())
def test_ownership(ownership: dict[str, Any], crosses: dict[str, list[str]], expected: str) -> None:
    document = {"code": "a-b", "upstream": "a", "downstream": "b", "ownership": ownership, "crosses": crosses}
    item = Item(ref=Ref(kind=Kind.LINK, code="a-b"), document=document, source="links[0]")
    found = [f"{one.what} · {one.right}" for one in ownership_problems(item)]
    assert found == ([expected] if expected else [])
