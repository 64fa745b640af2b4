"""Letters speak three languages, and say the same in each."""

import string

import pytest

from gateway.domain import letters
from gateway.domain.letters import _BODIES, _SUBJECTS

FACTS = {
    name: name.upper()
    for name in (
        "mark",
        "target",
        "number",
        "due",
        "agreement",
        "holder",
        "url",
        "who",
        "title",
        "headlines",
        "webhook",
        "why",
        "period",
        "schedule",
        "at",
        "version",
        "minutes",
        "since",
        *("end", "days", "provider", "consumer"),
        "warning",
        *("link", "desk", "check", "cure", "lines"),
    )
}
EVERY = [
    *((kind, words) for kind, words in _SUBJECTS.items()),
    *((kind, words) for kind, words in _BODIES.items()),
]


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("kind", "words"), EVERY, ids=[kind for kind, _ in EVERY])
def test_each_is_said_in_every_language_with_the_same_facts(kind: str, words: dict[str, str]) -> None:
    assert words.keys() == {"en", "ru", "it"}
    assert len({frozenset(named(text)) for text in words.values()}) == 1


def test_a_language_that_is_not_spoken_is_english() -> None:
    assert letters.subject("below", "fi", number="7") == "There is a hurry: ticket 7"


def test_what_is_not_known_is_a_dash() -> None:
    assert letters.body("below", "en", number="7", holder="", url="").startswith("A target")
    assert "with –" in letters.body("below", "en", number="7", holder="", url="")


@pytest.mark.parametrize(
    "kind", ["response", "acceptance", "attendance", "restoration", "resolution", "update"]
)
@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_every_target_has_a_word(kind: str, language: str) -> None:
    assert letters.target_word(kind, language)


def test_all_facts_fit() -> None:
    for kind in _SUBJECTS:
        assert "{" not in letters.subject(kind, "it", **FACTS)
    for kind in _BODIES:
        assert "{" not in letters.body(kind, "ru", **FACTS)
