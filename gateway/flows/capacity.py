"""How many exchanges each desk takes now: its concurrency and rate, what is under way, its breaker, whether it is held."""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import breaker, pace
from gateway.domain.breaker import Breaker
from gateway.domain.model import Desk
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.domain.pace import Bucket
from gateway.errors import (
    DeskGone,
    DeskRejected,
    DeskStale,
    DeskThrottled,
    DeskUnavailable,
    DeskUncertain,
    InterdeskError,
)
from gateway.flows.context import OPERATOR, Context
from gateway.flows.deliver import Outcome
from gateway.store import desks, workers

REFRESH = timedelta(seconds=1)
THROTTLED_FOR = timedelta(seconds=30)
"""The pause for a desk that says "too many requests" without saying for how long."""


_DOWN = frozenset(
    {
        Ground.UNREACHABLE,
        Ground.NO_ANSWER,
        Ground.SERVER_ERROR,
        Ground.UNREADABLE,
        Ground.UNEXPECTED_STATUS,
        Ground.OTHER_OBJECT,
    }
)
"""What a desk that is well does not do."""


def _answered(verdict: Verdict) -> bool:
    """A desk that says no is well; one that does not let us in is held, and our own refusals say nothing."""
    said_no = verdict.outcome in (OutcomeClass.PERMANENT, OutcomeClass.STALE)
    return said_no and (verdict.http_status is not None or verdict.reason is Ground.READ_BACK)


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """A desk's limits as far as they are this process's share."""

    concurrency: int
    rate: float


class Capacity:
    """Thread-safe. Breakers learned here are written down by `write_down`; others' are read every second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._changed: set[str] = set()
        self._returned: dict[str, datetime] = {}
        self._limits: dict[str, _Limits] = {}
        self._buckets: dict[str, Bucket] = {}
        self._read_at: datetime | None = None

    def room(self, now: datetime) -> dict[str, int]:
        """Desk id → how many more exchanges may start; desks without room are left out."""
        self._fresh(now)
        with self._lock:
            free = {desk_id: self._room_at(desk_id, limits, now) for desk_id, limits in self._limits.items()}
        return {desk_id: room for desk_id, room in free.items() if room > 0}

    def resting(self, now: datetime) -> set[str]:
        """Ids of desks that are not even asked what changed: their breaker is open, they asked for a pause, or the one
        call that tries them again is under way. A desk that is merely busy is none: polling must not starve."""
        self._fresh(now)
        with self._lock:
            return {
                desk_id
                for desk_id, state in self._breakers.items()
                if breaker.room(state, now=now, concurrency=self._under_way[desk_id] + 1)
                <= self._under_way[desk_id]
            }

    def _room_at(self, desk_id: str, limits: _Limits, now: datetime) -> int:
        """The least of what concurrency, breaker and rate allow; each process takes its share."""
        state = self._breakers.get(desk_id, Breaker())
        allowed = breaker.room(state, now=now, concurrency=limits.concurrency) - self._under_way[desk_id]
        known = self._buckets.get(desk_id)
        if known is None or known.rate != limits.rate:
            known = pace.full(limits.rate, now)
        self._buckets[desk_id] = pace.filled(known, now)
        return min(allowed, pace.exchanges(self._buckets[desk_id]))

    def _fresh(self, now: datetime) -> None:
        if self._read_at is None or now - self._read_at >= REFRESH or now < self._read_at:
            self._refresh(now)

    def _refresh(self, now: datetime) -> None:
        with self._context.database.read() as db:
            states = desks.states(db, OPERATOR)
            directory = self._context.directory(db)  # after them: a desk applied in between is known
            sharers = workers.alive(db, now=now)
        with self._lock:
            self._read_at = now
            self._limits = {
                state.desk_id: self._limits_of(directory.desks[state.desk_id], sharers)
                for state in states
                if not state.held
            }
            for state in states:
                if state.desk_id not in self._changed:
                    self._breakers[state.desk_id] = breaker.from_document(state.breaker)

    def _limits_of(self, desk: Desk, sharers: int) -> _Limits:
        manifest = self._context.connector(desk).manifest
        return _Limits(
            concurrency=max(1, manifest.concurrency // sharers), rate=manifest.rate_per_minute / 60 / sharers
        )

    def take(self, desk_id: str) -> None:
        """An exchange starts."""
        with self._lock:
            self._under_way[desk_id] += 1
            if desk_id in self._buckets:
                self._buckets[desk_id] = pace.taken(self._buckets[desk_id])

    def give(self, desk_id: str) -> None:
        """An exchange ended."""
        with self._lock:
            self._under_way[desk_id] -= 1

    def learn(self, outcome: Outcome, now: datetime) -> None:
        """What an errand says about its desk; one that broke off while its file was fetched, about the file's desk."""
        verdict, errand = outcome.verdict, outcome.errand
        at_origin = errand.command is None and errand.download is not None
        desk_id = errand.download.desk.id if at_origin and errand.download else errand.desk.id
        if verdict is None:
            self.learn_look(desk_id, outcome.error, now)
        elif verdict.reason is Ground.THROTTLED:
            pause = verdict.retry_after or THROTTLED_FOR
            self._put(desk_id, breaker.throttled(self._of(desk_id), now=now, pause=pause))
        elif verdict.reason in _DOWN:
            self._put(desk_id, breaker.failed(self._of(desk_id), now=now))
        elif verdict.outcome is OutcomeClass.APPLIED or _answered(verdict):
            self._well(desk_id, now)

    def learn_look(self, desk_id: str, error: InterdeskError | None, now: datetime) -> None:
        """What a read (a look, a poll, a probe) says about its desk."""
        match error:
            case None | DeskGone() | DeskRejected() | DeskStale():
                self._well(desk_id, now)
            case DeskThrottled(retry_after=pause):
                after = breaker.throttled(self._of(desk_id), now=now, pause=pause or THROTTLED_FOR)
                self._put(desk_id, after)
            case DeskUnavailable() | DeskUncertain():
                self._put(desk_id, breaker.failed(self._of(desk_id), now=now))
            case _:
                return

    def _well(self, desk_id: str, now: datetime) -> None:
        before = self._of(desk_id)
        since = breaker.outage(before, now=now)
        if since is not None:
            with self._lock:
                self._returned[desk_id] = since
        self._put(desk_id, breaker.succeeded(before))

    def returned(self) -> dict[str, datetime]:
        """Desk id → since when it was out, for those that came back since this was last asked."""
        with self._lock:
            told, self._returned = self._returned, {}
        return told

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
