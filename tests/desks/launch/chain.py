"""The four desks of the tests, started side by side: customer(RT) → vendor(Redmine) → partner(RT) → subcontractor(Roundup)."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.desks.launch import leftovers
from tests.desks.launch.clock import DeskClock
from tests.desks.launch.desk import Desk
from tests.desks.launch.redmine import Redmine
from tests.desks.launch.request_tracker import RequestTracker
from tests.desks.launch.roundup import Roundup

STARTS: Mapping[str, Callable[..., Desk]] = {
    "customer": RequestTracker.start,
    "vendor": Redmine.start,
    "partner": RequestTracker.start,
    "subcontractor": Roundup.start,
}

Kind = TypeVar("Kind", bound=Desk)


class Chain:
    """Desks by name in a temporary directory of their own; leaving the context stops them and removes it.

    The given names begin to start at once, in parallel; others when first asked for. Asking waits until the desk answers
    and raises DeskFailed if it could not be started. With `ahead` each desk's clock is wrong by so much and stands still:
    `set` sets them all.
    """

    def __init__(
        self, names: Iterable[str] = tuple(STARTS), *, ahead: Mapping[str, timedelta] | None = None
    ) -> None:
        # Not below a directory that only root may enter: Roundup runs as nobody.
        self.directory = Path(tempfile.mkdtemp(prefix="interdesk-desks-"))
        self.directory.chmod(0o711)
        leftovers.remember("directory", self.directory)
        wrong = ahead or {}
        self._clocks = {
            name: DeskClock(self.directory / f"{name}.clock", ahead=off) for name, off in wrong.items()
        }
        self.set(datetime.now(UTC))
        self._threads = ThreadPoolExecutor(max_workers=len(STARTS), thread_name_prefix="desk")
        self._desks: dict[str, Future[Desk]] = {}
        for name in names:
            self._begin(name)

    @property
    def customer(self) -> RequestTracker:
        return self._get("customer", RequestTracker)

    @property
    def vendor(self) -> Redmine:
        return self._get("vendor", Redmine)

    @property
    def partner(self) -> RequestTracker:
        return self._get("partner", RequestTracker)

    @property
    def subcontractor(self) -> Roundup:
        return self._get("subcontractor", Roundup)

    def set(self, moment: datetime) -> None:
        """It is that time now, give or take what each desk's clock is wrong."""
        for clock in self._clocks.values():
            clock.set(moment)

    def mend(self) -> None:
        """Resumes and starts again what a test has paused or stopped; waits for nothing that still starts."""
        for future in self._desks.values():
            if not future.done() or future.exception():
                continue
            desk = future.result()
            if desk.process.running:
                desk.resume()
            else:
                desk.restart()

    def close(self) -> None:
        """Stops every desk, also one that is just starting, and removes the directory."""
        self._threads.shutdown(wait=True)
        for future in self._desks.values():
            if not future.exception():
                future.result().stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        leftovers.forget("directory", self.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, name: str) -> None:
        clock = {"clock": self._clocks[name]} if name in self._clocks else {}
        self._desks[name] = self._threads.submit(STARTS[name], self.directory / name, name, **clock)

    def _get(self, name: str, kind: type[Kind]) -> Kind:
        if name not in self._desks:
            self._begin(name)
        desk = self._desks[name].result()
        assert isinstance(desk, kind)
        return desk
