"""The worker's shell: claims work, keeps hundreds of exchanges in flight, settles what they came to. Only order and
concurrency live here; every decision is a flow's or the domain's."""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from gateway.desk_auth import Credentials
from gateway.desk_client import DeskClient
from gateway.desk_client.wire import PushTerms
from gateway.domain import delivery as rules
from gateway.domain.model import Desk
from gateway.domain.outcome import Verdict
from gateway.errors import DeskGone, InterdeskError, LeaseLost
from gateway.flows import deliver, intake, observe, poll, preflight, sweep
from gateway.flows.capacity import Capacity
from gateway.flows.context import Context
from gateway.flows.offsets import Offsets
from gateway.flows.reconciler import Reconciler
from gateway.store import signals
from gateway.store.health import failure_of, will_pass

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH = 200
IDLE = 0.25
"""Seconds between looks for work that nobody announced (retries, other processes)."""
SWEEP_EVERY = 1.0
AGAIN = 0.5
"""Seconds between tries to write down what a desk said."""
STOP_WITHIN = 25.0
"""Seconds that exchanges under way get to finish when the process is asked to stop."""


class Worker:
    """One per process. `credentials` opens a desk's; `now` is the wall clock, aware."""

    def __init__(
        self,
        context: Context,
        client: DeskClient,
        credentials: Callable[[Desk], Credentials],
        *,
        worker_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._context = context
        self._client = client
        self._credentials = credentials
        self._id = worker_id
        self._now = now
        self.rounds: list[tuple[Callable[[], Awaitable[bool]], float]] = []
        """What else is done, each every so many seconds; set before it runs."""
        self.endings: list[Callable[[], Awaitable[None]]] = []
        """What lets go of what these have under way, when the process is asked to stop."""
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="flows")
        self._capacity = Capacity(context)
        self._offsets = Offsets(context)
        self._reconciler = Reconciler(context, client, credentials, capacity=self._capacity, now=now)
        self._wakes = {name: asyncio.Event() for name in ("messages", "deliveries", "looks")}
        self._outcomes: asyncio.Queue[deliver.Outcome] = asyncio.Queue()
        self._looked: asyncio.Queue[observe.Looked] = asyncio.Queue()
        self._exchanges: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.counts: Counter[str] = Counter()

    def wake(self, kind: str) -> None:
        """New work of that kind was committed: `messages`, `deliveries` or `looks`; of a kind that another version may
        have, everybody looks. May be called from any thread."""
        if self._loop is not None:
            event = self._wakes.get(kind)
            self._loop.call_soon_threadsafe(event.set if event else self._wake_all)

    def _wake_all(self) -> None:
        for event in self._wakes.values():
            event.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then claim nothing more, let what is under way finish, and return."""
        self._loop = asyncio.get_running_loop()
        deaf = threading.Event()
        ear = self._listener(deaf)
        settlers = [
            asyncio.create_task(self._drain(self._outcomes, self._settle)),
            asyncio.create_task(self._drain(self._looked, self._judge)),
        ]
        call = preflight.Call(client=self._client, credentials=self._credentials, now=self._now)
        loops = [
            self._repeat(stop, self._messages, wake="messages"),
            self._repeat(stop, self._deliveries, wake="deliveries"),
            self._repeat(stop, self._looks, wake="looks"),
            self._repeat(stop, self._polls, every=IDLE),
            self._repeat(stop, self._doubtful, every=IDLE),
            self._repeat(stop, self._sweep, every=SWEEP_EVERY),
            self._repeat(stop, self._compare, every=SWEEP_EVERY),
            self._repeat(stop, preflight.Daily(self._context, call).round, every=preflight.ROUND_SECONDS),
            *(self._repeat(stop, act, every=seconds) for act, seconds in self.rounds),
        ]
        await asyncio.gather(*loops)
        await self._finish(settlers)
        deaf.set()
        if ear is not None:
            ear.join()

    def _listener(self, stop: threading.Event) -> threading.Thread | None:
        """With PostgreSQL other processes make work for this one: a thread hears of it."""
        database = self._context.database
        if database.is_sqlite:
            return None
        ear = threading.Thread(target=signals.listen, args=(database.url, self.wake, stop), daemon=True)
        ear.start()
        return ear

    async def _finish(self, settlers: Sequence[asyncio.Task[None]]) -> None:
        if self._exchanges:
            await asyncio.wait(self._exchanges, timeout=STOP_WITHIN)
        for task in list(self._exchanges):
            task.cancel()  # its lease runs out and the desk is asked; nothing is lost
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        await self._outcomes.join()
        await self._looked.join()
        await asyncio.gather(*(end() for end in self.endings))
        await self._in_thread(sweep.leave, self._context, self._id)
        for settler in settlers:
            settler.cancel()
        await asyncio.gather(*settlers, return_exceptions=True)
        self._threads.shutdown()

    async def _repeat(
        self, stop: asyncio.Event, act: Callable[[], Awaitable[bool]], *, wake: str = "", every: float = IDLE
    ) -> None:
        """Call `act` whenever it is woken, at least every `every` seconds, at once while it says there is more."""
        event = self._wakes.get(wake) or asyncio.Event()
        while not stop.is_set():
            event.clear()
            try:
                more = await act()
            except Exception as error:
                if will_pass(error):
                    log.warning("a round of %s is repeated: %s", act.__name__, failure_of(error) or error)
                else:
                    log.exception("a round of %s failed; it is repeated", act.__name__)
                more = False
                await asyncio.sleep(1.0)
            if not more:
                await _first_of(event, stop, within=every)

    async def _in_thread(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        call = partial(function, *args, **more)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _insist(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        """In a thread, again and again while the database is away: what a desk said is known nowhere else. Fences make a
        second writing-down harmless; a lease after the first failure it is given up, for others have asked the desk."""
        until: float | None = None
        while True:
            try:
                return await self._in_thread(function, *args, **more)
            except Exception as error:
                until = until or time.monotonic() + rules.LEASE.total_seconds()
                if not will_pass(error) or time.monotonic() > until:
                    raise
                log.warning(
                    "what a desk said could not be written down, trying again: %s", failure_of(error) or error
                )
            await asyncio.sleep(AGAIN)

    def _spawn(self, exchange: Awaitable[None]) -> None:
        task = asyncio.ensure_future(exchange)
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)

    async def _messages(self) -> bool:
        done = await self._in_thread(intake.process, self._context, now=self._now(), limit=BATCH)
        self.counts["messages"] += done
        if done:
            self._wakes["deliveries"].set()
            self._wakes["looks"].set()
        return done == BATCH

    async def _deliveries(self) -> bool:
        return await self._claim(deliver.claim)

    async def _doubtful(self) -> bool:
        return await self._claim(deliver.claim_doubtful)

    async def _claim(self, claim: Callable[..., list[deliver.Errand]]) -> bool:
        claimed_at = time.monotonic()  # before the claim: a pause right after it counts too
        errands = await self._in_thread(self._with_room, claim, worker=self._id)
        for errand in errands:
            self._capacity.take(errand.desk.id)
            self._spawn(self._errand(errand, claimed_at))
        return len(errands) == BATCH

    def _with_room(self, claim: Callable[..., list[T]], **more: Any) -> list[T]:
        now = self._now()
        room = self._capacity.room(now)
        return claim(self._context, now=now, capacity=room, limit=BATCH, **more) if room else []

    async def _errand(self, errand: deliver.Errand, claimed_at: float) -> None:
        try:
            outcome = await self._carry_out(errand, claimed_at)
        finally:
            self._capacity.give(errand.desk.id)
        self._capacity.learn(outcome, self._now())
        self._learn_clock(errand.desk)
        await self._outcomes.put(outcome)

    def _learn_clock(self, desk: Desk) -> None:
        self._offsets.learn(desk.org_id, desk.id, self._client.clock_of(desk.id))

    async def _carry_out(self, errand: deliver.Errand, claimed_at: float) -> deliver.Outcome:
        at, started, blob = self._now(), time.monotonic(), None
        try:
            if errand.download is not None and not errand.withheld:
                errand = await self._fetch_file(errand, errand.download)
            if errand.withheld or errand.command is None:
                return deliver.withheld(errand, at)
            outcome = deliver.Outcome(errand=errand, at=at, command=errand.command, blob=blob)
            if errand.probe:
                outcome = replace(outcome, found=await self._find(errand))
            else:
                outcome = replace(outcome, verdict=await self._push(errand, claimed_at))
        except InterdeskError as error:
            outcome = deliver.broke_off(errand, error, at)
        return replace(outcome, took_ms=round((time.monotonic() - started) * 1000))

    async def _fetch_file(self, errand: deliver.Errand, wanted: deliver.Download) -> deliver.Errand:
        blob = await self._client.ask(
            wanted.connector.download(wanted.attachment, wanted.desk),
            desk=wanted.desk,
            credentials=self._credentials(wanted.desk),
        )
        return await self._insist(deliver.downloaded, self._context, errand, blob, now=self._now())

    async def _find(self, errand: deliver.Errand) -> Any:
        if errand.command is None:
            raise ValueError("nothing to find")
        return await self._client.ask(
            errand.connector.find(errand.command, errand.desk),
            desk=errand.desk,
            credentials=self._credentials(errand.desk),
        )

    async def _push(self, errand: deliver.Errand, claimed_at: float) -> Verdict:
        if errand.command is None:
            raise ValueError("nothing to push")
        terms = PushTerms(
            command=errand.command,
            before_write=partial(_check_lease, claimed_at),
            conflict_is_stale=errand.connector.manifest.conflict_is_stale,
        )
        return await self._client.push(
            errand.connector.push(errand.command, errand.desk),
            desk=errand.desk,
            credentials=self._credentials(errand.desk),
            terms=terms,
        )

    async def _drain(self, queue: asyncio.Queue[T], act: Callable[[list[T]], Awaitable[None]]) -> None:
        """Hand over everything that is there, as one batch; again and again."""
        while True:
            batch = [await queue.get()]
            while not queue.empty() and len(batch) < BATCH:
                batch.append(queue.get_nowait())
            try:
                await act(batch)
            except Exception:
                log.exception("a batch of %d could not be written down; its leases run out", len(batch))
            finally:
                for _ in batch:
                    queue.task_done()

    async def _settle(self, outcomes: list[deliver.Outcome]) -> None:
        await self._insist(self._settle_all, outcomes)
        self.counts["settled"] += len(outcomes)
        self._wakes["deliveries"].set()
        self._wakes["looks"].set()

    def _settle_all(self, outcomes: list[deliver.Outcome]) -> None:
        """All in one transaction; if that fails, each alone, so that one poisoned case harms no other."""
        self._offsets.write_down()
        try:
            deliver.settle(self._context, outcomes, now=self._now())
        except Exception as error:
            if will_pass(error):
                raise
            log.exception("settling %d together failed; each is settled alone", len(outcomes))
            for outcome in outcomes:
                deliver.settle_alone(self._context, outcome, now=self._now())

    async def _looks(self) -> bool:
        looks = await self._in_thread(self._with_room, observe.claim)
        for look in looks:
            self._capacity.take(look.desk.id)
            self._spawn(self._look(look))
        return len(looks) == BATCH

    async def _look(self, look: observe.Look) -> None:
        started = self._now()
        looked = observe.Looked(look=look, started_at=started)
        try:
            snapshot = await self._client.ask(
                look.connector.fetch(look.claim.remote_id, look.desk, since=look.since),
                desk=look.desk,
                credentials=self._credentials(look.desk),
            )
            looked = replace(looked, snapshot=snapshot)
        except InterdeskError as error:
            looked = replace(looked, error=error)
        finally:
            self._capacity.give(look.desk.id)
        self._capacity.learn_look(look.desk.id, looked.error, self._now())
        self._learn_clock(look.desk)
        if looked.error is not None and not isinstance(looked.error, DeskGone):  # gone is an answer too
            told = {"desk": look.desk.code, "remote_id": look.claim.remote_id, "error": looked.error.kind}
            log.warning("a ticket could not be read", extra=told)
        await self._looked.put(looked)

    async def _judge(self, looked: list[observe.Looked]) -> None:
        await self._insist(self._judge_all, looked)
        self.counts["looks"] += len(looked)
        self._wakes["deliveries"].set()

    def _judge_all(self, looked: list[observe.Looked]) -> None:
        self._offsets.write_down()
        try:
            observe.judge_looks(self._context, looked, now=self._now())
        except Exception as error:
            if will_pass(error):
                raise
            log.exception("judging %d looks together failed; each is judged alone", len(looked))
            for one in looked:
                observe.judge_alone(self._context, one, now=self._now())

    async def _polls(self) -> bool:
        for one in await self._in_thread(self._claim_polls):
            self._capacity.take(one.desk.id)
            self._spawn(self._poll(one))
        return False

    def _claim_polls(self) -> list[poll.Poll]:
        now = self._now()
        return poll.claim(self._context, now=now, resting=self._capacity.resting(now))

    async def _poll(self, one: poll.Poll) -> None:
        try:
            page = await self._client.ask(
                one.connector.changed(one.claim.cursor, one.desk),
                desk=one.desk,
                credentials=self._credentials(one.desk),
            )
        except InterdeskError as error:
            self._capacity.learn_look(one.desk.id, error, self._now())
            await self._insist(poll.failed, self._context, one, error, now=self._now())
            return
        finally:
            self._capacity.give(one.desk.id)
        self._capacity.learn_look(one.desk.id, None, self._now())
        self._learn_clock(one.desk)
        await self._insist(poll.store, self._context, one, page, now=self._now())
        self.counts["polls"] += 1
        self._wakes["looks"].set()

    async def _compare(self) -> bool:
        return await self._reconciler.background()

    async def _sweep(self) -> bool:
        await self._in_thread(sweep.beat, self._context, self._id, now=self._now())
        due = await self._in_thread(sweep.run, self._context, now=self._now())
        await self._in_thread(self._capacity.write_down)
        if due:
            self._wake_all()
        return False


def _check_lease(claimed_at: float) -> None:
    """Before each write: enough of the lease must remain that nobody else can have taken the delivery meanwhile."""
    held = time.monotonic() - claimed_at
    if held > (rules.LEASE - rules.SPARE_LEASE).total_seconds():
        raise LeaseLost(f"claimed {held:.0f} s ago")


async def _first_of(*events: asyncio.Event, within: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
