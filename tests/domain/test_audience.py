"""Who reads what: the audience of comments and files, as tables and as properties over every small chain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.audience import audience
from gateway.domain.case import Case
from gateway.domain.model import Carry, Content, ContentKind, Crossing, HopStatus, Visibility
from tests.builders import PROPERTY, content, put, tree

PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
CHAIN = ("customer>vendor", "vendor>partner", "partner>sub")
FORK = ("customer>vendor", "vendor>north", "vendor>south", "north>deep")


def readers(case: Case, what: Content) -> dict[str, str]:
    """Code of the hop → how it lands there."""
    return {hop_id.removeprefix("hop_"): how.value for hop_id, how in audience(case, what).items()}


def crossing(**more: Any) -> dict[str, Any]:
    return {"crossing": Crossing(**more)}


# where it was written, the rules of the link vendor>partner → who reads it
LINK_RULES = {
    "published both ways, from the top": (
        "customer",
        {},
        {"vendor": "public", "partner": "public", "sub": "public"},
    ),
    "published both ways, from the bottom": (
        "sub",
        {},
        {"partner": "public", "vendor": "public", "customer": "public"},
    ),
    "from the middle it goes both ways": (
        "vendor",
        {},
        {"customer": "public", "partner": "public", "sub": "public"},
    ),
    "stopped on the way down": ("customer", {"comments_down": Carry.STOP}, {"vendor": "public"}),
    "stopping down stops nothing that comes up": (
        "partner",
        {"comments_down": Carry.STOP},
        {"vendor": "public", "customer": "public", "sub": "public"},
    ),
    "stopped on the way up": ("sub", {"comments_up": Carry.STOP}, {"partner": "public"}),
    "internal on the way down, and no further": (
        "customer",
        {"comments_down": Carry.LAND_AS_INTERNAL},
        {"vendor": "public", "partner": "private"},
    ),
    "internal on the way up, and no further": (
        "partner",
        {"comments_up": Carry.LAND_AS_INTERNAL},
        {"vendor": "private", "sub": "public"},
    ),
}


@pytest.mark.parametrize(("origin", "rule", "expected"), LINK_RULES.values(), ids=LINK_RULES.keys())
def test_the_links_rule_decides_how_far_a_public_comment_goes(
    origin: str, rule: dict[str, Any], expected: dict[str, str]
) -> None:
    case = tree(*CHAIN, links={"vendor>partner": crossing(**rule)})

    assert readers(case, content(origin)) == expected


@pytest.mark.parametrize("origin", ["customer", "vendor", "partner", "sub"])
def test_a_private_comment_reaches_nobody(origin: str) -> None:
    assert readers(tree(*CHAIN), content(origin, visibility=PRIVATE)) == {}


def test_what_a_rule_of_the_desk_says_by_itself_reaches_nobody() -> None:
    assert readers(tree(*CHAIN), content("partner", automatic=True)) == {}


def test_siblings_do_not_see_each_other() -> None:
    assert readers(tree(*FORK), content("south")) == {"vendor": "public", "customer": "public"}


def test_a_siblings_subtree_is_a_sibling_too() -> None:
    assert readers(tree(*FORK), content("deep")) == {
        "north": "public",
        "vendor": "public",
        "customer": "public",
    }


def test_a_link_may_let_its_partner_read_the_siblings() -> None:
    case = tree(*FORK, links={"vendor>south": crossing(siblings=True)})

    assert readers(case, content("deep"))["south"] == "public"
    assert "north" not in readers(case, content("south"))


def test_a_release_opens_one_content_for_one_sibling() -> None:
    case = tree(*FORK)

    assert "south" not in readers(case, content("north"))
    assert readers(case, content("north", released_to=frozenset({"lnk_vendor_south"})))["south"] == "public"


ENDED = [HopStatus.DECLINED, HopStatus.EXPIRED, HopStatus.WITHDRAWN, HopStatus.RETURNED, HopStatus.CLOSED]


@pytest.mark.parametrize("end", ENDED)
def test_a_hop_that_has_ended_reads_nothing_more_and_passes_nothing_on(end: HopStatus) -> None:
    case = tree(*CHAIN)
    put(case, "partner", status=end)

    assert readers(case, content("customer")) == {"vendor": "public"}


# visibility of the addressed comment, the rules of vendor>north → how it lands at north
ADDRESSED = {
    "public lands public": (PUBLIC, {}, "public"),
    "public lands as internal where the link says so": (
        PUBLIC,
        {"comments_down": Carry.LAND_AS_INTERNAL},
        "private",
    ),
    "public is stopped like any other": (PUBLIC, {"comments_down": Carry.STOP}, None),
    "a private note does not cross by default": (PRIVATE, {}, None),
    "a private note crosses where the link says so, and stays private": (
        PRIVATE,
        {"addressed_notes": True},
        "private",
    ),
}


@pytest.mark.parametrize(("visibility", "rule", "lands"), ADDRESSED.values(), ids=ADDRESSED.keys())
def test_an_addressed_comment_reaches_only_the_neighbour_it_names(
    visibility: Visibility, rule: dict[str, Any], lands: str | None
) -> None:
    case = tree(*FORK, links={"vendor>north": crossing(**rule)})
    what = content("vendor", visibility=visibility, to_link_id="lnk_vendor_north")

    assert readers(case, what) == ({"north": lands} if lands else {})


def test_the_neighbour_above_can_be_addressed_too() -> None:
    case = tree(*FORK)

    assert readers(case, content("vendor", to_link_id="lnk_customer_vendor")) == {"customer": "public"}


def test_a_neighbour_that_has_ended_cannot_be_addressed() -> None:
    case = tree(*FORK)
    put(case, "north", status=HopStatus.DECLINED)

    assert readers(case, content("vendor", to_link_id="lnk_vendor_north")) == {}


# the file, the rules of vendor>partner → whether the partner gets it
FILES = {
    "any file by default": ({"media_type": "application/zip"}, {}, True),
    "an allowed type": ({"media_type": "image/png"}, {"attachment_types": ("image/png",)}, True),
    "an allowed family": ({"media_type": "image/png"}, {"attachment_types": ("text/plain", "image/*")}, True),
    "another type": ({"media_type": "application/zip"}, {"attachment_types": ("image/*",)}, False),
    "a type that only begins alike": (
        {"media_type": "imagery/x"},
        {"attachment_types": ("image/*",)},
        False,
    ),
    "no type at all": ({"media_type": None}, {"attachment_types": ("image/*",)}, False),
    "as large as allowed": ({"blob_size": 100}, {"attachment_max_bytes": 100}, True),
    "larger than allowed": ({"blob_size": 101}, {"attachment_max_bytes": 100}, False),
    "of unknown size, for now": ({"blob_size": None}, {"attachment_max_bytes": 100}, True),
    "files do not go down this link": ({}, {"attachments_down": False}, False),
    "comments do not go down this link": ({}, {"comments_down": Carry.STOP}, False),
    "files do not go up this link": ({}, {"attachments_up": False}, True),
}


@pytest.mark.parametrize(("file", "rule", "arrives"), FILES.values(), ids=FILES.keys())
def test_a_file_crosses_as_the_link_allows(file: dict[str, Any], rule: dict[str, Any], arrives: bool) -> None:
    case = tree(*CHAIN, links={"vendor>partner": crossing(**rule)})
    what = content("vendor", kind=ContentKind.ATTACHMENT, **({"media_type": "text/plain"} | file))

    assert ("partner" in readers(case, what)) is arrives


def test_an_addressed_file_is_bound_by_the_links_rules_for_files() -> None:
    case = tree(*FORK, links={"vendor>north": crossing(addressed_notes=True, attachments_down=False)})
    file = content("vendor", kind=ContentKind.ATTACHMENT, visibility=PRIVATE, to_link_id="lnk_vendor_north")

    assert readers(case, file) == {}


# -- over every small tree and every set of rules ----------------------------------------------------------------------

CODES = ("a", "b", "c", "d", "e")
CROSSINGS = st.builds(
    Crossing,
    comments_down=st.sampled_from(Carry),
    comments_up=st.sampled_from(Carry),
    addressed_notes=st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    parents = [draw(st.integers(0, place - 1)) for place in range(1, len(CODES))]
    written = [f"{CODES[parent]}>{CODES[place]}" for place, parent in enumerate(parents, start=1)]
    case = tree(*written, links={edge: {"crossing": draw(CROSSINGS)} for edge in written})
    for code in CODES[1:]:
        put(case, code, status=draw(st.sampled_from([HopStatus.IN_PROGRESS, HopStatus.DECLINED])))
    return case


@st.composite
def contents(draw: st.DrawFn) -> Content:
    link_ids = [None, *(f"lnk_{up}_{down}" for up in CODES for down in CODES if up < down)]
    return content(
        draw(st.sampled_from(CODES)),
        visibility=draw(st.sampled_from(Visibility)),
        automatic=draw(st.booleans()),
        to_link_id=draw(st.sampled_from(link_ids)),
    )


def related(case: Case, one: str, other: str) -> bool:
    """Whether one hop is above the other in the tree."""
    return one in above(case, other) or other in above(case, one)


def above(case: Case, hop_id: str) -> list[str]:
    parent = case.hops[hop_id].parent_id
    return [] if parent is None else [parent, *above(case, parent)]


@PROPERTY
@given(cases(), contents())
def test_in_any_tree_under_any_rules(case: Case, what: Content) -> None:
    reached = audience(case, what)
    origin = case.hops[what.origin_hop_id]

    assert origin.id not in reached
    assert all(related(case, origin.id, hop_id) for hop_id in reached), "a sibling reads it"
    if what.visibility is PRIVATE:
        assert set(reached.values()) <= {PRIVATE}
        assert what.to_link_id is not None or not reached
    if what.to_link_id is not None:
        assert len(reached) <= 1
        link = case.directory.links.get(what.to_link_id)
        ends = {link.upstream_desk_id, link.downstream_desk_id} if link else set()
        assert all({origin.desk_id, case.hops[hop_id].desk_id} == ends for hop_id in reached)


@PROPERTY
@given(cases(), contents())
def test_nothing_is_published_past_a_desk_that_got_it_as_internal_or_not_at_all(
    case: Case, what: Content
) -> None:
    reached = audience(case, what)
    origin = what.origin_hop_id
    for hop_id in reached:
        way = above(case, hop_id) if origin in above(case, hop_id) else above(case, origin)
        end = origin if origin in way else hop_id
        between = way[: way.index(end)] if end in way else way
        assert all(reached.get(step) is PUBLIC for step in between if step != hop_id)
