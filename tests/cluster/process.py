"""One process of the gateway, and what can befall it: kill -9, a pause, the order to end."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0
"""Seconds to end after SIGTERM; more than a process gives itself on a busy machine."""


_AWAY = (
    "psycopg.OperationalError",
    "psycopg.errors.AdminShutdown",
    "psycopg.errors.IdleInTransactionSessionTimeout",  # of a process that stood still in mid-transaction
)


class Running(Protocol):
    """What is asked of a process that runs: as subprocess.Popen."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(kw_only=True)
class Process:
    """`arguments` follow `python`. What it says is added to `log`."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    running: Running | None = None

    @property
    def pid(self) -> int:
        """Of the process as it is now."""
        if self.running is None:
            raise RuntimeError(f"{self.name} does not run")
        return self.running.pid

    @property
    def said(self) -> str:
        """All it wrote."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def starts(self) -> int:
        """How often it came up."""
        return sum(line.startswith(("working", "listening on")) for line in self.said.splitlines())

    def complaints(self) -> list[str]:
        """Errors that it logged, other than of a database that was away or that let a paused process's transaction go:
        message and last words of the exception."""
        lines = [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]
        errors = [line for line in lines if line["level"] in ("error", "critical")]
        return [
            f"{self.name}: {line['message']}: {line.get('exception', '')[-300:]}"
            for line in errors
            if not any(word in line.get("exception", "") for word in _AWAY)
        ]

    def start(self) -> None:
        """Start it, anew if it ran before."""
        command = [*_dies_with_its_parent(), sys.executable, *self.arguments]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT
            )

    def kill(self) -> None:
        """As a power cut would."""
        self._signal(signal.SIGKILL)
        if self.running is not None:
            self.running.wait()

    def pause(self) -> None:
        """Stop it where it stands: it neither knows nor is known to be away."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on, as if no time had passed."""
        self._signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def ended(self) -> int:
        """Its exit code, once it has ended. Killed when it does not (subprocess.TimeoutExpired is raised)."""
        if self.running is None:
            raise RuntimeError(f"{self.name} does not run")
        try:
            return self.running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def discard(self) -> None:
        """Whatever state it is in, it is gone afterwards."""
        if self.running is not None and self.running.poll() is None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self.running is not None and self.running.poll() is None:
            os.kill(self.running.pid, number)


def _dies_with_its_parent() -> list[str]:
    """On Linux the kernel kills it, paused or not, when the thread that started it ends: start it from the main one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []
