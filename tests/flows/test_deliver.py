"""Deliveries: the intent on disk before the first byte, each verdict written down once, by whoever still holds the claim."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import egress
from gateway.domain.case import Case
from gateway.domain.delivery import LEASE, MOST_ATTEMPTS
from gateway.domain.erasing import ERASED
from gateway.domain.model import CommandKind, Delivery, DeliveryState
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.errors import DeskRejected
from gateway.flows import commands, deliver
from gateway.store import rows
from gateway.testing.loopback.faults import Fault, FaultKind
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import MINUTE, Cast, Stage

D = DeliveryState
ROOM = {"dsk_customer": 9, "dsk_vendor": 9}


def ready(text: str = "hello") -> Stage:
    """A comment of the customer waits for the vendor's desk."""
    stage = Stage("customer>vendor")
    stage.open()
    stage.person("customer").comment(stage.id("customer"), text)
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    return stage


def claim(stage: Stage, who: str = "w", take: Callable[..., Any] = deliver.claim) -> list[deliver.Errand]:
    errands: list[deliver.Errand] = take(stage.hub.context, now=stage.hub.now, worker=who, capacity=ROOM)
    return errands


def push(stage: Stage, errand: deliver.Errand) -> deliver.Outcome:
    assert errand.command is not None
    verdict = stage.hub.wires[errand.desk.id].push(
        errand.connector.push(errand.command, errand.desk), errand.command
    )
    return deliver.Outcome(errand=errand, at=stage.hub.now, command=errand.command, verdict=verdict)


def settle(stage: Stage, *outcomes: deliver.Outcome) -> Delivery:
    deliver.settle(stage.hub.context, outcomes, now=stage.hub.now)
    return stage.deliveries("vendor")[-1]


def verdict(outcome: OutcomeClass, reason: Ground, **more: Any) -> Verdict:
    return Verdict(outcome=outcome, reason=reason, message="words", **more)


def came_to(stage: Stage, one: Verdict) -> Delivery:
    [errand] = claim(stage)
    return settle(
        stage, deliver.Outcome(errand=errand, at=stage.hub.now, command=errand.command, verdict=one)
    )


def attempts(stage: Stage) -> list[tuple[str, str]]:
    with stage.hub.database.read() as db:
        found = db.execute(rows.attempt.select().order_by(rows.attempt.c.seq))
        return [(row.kind, row.outcome) for row in found][-3:]


def held(stage: Stage) -> str:
    with stage.hub.database.read() as db:
        return str(db.execute(rows.desk.select().where(rows.desk.c.code == "vendor")).one().held)


# -- the claim ----------------------------------------------------------------------------------------------------------------


def test_the_intent_is_written_before_anything_is_sent() -> None:
    stage = ready()

    [errand] = claim(stage, "worker 7")

    stored = stage.deliveries("vendor")[-1]
    assert (stored.state, stored.worker, stored.fence) == (D.INFLIGHT, "worker 7", 1)
    assert stored.lease_until == stage.hub.now + LEASE
    assert stored.first_sent_at == stage.hub.now
    assert errand.delivery == stored


def test_what_is_claimed_is_not_claimed_again() -> None:
    stage = ready()

    assert [len(claim(stage, who)) for who in ("a", "b")] == [1, 0]


def test_of_a_lane_only_the_first_is_ready() -> None:
    stage = ready("first")
    stage.person("customer").comment(stage.id("customer"), "second")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()

    [first] = claim(stage)
    settle(stage, push(stage, first))
    [second] = claim(stage)

    texts = [
        errand.command.comment.text for errand in (first, second) if errand.command and errand.command.comment
    ]
    assert [text.partition("\n\n")[2] for text in texts] == ["first", "second"]


def test_the_command_is_assembled_from_what_the_store_says_now() -> None:
    stage = ready()
    number = stage.doc("customer")["comments"][-1]["id"]
    stage.person("customer").show(stage.id("customer"), number, public=False)
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()

    [errand] = claim(stage)

    assert (errand.command, errand.moot) == (None, True)
    settle(stage, deliver.withheld(errand, stage.hub.now))
    assert (
        next(one for one in stage.deliveries("vendor") if one.id == errand.delivery.id).state is D.CANCELLED
    )


def test_what_cannot_be_assembled_waits_for_a_person_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = ready()
    stage.person("customer").open("Another", "It smokes", delegate="vendor")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    assemble, broken = egress.assemble, stage.case.ticket.id

    def fails(case: Case, *more: Any, **words: Any) -> Any:
        if case.ticket.id == broken:
            raise KeyError("remote_id")
        return assemble(case, *more, **words)

    monkeypatch.setattr(egress, "assemble", fails)
    errands = {errand.delivery.ticket_id == broken: errand for errand in claim(stage)}

    assert errands[False].command is not None
    assert errands[True].withheld == "it could not be assembled: KeyError('remote_id')"
    settle(stage, deliver.withheld(errands[True], stage.hub.now))
    assert D.PARKED in {one.state for one in stage.deliveries("vendor") if one.ticket_id == broken}


def test_what_was_erased_before_it_left_does_not_leave() -> None:
    stage = ready("my number is 4711")
    with stage.hub.database.write() as db:
        db.execute(rows.content.update().values(text=ERASED, source={}))

    [errand] = claim(stage)

    assert (errand.command, errand.withheld) == (None, "what it was to carry has been erased")


# -- what it came to ----------------------------------------------------------------------------------------------------------


def test_applied_and_all_that_follows_in_one_transaction() -> None:
    stage = ready()
    [errand] = claim(stage)

    done = settle(stage, push(stage, errand))

    assert (done.state, done.outcome, done.lease_until) == (D.DONE, "applied", None)
    assert stage.happened()[-1] == "news.delivered"
    assert stage.hop("vendor").revision == str(stage.doc("vendor")["revision"])
    assert attempts(stage)[-1] == ("push", "applied")


def test_refused_credentials_hold_the_desk_and_nothing_dies() -> None:
    stage = ready()

    waiting = came_to(stage, verdict(OutcomeClass.AUTH, Ground.DENIED, http_status=401))

    assert (waiting.state, waiting.attempts) == (D.PENDING, 0)
    assert "words" in held(stage)
    stage.wait(MINUTE)
    assert stage.heard("vendor") == []

    stage.order(commands.release_desk, "vendor")
    stage.wait(MINUTE)
    assert stage.heard("vendor") == ["hello"]


def test_what_changed_under_our_write_is_looked_at_first() -> None:
    stage = ready()

    waiting = came_to(stage, verdict(OutcomeClass.STALE, Ground.PRECONDITION, http_status=412))

    assert (waiting.state, waiting.attempts) == (D.PENDING, 0)
    with stage.hub.database.read() as db:
        assert [row.why for row in db.execute(rows.look.select())] == ["changed under our write"]
    stage.wait(MINUTE)
    assert stage.heard("vendor") == ["hello"]


def test_what_changed_under_our_write_waits_until_the_desk_was_read() -> None:
    stage = ready()
    came_to(stage, verdict(OutcomeClass.STALE, Ground.PRECONDITION, http_status=412))
    stage.hub.clock.advance(MINUTE)

    [errand] = claim(stage)
    waiting = settle(stage, deliver.withheld(errand, stage.hub.now))

    assert (errand.command, errand.withheld) == (
        None,
        "the ticket changed at that desk and was not read since",
    )
    assert (waiting.state, waiting.attempts) == (D.PENDING, 0)
    assert stage.heard("vendor") == []
    stage.wait(MINUTE)
    assert stage.heard("vendor") == ["hello"]


def moved(stage: Stage, code: str, status: str) -> None:
    """Somebody moves the desk's ticket, and the gateway knows; nothing leaves yet."""
    stage.person(code).set(stage.id(code), "status", status)
    for hooked, hook in stage.hub.hooks():
        if hooked == code:
            stage.hub.receive(hooked, hook)
    worker = stage.hub.worker
    for act in (worker.read_messages, worker.claim_looks, worker.fetch, worker.judge):
        act()


def refused_status(stage: Stage) -> Delivery:
    """The customer takes the ticket back, and the vendor's desk says no to that."""
    return taken_back(stage, verdict(OutcomeClass.PERMANENT, Ground.REFUSED, http_status=409))


def taken_back(stage: Stage, came_to: Verdict) -> Delivery:
    """The customer takes the ticket back, and that comes to such an end at the vendor's desk."""
    moved(stage, "customer", "cancelled")
    while True:
        [errand] = claim(stage)
        status = errand.delivery.kind is CommandKind.UPDATE
        outcome = deliver.Outcome(errand=errand, at=stage.hub.now, command=errand.command, verdict=came_to)
        settle(stage, outcome if status else push(stage, errand))
        if status:
            return next(one for one in stage.deliveries("vendor") if one.id == errand.delivery.id)


def test_two_ends_that_move_a_ticket_in_one_moment_need_no_person() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "status", "open")
    stage.person("vendor").set(stage.id("vendor"), "status", "refused")

    waiting = refused_status(stage)
    stage.wait(MINUTE)

    assert waiting.state is D.PENDING
    assert (stage.status("customer"), stage.status("vendor")) == ("cancelled", "refused")
    assert {one.state for one in stage.deliveries()} <= {D.DONE, D.CANCELLED}
    assert not any("could not be carried" in text for text in stage.read("customer"))


def test_a_status_that_a_desk_refuses_again_waits_for_a_person() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "status", "open")
    waiting = refused_status(stage)
    with stage.hub.database.read() as db:
        assert "changed under our write" in [row.why for row in db.execute(rows.look.select())]
    stage.hub.worker.claim_looks()
    stage.hub.clock.advance(timedelta(seconds=6))

    [errand] = claim(stage)
    said_no = verdict(OutcomeClass.PERMANENT, Ground.REFUSED, http_status=409)
    settle(stage, deliver.Outcome(errand=errand, at=stage.hub.now, command=errand.command, verdict=said_no))

    assert errand.delivery.id == waiting.id
    assert D.PARKED in {one.state for one in stage.deliveries("vendor")}


def test_a_doubt_is_asked_about_after_the_settle_window_and_not_before() -> None:
    stage = ready()
    doubtful = came_to(stage, verdict(OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER))
    assert doubtful.state is D.AMBIGUOUS

    window = stage.hub.context.directory_now.desks["dsk_vendor"].settle_window
    stage.hub.clock.advance(window - timedelta(seconds=1))
    assert claim(stage, take=deliver.claim_doubtful) == []
    assert claim(stage) == []

    stage.hub.clock.advance(timedelta(seconds=1))
    [probe] = claim(stage, take=deliver.claim_doubtful)
    assert (probe.probe, probe.delivery.state) == (True, D.AMBIGUOUS)


def test_a_refusal_parks_it_and_says_so() -> None:
    stage = ready()

    parked = came_to(stage, verdict(OutcomeClass.PERMANENT, Ground.REFUSED, http_status=422))

    assert (parked.kind, parked.state) == (CommandKind.COMMENT, D.PENDING), (
        "the last is the note of what is missing"
    )
    stage.wait()
    assert stage.read("vendor") == ["A comment could not be carried here: words"]
    assert stage.read("customer") == ["Something could not be carried to Vendor: words"]


def hidden_by_a_doubt(stage: Stage) -> deliver.Errand:
    """What asks a desk without history, at which somebody set a status while nobody knew whether one of ours came."""
    taken_back(stage, verdict(OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER))
    moved(stage, "vendor", "refused")
    assert stage.hop("vendor").shadow["status"] == "new"
    stage.hub.clock.advance(MINUTE)
    [probe] = claim(stage, take=deliver.claim_doubtful)
    return probe


def wanted_looks(stage: Stage) -> list[str]:
    with stage.hub.database.read() as db:  # its poll told of the change long ago, and will not again
        return [row.why for row in db.execute(rows.look.select())]


@pytest.fixture
def forgetful() -> Stage:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": replace(PLAIN, history=False)}))
    stage.open()
    return stage


def test_what_a_person_set_while_a_change_was_in_doubt_is_seen_when_that_is_parked(forgetful: Stage) -> None:
    probe = hidden_by_a_doubt(forgetful)
    worn = replace(probe, delivery=replace(probe.delivery, attempts=MOST_ATTEMPTS))

    settle(forgetful, deliver.Outcome(errand=worn, at=forgetful.hub.now, found=[]))

    assert D.PARKED in {one.state for one in forgetful.deliveries("vendor")}
    assert wanted_looks(forgetful) == ["what it hid may be seen"]
    forgetful.wait()
    assert forgetful.hop("vendor").shadow["status"] == "refused"


def test_what_a_person_set_while_a_change_was_in_doubt_is_seen_before_that_is_sent_again(
    forgetful: Stage,
) -> None:
    probe = hidden_by_a_doubt(forgetful)
    settle(forgetful, deliver.Outcome(errand=probe, at=forgetful.hub.now, found=[]))
    assert wanted_looks(forgetful) == ["changed while our write was in doubt"]
    forgetful.hub.clock.advance(MINUTE)

    [again] = claim(forgetful)
    waiting = settle(forgetful, deliver.withheld(again, forgetful.hub.now))

    assert again.withheld == "the ticket changed at that desk and was not read since"
    assert waiting.state is D.PENDING
    forgetful.wait(MINUTE)
    assert {one.state for one in forgetful.deliveries("vendor")} <= {D.DONE, D.CANCELLED}


def test_a_status_that_was_lost_arrives_though_it_is_claimed_before_the_look(forgetful: Stage) -> None:
    taken_back(forgetful, verdict(OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER))
    for _ in range(12):  # deliveries first, in each round: so it is where a desk is slow to show its tickets
        forgetful.hub.clock.advance(timedelta(seconds=10))
        worker = forgetful.hub.worker
        for act in (
            worker.claim_doubtful, worker.send, worker.settle, worker.claim, worker.send, worker.settle,
            worker.claim_looks, worker.fetch, worker.judge,
        ):  # fmt: skip
            act()

    assert forgetful.status("vendor") == "cancelled"
    assert {one.state for one in forgetful.deliveries("vendor")} == {D.DONE}


def test_a_ticket_that_nobody_can_read_keeps_nobody_waiting_for_ever(forgetful: Stage) -> None:
    probe = hidden_by_a_doubt(forgetful)
    settle(forgetful, deliver.Outcome(errand=probe, at=forgetful.hub.now, found=[]))
    tries = 0
    while D.PARKED not in {one.state for one in forgetful.deliveries("vendor")}:
        forgetful.hub.clock.advance(timedelta(hours=1))
        for errand in claim(forgetful):
            settle(forgetful, deliver.withheld(errand, forgetful.hub.now))
            tries += 1
        assert tries < 72

    assert "could not be read since" in forgetful.deliveries("vendor")[-1].error
    assert forgetful.happened()[-1] == "delivery.parked"


def replayed_behind(stage: Stage, *, under_way: bool) -> tuple[str, str, list[str]]:
    """A comment that was refused and let its lane go on is sent again while the next one waits or is under way: the ids of
    both, and of those that may be claimed then."""
    [errand] = claim(stage)
    said_no = verdict(OutcomeClass.PERMANENT, Ground.REFUSED)
    settle(stage, deliver.Outcome(errand=errand, at=stage.hub.now, command=errand.command, verdict=said_no))
    refused = errand.delivery
    stage.person("customer").comment(stage.id("customer"), "and then?")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    lane = [one for one in stage.deliveries("vendor") if one.state is D.PENDING]
    if under_way:
        assert [one.delivery.id for one in claim(stage) if one.desk.code == "vendor"] == [lane[0].id]
    commands.retry_parked(stage.hub.context, refused.id, order(stage))
    return refused.id, lane[0].id, [one.delivery.id for one in claim(stage) if one.desk.code == "vendor"]


def order(stage: Stage) -> commands.Order:
    return commands.Order(actor="tests", now=stage.hub.now, reason="try again")


def test_what_is_sent_again_goes_before_what_waits_behind_it() -> None:
    again, _, claimed = replayed_behind(ready(), under_way=False)

    assert claimed == [again]


def test_what_is_sent_again_waits_for_what_is_under_way() -> None:
    stage = ready()
    again, next_one, claimed = replayed_behind(stage, under_way=True)
    assert claimed == []
    stage.hub.clock.advance(LEASE)
    stage.wait(10 * MINUTE)

    states = {one.id: one.state for one in stage.deliveries("vendor")}
    assert (states[again], states[next_one]) == (D.DONE, D.DONE)
    assert "hello" in stage.heard("vendor")


def test_a_desk_that_refuses_to_be_asked_makes_a_person_answer() -> None:
    stage = ready()
    doubtful = came_to(stage, verdict(OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER))
    for _ in range(7):
        stage.hub.clock.advance(timedelta(hours=1))
        [probe] = claim(stage, take=deliver.claim_doubtful)
        refused = DeskRejected("it cannot be searched")
        settle(stage, deliver.Outcome(errand=probe, at=stage.hub.now, error=refused))

    [after] = [one for one in stage.deliveries() if one.id == doubtful.id]
    assert (after.state, after.error) == (D.ASKING, "could not ask the desk: it cannot be searched")
    assert "delivery.parked" in stage.happened()


def test_a_worker_that_wakes_up_after_another_took_over_changes_nothing() -> None:
    stage = ready()
    [slow] = claim(stage, "slow")
    stage.hub.clock.advance(LEASE + timedelta(seconds=1))
    stage.hub.worker.sweep()
    stage.hub.clock.advance(5 * MINUTE)
    [fast] = claim(stage, "fast", deliver.claim_doubtful)

    late = deliver.Outcome(
        errand=slow,
        at=stage.hub.now,
        command=slow.command,
        verdict=verdict(OutcomeClass.PERMANENT, Ground.REFUSED),
    )
    after = settle(stage, late)

    assert (after.state, after.fence) == (D.AMBIGUOUS, fast.delivery.fence)
    assert attempts(stage)[-1] == ("push", "late: permanent")


def test_a_worker_that_wakes_up_before_anybody_took_over_knows_best() -> None:
    stage = ready()
    [slow] = claim(stage, "slow")
    outcome = push(stage, slow)
    stage.hub.clock.advance(LEASE + timedelta(seconds=1))
    stage.hub.worker.sweep()
    assert stage.deliveries("vendor")[-1].state is D.AMBIGUOUS

    assert settle(stage, outcome).state is D.DONE


def test_settling_nothing_is_nothing() -> None:
    stage = ready()
    before = len(stage.events())

    deliver.settle(stage.hub.context, [], now=stage.hub.now)

    assert len(stage.events()) == before


# -- days of outage -----------------------------------------------------------------------------------------------------------


def test_a_desk_that_is_down_for_days_loses_nothing_parks_nothing_and_is_not_hammered() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "assignee", "anna")  # an offer that nobody answers for so long would lapse
    desk = stage.hub.desks["vendor"]
    desk.faults = lambda _call: Fault(kind=FaultKind.REFUSE)
    before = desk.calls
    stage.say("customer", "hello")

    stage.wait(timedelta(days=4))
    calls = desk.calls - before
    assert {one.state for one in stage.deliveries("vendor")} <= {D.DONE, D.PENDING}
    assert calls < 4 * 24 * 60, "less than a call a minute: its polls, looks and deliveries together"

    desk.faults = lambda _call: None
    stage.wait(timedelta(hours=1))
    assert stage.heard("vendor") == ["hello"]


# -- what is told of it ---------------------------------------------------------------------------------------------------------


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.name == "gateway.flows.deliver"]


def test_every_try_is_one_line_with_ids_and_without_words(caplog: pytest.LogCaptureFixture) -> None:
    stage = ready("a word nobody else may read")
    caplog.set_level("INFO")

    [errand] = claim(stage)
    settle(stage, replace(push(stage, errand), took_ms=12))

    [line] = lines(caplog)
    told = {
        name: line[name] for name in ("levelname", "delivery", "kind", "act", "desk", "outcome", "took_ms")
    }
    assert told == {
        "levelname": "INFO", "delivery": errand.delivery.id, "kind": "push", "act": "comment",
        "desk": "vendor", "outcome": "applied", "took_ms": 12,
    }  # fmt: skip
    assert (line["ticket"], line["assignment"]) == (errand.delivery.ticket_id, errand.delivery.hop_id)
    assert 200 <= line["http_status"] < 300
    assert "nobody else" not in str(line)


@pytest.mark.parametrize("level", ["INFO", "WARNING"])
def test_a_try_that_failed_is_a_warning(level: str, caplog: pytest.LogCaptureFixture) -> None:
    stage = ready()
    caplog.set_level(level)

    came_to(stage, verdict(OutcomeClass.PERMANENT, Ground.REFUSED, http_status=422))

    [line] = lines(caplog)
    assert (line["levelname"], line["outcome"], line["http_status"]) == ("WARNING", "permanent", 422)
    assert "words" not in str(line), "a desk's words may be people's"


def test_where_nobody_listens_a_try_that_worked_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    stage = ready()
    caplog.set_level("WARNING")
    [errand] = claim(stage)

    settle(stage, push(stage, errand))

    assert lines(caplog) == []
