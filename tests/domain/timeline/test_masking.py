"""R32 as a property: whatever masked parties do, and whenever, a party's view stays the same, but for figures of its own
clocks that it moved."""

from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.timeline import Timeline
from tests.domain.timeline.day import DAY, seen

LINES = DAY.strip().splitlines()
HIDDEN = {"org-h0": ("h2", "h3"), "org-h1": ("h3",), "acme": ("h1", "h2", "h3")}
"""Whose events may not show: those of hops below the neighbour."""


def hops(line: str) -> list[str]:
    """The hops that a line of the day is about; a delivery is about the hop whose news it brings."""
    news = {"q": "h2", "a": "h2", "r2": "h2"}
    return [news.get(word, word) for word in line.split()[2:3]]


def view(found: Timeline) -> dict[str, Any]:
    """All that the viewer is told, of clocks what is drawn and written of them."""
    told = {field.name: getattr(found, field.name) for field in fields(found)}
    told["lanes"] = [(lane.id, lane.kind, lane.org) for lane in found.lanes]
    told["clocks"] = [
        (one.clock.key, one.clock.state, one.clock.due, one.clock.elapsed, one.stages, one.closed, one.shifts)
        for one in found.clocks
    ]
    return told


def without(masked: tuple[str, ...], dropped: set[int], moved: dict[int, int]) -> str:
    """The day, with some events of masked hops left out or a few minutes later."""
    lines = []
    for place, line in enumerate(LINES):
        if set(hops(line)) & set(masked):
            if place in dropped:
                continue
            lines.append(_later(line, moved.get(place, 0)))
        else:
            lines.append(line)
    return "\n".join(lines)


def _later(line: str, minutes: int) -> str:
    clock, _, rest = line.partition(" ")
    hour, minute = (int(part) for part in clock.split(":"))
    at = hour * 60 + minute + minutes
    return f"{at // 60:02}:{at % 60:02} {rest}"


MORE = (
    "12:00 ask h3 requester_info id=x",
    "12:45 answer h3 x",
    "13:30 decline h3",
    "13:45 offer h3",
    "14:00 say h3",
    "14:10 return h3",
    "14:20 hold h3 carrier",
)
"""What else the last of the chain may do; its question and its refusal come to the partner above it, who is masked too or
seen as working."""
PLACES = st.integers(0, len(LINES) - 1)


@given(
    org=st.sampled_from(sorted(HIDDEN)),
    dropped=st.sets(PLACES, max_size=12),
    moved=st.dictionaries(PLACES, st.integers(0, 3), max_size=12),
    more=st.sets(st.sampled_from(MORE)),
)
def test_r32_what_masked_parties_do_and_when_changes_nothing_that_is_told(
    org: str, dropped: set[int], moved: dict[int, int], more: set[str]
) -> None:
    told = "\n".join((without(HIDDEN[org], dropped, moved), *sorted(more)))
    assert view(seen(org, told)) == view(seen(org))


def test_the_property_can_fail() -> None:
    other = without(("h2", "h3"), set(range(len(LINES))), {})
    assert view(seen("org-h1", other)) != view(seen("org-h1"))
