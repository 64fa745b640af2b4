"""The gateway's own words: in every language, with every fact that is given."""

import string

import pytest

from gateway.domain.notes import _WORDS, say

LANGUAGES = ("en", "ru", "it")


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", _WORDS)
def test_every_sentence_is_there_in_every_language_with_the_same_facts(kind: str) -> None:
    words = _WORDS[kind]

    assert set(words) == set(LANGUAGES)
    assert all(slots(text) == slots(words["en"]) for text in words.values())


def test_facts_are_filled_in() -> None:
    assert say("declined", "it", who="Nord", reason="no") == "Nord ha rifiutato l'assegnazione. Motivo: no"


def test_an_empty_fact_shows_as_a_dash() -> None:
    assert say("declined", "en", who="North", reason="") == "North declined the assignment. Reason: –"


def test_a_language_nobody_taught_us_is_english() -> None:
    assert say("accepted", "tlh", who="North") == "North accepted the assignment."


def test_an_unknown_kind_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        say("no such thing", "en")


def test_words_of_people_are_not_read_as_slots() -> None:
    assert say("edited", "en", text="use {braces} and {0}") == "(edited) use {braces} and {0}"
