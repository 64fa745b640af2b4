"""T16 over the whole suite, `pytest --canaries` (one process): every secret that is sealed, made or typed while the tests run is looked
for in what is logged at DEBUG, traces included, and in every database file when it is put away."""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from gateway import keys, logs, passwords
from gateway.passwords import Cost
from gateway.redaction import Redaction
from gateway.store.db import Database

SHORTEST = 16
"""Shorter ones stand in other words."""
LOUD = "gateway.x"
"""A logger of tests that say a secret on purpose."""
_WORDS = logging.Formatter("%(name)s %(levelname)s %(message)s")
MOST = 400
"""So many of the last are looked for: a test's own secrets are among them."""


class Watch:
    """Collects secrets and where they came out. `found`: (where, the beginning of the secret) → how often."""

    def __init__(self) -> None:
        self.planted: OrderedDict[str, str] = OrderedDict()
        self.count = 0
        self.lines = 0
        self.dumps = 0
        self.test = ""
        self.found: Counter[tuple[str, str]] = Counter()

    def plant(self, secret: str) -> None:
        """From now on it must not come out."""
        if len(secret) < SHORTEST or secret in self.planted:
            return
        self.count += 1
        self.planted[secret] = self.test
        if len(self.planted) > MOST:
            self.planted.popitem(last=False)

    def see(self, record: logging.LogRecord) -> None:
        """A line of anybody's, with what was given to it beside the message."""
        if record.name == LOUD or _is_quiet(record):
            return
        self.lines += 1
        beside = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
        self._look(
            f"log {record.name} in {self.test}", f"{_WORDS.format(record)} {beside}".encode(errors="replace")
        )

    def close_of(self, database: Database) -> None:
        """What lies on the disk when a database is put away."""
        name = database.engine.url.database if database.is_sqlite else None
        if name and name != ":memory:" and not name.startswith("file:"):
            self.dumps += 1
            for file in (name, f"{name}-wal"):
                self._look(f"database in {self.test}", _bytes_of(file))

    def _look(self, where: str, told: bytes) -> None:
        for secret in self.planted:
            if secret.encode(errors="replace") in told:
                self.found[where, f"{secret[:9]}…"] += 1


def _is_quiet(record: logging.LogRecord) -> bool:
    """Whether the product lets this logger speak of nothing below a warning."""
    return record.levelno < logging.WARNING and record.name.startswith(logs.QUIET)


_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def _bytes_of(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - a name, as the engine has it
            return opened.read()
    except OSError:
        return b""


class Canaries:
    """The plugin."""

    def __init__(self) -> None:
        self.watch = Watch()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Everything that takes a secret shows it to us first."""
        watch = self.watch
        remember, made, kept, close = Redaction.remember, keys._made, passwords.kept, Database.close

        def remembered(known: Redaction, secrets: Iterable[str]) -> None:
            told = list(secrets)
            for secret in told:
                watch.plant(secret)
            remember(known, told)

        def new(prefix: str, length: int, choose: Callable[[Sequence[str]], str]) -> str:
            found = made(prefix, length, choose)
            watch.plant(found)
            return found

        def hashed(password: str, cost: Cost) -> str:
            watch.plant(password)
            return kept(password, cost)

        def closed(database: Database) -> None:
            close(database)
            watch.close_of(database)

        handle = logging.Logger.handle

        def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
            watch.see(record)
            handle(logger, record)

        put = [
            (logging.Logger, "handle", handled),
            (Redaction, "remember", remembered),
            (Database, "close", closed),
        ]
        for where, name, ours in [*put, (keys, "_made", new), (passwords, "kept", hashed)]:
            setattr(where, name, ours)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Everybody logs everything."""
        self.watch.test = item.nodeid
        logging.getLogger().setLevel(logging.DEBUG)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The count, and every finding."""
        watch = self.watch
        terminalreporter.section("canaries")
        terminalreporter.line(
            f"{watch.count} secrets, {watch.lines} lines of log, {watch.dumps} databases: {len(watch.found)} findings"
        )
        for (where, secret), times in watch.found.most_common(200):
            terminalreporter.line(f"{secret} ×{times} {where}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A finding fails the run."""
        if self.watch.found and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
