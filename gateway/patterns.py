"""The one place where a regular expression that somebody else wrote is compiled: google-re2, which matches in linear time
and has no look-around and no back-references. What a pattern is for is said where it is used."""

from collections.abc import Callable

import re2

MAX_PATTERN = 500
"""Characters; longer ones are refused."""
MAX_MEMORY = 8 << 20
"""Bytes that a compiled pattern and its automaton may take."""
MAX_SIZE = 1_000
"""Instructions of a compiled pattern. What RE2 cannot keep as an automaton within its memory it steps through, and then
time is instructions times characters: 1000 over the longest text took 11 ms, 3000 took 340 ms (2026-11-22)."""
MAX_TEXT = 10_000
"""So many characters of a text are looked at."""

Matcher = Callable[[str], bool]


def compiled(pattern: str) -> Matcher:
    """Whether a text contains what the pattern describes. Raises ValueError, in words, for what cannot be compiled within
    the bounds."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters, at most {MAX_PATTERN} are read")
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_MEMORY
    try:
        found = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(f"the pattern cannot be used: {_words(error)}") from error
    if found.programsize > MAX_SIZE:
        what = f"the pattern is too large: it comes to {found.programsize} steps, at most {MAX_SIZE} are run"
        raise ValueError(f"{what}; repeat less, or write less")
    return lambda text: found.search(text[:MAX_TEXT]) is not None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
