"""A server as a child process: started, silent, gone, stopped with everything it started. Needs no desk."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.desks.launch import process
from tests.desks.launch.process import Command, DeskFailed, DeskProcess, free_port, run

SERVES = """
import http.server, os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
print(child.pid, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def command(directory: Path, port: int, code: str) -> Command:
    return Command(
        arguments=[sys.executable, "-u", "-c", code, str(port)], environment=dict(os.environ),
        log=directory / "server.log", ready_url=f"http://127.0.0.1:{port}/", ready_headers={},
    )  # fmt: skip


def test_stopping_ends_what_the_server_started(tmp_path: Path) -> None:
    server = DeskProcess(command(tmp_path, free_port(), SERVES))
    server.start()
    child = int((tmp_path / "server.log").read_text().split()[0])
    assert Path(f"/proc/{child}").exists()
    server.pause()
    server.stop()
    assert not server.running
    assert _gone(child)


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    server = DeskProcess(command(tmp_path, free_port(), "raise SystemExit('no such database')"))
    with pytest.raises(DeskFailed, match="no such database"):
        server.start()
    assert not server.running


def test_a_server_that_stays_silent_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "READY_S", 0.2)
    server = DeskProcess(command(tmp_path, free_port(), "import time; time.sleep(60)"))
    with pytest.raises(DeskFailed, match="no answer"):
        server.start()
    assert not server.running


def test_a_server_is_not_started_twice(tmp_path: Path) -> None:
    server = DeskProcess(command(tmp_path, free_port(), SERVES))
    server.start()
    try:
        with pytest.raises(DeskFailed, match="already started"):
            server.start()
    finally:
        server.stop()


def test_a_step_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    code = "import sys; print('half done'); sys.exit('disk full')"
    with pytest.raises(DeskFailed, match=r"ended with 1:\nhalf done\n\ndisk full"):
        run([sys.executable, "-c", code], environment=dict(os.environ), log=tmp_path / "setup.log")


def _gone(pid: int) -> bool:
    """Whether the process ends within a second; nobody here collects it, so an ended one may stay as a zombie."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False
