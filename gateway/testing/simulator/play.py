"""One seed played: a storm of people, faults and crashes, then calm until nothing moves, then the tickets are ended."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from gateway import failpoints
from gateway.domain.delivery import LEASE
from gateway.errors import InterdeskError
from gateway.flows import commands
from gateway.flows.context import OPERATOR
from gateway.store import agenda, cases
from gateway.store.db import Database
from gateway.testing.hub import NEEDS, Hub
from gateway.testing.loopback.hooks import Hook
from gateway.testing.simulator import quarrels, revisions
from gateway.testing.simulator.book import Book
from gateway.testing.simulator.crashes import Crash, CrashDice
from gateway.testing.simulator.findings import Held
from gateway.testing.simulator.people import ENDED, Crowd, Spot, native
from gateway.testing.simulator.weather import Post, Weather, disturb_clock
from gateway.testing.simulator.world import ROOT, World, conditional, make_world
from gateway.testing.stepped import SteppedWorker

Trace = Callable[[str], None]
WORKERS = 2
CALM_ROUNDS = 4000
QUIET_FOR = timedelta(minutes=6)
"""So long nothing may happen but polls before the installation counts as quiet: each desk is polled in between."""
REFETCHED_IN = timedelta(minutes=32)
"""By then every open hop was looked at once more."""
IDLE_STEP = timedelta(seconds=40)
LULL = 0.03
"""How often nothing happens for long in the midst of a storm."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """How big a history is and how rough: tickets, acts of people, the share of calls and hooks that go wrong, the chance
    of a crash at a failpoint."""

    tickets: int = 8
    acts: int = 100
    faults: float = 0.06
    hooks: float = 0.2
    crashes: float = 0.004
    quarrels: bool = False
    """Desks contradict each other: rules that answer each other, auto-responders, a ring."""
    conditional: bool = False
    """Every desk is written to only as the gateway knew it (the loopback connector's `conditional`)."""
    revisions: bool = False
    """People correct, hide and remove what they said; tickets are deleted and merged (simulator/revisions)."""
    restores: bool = False
    """A backup is made in the storm and put back hours later (simulator/restores)."""


QUARREL = Script(faults=0.0, crashes=0.002, quarrels=True)
PEACE = Script(faults=0.0, hooks=0.0, crashes=0.0)


@dataclass(kw_only=True)
class Play:
    """One history under way."""

    seed: int
    script: Script
    database: Database | None = None
    threads: ThreadPoolExecutor | None = None
    trace: Trace = field(default=lambda _line: None)
    stuck: list[str] = field(default_factory=list)
    cancelled: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a history that can be repeated is the point
        make = quarrels.make_quarrel if self.script.quarrels else make_world
        self.world: World = make(self.random)
        if self.script.conditional:
            self.world = conditional(self.world)
        if self.script.revisions:
            self.world = revisions.revisable(self.world, Random(self.seed + 3))  # noqa: S311
        self.hub = Hub(self.world.plan, database=self.database, seed=self.seed)
        self.rules = quarrels.make_rules(self.random, self.hub.desks) if self.script.quarrels else []
        self.rest: quarrels.Rest | None = None
        self.unlike: list[str] = []
        self.book = Book()
        people = revisions.SecondThoughts if self.script.revisions else Crowd
        self.crowd = people(
            world=self.world, desks=self.hub.desks, book=self.book, random=self.random,
            most_tickets=self.script.tickets, now=self.hub.clock, trace=self._tell,
        )  # fmt: skip
        self.dice = CrashDice(random=Random(self.seed + 1), rate=self.script.crashes)  # noqa: S311
        self.over_at = datetime.max.replace(tzinfo=self.hub.clock.now.tzinfo)
        self.post = Post(
            random=self.random, now=self.hub.clock, trouble=self.script.hooks, stops_at=self.over_at
        )
        self.weathers = {code: self._weather() for code in self.hub.desks}
        self.workers = [self.hub.new_worker(f"worker{number}") for number in range(WORKERS)]
        self.paused: dict[int, datetime] = {}
        # What a worker does first, all through a history: a desk may be slow to show its tickets, or quick to take a write.
        self.needs = Random(self.seed + 2).sample(list(NEEDS.items()), len(NEEDS))  # noqa: S311

    def _weather(self) -> Weather:
        rough = self.script.faults > 0
        start = self.hub.clock.now + timedelta(minutes=self.random.uniform(5, 30))
        down = [(start, start + timedelta(hours=self.random.uniform(0.1, 4)))]
        return Weather(
            random=self.random, rate=self.script.faults * self.random.choice((0, 1, 2)),
            stops_at=self.over_at, down=down if rough and self.random.random() < 0.3 else [],
            beyond=self.random.random() < 0.15,
        )  # fmt: skip

    def _tell(self, line: str) -> None:
        self.trace(f"{self.hub.clock.now:%d %H:%M:%S} {line}")

    def run(self) -> None:
        """The whole history."""
        self._begin()
        with failpoints.installed(self.dice):
            self._storm()
            self._calm()
            self._rest()
            self.settle(quiet_for=REFETCHED_IN)
            self._end_tickets()
            self.settle()

    def _begin(self) -> None:
        """The installation begins with its first poll: what happened before is none of its business."""
        self.hub.step()
        self.hub.clock.advance(timedelta(seconds=1))
        for code, weather in self.weathers.items():
            self.hub.desks[code].faults = weather

    def _storm(self) -> None:
        left = self.script.acts
        while left > 0:
            for _ in range(min(left, self.random.randint(0, 2 + self.script.tickets // 2))):
                self.crowd.act()
                left -= 1
            self._rules_act()
            self._mishaps()
            self._deliver_hooks()
            self._turns()
            self.hub.clock.advance(self._pause())

    def _pause(self) -> timedelta:
        """Mostly seconds; now and then so long that offers lapse, leases run out and hops are due to be looked at again."""
        if self.random.random() < LULL:
            return timedelta(minutes=self.random.uniform(10, 60))
        return timedelta(seconds=self.random.choice((0, 0.2, 1, 5, 20, 60)))

    def _mishaps(self) -> None:
        """What happens now and then while it storms: clocks, pauses, commands, an operator who releases a held desk."""
        rough, chance = self.script.faults > 0, self.random.random
        if rough and chance() < 0.02:
            self.hub.off_by = timedelta(seconds=self.random.uniform(-10, 10))
            self.post.met["own clock stepped"] += 1
        if rough and chance() < 0.03:
            disturb_clock(self.hub.desks[self.random.choice(list(self.hub.desks))], self.random)
            self.post.met["desk clock moved"] += 1
        if rough and chance() < 0.02:
            number = self.random.randrange(WORKERS)
            self.paused[number] = self.hub.clock.now + LEASE * self.random.uniform(0.1, 2)
            self.post.met["worker paused"] += 1
        if chance() < 0.05:
            self._operate()
        if chance() < 0.05:
            self._command()

    def _deliver_hooks(self) -> None:
        for code, hook in self.hub.hooks():
            self.post.put(code, hook)
        for code, hook in self.post.due():
            self._receive(code, hook)

    def _receive(self, code: str, hook: Hook) -> None:
        try:
            if not self.hub.receive(code, hook):
                self.post.met["hook refused"] += 1
        except Crash:
            self.post.put_back(code, hook)

    def _turns(self) -> None:
        """Each worker in turn; on a database that serves many at once, all at once in threads of their own."""
        if self.threads is None:
            for number in range(WORKERS):
                self._turn(number)
        else:
            list(self.threads.map(self._turn, range(WORKERS)))

    def _turn(self, number: int) -> None:
        """One worker does some of what is due, in the worker's order, or is paused."""
        if self.paused.get(number, self.hub.clock.now) > self.hub.clock.now:
            return
        due, worker = self.hub.agenda(), self.workers[number]
        now = self.hub.now
        wanted = [kind for kind in NEEDS if due.get(kind, now + LEASE) <= now or worker.busy]
        try:
            for kind in wanted:
                for act in NEEDS[kind]:
                    if self.random.random() < 0.75:
                        self._act(worker, act)
        except Crash as crash:
            self._tell(f"{worker.name} dies at {crash}")
            self.workers[number] = self.hub.new_worker(worker.name)

    def _act(self, worker: SteppedWorker, act: str) -> None:
        if act in ("send", "fetch") and self.random.random() < 0.3:
            getattr(worker, act)(self.random.randint(1, 5))
        else:
            getattr(worker, act)()

    def _calm(self) -> None:
        """Faults stop; clocks are right again; nobody crashes any more."""
        self.dice.armed = False
        self.hub.off_by = timedelta()
        self.paused.clear()
        self.post.stops_at = self.hub.clock.now
        for weather in self.weathers.values():
            weather.stops_at = self.hub.clock.now
        self._tell("calm")

    def _rest(self) -> None:
        """Rules of desks go on; until nothing moves any more."""
        if self.script.quarrels:
            calm_at, before = self.hub.clock.now, quarrels.changes(self.hub)
            self.settle()
            rested_at, after = self.hub.clock.now - QUIET_FOR, quarrels.changes(self.hub)
            tickets = {code: desk.tickets() for code, desk in self.hub.desks.items()}
            held = Held(world=self.world, book=self.book, tickets=tickets)
            self.unlike = list(quarrels.not_converged(self.hub, held))
            self.rest = quarrels.Rest(calm_at=calm_at, rested_at=rested_at, before=before, after=after)

    def settle(self, *, quiet_for: timedelta = QUIET_FOR) -> None:
        """Let time pass until nothing moved for so long, or give up."""
        quiet_since: datetime | None = None
        for _ in range(CALM_ROUNDS):
            self._operate()
            moved = self._round()
            now = self.hub.clock.now
            if moved:
                quiet_since = None
            quiet_since = quiet_since or now
            step = IDLE_STEP
            if self._open_work():
                step = timedelta(seconds=1)
            elif now - quiet_since >= quiet_for:
                return
            self.hub.clock.now = max(self._next_moment(), now + step)
        self.stuck.append("the installation does not come to rest")

    def _round(self) -> bool:
        """One round of everything; whether anything but looking around was done."""
        before = self._done_so_far()
        self._rules_act()
        self._deliver_hooks()
        for number in range(WORKERS):
            worker, due = self.workers[number], self.hub.agenda()
            for kind, acts in self.needs:
                if due.get(kind, self.hub.now + LEASE) <= self.hub.now or worker.busy:
                    for act in acts:
                        getattr(worker, act)()
        return self._done_so_far() != before

    def _rules_act(self) -> None:
        for rule in self.rules:
            rule.act(self.hub.clock.now)

    def _done_so_far(self) -> tuple[int, ...]:
        return tuple(len(desk.cabinet.changes) for desk in self.hub.desks.values())

    def _open_work(self) -> bool:
        with self.hub.database.read() as db:
            undone = bool(agenda.undone(db))
        late = any(desk.waiting() for desk in self.hub.desks.values())
        return undone or late or bool(self.post.waiting) or any(worker.busy for worker in self.workers)

    def _next_moment(self) -> datetime:
        now = self.hub.now
        moments = [moment for moment in self.hub.agenda().values() if moment > now]
        moments += [at for desk in self.hub.desks.values() for at in desk.put_off()]
        moments += [at for at, _, _ in self.post.waiting]
        return min(moments, default=now + QUIET_FOR)

    def _operate(self) -> None:
        """The operator releases held desks, and gives up what a desk refused for good."""
        with self.hub.database.read() as db:
            undone = agenda.undone(db)
        order = commands.Order(actor="operator", now=self.hub.now, reason="simulated")
        for what, key, why in undone:
            if what == "desk held":
                self._told(lambda context, code=key: commands.release_desk(context, code, order))
            elif what == "delivery parked":
                if not revisions.is_lost(self.hub, key):
                    self.cancelled[why] += 1
                self._tell(f"parked {key}: {why}")
                self._told(lambda context, key=key: commands.cancel_parked(context, key, order))
            elif what == "delivery asking" and revisions.LOST in why:
                self._tell(f"not done {key}: {why}")
                self._told(lambda context, key=key: commands.resolve_ambiguous(context, key, None, order))
            elif what == "delivery asking":
                self.stuck.append(f"{key} asks a person: {why}")

    def _told(self, command: Callable[..., object]) -> bool:
        try:
            command(self.hub.context)
        except InterdeskError as error:
            self._tell(f"the gateway refuses: {error}")
            return False
        return True

    def _command(self) -> None:
        """A dispatcher takes an assignment back, or gives it to somebody else."""
        code = self.random.choice([code for code in self.hub.desks if code != ROOT])
        spots = [spot for spot in self.crowd.spots(code) if not spot.source.calm]
        spot = self.random.choice(spots) if spots else None
        hop = self._hop_of(spot) if spot else None
        if spot is None or hop is None:
            return
        order = commands.Order(actor="dispatcher", now=self.hub.now, reason=self.book.token("W"))
        source = spot.source
        others = [other for other in self.world.below(self.world.above[code]) if other != code]
        if others and self.random.random() < 0.5:
            other = self.random.choice(others)
            link = f"{self.world.above[code]}-{other}"
            if self._told(lambda context: commands.reassign(context, hop, link, order)):
                source.offers[other] = source.offers.get(other, 0) + 1
        else:
            self._told(lambda context: commands.withdraw(context, hop, order))

    def _hop_of(self, spot: Spot) -> str | None:
        with self.hub.database.read() as db:
            key = (f"dsk_{spot.code}", spot.folder.id)
            found = cases.hops_at(db, OPERATOR, [key])
        return found[key][1] if key in found else None

    def _end_tickets(self) -> None:
        """Most tickets are brought to their end, from the last desk upwards, each waiting for the one below."""
        chosen = {token for token in self.book.sources if self.random.random() < 0.7}
        for code in self._from_below():
            for spot in list(self.crowd.spots(code)):
                if spot.source.token in chosen and spot.status not in ENDED:
                    words = native(spot.desk.temper, "closed" if code == ROOT else "resolved")
                    spot.person.set(spot.folder.id, "status", words[0])
                    spot.source.ended = spot.source.ended or code == ROOT
            self.settle()

    def _from_below(self) -> list[str]:
        depth: Mapping[str, int] = {code: len(self.world.path(code, ROOT)) for code in self.hub.desks}
        return sorted(self.hub.desks, key=lambda code: -depth[code])
