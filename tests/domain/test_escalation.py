"""Who is told, level by level and party by party, and at which hour."""

from datetime import datetime

import pytest

from gateway.domain.escalation import ladder, reached_at, told
from gateway.domain.hours import hours_from
from gateway.domain.model import Contact

WAY = [("org_north", None), ("org_vendor", None), ("org_customer", None)]


def rungs(step: int) -> list[str]:
    return [f"{rung.org_id.removeprefix('org_')}{rung.level}" for rung in told(WAY, step)]


@pytest.mark.parametrize(
    ("step", "who"),
    [
        (0, ["north1"]),
        (1, ["north1", "north2", "vendor1"]),
        (2, ["north1", "north2", "north3", "vendor1", "vendor2", "customer1"]),
    ],
)
def test_each_step_takes_in_one_level_more_of_everybody_and_one_party_more(step: int, who: list[str]) -> None:
    assert rungs(step) == who


def test_the_ladder_has_every_rung_once_the_nearest_first() -> None:
    names = [f"{rung.org_id.removeprefix('org_')}{rung.level}" for rung in ladder(WAY)]

    assert names[:4] == ["north1", "north2", "north3", "vendor1"]
    assert len(names) == len(set(names)) == 9


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("hours", "now", "at"),
    [
        ("always", "2026-03-02T23:00", "2026-03-02T23:00"),
        ("Mon-Fri 08:00-18:00", "2026-03-02T12:00", "2026-03-02T12:00"),
        ("Mon-Fri 08:00-18:00", "2026-03-02T18:00", "2026-03-03T08:00"),
        ("Mon-Fri 08:00-18:00", "2026-03-06T19:00", "2026-03-09T08:00"),
        ("Mon-Fri 08:00-18:00 Europe/Rome", "2026-03-02T06:00", "2026-03-02T07:00"),
        ("Mon-Fri 08:00-18:00 Europe/Rome", "2026-03-30T05:00", "2026-03-30T06:00"),
        ("Mon-Fri 22:00-06:00", "2026-03-03T05:00", "2026-03-03T05:00"),
        ("Mon-Fri 22:00-06:00", "2026-03-03T07:00", "2026-03-03T22:00"),
        ("Sun 10:00-12:00; Sat 10:00-12:00", "2026-03-02T12:00", "2026-03-07T10:00"),
    ],
    ids=[
        "no hours", "in them", "after closing", "over the week-end", "in winter time", "in summer time",
        "a night shift", "after it", "the nearer of two",
    ],
)  # fmt: skip
def test_when_a_contact_may_be_disturbed(hours: str, now: str, at: str) -> None:
    contact = Contact(
        id="c", org_id="o", code="c", level=1, channel="email", address="c@o.example", hours=hours_from(hours)
    )

    assert reached_at(contact, moment(now), any_hour=False) == moment(at)
    assert reached_at(contact, moment(now), any_hour=True) == moment(now)
