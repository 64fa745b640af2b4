"""A whole gateway over loopback desks in memory, driven step by step: the real domain, flows and store, no thread, no
socket, no waiting. Tests play scenes on it; the simulator plays millions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from threading import Lock

from gateway.domain.model import Message
from gateway.errors import SignatureInvalid
from gateway.flows import intake
from gateway.flows.capacity import Capacity
from gateway.flows.context import Context
from gateway.registry import Registry
from gateway.store import agenda, tables
from gateway.store.db import Database
from gateway.store.directory import prepare
from gateway.store.scratch import make_tables
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.hooks import Hook
from gateway.testing.loopback.wire import MemoryWire
from gateway.testing.plan import SECRET, Plan
from gateway.testing.stepped import SteppedWorker

__all__ = ["SECRET", "START", "Clock", "Hub", "Plan"]

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MOST_ROUNDS = 200
"""So many rounds without coming to rest, at one moment, mean that something goes round in circles."""

NEEDS = {
    "messages": ("read_messages",),
    "polls": ("claim_polls", "ask_polls", "store_polls"),
    "looks": ("claim_looks", "fetch", "judge"),
    "deliveries": ("claim", "send", "settle"),
    "doubts": ("claim_doubtful", "send", "settle"),
    "sweep": ("sweep",),
}
"""What a worker does about each kind of work, in this order."""


@dataclass(kw_only=True)
class Clock:
    """Time that passes only when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


class Hub:
    """The gateway of a `Plan`. `desks` are the loopback desks by code; `clock` is everybody's true time, `own_clock`
    what the gateway takes for it (the same, unless a test sets it wrong)."""

    def __init__(self, plan: Plan, *, database: Database | None = None, seed: int = 0) -> None:
        self.plan = plan
        self.clock = Clock()
        self.off_by = timedelta()
        self.random = Random(seed)  # noqa: S311 - a history that can be repeated is the point
        self.blobs: dict[str, bytes] = {}
        self.database = database or Database("sqlite://")
        self.registry = Registry()
        self.desks = {
            code: LoopbackDesk(plan.temper(code), clock=self.clock, seed=seed + place, hook_secret=SECRET)
            for place, code in enumerate(plan.desks)
        }
        self.wires = {
            f"dsk_{code}": MemoryWire(desk=desk, now=self.own_clock, blobs=self.blobs)
            for code, desk in self.desks.items()
        }
        self.at_the_wire = Lock()
        self._numbers = count(1)
        self._directory = plan.directory(self.registry)
        self._install()
        self.worker = self.new_worker("hub")

    def _install(self) -> None:
        make_tables(self.database)
        with self.database.write() as db:
            prepare(db, salt=self._directory.salt)
            for desk in self._directory.desks.values():
                row: dict[str, object] = {
                    "id": desk.id,
                    "org_id": desk.org_id,
                    "code": desk.code,
                    "connector": desk.connector,
                }
                row |= {"version": 1, "held": "", "poll_fence": 0}
                db.execute(tables.DeskRow.__table__.insert().values(**row))  # type: ignore[attr-defined]
            for name, sheet in self.plan.sheets().items():
                agreement = sheet["agreement"]
                kept = {"id": name, "org_id": agreement["org_id"], "code": agreement["code"]}
                sheet_row = kept | {"created_at": self.clock.now, "document": sheet}
                db.execute(tables.SheetRow.__table__.insert().values(**sheet_row))  # type: ignore[attr-defined]

    def own_clock(self) -> datetime:
        """The gateway's time."""
        return self.clock.now + self.off_by

    def new_worker(self, name: str) -> SteppedWorker:
        """A worker process that has just started: it remembers nothing."""
        context = Context(
            database=self.database,
            registry=self.registry,
            new_id=lambda prefix: f"{prefix}_{next(self._numbers):08d}",
            jitter=lambda: self.random.uniform(-1, 1),
        )
        context.use(self._directory)
        return SteppedWorker(
            context=context, wires=self.wires, now=self.own_clock, name=name, exchange=self.at_the_wire
        )

    @property
    def context(self) -> Context:
        """What the flows are given here."""
        return self.worker.context

    @property
    def capacity(self) -> Capacity:
        """How much each desk takes now."""
        return self.worker.capacity

    @property
    def now(self) -> datetime:
        """The gateway's time."""
        return self.own_clock()

    def hooks(self) -> list[tuple[str, Hook]]:
        """What the desks have to tell, (desk code, message), oldest first; the caller may lose or double them."""
        return [(code, hook) for code, desk in self.desks.items() for hook in desk.drain_hooks()]

    def receive(self, code: str, hook: Hook) -> bool:
        """Take one message in at the door. False if it was refused."""
        desk = self.context.directory_now.desks[f"dsk_{code}"]
        message = Message(
            id=self.context.new_id("msg"),
            desk_id=desk.id,
            received_at=self.now,
            body=hook.body,
            headers=hook.headers,
        )
        try:
            self.context.connector(desk).verify(message, desk, now=self.now)
        except SignatureInvalid:
            return False
        intake.accept(self.context, [(message, desk.org_id)])
        return True

    def agenda(self) -> dict[str, datetime]:
        """Kind of work → from when there is some."""
        with self.database.read() as db:
            return agenda.due(db)

    def step(self) -> int:
        """One round of whatever is due. Returns how much was done."""
        due = self.agenda()
        done = 0
        for kind, acts in NEEDS.items():
            if kind in due and due[kind] <= self.now:
                done += sum([getattr(self.worker, act)() for act in acts])
        return done

    def run(self, duration: timedelta = timedelta(), *, tick: timedelta = timedelta(seconds=1)) -> None:
        """Let `duration` pass, doing all there is to do when it is due (moments are whole ticks from now); hooks arrive
        at once and in order."""
        start, end = self.clock.now, self.clock.now + duration
        while True:
            self._until_quiet()
            if self.clock.now >= end:
                return
            ticks = max(1, -((start - self._next_moment()) // tick))
            self.clock.now = min(end, max(start + ticks * tick, self.clock.now + tick))

    def _next_moment(self) -> datetime:
        """When somebody has something to do: the gateway by its agenda, a desk by what it put off."""
        moments = [*self.agenda().values(), *(at for desk in self.desks.values() for at in desk.put_off())]
        later = [moment for moment in moments if moment > self.now]
        return min(later, default=datetime.max.replace(tzinfo=UTC) - timedelta(days=1)) - self.off_by

    def _until_quiet(self) -> None:
        for _ in range(MOST_ROUNDS):
            heard = self.hooks()
            for code, hook in heard:
                self.receive(code, hook)
            if not self.step() and not heard:
                return
        raise AssertionError("the gateway does not come to rest")
