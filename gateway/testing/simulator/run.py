"""Many seeds: played in several processes, counted together, judged as one run."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice

from gateway import failpoints
from gateway.store.db import Database
from gateway.store.scratch import empty, scratch
from gateway.testing.loopback.faults import FaultKind
from gateway.testing.simulator.judge import Result, play_and_judge
from gateway.testing.simulator.play import WORKERS, Play, Script
from gateway.testing.simulator.restores import RestoredPlay

CHUNK = 4
"""Seeds that a process plays in one go."""
ENOUGH = 10
"""A failpoint or fault met less often than this says nothing."""
BIG = 100_000
"""Events from which a run must have met everything often enough."""
DEPTH, BRANCHES = 0.30, 0.10


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Seeds to be played in one process, on one database ("" = in memory)."""

    seeds: tuple[int, ...]
    script: Script
    database: str = ""


def play_batch(batch: Batch, trace: Callable[[str], None] = lambda _line: None) -> list[Result]:
    """Play some seeds. A seed whose play breaks off is a violation of its own."""
    with ExitStack() as stack:
        database: Database | None = None
        threads: ThreadPoolExecutor | None = None
        if batch.database:
            name = f"interdesk_sim_{os.getpid()}_{batch.seeds[0]}"
            database = stack.enter_context(scratch(batch.database, name))
            threads = stack.enter_context(ThreadPoolExecutor(max_workers=WORKERS))
        results = []
        for seed in batch.seeds:
            kind = kind_of(batch.script)
            play = kind(seed=seed, script=batch.script, database=database, threads=threads, trace=trace)
            results.append(played(play))
            if database is None:
                play.hub.database.close()
            else:
                empty(database)
        return results


def kind_of(script: Script) -> type[Play]:
    """What plays such a history."""
    return RestoredPlay if script.restores else Play


def played(play: Play) -> Result:
    """Play and judge one history; one that breaks off has that as its violation."""
    try:
        return play_and_judge(play)
    except Exception as error:  # noqa: BLE001 - whatever breaks a history is what the history shows
        told = f"{type(error).__name__}: {str(error)[:300]}"
        return Result(seed=play.seed, script=play.script, violations=(("broke off", told),))


@dataclass(kw_only=True)
class Totals:
    """What a whole run came to."""

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one seed in."""
        self.seeds += 1
        self.counts.update(result.counts)
        if result.violations:
            self.failed.append(result)

    @property
    def events(self) -> int:
        """Events that people or settled deliveries caused."""
        return self.counts["events"]

    def shares(self) -> tuple[float, float]:
        """Of all tickets: how many reached three hops, how many had parallel children."""
        deep = sum(number for name, number in self.counts.items() if name in ("hops 3", "hops 4", "hops 5"))
        tickets = max(1, self.counts["tickets"])
        return deep / tickets, self.counts["parallel"] / tickets

    def shortcomings(self) -> list[str]:
        """Why the run proves less than it should; empty for a small run, of which nothing is asked."""
        if self.events < BIG:
            return []
        wanted = [f"crash {step}" for step in failpoints.STEPS] + [
            f"fault {kind.value}" for kind in FaultKind
        ]
        lacking = [f"{name}: {self.counts[name]} times" for name in wanted if self.counts[name] < ENOUGH]
        deep, parallel = self.shares()
        if deep < DEPTH:
            lacking.append(f"only {deep:.0%} of the tickets reached three hops")
        if parallel < BRANCHES:
            lacking.append(f"only {parallel:.0%} of the tickets had parallel children")
        return lacking


def batches(seeds: Iterable[int], script: Script, database: str = "") -> Iterator[Batch]:
    """Cut seeds into batches."""
    left = iter(seeds)
    while chunk := tuple(islice(left, CHUNK)):
        yield Batch(seeds=chunk, script=script, database=database)


def run(work: Iterable[Batch], *, processes: int) -> Iterator[list[Result]]:
    """Play batches in processes, as they come, and tell the results of each; whoever stops listening stops the run."""
    left = iter(work)
    with ProcessPoolExecutor(max_workers=processes) as pool:
        under_way = {pool.submit(play_batch, batch) for batch in islice(left, 2 * processes)}
        try:
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                under_way |= {pool.submit(play_batch, batch) for batch in islice(left, len(done))}
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
