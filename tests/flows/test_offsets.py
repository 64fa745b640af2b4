"""Samples of desks' clocks on their way into the store: only what is new, and nothing lost."""

from datetime import timedelta

import pytest

from gateway.domain.outcome import ClockSample
from gateway.flows.context import OPERATOR
from gateway.flows.offsets import Offsets
from gateway.store import offsets
from gateway.testing.hub import Hub
from gateway.testing.plan import Plan


@pytest.fixture
def hub() -> Hub:
    return Hub(Plan(desks={"north": "plain"}))


def sample(hub: Hub, minute: int, seconds: float) -> ClockSample:
    at = hub.now + timedelta(minutes=minute)
    return ClockSample(at=at, offset=timedelta(seconds=seconds), error=timedelta(seconds=0.5))


def kept(hub: Hub) -> list[float]:
    with hub.database.read() as db:
        series = offsets.since(db, OPERATOR, ["dsk_north"], hub.now - timedelta(days=1))
    return [one.offset.total_seconds() for one in series.get("dsk_north", ())]


def test_only_what_says_something_new_is_written(hub: Hub) -> None:
    known = Offsets(hub.context)
    known.write_down()
    for minute, seconds in enumerate((0.0, 0.2, 7.0, 7.3, 7.0)):
        known.learn("org_north", "dsk_north", sample(hub, minute, seconds))
    known.learn("org_north", "dsk_north", None)
    known.write_down()
    known.write_down()
    assert kept(hub) == [0.0, 7.0]


def test_what_could_not_be_written_is_written_later(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Offsets(hub.context)
    known.learn("org_north", "dsk_north", sample(hub, 0, 3.0))
    with monkeypatch.context() as away:
        away.setattr(offsets, "keep", lambda *_: (_ for _ in ()).throw(OSError("disk")))
        with pytest.raises(OSError, match="disk"):
            known.write_down()
    known.write_down()
    assert kept(hub) == [3.0]
