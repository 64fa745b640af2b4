"""What the gateway sees and what it makes of it: histories, hooks lost and doubled, late writes, deletions, merges, words
that nobody has taught it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from gateway.domain.model import DeliveryState, HopStatus, Site
from gateway.testing.loopback.faults import Fault, FaultKind, Script, no_faults
from gateway.testing.loopback.hooks import Hook
from gateway.testing.loopback.temper import PLAIN, Hooks
from tests.flows.scenes.stage import MINUTE, Cast, Stage

S = HopStatus
PAIR = ("customer>vendor",)
DEAF = replace(PLAIN, hooks=Hooks.NONE)
FORGETFUL = replace(DEAF, history=False)
SOON = {"poll_every": "1m"}


def opened(**cast: Any) -> Stage:
    stage = Stage(*PAIR, cast=Cast(**cast))
    stage.open()
    stage.wait(2 * MINUTE)
    return stage


# -- history ------------------------------------------------------------------------------------------------------------------


def at_once(stage: Stage, *statuses: str) -> None:
    """All of these within one moment between two polls, each at a time of its own."""
    for status in statuses:
        stage.person("vendor").set(stage.id("vendor"), "status", status)
        stage.hub.clock.advance(timedelta(seconds=1))
    stage.wait(3 * MINUTE)


def moves(stage: Stage) -> list[str]:
    return [event.data["to"] for event in stage.events("vendor") if event.type == "status.changed"]


def test_pending_in_progress_and_pending_between_two_polls_is_not_lost_where_there_is_a_history() -> None:
    stage = opened(tempers={"vendor": DEAF}, desks={"vendor": SOON})

    at_once(stage, "waiting", "open", "waiting")

    assert moves(stage) == ["pending", "in_progress", "pending"]
    questions = [text for text in stage.read("customer") if "waits for an answer" in text]
    assert len(questions) == 2
    times = [event.reported_at for event in stage.events("vendor") if event.type == "status.changed"]
    assert times[1] - times[0] == times[2] - times[1] == timedelta(seconds=1)  # type: ignore[operator]


def test_without_a_history_the_difference_is_all_there_is() -> None:
    stage = opened(tempers={"vendor": FORGETFUL}, desks={"vendor": SOON})

    at_once(stage, "waiting", "open", "waiting")

    assert moves(stage) == ["pending"]
    assert stage.is_("vendor") is S.PENDING


def test_a_desk_without_history_that_opened_it_before_we_first_looked_has_accepted() -> None:
    stage = Stage(*PAIR, cast=Cast(tempers={"vendor": FORGETFUL}, desks={"vendor": SOON}))
    stage.open()

    stage.person("vendor").set(stage.id("vendor"), "status", "open")
    stage.wait(3 * MINUTE)

    assert stage.is_("vendor") is S.IN_PROGRESS


# -- hooks --------------------------------------------------------------------------------------------------------------------

Hooked = tuple[str, Hook]
POSTS: dict[str, Callable[[list[Hooked], Random], Sequence[Hooked]]] = {
    "in order": lambda hooks, _random: hooks,
    "twice": lambda hooks, _random: [hook for hook in hooks for _ in range(2)],
    "all, and all once more later": lambda hooks, _random: [*hooks, *hooks],
    "backwards": lambda hooks, _random: hooks[::-1],
    "shuffled": lambda hooks, random: random.sample(hooks, len(hooks)),
    "half of them": lambda hooks, _random: hooks[::2],
    "none": lambda _hooks, _random: [],
}


def busy_day(stage: Stage, post: Callable[[list[Hooked], Random], Sequence[Hooked]]) -> None:
    """People work at both desks; their desks' messages are held back and then brought as `post` says."""
    held: list[Hooked] = []
    bring = stage.hub.hooks

    def hold_back() -> list[Hooked]:
        held.extend(bring())
        return []

    stage.hub.hooks = hold_back  # type: ignore[method-assign]
    anna, maria = stage.person("vendor"), stage.person("customer", "maria")
    for number in range(4):
        maria.comment(stage.id("customer"), f"from above {number}")
        anna.comment(stage.id("vendor"), f"from below {number}")
        anna.set(stage.id("vendor"), "status", ("open", "waiting", "open", "solved")[number])
        maria.set(stage.id("customer"), "priority", ("high", "urgent", "low", "high")[number])
        stage.hub.clock.advance(timedelta(seconds=1))
    stage.hub.hooks = bring  # type: ignore[method-assign]
    for code, hook in post(held, Random(7)):
        stage.hub.receive(code, hook)
    stage.wait(12 * MINUTE)


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS.keys())
def test_a_busy_day_ends_alike_however_its_messages_are_brought(post: Any) -> None:
    stage = opened()

    busy_day(stage, post)

    assert stage.heard("vendor") == [f"from above {number}" for number in range(4)]
    assert stage.heard("customer") == [f"from below {number}" for number in range(4)]
    assert (stage.is_("vendor"), stage.field("vendor", "priority")) == (S.RESOLVED, "high")
    assert moves(stage) == ["in_progress", "pending", "in_progress", "resolved"]
    assert stage.discrepancies() == []


# -- late writes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [timedelta(seconds=30), timedelta(seconds=58)])
def test_a_create_applied_late_is_found_and_not_made_twice(after: timedelta) -> None:
    stage = Stage(*PAIR)
    stage.hub.desks["vendor"].faults = Script(
        steps=[Fault(kind=FaultKind.APPLY_LATE, after=after)], writes_only=True
    )

    stage.open()
    stage.wait(15 * MINUTE)

    assert len(stage.docs("vendor")) == 1
    assert stage.hop("vendor").remote_id == stage.id("vendor")
    assert [one.outcome for one in stage.deliveries("vendor")] == ["adopted"]


def test_a_create_applied_after_every_settle_window_is_flagged_and_never_a_new_ticket() -> None:
    stage = Stage(*PAIR)
    late = Fault(kind=FaultKind.APPLY_LATE, after=timedelta(minutes=8))
    stage.hub.desks["vendor"].faults = Script(steps=[late], writes_only=True)

    stage.open()
    stage.wait(40 * MINUTE)

    assert len(stage.docs("vendor")) == 2
    assert len(stage.case.hops) == 2
    assert stage.discrepancies() == ["late_duplicate"]
    assert stage.happened().count("desk.duplicated") == 1
    kept, second = sorted(
        stage.docs("vendor"), key=lambda doc: str(doc["id"] != stage.hop("vendor").remote_id)
    )
    [note] = [part["text"] for part in kept["comments"]]
    assert note == f"{second['id']} is a duplicate of this ticket, made by a late write; please close it."


def test_what_people_say_at_a_duplicate_goes_nowhere() -> None:
    stage = Stage(*PAIR)
    late = Fault(kind=FaultKind.APPLY_LATE, after=timedelta(minutes=8))
    stage.hub.desks["vendor"].faults = Script(steps=[late], writes_only=True)
    stage.open()
    stage.wait(40 * MINUTE)

    [second] = {doc["id"] for doc in stage.docs("vendor")} - {stage.hop("vendor").remote_id}
    stage.person("vendor").comment(second, "which one is it?")
    stage.wait(20 * MINUTE)

    assert "which one" not in str(stage.docs("customer"))
    assert stage.discrepancies() == ["late_duplicate"]


def test_a_comment_applied_after_every_settle_window_is_flagged_once_and_not_fed_back() -> None:
    stage = opened(tempers={"vendor": replace(PLAIN, comment_markers=False)})
    late = Fault(kind=FaultKind.APPLY_LATE, after=timedelta(minutes=8))
    stage.hub.desks["vendor"].faults = Script(steps=[late], writes_only=True)

    stage.say("customer", "hello")
    stage.wait(40 * MINUTE)

    assert stage.heard("vendor") == ["hello", "hello"]
    assert stage.discrepancies() == ["late_duplicate"]
    assert stage.heard("customer") == []


def withdrawn_in_doubt(late: timedelta) -> Stage:
    """The create's answer never came; the customer cancels before anybody knows."""
    stage = Stage(*PAIR)
    first = Script(steps=[Fault(kind=FaultKind.APPLY_LATE, after=late)], writes_only=True)
    stage.hub.desks["vendor"].faults = first
    stage.open()
    stage.set("customer", "status", "cancelled")
    stage.wait(40 * MINUTE)
    return stage


def test_a_create_in_doubt_is_not_sent_again_for_an_assignment_that_is_withdrawn() -> None:
    stage = withdrawn_in_doubt(timedelta(days=9))

    assert stage.docs("vendor") == []
    assert {one.state for one in stage.deliveries("vendor")} == {DeliveryState.CANCELLED}


@pytest.mark.parametrize("late", [timedelta(seconds=50), timedelta(minutes=8)], ids=["in time", "after all"])
def test_if_it_arrives_it_is_told_that_it_is_withdrawn(late: timedelta) -> None:
    stage = withdrawn_in_doubt(late)

    assert len(stage.docs("vendor")) == 1
    assert (stage.is_("vendor"), stage.status("vendor")) == (S.WITHDRAWN, "cancelled")
    assert "withdrew this assignment" in stage.read("vendor")[0]


# -- deleted and merged -------------------------------------------------------------------------------------------------------


def test_a_deleted_ticket_is_believed_when_a_second_look_agrees() -> None:
    stage = opened()

    stage.person("vendor").delete(stage.id("vendor"))
    stage.wait(15 * MINUTE)
    assert "desk.deleted" not in stage.happened() or stage.happened().count("desk.deleted") == 1

    stage.wait(20 * MINUTE)
    assert stage.happened().count("desk.deleted") == 1
    assert stage.discrepancies() == ["deleted"]


def test_a_ticket_that_is_missing_for_a_moment_is_not_deleted() -> None:
    stage = opened()
    gone = stage.hub.desks["vendor"].cabinet.folders.pop(stage.id("vendor"))
    stage.wait(16 * MINUTE)
    looked = stage.happened().count("desk.deleted")

    stage.hub.desks["vendor"].cabinet.folders[gone.id] = gone
    stage.say("vendor", "still here")
    stage.wait(20 * MINUTE)

    assert looked <= 1
    assert stage.heard("customer") == ["still here"]


def test_a_removed_comment_is_believed_when_a_second_list_agrees() -> None:
    stage = opened()
    number = stage.say("vendor", "wrong ticket, sorry")

    stage.person("vendor").remove(stage.id("vendor"), number)
    stage.wait(MINUTE)

    assert stage.happened("vendor").count("comment.removed") == 1
    assert stage.heard("customer") == []


def test_t22_a_merged_ticket_is_held_and_nothing_is_written_into_the_other() -> None:
    stage = opened()
    other = stage.person("vendor").open("somebody else's ticket")
    ours = stage.docs("vendor")[0]["id"]

    stage.person("vendor").merge(ours, other)
    stage.wait(20 * MINUTE)
    stage.say("customer", "CANARY for our ticket only")
    stage.set("customer", "priority", "urgent")
    stage.wait(20 * MINUTE)

    assert "CANARY" not in str(stage.docs("vendor"))
    assert stage.happened().count("desk.merged") == 1
    assert stage.is_("vendor") is S.OFFERED
    assert stage.discrepancies() == ["merged"]
    parked = [one for one in stage.deliveries("vendor") if one.state is DeliveryState.PARKED]
    assert {one.error for one in parked} == {"the ticket was merged into another one at that desk"}


def test_t22_while_a_desk_shows_another_ticket_nothing_is_written_and_nothing_is_lost() -> None:
    stage = opened(tempers={"vendor": DEAF}, desks={"vendor": SOON})
    ours = stage.id("vendor")
    stage.person("vendor").open("somebody else's ticket")
    desk, wrong = stage.hub.desks["vendor"], Fault(kind=FaultKind.WRONG_ID)

    def said() -> list[str]:
        return [part["text"].rpartition("\n")[2] for part in desk.ticket(ours)["comments"]]

    desk.faults = lambda call: wrong if call.method == "GET" and call.path == f"/tickets/{ours}" else None
    stage.person("vendor").comment(ours, "looking at it")
    stage.wait(1 * MINUTE)
    stage.say("customer", "what does it cost?")
    assert said() == ["looking at it"]

    desk.faults = no_faults
    stage.wait(3 * MINUTE)
    assert said() == ["looking at it", "what does it cost?"]
    assert "desk.merged" not in stage.happened()


# -- words nobody has taught us -----------------------------------------------------------------------------------------------


def test_an_unknown_status_is_held_told_and_judged_when_the_profile_learns_it() -> None:
    odd = replace(PLAIN, statuses=dict(PLAIN.statuses) | {"Waiting CAB": "held"})
    stage = opened(
        tempers={"vendor": odd}, desks={"vendor": {"profile": PLAIN.profile(), "poll_every": "10m"}}
    )
    stage.set("vendor", "status", "open")

    stage.set("vendor", "status", "Waiting CAB")
    assert (stage.is_("vendor"), stage.hop("vendor").unmapped) == (S.IN_PROGRESS, frozenset({"status"}))
    assert "“Waiting CAB” of the field status is not known" in stage.read("vendor")[-1]
    assert "Waiting CAB" not in str(stage.docs("customer"))

    learnt = PLAIN.profile() | {
        "statuses": dict(PLAIN.statuses) | {"Waiting CAB": {"status": "held", "reason": "requester_approval"}}
    }
    stage.restart(vendor={"profile": learnt, "poll_every": "10m"})
    stage.wait(20 * MINUTE)

    assert (stage.is_("vendor"), stage.hop("vendor").unmapped) == (S.HELD, frozenset())
    assert stage.read("customer")[-1] == "Vendor put the work on hold (requester_approval)."


UNKNOWN = {"a site": ("site", "XX-99"), "a due date": ("due", "next week")}


@pytest.mark.parametrize(("field", "value"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_value_is_held_and_told_and_never_sent_as_text(field: str, value: str) -> None:
    stage = opened(sites=[Site(id="s", org_id="org_customer", code="MI-1")])

    stage.set("customer", field, value)

    assert f"“{value}” of the field {field} is not known" in stage.read("customer")[-1]
    assert value not in str(stage.docs("vendor"))
    assert stage.discrepancies() == ["unmapped"]


def test_a_known_site_goes_down_after_an_unknown_one() -> None:
    stage = opened(sites=[Site(id="s", org_id="org_customer", code="MI-1")])
    stage.set("customer", "site", "XX-99")

    stage.set("customer", "site", "MI-1")

    assert stage.field("vendor", "site") == "MI-1"
    assert stage.hop("customer").unmapped == set()
