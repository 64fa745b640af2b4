"""What was said at a desk: seen, addressed, edited, hidden, removed; what of it is kept and who hears of it."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain import conversation, settling
from gateway.domain.case import Case
from gateway.domain.model import (
    Actor,
    ActorKind,
    Capabilities,
    Carry,
    CommandKind,
    Content,
    ContentKind,
    Crossing,
    DeliveryState,
    NativeAttachment,
    Organization,
    Passage,
    Profile,
    Visibility,
)
from tests.builders import (
    AGENT,
    NOW,
    PERSON,
    ROBOT,
    comment,
    content,
    copy,
    delivery,
    happened,
    later,
    put,
    queued,
    said,
    tree,
)

PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
FORK = ("customer>vendor", "vendor>north", "vendor>south")


def see(case: Case, code: str, text: str, **more: Any) -> Content:
    return conversation.comment_seen(case, case.hops[f"hop_{code}"], comment("7", text, **more), PERSON)[1]


def contents(case: Case, code: str) -> list[str]:
    """The hops (by code) at which the content is queued, out of the given case."""
    return sorted(one.hop_id.removeprefix("hop_") for one in case.deliveries if one.content_id == code)


# -- seen ---------------------------------------------------------------------------------------------------------------


def test_a_public_comment_is_recorded_kept_and_sent_to_its_audience() -> None:
    case = tree(*FORK)

    what = see(case, "vendor", "on our way")

    assert happened(case) == ["comment.added"]
    assert case.events[0].data["audience"] == ["hop_customer", "hop_north", "hop_south"]
    assert contents(case, what.id) == ["customer", "north", "south"]
    assert [(one.remote_id, one.content_id, one.ours) for one in case.copies] == [("7", what.id, False)]


def test_events_hold_a_digest_and_never_the_words() -> None:
    case = tree(*FORK)

    what = see(case, "vendor", "the code of the safe is 4711")

    assert case.events[0].data["digest"] == what.digest
    assert "4711" not in repr(case.events)


def test_a_private_comment_is_recorded_but_its_words_are_not_even_kept() -> None:
    case = tree(*FORK)

    what = see(case, "vendor", "the customer is difficult", visibility=PRIVATE)

    assert (what.text, case.deliveries, happened(case)) == ("", [], ["comment.added"])
    assert case.events[0].data["audience"] == []
    assert "difficult" not in repr(case)


def test_what_the_desk_says_by_itself_is_kept_and_goes_nowhere() -> None:
    case = tree(*FORK)

    _, what = conversation.comment_seen(case, case.hops["hop_north"], comment("7", "thank you"), ROBOT)

    assert (what.automatic, case.deliveries) == (True, [])


def test_a_desk_without_internal_notes_does_not_get_them_in_public() -> None:
    blunt = {"capabilities": Capabilities(private_comments=False)}
    case = tree(*FORK, desks={"north": blunt}, links={"vendor>north": {"crossing": Crossing(
        addressed_notes=True
    )}})  # fmt: skip

    see(case, "vendor", "@@north the code is 4711", visibility=PRIVATE)

    assert queued(case, "north") == []
    assert [kind for kind, _, _ in case.discrepancies] == ["no_private_place"]
    assert said(case, "vendor") == [
        "North has no place for internal notes: something internal was not passed on."
    ]


# which ends of the fork share every internal note → who hears one of the vendor's
SHARED: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "nobody, by default": ({}, "vendor", []),
    "the one below that shares them on the way down": ({"internal_notes_down": True}, "vendor", ["north"]),
    "not on the way up": ({"internal_notes_down": True}, "north", []),
    "the one above on the way up": ({"internal_notes_up": True}, "north", ["vendor"]),
}


@pytest.mark.parametrize(("rule", "origin", "hears"), SHARED.values(), ids=SHARED.keys())
def test_internal_notes_are_shared_with(rule: dict[str, Any], origin: str, hears: list[str]) -> None:
    case = tree(*FORK, links={"vendor>north": {"crossing": Crossing(**rule)}})

    what = see(case, origin, "check the fuse first", visibility=PRIVATE)

    assert contents(case, what.id) == hears
    assert bool(what.text) == bool(hears)
    assert {one.visibility for one in case.deliveries} <= {PRIVATE}


def test_a_shared_note_waits_for_who_comes_later() -> None:
    case = tree(*FORK, links={"vendor>north": {"crossing": Crossing(internal_notes_down=True)}})
    put(case, "north", status="declined")
    what = see(case, "vendor", "check the fuse first", visibility=PRIVATE)
    assert contents(case, what.id) == []

    put(case, "north", status="in_progress")
    conversation.hand_over(case, case.hops["hop_north"], case.events[0])

    assert contents(case, what.id) == ["north"]


def test_many_notes_without_a_place_are_told_of_once_at_a_hand_over() -> None:
    blunt = {"capabilities": Capabilities(private_comments=False)}
    shared = {"vendor>north": {"crossing": Crossing(internal_notes_down=True)}}
    case = tree(*FORK, desks={"north": blunt}, links=shared)
    case.library = lambda: [
        content("vendor", "a", id="a", visibility=PRIVATE),
        content("vendor", "b", id="b", visibility=PRIVATE),
    ]

    conversation.hand_over(case, case.hops["hop_north"], case.record("x", case.hops["hop_north"], PERSON))

    assert len(said(case, "vendor")) == 1
    assert queued(case, "north") == []


# -- addressed ----------------------------------------------------------------------------------------------------------

NAMES = {
    "the desk's code": "@@north hello",
    "in any case": "@@NORTH hello",
    "with a colon": "@@north: hello",
    "with a comma": "@@north, hello",
    "on a line of its own": "@@north\nhello",
    "after white space": "  \n@@north hello",
    "the link's code": "@@vendor-north hello",
    "the organization's code": "@@acme hello",
    "the name in the delegate field": "@@Nordlicht hello",
}


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES.keys())
def test_a_neighbour_may_be_called_by(text: str) -> None:
    acme = {"org_north": Organization(id="org_north", code="acme")}
    case = tree(*FORK, links={"vendor>north": {"passage": Passage(delegate_as="Nordlicht")}})
    object.__setattr__(case.directory, "organizations", {**case.directory.organizations, **acme})

    what = see(case, "vendor", text)

    assert (what.text, what.to_link_id) == ("hello", "lnk_vendor_north")
    assert contents(case, what.id) == ["north"]


def test_the_upstream_is_addressed_like_any_neighbour() -> None:
    case = tree(*FORK)

    what = see(case, "vendor", "@@customer shall we?")

    assert contents(case, what.id) == ["customer"]


NO_ADDRESS = {
    "the sign in the middle": "see @@north",
    "one sign only": "@north hello",
    "the sign and nothing": "@@",
    "a patch": "@@ -1,3 +1,4 @@",
}


@pytest.mark.parametrize("text", NO_ADDRESS.values(), ids=NO_ADDRESS.keys())
def test_is_no_address(text: str) -> None:
    case = tree(*FORK)

    what = see(case, "vendor", text)

    assert (what.text, what.to_link_id) == (text, None)


def test_a_desk_may_have_another_sign() -> None:
    case = tree(*FORK, desks={"vendor": {"profile": Profile(address_sign="to:")}})

    assert see(case, "vendor", "to:north hello").to_link_id == "lnk_vendor_north"
    assert see(case, "vendor", "@@north hello").to_link_id is None


STRANGERS = {"a name that is no neighbour's": "@@nroth hello", "a sibling": "@@south hello"}


@pytest.mark.parametrize("text", STRANGERS.values(), ids=STRANGERS.keys())
def test_an_address_nobody_has_is_held_and_told_never_read_as_public(text: str) -> None:
    case = tree(*FORK)

    what = see(case, "north", text)

    assert contents(case, what.id) == []
    assert len(said(case, "north")) == 1
    assert "was not passed on" in said(case, "north")[0]


def test_a_neighbour_that_has_ended_is_no_neighbour() -> None:
    case = tree(*FORK)
    put(case, "north", status="declined")

    assert contents(case, see(case, "vendor", "@@north are you there?").id) == []


# -- files ----------------------------------------------------------------------------------------------------------------


def file(**more: Any) -> NativeAttachment:
    plain: dict[str, Any] = {
        "remote_id": "f1", "filename": "a.png", "media_type": "image/png", "size": 3, "url": "/f/1",
        "visibility": PUBLIC, "author": AGENT, "at": NOW,
    }  # fmt: skip
    return NativeAttachment(**(plain | more))


def attach(case: Case, code: str, **more: Any) -> Content:
    return conversation.attachment_seen(case, case.hops[f"hop_{code}"], file(**more), PERSON)[1]


def test_a_file_is_sent_to_its_audience_and_remembers_where_it_can_be_fetched() -> None:
    case = tree(*FORK)

    what = attach(case, "customer")

    assert contents(case, what.id) == ["north", "south", "vendor"]
    assert {one.kind for one in case.deliveries} == {CommandKind.ATTACH}
    assert (what.source["remote_id"], what.source["url"], what.blob_size) == ("f1", "/f/1", 3)


def test_a_private_file_goes_nowhere() -> None:
    case = tree(*FORK)

    attach(case, "vendor", visibility=PRIVATE)

    assert case.deliveries == []


def test_a_desk_without_files_gets_none() -> None:
    case = tree(*FORK, desks={"north": {"capabilities": Capabilities(attachments=False)}})

    what = attach(case, "vendor")

    assert contents(case, what.id) == ["customer", "south"]
    assert [kind for kind, _, _ in case.discrepancies] == ["no_attachments"]


def test_who_adds_a_file_that_a_link_refuses_is_told() -> None:
    case = tree(*FORK, links={"vendor>north": {"crossing": Crossing(attachment_types=("text/plain",))}})

    what = attach(case, "vendor")

    assert contents(case, what.id) == ["customer", "south"]
    assert said(case, "vendor") == [
        "The file “a.png” was not passed on to North: the link takes no file of this kind or size."
    ]


def test_a_link_that_takes_no_words_either_is_not_spoken_of() -> None:
    case = tree(*FORK, links={"vendor>north": {"crossing": Crossing(comments_down=Carry.STOP)}})

    attach(case, "vendor")

    assert said(case, "vendor") == []


def test_a_file_goes_no_further_than_the_words_it_came_with() -> None:
    case = tree(*FORK)

    see(case, "vendor", "@@north look at this")
    what = attach(case, "vendor", comment_id="7")

    assert contents(case, what.id) == ["north"]


def test_a_file_of_a_private_comment_is_private_whatever_it_says_of_itself() -> None:
    case = tree(*FORK)

    see(case, "vendor", "a photo for us", visibility=PRIVATE)
    what = attach(case, "vendor", comment_id="7", visibility=PUBLIC)

    assert (what.visibility, contents(case, what.id)) == (PRIVATE, [])


def test_a_file_of_an_automatic_reply_is_automatic() -> None:
    case = tree(*FORK)
    conversation.comment_seen(case, case.hops["hop_north"], comment("7", "our terms"), ROBOT)

    assert attach(case, "north", comment_id="7").automatic


def test_a_file_belongs_to_a_comment_of_its_own_desk() -> None:
    case = tree(*FORK)
    see(case, "south", "@@vendor look")
    see(case, "vendor", "look, all of you")

    assert contents(case, attach(case, "vendor", comment_id="7").id) == ["customer", "north", "south"]


def test_a_file_whose_comment_was_never_seen_is_private() -> None:
    case = tree(*FORK)
    see(case, "south", "look, all of you")

    what = attach(case, "vendor", comment_id="7")

    assert (what.visibility, contents(case, what.id)) == (PRIVATE, [])


# -- edited, hidden, removed ----------------------------------------------------------------------------------------------


def known(case: Case, text: str = "hello", **more: Any) -> Content:
    """A comment that was seen at the vendor's desk before."""
    first = content("vendor", text, **more)
    case.library = lambda: [first]
    return first


def edit(case: Case, text: str = "hello there", *, ours: bool = False, **more: Any) -> Content | None:
    was = copy("vendor", visibility=more.pop("was", PUBLIC), ours=ours)
    seen = comment("7", text, edited_at=later(5), **more)
    conversation.comment_edited(case, case.hops["hop_vendor"], was, seen, PERSON)
    return case.contents[-1] if case.contents else None


def test_an_edited_comment_reaches_its_readers_again_marked_as_edited() -> None:
    case = tree(*FORK)
    first = known(case)

    edited = edit(case)

    assert edited is not None
    assert (edited.text, edited.source["edits"], edited.at) == ("hello there", first.id, later(5))
    assert contents(case, edited.id) == ["customer", "north", "south"]
    assert happened(case) == ["comment.edited"]


def test_an_edited_comment_is_known_by_its_new_text_afterwards() -> None:
    case = tree(*FORK)
    known(case)

    edit(case)

    assert case.changed_copies["cpy_7"].native_hash == copy(text="hello there").native_hash


def test_an_addressed_comment_stays_addressed_when_its_address_is_edited_away() -> None:
    case = tree(*FORK)
    known(case, to_link_id="lnk_vendor_north")

    edited = edit(case, "the code is 4711")

    assert edited is not None
    assert contents(case, edited.id) == ["north"]


def test_an_address_that_is_edited_in_narrows_who_hears_of_the_edit() -> None:
    case = tree(*FORK)
    known(case)

    edited = edit(case, "@@north the code is 4711")

    assert edited is not None
    assert (edited.text, contents(case, edited.id)) == ("the code is 4711", ["north"])


def test_an_automatic_comment_stays_automatic_when_it_is_edited() -> None:
    case = tree(*FORK)
    known(case, automatic=True)

    edit(case)

    assert case.deliveries == []


def test_a_release_holds_for_the_edited_text_too() -> None:
    case = tree(*FORK)
    case.library = lambda: [content("north", "hello", released_to=frozenset({"lnk_vendor_south"}))]

    conversation.comment_edited(
        case, case.hops["hop_north"], copy("north"), comment("7", "hello there"), PERSON
    )

    assert contents(case, case.contents[-1].id) == ["customer", "south", "vendor"]


def test_a_comment_that_turned_private_is_withheld_from_now_on() -> None:
    case = tree(*FORK)
    first = known(case)

    edit(case, "hello", visibility=PRIVATE)

    assert case.changed_contents[first.id].visibility is PRIVATE
    assert case.deliveries == []
    assert [kind for kind, _, _ in case.discrepancies] == ["turned_private"]


def test_a_file_that_comes_after_its_comment_was_hidden_is_private() -> None:
    case = tree(*FORK)
    known(case, source={"remote_id": "7"})
    edit(case, "hello", visibility=PRIVATE)

    what = attach(case, "vendor", comment_id="7")

    assert (what.visibility, contents(case, what.id)) == (PRIVATE, [])


def test_a_comment_that_turned_public_is_sent_as_it_stands() -> None:
    case = tree(*FORK)
    known(case, text="", visibility=PRIVATE)

    edited = edit(case, "hello", was=PRIVATE)

    assert edited is not None
    assert (edited.text, contents(case, edited.id)) == ("hello", ["customer", "north", "south"])


def test_our_own_comment_that_people_edit_at_the_other_desk_is_not_fed_back() -> None:
    case = tree(*FORK)
    known(case)

    edit(case, ours=True)

    assert (case.deliveries, case.contents) == ([], [])


def test_our_own_comment_that_people_hide_at_the_other_desk_hides_nothing_elsewhere() -> None:
    case = tree(*FORK)
    known(case)

    edit(case, "hello", ours=True, visibility=PRIVATE)

    assert case.changed_contents == {}


def remove(case: Case, *, missing: bool) -> None:
    was = copy("vendor", missing=missing)
    conversation.comment_removed(case, case.hops["hop_vendor"], was, PERSON)


def test_a_comment_missing_once_is_looked_for_again_and_not_yet_removed() -> None:
    case = tree(*FORK)
    known(case)

    remove(case, missing=False)

    assert (case.changed_copies["cpy_7"].missing, case.changed_copies["cpy_7"].removed) == (True, False)
    assert ("dsk_vendor", "1") in case.wanted_looks
    assert case.events == []


def test_a_comment_missing_twice_is_removed_and_what_still_waits_is_withheld() -> None:
    case = tree(*FORK)
    first = known(case)

    remove(case, missing=True)

    assert case.changed_copies["cpy_7"].removed
    assert happened(case) == ["comment.removed"]
    assert case.changed_contents[first.id].visibility is PRIVATE


@pytest.mark.parametrize("state", DeliveryState)
def test_words_that_were_removed_are_kept_only_while_it_is_unknown_whether_a_desk_has_them(
    state: DeliveryState,
) -> None:
    """A desk that keeps no mark of ours can be asked for them by their text alone."""
    case = tree(*FORK)
    first = known(case)
    case.lane = lambda hop_id: (
        [delivery("north", content_id=first.id, state=state)] if hop_id == "hop_north" else []
    )

    remove(case, missing=True)

    in_doubt = state in (DeliveryState.INFLIGHT, DeliveryState.AMBIGUOUS, DeliveryState.ASKING)
    hushed = case.changed_contents[first.id]
    assert (hushed.text, hushed.visibility) == ("hello" if in_doubt else "", PRIVATE)


@pytest.mark.parametrize("settle", [settling.let_go, settling.parked])
def test_they_are_forgotten_once_every_write_of_them_is_settled(settle: Callable[..., None]) -> None:
    case = tree(*FORK)
    first = known(case)
    here = delivery("north", id="dlv_n", content_id=first.id, state=DeliveryState.AMBIGUOUS)
    there = delivery("south", id="dlv_s", content_id=first.id, state=DeliveryState.ASKING)
    lanes = {"hop_north": [here], "hop_south": [there]}
    case.lane = lambda hop_id: lanes.get(hop_id, [])
    remove(case, missing=True)
    hushed = case.changed_contents.pop(first.id)
    case.library = lambda: [hushed]

    settle(case, here)
    assert case.changed_contents == {}, "the other desk is still asked"

    lanes["hop_north"] = []
    settle(case, there)
    assert (case.changed_contents[first.id].text, case.changed_contents[first.id].source) == (
        "",
        first.source,
    )


def test_a_comment_that_is_there_again_was_never_missing() -> None:
    case = tree(*FORK)

    conversation.comment_back(case, copy("vendor", missing=True))

    assert not case.changed_copies["cpy_7"].missing


def test_a_second_copy_of_ours_is_remembered_under_its_own_number() -> None:
    case = tree(*FORK)
    first = copy("north", ours=True)

    second = conversation.duplicate_copy(case, case.hops["hop_north"], comment("9"), first)

    assert (second.remote_id, second.content_id, second.ours) == ("9", first.content_id, True)
    assert second.id != first.id


# -- given to a new hop -----------------------------------------------------------------------------------------------------


def hand_over(case: Case, *earlier: Content) -> list[str]:
    case.library = lambda: earlier
    event = case.record("assignment.offered", case.hops["hop_south"], PERSON)
    conversation.hand_over(case, case.hops["hop_south"], event)
    return [one.content_id or "" for one in queued(case, "south")]


def test_a_new_hop_is_given_what_was_said_above_it_as_we_learned_of_it_whatever_the_desks_clocks_say() -> (
    None
):
    earlier = [
        content("vendor", id="cnt_1", at=later(2)),
        content("customer", id="cnt_2", at=later(1)),
        content("customer", id="cnt_3", at=later(3), kind=ContentKind.ATTACHMENT),
    ]

    assert hand_over(tree(*FORK), *earlier) == ["cnt_1", "cnt_2", "cnt_3"]


def test_a_new_hop_is_given_the_newest_words_in_the_place_of_the_first() -> None:
    earlier = [
        content("vendor", id="cnt_1"),
        content("vendor", id="cnt_2"),
        content("vendor", id="cnt_3", source={"edits": "cnt_1"}),
        content("vendor", id="cnt_4", source={"edits": "cnt_1"}),
    ]

    assert hand_over(tree(*FORK), *earlier) == ["cnt_4", "cnt_2"]


NOT_GIVEN = {
    "what a sibling wrote": content("north"),
    "what was private": content("vendor", visibility=PRIVATE),
    "what was for somebody else": content("vendor", to_link_id="lnk_vendor_north"),
    "what a rule of the desk wrote": content("vendor", automatic=True),
    "a title": content("customer", kind=ContentKind.TITLE),
    "a reason": content("customer", kind=ContentKind.REASON),
    "a note of the gateway": content("vendor", kind=ContentKind.NOTE),
}


@pytest.mark.parametrize("what", NOT_GIVEN.values(), ids=NOT_GIVEN.keys())
def test_a_new_hop_is_not_given(what: Content) -> None:
    assert hand_over(tree(*FORK), what) == []


def test_the_authors_name_is_the_one_people_read() -> None:
    case = tree(*FORK)

    assert see(case, "vendor", "x", author=Actor(id="u7", name="", kind=ActorKind.PERSON)).author == "u7"
    assert see(case, "vendor", "x", author=AGENT).author == "Anna Agent"


@pytest.mark.parametrize(
    ("requesters", "author", "theirs"),
    [
        ("maria", "maria", True),
        ("luca, maria", "maria", True),
        ("maria", "anna", False),
        (None, "anna", False),
        ("maria", "", False),
    ],
    ids=["the requester", "one of them", "an agent", "nobody is named", "nobody knows who"],
)
def test_r13_what_a_desks_own_requester_says_is_the_consumers(
    requesters: str | None, author: str, theirs: bool
) -> None:
    case = tree(*FORK)
    put(case, "customer", shadow={"requester": requesters})

    see(case, "customer", "still dead", author=Actor(id=author, kind=ActorKind.PERSON))

    [event] = [one for one in case.events if one.type == "comment.added"]
    assert event.data["by_requester"] is theirs
