"""What falls due by itself: offers, resolutions, leases, and the hops nobody has spoken of for a while."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain import handover
from gateway.domain.case import Case
from gateway.domain.delivery import LEASE
from gateway.domain.model import DeliveryState, Hop, HopStatus
from gateway.flows import sweep
from gateway.store import rows
from tests.flows.scenes.stage import MINUTE, Cast, Stage

S = HopStatus
REFETCH = timedelta(minutes=15)
TERMS = {"answer_within": {"default": "1h"}, "confirm_within": "1h"}


def opened() -> Stage:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": TERMS}))
    stage.open()
    return stage


def sweep_at(stage: Stage, after: timedelta) -> int:
    """Nothing but the sweep happens at that moment."""
    stage.hub.clock.advance(after)
    return sweep.run(stage.hub.context, now=stage.hub.now)


def test_nothing_is_due_at_first() -> None:
    assert sweep_at(opened(), timedelta()) == 0


def test_an_offer_lapses_at_its_moment_and_not_before() -> None:
    stage = opened()
    answer_by = stage.hop("vendor").answer_by
    assert answer_by is not None

    sweep_at(stage, answer_by - stage.hub.now - timedelta(seconds=1))
    assert stage.is_("vendor") is S.OFFERED

    sweep_at(stage, timedelta(seconds=1))
    assert stage.is_("vendor") is S.EXPIRED


def test_an_answer_that_was_faster_counts() -> None:
    stage = opened()
    stage.set("vendor", "status", "open")

    sweep_at(stage, timedelta(hours=2))

    assert stage.is_("vendor") is S.IN_PROGRESS


def test_a_resolution_is_confirmed_at_its_moment() -> None:
    stage = opened()
    stage.set("vendor", "status", "solved")

    sweep_at(stage, timedelta(minutes=59))
    assert stage.is_("vendor") is S.RESOLVED

    sweep_at(stage, timedelta(minutes=2))
    assert stage.is_("vendor") is S.CLOSED
    [confirmed] = [event for event in stage.events() if event.type == "resolution.confirmed"]
    assert confirmed.data == {"by_time": True}


def looks(stage: Stage) -> dict[str, str]:
    with stage.hub.database.read() as db:
        return {row.desk_id: row.why for row in db.execute(rows.look.select())}


def test_every_open_hop_is_looked_at_again_on_schedule_the_customers_own_too() -> None:
    stage = opened()

    sweep_at(stage, REFETCH)

    assert looks(stage) == {"dsk_customer": "schedule", "dsk_vendor": "schedule"}
    assert stage.hop("vendor").refetch_at == stage.hub.now + REFETCH


def test_a_hop_that_has_ended_is_left_alone() -> None:
    stage = opened()
    stage.set("vendor", "status", "refused")

    sweep_at(stage, REFETCH)

    assert "dsk_vendor" not in looks(stage)
    assert stage.hop("vendor").refetch_at is None


def test_a_ticket_whose_turn_fails_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = opened()
    first = stage.case.ticket.id
    stage.open()
    lapse = handover.lapse

    def fails(case: Case, hop: Hop) -> None:
        if case.ticket.id == first:
            raise KeyError("no such place")
        lapse(case, hop)

    monkeypatch.setattr(handover, "lapse", fails)
    sweep_at(stage, timedelta(hours=2))

    with stage.hub.database.read() as db:
        found = db.execute(
            select(rows.hop.c.ticket_id, rows.hop.c.status).where(rows.hop.c.parent_id.is_not(None))
        )
        assert {row.ticket_id == first: row.status for row in found} == {True: "offered", False: "expired"}
    assert "what was due of a ticket failed" in caplog.text


def test_what_nobody_told_us_is_found_by_the_schedule() -> None:
    stage = opened()
    stage.person("vendor").comment(stage.id("vendor"), "did you hear me?")
    stage.hub.hooks()  # its message is lost

    stage.wait(16 * MINUTE)

    assert stage.heard("customer") == ["did you hear me?"]


@pytest.mark.parametrize(
    ("after", "state"),
    [(LEASE, DeliveryState.INFLIGHT), (LEASE + timedelta(seconds=1), DeliveryState.AMBIGUOUS)],
    ids=["within its lease", "after its lease"],
)
def test_a_delivery_whose_worker_never_came_back(after: timedelta, state: DeliveryState) -> None:
    stage = opened()
    stage.person("customer").comment(stage.id("customer"), "hello")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    assert stage.hub.worker.claim() == 1

    sweep_at(stage, after)

    assert stage.deliveries("vendor")[-1].state is state


def test_it_is_asked_about_and_sent_once() -> None:
    stage = opened()
    stage.person("customer").comment(stage.id("customer"), "hello")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    stage.hub.worker.claim()
    stage.hub.worker = stage.hub.new_worker("another")

    stage.wait(5 * MINUTE)

    assert stage.heard("vendor") == ["hello"]


def test_workers_say_that_they_are_there() -> None:
    stage = opened()

    sweep.beat(stage.hub.context, "w1", now=stage.hub.now)
    sweep.beat(stage.hub.context, "w1", now=stage.hub.now + MINUTE)
    sweep.beat(stage.hub.context, "w2", now=stage.hub.now)
    sweep.leave(stage.hub.context, "w2")

    with stage.hub.database.read() as db:
        assert [row.id for row in db.execute(rows.worker.select())] == ["w1"]
