"""What a settled delivery means: the shadow, the copy at the desk, the news; and what is said of what was not carried."""

from typing import Any

import pytest

from gateway.domain import settling
from gateway.domain.case import Case
from gateway.domain.model import (
    AttachmentDraft,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Content,
    ContentKind,
    Delivery,
    HopStatus,
    Receipt,
    SideEffect,
    Snapshot,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import Known, text_hash
from tests.builders import (
    CAPABLE,
    NOW,
    US,
    comment,
    content,
    delivery,
    happened,
    later,
    put,
    queued,
    said,
    snapshot,
    status,
    tree,
)

CHAIN = ("customer>vendor", "vendor>north", "north>deep")
NO_HISTORY = {"north": {"capabilities": replace(CAPABLE, history=False)}}


def chain(**more: Any) -> Case:
    case = tree(*CHAIN, **more)
    put(case, "north", shadow={"status": "open"}, looked_at=later(-5))
    return case


def done(kind: CommandKind, receipt: Receipt, **more: Any) -> settling.Done:
    command = Command(id="dlv_x", kind=kind, marker="idk-x", **more.pop("command", {}))
    plain: dict[str, Any] = {"known": Known(), "written": {}, "fresh": True}
    return settling.Done(command=command, receipt=receipt, **(plain | more))


def settle(case: Case, kind: CommandKind, receipt: Receipt, **more: Any) -> Delivery:
    one = delivery(
        "north",
        kind=kind,
        content_id="cnt_x",
        visibility=Visibility.PUBLIC,
        event_id="evt_0",
        **more.pop("row", {}),
    )
    settling.applied(case, one, done(kind, receipt, **more))
    return one


# -- a new ticket -------------------------------------------------------------------------------------------------------------


def create(**more: Any) -> Case:
    case = chain()
    put(case, "north", remote_id=None, number=None, shadow={}, looked_at=None, status=HopStatus.OFFERED)
    settle(
        case, CommandKind.CREATE, Receipt(remote_id="42", at=later(1), **more), written={"title": "till dead"}
    )
    return case


def test_the_other_desk_has_the_ticket() -> None:
    case = create(number="N-42", url="u")

    hop = case.hops["hop_north"]
    assert (hop.remote_id, hop.number, hop.url) == ("42", "N-42", "u")
    assert hop.refetch_at == NOW + case.desk(hop).refetch_every
    assert happened(case) == ["assignment.received"]
    assert case.events[0].reported_at == later(1)
    assert hop.shadow == {"title": "till dead"}


def test_a_desk_without_numbers_calls_it_by_its_id() -> None:
    assert create().hops["hop_north"].number == "42"


def test_without_a_read_back_the_desk_is_looked_at() -> None:
    assert ("dsk_north", "42") in create().wanted_looks


def test_with_a_read_back_it_is_judged_at_once() -> None:
    case = create(
        snapshot=snapshot(remote_id="42", fields={"status": "new", "title": "till dead"}, revision="1")
    )

    hop = case.hops["hop_north"]
    assert (hop.shadow, hop.revision, case.wanted_looks) == ({"status": "new", "title": "till dead"}, "1", {})
    assert happened(case) == ["assignment.received"]


# -- fields -------------------------------------------------------------------------------------------------------------------


def update(case: Case, shown: Snapshot | None = None, **more: Any) -> None:
    settle(
        case, CommandKind.UPDATE, Receipt(remote_id="1", snapshot=shown), written={"status": "parts"}, **more
    )


def test_what_was_written_enters_the_shadow_as_the_desk_shows_it() -> None:
    case = chain()

    update(case, snapshot(fields={"status": "parts"}))

    assert case.hops["hop_north"].shadow == {"status": "parts"}
    assert happened(case) == ["news.delivered"]
    assert status(case, "north") is HopStatus.IN_PROGRESS


def test_what_the_desk_made_of_it_instead_is_a_sighting_in_the_same_judgement() -> None:
    case = chain(desks=NO_HISTORY)

    update(case, snapshot(fields={"status": "waiting"}))

    assert status(case, "north") is HopStatus.PENDING


def test_an_older_read_back_is_not_compared() -> None:
    case = chain()

    update(case, snapshot(fields={"status": "waiting"}), fresh=False)

    assert status(case, "north") is HopStatus.IN_PROGRESS
    assert ("dsk_north", "1") in case.wanted_looks


SHADOWS = {
    "newest, with a history": (True, True, "parts"),
    "newest, without one": (True, False, "parts"),
    "overtaken, with a history the shadow knows better": (False, True, "open"),
    "overtaken, without one": (False, False, "parts"),
}


@pytest.mark.parametrize(("fresh", "history", "shadow"), SHADOWS.values(), ids=SHADOWS.keys())
def test_the_shadow_after_a_write_that_was(fresh: bool, history: bool, shadow: str) -> None:
    case = chain(desks=None if history else NO_HISTORY)

    update(case, fresh=fresh)

    assert case.hops["hop_north"].shadow["status"] == shadow


HABIT = (SideEffect(after="update", field="status", old="new", new="open"),)
MAY_MOVE = {
    "a desk whose history names who did it": ({}, True),
    "no history, a habit for such a write": ({**NO_HISTORY["north"], "side_effects": HABIT}, True),
    "no history, no such habit: what changes then was a person": (NO_HISTORY["north"], False),
}


@pytest.mark.parametrize(("more", "remembered"), MAY_MOVE.values(), ids=MAY_MOVE.keys())
def test_the_moment_of_our_write_is_remembered_for(more: dict[str, Any], remembered: bool) -> None:
    case = chain(desks={"north": more})

    update(case)

    assert (case.hops["hop_north"].wrote_at == NOW) is remembered


# -- words and files ----------------------------------------------------------------------------------------------------------

WORDS = {
    "command": {"comment": CommentDraft(text="Anna: <b>hi</b>", visibility=Visibility.PUBLIC)},
    "text": "Anna: hi",
}


def test_our_comment_is_known_by_its_number_and_by_the_text_the_desk_shows() -> None:
    case = chain()
    shown = snapshot(fields={"status": "open"}, comments=[comment("7", "Anna: hi", author=US)])

    settle(case, CommandKind.COMMENT, Receipt(remote_id="1", object_id="7", snapshot=shown), **WORDS)

    [one] = case.copies
    assert (one.remote_id, one.content_id, one.ours) == ("7", "cnt_x", True)
    assert one.native_hash == text_hash("Anna: hi")
    assert happened(case) == ["news.delivered"], "its own read-back tells no edit and no second copy"


def test_the_second_of_two_equal_texts_is_no_late_copy_of_the_first() -> None:
    case = chain()
    shown = snapshot(fields={}, comments=[comment(number, "Anna: hi", author=US) for number in "78"])
    first = replace(_copy_of(case), remote_id="7")

    settle(
        case,
        CommandKind.COMMENT,
        Receipt(remote_id="1", object_id="8", snapshot=shown),
        known=Known(copies={(ContentKind.COMMENT, "7"): first}, ours_by_hash={first.native_hash: first}),
        **WORDS,
    )

    assert case.discrepancies == []


def _copy_of(case: Case) -> Any:
    other = chain()
    settle(other, CommandKind.COMMENT, Receipt(remote_id="1", object_id="7"), **WORDS)
    return other.copies[0]


def test_our_file_is_known_by_its_bytes() -> None:
    case = chain()
    draft = AttachmentDraft(
        filename="a", media_type="x", blob=Blob(key="k", size=1, sha256="ff"), visibility=Visibility.PUBLIC
    )

    settle(case, CommandKind.ATTACH, Receipt(remote_id="1", object_id="f"), command={"attachment": draft})

    [one] = case.copies
    assert (one.kind, one.native_hash) == (ContentKind.ATTACHMENT, "ff")


def test_the_gateways_own_note_is_no_news() -> None:
    case = chain()

    settle(case, CommandKind.COMMENT, Receipt(remote_id="1", object_id="7"), row={"note": True}, **WORDS)

    assert (case.events, len(case.copies)) == ([], 1)


def test_further_copies_are_noted() -> None:
    case = chain()

    settling.duplicates(
        case, delivery("north"), [Receipt(remote_id="2"), Receipt(remote_id="1", object_id="9")]
    )

    assert [data for _, _, data in case.discrepancies] == [
        {"remote_id": "2", "object": None},
        {"remote_id": "1", "object": "9"},
    ]


# -- what was not carried -----------------------------------------------------------------------------------------------------


def park(case: Case, code: str = "north", what: Content | None = None, **more: Any) -> None:
    case.library = lambda: [what] if what else []
    plain: dict[str, Any] = {"error": "too long", "content_id": what.id if what else None}
    settling.parked(case, delivery(code, **(plain | more)))


COMMENT = {"kind": CommandKind.COMMENT}


def test_a_parked_comment_is_told_where_it_was_written_and_noted_where_it_is_missing() -> None:
    case = chain()

    park(case, what=content("vendor"), **COMMENT)

    assert happened(case) == ["delivery.parked"]
    assert said(case, "vendor") == ["Something could not be carried to North: too long"]
    assert said(case, "north") == ["A comment could not be carried here: too long"]


def test_where_a_copy_cannot_be_removed_after_all_its_people_are_asked_to() -> None:
    case = chain()

    park(case, what=content("vendor"), kind=CommandKind.REMOVE, error="403 Forbidden")

    assert happened(case) == ["delivery.parked", "content.retracted"]
    [asked] = said(case, "north")
    assert asked.startswith("Vendor took back a comment that stands here")


def test_a_far_writer_is_told_of_its_neighbour_only_and_not_in_the_words_of_a_desk_it_does_not_know() -> None:
    case = chain()

    park(case, "deep", content("customer"), **COMMENT, error="Tom of Deep may not write here")

    assert said(case, "customer") == ["Something could not be carried to Vendor: –"]


def test_a_parked_status_is_told_upstream() -> None:
    case = chain()

    park(case)

    assert said(case, "vendor") == ["Something could not be carried to North: too long"]
    assert queued(case, "north") == []


SILENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "our own note": ({"note": True, **COMMENT}, {}),
    "when its writer's hop has ended": (COMMENT, {"vendor": {"status": HopStatus.CLOSED}}),
    "when its writer's ticket is not there": (COMMENT, {"vendor": {"remote_id": None}}),
}


@pytest.mark.parametrize(("more", "hops"), SILENT.values(), ids=SILENT.keys())
def test_nobody_is_told(more: dict[str, Any], hops: dict[str, dict[str, Any]]) -> None:
    case = chain()
    for code, changes in hops.items():
        put(case, code, **changes)

    park(case, what=content("vendor"), **more)

    assert queued(case, "vendor") == []
    assert happened(case) == ["delivery.parked"]


def test_a_hop_that_has_ended_gets_no_note_of_what_it_misses() -> None:
    case = chain()
    put(case, "north", status=HopStatus.WITHDRAWN)

    park(case, what=content("vendor"), **COMMENT)

    assert queued(case, "north") == []


def test_what_is_withheld_is_recorded_and_nobody_there_hears_of_it() -> None:
    case = chain()

    settling.let_go(case, delivery("north", content_id="cnt_x", **COMMENT))

    assert happened(case) == ["delivery.withheld"]
    assert case.events[0].data["content"] == "cnt_x"
    assert case.deliveries == []


@pytest.mark.parametrize(
    ("payload", "arrives"), [({"news": True}, True), ({}, False)], ids=["a pass of the ball", "only words"]
)
def test_r11_a_note_of_ours_that_carries_the_ball_is_news(payload: dict[str, Any], arrives: bool) -> None:
    case = chain()

    settle(
        case,
        CommandKind.COMMENT,
        Receipt(remote_id="1", object_id="9"),
        row={"note": True, "payload": payload},
    )

    assert ("news.delivered" in happened(case)) is arrives


def test_r2_a_read_back_was_fetched_when_its_exchange_began() -> None:
    case = chain()
    receipt = Receipt(remote_id="1", snapshot=snapshot(fields={"status": "open"}))

    settle(case, CommandKind.UPDATE, receipt, begun_at=later(-1))

    assert case.hops["hop_north"].fetched_at == later(-1)
