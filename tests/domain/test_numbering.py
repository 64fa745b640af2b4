"""A number as people write it, and as desks do."""

import pytest

from gateway.domain.numbering import plain, prefix, spellings, tail


@pytest.mark.parametrize(
    ("typed", "core"),
    [
        ("4711", "4711"),
        ("#4711", "4711"),
        ("RT #4711", "4711"),
        ("[desk.example #4711]", "4711"),
        ("desk2.example #4711", "4711"),
        ("INC-2024-001", "2024-001"),
        ("issue12", "12"),
        ("  «V-7».", "7"),
        ("REQ 7", "7"),
        ("nothing", ""),
        ("", ""),
    ],
)
def test_the_number_itself(typed: str, core: str) -> None:
    assert tail(typed) == core


@pytest.mark.parametrize(("number", "before"), [("V-7", "V-"), ("#7", "#"), ("7", ""), ("issue12", "issue")])
def test_what_a_desk_writes_before_it(number: str, before: str) -> None:
    assert prefix(number) == before


def test_every_desks_way_of_writing_is_tried_the_very_words_first() -> None:
    found = spellings("#7", ["V-1", "issue3", "12"])
    assert found[0] == "#7"
    assert {"7", "V-7", "issue7"} <= set(found)


@pytest.mark.parametrize("hostile", ["9" * 100_000, "#" * 5000, "\x00\r\n7", "%' OR 1=1 --7"])
def test_whatever_is_typed_stays_bounded(hostile: str) -> None:
    assert len(plain(hostile)) <= 200
    assert all(len(one) <= 220 for one in spellings(hostile, ["V-1"]))
