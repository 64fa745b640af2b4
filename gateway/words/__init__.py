"""The words that people read in English, Russian and Italian, and which of them a visitor reads."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ru", "it")
_FOLDER = Path(__file__).resolve().parent / "locales"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language, by key."""
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


class Words:
    """The texts of one language; called with a key and what stands in its gaps."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._texts = catalogue(self.language)

    def __call__(self, key: str, **gaps: object) -> str:
        """The text of that key. Raises KeyError for one that is not there."""
        return self._texts[key].format(**gaps)

    def term(self, kind: str, word: str) -> str:
        """A word of a closed vocabulary (`state`, `code`, `type` …); one that we do not know (an installation's own) as it
        stands, readable."""
        return self._texts.get(f"{kind}.{word}") or word.replace("_", " ").replace(".", ": ")

    def listed(self, key: str) -> list[str]:
        """A text that is a list: months, days of the week."""
        return self._texts[key].split()


def chosen(asked: str, accepted: str, own: str) -> str:
    """The language to show: the one asked for, else the best that the browser accepts, else the organization's own."""
    if asked in LANGUAGES:
        return asked
    for language in _preferred(accepted):
        if language in LANGUAGES:
            return language
    return own if own in LANGUAGES else LANGUAGES[0]


def _preferred(accepted: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110 12.5.4), most wanted first; what cannot be read is left out."""
    found = []
    for part in accepted[:500].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if name and weight > 0:
            found.append((weight, name.partition("-")[0].lower()))
    return [name for _, name in sorted(found, key=lambda one: -one[0])]
