"""What each fault does at the desk, what the caller sees of it, and who decides when one strikes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from connectors.loopback import CONNECTOR
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.errors import DeskDenied, DeskError, DeskThrottled, DeskUnavailable
from gateway.testing.loopback import (
    PLAIN,
    Answer,
    Call,
    Dice,
    Fault,
    FaultKind,
    NoAnswer,
    NoConnection,
    Outages,
    Outcome,
    Script,
)
from tests.testing.loopback.around import START, Around, comment, create, update

APPLIED, NOT, DOUBT = OutcomeClass.APPLIED, OutcomeClass.NOT_APPLIED, OutcomeClass.AMBIGUOUS

WRITES: Mapping[FaultKind, tuple[int, OutcomeClass, Ground]] = {
    FaultKind.REFUSE: (0, NOT, Ground.UNREACHABLE),
    FaultKind.DROP: (0, DOUBT, Ground.NO_ANSWER),
    FaultKind.TIMEOUT_BEFORE: (0, DOUBT, Ground.NO_ANSWER),
    FaultKind.TIMEOUT_AFTER: (1, DOUBT, Ground.NO_ANSWER),
    FaultKind.APPLY_LATE: (0, DOUBT, Ground.NO_ANSWER),
    FaultKind.ERROR_BEFORE: (0, DOUBT, Ground.SERVER_ERROR),
    FaultKind.ERROR_AFTER: (1, DOUBT, Ground.SERVER_ERROR),
    FaultKind.THROTTLE: (0, NOT, Ground.THROTTLED),
    FaultKind.UNAUTHORIZED: (0, OutcomeClass.AUTH, Ground.DENIED),
    FaultKind.FORBIDDEN: (0, OutcomeClass.AUTH, Ground.DENIED),
    FaultKind.LOGIN_PAGE: (0, DOUBT, Ground.LOGIN),
    FaultKind.HALF_BODY: (1, DOUBT, Ground.NO_ANSWER),
    FaultKind.WRONG_ID: (1, DOUBT, Ground.UNREADABLE),
    FaultKind.SLOW: (1, APPLIED, Ground.DONE),
}


@pytest.mark.parametrize("kind", FaultKind)
def test_a_write_that_meets_a_fault(kind: FaultKind) -> None:
    around = Around()
    around.loopback.faults = Script(steps=[Fault(kind=kind)])
    verdict = around.push(create())
    held = len(around.loopback.tickets())
    assert (held, verdict.outcome, verdict.reason) == WRITES[kind]
    assert around.loopback.met == {kind: 1}


READS: Mapping[FaultKind, type[DeskError] | None] = {
    **dict.fromkeys(FaultKind, DeskUnavailable),
    FaultKind.THROTTLE: DeskThrottled,
    FaultKind.UNAUTHORIZED: DeskDenied,
    FaultKind.FORBIDDEN: DeskDenied,
    FaultKind.LOGIN_PAGE: DeskDenied,
    FaultKind.WRONG_ID: None,
    FaultKind.SLOW: None,
}


@pytest.mark.parametrize("kind", FaultKind)
def test_a_read_that_meets_a_fault(kind: FaultKind) -> None:
    around = Around()
    ticket = around.loopback.person("alice").open("one")
    around.loopback.person("alice").open("two")
    around.loopback.faults = Script(steps=[Fault(kind=kind)])
    expected = READS[kind]
    if expected is None:
        shown = around.ask(CONNECTOR.fetch(ticket, around.desk, since=None))
        assert (shown.remote_id == ticket) is (kind is not FaultKind.WRONG_ID)
    else:
        with pytest.raises(expected):
            around.ask(CONNECTOR.fetch(ticket, around.desk, since=None))
    assert around.loopback.waiting() == 0


def test_applied_late_is_applied_when_its_time_comes() -> None:
    around = Around()
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.APPLY_LATE, after=timedelta(seconds=40))])
    around.push(create())
    around.clock.pass_by(seconds=39)
    assert (around.loopback.tickets(), around.loopback.waiting()) == ([], 1)
    around.clock.pass_by(seconds=1)
    assert [ticket["created_at"] for ticket in around.loopback.tickets()] == ["2026-03-01T12:00:40+00:00"]
    assert len(around.found(create())) == 1


def test_applied_late_stands_from_its_own_time_though_nobody_looked_meanwhile() -> None:
    around = Around(temper=replace(PLAIN, search_lag=timedelta(seconds=15)))
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.APPLY_LATE, after=timedelta(seconds=40))])
    around.push(create())
    around.clock.pass_by(seconds=600)
    assert len(around.found(create())) == 1
    assert [ticket["created_at"] for ticket in around.loopback.tickets()] == ["2026-03-01T12:00:40+00:00"]


def test_late_writes_keep_their_order() -> None:
    around = Around()
    ticket = around.done(create()).remote_id
    later = [Fault(kind=FaultKind.APPLY_LATE, after=timedelta(seconds=seconds)) for seconds in (20, 10)]
    around.loopback.faults = Script(steps=later)
    around.push(comment(ticket, "first", "m1"))
    around.push(comment(ticket, "second", "m2"))
    around.clock.pass_by(seconds=15)
    around.loopback.tick()
    around.clock.pass_by(seconds=15)
    assert [part["text"] for part in around.loopback.ticket(ticket)["comments"]] == ["second", "first"]


def test_an_answer_about_another_ticket_is_not_taken_for_ours() -> None:
    around = Around()
    ticket = around.done(create()).remote_id
    around.done(create("idk-other"))
    for command in (comment(ticket, "hello"), update(ticket, group="field"), create("idk-3")):
        around.loopback.faults = Script(steps=[Fault(kind=FaultKind.WRONG_ID)])
        assert around.push(command).outcome is DOUBT


def test_a_read_back_that_fails_leaves_a_doubt() -> None:
    around = Around(settings={"receipt_is_answer": False})
    for kind in (FaultKind.REFUSE, FaultKind.ERROR_BEFORE, FaultKind.UNAUTHORIZED, FaultKind.THROTTLE):
        around.loopback.faults = Script(steps=[None, Fault(kind=kind)])
        assert around.push(create(f"idk-{kind}")).outcome is DOUBT
    assert len(around.loopback.tickets()) == 4


@pytest.mark.parametrize(("header", "wish"), [("30", timedelta(seconds=30)), ("soon", None), (None, None)])
def test_the_wish_of_a_throttling_desk(header: str | None, wish: timedelta | None) -> None:
    around = Around()
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.THROTTLE, retry_after=header)])
    assert around.push(create()).retry_after == wish


def test_slow_means_late_by_that_much() -> None:
    around = Around(temper=replace(PLAIN, answers_in=timedelta(seconds=2)))
    assert around.call("GET", "/desk").delay == timedelta(seconds=2)
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.SLOW, after=timedelta(seconds=29))])
    assert around.call("GET", "/desk").delay == timedelta(seconds=29)


def outcome_of(around: Around, fault: Fault) -> Outcome:
    around.loopback.faults = Script(steps=[fault])
    return around.loopback.handle("GET", "/desk", headers={"authorization": "Bearer desk-token"})


def test_what_a_wire_can_see() -> None:
    around = Around()
    assert outcome_of(around, Fault(kind=FaultKind.REFUSE)) == NoConnection()
    assert outcome_of(around, Fault(kind=FaultKind.DROP)) == NoAnswer(applied=False, hangs=False)
    assert outcome_of(around, Fault(kind=FaultKind.TIMEOUT_AFTER)) == NoAnswer(applied=True)
    half = outcome_of(around, Fault(kind=FaultKind.HALF_BODY))
    assert isinstance(half, NoAnswer)
    assert half.part is not None
    assert half.part.body.startswith(b'{"product"')
    page = outcome_of(around, Fault(kind=FaultKind.LOGIN_PAGE))
    assert isinstance(page, Answer)
    assert (page.status, page.headers["content-type"][:9]) == (200, "text/html")


def call(number: int, method: str = "POST", seconds: float = 0) -> Call:
    return Call(number=number, method=method, path="/", now=START + timedelta(seconds=seconds))


def test_a_script_runs_out() -> None:
    refuse = Fault(kind=FaultKind.REFUSE)
    script = Script(steps=[None, refuse])
    assert [script(call(number)) for number in range(3)] == [None, refuse, None]
    writes = Script(steps=[refuse], writes_only=True)
    assert [writes(call(1, "GET")), writes(call(2, "PATCH"))] == [None, refuse]


def test_dice_are_fair_and_can_be_thrown_again() -> None:
    rates = {FaultKind.REFUSE: 0.1, FaultKind.TIMEOUT_AFTER: 0.3}
    thrown = [[Dice(rates=rates, random=Random(seed))(call(1)) for _ in range(1)] for seed in range(2000)]
    kinds = [fault.kind for (fault,) in thrown if fault]
    assert 0.05 < kinds.count(FaultKind.REFUSE) / 2000 < 0.15
    assert 0.25 < kinds.count(FaultKind.TIMEOUT_AFTER) / 2000 < 0.35
    one, two = (Dice(rates=rates, random=Random(5)) for _ in range(2))
    assert [one(call(n)) for n in range(50)] == [two(call(n)) for n in range(50)]


def test_dice_come_to_rest() -> None:
    dice = Dice(rates={FaultKind.REFUSE: 0.99}, random=Random(1), stops_at=START + timedelta(seconds=10))
    assert any(dice(call(number, seconds=9)) for number in range(5))
    assert not any(dice(call(number, seconds=10)) for number in range(50))


def test_an_outage_has_an_end() -> None:
    slow = Fault(kind=FaultKind.SLOW)
    down = Outages(spans=[(START, START + timedelta(days=2))], otherwise=lambda _call: slow)
    kinds = [down(call(1, seconds=seconds)) for seconds in (-1, 0, 172799, 172800)]
    assert kinds == [slow, Fault(kind=FaultKind.REFUSE), Fault(kind=FaultKind.REFUSE), slow]


def test_what_met_the_desk_is_remembered() -> None:
    around = Around()
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.REFUSE)])
    around.push(create())
    around.push(create())
    assert [(seen.number, seen.method, seen.path, seen.fault) for seen in around.loopback.seen] == [
        (1, "POST", "/tickets", FaultKind.REFUSE),
        (2, "POST", "/tickets", None),
    ]
