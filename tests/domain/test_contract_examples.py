"""The worked example of schemas/README.md: what it says in words is what comes out."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from gateway import schemas
from gateway.domain.agreements import Underpinning, underpinnings
from gateway.domain.contract_problems import agreements_of
from gateway.domain.plan import Item, Kind, Ref
from gateway.domain.sla.support import finish

ROME = ZoneInfo("Europe/Rome")


def example() -> dict[Ref, Item]:
    text = (Path(schemas.folder()) / "README.md").read_text(encoding="utf-8")
    [block] = [one for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "agreements:" in one]
    document = yaml.load(block, Loader=yaml.BaseLoader)
    document["calendars"][0]["always"] = True
    items = {}
    for section, kind in (("calendars", Kind.CALENDAR), ("agreements", Kind.AGREEMENT)):
        for one in document[section]:
            schemas.check(kind.value, one)
            ref = Ref(kind=kind, code=one["code"], organization=one["organization"])
            items[ref] = Item(ref=ref, document=one, source="README.md")
    return items


def critical_resolution() -> Underpinning:
    [pair] = [
        one
        for one in underpinnings(agreements_of(example()))
        if (one.priority, one.target.value) == ("critical", "resolution")
    ]
    return pair


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 in Rome; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ROME)


def test_a_monday_morning_is_well_within() -> None:
    assert finish(critical_resolution().legs(), at(2, 8)) == at(2, 14, 30)


def test_friday_at_half_past_one_just_fits_before_the_week_end() -> None:
    pair = critical_resolution()
    assert finish(pair.legs()[:-1], at(6, 13, 30)) == at(6, 18)
    assert finish(pair.legs(), at(6, 13, 30)) == at(6, 19)


def test_friday_at_two_waits_for_monday() -> None:
    pair = critical_resolution()
    assert finish(pair.legs()[:-1], at(6, 14)) == at(9, 8, 30)
    assert finish(pair.legs(), at(6, 14)) - at(6, 22) == timedelta(hours=59, minutes=30)
