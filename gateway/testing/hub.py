"""A whole gateway over loopback desks in memory, driven step by step: the real domain, flows and store, no thread, no
socket, no waiting. Tests play scenes on it; the simulator plays millions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from gateway.domain.directory import Directory
from gateway.domain.documents import desk_from, link_from
from gateway.domain.model import CoverageRow, Desk, Link, Message, Organization, Site
from gateway.errors import DeskError, SignatureInvalid
from gateway.flows import deliver, intake, observe, poll, sweep
from gateway.flows.capacity import Capacity
from gateway.flows.context import Context
from gateway.registry import Registry
from gateway.store import schema, tables
from gateway.store.db import Database
from gateway.store.directory import prepare
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.hooks import Hook
from gateway.testing.loopback.temper import TEMPERS, Temper
from gateway.testing.loopback.wire import MemoryWire

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECRET = b"loopback-secret"
WORKER = "hub"


@dataclass(kw_only=True)
class Clock:
    """Time that passes only when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An installation: desk code → temper (its name, or the temper itself); links as documents that name desks by
    `upstream` and `downstream`; each desk's organization has the desk's code."""

    desks: Mapping[str, Temper | str]
    links: Sequence[Mapping[str, Any]] = ()
    coverage: Sequence[CoverageRow] = ()
    sites: Sequence[Site] = ()
    desk_documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def temper(self, code: str) -> Temper:
        """The temper of a desk."""
        known = self.desks[code]
        return TEMPERS[known] if isinstance(known, str) else known

    def directory(self, registry: Registry) -> Directory:
        """The directory as the flows see it."""
        manifest = registry.manifest("loopback")
        desks = {f"dsk_{code}": desk_from(self._desk(code), manifest=manifest) for code in self.desks}
        return Directory(
            version=0,
            salt="a salt for tests",
            organizations={
                f"org_{code}": Organization(id=f"org_{code}", code=code, name=code.title())
                for code in self.desks
            },
            desks={key: _with_secret(desk) for key, desk in desks.items()},
            links={link.id: link for link in map(self._link, self.links)},
            coverage=_by_org(self.coverage),
            sites={(site.org_id, site.code): site for site in self.sites},
        )

    def _desk(self, code: str) -> dict[str, Any]:
        temper = self.temper(code)
        return {
            "id": f"dsk_{code}",
            "code": code,
            "org_id": f"org_{code}",
            "connector": "loopback",
            "version": 1,
            "base_url": f"http://{code}.invalid",
            "zone": temper.zone,
            "settings": temper.settings(),
            "profile": temper.profile(),
            "account": "interdesk",
            **self.desk_documents.get(code, {}),
        }

    def _link(self, document: Mapping[str, Any]) -> Link:
        up, down = document["upstream"], document["downstream"]
        known = {name: value for name, value in document.items() if name not in ("upstream", "downstream")}
        return link_from(
            {
                "id": f"lnk_{up}_{down}",
                "code": f"{up}-{down}",
                "org_id": f"org_{up}",
                "upstream_desk_id": f"dsk_{up}",
                "downstream_desk_id": f"dsk_{down}",
                "upstream_org_id": f"org_{up}",
                "downstream_org_id": f"org_{down}",
                **known,
            }
        )


def _with_secret(desk: Desk) -> Desk:
    return replace(desk, hook_secrets=(SECRET,))


def _by_org(rows: Sequence[CoverageRow]) -> dict[str, tuple[CoverageRow, ...]]:
    grouped: dict[str, list[CoverageRow]] = {}
    for row in rows:
        grouped.setdefault(row.org_id, []).append(row)
    return {key: tuple(sorted(group, key=lambda row: row.rank)) for key, group in grouped.items()}


class Hub:
    """The gateway of a `Plan`. `desks` are the loopback desks by code; `step` does one round of everything."""

    def __init__(self, plan: Plan, *, database: Database | None = None, seed: int = 0) -> None:
        self.plan = plan
        self.clock = Clock()
        self.random = Random(seed)  # noqa: S311 - a history that can be repeated is the point
        self.blobs: dict[str, bytes] = {}
        self.database = database or Database("sqlite://")
        self.registry = Registry()
        self.context = self._context(plan)
        self.capacity = Capacity(self.context)
        self.desks = {
            code: LoopbackDesk(plan.temper(code), clock=self.clock, seed=seed + place, hook_secret=SECRET)
            for place, code in enumerate(plan.desks)
        }
        self.wires = {
            f"dsk_{code}": MemoryWire(desk=desk, now=self.clock, blobs=self.blobs)
            for code, desk in self.desks.items()
        }

    def _context(self, plan: Plan) -> Context:
        numbers = count(1)
        schema.METADATA.create_all(self.database.engine)
        directory = plan.directory(self.registry)
        with self.database.write() as db:
            prepare(db, salt=directory.salt)
            for desk in directory.desks.values():
                row = {
                    "id": desk.id,
                    "org_id": desk.org_id,
                    "code": desk.code,
                    "connector": desk.connector,
                    "version": 1,
                }
                db.execute(tables.DeskRow.__table__.insert().values(**row, held="", poll_fence=0))  # type: ignore[attr-defined]
        context = Context(
            database=self.database,
            registry=self.registry,
            new_id=lambda prefix: f"{prefix}_{next(numbers):08d}",
            jitter=lambda: self.random.uniform(-1, 1),
        )
        context.use(directory)
        return context

    @property
    def now(self) -> datetime:
        """The gateway's time."""
        return self.clock.now

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

    def step(self) -> int:
        """One round: messages, polls, looks, deliveries, doubts, sweeps. Returns how much there was to do."""
        done = intake.process(self.context, now=self.now)
        done += self.poll() + self.look() + self.send(deliver.claim) + self.send(deliver.claim_doubtful)
        return done + sweep.run(self.context, now=self.now)

    def poll(self) -> int:
        """Poll every desk whose time has come."""
        polls = poll.claim(self.context, now=self.now)
        for one in polls:
            try:
                page = self.wires[one.desk.id].ask(one.connector.changed(one.claim.cursor, one.desk))
            except DeskError as error:
                poll.failed(self.context, one, error, now=self.now)
            else:
                poll.store(self.context, one, page, now=self.now)
        return len(polls)

    def look(self) -> int:
        """Fetch what is due, judge it."""
        looks = observe.claim(self.context, now=self.now, capacity=self.capacity.room(self.now))
        looked = [self._fetch(look) for look in looks]
        if looked:
            observe.judge_looks(self.context, looked, now=self.now)
        return len(looks)

    def _fetch(self, look: observe.Look) -> observe.Looked:
        wire, started = self.wires[look.desk.id], self.now
        try:
            snapshot = wire.ask(look.connector.fetch(look.claim.remote_id, look.desk, since=look.since))
        except DeskError as error:
            return observe.Looked(look=look, error=error, started_at=started)
        return observe.Looked(look=look, snapshot=snapshot, started_at=started)

    def send(self, claim: Callable[..., list[deliver.Errand]]) -> int:
        """Send what is ready (or ask about what is in doubt), settle it."""
        room = self.capacity.room(self.now)
        errands = claim(self.context, now=self.now, worker=WORKER, capacity=room)
        outcomes = [self.carry_out(errand) for errand in errands]
        for outcome in outcomes:
            self.capacity.learn(outcome, self.now)
        deliver.settle(self.context, outcomes, now=self.now)
        return len(errands)

    def carry_out(self, errand: deliver.Errand) -> deliver.Outcome:
        """One errand over the wire in memory, as the worker would do it."""
        at = self.now
        try:
            if errand.download is not None and not errand.withheld:
                wanted = errand.download
                blob = self.wires[wanted.desk.id].ask(
                    wanted.connector.download(wanted.attachment, wanted.desk)
                )
                errand = deliver.downloaded(self.context, errand, blob, now=at)
            if errand.withheld or errand.command is None:
                return deliver.withheld(errand, at)
            return self._sent(errand, at)
        except DeskError as error:
            return deliver.broke_off(errand, error, at)

    def _sent(self, errand: deliver.Errand, at: datetime) -> deliver.Outcome:
        wire, command = self.wires[errand.desk.id], errand.command
        if command is None:
            raise ValueError("nothing to send")
        outcome = deliver.Outcome(errand=errand, at=at, command=command)
        if errand.probe:
            return replace(outcome, found=wire.ask(errand.connector.find(command, errand.desk)))
        return replace(outcome, verdict=wire.push(errand.connector.push(command, errand.desk), command))

    def run(self, duration: timedelta = timedelta(), *, tick: timedelta = timedelta(seconds=1)) -> None:
        """Let `duration` pass in ticks, doing at each all there is to do; hooks arrive at once and in order."""
        end = self.now + duration
        while True:
            self._until_quiet()
            if self.now >= end:
                return
            self.clock.advance(min(tick, end - self.now))

    def _until_quiet(self) -> None:
        for _ in range(200):
            heard = self.hooks()
            for code, hook in heard:
                self.receive(code, hook)
            if not self.step() and not heard:
                return
        raise AssertionError("the gateway does not come to rest")
