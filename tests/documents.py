"""Reads the repository's documents for the tests that keep them true: files, code spans, paths, links and commands."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)")
_COMMAND = re.compile(r"\binterdesk((?: [a-z][a-z-]*)+)")


def tracked(*suffixes: str) -> list[Path]:
    """Files of the repository, those not yet added included, those ignored left out; from the top, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted(set(listed.stdout.split("\0")) - {""})
    return [
        CHECKOUT / name for name in names if name.endswith(suffixes or "") and (CHECKOUT / name).is_file()
    ]


def spans(text: str) -> list[str]:
    """What stands in single backticks, outside fenced blocks."""
    return _SPAN.findall(_FENCE.sub("", text))


def paths(text: str, top_level: frozenset[str]) -> Iterator[str]:
    """Code spans that look like a path of this repository; patterns (`<name>`, `*`, `{a,b}`) are not taken for one."""
    for span in spans(text):
        path = re.sub(r":\d+$|::.*$|/$", "", span)
        folder, slash, _ = path.partition("/")
        if folder in top_level and (slash or "." in folder) and not re.search(r"[\s<>*{}$…]", path):
            yield path


def links(text: str) -> Iterator[str]:
    """Targets of Markdown links that point into the repository."""
    return (
        target for target in _LINK.findall(_FENCE.sub("", text)) if "://" not in target and ":" not in target
    )


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """The words behind `interdesk` in code spans and fenced blocks, up to the first option or argument that is no word."""
    for piece in (*spans(text), *_FENCE.findall(text)):
        for words in _COMMAND.findall(piece):
            yield tuple(words.split())
