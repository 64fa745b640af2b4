"""Tickets merged, deleted, split, opened again, numbers given away: told on both sides, followed or let go as a person says,
and never somebody else's words on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.model import DeliveryState, HopStatus
from gateway.errors import NotFound, Refused
from gateway.flows import relink
from gateway.flows.commands import Order
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import MINUTE, Cast, Stage

S = HopStatus
CANARY = "CANARY of somebody else"


def opened(**cast: object) -> Stage:
    stage = Stage("customer>vendor", cast=Cast(**cast))  # type: ignore[arg-type]
    stage.open()
    return stage


def ours(stage: Stage) -> str:
    return stage.hop("vendor").remote_id or ""


def order(stage: Stage, reason: str = "") -> Order:
    return Order(actor="operator", now=stage.hub.now, reason=reason)


def relinked(stage: Stage, number: str, code: str = "vendor") -> None:
    context, hop = stage.hub.context, stage.hop(code)
    question = relink.ask(context, hop.id, number, order(stage))
    shown = stage.hub.wires[f"dsk_{code}"].ask(
        question.connector.fetch(question.remote_id, question.desk, since=None)
    )
    relink.relink(context, question, shown, order(stage))
    stage.wait(MINUTE)


def merged() -> tuple[Stage, str]:
    """The vendor merges our ticket into one of its own, on which others have spoken."""
    stage = opened()
    stage.say("customer", "before the merge")
    bob = stage.person("vendor", "bob")
    other = bob.open("the same fault", "as another customer told it")
    bob.comment(other, CANARY)
    bob.attach(other, "canary.txt", CANARY.encode())
    bob.merge(ours(stage), other)
    stage.wait(20 * MINUTE)
    return stage, other


def test_a_merge_is_told_on_the_other_side() -> None:
    stage, _ = merged()
    assert [text for text in stage.read("customer") if "merged its ticket" in text] != []
    assert CANARY not in str(stage.docs("customer"))


def test_relinked_what_stood_there_stays_there_and_what_comes_is_passed_on() -> None:
    stage, other = merged()

    relinked(stage, other)
    bob = stage.person("vendor", "bob")
    bob.comment(other, "we are on it")
    bob.set(other, "status", "open")
    stage.wait(20 * MINUTE)
    stage.say("customer", "thank you")
    stage.wait(20 * MINUTE)

    assert stage.heard("customer") == ["we are on it"]
    assert CANARY not in str(stage.docs("customer"))
    assert (stage.hop("vendor").remote_id, stage.is_("vendor")) == (other, S.IN_PROGRESS)
    texts = [part["text"].rpartition("\n")[2] for part in stage.hub.desks["vendor"].ticket(other)["comments"]]
    assert texts[-1] == "thank you"
    assert any("linked now in place of" in text for text in texts)
    assert "comment.removed" not in stage.happened("vendor")
    assert stage.happened("vendor").count("desk.relinked") == 1


def test_unlinked_an_assignment_goes_back_up_and_its_desk_is_left_alone() -> None:
    stage, other = merged()
    stage.set("customer", "priority", "urgent")
    held = str(stage.hub.desks["vendor"].ticket(other))

    relink.unlink(stage.hub.context, stage.hop("vendor").id, order(stage, "merged away"))
    stage.person("vendor", "bob").set(other, "status", "open")
    stage.person("vendor", "bob").set(other, "status", "new")
    stage.wait(20 * MINUTE)

    assert stage.is_("vendor") is S.DECLINED
    assert "merged away" in "".join(stage.read("customer"))
    assert "assignment.declined" in stage.happened("vendor")
    assert {one.state for one in stage.deliveries("vendor")} <= {DeliveryState.DONE, DeliveryState.CANCELLED}
    assert str(stage.hub.desks["vendor"].ticket(other)["comments"]) in held
    with pytest.raises(Refused, match="unlinked before"):
        relink.unlink(stage.hub.context, stage.hop("vendor").id, order(stage))


def test_a_deleted_ticket_is_told_and_its_number_is_nobodys_way_in() -> None:
    """The desk gives the number to another ticket: not a word of that crosses, and nothing is written into it."""
    stage = opened(
        tempers={"vendor": replace(PLAIN, reuses_ids=True)}, desks={"vendor": {"poll_every": "10m"}}
    )
    bob, number = stage.person("vendor", "bob"), ours(stage)
    bob.delete(number)
    stage.wait(40 * MINUTE)
    assert any("is gone" in text for text in stage.read("customer"))

    assert bob.open("somebody else's", CANARY) == number
    bob.comment(number, CANARY)
    stage.wait(40 * MINUTE)
    stage.say("customer", "are you there?")
    stage.wait(40 * MINUTE)

    assert CANARY not in str(stage.docs("customer"))
    assert "are you there?" not in str(stage.docs("vendor"))
    assert (stage.is_("vendor"), stage.happened("vendor").count("desk.deleted")) == (S.OFFERED, 1)
    assert stage.discrepancies() == ["deleted", "number_reused"]

    relink.unlink(stage.hub.context, stage.hop("vendor").id, order(stage))
    assert stage.hop("vendor").remote_id is None


def test_a_number_given_away_between_two_looks_is_noticed() -> None:
    quiet = {"poll_every": "900d", "refetch_every": "900d"}
    stage = opened(tempers={"vendor": replace(PLAIN, reuses_ids=True)}, desks={"vendor": quiet})
    bob, number = stage.person("vendor", "bob"), ours(stage)
    stage.hub.clock.now += timedelta(hours=3)
    bob.delete(number)
    assert bob.open("somebody else's", CANARY) == number
    bob.comment(number, CANARY)
    stage.wait(MINUTE)

    assert CANARY not in str(stage.docs("customer"))
    assert stage.discrepancies() == ["number_reused"]
    assert any("is gone" in text for text in stage.read("customer"))


def test_a_customers_own_ticket_that_is_let_go_is_cancelled_and_its_partners_are_told() -> None:
    stage = opened()
    stage.set("vendor", "status", "open")
    relink.unlink(stage.hub.context, stage.hop("customer").id, order(stage, "a mistake"))
    stage.wait(20 * MINUTE)

    assert (stage.is_("customer"), stage.is_("vendor")) == (S.CANCELLED, S.WITHDRAWN)
    assert stage.case.ticket.closed_at is not None
    assert stage.status("vendor") == "cancelled"
    stage.say("customer", "hello?")
    assert stage.heard("vendor") == []


def test_a_ticket_that_is_split_off_is_offered_to_a_person_and_linked_to_nothing() -> None:
    stage = opened()
    stage.hub.clock.now += timedelta(hours=3)
    vendor = stage.hub.desks["vendor"]
    marker = vendor.ticket(ours(stage))["fields"]["marker"]
    part = stage.person("vendor", "bob").open("the other half", CANARY, marker=marker)
    stage.person("vendor", "bob").comment(part, CANARY)
    stage.wait(40 * MINUTE)

    assert stage.happened("vendor").count("desk.split") == 1
    assert "was split off" in "".join(text["text"] for text in vendor.ticket(ours(stage))["comments"])
    assert CANARY not in str(stage.docs("customer"))
    assert len(stage.case.hops) == 2


def test_a_ticket_opened_again_after_months_is_the_same_assignment() -> None:
    stage = opened()
    for status in ("open", "solved"):
        stage.set("vendor", "status", status)
    stage.set("customer", "status", "closed")
    stage.wait(20 * MINUTE)
    hops = set(stage.case.hops)
    assert stage.is_("vendor") is S.CLOSED
    stage.hub.clock.now += timedelta(days=150)

    stage.set("customer", "status", "open")
    stage.say("customer", "it is back")
    stage.wait(20 * MINUTE)

    assert set(stage.case.hops) == hops
    assert (stage.is_("vendor"), len(stage.docs("vendor"))) == (S.IN_PROGRESS, 1)
    assert stage.heard("vendor") == ["it is back"]


def test_what_cannot_be_linked_is_refused() -> None:
    stage = opened()
    stage.open(title="another one")
    second = stage.id("vendor")
    hop, context = stage.hop("vendor"), stage.hub.context
    with pytest.raises(Refused, match=f"is {hop.remote_id} already"):
        relink.ask(context, hop.id, hop.remote_id or "", order(stage))
    with pytest.raises(Refused, match="two assignments cannot be one ticket"):
        relink.ask(context, hop.id, second, order(stage))
    with pytest.raises(NotFound, match="no assignment hop_none"):
        relink.ask(context, "hop_none", "7", order(stage))
    bob = stage.person("vendor", "bob")
    one, two = bob.open("one"), bob.open("two")
    bob.merge(one, two)
    with pytest.raises(Refused, match=f"--number {two}"):
        relinked(stage, one)
