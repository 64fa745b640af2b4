"""The last line before the wire: what a delivery becomes, what it says of its author, and what must not leave."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.domain.case import ANOTHER, MERGED, Case
from gateway.domain.egress import NotForThem, NotYet, Withheld, assemble, words
from gateway.domain.model import (
    Carry,
    Command,
    CommandKind,
    Content,
    ContentKind,
    Crossing,
    Delivery,
    HopStatus,
    Visibility,
)
from tests.builders import content, delivery, put, tree

PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
CHAIN = ("customer>vendor", "vendor>partner", "partner>sub", "vendor>other")


def comment_to(code: str = "partner", **more: Any) -> Delivery:
    plain: dict[str, Any] = {"kind": CommandKind.COMMENT, "content_id": "cnt_x", "visibility": PUBLIC}
    return delivery(code, **(plain | more))


def leaves(case: Case, one: Delivery, *known: Content, asking: bool = False) -> Command:
    return assemble(case, one, {what.id: what for what in known}, asking=asking)


def test_a_comment_leaves_with_its_author_and_the_readers_neighbour() -> None:
    command = leaves(tree(*CHAIN), comment_to(), content("customer", "hello"))

    assert command.comment is not None
    assert command.comment.text == "Anna Agent (Vendor):\n\nhello"
    assert (command.comment.visibility, command.remote_id, command.marker) == (PUBLIC, "1", "idk-x")


# where it was written, where it is read, how each link names people → how it begins there
NAMES: dict[str, tuple[str, str, dict[str, str], str]] = {
    "down one hop": ("customer", "vendor", {}, "Anna Agent (Customer):"),
    "up one hop": ("vendor", "customer", {}, "Anna Agent (Vendor):"),
    "up the chain it is the neighbour's word": ("sub", "customer", {}, "Anna Agent (Vendor):"),
    "down the chain it is the neighbour's word": ("customer", "sub", {}, "Anna Agent (Partner):"),
    "by organization": ("vendor", "partner", {"vendor>partner": "organization"}, "Vendor:"),
    "by nothing": ("vendor", "partner", {"vendor>partner": "nobody"}, "hello"),
    "a link in the middle that names nobody": ("sub", "customer", {"vendor>partner": "nobody"}, "hello"),
    "a link at the far end that names organizations": (
        "sub",
        "customer",
        {"partner>sub": "organization"},
        "Vendor:",
    ),
    "the least of several": (
        "sub",
        "customer",
        {"partner>sub": "organization", "vendor>partner": "nobody"},
        "hello",
    ),
    "a link beside the way does not matter": (
        "customer",
        "partner",
        {"vendor>other": "nobody"},
        "Anna Agent (Vendor):",
    ),
    "a sibling's people are never named": ("other", "partner", {}, "Vendor:"),
    "nor are the people below a sibling": ("sub", "other", {}, "Vendor:"),
}


@pytest.mark.parametrize(("origin", "reader", "people", "begins"), NAMES.values(), ids=NAMES.keys())
def test_an_author_is_named(origin: str, reader: str, people: dict[str, str], begins: str) -> None:
    links = {edge: {"crossing": Crossing(people=rule)} for edge, rule in people.items()}
    case = tree(*CHAIN, links=links)

    assert words(case, comment_to(reader), content(origin)).splitlines()[0] == begins


def test_a_comment_of_nobody_known_is_the_organizations() -> None:
    assert words(tree(*CHAIN), comment_to("vendor"), content(author="")) == "Customer:\n\nhello"


def test_the_gateways_own_note_leaves_as_it_was_written() -> None:
    note = content("partner", "Vendor withdrew this.", kind=ContentKind.NOTE, visibility=PRIVATE)

    command = leaves(tree(*CHAIN), comment_to(note=True, visibility=PRIVATE), note)

    assert command.comment is not None
    assert (command.comment.text, command.comment.visibility) == ("Vendor withdrew this.", PRIVATE)


# what the store says now: the content, the link vendor>partner, the delivery
NOT_FOR_THEM: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "it turned private after it was queued": ({"visibility": PRIVATE}, {}),
    "the link stops comments by now": ({}, {"comments_down": Carry.STOP}),
    "it was for another neighbour all along": ({"to_link_id": "lnk_vendor_other"}, {}),
    "a rule of the desk wrote it": ({"automatic": True}, {}),
}


@pytest.mark.parametrize(("what", "rule"), NOT_FOR_THEM.values(), ids=NOT_FOR_THEM.keys())
def test_t15_is_not_for_them_any_more(what: dict[str, Any], rule: dict[str, Any]) -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(**rule)}})

    with pytest.raises(NotForThem):
        leaves(case, comment_to(), content("vendor", **what))


def test_a_hop_that_has_ended_gets_nothing_more() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=HopStatus.WITHDRAWN)

    with pytest.raises(NotForThem):
        leaves(case, comment_to(), content("vendor"))


@pytest.mark.parametrize("kind", CommandKind)
def test_a_hop_that_ended_before_its_ticket_was_made_gets_nothing_at_all(kind: CommandKind) -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=HopStatus.WITHDRAWN, remote_id=None)

    with pytest.raises(NotForThem):
        leaves(case, comment_to(kind=kind, note=True), content("partner", kind=ContentKind.NOTE))


def test_whether_a_ticket_was_made_for_it_is_still_asked() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=HopStatus.WITHDRAWN, remote_id=None)

    assert leaves(case, delivery("partner", kind=CommandKind.CREATE), asking=True).remote_id is None


@pytest.mark.parametrize("asking", [False, True])
def test_the_edit_of_words_that_were_hidden_before_they_left_is_for_nobody(asking: bool) -> None:
    """The first version was withheld for the same reason: it is nothing that a person should see to."""
    edit = comment_to(kind=CommandKind.EDIT, payload={"copy_of": "cnt_first"})

    with pytest.raises(NotForThem):
        leaves(tree(*CHAIN), edit, content("vendor", visibility=PRIVATE), asking=asking)


def test_a_note_reaches_a_hop_that_has_ended() -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=HopStatus.WITHDRAWN)

    assert leaves(case, comment_to(note=True), content("partner", kind=ContentKind.NOTE)).comment


def test_asking_whether_it_was_carried_leaks_nothing_and_needs_no_audience() -> None:
    command = leaves(tree(*CHAIN), comment_to(), content("vendor", visibility=PRIVATE), asking=True)

    assert command.comment is not None


# stored when it was queued, what the link says today → how it is written
VISIBILITIES = {
    "public stays public": (PUBLIC, Carry.PUBLISH, PUBLIC),
    "public narrows when the link does": (PUBLIC, Carry.LAND_AS_INTERNAL, PRIVATE),
    "private never widens": (PRIVATE, Carry.PUBLISH, PRIVATE),
}


@pytest.mark.parametrize(("stored", "rule", "lands"), VISIBILITIES.values(), ids=VISIBILITIES.keys())
def test_a_comment_is_never_written_wider_than_it_may_be(
    stored: Visibility, rule: Carry, lands: Visibility
) -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(comments_down=rule)}})

    command = leaves(case, comment_to(visibility=stored), content("vendor"))

    assert command.comment is not None
    assert command.comment.visibility is lands


def test_without_a_stored_visibility_nothing_leaves() -> None:
    with pytest.raises(Withheld, match="no visibility"):
        leaves(tree(*CHAIN), comment_to(visibility=None), content("vendor"))


def test_what_was_erased_does_not_leave() -> None:
    with pytest.raises(Withheld, match="erased"):
        leaves(tree(*CHAIN), comment_to())


@pytest.mark.parametrize("kind", [CommandKind.UPDATE, CommandKind.COMMENT, CommandKind.ATTACH])
def test_nothing_but_a_create_leaves_for_a_ticket_that_is_not_there(kind: CommandKind) -> None:
    case = tree(*CHAIN)
    put(case, "partner", remote_id=None)

    with pytest.raises(Withheld, match="does not exist"):
        leaves(case, comment_to(kind=kind), content("vendor"))


@pytest.mark.parametrize("kind", CommandKind)
def test_nothing_is_written_to_a_ticket_that_was_merged_away(kind: CommandKind) -> None:
    case = tree(*CHAIN)
    put(case, "partner", unmapped=frozenset({MERGED}))

    with pytest.raises(Withheld, match="merged"):
        leaves(case, comment_to(kind=kind), content("vendor"))


@pytest.mark.parametrize("kind", [CommandKind.UPDATE, CommandKind.COMMENT, CommandKind.ATTACH])
def test_nothing_is_written_while_the_desk_shows_another_ticket(kind: CommandKind) -> None:
    case = tree(*CHAIN)
    put(case, "partner", unmapped=frozenset({f"{ANOTHER} 1 99"}))

    with pytest.raises(NotYet, match="another ticket"):
        leaves(case, comment_to(kind=kind), content("vendor"))


def test_while_the_desk_shows_another_ticket_it_may_still_be_asked() -> None:
    case = tree(*CHAIN)
    put(case, "partner", unmapped=frozenset({f"{ANOTHER} 1 99"}))

    assert leaves(case, comment_to(), content("vendor"), asking=True).comment is not None


def test_an_update_is_its_payload() -> None:
    command = leaves(tree(*CHAIN), delivery("partner", payload={"fields": {"status": "open"}}))

    assert (command.kind, command.fields) == (CommandKind.UPDATE, {"status": "open"})


TITLE = content("customer", "till broken", id="cnt_t", kind=ContentKind.TITLE)


def texts(**named: str) -> Delivery:
    payload = {"fields": {"priority": "P1"}, "texts": named}
    return delivery("partner", kind=CommandKind.CREATE, payload=payload)


def test_texts_are_filled_in_at_the_last_moment() -> None:
    case = tree(*CHAIN)
    put(case, "partner", remote_id=None)

    command = leaves(case, texts(title="cnt_t"), TITLE)

    assert command.fields == {"priority": "P1", "title": "till broken"}


WITHHELD_TEXTS: dict[str, tuple[frozenset[str], Sequence[Content]]] = {
    "the link does not let it cross": (frozenset({"priority"}), [TITLE]),
    "it was erased": (frozenset({"title"}), []),
}


@pytest.mark.parametrize(("crossing", "known"), WITHHELD_TEXTS.values(), ids=WITHHELD_TEXTS.keys())
def test_a_title_is_withheld_when(crossing: frozenset[str], known: Sequence[Content]) -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(fields_down=crossing)}})

    with pytest.raises(Withheld):
        leaves(case, texts(title="cnt_t"), *known)


def file(**more: Any) -> Content:
    plain: dict[str, Any] = {
        "kind": ContentKind.ATTACHMENT, "filename": "a.png", "media_type": "image/png",
        "blob_key": "k", "blob_size": 3, "blob_sha256": "ff",
    }  # fmt: skip
    return content("vendor", "", **(plain | more))


def test_a_file_leaves_with_its_name_type_and_bytes() -> None:
    command = leaves(tree(*CHAIN), comment_to(kind=CommandKind.ATTACH), file())

    draft = command.attachment
    assert draft is not None
    assert (draft.filename, draft.media_type, draft.blob.sha256, draft.visibility) == (
        "a.png",
        "image/png",
        "ff",
        PUBLIC,
    )


def test_a_file_that_turned_out_too_large_does_not_leave() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(attachment_max_bytes=2)}})

    with pytest.raises(Withheld, match="larger than the link allows") as told:
        leaves(case, comment_to(kind=CommandKind.ATTACH), file())
    assert not isinstance(told.value, NotForThem), "its people must be told"


def test_a_file_whose_bytes_are_not_here_does_not_leave() -> None:
    with pytest.raises(Withheld, match="could not be fetched"):
        leaves(tree(*CHAIN), comment_to(kind=CommandKind.ATTACH), file(blob_key=None))


# what a delivery wants to write at the partner's desk, what the link vendor>partner lets down → what leaves
FIELDS: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str]]] = {
    "what the list names": ({"fields_down": frozenset({"priority"})}, {"priority": "P1"}, {"priority": "P1"}),
    "a status is our own word": ({"fields_down": frozenset()}, {"status": "open"}, {"status": "open"}),
    "the rest stays here": (
        {"fields_down": frozenset({"priority"})},
        {"priority": "P1", "site": "secret", "custom.margin": "40 %"},
        {"priority": "P1"},
    ),
    "custom fields by name": ({"fields_down": frozenset({"custom.till"})}, {"custom.till": "3"}, {"custom.till": "3"}),
    "all custom fields": ({"fields_down": frozenset({"custom.*"})}, {"custom.till": "3"}, {"custom.till": "3"}),
    "the field that shows when it is needed": ({"needed_by": "custom.by"}, {"custom.by": "noon"}, {"custom.by": "noon"}),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "wanted", "left"), FIELDS.values(), ids=FIELDS.keys())
def test_of_the_fields_leaves(rule: dict[str, Any], wanted: dict[str, str], left: dict[str, str]) -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(**rule)}})

    assert leaves(case, delivery("partner", payload={"fields": wanted})).fields == left


def test_an_update_of_which_nothing_may_cross_any_more_is_not_for_them() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(fields_down=frozenset())}})

    with pytest.raises(NotForThem):
        leaves(case, delivery("partner", payload={"fields": {"site": "secret"}}))


def test_what_comes_up_needs_the_word_of_a_link_below() -> None:
    case = tree(
        *CHAIN, links={"vendor>partner": {"crossing": Crossing(fields_up=frozenset({"custom.part"}))}}
    )
    one = delivery("vendor", payload={"fields": {"custom.part": "belt", "custom.cost": "9"}})

    assert leaves(case, one).fields == {"custom.part": "belt"}


def test_a_title_needs_the_word_of_every_link_on_its_way() -> None:
    case = tree(*CHAIN, links={"customer>vendor": {"crossing": Crossing(fields_down=frozenset())}})
    put(case, "partner", remote_id=None)

    with pytest.raises(Withheld, match="does not let title cross"):
        leaves(case, texts(title="cnt_t"), TITLE)


def test_a_file_whose_bytes_are_of_another_kind_does_not_leave_and_its_people_are_told() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(attachment_types=("image/*",))}})

    with pytest.raises(Withheld, match="first bytes") as told:
        leaves(case, comment_to(kind=CommandKind.ATTACH), file(media_type="application/x-msdownload"))
    assert not isinstance(told.value, NotForThem)


# the rule for each direction → whether the file may go down from the vendor to the partner
FILES: dict[str, tuple[dict[str, Any], bool]] = {
    "the common list": ({"attachment_types": ("text/plain",)}, False),
    "its own list": ({"attachment_types": ("text/plain",), "attachment_types_down": ("image/*",)}, True),
    "the other direction's list": ({"attachment_types_up": ("text/plain",)}, True),
    "its own size": ({"attachment_max_bytes_down": 2}, False),
    "the other direction's size": ({"attachment_max_bytes_up": 2}, True),
}


@pytest.mark.parametrize(("rule", "goes"), FILES.values(), ids=FILES.keys())
def test_files_have_their_rules_for_each_direction(rule: dict[str, Any], goes: bool) -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(**rule)}})

    if goes:
        assert leaves(case, comment_to(kind=CommandKind.ATTACH), file()).attachment
    else:
        with pytest.raises(Withheld):
            leaves(case, comment_to(kind=CommandKind.ATTACH), file())


def test_the_name_of_a_file_gives_nobody_away() -> None:
    case = tree(*CHAIN, links={"vendor>partner": {"crossing": Crossing(people="organization")}})
    what = file(filename="CV Anna Agent.png")
    case.library = lambda: [what]

    draft = leaves(case, comment_to(kind=CommandKind.ATTACH), what).attachment

    assert draft is not None
    assert draft.filename == "CV Vendor.png"
