"""A clock as a party sees it: figures in full, stages without what is hidden."""

from itertools import pairwise

from gateway.domain.timeline import ClockLine
from tests.domain.sla.story import at
from tests.domain.timeline.day import seen


def line(org: str | None, key: str, **more: str) -> ClockLine:
    [found] = [one for one in seen(org, **more).clocks if one.clock.key == key]
    return found


def test_the_customer_reads_the_same_figures_as_the_vendor_in_fewer_stages() -> None:
    theirs, ours = line("org-h0", "till-sla/h1/resolution"), line("org-h1", "till-sla/h1/resolution")
    assert theirs.clock == ours.clock
    assert [(f"{one.start:%H:%M}", one.cells[0].lane, one.cause) for one in theirs.stages] == [
        ("08:05", "link:h1", "e2"),
        ("08:07", "h1", "e3"),
        ("08:20", "h1", "w1"),
    ]
    assert len(ours.stages) > len(theirs.stages)


def test_stages_sum_up_to_the_elapsed_and_the_stopped_time() -> None:
    for org in (None, "org-h1", "org-h2"):
        found = line(org, "nord-uc/h2/resolution")
        assert found.stages[-1].sum == found.clock.elapsed
        still = [one for one in found.stages if one.stopped]
        assert (
            sum((one.open_time for one in still), start=at("00:00") - at("00:00")) == found.clock.stopped_time
        )
        assert [(one.code, one.cause) for one in still] == [("requester_info", "q")]
        assert all(one.end == after.start for one, after in pairwise(found.stages))


def test_the_hours_in_which_the_calendar_is_closed_are_told() -> None:
    found = line("org-h0", "till-sla/h1/resolution", now="1/09:00")
    assert found.closed == ((at("18:00"), at("1/08:00")),)
    assert line(None, "quick-uc/h3/resolution").closed == ()


def test_parties_and_calendar_are_named() -> None:
    found = line("org-h0", "till-sla/h1/response")
    assert (found.provider, found.consumer, found.calendar, found.kind) == ("org-h1", "org-h0", "8-18", "sla")
