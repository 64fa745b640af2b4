"""The three languages say the same things, with the same gaps; which of them a visitor reads."""

import re
import string

import pytest

from gateway.domain.model import HopStatus, Priority, Reason
from gateway.domain.sla.terms import TargetKind
from gateway.words import LANGUAGES, Words, catalogue, chosen


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_gaps(language: str) -> None:
    english, found = catalogue("en"), catalogue(language)
    assert found.keys() == english.keys()
    assert [key for key in english if gaps(found[key]) != gaps(english[key])] == []
    assert all(text.strip() == text != "" for text in found.values())


@pytest.mark.parametrize("language", ["ru", "it"])
def test_little_is_left_in_english(language: str) -> None:
    same = {key for key, text in catalogue(language).items() if text == catalogue("en")[key]}
    assert {key for key in same if not key.startswith(("unit.", "type.attachment"))} <= {
        "state.offered",
        "flag.no",
    }


def test_russian_is_written_in_cyrillic() -> None:
    odd = {key for key, text in catalogue("ru").items() if not re.search("[а-я]", text, flags=re.IGNORECASE)}
    assert odd <= {"unit.point"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_closed_vocabularies_are_translated(language: str) -> None:
    known = catalogue(language)
    wanted = [
        *(f"code.{one}" for one in Reason),
        *(f"priority.{one}" for one in Priority),
        *(f"target.{one}" for one in TargetKind),
        *(f"state.{one}" for one in HopStatus),
    ]
    assert [key for key in wanted if key not in known] == []
    assert (len(Words(language).listed("months")), len(Words(language).listed("weekdays"))) == (12, 7)


def test_a_word_that_nobody_translated_stands_as_it_is() -> None:
    assert Words("it").term("code", "waiting_cab") == "waiting cab"
    assert Words("xx").language == "en"


@pytest.mark.parametrize(
    ("asked", "accepted", "own", "language"),
    [
        ("ru", "it", "it", "ru"),
        ("xx", "it", "ru", "it"),
        ("", "ru-RU,ru;q=0.9,en;q=0.8", "it", "ru"),
        ("", "fr, it;q=0.5, en;q=0.1", "ru", "it"),
        ("", "en;q=0, it;q=0.1", "ru", "it"),
        ("", "fr;q=much,*", "ru", "ru"),
        ("", "", "", "en"),
        ("", "," * 10_000, "it", "it"),
    ],
    ids=["asked", "unknown", "region", "weights", "unwanted", "unreadable", "nothing", "hostile"],
)
def test_the_language_is_chosen(asked: str, accepted: str, own: str, language: str) -> None:
    assert chosen(asked, accepted, own) == language
