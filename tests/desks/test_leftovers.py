"""What a test run started goes with it, even when it is killed and can clean up nothing. Needs no desk."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.desks.launch.reaper import remembered

STARTS_AND_WAITS = """
import subprocess, sys, time
from pathlib import Path
from tests.desks.launch import leftovers
place, link = Path(sys.argv[1]), Path(sys.argv[2])
kept, forgotten = (subprocess.Popen(["sleep", "60"], start_new_session=True).pid for _ in range(2))
leftovers.remember("group", kept)
leftovers.remember("group", forgotten)
leftovers.forget("group", forgotten)
leftovers.remember("link", link)
leftovers.remember("directory", place)
print(kept, forgotten, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_nothing_outlives_the_run(tmp_path: Path, how: signal.Signals) -> None:
    place, link = tmp_path / "place", tmp_path / "link"
    (place / "below").mkdir(parents=True)
    link.symlink_to(place)
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(place), str(link)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        kept, forgotten = map(int, run.stdout.readline().split())
        run.send_signal(how)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (place.exists() or alive(kept)):
        time.sleep(0.01)
    try:
        assert [alive(kept), alive(forgotten), link.is_symlink(), place.exists()] == [
            False,
            True,
            False,
            False,
        ]
    finally:
        os.killpg(forgotten, signal.SIGKILL)


def alive(group: int) -> bool:
    """Whether a process of that group runs; one that ended and that nobody has collected yet does not."""
    try:
        state = Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_last_word_on_a_thing_counts() -> None:
    said = io.StringIO("+group 7\n+link /a b\n-group 7\n+directory /c\n-directory /c\n+group 7\n")
    assert remembered(said) == [("link", "/a b"), ("group", "7")]
