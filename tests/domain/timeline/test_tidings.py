"""What was told of the clocks stands among the events, for those whose clocks they are."""

import pytest

from gateway.domain.model import Event
from gateway.domain.timeline import Timeline, with_tidings
from tests.domain.sla.story import at
from tests.domain.timeline.day import folded, seen

KEY = "nord-uc/h2/resolution"


def told(number: int, kind: str, when: str, **data: object) -> Event:
    return Event(
        id=f"t{number}",
        org_id="org-h2",
        ticket_id="tkt_1",
        type=kind,
        observed_at=at(when),
        hop_id="h2",
        data=data,
    )


EVENTS = [
    told(1, "clock.warned", "12:00", clock=KEY, mark="75%"),
    told(2, "clock.breached", "14:00", clock=KEY),
    told(3, "clock.restated", "15:30", clock=KEY, old={"state": "breached"}, new={"state": "running"}),
    told(4, "clock.restated", "18:00", clock=KEY, old={"state": "running"}, new={"state": "breached"}),
    told(5, "clock.warned", "12:00", clock="gone"),
    told(6, "comment.added", "12:00", clock=KEY),
]


def shown(org: str | None) -> Timeline:
    return with_tidings(seen(org), folded(), EVENTS)


@pytest.mark.parametrize(
    ("org", "names"),
    [
        (None, ["t1", "t2", "t3"]),
        ("org-h2", ["t1", "t2", "t3"]),
        ("org-h1", ["t2", "t3"]),
        ("org-h0", []),
        ("org-h3", []),
    ],
    ids=str,
)
def test_r4_breaches_and_restatements_are_told_to_both_parties_warnings_to_the_provider(
    org: str | None, names: list[str]
) -> None:
    found = shown(org).events
    assert [one.id for one in found if one.type.startswith("clock.")] == names
    assert [one.at for one in found] == sorted(one.at for one in found)


def test_they_say_which_clock_and_what_became_of_it() -> None:
    words = {one.id: one.words for one in shown(None).events}
    assert words["t1"] == {"agreement": "nord-uc", "target": "resolution", "mark": "75%"}
    assert words["t3"] == {
        "agreement": "nord-uc",
        "target": "resolution",
        "old": "breached",
        "new": "running",
    }
