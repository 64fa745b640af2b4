"""What goes wrong around the desks while a storm lasts: faults of single calls, outages of hours, clocks; and webhooks that
are lost, doubled, late or out of order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from gateway.testing.loopback.desk import LoopbackDesk, http_date
from gateway.testing.loopback.faults import Call, Fault, FaultKind
from gateway.testing.loopback.hooks import Hook

SETTLES_WITHIN = timedelta(seconds=20)
"""A late application within this is what settle windows are for: with the longest search lag (15 s) and a step of our own
clock (20 s) it stays below the loopback desk's window (60 s)."""
RARE = frozenset({FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN, FaultKind.LOGIN_PAGE, FaultKind.THROTTLE})


@dataclass(kw_only=True)
class Weather:
    """The fault plan of one desk. `rate` of all calls go wrong until `stops_at`; `down` are its outages. `beyond` says
    whether a write may be applied later than any settle window; `too_late` counts those."""

    random: Random
    rate: float
    stops_at: datetime
    down: list[tuple[datetime, datetime]] = field(default_factory=list)
    beyond: bool = False
    too_late: int = 0
    met: Counter[FaultKind] = field(default_factory=Counter)

    def __call__(self, call: Call) -> Fault | None:
        fault = self._throw(call)
        if fault is not None:
            self.met[fault.kind] += 1
        return fault

    def _throw(self, call: Call) -> Fault | None:
        if call.now >= self.stops_at:
            return None
        if any(start <= call.now < end for start, end in self.down):
            return Fault(kind=FaultKind.REFUSE)
        if self.random.random() >= self.rate:
            return None
        kinds = list(FaultKind)
        [kind] = self.random.choices(kinds, [1 if kind in RARE else 6 for kind in kinds])
        return Fault(kind=kind, after=self._delay(kind, call), retry_after=self._retry_after(call.now))

    def _delay(self, kind: FaultKind, call: Call) -> timedelta:
        if kind is FaultKind.APPLY_LATE and call.writes and self.beyond and self.random.random() < 0.3:
            self.too_late += 1
            return SETTLES_WITHIN + timedelta(minutes=self.random.uniform(1, 60))
        return SETTLES_WITHIN * self.random.random()

    def _retry_after(self, now: datetime) -> str | None:
        soon = http_date(now + timedelta(seconds=90))
        return self.random.choice(("0", "1", "30", "600", soon, "soon", "-5", "", None))


@dataclass(kw_only=True)
class Post:
    """The way of the webhooks. `trouble` is the share that is lost, doubled or late."""

    random: Random
    now: Callable[[], datetime]
    trouble: float
    stops_at: datetime
    waiting: list[tuple[datetime, str, Hook]] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)

    def put(self, code: str, hook: Hook) -> None:
        """A desk sends one."""
        now = self.now()
        if now >= self.stops_at or self.random.random() >= self.trouble:
            self.waiting.append((now, code, hook))
            return
        fate = self.random.choice(("lost", "doubled", "late", "late"))
        self.met[f"hook {fate}"] += 1
        late = now + timedelta(seconds=self.random.uniform(1, 400))
        if fate == "doubled":
            self.waiting += [(now, code, hook), (late, code, hook)]
        elif fate == "late":
            self.waiting.append((late, code, hook))

    def due(self) -> list[tuple[str, Hook]]:
        """What arrives now; in a storm not always in order."""
        now = self.now()
        arrived = [(code, hook) for at, code, hook in self.waiting if at <= now]
        self.waiting = [one for one in self.waiting if one[0] > now]
        if now < self.stops_at and len(arrived) > 1 and self.random.random() < self.trouble:
            self.random.shuffle(arrived)
            self.met["hook reordered"] += 1
        return arrived

    def put_back(self, code: str, hook: Hook) -> None:
        """It was not taken: a desk tries once more, a little later, or gives up."""
        if self.random.random() < 0.8:
            self.waiting.append((self.now() + timedelta(seconds=5), code, hook))


def disturb_clock(desk: LoopbackDesk, random: Random) -> None:
    """The desk's clock jumps by up to a minute, or drifts a little."""
    seconds = random.choice((random.uniform(-60, 60), random.uniform(-2, 2)))
    desk.cabinet.clock_offset += timedelta(seconds=seconds)
