"""How people write a ticket's number, and how desks do: with and without prefix, `#`, brackets or a desk's name before it."""

import re
from collections.abc import Iterable

LONGEST = 200
_EDGES = " \t\r\n\"'«»„“”()[]<>{}.,;:"
_TAIL = re.compile(r"\d[\w./-]*$")
_LEADING = re.compile(r"^[^\d]*")


def plain(text: str) -> str:
    """What was typed, without what stands around a number in a mail or a sentence."""
    return " ".join(text[:LONGEST].split()).strip(_EDGES)


def tail(text: str) -> str:
    """The number itself, from its first digit on: `7` of `RT #7`, `2024-001` of `INC-2024-001`; "" where there is no digit."""
    last = plain(text).rpartition("#")[2] or plain(text)
    digits = _TAIL.search(_LEADING.sub("", last))
    return digits[0] if digits else ""


def prefix(number: str) -> str:
    """What a desk writes before its numbers."""
    return (_LEADING.match(number) or [""])[0]


def spellings(text: str, samples: Iterable[str]) -> list[str]:
    """The ways in which desks may write the number that somebody typed, the very words first; `samples` are numbers of
    those desks. Bounded by the number of desks."""
    typed, core = plain(text), tail(text)
    found = [typed, typed.upper(), typed.lower()]
    if core:
        found += [core, f"#{core}", core.lstrip("0") or core]
        found += [f"{prefix(one)}{core}" for one in samples]
    return list(dict.fromkeys(one for one in found if one))
