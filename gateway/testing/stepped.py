"""One worker process, driven step by step: the flows in the worker's order over wires in memory, nothing in between that
is not asked for. What it has claimed and not yet written down stands in its lists; a crash is forgetting them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain import delivery as rules
from gateway.domain.model import Page
from gateway.errors import DeskError, InterdeskError, LeaseLost
from gateway.flows import deliver, intake, observe, poll, sweep
from gateway.flows.capacity import Capacity
from gateway.flows.context import Context
from gateway.testing.loopback.wire import MemoryWire

BATCH = 200


@dataclass(kw_only=True)
class SteppedWorker:
    """`now` is the worker's own clock. `exchange` is held during each exchange with a desk (workers in real threads)."""

    context: Context
    wires: Mapping[str, MemoryWire]
    now: Callable[[], datetime]
    name: str
    exchange: AbstractContextManager[object] = field(default_factory=nullcontext)
    errands: list[tuple[deliver.Errand, datetime]] = field(default_factory=list)
    outcomes: list[deliver.Outcome] = field(default_factory=list)
    looks: list[observe.Look] = field(default_factory=list)
    looked: list[observe.Looked] = field(default_factory=list)
    polls: list[poll.Poll] = field(default_factory=list)
    pages: list[tuple[poll.Poll, Page | DeskError]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.capacity = Capacity(self.context)

    @property
    def busy(self) -> bool:
        """Whether something is claimed or known here that is not yet written down."""
        return bool(self.errands or self.outcomes or self.looks or self.looked or self.polls or self.pages)

    def read_messages(self) -> int:
        """Read the messages that wait."""
        return intake.process(self.context, now=self.now(), limit=BATCH)

    def claim(self) -> int:
        """Take what is ready to be sent."""
        return self._claim(deliver.claim)

    def claim_doubtful(self) -> int:
        """Take what a desk must be asked about."""
        return self._claim(deliver.claim_doubtful)

    def _claim(self, claim: Callable[..., list[deliver.Errand]]) -> int:
        room = self.capacity.room(self.now())
        if not room:
            return 0
        now = self.now()
        taken = claim(self.context, now=now, worker=self.name, capacity=room, limit=BATCH)
        for errand in taken:
            self.capacity.take(errand.desk.id)
        self.errands += [(errand, now) for errand in taken]
        return len(taken)

    def send(self, most: int = BATCH) -> int:
        """Carry out claimed errands."""
        chosen, self.errands = self.errands[:most], self.errands[most:]
        for errand, claimed_at in chosen:
            outcome = self._carry_out(errand, claimed_at)
            self.capacity.give(errand.desk.id)
            self.capacity.learn(outcome, self.now())
            self.outcomes.append(outcome)
        return len(chosen)

    def _carry_out(self, errand: deliver.Errand, claimed_at: datetime) -> deliver.Outcome:
        at = self.now()
        try:
            if errand.download is not None and not errand.withheld:
                errand = self._with_file(errand, errand.download)
            if errand.withheld or errand.command is None:
                return deliver.withheld(errand, at)
            outcome = deliver.Outcome(errand=errand, at=at, command=errand.command)
            wire = self.wires[errand.desk.id]
            if errand.probe:
                with self.exchange:
                    return replace(
                        outcome, found=wire.ask(errand.connector.find(errand.command, errand.desk))
                    )
            with self.exchange:
                wire.before_write = lambda: self._check_lease(claimed_at)
                exchange = errand.connector.push(errand.command, errand.desk)
                return replace(outcome, verdict=wire.push(exchange, errand.command))
        except InterdeskError as error:
            return deliver.broke_off(errand, error, at)

    def _with_file(self, errand: deliver.Errand, wanted: deliver.Download) -> deliver.Errand:
        with self.exchange:
            wire = self.wires[wanted.desk.id]
            blob = wire.ask(wanted.connector.download(wanted.attachment, wanted.desk))
        return deliver.downloaded(self.context, errand, blob, now=self.now())

    def _check_lease(self, claimed_at: datetime) -> None:
        if self.now() - claimed_at > rules.LEASE - rules.SPARE_LEASE:
            raise LeaseLost(f"claimed at {claimed_at}")

    def settle(self) -> int:
        """Write down how errands ended."""
        done, self.outcomes = self.outcomes, []
        deliver.settle(self.context, done, now=self.now())
        return len(done)

    def claim_looks(self) -> int:
        """Take the looks that are due."""
        room = self.capacity.room(self.now())
        taken = observe.claim(self.context, now=self.now(), capacity=room, limit=BATCH) if room else []
        for look in taken:
            self.capacity.take(look.desk.id)
        self.looks += taken
        return len(taken)

    def fetch(self, most: int = BATCH) -> int:
        """Fetch what is to be looked at."""
        chosen, self.looks = self.looks[:most], self.looks[most:]
        for look in chosen:
            looked = self._fetch(look)
            self.capacity.give(look.desk.id)
            self.capacity.learn_look(look.desk.id, looked.error, self.now())
            self.looked.append(looked)
        return len(chosen)

    def _fetch(self, look: observe.Look) -> observe.Looked:
        looked = observe.Looked(look=look, started_at=self.now())
        try:
            with self.exchange:
                wire = self.wires[look.desk.id]
                seen = wire.ask(look.connector.fetch(look.claim.remote_id, look.desk, since=look.since))
        except DeskError as error:
            return replace(looked, error=error)
        return replace(looked, snapshot=seen)

    def judge(self) -> int:
        """Judge what was fetched."""
        done, self.looked = self.looked, []
        if done:
            observe.judge_looks(self.context, done, now=self.now())
        return len(done)

    def claim_polls(self) -> int:
        """Take the right to poll the desks whose time has come."""
        now = self.now()
        taken = poll.claim(self.context, now=now, resting=self.capacity.resting(now))
        for one in taken:
            self.capacity.take(one.desk.id)
        self.polls += taken
        return len(taken)

    def ask_polls(self) -> int:
        """Fetch one page of changes from each."""
        chosen, self.polls = self.polls, []
        for one in chosen:
            try:
                with self.exchange:
                    wire = self.wires[one.desk.id]
                    page: Page | DeskError = wire.ask(one.connector.changed(one.claim.cursor, one.desk))
            except DeskError as error:
                page = error
            self.capacity.give(one.desk.id)
            failure = page if isinstance(page, DeskError) else None
            self.capacity.learn_look(one.desk.id, failure, self.now())
            self.pages.append((one, page))
        return len(chosen)

    def store_polls(self) -> int:
        """Keep what the polls brought."""
        done, self.pages = self.pages, []
        for one, page in done:
            if isinstance(page, DeskError):
                poll.failed(self.context, one, page, now=self.now())
            else:
                poll.store(self.context, one, page, now=self.now())
        return len(done)

    def sweep(self) -> int:
        """Do what falls due by itself; write down what was learned of the desks."""
        due = sweep.run(self.context, now=self.now())
        self.capacity.write_down()
        return due
