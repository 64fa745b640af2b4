"""What Prometheus is told: counters and timings of this process, and what the database says at the moment of asking."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.domain import breaker
from gateway.store import gauges
from gateway.store.db import Database, Db
from gateway.store.scope import Scope

_LATENCY = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One set per application; not global, so that two gateways in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.hooks = Counter(
            "interdesk_hooks",
            "Requests at the hook door by answer (the status code).",
            ("status",),
            registry=self.registry,
        )
        self.forged = Counter(
            "interdesk_hooks_forged",
            "Messages refused because they are not from their desk.",
            ("desk",),
            registry=self.registry,
        )
        self.hook_seconds = Histogram(
            "interdesk_hook_seconds",
            "From the head of a message to its answer, for messages that were stored.",
            buckets=_LATENCY,
            registry=self.registry,
        )
        self.group_commit = Histogram(
            "interdesk_group_commit_messages",
            "Messages stored in one transaction.",
            buckets=_SIZES,
            registry=self.registry,
        )

    def watch(self, database: Database, now: Callable[[], datetime]) -> None:
        """Tell of this database too."""
        self.registry.register(_Stock(database, now))

    def text(self) -> bytes:
        """The exposition; asks the database."""
        return generate_latest(self.registry)


class _Stock(Collector):
    """What is unfinished, and how the desks are. Every process tells the same of one database: take the maximum."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._tries: dict[tuple[str, str], int] = {}
        self._counted: int | None = None
        self._known_since: dict[str, datetime] = {}

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database before somebody asks us."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read in one transaction."""
        now, everybody = self._now(), Scope.operator()
        with self._database.read() as db:
            messages = gauges.waiting_messages(db, everybody)
            deliveries = gauges.unfinished_deliveries(db, everybody)
            looks = [gauges.waiting_looks(db, everybody)]
            desks = gauges.desks(db, everybody)
            standing = gauges.brakes(db, everybody)
            told = [gauges.waiting_webhooks(db, everybody)]
            endpoints = gauges.endpoints(db, everybody)
            tries = self._count_tries(db)
        yield from _backlog("interdesk_messages", "Messages that are not processed", messages, now)
        yield from _backlog("interdesk_deliveries", "Deliveries that are not finished", deliveries, now)
        yield from _backlog("interdesk_looks", "Tickets to be read at their desk", looks, now)
        yield from _backlog("interdesk_webhook_messages", "Messages to webhooks", told, now)
        yield _counted("interdesk_brakes", "Brakes that are on, by what they stop.", ("kind", standing))
        yield _counted("interdesk_webhooks", "Webhooks, by how they stand.", ("standing", endpoints))
        yield from _desks([(desk, self._last_sign(desk, now)) for desk in desks], now)
        attempts = CounterMetricFamily(
            "interdesk_attempts",
            "Tries at desks since this process was first asked, by all processes.",
            labels=("kind", "outcome"),
        )
        for (kind, outcome), count in sorted(tries.items()):
            attempts.add_metric((kind, outcome), count)
        yield attempts

    def _last_sign(self, desk: gauges.DeskGauge, now: datetime) -> datetime:
        """When the desk was last polled; of one that never was, when we first heard of it: else nothing would ever
        tell that it has been silent from its first day on."""
        with self._lock:
            return desk.polled_at or self._known_since.setdefault(desk.code, now)

    def _count_tries(self, db: Db) -> dict[tuple[str, str], int]:
        """Only what came since the last time is read."""
        with self._lock:
            if self._counted is None:
                self._counted = gauges.last_attempt(db)
            self._counted, newer = gauges.attempts_after(db, self._counted)
            for name, count in newer.items():
                self._tries[name] = self._tries.get(name, 0) + count
            return dict(self._tries)


def _backlog(name: str, what: str, found: list[gauges.Backlog], now: datetime) -> Iterator[Metric]:
    count = GaugeMetricFamily(name, f"{what}, by state.", labels=("state",))
    oldest = GaugeMetricFamily(
        f"{name}_oldest_seconds", f"{what}: how long the oldest waits.", labels=("state",)
    )
    for one in found:
        count.add_metric((one.state,), one.count)
        waits = max(0.0, (now - one.oldest).total_seconds()) if one.oldest else 0.0
        oldest.add_metric((one.state,), waits)
    return iter((count, oldest))


def _counted(name: str, what: str, found: tuple[str, dict[str, int]]) -> Metric:
    """`found`: a label, and how many for each of its values."""
    label, counts = found
    gauge = GaugeMetricFamily(name, what, labels=(label,))
    for value, count in counts.items():
        gauge.add_metric((value,), count)
    return gauge


def _desks(found: list[tuple[gauges.DeskGauge, datetime]], now: datetime) -> Iterator[Metric]:
    held = GaugeMetricFamily(
        "interdesk_desk_held", "1: nothing is sent there until released.", labels=("desk",)
    )
    opened = GaugeMetricFamily(
        "interdesk_desk_breaker_open", "1: the desk failed repeatedly and gets a pause.", labels=("desk",)
    )
    failures = GaugeMetricFamily("interdesk_desk_failures", "Failures in a row.", labels=("desk",))
    polled = GaugeMetricFamily(
        "interdesk_desk_poll_age_seconds",
        "Since the last page of changes was read; before the first one, since this process learned of the desk.",
        labels=("desk",),
    )
    for desk, last_sign in found:
        state = breaker.from_document(desk.breaker)
        held.add_metric((desk.code,), desk.held)
        opened.add_metric((desk.code,), (state.open_until or _EPOCH) > now)
        failures.add_metric((desk.code,), state.failures)
        polled.add_metric((desk.code,), (now - last_sign).total_seconds())
    return iter((held, opened, failures, polled))
