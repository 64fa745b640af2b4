"""Opaque names: the same for the same, others for others, and nothing of what they name in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.marks import is_marker_of, keyed, marker, route_mark
from tests.builders import PROPERTY

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)


def test_a_marker_is_short_plain_and_always_the_same() -> None:
    first = marker("salt", "lnk_1", "hop_1|create")

    assert first == marker("salt", "lnk_1", "hop_1|create")
    assert re.fullmatch(r"idk-[a-z2-7]{16}", first)


@PROPERTY
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=2, max_size=5, unique=True))
def test_other_links_objects_and_installations_have_other_markers(named: list[tuple[str, str, str]]) -> None:
    assert len({marker(*one) for one in named}) == len(named)


@PROPERTY
@given(WORDS, WORDS)
def test_an_installation_knows_its_own_markers_from_anothers(link: str, thing: str) -> None:
    mark = marker("salt", link, thing)

    assert is_marker_of("salt", mark)
    assert not is_marker_of("pepper", mark)


@pytest.mark.parametrize(
    "text", ["", "idk-", "idk-abc", "T-1234567890123456", "idk-aaaaaaaaaaaaaaaaaaaaaaaa"]
)
def test_what_a_person_typed_is_no_marker(text: str) -> None:
    assert not is_marker_of("salt", text)


def test_the_parts_do_not_run_together() -> None:
    assert keyed("salt", "ab", "c") != keyed("salt", "a", "bc")


def test_a_route_mark_names_no_desk() -> None:
    assert route_mark("salt", "dsk_north") == route_mark("salt", "dsk_north")
    assert route_mark("salt", "dsk_north") != route_mark("other", "dsk_north")
    assert "north" not in route_mark("salt", "dsk_north")


def test_a_very_long_salt_is_taken() -> None:
    assert keyed("s" * 1000, "x") != keyed("s", "x")
