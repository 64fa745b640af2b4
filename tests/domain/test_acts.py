"""Acts: what the links' tables make of a change, what a status implies without one, and what is never an act."""

from typing import Any

import pytest

from gateway.domain import acts
from gateway.domain.case import Because, Case
from gateway.domain.mapping import status_of
from gateway.domain.model import (
    ActKind,
    ActorKind,
    ActRow,
    Capabilities,
    Carry,
    Content,
    Crossing,
    HopStatus,
    ReasonFrom,
    Source,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import FieldChange
from tests.builders import (
    AGENT,
    CAPABLE,
    NOW,
    PERSON,
    ROBOT,
    STATUSES,
    WORDS,
    content,
    happened,
    later,
    put,
    said,
    status,
    tree,
    written,
)

S = HopStatus
FORK = ("customer>vendor", "vendor>north", "vendor>south")


def change(field: str, new: str | None, old: str | None = None) -> FieldChange:
    return FieldChange(field=field, old=old, new=new, at=NOW, actor=AGENT, source=Source.HISTORY)


def table(*rows: ActRow, edge: str = "vendor>north", **more: Any) -> dict[str, Any]:
    return {"links": {edge: {"acts": rows}}, **more}


def judge(case: Case, code: str, one: FieldChange, because: Because = PERSON) -> bool:
    return acts.judge(case, case.hops[f"hop_{code}"], one, because)


def show(case: Case, code: str, native: str, *, old: str = "", because: Because = PERSON) -> None:
    """The desk shows a status, no table speaks of it."""
    hop = case.hops[f"hop_{code}"]
    row = status_of(case.desk(hop), native)
    assert row is not None
    acts.implied(case, hop, row, change("status", native, old), because)


# -- the link's table -----------------------------------------------------------------------------------------------------

ACCEPTED = ActRow(act=ActKind.ACCEPTED, field="custom.answer", value="yes")
DECLINED = ActRow(act=ActKind.DECLINED, field="status", value="refused")
RETURNED = ActRow(act=ActKind.RETURNED, field="queue", value="back to sender")
ARRIVED = ActRow(act=ActKind.ARRIVED, field="custom.onsite", value="1")
ACKNOWLEDGED = ActRow(act=ActKind.WITHDRAWAL_ACKNOWLEDGED, field="tags", value="seen")
CONFIRMED = ActRow(act=ActKind.RESOLUTION_CONFIRMED, field="custom.verified", value="yes")
REJECTED = ActRow(act=ActKind.RESOLUTION_REJECTED, field="custom.verified", value="no")

# the act, the hop's status before → its status after, what happened to it, whether that was all the change meant
ACTS: dict[str, tuple[ActRow, S, S, list[str], bool]] = {
    "an offer accepted": (ACCEPTED, S.OFFERED, S.ACCEPTED, ["assignment.accepted"], False),
    "an offer declined": (DECLINED, S.OFFERED, S.DECLINED, ["assignment.declined"], True),
    "work declined is returned": (DECLINED, S.IN_PROGRESS, S.RETURNED, ["assignment.returned"], True),
    "work returned": (RETURNED, S.HELD, S.RETURNED, ["assignment.returned"], True),
    "somebody arrived": (ARRIVED, S.IN_PROGRESS, S.IN_PROGRESS, ["visit.arrived"], False),
    "a withdrawal acknowledged": (ACKNOWLEDGED, S.WITHDRAWN, S.WITHDRAWN, ["withdrawal.acknowledged"], True),
    "accepted again is an ordinary move": (ACCEPTED, S.PENDING, S.PENDING, [], False),
    "acknowledged though nothing was withdrawn": (ACKNOWLEDGED, S.IN_PROGRESS, S.IN_PROGRESS, [], False),
}


@pytest.mark.parametrize(("row", "before", "after", "events", "all_of_it"), ACTS.values(), ids=ACTS.keys())
def test_the_table_says(row: ActRow, before: S, after: S, events: list[str], all_of_it: bool) -> None:
    case = tree(*FORK, **table(row))
    put(case, "north", status=before)

    done = judge(case, "north", change(row.field, row.value.upper()))

    assert (status(case, "north"), happened(case, "north"), done) == (after, events, all_of_it)
    assert case.discrepancies == []


OUT_OF_PLACE = {
    "an offer returned": (RETURNED, S.OFFERED),
    "declined after it was closed": (DECLINED, S.CLOSED),
    "arrived after it was withdrawn": (ARRIVED, S.WITHDRAWN),
}


@pytest.mark.parametrize(("row", "before"), OUT_OF_PLACE.values(), ids=OUT_OF_PLACE.keys())
def test_is_out_of_place_and_noted(row: ActRow, before: S) -> None:
    case = tree(*FORK, **table(row))
    put(case, "north", status=before)

    assert not judge(case, "north", change(row.field, row.value))
    assert [kind for kind, _, _ in case.discrepancies] == ["act_out_of_place"]
    assert (status(case, "north"), case.events) == (before, [])


def test_a_value_that_only_contains_the_word_is_no_act() -> None:
    case = tree(*FORK, **table(DECLINED))

    assert not judge(case, "north", change("status", "refused once"))
    assert case.events == []


def test_the_table_of_another_link_says_nothing_here() -> None:
    case = tree(*FORK, **table(DECLINED))
    put(case, "south", status=S.OFFERED)

    assert not judge(case, "south", change("status", "refused"))


@pytest.mark.parametrize(
    "because",
    [ROBOT, Because(actor_kind=ActorKind.GATEWAY)],
    ids=["a rule of the desk", "our own account"],
)
def test_only_people_act(because: Because) -> None:
    case = tree(*FORK, **table(ACCEPTED, DECLINED))
    put(case, "north", status=S.OFFERED)

    judge(case, "north", change("custom.answer", "yes"), because)
    judge(case, "north", change("assignee", "Ivan"), because)

    assert (status(case, "north"), case.events) == (S.OFFERED, [])


def test_a_desk_that_names_nobody_is_believed_to_speak_of_a_person() -> None:
    case = tree(*FORK, **table(ACCEPTED))
    put(case, "north", status=S.OFFERED)

    judge(case, "north", change("custom.answer", "yes"), Because(actor_kind=ActorKind.UNKNOWN))

    assert status(case, "north") is S.ACCEPTED


# -- acts at the parent's desk, about what its children call resolved -----------------------------------------------------


def resolved_both(*rows: ActRow) -> Case:
    links = {"vendor>north": {"acts": rows}, "vendor>south": {"acts": rows}}
    case = tree(*FORK, links=links)
    put(case, "north", status=S.RESOLVED)
    put(case, "south", status=S.RESOLVED)
    return case


def test_confirming_at_the_parents_desk_confirms_every_branch() -> None:
    case = resolved_both(CONFIRMED, REJECTED)

    judge(case, "vendor", change("custom.verified", "yes"))

    assert (status(case, "north"), status(case, "south")) == (S.CLOSED, S.CLOSED)


def test_rejecting_at_the_parents_desk_rejects_only_what_is_resolved() -> None:
    case = resolved_both(CONFIRMED, REJECTED)
    put(case, "south", status=S.PENDING)

    judge(case, "vendor", change("custom.verified", "no"))

    assert (status(case, "north"), status(case, "south")) == (S.IN_PROGRESS, S.PENDING)
    assert case.discrepancies == []


def test_the_downstreams_own_desk_confirms_nothing() -> None:
    case = resolved_both(CONFIRMED)

    judge(case, "north", change("custom.verified", "yes"))

    assert status(case, "north") is S.RESOLVED


# -- the assignee -----------------------------------------------------------------------------------------------------------

TAKEN = {
    "somebody takes an offer": (S.OFFERED, "", "Ivan", (), S.ACCEPTED),
    "it passes from one to another": (S.OFFERED, "Olga", "Ivan", (), S.OFFERED),
    "it is laid down": (S.OFFERED, "Olga", None, (), S.OFFERED),
    "it was accepted before": (S.PENDING, "", "Ivan", (), S.PENDING),
    "a table says what accepts": (S.OFFERED, "", "Ivan", (ACCEPTED,), S.OFFERED),
}


@pytest.mark.parametrize(("before", "old", "new", "rows", "after"), TAKEN.values(), ids=TAKEN.keys())
def test_an_assignee(before: S, old: str, new: str | None, rows: tuple[ActRow, ...], after: S) -> None:
    case = tree(*FORK, **table(*rows))
    put(case, "north", status=before)

    assert not judge(case, "north", change("assignee", new, old))
    assert status(case, "north") is after


def test_an_assignee_at_the_root_accepts_nothing() -> None:
    case = tree(*FORK)
    put(case, "customer", status=S.OFFERED)

    judge(case, "customer", change("assignee", "Maria"))

    assert status(case, "customer") is S.OFFERED


# -- the reason -------------------------------------------------------------------------------------------------------------


def with_reason(row: ActRow, *kept: Content, **hop: Any) -> list[str]:
    case = tree(*FORK, **table(row))
    put(case, "north", status=S.OFFERED, **hop)
    case.library = lambda: kept
    judge(case, "north", change(row.field, row.value))
    return said(case, "vendor")


def told(reason: str) -> list[str]:
    return [f"North declined the assignment. Reason: {reason}"]


BY_COMMENT = DECLINED
BY_FIELD = replace(DECLINED, reason_from=ReasonFrom.FIELD, reason_field="custom.why")
BY_NOTHING = replace(DECLINED, reason_from=ReasonFrom.NOWHERE)
FIRST, LAST = content("north", "first", id="c1"), content("north", "last", id="c2", at=later(1))
NOT_A_REASON = {
    "somebody else's words": content("vendor", "not mine", id="c3", at=later(2)),
    "an automatic reply": content("north", "thank you", id="c3", at=later(2), automatic=True),
    "a private comment": content("north", "", id="c3", at=later(2), visibility=Visibility.PRIVATE),
    "words to another neighbour": content("north", "psst", id="c3", at=later(2), to_link_id="lnk_north_deep"),
}


def test_the_reason_is_the_newest_comment() -> None:
    assert with_reason(BY_COMMENT, FIRST, LAST) == told("last")


@pytest.mark.parametrize("newest", NOT_A_REASON.values(), ids=NOT_A_REASON.keys())
def test_the_reason_is_not(newest: Content) -> None:
    assert with_reason(BY_COMMENT, FIRST, LAST, newest) == told("last")


def test_words_to_the_very_neighbour_are_a_reason() -> None:
    assert with_reason(BY_COMMENT, replace(LAST, to_link_id="lnk_vendor_north")) == told("last")


def test_the_reason_stands_in_a_field() -> None:
    assert with_reason(BY_FIELD, LAST, shadow={"custom.why": "no people"}) == told("no people")
    assert with_reason(BY_FIELD, LAST, shadow={}) == told("–")


def test_the_table_may_say_that_there_is_none() -> None:
    assert with_reason(BY_NOTHING, LAST) == told("–")


# -- what a status implies where no table says more -----------------------------------------------------------------------

IMPLIED: dict[str, tuple[S, str, S]] = {
    "a new ticket as it was made": (S.OFFERED, "new", S.OFFERED),
    "an offer put in a queue": (S.OFFERED, "queued", S.OFFERED),
    "an offer worked on": (S.OFFERED, "open", S.IN_PROGRESS),
    "an offer asked about": (S.OFFERED, "waiting", S.PENDING),
    "an offer solved at once": (S.OFFERED, "solved", S.RESOLVED),
    "an offer closed at once states a resolution": (S.OFFERED, "closed", S.RESOLVED),
    "an offer refused": (S.OFFERED, "refused", S.DECLINED),
    "an offer cancelled": (S.OFFERED, "cancelled", S.DECLINED),
    "work started": (S.ACCEPTED, "open", S.IN_PROGRESS),
    "accepted, and still as it was made": (S.ACCEPTED, "new", S.ACCEPTED),
    "work solved": (S.IN_PROGRESS, "solved", S.RESOLVED),
    "work closed waits for the upstream's word": (S.IN_PROGRESS, "closed", S.RESOLVED),
    "what is resolved is closed by them": (S.RESOLVED, "closed", S.RESOLVED),
    "what is resolved is worked on again": (S.RESOLVED, "open", S.IN_PROGRESS),
    "work refused is returned": (S.IN_PROGRESS, "refused", S.RETURNED),
    "a question taken back": (S.PENDING, "open", S.IN_PROGRESS),
}


@pytest.mark.parametrize(("before", "native", "after"), IMPLIED.values(), ids=IMPLIED.keys())
def test_a_status_implies(before: S, native: str, after: S) -> None:
    case = tree(*FORK)
    put(case, "north", status=before)

    show(case, "north", native)

    assert status(case, "north") is after
    accepted = "assignment.accepted" in happened(case, "north")
    assert accepted is (before is S.OFFERED and after not in (S.OFFERED, S.DECLINED))


@pytest.mark.parametrize("native", [row.native for row in STATUSES])
def test_what_a_hop_is_already_is_no_event(native: str) -> None:
    row = next(row for row in STATUSES if row.native == native)
    for code in ("customer", "north"):
        case = tree(*FORK)
        put(
            case,
            code,
            status=acts.at_root(row.status) if code == "customer" else row.status,
            reason=row.reason,
        )

        if code == "customer" or row.status not in (S.REJECTED, S.CANCELLED):
            show(case, code, native)

        assert [event for event in case.events if event.type == "status.changed"] == []


def test_another_reason_for_the_same_status_is_an_event() -> None:
    case = tree(*FORK)
    put(case, "north", status=S.HELD, reason=None)

    show(case, "north", "parts")

    assert case.events[0].data == {"from": "held", "to": "held", "reason": "parts_own"}


def test_a_refusal_takes_its_reason_from_the_newest_comment() -> None:
    case = tree(*FORK)
    put(case, "north", status=S.OFFERED)
    case.library = lambda: [FIRST, LAST]

    show(case, "north", "refused")

    assert said(case, "vendor") == told("last")


# -- after the end ----------------------------------------------------------------------------------------------------------

AFTER: dict[str, tuple[S, str, list[str], list[str]]] = {
    "a withdrawn ticket closed: they know": (S.WITHDRAWN, "closed", ["withdrawal.acknowledged"], []),
    "a withdrawn ticket solved: they know": (S.WITHDRAWN, "solved", ["withdrawal.acknowledged"], []),
    "a withdrawn ticket as it was made": (S.WITHDRAWN, "new", [], []),
    "a withdrawn ticket worked on": (S.WITHDRAWN, "open", [], ["moved_after_end"]),
    "a lapsed offer taken up": (S.EXPIRED, "open", [], ["moved_after_end"]),
    "a declined ticket solved": (S.DECLINED, "solved", [], ["moved_after_end"]),
    "a closed one opened": (S.CLOSED, "open", [], ["moved_after_end"]),
    "a closed one still closed": (S.CLOSED, "closed", [], []),
}


@pytest.mark.parametrize(("before", "native", "events", "noted"), AFTER.values(), ids=AFTER.keys())
def test_after_the_end(before: S, native: str, events: list[str], noted: list[str]) -> None:
    case = tree(*FORK)
    put(case, "north", status=before)

    show(case, "north", native)

    assert (status(case, "north"), happened(case)) == (before, events)
    assert [kind for kind, _, _ in case.discrepancies] == noted


def test_a_rule_of_the_desk_acknowledges_nothing() -> None:
    case = tree(*FORK)
    put(case, "north", status=S.WITHDRAWN)

    show(case, "north", "closed", because=ROBOT)

    assert (case.events, case.discrepancies) == ([], [])


# -- back to work from "to verify" ------------------------------------------------------------------------------------------


def verifying(**more: Any) -> Case:
    case = tree(*FORK, desks={"vendor": {"profile": replace(WORDS, to_verify="verify")}}, **more)
    put(case, "north", status=S.RESOLVED)
    put(case, "south", status=S.RESOLVED)
    return case


def test_back_to_work_from_to_verify_rejects_what_was_resolved_with_the_newest_words() -> None:
    case = verifying()
    case.library = lambda: [content("vendor", "still dead")]

    show(case, "vendor", "open", old="verify")

    assert (status(case, "north"), status(case, "south")) == (S.IN_PROGRESS, S.IN_PROGRESS)
    assert said(case, "north") == ["Vendor did not accept the resolution. Reason: still dead"]
    assert written(case, "north") == [{"status": "open"}]


def test_each_branch_hears_only_what_was_said_to_it() -> None:
    case = verifying()
    case.library = lambda: [content("vendor", "you broke the door", to_link_id="lnk_vendor_north")]

    show(case, "vendor", "open", old="verify")

    assert "you broke the door" in said(case, "north")[0]
    assert "you broke the door" not in said(case, "south")[0]


NO_REJECTION: dict[str, tuple[str, str, Because]] = {
    "from another status": ("open", "waiting", PERSON),
    "on to another status": ("parts", "verify", PERSON),
    "by a rule of the desk": ("open", "verify", ROBOT),
}


@pytest.mark.parametrize(("native", "old", "because"), NO_REJECTION.values(), ids=NO_REJECTION.keys())
def test_is_no_rejection(native: str, old: str, because: Because) -> None:
    case = verifying()

    show(case, "vendor", native, old=old, because=because)

    assert (status(case, "north"), status(case, "south")) == (S.RESOLVED, S.RESOLVED)


def test_at_the_root_it_works_alike() -> None:
    case = tree("customer>vendor", desks={"customer": {"profile": replace(WORDS, to_verify="verify")}})
    put(case, "vendor", status=S.RESOLVED)

    show(case, "customer", "queued", old="verify")

    assert status(case, "vendor") is S.IN_PROGRESS


# -- the root ---------------------------------------------------------------------------------------------------------------


def test_a_reopening_says_why_with_what_was_said_since() -> None:
    case = tree("customer>vendor")
    case.ticket = replace(case.ticket, closed_at=later(5))
    put(case, "customer", status=S.CLOSED)
    put(case, "vendor", status=S.CLOSED)
    case.library = lambda: [content("customer", "thanks"), content("customer", "it is back", at=later(6))]

    show(case, "customer", "open")

    assert said(case, "vendor") == ["Customer reopened the ticket. Reason: it is back"]


def test_words_that_may_not_be_read_below_are_not_quoted_there_either() -> None:
    case = tree(
        "customer>vendor", links={"customer>vendor": {"crossing": Crossing(comments_down=Carry.STOP)}}
    )
    case.ticket = replace(case.ticket, closed_at=later(5))
    put(case, "customer", status=S.CLOSED)
    put(case, "vendor", status=S.CLOSED)
    case.library = lambda: [content("customer", "it is back", at=later(6))]

    show(case, "customer", "open")

    assert said(case, "vendor") == ["Customer reopened the ticket. Reason: –"]


def test_what_was_said_before_is_not_why() -> None:
    case = tree("customer>vendor")
    case.ticket = replace(case.ticket, closed_at=later(5))
    put(case, "customer", status=S.CLOSED)
    put(case, "vendor", status=S.CLOSED)
    case.library = lambda: [content("customer", "thanks")]

    show(case, "customer", "open")

    assert said(case, "vendor") == ["Customer reopened the ticket. Reason: –"]


# -- what notes of ours quote -------------------------------------------------------------------------------------------------

BLUNT = replace(CAPABLE, private_comments=False)
# what the partner said internally, the desk above → whether the note on its refusal may quote it
QUOTED: dict[str, tuple[dict[str, Any], Capabilities, bool]] = {
    "an internal note that the link shares one way": ({}, CAPABLE, False),
    "one that is for the other side": ({"to_link_id": "lnk_vendor_north"}, CAPABLE, True),
    "for the other side, which has no place for it": ({"to_link_id": "lnk_vendor_north"}, BLUNT, False),
}


@pytest.mark.parametrize(("more", "above", "quotes"), QUOTED.values(), ids=QUOTED.keys())
def test_what_is_internal_is_quoted_only_where_it_may_be_read(
    more: dict[str, Any], above: Capabilities, quotes: bool
) -> None:
    case = tree(*FORK, desks={"vendor": {"capabilities": above}})
    put(case, "north", status=S.OFFERED)
    note = content("north", "we owe them money", visibility=Visibility.PRIVATE, **more)
    case.library = lambda: [note]

    show(case, "north", "refused", old="new")

    assert any("we owe them money" in text for text in said(case, "vendor")) is quotes
