"""The worker's shell: what a desk said is written down however long the database is away, and a pause counts against the
lease wherever it happens."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.connector import Exchange
from gateway.desk_client import DeskClient
from gateway.domain import breaker
from gateway.domain.model import Page
from gateway.errors import DeskGone, DeskThrottled, DeskUnavailable, InterdeskError, LeaseLost
from gateway.flows import observe
from gateway.flows import worker as shell
from gateway.flows.context import OPERATOR, Context
from gateway.flows.worker import Worker
from gateway.registry import Registry
from gateway.store import desks, looks
from gateway.store.db import Database
from gateway.testing.hub import Hub
from gateway.testing.plan import Plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def worker() -> Worker:
    context = Context(database=Database("sqlite://"), registry=Registry(), new_id=str, jitter=lambda: 0.0)
    client: DeskClient = object()  # type: ignore[assignment]  # no desk is asked here
    return Worker(context, client, lambda _desk: None, worker_id="w", now=lambda: NOW)  # type: ignore[arg-type,return-value]


class _Away:
    """A flow whose database is away the first few times."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "written"


def _gone() -> OperationalError:
    return OperationalError("UPDATE", {}, Exception("server closed the connection unexpectedly"))


def test_what_a_desk_said_is_written_down_when_the_database_is_back(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "AGAIN", 0.01)
    flow = _Away(_gone(), _gone())
    assert asyncio.run(worker._insist(flow)) == "written"
    assert flow.calls == 3


def test_what_will_not_pass_is_not_tried_again(worker: Worker) -> None:
    flow = _Away(IntegrityError("INSERT", {}, Exception("duplicate key")))
    with pytest.raises(IntegrityError):
        asyncio.run(worker._insist(flow))
    assert flow.calls == 1


def test_a_lease_after_the_first_failure_it_is_given_up(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "AGAIN", 0.01)
    clock = iter([5.0, 5.0, 94.0, 96.0])
    monkeypatch.setattr(shell, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    flow = _Away(_gone(), _gone(), _gone())
    with pytest.raises(OperationalError):
        asyncio.run(worker._insist(flow))
    assert flow.calls == 3


def test_a_pause_while_claiming_counts_against_the_lease(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []
    clock = [1000.0]
    monkeypatch.setattr(shell, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    class _Errand:
        class desk:  # noqa: N801
            id = "dsk_1"

    def claim(*_: Any, **__: Any) -> list[_Errand]:
        clock[0] += 95  # paused after the commit, before anything else
        return [_Errand()]

    async def errand(_errand: Any, claimed_at: float) -> None:
        began.append(claimed_at)

    async def scene() -> None:
        monkeypatch.setattr(worker._capacity, "room", lambda _now: {"dsk_1": 1})
        monkeypatch.setattr(worker, "_errand", errand)
        await worker._claim(claim)  # type: ignore[arg-type]
        await asyncio.gather(*worker._exchanges)

    asyncio.run(scene())
    with pytest.raises(LeaseLost):
        shell._check_lease(began[0])


@pytest.mark.parametrize(
    ("told", "awake"),
    [
        ("messages", {"messages"}),
        ("deliveries", {"deliveries"}),
        ("", {"messages", "deliveries", "looks"}),
        ("what another version does", {"messages", "deliveries", "looks"}),
    ],
)
def test_who_has_nothing_to_do_is_not_woken(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, told: str, awake: set[str]
) -> None:
    rounds: list[str] = []

    async def note(name: str) -> bool:
        rounds.append(name)
        return False

    for name in ("messages", "deliveries", "looks", "doubtful", "polls", "sweep", "compare"):
        monkeypatch.setattr(worker, f"_{name}", partial(note, name))

    async def work() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        await asyncio.sleep(0.05)
        rounds.clear()
        worker.wake(told)
        await asyncio.sleep(0.05)
        assert set(rounds) & worker._wakes.keys() == awake
        stop.set()
        await running

    monkeypatch.setattr(shell, "IDLE", 60.0)
    monkeypatch.setattr("gateway.flows.sweep.leave", lambda *_: None)
    asyncio.run(work())


class _Desk:
    """A way to a desk that answers every question with this."""

    def __init__(self, answer: Page | InterdeskError) -> None:
        self.answer = answer

    async def ask(self, exchange: Exchange[Page], **_: object) -> Page:
        exchange.close()
        if isinstance(self.answer, InterdeskError):
            raise self.answer
        return self.answer

    def clock_of(self, _desk_id: str) -> None:
        """Its answers have no date."""


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (DeskUnavailable("x"), (1, False)),
        (DeskThrottled("x", retry_after=timedelta(hours=1)), (0, True)),
        (Page(sightings=(), cursor="next"), (0, False)),
    ],
    ids=["down", "asking for a pause", "well"],
)
def test_a_poll_teaches_what_it_says_of_its_desk(
    answer: Page | InterdeskError, state: tuple[int, bool]
) -> None:
    hub = Hub(Plan(desks={"north": "plain"}))
    worker = Worker(hub.context, _Desk(answer), lambda _desk: None, worker_id="w", now=hub.own_clock)  # type: ignore[arg-type,return-value]

    async def scene() -> None:
        await worker._polls()
        await asyncio.gather(*worker._exchanges)
        await worker._in_thread(worker._capacity.write_down)
        worker._threads.shutdown()

    asyncio.run(scene())
    with hub.database.read() as db:
        [desk] = desks.states(db, OPERATOR)
    learned = breaker.from_document(desk.breaker)
    assert (learned.failures, learned.slow_until is not None) == state
    assert worker._capacity._under_way["dsk_north"] == 0


@pytest.mark.parametrize(
    ("error", "told"),
    [(DeskUnavailable("secret words"), ["IDK-1201 DeskUnavailable"]), (DeskGone("secret words"), [])],
    ids=["down", "gone is an answer"],
)
def test_a_failed_look_is_told(
    error: InterdeskError, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    hub = Hub(Plan(desks={"north": "plain"}))
    worker = Worker(hub.context, _Desk(error), lambda _desk: None, worker_id="w", now=hub.own_clock)  # type: ignore[arg-type,return-value]
    desk = hub.context.directory_now.desks["dsk_north"]
    wish = looks.Look(id="l", desk_id=desk.id, remote_id="7", hints=1, attempts=0, fence=1, gone_at=None)
    look = observe.Look(
        claim=wish, desk=desk, connector=hub.context.connector(desk), since=None, hop_version=None
    )

    asyncio.run(worker._look(look))

    lines = [vars(record) for record in caplog.records if record.name == "gateway.flows.worker"]
    assert [line["error"] for line in lines] == told
    assert {(line["desk"], line["remote_id"]) for line in lines} <= {("north", "7")}
    assert "secret" not in str(lines)
