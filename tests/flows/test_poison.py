"""What cannot be judged, for a fault of ours, harms nobody else: quarantined, put off, or parked, with the reason."""

from datetime import timedelta

import pytest

from gateway.domain import judge, settling
from gateway.domain.delivery import LEASE
from gateway.flows import deliver, intake, sweep
from gateway.store import views
from gateway.store.scope import Scope
from gateway.testing.hub import Hub, Plan

LINK = {
    "upstream": "customer",
    "downstream": "vendor",
    "passes": {"when": {"field": "queue", "op": "eq", "value": "IT"}},
}


def _hub() -> Hub:
    hub = Hub(Plan(desks={"customer": "customer", "vendor": "plain"}, links=[LINK]))
    hub.run(timedelta(seconds=3))
    return hub


def test_a_message_that_cannot_be_judged_is_quarantined_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = _hub()
    anna = hub.desks["customer"].person("anna")
    first, second = anna.open("one", "", queue="IT"), anna.open("two", "", queue="IT")
    hub.run(timedelta(seconds=5))
    anna.set(first, "priority", "1 - Critical")
    anna.set(second, "priority", "1 - Critical")
    real = judge.observe

    def fails_for_the_first(case: object, hop_id: str, sight: judge.Sight) -> None:
        if sight.snapshot.remote_id == first:
            raise RuntimeError("a fault of ours")
        real(case, hop_id, sight)  # type: ignore[arg-type]

    monkeypatch.setattr(judge, "observe", fails_for_the_first)
    for code, hook in hub.hooks():
        hub.receive(code, hook)
    intake.process(hub.context, now=hub.now)

    with hub.database.read() as db:
        assert views.messages(db, Scope.operator(), state="received") == []
        [bad] = views.messages(db, Scope.operator(), state="quarantined")
    assert "a fault of ours" in bad["error"]
    monkeypatch.undo()
    hub.run(timedelta(seconds=5))
    copies = {doc["fields"]["title"]: doc["fields"]["priority"] for doc in hub.desks["vendor"].tickets()}
    assert copies["two"] == "urgent"


def test_a_delivery_that_cannot_be_settled_is_parked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = _hub()
    hub.desks["customer"].person("anna").open("one", "", queue="IT")
    for code, hook in hub.hooks():
        hub.receive(code, hook)
    intake.process(hub.context, now=hub.now)
    room = {"dsk_vendor": 5}
    [errand] = deliver.claim(hub.context, now=hub.now, worker="tests", capacity=room)
    outcome = deliver.withheld(errand, hub.now)

    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(settling, "parked", fails)
    deliver.settle_alone(hub.context, outcome, now=hub.now)
    with hub.database.read() as db:
        found = views.delivery(db, Scope.operator(), errand.delivery.id)
    assert found is not None
    assert (found["state"], found["outcome"]) == ("parked", "poisoned")
    assert "a fault of ours" in found["error"]


def test_who_settles_too_late_parks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = _hub()
    hub.desks["customer"].person("anna").open("one", "", queue="IT")
    for code, hook in hub.hooks():
        hub.receive(code, hook)
    intake.process(hub.context, now=hub.now)
    room = {"dsk_vendor": 5}
    [late] = deliver.claim(hub.context, now=hub.now, worker="slept", capacity=room)
    hub.clock.advance(LEASE + timedelta(seconds=1))
    sweep.lapse_leases(hub.context, now=hub.now)
    hub.clock.advance(timedelta(minutes=5))
    [other] = deliver.claim_doubtful(hub.context, now=hub.now, worker="awake", capacity=room)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(deliver, "settle", fails)
    deliver.settle_alone(hub.context, deliver.withheld(late, hub.now), now=hub.now)
    with hub.database.read() as db:
        found = views.delivery(db, Scope.operator(), other.delivery.id)
    assert found is not None
    assert found["state"] == "ambiguous"
