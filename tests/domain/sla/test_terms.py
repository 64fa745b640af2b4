"""What agreements say, as clocks live it: business days, when a target is reached, calendars of single targets."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.sla.attribution import attribute, headline
from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.terms import TargetKind
from gateway.domain.worktime import DayTarget, DueAt
from tests.domain.sla.story import H, M, at, at_partner, at_vendor, chain, figures, office, play, terms


def days(count: int = 1, kind: TargetKind = TargetKind.RESOLUTION, **more: Any) -> dict[str, Any]:
    return {
        "resolution": None,
        "calendar": office(),
        "targets": {kind: {"P1": DayTarget(days=count, **more), "P3": 4 * H}},
    }


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        pytest.param("09:00", "1/18:00", id="the next business day"),
        pytest.param("4/17:00", "7/18:00", id="over a week-end"),
        pytest.param("5/10:00", "7/18:00", id="received on a Saturday"),
    ],
)
def test_r8_a_target_in_business_days_is_due_at_their_close_of_business(opened: str, due: str) -> None:
    found = at_vendor(f"{opened} open h1", opened, **days())
    assert (found.due, found.elapsed) == (at(due), timedelta())


def test_r8_the_open_time_up_to_that_moment_is_the_target_from_then_on() -> None:
    """Opened Monday 09:00: nine hours of Monday and ten of Tuesday. Two hours of a stop move it to Wednesday 10:00."""
    text = "09:00 open h1\n10:00 hold h1 site_access\n12:00 work h1"
    found = at_vendor(text, "13:00", stops="site_access", **days())
    assert (found.target, figures(found)) == (19 * H, ("running", 2 * H, 2 * H))
    assert found.due == at("2/10:00")


def test_r8_it_breaches_after_the_close_of_business_and_not_at_it() -> None:
    assert at_vendor("09:00 open h1\n1/18:00 resolve h1", "2/12:00", **days()).state == "met"
    late = at_vendor("09:00 open h1\n2/08:01 resolve h1", "2/12:00", **days())
    assert (late.state, late.breached_at) == ("breached", at("1/18:00"))


def test_r8_the_same_time_of_day_and_a_cut_off_hour() -> None:
    same = at_vendor("09:30 open h1", "10:00", **days(due=DueAt.SAME_TIME))
    assert same.due == at("1/09:30")
    cut = days(cut_off=15 * 3600)
    assert at_vendor("14:59 open h1", "15:00", **cut).due == at("1/18:00")
    assert at_vendor("15:00 open h1", "15:00", **cut).due == at("2/18:00")


def test_r8_business_days_of_a_hand_over_count_from_it() -> None:
    found = at_partner("08:00 open h0\n2/11:00 offer h1", "2/12:00", **days(2))
    assert (found.started_at, found.due) == (at("2/11:00"), at("4/18:00"))


def test_r8_a_clock_that_waits_shows_what_it_would_be_if_it_started_now() -> None:
    found = at_partner("08:00 open h0\n09:00 offer h1", "12:00", starts_on="accepted", **days())
    assert (found.state, found.target, found.due) == ("waiting", 16 * H, None)


@pytest.mark.parametrize(
    ("from_change", "target", "due"),
    [
        pytest.param(False, 19 * H, "1/18:00", id="from the original start"),
        pytest.param(True, 18 * H, "2/18:00", id="from the change"),
    ],
)
def test_r17_a_change_into_business_days_counts_from_where_the_agreement_says(
    from_change: bool, target: timedelta, due: str
) -> None:
    text = "09:00 open h1 P3\n1/10:00 priority h1 P1"
    found = at_vendor(text, "1/10:30", from_change=from_change, **days())
    assert (found.target, found.due) == (target, at(due))


def test_r13_each_silence_has_its_own_business_day() -> None:
    told = days(kind=TargetKind.UPDATE)
    text = "09:00 open h1\n1/11:00 say h1"
    found = at_vendor(text, "1/12:00", key="SLA/h1/update#2", **told)
    assert (found.started_at, found.due) == (at("1/11:00"), at("2/18:00"))


def test_r23_a_share_in_business_days_is_what_it_came_to() -> None:
    """Twelve hours promised above; the partner has a business day (20 h from Monday 08:00) and keeps it: a contract gap."""
    where = chain(
        "h0 h1<h0 h2<h1",
        terms("SLA", "h1", 12 * H, calendar=office()),
        terms("UC", "h2", **{**days(), "resolution": None}),
    )
    text = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n08:00 offer h2\n08:00 accept h2\n1/17:00 resolve h2 id=x"
    folded = play(where, text + "\n1/17:00 resolve h1 cause=x", now="2/09:00")
    every = clocks(folded)
    found = headline(every, "SLA")
    assert found is not None
    assert attribute(folded, every, found).parts == {"contract_gap": 7 * H}
    late = play(where, text.replace("1/17:00", "2/08:30") + "\n2/08:30 resolve h1 cause=x", now="2/09:00")
    every = clocks(late)
    found = headline(every, "SLA")
    assert found is not None
    assert attribute(late, every, found).parts == {"org-h2": 30 * M, "contract_gap": 8 * H}


def test_r13_each_target_names_its_calendar() -> None:
    """Response counts round the clock, resolution in office hours: opened at 20:00, one is due at 21:00, the other next day."""
    targets = {TargetKind.RESPONSE: {"P1": H}}
    told: dict[str, Any] = {"targets": targets, "calendars": {TargetKind.RESOLUTION: office()}}
    assert at_vendor("20:00 open h1", "20:30", key="SLA/h1/response", **told).due == at("21:00")
    assert at_vendor("20:00 open h1", "20:30", **told).due == at("1/12:00")


def test_r13_a_target_narrowed_to_the_hours_of_access_waits_for_the_site_to_open() -> None:
    """Four hours of the round-the-clock service, while the site can be entered from 10 to 12: due the day after tomorrow."""
    narrowed = office(0, 24, "1234567", within=office(10, 12, "1234567"))
    found = at_vendor("11:00 open h1", "11:30", calendars={TargetKind.RESOLUTION: narrowed})
    assert (found.due, found.elapsed) == (at("2/11:00"), H / 2)
