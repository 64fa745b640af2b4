"""Ends what a test run left behind, even when the run itself was killed and could clean up nothing.

A process of its own. It reads "+kind what" and "-kind what" lines (remember, forget) on standard input; when the
other end closes, for whatever reason, it kills the process groups, unlinks the links and removes the directories
that are still remembered.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path


def remembered(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The (kind, what) pairs announced and never taken back, oldest first."""
    left: dict[tuple[str, str], None] = {}
    for line in lines:
        sign, (kind, what) = line[0], line[1:].rstrip("\n").split(" ", 1)
        if sign == "+":
            left[kind, what] = None
        else:
            left.pop((kind, what), None)
    return list(left)


def end(kind: str, what: str) -> None:
    """Makes one remembered thing go away; that it is gone already is fine."""
    with contextlib.suppress(OSError):
        if kind == "group":
            os.killpg(int(what), signal.SIGKILL)
        elif kind == "link":
            Path(what).unlink()
        elif kind == "directory":
            shutil.rmtree(what, ignore_errors=True)


if __name__ == "__main__":
    left_behind = remembered(sys.stdin)
    for wanted in ("group", "link", "directory"):
        for found, name in left_behind:
            if found == wanted:
                end(found, name)
