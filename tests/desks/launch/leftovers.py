"""Remembers what must not outlive the test run, in a second process that survives ours (see reaper.py)."""

import atexit
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Literal

Kind = Literal["group", "link", "directory"]

_lock = threading.Lock()
_pipe: list[IO[str]] = []


def remember(kind: Kind, what: str | int | Path) -> None:
    """From now on the process group, link or directory goes when we go."""
    _say(f"+{kind} {what}\n")


def forget(kind: Kind, what: str | int | Path) -> None:
    """It was ended in good order; its number or name may be somebody else's tomorrow."""
    _say(f"-{kind} {what}\n")


def _say(line: str) -> None:
    with _lock:
        if not _pipe:
            _pipe.append(_start())
        _pipe[0].write(line)
        _pipe[0].flush()


def _start() -> IO[str]:
    # A session of its own: an interrupt typed at the terminal must not reach it before it has done its work.
    process = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("reaper.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    atexit.register(_finish, process)
    return process.stdin


def _finish(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=30)
