"""The clocks of desks against ours, as answers show them (R3): samples that say something new are kept, before anything is
judged by them."""

import threading

from gateway.domain.offsets import is_news
from gateway.domain.outcome import ClockSample
from gateway.flows.context import Context
from gateway.store import offsets


class Offsets:
    """Thread-safe; one for a process. After a start the first sample of each desk is news."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._kept: dict[str, ClockSample] = {}
        self._fresh: list[tuple[str, str, ClockSample]] = []

    def learn(self, org_id: str, desk_id: str, sample: ClockSample | None) -> None:
        """Take a sample of a desk's clock, if its answer had one."""
        if sample is None:
            return
        with self._lock:
            if is_news(self._kept.get(desk_id), sample):
                self._kept[desk_id] = sample
                self._fresh.append((org_id, desk_id, sample))

    def write_down(self) -> None:
        """Keep what is new. Nothing is asked of the database where nothing is."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        try:
            with self._context.database.write() as db:
                new_id = self._context.new_id
                offsets.keep(db, [(new_id("off"), org_id, desk_id, one) for org_id, desk_id, one in fresh])
        except BaseException:
            with self._lock:
                self._fresh = fresh + self._fresh
            raise
