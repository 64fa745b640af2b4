"""How many exchanges each desk takes now: its concurrency, what is under way here, its breaker, whether it is held."""

import threading
from collections import Counter
from datetime import datetime, timedelta

from gateway.domain import breaker
from gateway.domain.breaker import Breaker
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.errors import DeskError, DeskThrottled, DeskUnavailable, DeskUncertain
from gateway.flows.context import OPERATOR, Context
from gateway.flows.deliver import Outcome
from gateway.store import desks

REFRESH = timedelta(seconds=1)
THROTTLED_FOR = timedelta(seconds=30)
"""The pause for a desk that says "too many requests" without saying for how long."""


class Capacity:
    """Thread-safe. Breakers learned here are written down by `write_down`; others' are read every second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._changed: set[str] = set()
        self._concurrency: dict[str, int] = {}
        self._read_at: datetime | None = None

    def room(self, now: datetime) -> dict[str, int]:
        """Desk id → how many more exchanges may start; desks without room are left out."""
        if self._read_at is None or now - self._read_at >= REFRESH or now < self._read_at:
            self._refresh(now)
        with self._lock:
            free = {
                desk_id: breaker.room(self._breakers.get(desk_id, Breaker()), now=now, concurrency=limit)
                - self._under_way[desk_id]
                for desk_id, limit in self._concurrency.items()
            }
        return {desk_id: room for desk_id, room in free.items() if room > 0}

    def _refresh(self, now: datetime) -> None:
        with self._context.database.read() as db:
            directory = self._context.directory(db)
            states = desks.states(db, OPERATOR)
        with self._lock:
            self._read_at = now
            self._concurrency = {
                state.desk_id: self._context.connector(directory.desks[state.desk_id]).manifest.concurrency
                for state in states
                if not state.held
            }
            for state in states:
                if state.desk_id not in self._changed:
                    self._breakers[state.desk_id] = breaker.from_document(state.breaker)

    def take(self, desk_id: str) -> None:
        """An exchange starts."""
        with self._lock:
            self._under_way[desk_id] += 1

    def give(self, desk_id: str) -> None:
        """An exchange ended."""
        with self._lock:
            self._under_way[desk_id] -= 1

    def learn(self, outcome: Outcome, now: datetime) -> None:
        """What an errand says about its desk."""
        verdict, desk_id = outcome.verdict, outcome.errand.desk.id
        if verdict is None:
            self.learn_look(desk_id, outcome.error, now)
        elif verdict.reason is Ground.THROTTLED:
            pause = verdict.retry_after or THROTTLED_FOR
            self._put(desk_id, breaker.throttled(self._of(desk_id), now=now, pause=pause))
        elif verdict.outcome is OutcomeClass.AMBIGUOUS or verdict.reason is Ground.UNREACHABLE:
            self._put(desk_id, breaker.failed(self._of(desk_id), now=now))
        elif verdict.outcome is OutcomeClass.APPLIED:
            self._put(desk_id, breaker.succeeded(self._of(desk_id)))

    def learn_look(self, desk_id: str, error: DeskError | None, now: datetime) -> None:
        """What a read says about its desk."""
        match error:
            case None:
                self._put(desk_id, breaker.succeeded(self._of(desk_id)))
            case DeskThrottled(retry_after=pause):
                after = breaker.throttled(self._of(desk_id), now=now, pause=pause or THROTTLED_FOR)
                self._put(desk_id, after)
            case DeskUnavailable() | DeskUncertain():
                self._put(desk_id, breaker.failed(self._of(desk_id), now=now))
            case _:
                return

    def _of(self, desk_id: str) -> Breaker:
        with self._lock:
            return self._breakers.get(desk_id, Breaker())

    def _put(self, desk_id: str, after: Breaker) -> None:
        with self._lock:
            if self._breakers.get(desk_id, Breaker()) != after:
                self._breakers[desk_id] = after
                self._changed.add(desk_id)

    def write_down(self) -> None:
        """Let every process see what was learned here."""
        with self._lock:
            changed = {desk_id: self._breakers[desk_id] for desk_id in self._changed}
            self._changed.clear()
        if changed:
            with self._context.database.write() as db:
                for desk_id, state in sorted(changed.items()):
                    desks.keep_breaker(db, desk_id, breaker.to_document(state))
