"""A chain tells the first line that somebody flipped, removed, swapped, slipped in or wrote anew."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import audit
from gateway.domain.audit import Check, Flaw, Head, Line

Tampering = Callable[[list[Line], int, int], tuple[list[Line], int, str]]


def line(seq: int, org_id: str = "org_a") -> Line:
    said: Any = {"actor": "maria", "action": "key created", "before": None, "after": '{"label": "x"}'}
    return Line(seq=seq, org_id=org_id, at=seq * 1000, subject=f"key_{seq}", **said)


def chain(length: int) -> list[Line]:
    return audit.sealed([line(seq) for seq in range(1, length + 1)], {})


def flaws(lines: Sequence[Line], anchors: dict[tuple[str, int], str] | None = None) -> list[Flaw]:
    check = Check(anchors=anchors or {})
    for one in sorted(lines, key=lambda one: (one.org_id, one.number or 0, one.seq)):
        check.follow(one)
    return check.end()


def _flipped(lines: list[Line], at: int, how: int) -> tuple[list[Line], int, str]:
    names = ("seq", "at", "actor", "action", "subject", "before", "after", "previous", "digest")
    name, one = names[how % len(names)], lines[at]
    old = getattr(one, name)
    new = old + 1 if isinstance(old, int) else '{"label": "y"}' if name in ("before", "after") else f"{old}."
    other = Line(**{**asdict(one), name: new})
    return [*lines[:at], other, *lines[at + 1 :]], at + 1, audit.ALTERED


def _removed(lines: list[Line], at: int, _how: int) -> tuple[list[Line], int, str]:
    return [*lines[:at], *lines[at + 1 :]], at + 1, audit.MISSING


def _renumbered(lines: list[Line], at: int, _how: int) -> tuple[list[Line], int, str]:
    """Removed, and the gap closed."""
    later = [replace(one, number=(one.number or 0) - 1) for one in lines[at + 1 :]]
    wrong = audit.ALTERED if later else audit.MISSING
    return [*lines[:at], *later], at + 1, wrong


def _swapped(lines: list[Line], at: int, how: int) -> tuple[list[Line], int, str]:
    other = how % len(lines)
    other = (other + 1) % len(lines) if other == at else other
    first, second = sorted((at, other))
    one, two = lines[first], lines[second]
    changed = list(lines)
    changed[first], changed[second] = replace(two, number=one.number), replace(one, number=two.number)
    return changed, first + 1, audit.ALTERED


def _slipped_in(lines: list[Line], at: int, _how: int) -> tuple[list[Line], int, str]:
    """A line that its maker sealed well, in the place of another, which and all later ones went up by one. It fits; what
    comes after it does not, nor does what was signed for its place."""
    before = lines[at - 1] if at else None
    heads = {"org_a": Head(number=at, digest=before.digest or "")} if before else {}
    [forged] = audit.sealed([line(9999)], heads)
    later = [replace(one, number=(one.number or 0) + 1) for one in lines[at:]]
    signed_there = at + 1 == len(lines)
    found = (at + 1, audit.REWRITTEN) if signed_there else (at + 2, audit.ALTERED)
    return [*lines[:at], forged, *later], *found


def _beside(lines: list[Line], at: int, _how: int) -> tuple[list[Line], int, str]:
    return [*lines, replace(lines[at], seq=9999)], at + 1, audit.INSERTED


def _written_anew(lines: list[Line], at: int, _how: int) -> tuple[list[Line], int, str]:
    """All from a line on, with right digests: only what was signed tells."""
    new = [replace(one, actor="eve") if place >= at else one for place, one in enumerate(lines)]
    bare = [replace(one, number=None, previous=None, digest=None) for one in new]
    return audit.sealed(bare, {}), len(lines), audit.REWRITTEN


TAMPERINGS = [_flipped, _removed, _renumbered, _swapped, _slipped_in, _beside, _written_anew]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__.strip("_"))
@settings(max_examples=15, deadline=None)
@given(length=st.integers(2, 12), place=st.integers(0, 99), how=st.integers(0, 99))
def test_the_first_bad_line_is_named(tamper: Tampering, length: int, place: int, how: int) -> None:
    lines = chain(length)
    signed = {("org_a", length): lines[-1].digest or ""}
    assert flaws(lines, signed) == []

    tampered, number, what = tamper(lines, place % length, how)

    [found] = flaws(tampered, signed)
    assert (found.org_id, found.number, found.what) == ("org_a", number, what)


def test_lines_that_are_cut_off_at_the_end_are_missed_by_what_was_signed() -> None:
    lines = chain(5)
    assert flaws(lines[:3]) == []
    signed = {("org_a", 5): lines[-1].digest or ""}
    assert flaws(lines[:3], signed) == [Flaw(org_id="org_a", number=4, seq=0, what=audit.MISSING)]
    assert flaws([], signed) == [Flaw(org_id="org_a", number=1, seq=0, what=audit.MISSING)]


def test_each_organization_has_a_chain_of_its_own() -> None:
    lines = audit.sealed([line(1), line(2, "org_b"), line(3), line(4, "org_b")], {})
    assert [(one.org_id, one.number) for one in lines] == [
        *(("org_a", 1), ("org_b", 1), ("org_a", 2), ("org_b", 2))
    ]
    moved = [replace(lines[1], org_id="org_a", number=3), *lines[:1], *lines[2:]]
    assert [flaw.org_id for flaw in flaws(moved)] == ["org_a", "org_b"]


def test_a_document_that_is_none_is_altered_and_its_spelling_is_not() -> None:
    one, two = chain(2)
    assert [flaw.what for flaw in flaws([one, replace(two, after="{")])] == [audit.ALTERED]
    assert flaws([one, replace(two, after='{ "label":"x"}')]) == []


def test_the_digest_is_the_one_that_is_written_down() -> None:
    """Whoever follows an export elsewhere relies on it; a change would need another format."""
    text = (
        '{"action":"key created","actor":"maria","after":{"label":"x"},"at":7000,"before":null,"format":1,'
        '"number":1,"org_id":"org_a","seq":7,"subject":"key_7"}'
    )
    assert audit.sealed_text(line(7), 1) == text
    digest = "fbda74d26efd016bde2c15c3bdf36dbfb57a56515e6e7e1130683ebb8be1393e"
    assert audit.digest(line(7), 1, audit.GENESIS) == digest
