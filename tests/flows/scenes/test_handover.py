"""Handing over between desks: declined, returned, lapsed, withdrawn, reassigned, in parallel, in circles."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.model import CoverageRow, DeliveryState, HopStatus, Site
from gateway.errors import Refused
from gateway.flows import commands
from gateway.testing.loopback.faults import Fault, FaultKind
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import MINUTE, Cast, Stage

S = HopStatus
PAIR = ("customer>vendor",)
FORK = ("customer>vendor", "vendor>north", "vendor>south")
DOWN = Fault(kind=FaultKind.REFUSE)


def opened(*edges: str, **cast: Any) -> Stage:
    stage = Stage(*edges, cast=Cast(**cast))
    stage.open()
    return stage


# -- declined and returned ----------------------------------------------------------------------------------------------------


def test_a_decline_comes_back_with_the_newest_comment_as_its_reason() -> None:
    stage = opened(*PAIR)

    stage.person("vendor").comment(stage.id("vendor"), "we have no people in Milan")
    stage.set("vendor", "status", "refused")

    assert stage.is_("vendor") is S.DECLINED
    assert stage.read("customer")[-1] == "Vendor declined the assignment. Reason: we have no people in Milan"
    assert stage.is_("customer") is S.ACKNOWLEDGED, "nobody had started"


def test_a_decline_comes_back_with_the_reason_that_stands_in_a_field() -> None:
    acts = [
        {
            "act": "declined",
            "field": "status",
            "value": "refused",
            "reason_from": "field",
            "reason_field": "category",
        }
    ]
    stage = opened(*PAIR, links={"customer>vendor": {"acts": acts}})

    stage.person("vendor").set(stage.id("vendor"), "category", "out of area")
    stage.set("vendor", "status", "refused")

    assert stage.read("customer")[-1] == "Vendor declined the assignment. Reason: out of area"


def test_a_private_comment_is_nobodys_reason() -> None:
    stage = opened(*PAIR)

    stage.person("vendor").comment(stage.id("vendor"), "they never pay", public=False)
    stage.set("vendor", "status", "refused")

    assert stage.read("customer")[-1] == "Vendor declined the assignment. Reason: –"


def test_a_return_sends_it_back_to_the_queue_with_the_reason() -> None:
    stage = opened(*PAIR, tempers={"customer": "customer"})
    stage.set("vendor", "status", "open")
    assert stage.status("customer") == "Assigned"

    stage.person("vendor").comment(stage.id("vendor"), "the spare part does not exist")
    stage.set("vendor", "status", "refused")

    assert stage.is_("vendor") is S.RETURNED
    assert stage.status("customer") == "New"
    assert "returned the assignment. Reason: the spare part" in stage.read("customer")[-1]


def test_a_rule_does_not_offer_again_after_a_decline_until_a_person_acts_anew() -> None:
    rule = {"passes": {"when": {"field": "queue", "value": "it"}}}
    stage = Stage(*PAIR, cast=Cast(links={"customer>vendor": rule}))
    stage.open(delegate=None, queue="it")
    stage.set("vendor", "status", "refused")

    stage.set("customer", "priority", "urgent")
    stage.say("customer", "anybody there?")
    assert len(stage.docs("vendor")) == 1

    stage.set("customer", "queue", "inbox")
    stage.set("customer", "queue", "it")
    assert len(stage.docs("vendor")) == 2


def test_answers_given_by_command_are_shown_at_the_desk() -> None:
    stage = opened(*PAIR)
    stage.order(commands.accept, stage.hop("vendor").id)
    assert (stage.is_("vendor"), stage.status("vendor")) == (S.ACCEPTED, "open")
    assert stage.read("customer") == ["Vendor accepted the assignment."]

    stage.order(commands.give_back, stage.hop("vendor").id, reason="no people")
    assert (stage.is_("vendor"), stage.status("vendor")) == (S.RETURNED, "refused")
    assert stage.read("customer")[-1] == "Vendor returned the assignment. Reason: no people"


def test_an_offer_declined_by_command_before_it_arrived_arrives_nowhere() -> None:
    stage = Stage(*PAIR)
    stage.hub.desks["vendor"].faults = lambda _call: DOWN
    stage.open()

    stage.order(commands.decline, stage.hop("vendor").id, reason="closed today")
    stage.hub.desks["vendor"].faults = lambda _call: None
    stage.wait(timedelta(hours=1))

    assert stage.docs("vendor") == []
    assert [one.state for one in stage.deliveries("vendor")] == [DeliveryState.CANCELLED]
    assert stage.read("customer") == ["Vendor declined the assignment. Reason: closed today"]


# -- lapsed, and who is asked next --------------------------------------------------------------------------------------------

COVERAGE = {
    "passes": {"when": {"field": "queue", "value": "it"}, "choose": "coverage"},
    "answer_within": {"default": "1h"},
}


def row(down: str, rank: int, **more: Any) -> CoverageRow:
    return CoverageRow(org_id="org_vendor", link_id=f"lnk_vendor_{down}", rank=rank, **more)


def covered(*rows: CoverageRow, **fields: Any) -> Stage:
    """The vendor's ticket is handed on by the coverage table."""
    links = {"vendor>north": COVERAGE, "vendor>south": COVERAGE}
    sites = [Site(id="s", org_id="org_customer", code="MI-1", group="lombardy")]
    stage = Stage(*FORK, cast=Cast(links=links, coverage=rows, sites=sites))
    stage.open(**fields)
    stage.set("vendor", "queue", "it")
    return stage


def test_an_offer_that_lapses_goes_to_the_next_rank_and_then_back_to_the_dispatcher() -> None:
    stage = covered(row("south", 2), row("north", 1))
    assert [len(stage.docs(code)) for code in ("north", "south")] == [1, 0]

    stage.wait(timedelta(minutes=59))
    assert len(stage.docs("south")) == 0

    stage.wait(timedelta(minutes=2))
    assert (stage.is_("north"), stage.is_("south")) == (S.EXPIRED, S.OFFERED)
    assert stage.status("north") == "cancelled"
    assert "gone to somebody else" in stage.read("north")[-1]

    stage.wait(timedelta(hours=1, minutes=1))
    assert stage.is_("south") is S.EXPIRED
    assert "assignment.exhausted" in stage.happened("vendor")
    notes = [text for text in stage.read("vendor") if "did not answer the offer in time" in text]
    assert notes == ["North did not answer the offer in time.", "South did not answer the offer in time."]


def test_who_answers_after_it_lapsed_has_lost_it() -> None:
    stage = covered(row("south", 2), row("north", 1))
    stage.wait(timedelta(minutes=61))

    stage.set("north", "status", "open")

    assert (stage.is_("north"), stage.is_("south")) == (S.EXPIRED, S.OFFERED)
    assert stage.discrepancies() == ["moved_after_end"]


# 08:00 UTC on a Monday; what the rows say → who is asked first
WHO: dict[str, tuple[list[CoverageRow], str]] = {
    "by site": ([row("north", 1, site_code="MI-1"), row("south", 1)], "north"),
    "by group": ([row("north", 1, site_group="lazio"), row("south", 1, site_group="lombardy")], "south"),
    "by service": ([row("north", 1, service="tills"), row("south", 2, service="network")], "south"),
    "by hours": ([row("north", 1, opens_minute=540, closes_minute=1080), row("south", 2)], "south"),
    "by hours that go over midnight": (
        [row("north", 1, opens_minute=1320, closes_minute=360), row("south", 1, opens_minute=1320, closes_minute=600)],
        "south",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "first"), WHO.values(), ids=WHO.keys())
def test_the_table_chooses(rows: list[CoverageRow], first: str) -> None:
    stage = covered(*rows, site="MI-1", service="network")

    assert {code: len(stage.docs(code)) for code in ("north", "south")} == {
        code: int(code == first) for code in ("north", "south")
    }


# -- withdrawn ----------------------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_before_its_create_was_sent_is_never_created() -> None:
    stage = Stage(*PAIR)
    stage.hub.desks["vendor"].faults = lambda _call: DOWN
    stage.open()

    stage.order(commands.withdraw, stage.hop("vendor").id, reason="mistake")
    stage.hub.desks["vendor"].faults = lambda _call: None
    stage.wait(timedelta(hours=1))

    assert (stage.docs("vendor"), stage.is_("vendor")) == ([], S.WITHDRAWN)


def test_a_withdrawal_is_told_downstream_and_acknowledged_by_an_act() -> None:
    stage = opened(*PAIR)
    stage.set("vendor", "status", "open")

    stage.order(commands.withdraw, stage.hop("vendor").id, reason="solved by phone")
    assert (stage.is_("vendor"), stage.status("vendor")) == (S.WITHDRAWN, "cancelled")
    assert "withdrew this assignment. Reason: solved by phone" in stage.read("vendor")[-1]
    assert "withdrawal.acknowledged" not in stage.happened()

    stage.set("vendor", "status", "closed")
    assert stage.happened()[-1] == "withdrawal.acknowledged"


def test_a_ticket_that_is_created_after_all_is_told_at_once_that_it_is_withdrawn() -> None:
    """The answer to the create was lost; the withdrawal came while it was in doubt."""
    stage = Stage(*PAIR, cast=Cast(tempers={"vendor": "subcontractor"}))
    lost = iter([Fault(kind=FaultKind.TIMEOUT_AFTER)])
    stage.hub.desks["vendor"].faults = lambda call: next(lost, None) if call.writes else None
    stage.open()
    assert len(stage.docs("vendor")) == 1

    stage.order(commands.withdraw, stage.hop("vendor").id, reason="mistake")
    stage.wait(5 * MINUTE)

    assert (stage.is_("vendor"), stage.status("vendor")) == (S.WITHDRAWN, "archived")
    assert "withdrew this assignment" in stage.read("vendor")[-1]
    assert "withdrawal.acknowledged" not in stage.happened(), "nobody there has said anything"


def test_what_is_resolved_cannot_be_withdrawn() -> None:
    stage = opened(*PAIR)
    stage.set("vendor", "status", "solved")

    with pytest.raises(Refused):
        stage.order(commands.withdraw, stage.hop("vendor").id)


@pytest.mark.parametrize("end", ["closed", "cancelled"])
def test_a_customer_that_ends_it_ends_it_for_everybody(end: str) -> None:
    stage = opened(*FORK)
    stage.set("vendor", "delegate", "north")

    stage.set("customer", "status", end)

    assert [stage.is_(code) for code in ("vendor", "north")] == [S.WITHDRAWN, S.WITHDRAWN]
    assert [stage.status(code) for code in ("vendor", "north")] == ["cancelled", "cancelled"]


# -- reassigned ---------------------------------------------------------------------------------------------------------------


def test_of_what_the_first_wrote_attached_or_is_called_nothing_reaches_the_second_until_it_is_released() -> (
    None
):
    stage = opened(*FORK)
    stage.say("customer", "please hurry")
    stage.delegate("vendor", "north")
    stage.set("north", "assignee", "Rivale Rossi")
    stage.set("north", "status", "open")
    stage.say("north", "the till smells of smoke", by="rivale.rossi")
    stage.person("north").attach(stage.id("north"), "smoke.jpg", b"\xff\xd8 smoke", media_type="image/jpeg")
    stage.set("north", "title", "Rivale: till smells")
    stage.set("north", "description", "Rivale was here")
    stage.set("north", "priority", "urgent")

    stage.order(commands.reassign, stage.hop("north").id, "vendor-south", reason="too slow")
    stage.say("north", "as you like", by="rivale.rossi")

    assert (stage.is_("north"), stage.is_("south")) == (S.WITHDRAWN, S.OFFERED)
    south = stage.doc("south")
    assert stage.heard("south") == ["please hurry"]
    assert south["attachments"] == []
    assert (stage.field("south", "title"), stage.field("south", "priority")) == ("till is dead", "normal")
    for word in ("rivale", "smoke", "north", "slow"):
        assert word not in str({**south, "id": ""}).casefold()

    smell = stage.content("the till smells of smoke")
    stage.order(commands.release, stage.hop("south").id, smell.id, reason="they must know")
    assert stage.read("south")[-1] == "Vendor:\n\nthe till smells of smoke"
    photo = stage.content("smoke.jpg")
    stage.order(commands.release, stage.hop("south").id, photo.id)
    assert [stage.hub.desks["south"].file(part["sha256"]) for part in stage.doc("south")["attachments"]] == [
        b"\xff\xd8 smoke"
    ]
    assert "rivale" not in str(stage.doc("south")).casefold()


def test_a_release_is_made_once() -> None:
    stage = opened(*FORK)
    stage.delegate("vendor", "north")
    stage.say("north", "smoke")
    stage.order(commands.reassign, stage.hop("north").id, "vendor-south")
    smell = stage.content("smoke")
    stage.order(commands.release, stage.hop("south").id, smell.id)

    with pytest.raises(Refused):
        stage.order(commands.release, stage.hop("south").id, smell.id)
    assert stage.heard("south") == ["smoke"]


# -- in parallel --------------------------------------------------------------------------------------------------------------


def test_two_delegations_run_side_by_side_and_roll_up() -> None:
    to_verify = PLAIN.profile() | {
        "to_verify": "to verify",
        "statuses": dict(PLAIN.statuses) | {"to verify": "in_progress"},
    }
    temper = {"vendor": _with_status("to verify")}
    stage = opened(*FORK, tempers=temper, desks={"vendor": {"profile": to_verify}})
    stage.set("vendor", "delegate", "north, south")
    assert [len(stage.docs(code)) for code in ("north", "south")] == [1, 1]

    stage.set("north", "status", "open")
    stage.set("south", "status", "open")
    stage.set("north", "status", "solved")
    assert stage.status("vendor") == "open", "the other one still works"

    stage.set("south", "status", "solved")
    assert stage.status("vendor") == "to verify"

    stage.person("vendor").comment(stage.id("vendor"), "the door does not close")
    stage.set("vendor", "status", "open")
    assert [stage.is_(code) for code in ("north", "south")] == [S.IN_PROGRESS, S.IN_PROGRESS]
    for code in ("north", "south"):
        assert stage.read(code)[-1] == "Vendor did not accept the resolution. Reason: the door does not close"

    stage.set("south", "status", "refused")
    assert stage.status("vendor") == "open"
    stage.set("north", "status", "solved")
    assert stage.status("vendor") == "to verify", "resolved or gone, all of them"


def _with_status(word: str) -> Any:
    return replace(PLAIN, statuses=dict(PLAIN.statuses) | {word: "in_progress"})


def test_siblings_never_read_each_other() -> None:
    stage = opened(*FORK)
    stage.set("vendor", "delegate", "north, south")

    stage.say("north", "only for above")
    stage.say("south", "only for above as well")

    assert stage.heard("vendor") == ["only for above", "only for above as well"]
    assert (stage.heard("north"), stage.heard("south")) == ([], [])


# -- in circles ---------------------------------------------------------------------------------------------------------------


def test_a_ticket_does_not_come_back_to_a_desk_it_came_through() -> None:
    stage = opened("customer>vendor", "vendor>partner", "partner>customer", "partner>vendor")
    stage.delegate("vendor", "partner")

    stage.set("partner", "delegate", "customer, vendor")

    assert [len(stage.docs(code)) for code in ("customer", "vendor", "partner")] == [1, 1, 1]
    refusals = [text for text in stage.read("partner") if "already came through that desk" in text]
    assert len(refusals) == 2


def test_a_ticket_goes_over_so_many_desks_and_no_more() -> None:
    edges = ("customer>a", "a>b", "b>c")
    stage = Stage(*edges, cast=Cast(links={"b>c": {"hop_limit": 3}}))
    stage.open(delegate="a")
    stage.delegate("a", "b")

    stage.delegate("b", "c")

    assert [len(stage.docs(code)) for code in ("a", "b", "c")] == [1, 1, 0]
    assert "already went over 3 desks" in stage.read("b")[-1]


def test_a_rule_hands_on_what_arrives_in_its_place() -> None:
    """The vendor's own rule passes on what comes in over the customer's link."""
    links = {
        "customer>vendor": {"create": {"queue": "network"}},
        "vendor>north": {"passes": {"when": {"field": "queue", "value": "network"}}},
    }
    stage = opened(*FORK, links=links)

    assert [len(stage.docs(code)) for code in ("vendor", "north", "south")] == [1, 1, 0]
    assert (stage.is_("vendor"), stage.is_("north")) == (S.ACCEPTED, S.OFFERED)
