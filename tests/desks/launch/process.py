"""One server as a child process in its own process group: start, stop, pause, resume, restart. Knows no product."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.desks.launch import leftovers

READY_S = 90.0
STOP_S = 10.0
STEP_S = 120.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class DeskFailed(Exception):
    """A desk or one of its preparing steps ended badly; the text carries the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, and the request (URL, headers) that a ready server answers with 2xx."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready_url: str
    ready_headers: Mapping[str, str] = field(repr=False)


class DeskProcess:
    """Handle of one server. Not thread-safe: one test drives it at a time."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the group's leader, and so the number of the group. DeskFailed if it does not run."""
        if self._child is None:
            raise DeskFailed(f"not running: {self.command.arguments}")
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Returns when the server answers; DeskFailed when it ends or stays silent for 90 s."""
        if self._child is not None:
            raise DeskFailed(f"already started: {self.command.arguments}")
        with self.command.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command.arguments,
                env=self.command.environment,
                cwd=self.command.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        leftovers.remember("group", self._child.pid)
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the whole group, kindly at first. Nothing happens when it is stopped already."""
        if self._child is None:
            return
        group = self._child.pid
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kill below does not ask
            self._child.wait(STOP_S)
        self._signal(signal.SIGKILL)
        self._child.wait()
        self._child = None
        leftovers.forget("group", group)

    def restart(self) -> None:
        """Same command, so same data and same port. Starts it too when it was stopped."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freezes the whole group: connections are still taken by the kernel, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # the group has ended by itself
            os.killpg(self.pid, number)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_S
        with httpx.Client(trust_env=False, timeout=5, headers=dict(self.command.ready_headers)) as client:
            while not _answers(client, self.command.ready_url):
                if not self.running:
                    raise DeskFailed(f"ended before its first answer:\n{tail(self.command.log)}")
                if time.monotonic() > deadline:
                    raise DeskFailed(f"no answer in {READY_S:.0f} s:\n{tail(self.command.log)}")
                time.sleep(0.05)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


def run(arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> str:
    """One preparing step to its end: returns its standard output; the rest goes to `log`. DeskFailed if it fails."""
    with log.open("ab") as errors:
        step = subprocess.Popen(
            arguments, env=environment, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, start_new_session=True,
        )  # fmt: skip
    leftovers.remember("group", step.pid)
    with step:
        try:
            said = step.communicate(timeout=STEP_S)[0].decode(errors="replace")
        finally:
            _end(step.pid)
            step.wait()
            leftovers.forget("group", step.pid)
    if step.returncode:
        raise DeskFailed(f"{arguments} ended with {step.returncode}:\n{said[-2000:]}\n{tail(log)}")
    return said


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # as it should be: everything has ended by itself
        os.killpg(group, signal.SIGKILL)


def tail(log: Path) -> str:
    """The last 3,000 characters of a log."""
    return log.read_text(errors="replace")[-3000:] if log.exists() else "(no log)"


def free_port() -> int:
    """A free loopback port below the range the kernel hands out to clients.

    A port of that range (what binding to 0 gives) may be some client's own end by the time a stopped desk wants it back.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DeskFailed("no free port between 20000 and 32000")
