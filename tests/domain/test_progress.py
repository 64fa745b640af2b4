"""Work and what it means next door: a child's status at its parent, questions, resolution, confirmation, reopening."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import progress, queueing
from gateway.domain.case import Because, Case
from gateway.domain.model import DeliveryState, HopStatus, Reason
from gateway.domain.model.change import replace
from tests.builders import (
    NOW,
    PERSON,
    ROBOT,
    STATUSES,
    WORDS,
    delivery,
    happened,
    later,
    put,
    queued,
    said,
    status,
    tree,
    written,
)

S = HopStatus
CHAIN = ("customer>vendor", "vendor>partner", "partner>sub", "vendor>other")
VERIFYING = {"vendor": {"profile": replace(WORDS, to_verify="verify")}}


def move(case: Case, code: str, to: S, reason: Reason | None = None, because: Because = PERSON) -> None:
    progress.move(case, case.hops[f"hop_{code}"], to, reason, because)


# -- what a child's status means at its parent's desk -----------------------------------------------------------------------

# the child's move → the words and the status written at the parent, whose own status was acknowledged
AT_THE_PARENT: dict[str, tuple[S, Reason | None, list[str], list[str]]] = {
    "in progress: the parent works too": (S.IN_PROGRESS, None, [], ["open"]),
    "pending: the question and the ball, its own status stays": (
        S.PENDING,
        Reason.REQUESTER_INFO,
        ["Partner waits for an answer from you (requester_info). The ball is with you."],
        [],
    ),
    "held: a note": (S.HELD, Reason.PARTS_OWN, ["Partner put the work on hold (parts_own)."], []),
    "resolved: to verify, never resolved by itself": (
        S.RESOLVED,
        None,
        ["Partner reports the work as resolved. Please verify."],
        ["verify"],
    ),
    "acknowledged: nothing": (S.ACKNOWLEDGED, None, [], []),
}


@pytest.mark.parametrize(
    ("to", "reason", "words", "statuses"), AT_THE_PARENT.values(), ids=AT_THE_PARENT.keys()
)
def test_a_childs_status_at_its_parent(
    to: S, reason: Reason | None, words: list[str], statuses: list[str]
) -> None:
    case = tree("customer>vendor", "vendor>partner", desks=VERIFYING)
    put(case, "vendor", status=S.ACKNOWLEDGED)
    put(case, "partner", status=S.HELD)

    move(case, "partner", to, reason)

    assert said(case, "vendor") == words
    assert [fields["status"] for fields in written(case, "vendor")] == statuses


def test_a_parent_without_such_a_status_is_only_told_that_all_is_resolved() -> None:
    case = tree(*CHAIN)

    move(case, "partner", S.RESOLVED)

    assert (len(said(case, "vendor")), written(case, "vendor")) == (1, [])
    assert status(case, "vendor") is S.IN_PROGRESS


# the parent's own status → what a child that starts to work makes of it
STARTS = {S.OFFERED: True, S.ACCEPTED: True, S.ACKNOWLEDGED: True, S.PENDING: False, S.HELD: False}


@pytest.mark.parametrize(("before", "follows"), STARTS.items())
def test_a_working_child_moves_only_a_parent_that_has_not_started(before: S, follows: bool) -> None:
    case = tree("customer>vendor", "vendor>partner")
    put(case, "vendor", status=before)
    put(case, "partner", status=S.HELD)

    move(case, "partner", S.IN_PROGRESS)

    assert (status(case, "vendor") is S.IN_PROGRESS) is follows
    assert bool(written(case, "vendor")) is follows


def test_what_it_means_travels_up_the_chain_one_meaning_at_a_time() -> None:
    case = tree("customer>vendor", "vendor>partner", "partner>sub")
    for code in ("customer", "vendor", "partner"):
        put(case, code, status=S.ACKNOWLEDGED)
    put(case, "sub", status=S.HELD)

    move(case, "sub", S.IN_PROGRESS)

    assert [status(case, code) for code in ("partner", "vendor", "customer")] == [S.IN_PROGRESS] * 3
    assert happened(case) == ["status.changed"] * 4


def test_a_question_goes_one_hop_up_and_no_further() -> None:
    case = tree(*CHAIN)

    move(case, "sub", S.PENDING)

    assert (len(said(case, "partner")), said(case, "vendor"), said(case, "customer")) == (1, [], [])


def test_a_parent_that_has_ended_hears_nothing() -> None:
    case = tree(*CHAIN)
    put(case, "vendor", status=S.CLOSED)

    move(case, "partner", S.RESOLVED)

    assert queued(case, "vendor") == []


# what the link says instead of the default → the status written at the parent
LINK_MEANS: dict[str, tuple[S, dict[S, str], list[str], int]] = {
    "a question puts the parent on hold": (S.PENDING, {S.PENDING: "held"}, ["parts"], 1),
    "a resolution resolves it": (S.RESOLVED, {S.RESOLVED: "resolved"}, ["solved"], 1),
    "a hold is nobody's business": (S.HELD, {S.HELD: "none"}, [], 0),
    "a resolution is only told": (S.RESOLVED, {S.RESOLVED: "note"}, [], 1),
}


@pytest.mark.parametrize(("to", "means", "statuses", "notes"), LINK_MEANS.values(), ids=LINK_MEANS.keys())
def test_a_link_may_mean_otherwise(to: S, means: dict[S, str], statuses: list[str], notes: int) -> None:
    links = {"vendor>partner": {"parent_means": means}}
    case = tree("customer>vendor", "vendor>partner", desks=VERIFYING, links=links)

    move(case, "partner", to)

    assert [fields["status"] for fields in written(case, "vendor")] == statuses
    assert len(said(case, "vendor")) == notes


WAITS = {
    "vendor>partner": {"parent_means": {S.PENDING: "pending"}},
    "customer>vendor": {"parent_means": {S.PENDING: "pending"}},
}


def test_a_parent_that_waits_like_its_child_waits_for_what_the_child_waits_for_now() -> None:
    case = tree("customer>vendor", "vendor>partner", links=WAITS)
    move(case, "partner", S.PENDING, Reason.REQUESTER_INFO)

    move(case, "partner", S.PENDING, Reason.PARTS_UPSTREAM)

    hops = [case.hops[f"hop_{code}"] for code in ("partner", "vendor", "customer")]
    assert [(hop.status, hop.reason) for hop in hops] == [(S.PENDING, Reason.PARTS_UPSTREAM)] * 3
    told = [event.data for event in case.events if event.type == "status.changed"][-3:]
    assert [one["was"] for one in told] == ["requester_info"] * 3


def test_a_parent_that_waits_for_something_else_goes_on_waiting_for_it() -> None:
    case = tree("customer>vendor", "vendor>partner", links=WAITS)
    put(case, "vendor", status=S.PENDING, reason=Reason.SITE_ACCESS)
    move(case, "partner", S.PENDING, Reason.REQUESTER_INFO)

    move(case, "partner", S.PENDING, Reason.PARTS_UPSTREAM)

    assert case.hops["hop_vendor"].reason is Reason.SITE_ACCESS


# -- several children -------------------------------------------------------------------------------------------------------

# the sibling's status → whether the parent is to verify when the other one is resolved
SIBLINGS = {
    S.OFFERED: False, S.IN_PROGRESS: False, S.PENDING: False, S.HELD: False,
    S.RESOLVED: True, S.CLOSED: True, S.DECLINED: True, S.WITHDRAWN: True, S.EXPIRED: True, S.RETURNED: True,
}  # fmt: skip


@pytest.mark.parametrize(("sibling", "verify"), SIBLINGS.items())
def test_the_parent_verifies_when_all_are_resolved_or_gone(sibling: S, verify: bool) -> None:
    case = tree("customer>vendor", "vendor>partner", "vendor>other", desks=VERIFYING)
    put(case, "other", status=sibling)

    move(case, "partner", S.RESOLVED)

    assert ({"status": "verify"} in written(case, "vendor")) is verify


def verifying(**more: Any) -> Case:
    """The vendor's desk shows "verify"; its partner calls it resolved."""
    case = tree("customer>vendor", "vendor>partner", desks=VERIFYING)
    put(case, "vendor", shadow={"status": "verify"})
    put(case, "partner", status=S.RESOLVED, confirm_by=later(9), **more)
    return case


def test_a_child_that_works_again_ends_the_verifying() -> None:
    case = verifying()

    move(case, "partner", S.IN_PROGRESS)

    assert written(case, "vendor") == [{"status": "open"}]


def test_a_rejection_by_command_ends_the_verifying() -> None:
    case = verifying()

    progress.reject(case, case.hops["hop_partner"], None, PERSON)

    assert written(case, "vendor") == [{"status": "open"}]


def test_a_rejection_seen_at_the_parents_desk_writes_nothing_there() -> None:
    case = verifying()
    put(case, "vendor", shadow={"status": "open"})

    progress.reject(case, case.hops["hop_partner"], None, PERSON)

    assert written(case, "vendor") == []


def test_a_verifying_that_still_waits_in_the_lane_is_undone_too() -> None:
    case = verifying()
    put(case, "vendor", shadow={"status": "open"})
    waiting = delivery("vendor", payload={"fields": {"status": "verify"}})
    case.lane = lambda hop_id: [waiting] if hop_id == "hop_vendor" else []

    move(case, "partner", S.IN_PROGRESS)

    assert written(case, "vendor") == [{"status": "open"}]


def test_what_was_cancelled_in_the_lane_needs_no_undoing() -> None:
    case = verifying()
    put(case, "vendor", shadow={"status": "open"})
    gone = delivery("vendor", payload={"fields": {"status": "verify"}}, state=DeliveryState.CANCELLED)
    case.lane = lambda hop_id: [gone] if hop_id == "hop_vendor" else []

    move(case, "partner", S.IN_PROGRESS)

    assert written(case, "vendor") == []


# -- questions and answers --------------------------------------------------------------------------------------------------

ANSWERS = {
    S.IN_PROGRESS: True,
    S.ACKNOWLEDGED: True,
    S.PENDING: False,
    S.HELD: False,
    S.RESOLVED: False,
}


@pytest.mark.parametrize(("to", "answers"), ANSWERS.items())
def test_a_move_of_the_parent_answers_unless_it_waits_itself(to: S, answers: bool) -> None:
    case = tree(*CHAIN)
    put(case, "vendor", status=S.OFFERED)
    put(case, "partner", status=S.PENDING, asked=True)

    move(case, "vendor", to)

    assert ("pending.answered" in happened(case, "partner")) is answers
    assert (status(case, "partner") is S.IN_PROGRESS) is answers
    assert ({"status": "open"} in written(case, "partner")) is answers


def test_a_question_that_was_answered_is_not_answered_twice() -> None:
    case = tree(*CHAIN)
    put(case, "vendor", status=S.HELD)
    put(case, "partner", status=S.PENDING, asked=False)

    move(case, "vendor", S.IN_PROGRESS)

    assert "pending.answered" not in happened(case)


def test_going_pending_asks() -> None:
    case = tree(*CHAIN)

    move(case, "partner", S.PENDING, Reason.REQUESTER_INFO)
    assert case.hops["hop_partner"].asked

    move(case, "partner", S.IN_PROGRESS)
    assert not case.hops["hop_partner"].asked


# -- resolution ---------------------------------------------------------------------------------------------------------------


def test_a_resolution_must_be_confirmed_in_the_links_time() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"confirm_within": timedelta(hours=5)}})

    move(case, "partner", S.RESOLVED)
    assert case.hops["hop_partner"].confirm_by == NOW + timedelta(hours=5)

    move(case, "partner", S.IN_PROGRESS)
    assert case.hops["hop_partner"].confirm_by is None


@pytest.mark.parametrize("by", [PERSON, ROBOT], ids=["a person", "a rule of the desk"])
@pytest.mark.parametrize("to", [S.RESOLVED, S.CLOSED])
def test_a_parent_that_finishes_confirms_what_its_children_resolved(to: S, by: Because) -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=S.RESOLVED, confirm_by=later(9))

    move(case, "vendor", to, because=by)

    hop = case.hops["hop_partner"]
    assert (hop.status, hop.confirm_by) == (S.CLOSED, None)
    assert said(case, "partner") == ["Vendor confirmed the resolution."]
    assert written(case, "partner") == [{"status": "closed"}]


def test_confirming_goes_down_to_the_last_hop() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=S.RESOLVED)
    put(case, "sub", status=S.RESOLVED)

    progress.confirm(case, case.hops["hop_partner"], PERSON)

    assert status(case, "sub") is S.CLOSED
    assert written(case, "sub") == [{"status": "closed"}]


def test_what_still_works_below_a_confirmed_hop_is_withdrawn() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=S.RESOLVED)

    progress.confirm(case, case.hops["hop_partner"], PERSON)

    assert status(case, "sub") is S.WITHDRAWN


def test_confirmed_by_time_says_so() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=S.RESOLVED)

    progress.confirm(case, case.hops["hop_partner"], Because(), by_time=True)

    assert "not contested in time" in said(case, "partner")[0]
    assert case.events[0].data == {"by_time": True}


ENDS = {
    "closed over a branch that works": (S.CLOSED, S.IN_PROGRESS, S.WITHDRAWN),
    "closed over one that was never answered": (S.CLOSED, S.OFFERED, S.WITHDRAWN),
    "cancelled over one that is resolved": (S.CANCELLED, S.RESOLVED, S.WITHDRAWN),
    "rejected over one that works": (S.REJECTED, S.IN_PROGRESS, S.WITHDRAWN),
    "closed over one that has ended": (S.CLOSED, S.DECLINED, S.DECLINED),
    "resolved over one that works": (S.RESOLVED, S.IN_PROGRESS, S.IN_PROGRESS),
}


@pytest.mark.parametrize(("to", "before", "after"), ENDS.values(), ids=ENDS.keys())
def test_a_parent_is(to: S, before: S, after: S) -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=before)

    move(case, "vendor", to)

    assert status(case, "partner") is after


def test_a_rejected_resolution_is_worked_on_again_and_hears_why() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=S.RESOLVED, confirm_by=later(9))
    why = case.write(case.hops["hop_vendor"], "reason", "still dead")  # type: ignore[arg-type]

    progress.reject(case, case.hops["hop_partner"], why, PERSON)

    hop = case.hops["hop_partner"]
    assert (hop.status, hop.confirm_by) == (S.IN_PROGRESS, None)
    assert said(case, "partner") == ["Vendor did not accept the resolution. Reason: still dead"]
    assert written(case, "partner") == [{"status": "open"}]
    assert case.events[0].data == {"reason": why.id}


# -- reopening --------------------------------------------------------------------------------------------------------------

REOPENS = {
    "closed to in progress": (S.CLOSED, S.IN_PROGRESS, S.CLOSED, True),
    "resolved to in progress": (S.RESOLVED, S.IN_PROGRESS, S.RESOLVED, True),
    "closed to its queue": (S.CLOSED, S.ACKNOWLEDGED, S.CLOSED, True),
    "closed to waiting": (S.CLOSED, S.PENDING, S.CLOSED, True),
    "held to in progress": (S.HELD, S.IN_PROGRESS, S.CLOSED, False),
    "closed to in progress, its child declined": (S.CLOSED, S.IN_PROGRESS, S.DECLINED, False),
}


@pytest.mark.parametrize(("before", "to", "child", "reopened"), REOPENS.values(), ids=REOPENS.keys())
def test_a_parent_that_goes_from(before: S, to: S, child: S, reopened: bool) -> None:
    case = tree("customer>vendor", "vendor>partner")
    put(case, "vendor", status=before)
    put(case, "partner", status=child)

    progress.move(case, case.hops["hop_vendor"], to, None, replace(PERSON, words="it is back"))

    assert (status(case, "partner") is S.IN_PROGRESS) is reopened
    expected = ["Vendor reopened the ticket. Reason: it is back"] if reopened else []
    assert said(case, "partner") == expected


# -- the ticket follows its root ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [S.RESOLVED, S.CLOSED, S.CANCELLED, S.REJECTED])
def test_the_ticket_ends_with_its_root_and_comes_back_with_it(end: S) -> None:
    case = tree("customer>vendor")

    move(case, "customer", end)
    assert (case.ticket.closed_at, happened(case, "customer")) == (NOW, ["status.changed", "ticket.closed"])

    move(case, "customer", S.IN_PROGRESS)
    assert case.ticket.closed_at is None
    assert "ticket.reopened" in happened(case, "customer")


def test_from_one_end_to_another_the_ticket_stays_closed_since_the_first() -> None:
    case = tree("customer>vendor")

    move(case, "customer", S.RESOLVED)
    case.now = later(10)
    move(case, "customer", S.CLOSED)

    assert case.ticket.closed_at == NOW
    assert happened(case, "customer").count("ticket.closed") == 1


def test_a_hop_below_ends_nothing() -> None:
    case = tree("customer>vendor")

    move(case, "vendor", S.RESOLVED)

    assert case.ticket.closed_at is None


def test_every_event_of_a_move_names_what_it_follows_from() -> None:
    case = tree("customer>vendor", "vendor>partner", "partner>sub")
    put(case, "partner", status=S.RESOLVED)
    put(case, "sub", status=S.RESOLVED)

    move(case, "vendor", S.CLOSED)

    known = {event.id for event in case.events}
    first, *rest = case.events
    assert first.cause_id is None
    assert all(event.cause_id in known for event in rest)


@pytest.mark.parametrize("to", [row.status for row in STATUSES])
@pytest.mark.parametrize("code", ["customer", "vendor", "partner", "sub"])
def test_no_move_anywhere_is_too_much(to: S, code: str) -> None:
    case = tree(*CHAIN, desks=VERIFYING)

    move(case, code, to)

    assert status(case, code) is to


# -- the ball on its way --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "carries"),
    [(S.PENDING, True), (S.RESOLVED, True), (S.HELD, False)],
    ids=["ask", "resolve", "hold"],
)
def test_r11_only_what_passes_the_ball_is_news_for_the_clocks(to: S, carries: bool) -> None:
    case = tree(*CHAIN)

    move(case, "partner", to, Reason.REQUESTER_INFO if to is not S.RESOLVED else None)

    assert any(queueing.is_news(one) for one in queued(case, "vendor")) is carries


def test_r11_a_question_that_the_link_tells_nobody_has_arrived_at_once() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"parent_means": {S.PENDING: "none"}}})

    move(case, "partner", S.PENDING, Reason.REQUESTER_INFO)

    [asked, arrived] = case.events
    assert (arrived.type, arrived.hop_id, arrived.cause_id) == ("news.delivered", "hop_vendor", asked.id)


def test_r11_so_has_an_answer_of_which_the_desk_need_not_be_told() -> None:
    silent = {"partner": {"profile": replace(WORDS, write_statuses={})}}
    case = tree(*CHAIN, desks=silent)
    put(case, "vendor", status=S.ACCEPTED)
    put(case, "partner", status=S.PENDING, asked=True)

    move(case, "vendor", S.IN_PROGRESS)

    [answered] = [event for event in case.events if event.type == "pending.answered"]
    arrived = [
        event for event in case.events if event.type == "news.delivered" and event.hop_id == "hop_partner"
    ]
    assert not queued(case, "partner")
    assert [event.cause_id for event in arrived] == [answered.id]
