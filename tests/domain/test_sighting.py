"""What a desk shows against our shadow: the ten rules, row by row and as properties over histories and looks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.model import (
    Actor,
    ContentKind,
    Copy,
    HistoryEntry,
    Hop,
    NativeAttachment,
    SideEffect,
    Snapshot,
    Source,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import (
    FOLLOWS_WITHIN,
    AttachmentSeen,
    Change,
    CommentBack,
    CommentEdited,
    CommentRemoved,
    CommentSeen,
    FieldChange,
    Known,
    Seen,
    compare,
    text_hash,
)
from tests.builders import AGENT, NOW, PROPERTY, RULE, US, comment, copy, desk, hop, later, snapshot

HERE = desk()


def see(here: Hop, shown: Snapshot, known: Known | None = None, **written: str | None) -> Seen:
    return compare(here, shown, HERE, known or Known(), written)


def moves(changes: Sequence[Change]) -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.old, one.new) for one in changes if isinstance(one, FieldChange)]


def entry(number: int, field: str, old: str | None, new: str | None, **more: Any) -> HistoryEntry:
    plain: dict[str, Any] = {"at": later(number), "actor": AGENT}
    return HistoryEntry(id=str(number), field=field, old=old, new=new, **(plain | more))


def with_history(*entries: HistoryEntry, **more: Any) -> Snapshot:
    return snapshot(history=entries, has_history=True, **more)


def shadowed(**fields: str | None) -> Hop:
    return hop(shadow=fields)


# -- without history: the difference is the event -----------------------------------------------------------------------------

DIFFERENCES: dict[
    str, tuple[dict[str, str | None], dict[str, str | None], list[tuple[str, str | None, str | None]]]
] = {
    "nothing new": ({"status": "open"}, {"status": "open"}, []),
    "one thing changed": ({"status": "open"}, {"status": "waiting"}, [("status", "open", "waiting")]),
    "an absent field is unknown, not cleared": ({"status": "open", "priority": "P1"}, {"status": "open"}, []),
    "an empty field was cleared": ({"priority": "P1"}, {"priority": None}, [("priority", "P1", None)]),
    "a field never seen before is the baseline": ({}, {"priority": "P1"}, []),
    "a field known to be empty was filled": ({"site": None}, {"site": "MI-1"}, [("site", None, "MI-1")]),
    "two things": (
        {"status": "open", "priority": "P1"},
        {"status": "waiting", "priority": "P2"},
        [("status", "open", "waiting"), ("priority", "P1", "P2")],
    ),
}


@pytest.mark.parametrize(("known", "shown", "expected"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_the_difference_is(
    known: dict[str, str | None],
    shown: dict[str, str | None],
    expected: list[tuple[str, str | None, str | None]],
) -> None:
    seen = see(shadowed(**known), snapshot(fields=shown))

    assert moves(seen.changes) == expected
    assert dict(seen.shadow) == known | shown
    assert seen.unexplained == ()
    assert all(isinstance(one, FieldChange) and one.source is Source.DIFFERENCE for one in seen.changes)


def test_its_time_is_the_desks_last_change_only_if_it_is_the_only_one() -> None:
    known = shadowed(status="open", priority="P1")

    [alone] = see(known, snapshot(fields={"status": "waiting"}, changed_at=later(3))).changes
    both = see(known, snapshot(fields={"status": "waiting", "priority": "P2"}, changed_at=later(3))).changes
    beside = see(
        known, snapshot(fields={"status": "waiting"}, changed_at=later(3), comments=[comment("1")])
    ).changes

    assert isinstance(alone, FieldChange)
    assert alone.at == later(3)
    assert [one.at for one in (*both, *beside) if isinstance(one, FieldChange)] == [None] * 3


def test_the_first_sight_of_a_delegated_ticket_may_show_its_answer_already() -> None:
    child = hop(shadow={"title": "t"}, parent_id="hop_vendor")

    assert moves(see(child, snapshot(fields={"status": "open"})).changes) == [("status", None, "open")]
    assert moves(see(hop(shadow={"title": "t"}), snapshot(fields={"status": "open"})).changes) == []


# -- with history: each entry with its own time and actor ---------------------------------------------------------------------


def test_forth_and_back_between_two_looks_is_not_lost() -> None:
    shown = with_history(
        entry(1, "status", "waiting", "open"),
        entry(2, "status", "open", "waiting"),
        fields={"status": "waiting"},
    )

    seen = see(shadowed(status="waiting"), shown)

    assert moves(seen.changes) == [("status", "waiting", "open"), ("status", "open", "waiting")]
    assert [one.at for one in seen.changes if isinstance(one, FieldChange)] == [later(1), later(2)]
    assert seen.unexplained == ()


def test_our_own_entries_explain_the_state_and_are_no_events() -> None:
    shown = with_history(entry(1, "status", "new", "open", actor=US), fields={"status": "open"})

    seen = see(shadowed(status="new"), shown)

    assert (seen.changes, seen.unexplained, seen.shadow) == ((), (), {"status": "open"})


def test_what_the_history_does_not_explain_is_an_event_at_no_known_time_and_noted() -> None:
    shown = with_history(
        entry(1, "priority", "P1", "P2"), fields={"status": "open", "priority": "P2"}, changed_at=later(9)
    )

    seen = see(shadowed(status="new", priority="P1"), shown)

    assert moves(seen.changes) == [("priority", "P1", "P2"), ("status", "new", "open")]
    assert seen.unexplained == ("status",)
    last = seen.changes[-1]
    assert isinstance(last, FieldChange)
    assert (last.at, last.source) == (None, Source.DIFFERENCE)


def test_entries_that_were_judged_before_are_not_judged_again() -> None:
    whole = [entry(1, "status", "new", "open"), entry(2, "status", "open", "waiting")]

    seen = see(
        replace(shadowed(status="open"), last_entry="1"), with_history(*whole, fields={"status": "waiting"})
    )

    assert moves(seen.changes) == [("status", "open", "waiting")]


def test_an_entry_of_nothing_is_nothing() -> None:
    shown = with_history(entry(1, "status", "open", "open"), fields={"status": "open"})

    assert see(shadowed(status="open"), shown).changes == ()


def test_entries_stay_in_their_order_when_the_desks_clock_steps_back() -> None:
    shown = with_history(
        entry(1, "status", "new", "waiting", at=later(60)),
        entry(2, "status", "waiting", "open", at=later(1)),
        fields={"status": "open"},
    )

    assert moves(see(shadowed(status="new"), shown).changes)[-1] == ("status", "waiting", "open")


def test_entries_without_a_time_stay_in_their_order_too() -> None:
    shown = with_history(
        entry(1, "status", "new", "waiting", at=None),
        entry(2, "status", "waiting", "open"),
        fields={"status": "open"},
    )

    assert moves(see(shadowed(status="new"), shown).changes)[-1] == ("status", "waiting", "open")


def test_comments_stay_in_their_order_when_the_desks_clock_steps_back() -> None:
    talk = [comment("1", "first", at=later(60)), comment("2", "second", at=later(1))]

    seen = see(shadowed(status="open"), snapshot(comments=talk)).changes

    assert [one.comment.text for one in seen if isinstance(one, CommentSeen)] == ["first", "second"]


def test_what_was_said_stands_before_what_was_done_at_the_same_moment() -> None:
    shown = with_history(
        entry(5, "status", "new", "refused"),
        fields={"status": "refused"},
        comments=[comment("1", "no", at=later(5))],
    )

    kinds = [type(one) for one in see(shadowed(status="new"), shown).changes]

    assert kinds == [CommentSeen, FieldChange]


def test_words_and_deeds_are_told_in_the_order_they_happened() -> None:
    shown = with_history(
        entry(2, "status", "new", "open"),
        entry(4, "status", "open", "waiting"),
        fields={"status": "waiting"},
        comments=[comment("1", at=later(3)), comment("2", at=later(1))],
    )
    seen = see(shadowed(status="new"), shown).changes

    assert [type(one) for one in seen] == [FieldChange, CommentSeen, CommentSeen, FieldChange]


# -- what we wrote ourselves --------------------------------------------------------------------------------------------------

WRITTEN: dict[str, tuple[str | None, list[tuple[str, str | None, str | None]]]] = {
    "as it was to be shown": ("open", []),
    "differently": ("waiting", [("status", "new", "waiting")]),
    "not at all": ("new", []),
}


@pytest.mark.parametrize(("shown", "expected"), WRITTEN.values(), ids=WRITTEN.keys())
def test_a_settled_write_is_read_back(shown: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    seen = see(shadowed(status="new"), snapshot(fields={"status": shown}), status="open")

    assert moves(seen.changes) == expected
    assert seen.shadow == {"status": shown}


def test_a_field_of_an_unresolved_write_is_left_out_and_keeps_its_shadow() -> None:
    known = Known(masked_fields=frozenset({"status"}))

    seen = see(
        shadowed(status="new", priority="P1"), snapshot(fields={"status": "open", "priority": "P2"}), known
    )

    assert moves(seen.changes) == [("priority", "P1", "P2")]
    assert seen.shadow == {"status": "new", "priority": "P2"}


def test_where_a_history_tells_who_did_it_nothing_need_be_left_out() -> None:
    known = Known(masked_fields=frozenset({"status"}))
    shown = with_history(entry(1, "status", "new", "waiting"), fields={"status": "waiting"})

    seen = see(shadowed(status="new"), shown, known)

    assert moves(seen.changes) == [("status", "new", "waiting")]
    assert seen.shadow == {"status": "waiting"}


# -- what the desk does by itself because of us -------------------------------------------------------------------------------

MOMENT = FOLLOWS_WITHIN
FOLLOWS: dict[str, tuple[Actor, timedelta, bool]] = {
    "a rule, right after": (RULE, timedelta(seconds=1), True),
    "a rule, in the same moment": (RULE, timedelta(), True),
    "a rule, at the end of the span": (RULE, MOMENT, True),
    "a rule, too late": (RULE, MOMENT + timedelta(seconds=1), False),
    "a rule, before": (RULE, timedelta(seconds=-1), False),
    "a person, right after": (AGENT, timedelta(seconds=1), False),
}


@pytest.mark.parametrize(("actor", "after", "follows"), FOLLOWS.values(), ids=FOLLOWS.keys())
def test_a_change_follows_our_comment(actor: Actor, after: timedelta, follows: bool) -> None:
    ours = comment("9", author=US, at=later(10))
    shown = with_history(
        entry(1, "status", "new", "open", at=later(10) + after, actor=actor),
        fields={"status": "open"},
        comments=[ours],
    )

    seen = see(
        shadowed(status="new"),
        shown,
        Known(copies={(ContentKind.COMMENT, "9"): copy(remote_id="9", ours=True)}),
    )

    [change] = [one for one in seen.changes if isinstance(one, FieldChange)]
    assert change.follows is follows


HABIT = desk(side_effects=(SideEffect(after="comment", field="status", old="new", new="open"),))
HABITS: dict[str, tuple[dict[str, Any], str, str, bool]] = {
    "right after our write": ({"wrote_at": later(1)}, "new", "open", True),
    "first seen after our write": ({"wrote_at": later(1), "looked_at": None}, "new", "open", True),
    "we wrote nothing": ({"wrote_at": None}, "new", "open", False),
    "we looked since": ({"wrote_at": later(-1)}, "new", "open", False),
    "another move": ({"wrote_at": later(1)}, "new", "waiting", False),
    "from another status": ({"wrote_at": later(1)}, "waiting", "open", False),
}


@pytest.mark.parametrize(("more", "old", "new", "follows"), HABITS.values(), ids=HABITS.keys())
def test_a_habit_the_connector_declares(more: dict[str, Any], old: str, new: str, follows: bool) -> None:
    plain: dict[str, Any] = {"shadow": {"status": old}, "looked_at": NOW}
    here = hop(**(plain | more))

    [change] = compare(here, snapshot(fields={"status": new}), HABIT, Known(), {}).changes

    assert isinstance(change, FieldChange)
    assert change.follows is follows


# -- comments -----------------------------------------------------------------------------------------------------------------


def known(*copies: Copy, **more: Any) -> Known:
    return Known(
        copies={(one.kind, one.remote_id): one for one in copies},
        ours_by_hash={one.native_hash: one for one in copies if one.ours},
        **more,
    )


PRIVATE = Visibility.PRIVATE
COMMENTS: dict[str, tuple[Any, Known, list[type]]] = {
    "unknown": (comment("7"), known(), [CommentSeen]),
    "known": (comment("7"), known(copy()), []),
    "known, with other white space": (comment("7", " hello\r\n"), known(copy()), []),
    "known, with other words": (comment("7", "hello there"), known(copy()), [CommentEdited]),
    "known, hidden now": (comment("7", visibility=PRIVATE), known(copy()), [CommentEdited]),
    "known, missing before": (comment("7"), known(copy(missing=True)), [CommentBack]),
    "known, missing before and edited": (comment("7", "x"), known(copy(missing=True)), [CommentEdited]),
    "believed to be removed": (comment("7", "x"), known(copy(removed=True)), []),
    "our own, known": (comment("7", author=US), known(copy(ours=True)), []),
    "our own, not known yet": (comment("7", author=US), known(), []),
    "a person's with our very words": (comment("8"), known(copy(ours=True)), [CommentSeen]),
    "our own once more": (comment("8", author=US), known(copy(ours=True)), [CommentSeen]),
    "our own once more, its delivery under way": (
        comment("8", author=US),
        known(copy(ours=True), masked_hashes=frozenset({text_hash("hello")})),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("shown", "what", "kinds"), COMMENTS.values(), ids=COMMENTS.keys())
def test_a_comment_is(shown: Any, what: Known, kinds: list[type]) -> None:
    seen = see(shadowed(status="open"), snapshot(comments=[shown]), what)

    assert [type(one) for one in seen.changes] == kinds


def test_a_second_copy_of_ours_names_the_first() -> None:
    first = copy(ours=True)

    [seen] = see(shadowed(), snapshot(comments=[comment("8", author=US)]), known(first)).changes

    assert isinstance(seen, CommentSeen)
    assert seen.late_copy_of == first


LISTS: dict[str, tuple[bool, Copy, list[type]]] = {
    "a whole list without it": (True, copy(), [CommentRemoved]),
    "a whole list without it, again": (True, copy(missing=True), [CommentRemoved]),
    "part of a list": (False, copy(), []),
    "removed long ago": (True, copy(removed=True), []),
    "a file, not a comment": (True, copy(kind=ContentKind.ATTACHMENT), []),
}


@pytest.mark.parametrize(("complete", "was", "kinds"), LISTS.values(), ids=LISTS.keys())
def test_absence_from(complete: bool, was: Copy, kinds: list[type]) -> None:
    seen = see(shadowed(), snapshot(complete=complete), known(was))

    assert [type(one) for one in seen.changes] == kinds


# -- files ------------------------------------------------------------------------------------------------------------------


def file(**more: Any) -> NativeAttachment:
    plain: dict[str, Any] = {"remote_id": "f", "filename": "a.png", "author": AGENT, "at": NOW}
    return NativeAttachment(**(plain | more))


FILES: dict[str, tuple[NativeAttachment, Known, bool]] = {
    "unknown": (file(), known(), True),
    "known": (file(), known(copy(remote_id="f", kind=ContentKind.ATTACHMENT)), False),
    "a comment of that number is known": (file(), known(copy(remote_id="f")), True),
    "our own": (file(author=US), known(), False),
    "one of that name is under way": (file(), known(masked_files=frozenset({"a.png"})), False),
}


@pytest.mark.parametrize(("shown", "what", "expected"), FILES.values(), ids=FILES.keys())
def test_a_file_is(shown: NativeAttachment, what: Known, expected: bool) -> None:
    seen = see(shadowed(), snapshot(attachments=[shown]), what)

    assert [type(one) for one in seen.changes] == ([AttachmentSeen] if expected else [])


@pytest.mark.parametrize("came_with", ["1", "2"])
def test_a_file_is_told_after_the_comment_it_came_with_though_it_was_taken_up_before(came_with: str) -> None:
    talk = [comment("1", at=later(5)), comment("2", at=None)]
    files = [file(comment_id=came_with, at=later(-1)), file(remote_id="g", at=later(1))]

    seen = see(shadowed(), snapshot(comments=talk, attachments=files)).changes

    ids = [
        one.comment.remote_id if isinstance(one, CommentSeen) else one.attachment.remote_id
        for one in seen
        if isinstance(one, CommentSeen | AttachmentSeen)
    ]
    assert len(ids) == 4
    assert ids.index(came_with) < ids.index("f") < ids.index("g")


# -- over all histories and looks -----------------------------------------------------------------------------------------------

FIELDS = ("status", "priority", "site")
VALUES = st.sampled_from([None, "a", "b", "c"])
EDITS = st.lists(st.tuples(st.sampled_from(FIELDS), VALUES, st.sampled_from([AGENT, RULE, US])), max_size=12)


def play(
    edits: Sequence[tuple[str, str | None, Actor]],
) -> tuple[list[HistoryEntry], list[dict[str, str | None]]]:
    """(the history, the ticket's fields before it and after each of its entries)"""
    states: list[dict[str, str | None]] = [dict.fromkeys(FIELDS)]
    entries: list[HistoryEntry] = []
    for field, new, actor in edits:
        if states[-1][field] != new:
            entries.append(entry(len(entries) + 1, field, states[-1][field], new, actor=actor))
            states.append(states[-1] | {field: new})
    return entries, states


def remembered(here: Hop, shown: Snapshot, seen: Seen) -> Hop:
    last = shown.history[-1].id if shown.history else here.last_entry
    return replace(here, shadow=dict(seen.shadow), last_entry=last)


@PROPERTY
@given(EDITS, st.lists(st.integers(0, 12), max_size=6), st.booleans())
def test_however_often_a_desk_with_history_is_looked_at_each_entry_is_an_event_once_and_in_order(
    edits: Any, looks: list[int], whole: bool
) -> None:
    entries, states = play(edits)
    here = hop(shadow=states[0])
    told: list[tuple[str, str | None, str | None]] = []
    for upto in [*sorted(min(look, len(entries)) for look in looks), len(entries)]:
        since = 0 if whole else int(here.last_entry or 0)
        shown = with_history(*entries[since:upto], fields=states[upto])
        seen = see(here, shown)
        here, told = remembered(here, shown, seen), [*told, *moves(seen.changes)]
        assert dict(here.shadow) == states[upto], "the folded history is the state"
        assert seen.unexplained == ()

    assert told == [(one.field, one.old, one.new) for one in entries if one.actor is not US]


@PROPERTY
@given(EDITS, st.lists(st.integers(0, 12), max_size=6))
def test_a_desk_without_history_tells_the_way_from_look_to_look(edits: Any, looks: list[int]) -> None:
    _, states = play(edits)
    here, followed = hop(shadow=states[0]), dict(states[0])
    for upto in sorted(min(look, len(states) - 1) for look in looks):
        seen = see(here, snapshot(fields=states[upto]))
        here = replace(here, shadow=dict(seen.shadow))
        for field, old, new in moves(seen.changes):
            assert followed[field] == old
            followed[field] = new
        assert followed == states[upto]


@PROPERTY
@given(EDITS, st.booleans())
def test_the_same_look_twice_tells_nothing_new(edits: Any, history: bool) -> None:
    entries, states = play(edits)
    shown = snapshot(fields=states[-1], history=entries if history else (), has_history=history)
    here = hop(shadow=states[0])

    again = see(remembered(here, shown, see(here, shown)), shown)

    assert (again.changes, again.unexplained) == ((), ())


@PROPERTY
@given(
    st.dictionaries(st.sampled_from(FIELDS), VALUES),
    st.dictionaries(st.sampled_from(FIELDS), VALUES),
    st.frozensets(st.sampled_from(FIELDS)),
    st.dictionaries(st.sampled_from(FIELDS), VALUES),
)
def test_whatever_is_shown_the_shadow_and_the_changes_agree(
    before: Any, shown: Any, masked: frozenset[str], written: Any
) -> None:
    seen = compare(hop(shadow=before), snapshot(fields=shown), HERE, Known(masked_fields=masked), written)
    hidden = masked - written.keys()

    for name in FIELDS:
        assert seen.shadow.get(name, "absent") == (
            shown[name] if name in shown and name not in hidden else before.get(name, "absent")
        )
    changed = {field for field, _, _ in moves(seen.changes)}
    assert changed.isdisjoint(hidden)
    assert changed <= {name for name in shown if name in before and shown[name] != before[name]}
    assert all(shown[name] != written.get(name, "absent") for name in changed)


TEXTS = st.sampled_from(["hello", "bye", ""])
TALK = st.lists(
    st.builds(
        comment,
        st.sampled_from("12345"),
        TEXTS,
        author=st.sampled_from([AGENT, US]),
        visibility=st.sampled_from(Visibility),
        at=st.sampled_from([NOW, later(1), later(2)]),
    ),
    max_size=5,
    unique_by=lambda one: one.remote_id,
)


@PROPERTY
@given(TALK, st.booleans())
def test_whoever_reads_the_same_list_in_another_order_hears_of_the_same_comments(
    talk: Any, complete: bool
) -> None:
    what = known(copy(remote_id="1"), copy(remote_id="2", ours=True, text="bye"))

    def heard(shown: Any) -> set[str]:
        seen = see(shadowed(), snapshot(comments=shown, complete=complete), what).changes
        return {repr(one) for one in seen}

    assert heard(talk) == heard(list(reversed(talk)))


def test_two_texts_are_the_same_whatever_their_line_ends() -> None:
    assert text_hash("a\r\n b") == text_hash("a b\n")
    assert text_hash("a b") != text_hash("A b")
