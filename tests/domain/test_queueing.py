"""From a decision to a delivery: its place in the lane, its marker, its urgency, and what need not be written at all."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain import budgeting, queueing
from gateway.domain.case import Case
from gateway.domain.model import (
    Capabilities,
    CommandKind,
    ContentKind,
    Delivery,
    DeliveryState,
    Event,
    Hop,
    HopStatus,
    Profile,
    Visibility,
)
from gateway.domain.model.change import replace
from tests.builders import NOW, PERSON, content, delivery, later, put, queued, said, tree, written

CHAIN = ("customer>vendor", "vendor>north")


def north(case: Case) -> Hop:
    return case.hops["hop_north"]


def because(case: Case) -> Event:
    return case.record("status.changed", north(case), PERSON)


def queue(case: Case, about: str = "x", kind: CommandKind = CommandKind.COMMENT, **more: Any) -> Delivery:
    return queueing.queue(case, north(case), kind, about=about, **more)


# -- a delivery ---------------------------------------------------------------------------------------------------------------


def test_deliveries_stand_in_the_lane_in_the_order_they_were_queued() -> None:
    case = tree(*CHAIN)
    put(case, "north", next_seq=7)

    assert [queue(case).seq, queue(case).seq, north(case).next_seq] == [7, 8, 9]


def test_it_belongs_to_the_customer_and_goes_to_the_hops_desk() -> None:
    one = queue(tree(*CHAIN))

    assert (one.org_id, one.desk_id, one.hop_id) == ("org_customer", "dsk_north", "hop_north")


def test_the_marker_comes_from_link_hop_and_object() -> None:
    case, again = tree(*CHAIN), tree(*CHAIN)

    assert queue(case, "x").marker == queue(again, "x").marker
    assert queue(case, "x").marker != queue(case, "y").marker
    elsewhere = queueing.queue(case, case.hops["hop_vendor"], CommandKind.COMMENT, about="x")
    assert elsewhere.marker != queue(case, "x").marker


def test_a_hop_found_anew_has_the_markers_of_the_one_that_was_lost() -> None:
    case, again = tree(*CHAIN), tree(*CHAIN)
    again.hops["hop_new"] = replace(again.hops.pop("hop_north"), id="hop_new")

    anew = queueing.queue(again, again.hops["hop_new"], CommandKind.COMMENT, about="x")
    assert anew.marker == queue(case, "x").marker


def test_the_next_offer_over_the_same_link_is_another_ticket() -> None:
    case = tree(*CHAIN)
    first = queue(case, "create", CommandKind.CREATE)
    put(case, "north", status=HopStatus.DECLINED)
    case.add_hop(replace(north(case), id="hop_second", status=HopStatus.OFFERED))

    second = queueing.queue(case, case.hops["hop_second"], CommandKind.CREATE, about="create")
    assert first.marker == queue(case, "create", CommandKind.CREATE).marker != second.marker


@pytest.mark.parametrize(
    ("kind", "restored_at", "state"),
    [
        (CommandKind.CREATE, None, DeliveryState.PENDING),
        (CommandKind.CREATE, NOW - timedelta(days=1), DeliveryState.PENDING),
        (CommandKind.CREATE, later(1), DeliveryState.AMBIGUOUS),
        (CommandKind.COMMENT, later(1), DeliveryState.AMBIGUOUS),
        (CommandKind.COMMENT, NOW - timedelta(days=1), DeliveryState.PENDING),
        (CommandKind.UPDATE, later(1), DeliveryState.PENDING),
    ],
)
def test_what_is_older_than_a_restored_backup_is_asked_about_first(
    kind: CommandKind, restored_at: datetime | None, state: DeliveryState
) -> None:
    case = tree(*CHAIN)
    case.restored_at = restored_at
    words = content("customer")
    case.contents.append(words)

    one = queue(case, "x", kind, content_id=words.id)
    assert (one.state, one.probes) == (state, int(state is DeliveryState.AMBIGUOUS))
    if kind is CommandKind.COMMENT:  # what we say ourselves, while we catch up
        assert queue(case, "y", content_id=words.id, note=True).state is state


def test_what_we_say_has_the_same_name_after_a_backup_was_put_back() -> None:
    case, again = tree(*CHAIN), tree(*CHAIN)
    for told in (case, again):
        for _ in range(2):
            queueing.note(told, north(told), "accepted", who="North")
    first, second = (one.marker for one in case.deliveries)
    assert first != second
    assert [one.marker for one in again.deliveries] == [first, second]


# facts of the hop → urgency, due
MOMENT = "2026-03-05T17:00:00+00:00"
PRESSING: dict[str, tuple[dict[str, Any], int, datetime]] = {
    "critical": ({"facts": {"priority": "critical"}}, 0, NOW + queueing.UNDATED),
    "low": ({"facts": {"priority": "low"}}, 3, NOW + queueing.UNDATED),
    "of no priority": ({}, 2, NOW + queueing.UNDATED),
    "due": ({"facts": {"due": MOMENT}}, 2, datetime.fromisoformat(MOMENT)),
    "due at nobody knows when": ({"facts": {"due": "soon"}}, 2, NOW + queueing.UNDATED),
    "due at a naive time": ({"facts": {"due": "2026-03-05 17:00"}}, 2, NOW + queueing.UNDATED),
    "to be answered soon": (
        {"status": HopStatus.OFFERED, "answer_by": later(15), "facts": {"due": MOMENT}},
        2,
        later(15),
    ),
    "answered": ({"answer_by": later(15)}, 2, NOW + queueing.UNDATED),
}


@pytest.mark.parametrize(("hop", "urgency", "due"), PRESSING.values(), ids=PRESSING.keys())
def test_how_much_it_presses(hop: dict[str, Any], urgency: int, due: datetime) -> None:
    one = queue(tree(*CHAIN, hops={"north": hop}))

    assert (one.urgency, one.due_at) == (urgency, due)


CHANGES: dict[str, tuple[dict[str, Any], list[tuple[str, int, datetime | None]]]] = {
    "raised": ({"facts": {"priority": "critical"}}, [("hop_north", 0, None)]),
    "due": ({"facts": {"due": MOMENT}}, [("hop_north", 2, datetime.fromisoformat(MOMENT))]),
    "offered anew": (
        {"status": HopStatus.OFFERED, "answer_by": later(15)},
        [("hop_north", 2, later(15))],
    ),
    "raised to what no priority means": ({"facts": {"priority": "medium"}}, []),
    "anything else": ({"facts": {"site": "PAR-01"}, "number": "4711"}, []),
}


@pytest.mark.parametrize(("changes", "pressing"), CHANGES.values(), ids=CHANGES.keys())
def test_a_lane_presses_otherwise_when_its_hop_is(
    changes: dict[str, Any], pressing: list[tuple[str, int, datetime | None]]
) -> None:
    case = tree(*CHAIN)
    queue(case)

    case.put(north(case), **changes)

    assert list(queueing.pressing(case)) == pressing


def test_a_lane_in_which_nothing_was_ever_put_does_not_press() -> None:
    case = tree(*CHAIN)

    case.put(north(case), facts={"priority": "critical"})

    assert list(queueing.pressing(case)) == []


# -- updates ------------------------------------------------------------------------------------------------------------------


def update(case: Case, **fields: str | None) -> list[dict[str, Any]]:
    queueing.update(case, north(case), fields, because(case))
    return written(case, "north")


def test_what_the_desk_shows_already_is_not_written() -> None:
    case = tree(*CHAIN, hops={"north": {"shadow": {"status": "open", "priority": "P1"}}})

    assert update(case, status="open", priority="P2") == [{"priority": "P2"}]
    assert update(case, status="open") == [{"priority": "P2"}]


def test_what_was_never_seen_is_written() -> None:
    assert update(tree(*CHAIN), status="open") == [{"status": "open"}]


# what waits in the lane → whether the value that the desk shows now must be written again
LANE: dict[str, tuple[dict[str, Any], bool]] = {
    "another value is on its way": ({"payload": {"fields": {"status": "verify"}}}, True),
    "the same value is on its way": ({"payload": {"fields": {"status": "open"}}}, False),
    "another field is on its way": ({"payload": {"fields": {"priority": "P1"}}}, False),
    "a comment is on its way": ({"kind": CommandKind.COMMENT}, False),
}


@pytest.mark.parametrize(("waiting", "again"), LANE.values(), ids=LANE.keys())
def test_going_back_while(waiting: dict[str, Any], again: bool) -> None:
    case = tree(*CHAIN, hops={"north": {"shadow": {"status": "open"}}})
    case.lane = lambda _hop_id: [delivery("north", **waiting)]

    assert update(case, status="open") == ([{"status": "open"}] if again else [])


def test_what_was_cancelled_in_this_very_judgement_is_not_on_its_way() -> None:
    case = tree(*CHAIN, hops={"north": {"shadow": {"status": "open"}}})
    waiting = delivery("north", payload={"fields": {"status": "verify"}})
    case.lane = lambda _hop_id: [waiting]
    case.changed_deliveries["dlv_x"] = delivery("north", state=DeliveryState.CANCELLED)

    assert update(case, status="open") == []


def test_forth_and_back_in_one_judgement_are_both_written() -> None:
    case = tree(*CHAIN, hops={"north": {"shadow": {"status": "open"}}})

    update(case, status="verify")
    assert update(case, status="open") == [{"status": "verify"}, {"status": "open"}]


def test_texts_are_named_not_copied() -> None:
    case = tree(*CHAIN)

    queueing.update_texts(case, north(case), {"title": "cnt_1"}, because(case))

    assert queued(case, "north")[0].payload == {"fields": {}, "texts": {"title": "cnt_1"}}


def test_a_status_without_a_word_there_is_not_written() -> None:
    case = tree(*CHAIN, desks={"north": {"profile": Profile()}})

    queueing.set_status(case, north(case), HopStatus.RESOLVED, because(case))

    assert case.deliveries == []


# -- the write budget (D5) ------------------------------------------------------------------------------------------------------


def flood(case: Case, changes: int) -> list[DeliveryState]:
    return [
        queue(case, str(number), CommandKind.UPDATE, payload={"fields": {}}).state
        for number in range(changes)
    ]


def test_more_changes_than_people_make_are_frozen_for_a_person() -> None:
    case = tree(*CHAIN)

    states = flood(case, budgeting.CHANGES + 2)

    assert set(states[: budgeting.CHANGES]) == {DeliveryState.PENDING}
    assert states[budgeting.CHANGES :] == [DeliveryState.PARKED] * 2
    assert [kind for kind, _, _ in case.discrepancies] == ["oscillation"]
    assert case.deliveries[-1].error == budgeting.EXHAUSTED
    [told] = [one for one in case.deliveries if one.note]
    parked = [event for event in case.events if event.type == "delivery.parked"]
    assert (told.hop_id, told.event_id) == (case.hops[case.deliveries[-1].hop_id].parent_id, parked[0].id)
    assert len(parked) == 1, "not for each that waits behind it"


def test_words_are_not_counted_and_never_frozen() -> None:
    case = tree(*CHAIN)
    flood(case, budgeting.CHANGES)

    assert {queue(case, str(number)).state for number in range(100)} == {DeliveryState.PENDING}


def test_a_new_window_has_a_new_budget() -> None:
    case = tree(*CHAIN)
    flood(case, budgeting.CHANGES)

    case.now = NOW + budgeting.WINDOW

    assert flood(case, 1) == [DeliveryState.PENDING]


def test_a_clock_that_steps_back_freezes_nobody() -> None:
    case = tree(*CHAIN)
    flood(case, budgeting.CHANGES)

    case.now = NOW - timedelta(hours=1)

    assert flood(case, 1) == [DeliveryState.PENDING]


# -- words ----------------------------------------------------------------------------------------------------------------------


def test_a_comment_carries_its_visibility_and_its_address() -> None:
    case = tree(*CHAIN)
    what = content("vendor", to_link_id="lnk_vendor_north")

    queueing.comment(case, north(case), what, Visibility.PRIVATE, because(case))

    [one] = case.deliveries
    assert (one.kind, one.content_id, one.visibility, one.link_id, one.note) == (
        CommandKind.COMMENT,
        "cnt_x",
        Visibility.PRIVATE,
        "lnk_vendor_north",
        False,
    )


@pytest.mark.parametrize(("hides", "visibility"), [(True, Visibility.PRIVATE), (False, Visibility.PUBLIC)])
def test_a_note_is_internal_where_the_desk_has_such_a_thing(hides: bool, visibility: Visibility) -> None:
    case = tree(
        *CHAIN, desks={"north": {"capabilities": Capabilities(private_comments=hides), "language": "it"}}
    )

    queueing.note(case, north(case), "accepted", who="Nord")

    [one], [what] = case.deliveries, case.contents
    assert (one.note, one.visibility, what.kind, what.automatic) == (True, visibility, ContentKind.NOTE, True)
    assert said(case, "north") == ["Nord ha accettato l'assegnazione."]


def test_a_neighbour_is_called_by_its_organization() -> None:
    case = tree(*CHAIN)

    assert queueing.neighbour(case, north(case), case.hops["hop_vendor"]) == "North"
    assert queueing.neighbour(case, north(case), north(case)) == ""


def test_a_reason_is_kept_without_its_margins_and_an_empty_one_not_at_all() -> None:
    case = tree(*CHAIN)

    kept = queueing.reason_text(case, north(case), "  no people \n", PERSON)

    assert kept is not None
    assert (kept.text, kept.kind, kept.author) == ("no people", ContentKind.REASON, "per_x")
    assert queueing.reason_text(case, north(case), " \n", PERSON) is None


@pytest.mark.parametrize(("sent", "brings"), [("", True), ("not our shop", False), ("another thing", True)])
def test_a_refusal_brings_its_reason_only_where_no_comment_does(sent: str, brings: bool) -> None:
    case = tree(*CHAIN)
    event, vendor = because(case), case.hops["hop_vendor"]
    if sent:
        comment = content("north", sent)
        case.contents.append(comment)
        queueing.comment(case, vendor, comment, Visibility.PUBLIC, event)

    queueing.note(case, vendor, "declined", event, who="North", reason="not our shop")

    assert bool(case.deliveries[-1].payload.get(queueing.QUOTES)) is brings


def test_a_refusal_without_a_reason_brings_none() -> None:
    case = tree(*CHAIN)

    queueing.note(case, case.hops["hop_vendor"], "declined", because(case), who="North", reason="")

    assert queueing.QUOTES not in case.deliveries[-1].payload
