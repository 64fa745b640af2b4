"""How many requests a caller may make in a minute, over all processes: each takes some of them for itself and counts those
alone, so that the database is asked about every twentieth."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from gateway.flows.context import Context
from gateway.flows.principal import Principal
from gateway.store import repeats as store
from gateway.store.scope import Scope

WINDOW = 60
"""Seconds."""
SHARES = 20
MOST_CALLERS = 10_000


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is left of `most` in this minute, as far as this process knows, and after how many seconds the next begins."""

    most: int
    left: int
    again: int
    is_over: bool = False


@dataclass(kw_only=True)
class _Purse:
    window: int
    left: int = 0
    used: int = 0


@dataclass(kw_only=True)
class Meter:
    """Of one process. `most` requests a minute for each caller; 0: as many as come."""

    context: Context
    most: int
    _purses: dict[str, _Purse] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, who: Principal, *, now: datetime) -> Reading | None:
        """One request more; None where nothing is counted."""
        if not self.most:
            return None
        seconds = int(now.timestamp())
        window = seconds // WINDOW
        with self._lock:
            purse = self._purse(who.id, window)
            if not purse.left and purse.used < self.most:
                self._fill(who, purse)
            is_over = not purse.left
            purse.left -= 0 if is_over else 1
            left = purse.left + max(0, self.most - purse.used)
        return Reading(most=self.most, left=left, again=(window + 1) * WINDOW - seconds, is_over=is_over)

    def _purse(self, name: str, window: int) -> _Purse:
        purse = self._purses.get(name)
        if purse is None or purse.window != window:
            if len(self._purses) >= MOST_CALLERS:
                self._purses = {one: kept for one, kept in self._purses.items() if kept.window == window}
            purse = self._purses[name] = _Purse(window=window)
        return purse

    def _fill(self, who: Principal, purse: _Purse) -> None:
        """Take a share."""
        share = max(1, self.most // SHARES)
        wish = store.Wish(id=who.id, org_id=who.org_id, window=purse.window, wish=share, most=self.most)
        scope = Scope.of(who.org_id)
        with self.context.database.write(scope) as db:
            purse.left, purse.used = store.take(db, scope, wish)
