"""Geometry: moments in per cent of the width, round ticks in the viewer's zone, bars and marks where they belong."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gateway.web import chart
from gateway.web.telling import Said
from gateway.words import Words
from gateway.words.look import Look
from tests.domain.sla.story import at
from tests.domain.timeline.day import seen

LOOK = Look(Words("en"), ZoneInfo("UTC"))
NAMES = {"acme": "Acme", "org-h0": "Stores", "org-h1": "Tills", "org-h2": "Nord", "org-h3": "Quick"}


def test_a_scale_goes_from_nought_to_a_hundred_and_keeps_what_is_outside_at_the_edge() -> None:
    scale = chart.Scale(at("08:00"), at("12:00"))
    assert [scale.at(at(text)) for text in ("07:00", "08:00", "09:00", "12:00", "13:00")] == [
        0,
        0,
        25,
        100,
        100,
    ]
    assert scale.holds(at("12:00"))
    assert not scale.holds(at("12:01"))


def test_the_picture_reaches_to_the_next_due_moment_but_not_far_beyond_the_past() -> None:
    found = seen("org-h0")
    assert chart.scale_of(found).end > at("17:05")
    early = seen("org-h0", now="08:10")
    assert chart.scale_of(early).end < at("08:30"), "nine hours ahead would press ten minutes flat"


@pytest.mark.parametrize(
    "length",
    [timedelta(seconds=7), timedelta(minutes=3), timedelta(hours=9), timedelta(days=3), timedelta(days=900)],
    ids=str,
)
def test_there_are_few_ticks_at_round_times(length: timedelta) -> None:
    found = chart.ticks(chart.Scale(at("08:03"), at("08:03") + length), LOOK)
    assert 1 <= len(found) <= chart.MOST_TICKS + 1
    assert [tick.x for tick in found] == sorted(tick.x for tick in found)
    assert found[0].day


def test_ticks_are_round_where_the_viewer_lives() -> None:
    kolkata = Look(Words("en"), ZoneInfo("Asia/Kolkata"))
    found = chart.ticks(chart.Scale(at("08:10"), at("14:10")), kolkata)
    assert [tick.hour for tick in found] == ["14:00", "16:00", "18:00"]
    midnight = chart.ticks(chart.Scale(datetime(2026, 3, 2, 20, tzinfo=UTC), at("1/04:00")), LOOK)
    assert [tick.day for tick in midnight if tick.day] == ["2 Mar", "3 Mar"]


def drawn(org: str | None) -> dict[str, chart.LaneDrawn]:
    found = seen(org)
    lanes, height = chart.lanes(chart.scale_of(found), found, Said.of(LOOK, found, NAMES))
    assert height > max(one.bar + one.height for one in lanes)
    return {one.lane.id: one for one in lanes}


def test_lanes_lie_one_below_the_other_the_links_thin() -> None:
    found = list(drawn(None).values())
    assert [one.lane.id for one in found] == [
        "requester",
        "h0",
        "link:h1",
        "h1",
        "link:h2",
        "h2",
        "link:h3",
        "h3",
    ]
    for one, after in pairwise(found):
        assert one.bar + one.height < after.top
    assert {one.height for one in found if one.lane.hop and one.lane.id.startswith("link:")} == {10}


def test_what_waits_or_is_held_is_hatched_and_what_travels_is_another_colour() -> None:
    found = drawn(None)
    assert [shape.look for shape in found["h2"].shapes] == ["holds", "holds", "waits", "holds", "holds"]
    assert "rests" in {shape.look for shape in found["h3"].shapes}
    assert {shape.look for shape in found["link:h2"].shapes} == {"transit"}
    assert any("own parts" in shape.title for shape in found["h3"].shapes)


def test_events_are_marked_by_kind() -> None:
    signs = [mark.sign for mark in drawn(None)["h1"].marks]
    assert signs == ["handover", "handover", "status", "words"]


def test_a_clock_shows_what_ran_stood_still_was_shut_and_is_over() -> None:
    found = seen(None, now="1/09:00")
    scale, said = chart.scale_of(found), Said.of(LOOK, found, NAMES)
    by_key = {line.clock.key: chart.clock_shapes(scale, line, said) for line in found.clocks}
    assert "shut" in {shape.look for shape in by_key["till-sla/h1/resolution"]}
    nord = by_key["nord-uc/h2/resolution"]
    assert {shape.look for shape in nord} == {"runs", "rests", "over"}
    over = [shape for shape in nord if shape.look == "over"]
    assert over[0].x == pytest.approx(scale.at(at("13:58")))
