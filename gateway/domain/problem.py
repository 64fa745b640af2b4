"""What is wrong with a configuration, in words: where it stands, what is wrong, what would be right."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`unsupported`: nothing is mistaken, but a desk cannot do what is asked of it."""

    place: str
    what: str
    right: str = ""
    unsupported: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" + (f"; {self.right}" if self.right else "")


def suggestion(name: str, known: Iterable[str]) -> str:
    """The closest known name, or a few of those there are."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = ", …" if len(names) > 8 else ""
    return f"known: {', '.join(names[:8])}{more}" if names else "there is none yet"
