"""From a snapshot to what it means: one entry, every rule behind it reached, and nothing believed too soon."""

from datetime import datetime
from typing import Any

import pytest

from gateway.domain import judge
from gateway.domain.case import ANOTHER, MERGED, Case
from gateway.domain.model import (
    ActKind,
    ActorKind,
    ActRow,
    CommandKind,
    Condition,
    ContentKind,
    Copy,
    HistoryEntry,
    HopStatus,
    NativeAttachment,
    Passage,
    Reason,
    SideEffect,
    Snapshot,
    Source,
    StatusRow,
    TimeBasis,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import Known
from tests.builders import (
    AGENT,
    NOW,
    RULE,
    WORDS,
    comment,
    content,
    copy,
    happened,
    later,
    put,
    queued,
    said,
    snapshot,
    status,
    tree,
    written,
)

S = HopStatus
CHAIN = ("customer>vendor", "vendor>north")
OPEN_SHADOW = {"status": "open", "priority": "P3"}


def chain(**more: Any) -> Case:
    plain: dict[str, Any] = {"hops": {"north": {"shadow": OPEN_SHADOW}, "vendor": {"shadow": OPEN_SHADOW}}}
    return tree(*CHAIN, **(plain | more))


def observe(case: Case, code: str, shown: Snapshot, known: Known | None = None, **more: Any) -> None:
    sight = judge.Sight(snapshot=shown, known=known or Known(), looked_at=later(1), **more)
    judge.observe(case, f"hop_{code}", sight)


def entry(number: int, field: str, old: str | None, new: str | None, **more: Any) -> HistoryEntry:
    plain: dict[str, Any] = {"at": later(number), "actor": AGENT}
    return HistoryEntry(id=str(number), field=field, old=old, new=new, **(plain | more))


def changes(case: Case) -> list[object]:
    """What was recorded of a field, in order: what it became, or that it changed."""
    return [event.data.get("to", event.type) for event in case.events if "field" in event.data]


# -- fields and history of two moments ----------------------------------------------------------------------------------------


def test_what_the_fields_show_before_the_history_tells_it_happened_once() -> None:
    case = chain()
    observe(
        case, "north", snapshot(fields={"status": "open", "priority": "P1"}, history=[], has_history=True)
    )
    told = [entry(1, "priority", "P3", "P1"), entry(2, "priority", "P1", "P2")]
    observe(
        case, "north", snapshot(fields={"status": "open", "priority": "P2"}, history=told, has_history=True)
    )

    assert changes(case) == ["critical", "high"]
    assert case.hops["hop_north"].shadow["priority"] == "P2"


def test_an_act_that_was_seen_before_the_history_told_of_it_is_done_once() -> None:
    acts = (ActRow(act=ActKind.APPROVAL_REQUESTED, field="custom.step", value="ask"),)
    case = chain(
        links={"vendor>north": {"acts": acts}},
        hops={"north": {"shadow": {"status": "open", "custom.step": None}}},
    )
    shown = {"status": "open", "custom.step": "ask"}
    observe(case, "north", snapshot(fields=shown, history=[], has_history=True))
    told = [entry(1, "custom.step", None, "ask")]
    observe(case, "north", snapshot(fields=shown, history=told, has_history=True))

    assert happened(case, "north").count("approval.requested") == 1


def test_what_the_history_tells_before_the_fields_show_it_happened_once() -> None:
    case = chain()
    told = [entry(1, "priority", "P3", "P1")]
    observe(
        case, "north", snapshot(fields={"status": "open", "priority": "P3"}, history=told, has_history=True)
    )
    observe(
        case, "north", snapshot(fields={"status": "open", "priority": "P1"}, history=told, has_history=True)
    )

    assert changes(case) == ["critical"]
    assert case.discrepancies == []


def test_fields_that_stay_behind_their_history_are_believed_the_second_time() -> None:
    case = chain()
    told = [entry(1, "priority", "P3", "P1")]
    for _ in range(2):
        observe(
            case,
            "north",
            snapshot(fields={"status": "open", "priority": "P3"}, history=told, has_history=True),
        )

    assert case.hops["hop_north"].shadow["priority"] == "P3"
    assert [kind for kind, *_ in case.discrepancies] == ["missing_event"]


# -- what is remembered -------------------------------------------------------------------------------------------------------


def test_a_look_is_remembered() -> None:
    case = chain()
    shown = snapshot(
        fields={"status": "open"}, history=[entry(4, "priority", "P3", "P3")], has_history=True,
        position="4", revision="9", number="N-1", url="u",
    )  # fmt: skip

    observe(case, "north", shown)

    hop = case.hops["hop_north"]
    assert (hop.position, hop.last_entry, hop.revision, hop.number, hop.url) == ("4", "4", "9", "N-1", "u")
    assert hop.looked_at == later(1)
    assert dict(hop.shadow) == OPEN_SHADOW


def test_what_a_look_does_not_say_is_not_forgotten() -> None:
    case = chain()
    put(case, "north", position="4", last_entry="4", revision="9", number="N-1", url="u", looked_at=later(5))

    observe(case, "north", snapshot(fields={}))

    hop = case.hops["hop_north"]
    assert (hop.position, hop.last_entry, hop.revision, hop.number, hop.url) == ("4", "4", "9", "N-1", "u")
    assert hop.looked_at == later(5)


def test_an_event_has_the_desks_time_and_actor_where_its_history_tells() -> None:
    case = chain()

    observe(
        case,
        "north",
        snapshot(fields={"status": "parts"}, history=[entry(7, "status", "open", "parts")], has_history=True),
    )

    [event] = case.events
    assert (event.reported_at, event.source, event.actor_kind) == (later(7), Source.HISTORY, ActorKind.PERSON)
    assert case.people[event.actor][3] == "Anna Agent"


def test_without_a_history_an_event_is_the_difference_and_names_nobody() -> None:
    case = chain()

    observe(case, "north", snapshot(fields={"status": "parts"}, changed_at=later(3)))

    [event] = case.events
    assert (event.reported_at, event.source, event.actor) == (later(3), Source.DIFFERENCE, "")


def test_what_no_history_explains_is_noted() -> None:
    case = chain()

    observe(case, "north", snapshot(fields={"status": "parts"}, has_history=True))

    assert case.discrepancies == [("missing_event", "hop_north", {"field": "status"})]
    assert status(case, "north") is S.HELD


# -- what it means ------------------------------------------------------------------------------------------------------------


def test_pending_open_and_pending_again_between_two_looks_are_three_events_and_two_questions() -> None:
    case = chain()
    moves = [("open", "waiting"), ("waiting", "open"), ("open", "waiting")]
    history = [entry(number, "status", old, new) for number, (old, new) in enumerate(moves, start=1)]

    observe(case, "north", snapshot(fields={"status": "waiting"}, history=history, has_history=True))

    assert [event.data["to"] for event in case.events] == ["pending", "in_progress", "pending"]
    assert len([words for words in said(case, "vendor") if "waits for an answer" in words]) == 2
    assert case.hops["hop_north"].asked


def test_an_act_of_the_table_and_the_status_it_stands_in_are_both_judged() -> None:
    rows = (ActRow(act=ActKind.ACCEPTED, field="status", value="open"),)
    case = chain(links={"vendor>north": {"acts": rows}})
    put(case, "north", status=S.OFFERED, shadow={"status": "new"})

    observe(case, "north", snapshot(fields={"status": "open"}))

    assert happened(case, "north") == ["assignment.accepted", "status.changed"]
    assert status(case, "north") is S.IN_PROGRESS


def test_coming_back_to_the_accepting_status_is_an_ordinary_move() -> None:
    rows = (ActRow(act=ActKind.ACCEPTED, field="status", value="open"),)
    case = chain(links={"vendor>north": {"acts": rows}})
    put(case, "north", status=S.PENDING, shadow={"status": "waiting"})

    observe(case, "north", snapshot(fields={"status": "open"}))

    assert (status(case, "north"), case.discrepancies) == (S.IN_PROGRESS, [])


def test_what_follows_from_our_own_write_updates_the_shadow_and_is_never_an_act() -> None:
    case = chain(
        desks={
            "north": {"side_effects": (SideEffect(after="comment", field="status", old="new", new="open"),)}
        }
    )
    put(case, "north", status=S.OFFERED, shadow={"status": "new"}, wrote_at=later(1), looked_at=NOW)

    observe(case, "north", snapshot(fields={"status": "open"}))

    hop = case.hops["hop_north"]
    assert (hop.status, dict(hop.shadow)) == (S.OFFERED, {"status": "open"})
    assert happened(case) == ["desk.moved"]
    assert case.events[0].actor_kind is ActorKind.AUTOMATION
    assert case.deliveries == []


def test_a_rule_of_the_desk_right_after_our_comment_moves_nothing_either() -> None:
    case = chain()
    ours = copy("north", remote_id="9", ours=True)
    shown = snapshot(
        fields={"status": "parts"}, has_history=True,
        comments=[comment("9", author=replace(AGENT, id="interdesk", kind=ActorKind.GATEWAY), at=later(2))],
        history=[entry(2, "status", "open", "parts", actor=RULE)],
    )  # fmt: skip

    observe(case, "north", shown, Known(copies={(ContentKind.COMMENT, "9"): ours}))

    assert happened(case) == ["desk.moved"]


# -- values without a meaning -------------------------------------------------------------------------------------------------


def test_an_unknown_status_is_held_and_told_and_moves_nothing() -> None:
    case = chain()

    observe(case, "north", snapshot(fields={"status": "Waiting CAB"}))

    hop = case.hops["hop_north"]
    assert (hop.status, hop.unmapped) == (S.IN_PROGRESS, frozenset({"status"}))
    assert happened(case) == ["mapping.unknown"]
    assert "“Waiting CAB”" in said(case, "north")[0]
    assert queued(case, "vendor") == []


def test_it_is_judged_anew_when_the_profile_has_learnt_it() -> None:
    case = chain()
    put(case, "north", unmapped=frozenset({"status"}), shadow={"status": "parts"})

    observe(case, "north", snapshot(fields={"status": "parts"}))

    hop = case.hops["hop_north"]
    assert (hop.status, hop.unmapped) == (S.HELD, frozenset())


def test_so_is_a_priority() -> None:
    case = chain()
    put(case, "vendor", unmapped=frozenset({"priority"}))

    observe(case, "vendor", snapshot(fields={"priority": "P3"}))

    assert case.hops["hop_vendor"].facts == {"priority": "medium"}
    assert written(case, "north") == []  # its desk shows P3 already
    assert case.hops["hop_north"].facts == {"priority": "medium"}


def test_as_long_as_nobody_teaches_it_nothing_more_is_said() -> None:
    case = chain()
    put(case, "north", unmapped=frozenset({"status"}), shadow={"status": "Waiting CAB"})

    observe(case, "north", snapshot(fields={"status": "Waiting CAB"}))

    assert (case.events, case.deliveries) == ([], [])


def test_a_known_status_afterwards_lifts_the_hold() -> None:
    case = chain()
    put(case, "north", unmapped=frozenset({"status"}), shadow={"status": "Waiting CAB"})

    observe(case, "north", snapshot(fields={"status": "waiting"}))

    assert (status(case, "north"), case.hops["hop_north"].unmapped) == (S.PENDING, frozenset())


# -- another ticket than the one asked for ------------------------------------------------------------------------------------

STRANGE = snapshot(remote_id="99", fields={"status": "closed", "title": "somebody else's"})


def test_a_ticket_shown_for_another_is_never_compared() -> None:
    case = chain()

    observe(case, "north", STRANGE)

    hop = case.hops["hop_north"]
    assert (hop.status, hop.shadow, hop.unmapped) == (
        S.IN_PROGRESS,
        OPEN_SHADOW,
        frozenset({f"{ANOTHER} 1 99"}),
    )
    assert (case.events, case.discrepancies) == ([], [])
    assert case.wanted_looks == {("dsk_north", "1"): (NOW + judge.AGAIN, "another ticket was shown")}


def test_the_same_one_each_time_is_a_merge_and_waits_for_a_person() -> None:
    case = chain()
    put(case, "north", refetch_at=later(9))

    for _ in range(judge.AGREEING - 1):
        observe(case, "north", STRANGE)
    assert happened(case) == []
    for _ in range(3):
        observe(case, "north", STRANGE)

    hop = case.hops["hop_north"]
    assert (MERGED in hop.unmapped, hop.refetch_at, hop.status) == (True, None, S.IN_PROGRESS)
    assert happened(case) == ["desk.merged"]
    assert [(kind, data["answered"]) for kind, _, data in case.discrepancies] == [("merged", "99")]


def test_a_desk_that_shows_another_one_each_time_merged_nothing() -> None:
    case = chain()

    for other in ("99", "98", "99", "97", "99"):
        observe(case, "north", replace(STRANGE, remote_id=other))

    assert case.hops["hop_north"].unmapped == frozenset({f"{ANOTHER} 1 99"})
    assert happened(case) == []


@pytest.mark.parametrize("times", [1, 2, judge.AGREEING])
def test_the_right_ticket_again_lifts_it(times: int) -> None:
    case = chain()
    for _ in range(times):
        observe(case, "north", STRANGE)

    observe(case, "north", snapshot(fields={"status": "parts"}))

    assert (case.hops["hop_north"].unmapped, status(case, "north")) == (frozenset(), S.HELD)


# -- words, files and answers -------------------------------------------------------------------------------------------------


def pending(**more: Any) -> Case:
    case = chain(**more)
    put(case, "north", status=S.PENDING, asked=True, shadow={"status": "waiting"})
    return case


PHOTO = NativeAttachment(
    remote_id="f",
    filename="a.png",
    media_type="image/png",
    visibility=Visibility.PUBLIC,
    author=AGENT,
    at=NOW,
)
SAYS: dict[str, tuple[dict[str, Any], bool]] = {
    "a public comment": ({"comments": [comment("7", "use the side door")]}, True),
    "a file": ({"attachments": [PHOTO]}, True),
    "a private comment": ({"comments": [comment("7", visibility=Visibility.PRIVATE)]}, False),
    "a private file": ({"attachments": [replace(PHOTO, visibility=Visibility.PRIVATE)]}, False),
    "an automatic reply": ({"comments": [comment("7", author=RULE)]}, False),
    "words to somebody else": ({"comments": [comment("7", "@@customer shall we?")]}, False),
    "words to the one that asks": ({"comments": [comment("7", "@@north use the side door")]}, True),
}


@pytest.mark.parametrize(("said_above", "answers"), SAYS.values(), ids=SAYS.keys())
def test_a_question_is_answered_by(said_above: dict[str, Any], answers: bool) -> None:
    case = pending()

    observe(case, "vendor", snapshot(fields={"status": "open"}, **said_above))

    assert ("pending.answered" in happened(case, "north")) is answers
    assert (status(case, "north") is S.IN_PROGRESS) is answers
    if answers:
        order = [one.kind for one in queued(case, "north")]
        assert order[-1] is CommandKind.UPDATE, "first the answer, then the status"


def test_words_of_the_one_that_asks_answer_nothing() -> None:
    case = pending()

    observe(case, "north", snapshot(fields={"status": "waiting"}, comments=[comment("7")]))

    assert status(case, "north") is S.PENDING


def test_a_late_copy_of_ours_is_flagged_known_from_now_on_and_never_fed_back() -> None:
    case = chain()
    first = copy("north", remote_id="7", ours=True)
    us = replace(AGENT, id="interdesk", kind=ActorKind.GATEWAY)
    shown = snapshot(fields={}, comments=[comment("7", author=us), comment("8", author=us)])

    observe(
        case,
        "north",
        shown,
        Known(copies={(ContentKind.COMMENT, "7"): first}, ours_by_hash={first.native_hash: first}),
    )

    assert [(kind, data) for kind, _, data in case.discrepancies] == [("late_duplicate", {"comment": "8"})]
    assert [(one.remote_id, one.ours) for one in case.copies] == [("8", True)]
    assert (case.events, case.deliveries) == ([], [])


KNOWN_COPY = copy("north")


def knows(one: Copy) -> Known:
    return Known(copies={(one.kind, one.remote_id): one})


CHANGED: dict[str, tuple[Snapshot, Copy, list[str]]] = {
    "edited": (snapshot(fields={}, comments=[comment("7", "new")]), KNOWN_COPY, ["comment.edited"]),
    "gone once": (snapshot(fields={}, complete=True), KNOWN_COPY, []),
    "gone twice": (
        snapshot(fields={}, complete=True),
        replace(KNOWN_COPY, missing=True),
        ["comment.removed"],
    ),
    "back again": (snapshot(fields={}, comments=[comment("7")]), replace(KNOWN_COPY, missing=True), []),
}


@pytest.mark.parametrize(("shown", "was", "events"), CHANGED.values(), ids=CHANGED.keys())
def test_a_known_comment(shown: Snapshot, was: Copy, events: list[str]) -> None:
    case = chain()
    case.library = lambda: [content("north")]

    observe(case, "north", shown, knows(was))

    assert happened(case) == events
    assert (was.id in case.changed_copies) is True


# -- rules of links -----------------------------------------------------------------------------------------------------------

RULES = {"vendor>south": {"passage": Passage(when=Condition(field="queue", value="network"))}}


def with_south(**more: Any) -> Case:
    case = tree("customer>vendor", "vendor>south", links=RULES)
    del case.hops["hop_south"]
    put(case, "vendor", shadow={"queue": "inbox"}, **more)
    return case


def offered(case: Case) -> bool:
    return any(hop.desk_id == "dsk_south" for hop in case.hops.values())


def test_a_rule_fires_on_the_change_into_matching() -> None:
    case = with_south()

    observe(case, "vendor", snapshot(fields={"queue": "network"}))

    assert offered(case)


def test_a_look_that_shows_nothing_new_fires_nothing() -> None:
    case = with_south()
    put(case, "vendor", shadow={"queue": "network"})

    observe(case, "vendor", snapshot(fields={"queue": "network"}, comments=[comment("7")]))

    assert not offered(case)


def test_into_and_out_of_matching_between_two_looks_fires_nothing() -> None:
    case = with_south()
    history = [entry(1, "queue", "inbox", "network"), entry(2, "queue", "network", "inbox")]

    observe(case, "vendor", snapshot(fields={"queue": "inbox"}, history=history, has_history=True))

    assert not offered(case)


def test_a_ticket_of_ours_that_is_made_in_a_matching_place_goes_on_from_there() -> None:
    case = with_south(looked_at=None, status=S.OFFERED)
    put(case, "vendor", shadow={"queue": "network"})

    observe(case, "vendor", snapshot(fields={"queue": "network"}), written={"queue": "network"})

    assert offered(case)
    assert status(case, "vendor") is S.ACCEPTED


def test_a_matching_change_of_the_desks_own_rule_does_not_offer_again_what_was_refused() -> None:
    case = tree("customer>vendor", "vendor>south", links=RULES)
    put(case, "vendor", shadow={"queue": "inbox"})
    put(case, "south", status=S.DECLINED)
    by_rule = snapshot(
        fields={"queue": "network"},
        history=[entry(1, "queue", "inbox", "network", actor=RULE)],
        has_history=True,
    )

    observe(case, "vendor", by_rule)
    assert sum(hop.desk_id == "dsk_south" for hop in case.hops.values()) == 1

    back_and_forth = [entry(2, "queue", "network", "inbox"), entry(3, "queue", "inbox", "network")]
    put(case, "vendor", shadow={"queue": "inbox"}, last_entry="2")
    observe(case, "vendor", snapshot(fields={"queue": "network"}, history=back_and_forth, has_history=True))
    assert sum(hop.desk_id == "dsk_south" for hop in case.hops.values()) == 2


def test_r15_a_status_may_stand_for_a_code_of_the_installations_own() -> None:
    codes = {"hangs": "waiting_for_cab", "hangs too": "waiting_for_cab", "to sign": "waiting_for_signature"}
    rows = (
        StatusRow(native=native, status=S.HELD, reason=Reason.REQUESTER_APPROVAL, code=code)
        for native, code in codes.items()
    )
    words = {"profile": replace(WORDS, statuses=(*WORDS.statuses, *rows))}
    case = chain(desks={"north": words})
    for native in codes:
        observe(case, "north", snapshot(fields={**OPEN_SHADOW, "status": native}))
    moved = [event.data for event in case.events if event.type == "status.changed"]
    assert [one["code"] for one in moved] == ["waiting_for_cab", "waiting_for_signature"]
    assert {one["reason"] for one in moved} == {"requester_approval"}


# -- when it was ----------------------------------------------------------------------------------------------------------------


def test_r2_an_event_names_the_last_fetch_that_still_showed_the_state_before() -> None:
    case = chain()
    put(case, "north", fetched_at=later(2))

    shown = snapshot(
        fields={"status": "parts"},
        history=[entry(7, "status", "open", "parts")],
        has_history=True,
        comments=[comment("9", "look")],
    )
    observe(case, "north", shown, fetched_at=later(8))

    assert {event.contrary_seen_at for event in case.events if event.reported_at} == {later(2)}
    assert case.hops["hop_north"].fetched_at == later(8)


@pytest.mark.parametrize(
    ("fetched_at", "known"),
    [(None, Known()), (later(8), Known(masked_fields=frozenset({"status"}))), (later(1), Known())],
    ids=["brought by a message", "something was left out", "older than the last"],
)
def test_a_look_that_proves_nothing_is_no_such_fetch(fetched_at: datetime | None, known: Known) -> None:
    case = chain()
    put(case, "north", fetched_at=later(2))

    observe(case, "north", snapshot(fields={"status": "open"}), known, fetched_at=fetched_at)

    assert case.hops["hop_north"].fetched_at == later(2)


def test_r11_an_offer_is_made_when_the_last_change_made_its_rule_match() -> None:
    rule = {"passage": Passage(when=Condition(field="priority", value="P1"))}
    case = chain(links={"vendor>north": rule})
    put(case, "north", status=S.DECLINED)
    history = [entry(3, "status", "open", "parts"), entry(4, "priority", "P3", "P1")]

    observe(
        case,
        "vendor",
        snapshot(fields={"status": "parts", "priority": "P1"}, history=history, has_history=True),
    )

    [offered] = [event for event in case.events if event.type == "assignment.offered"]
    [changed] = [
        event for event in case.events if event.type == "priority.changed" and event.hop_id == "hop_vendor"
    ]
    assert (offered.reported_at, offered.cause_id) == (later(4), changed.id)


@pytest.mark.parametrize(
    ("desks", "links", "doubted"),
    [
        ({}, {}, False),
        ({"north": {"time_basis": TimeBasis.OBSERVED}}, {}, True),
        ({}, {"vendor>north": {"time_basis": TimeBasis.OBSERVED}}, True),
        (
            {"vendor": {"time_basis": TimeBasis.OBSERVED}},
            {"customer>vendor": {"time_basis": TimeBasis.OBSERVED}},
            False,
        ),
    ],
    ids=["trusted", "not the desk", "not over this link", "another desk and link"],
)
def test_r3_a_desk_whose_times_are_not_trusted_is_marked_from_now_on(
    desks: dict[str, Any], links: dict[str, Any], doubted: bool
) -> None:
    case = chain(desks=desks, links=links)
    shown = snapshot(
        fields={"status": "parts"}, history=[entry(7, "status", "open", "parts")], has_history=True
    )

    observe(case, "north", shown)

    [event] = case.events
    assert (event.reported_at, event.observed_only) == (later(7), doubted)
