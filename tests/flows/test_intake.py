"""Messages read: what proves what it says is judged at once, anything less is looked at, and every message ends visibly."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.domain.model import Message
from gateway.errors import NotFound
from gateway.flows import commands, intake
from gateway.flows.context import OPERATOR
from gateway.store import rows, views
from gateway.testing.loopback.hooks import signed
from gateway.testing.loopback.temper import PLAIN, Hooks
from gateway.testing.plan import SECRET
from tests.flows.scenes.stage import Cast, Stage

FULL, THIN = PLAIN, replace(PLAIN, hooks=Hooks.THIN)
WITHOUT_SIGNATURES = {"settings": PLAIN.settings()}


def quiet(temper: Any = FULL) -> Stage:
    """The customer's ticket is at the vendor's desk, and nothing is under way."""
    stage = Stage("customer>vendor", cast=Cast(tempers={"customer": temper, "vendor": temper}))
    stage.open()
    stage.hub.hooks()
    return stage


def bring(stage: Stage, code: str = "customer") -> int:
    """What the desks have to tell is taken in and read; nothing is fetched."""
    for place, hook in stage.hub.hooks():
        if place == code:
            assert stage.hub.receive(code, hook)
    return intake.process(stage.hub.context, now=stage.hub.now)


def message(stage: Stage, document: object, code: str = "customer", number: str = "msg_x") -> Message:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    headers = signed(number, body, secret=SECRET, now=stage.hub.now)
    return Message(id=number, desk_id=f"dsk_{code}", received_at=stage.hub.now, body=body, headers=headers)


def put(stage: Stage, *messages: Message) -> None:
    intake.accept(stage.hub.context, [(one, "org_customer") for one in messages])


def states(stage: Stage) -> Counter[str]:
    with stage.hub.database.read() as db:
        return Counter(row.state for row in db.execute(rows.message.select()))


def error(stage: Stage) -> str:
    with stage.hub.database.read() as db:
        [found] = views.messages(db, OPERATOR, state="quarantined")
    return str(found["error"])


def wishes(stage: Stage) -> list[tuple[str, str]]:
    with stage.hub.database.read() as db:
        return [(row.desk_id, row.why) for row in db.execute(rows.look.select())]


# -- what proves what it says ---------------------------------------------------------------------------------------------------


def test_a_signed_whole_newer_snapshot_is_judged_at_once() -> None:
    stage = quiet()
    stage.person("customer").set(stage.id("customer"), "priority", "urgent")

    assert bring(stage) == 1

    assert stage.case.ticket.facts["priority"] == "critical"
    assert wishes(stage) == []
    assert states(stage)["received"] == 0


def test_a_hint_without_the_ticket_is_a_wish_to_look() -> None:
    stage = quiet(THIN)
    stage.person("customer").set(stage.id("customer"), "priority", "urgent")

    bring(stage)

    assert stage.case.ticket.facts.get("priority") != "critical"
    assert wishes(stage) == [("dsk_customer", "webhook")]


def test_several_changes_brought_together_are_judged_in_turn() -> None:
    stage = quiet()
    for priority in ("urgent", "low", "high"):
        stage.person("customer").set(stage.id("customer"), "priority", priority)

    assert bring(stage) == 3

    changes = [event.data["to"] for event in stage.events() if event.type == "priority.changed"]
    assert changes[-3:] == ["critical", "low", "high"]


@pytest.mark.parametrize("copies", [1, 3])
def test_an_older_snapshot_says_nothing(copies: int) -> None:
    stage = quiet()
    stage.person("customer").set(stage.id("customer"), "priority", "urgent")
    [(code, old)] = stage.hub.hooks()
    stage.person("customer").set(stage.id("customer"), "priority", "low")
    bring(stage)
    before = len(stage.events())

    for _ in range(copies):
        stage.hub.receive(code, old)
    intake.process(stage.hub.context, now=stage.hub.now)

    assert (len(stage.events()), wishes(stage)) == (before, [])
    assert stage.case.ticket.facts["priority"] == "low"


def test_a_new_ticket_that_a_rule_lets_pass_opens_a_case_at_once() -> None:
    stage = Stage("customer>vendor")
    stage.ticket = stage.person("customer").open("till", delegate="vendor")

    bring(stage)

    assert [hop.desk_id for hop in stage.case.hops.values()] == ["dsk_customer", "dsk_vendor"]


def test_of_a_ticket_that_no_rule_lets_pass_nothing_is_kept() -> None:
    stage = Stage("customer>vendor")
    stage.person("customer").open("SECRET", "SECRET")

    bring(stage)
    stage.wait()

    with stage.hub.database.read() as db:
        for table in (rows.ticket, rows.hop, rows.content, rows.event, rows.look):
            assert db.execute(table.select()).all() == []


def test_the_same_new_ticket_told_twice_in_one_batch_opens_one_case() -> None:
    stage = Stage("customer>vendor")
    stage.ticket = stage.person("customer").open("till", delegate="vendor")
    [(code, hook)] = stage.hub.hooks()

    stage.hub.receive(code, hook)
    stage.hub.receive(code, hook)
    intake.process(stage.hub.context, now=stage.hub.now)
    stage.wait()

    assert len(stage.docs("vendor")) == 1


def test_a_ticket_that_carries_a_marker_is_looked_at_before_it_is_believed() -> None:
    stage = Stage("customer>vendor")
    stage.person("customer").open("till", delegate="vendor", marker="idk-somebody-elses")

    bring(stage)

    assert wishes(stage) == [("dsk_customer", "webhook")]


# -- bad input ------------------------------------------------------------------------------------------------------------------

UNREADABLE: dict[str, object] = {
    "no JSON": b"\x00\xff",
    "a list": [1, 2],
    "an unknown event": {"type": "ticket.exploded", "ticket_id": "1"},
    "a ticket of another shape": {"type": "ticket.changed", "ticket_id": "1", "ticket": {"id": 7}},
    "no event at all": {},
}


@pytest.mark.parametrize("document", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_quarantined_and_harms_no_other(document: object) -> None:
    stage = quiet()
    stage.person("customer").set(stage.id("customer"), "priority", "urgent")
    put(stage, message(stage, document))

    bring(stage)

    assert states(stage)["quarantined"] == 1
    assert error(stage)
    assert stage.case.ticket.facts["priority"] == "critical"


def test_a_message_for_a_desk_that_is_gone_is_quarantined() -> None:
    stage = quiet()
    put(stage, replace(message(stage, {"type": "desk.ping"}), desk_id="dsk_gone"))

    intake.process(stage.hub.context, now=stage.hub.now)

    assert "dsk_gone" in error(stage)


def test_a_message_for_nobody_is_processed() -> None:
    stage = quiet()
    put(stage, message(stage, {"type": "desk.ping"}))

    assert intake.process(stage.hub.context, now=stage.hub.now) == 1
    assert states(stage)["quarantined"] == 0
    assert states(stage)["received"] == 0


def order(stage: Stage) -> commands.Order:
    return commands.Order(actor="ann", now=stage.hub.now)


def test_a_quarantined_message_can_be_replayed() -> None:
    stage = quiet()
    put(stage, message(stage, b"no json"))
    intake.process(stage.hub.context, now=stage.hub.now)

    commands.replay_message(stage.hub.context, "msg_x", order(stage))
    assert states(stage)["received"] == 1

    intake.process(stage.hub.context, now=stage.hub.now)
    assert states(stage)["quarantined"] == 1


@pytest.mark.parametrize("number", ["msg_unknown", "msg_processed"])
def test_only_a_quarantined_message_can_be_replayed(number: str) -> None:
    stage = quiet()
    put(stage, message(stage, {"type": "desk.ping"}, number="msg_processed"))
    intake.process(stage.hub.context, now=stage.hub.now)

    with pytest.raises(NotFound):
        commands.replay_message(stage.hub.context, number, order(stage))


def test_a_batch_is_as_large_as_it_may_be() -> None:
    stage = quiet()
    put(stage, *(message(stage, {"type": "desk.ping"}, number=f"msg_{number}") for number in range(5)))

    taken = [intake.process(stage.hub.context, now=stage.hub.now, limit=2) for _ in range(4)]

    assert taken == [2, 2, 1, 0]


def test_a_message_that_was_signed_long_ago_or_by_somebody_else_is_not_taken_in() -> None:
    stage = quiet()
    stage.person("customer").set(stage.id("customer"), "priority", "urgent")
    [(code, hook)] = stage.hub.hooks()

    forged = replace(hook, body=hook.body.replace(b"urgent", b"normal"))
    assert not stage.hub.receive(code, forged)
    stage.hub.clock.advance(timedelta(minutes=6))
    assert not stage.hub.receive(code, hook)


# -- what is told of it ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "told"), [("INFO", ["INFO", "WARNING"]), ("WARNING", ["WARNING"])])
def test_every_message_is_one_line_without_what_it_says(
    level: str, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    stage = quiet()
    caplog.set_level(level)
    stage.person("customer").comment(stage.id("customer"), "a word nobody else may read")
    put(stage, message(stage, b"a word nobody else may read"))

    bring(stage)

    lines = [vars(record) for record in caplog.records if record.name == "gateway.flows.intake"]
    assert sorted(line["levelname"] for line in lines) == told
    states = {"INFO": "processed", "WARNING": "quarantined"}
    assert [line for line in lines if line["state"] != states[line["levelname"]]] == []
    assert {line["desk"] for line in lines} == {"customer"}
    assert "msg_x" in {line["message_id"] for line in lines}
    assert "nobody else" not in str(lines)
