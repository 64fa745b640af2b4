"""Processes of the gateway that begin at once: forked from one that has imported everything, where a new Python spends more
than a second of work on that. For tests that kill dozens. What lives and dies is a process of its own all the same."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path

from gateway import failpoints
from gateway.cli import main
from tests.cluster import hurried
from tests.cluster.process import ROOT, Process

PLAIN = ("-c", "from gateway.cli import main; main()")
HURRIED = ("-m", "tests.cluster.hurried")
for _name in (
    "gateway.cli.serve",
    "gateway.cli.schema",
    "gateway.cli.configuration",
    "gateway.api.site",
    "uvicorn",
):
    import_module(_name)  # what these commands load only when they are asked for
_DIES_WITH_ITS_PARENT = 1
"""PR_SET_PDEATHSIG of Linux' prctl(2)."""
_MADE = multiprocessing.get_context("forkserver")
_MADE.set_forkserver_preload([__name__])


class Child:
    """A forked process, asked as a `subprocess.Popen` is."""

    def __init__(self, made: BaseProcess) -> None:
        self._made = made
        self.pid = made.pid or 0

    @property
    def returncode(self) -> int | None:
        """As far as it has ended; negative: the signal that killed it."""
        return self._made.exitcode

    def poll(self) -> int | None:
        """The same, looked up."""
        return self._made.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired where it does not end in time."""
        self._made.join(timeout)
        if self._made.exitcode is None:
            raise subprocess.TimeoutExpired(self._made.name, timeout or 0)
        return self._made.exitcode


class Forked(Process):
    """One whose `arguments` are PLAIN or HURRIED and the words of the command."""

    def start(self) -> None:
        """Start it, anew if it ran before."""
        given = (self.arguments[2:], dict(self.environment), self.log, self.arguments[:2] == HURRIED)
        made = _MADE.Process(target=_live, args=given, name=self.name)
        made.start()
        self.running = Child(made)


def _live(words: tuple[str, ...], environment: Mapping[str, str], log: Path, hurry: bool) -> None:
    """What the command people use does, in this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIES_WITH_ITS_PARENT, signal.SIGKILL)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["interdesk", *words]
    failpoints.arm(environment)  # a new Python would read it when the product is first imported
    if hurry:
        hurried.hurry()
    main()
