"""Tests: what is opened at a test desk is a rehearsal from its first to its last hop. It passes test links only, and they take
nothing else, so that real work never goes to people who rehearse, and no rehearsal is counted, billed or handed on."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.domain.plan import Item
from gateway.domain.problem import Problem

ONLY_TESTS = "the link is for tests, and this ticket is real"
NO_TESTS = "the ticket is a test, and the link is not for tests"
_OF_TESTS = ("test", "on_live_desk", "state", "valid_from", "valid_until")
"""What a test link says that a live one does not take over."""
_OF_THE_LINK = ("valid_from", "valid_until", "identities", "create")
"""What a live link goes on saying: how long it holds, who is who and where tickets are made at its own desks."""

Document = Mapping[str, Any]


def problems(link: Item, upstream: Item, downstream: Item) -> Iterator[Problem]:
    """A test link begins at a test desk; that it ends at a live one, it says. A live link touches no test desk."""
    above, below = (bool(desk.document.get("test")) for desk in (upstream, downstream))
    if not link.document.get("test"):
        if above or below:
            what = f"{(upstream if above else downstream).ref} is a test desk, and the link is not for tests"
            yield Problem(place=link.source, what=what, right="write test: true, or name a live desk")
        return
    if not above:
        what = f"{upstream.ref} is a live desk: what is opened there is real"
        right = "declare its test queue as a desk of its own, with test: true"
        yield Problem(place=link.source, what=what, right=right)
    if not below and not link.document.get("on_live_desk"):
        what = f"{downstream.ref} is a live desk: tests would come among its work"
        yield Problem(place=link.source, what=what, right="write on_live_desk: true, or name a test desk")


def promoted(
    document: Document, live: Document, *, code: str, upstream: str, downstream: str
) -> dict[str, Any]:
    """A live link's document with everything that the test link's says of what passes and crosses. `live`: as it stands, if it
    does."""
    kept = {name: value for name, value in document.items() if name not in _OF_TESTS}
    own = {name: live[name] for name in _OF_THE_LINK if name in live}
    return {**kept, **own, "code": code, "upstream": upstream, "downstream": downstream}


def unlike(test: Document, live: Document) -> list[str]:
    """Parts of two desks' profiles that differ: what the test has shown may not hold at the live desk."""
    before, after = test.get("profile", {}), live.get("profile", {})
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
