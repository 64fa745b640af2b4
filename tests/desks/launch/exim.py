"""Debian's Exim as a child process: a real mail server on a free port that keeps what it takes for `*@desk.example` in one
file, refuses `nobody@…` for good and `later@…` for now. It may not write as root, so its folder belongs to its own user."""

import contextlib
import mailbox
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.desks.launch import leftovers
from tests.desks.launch.process import PATH, STOP_S, DeskFailed, free_port, tail

PROGRAM = "/usr/sbin/exim4"
USER = "Debian-exim"
READY_S = 20.0
CONFIGURATION = """
primary_hostname = mx.desk.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
disable_ipv6 = true
host_lookup =
rfc1413_query_timeout = 0s
never_users =
keep_environment =
acl_smtp_rcpt = recipient
begin acl
recipient:
  deny local_parts = nobody
       message = no such user here
  defer local_parts = later
        message = try again
  accept domains = desk.example
  deny message = no relay
begin routers
here:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/inbox
  user = {user}
  group = {user}
  message_prefix = "From gateway Thu Jan  1 00:00:00 1970\\n"
  message_suffix = "\\n"
begin retry
"""


class Exim:
    """A mail server for as long as the block lasts."""

    @staticmethod
    def missing() -> str:
        """Why it cannot run here; empty if it can."""
        return "" if Path(PROGRAM).exists() else "exim4 is not installed: deploy/install-desks"

    def __enter__(self) -> Self:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="interdesk-exim-"))
        leftovers.remember("directory", self._folder)
        for name in ("spool", "log"):
            (self._folder / name).mkdir()
        text = CONFIGURATION.format(folder=self._folder, port=self.port, user=USER)
        (self._folder / "exim.conf").write_text(text)
        owner = pwd.getpwnam(USER)
        for path in (self._folder, *self._folder.iterdir()):
            if path.name != "exim.conf":  # whoever may change it may run commands: it stays root's
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._log = self._folder / "exim.log"
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                [PROGRAM, "-C", str(self._folder / "exim.conf"), "-bdf"],
                env={"PATH": PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        leftovers.remember("group", self._child.pid)
        self._await_answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.terminate()
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        leftovers.forget("group", self._child.pid)
        shutil.rmtree(self._folder, ignore_errors=True)
        leftovers.forget("directory", self._folder)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                raise DeskFailed(f"ended before its first answer:\n{tail(self._log)}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                    if connection.recv(100).startswith(b"220"):
                        return
            except OSError:
                time.sleep(0.05)
        raise DeskFailed(f"no answer in {READY_S:.0f} s:\n{tail(self._log)}")

    def inbox(self, *, at_least: int, within: float = 20.0) -> list[Message]:
        """What it has delivered, as soon as there is so much of it. DeskFailed if there never is."""
        deadline = time.monotonic() + within
        while True:
            found = self._delivered()
            if len(found) >= at_least:
                return found
            if time.monotonic() > deadline:
                raise DeskFailed(f"{len(found)} letters after {within:.0f} s:\n{tail(self._log)}")
            time.sleep(0.05)

    def _delivered(self) -> list[Message]:
        path = self._folder / "inbox"
        if not path.exists():
            return []
        with contextlib.closing(mailbox.mbox(path, create=False)) as box:
            return list(box)
