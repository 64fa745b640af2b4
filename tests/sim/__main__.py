"""`python -m tests.sim --events 1000000 --processes 2 --postgres-seeds 1000`: the long run, with its table of counts.
Failing seeds are added to regressions.txt, which every test run plays again."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count

from gateway.testing.simulator.judge import Result
from gateway.testing.simulator.play import Script
from gateway.testing.simulator.report import summary, told
from gateway.testing.simulator.run import Totals, batches, play_batch, run
from tests.postgres import running_server
from tests.sim import regressions
from tests.sim.regressions import WEATHERS, script_for

TELL_EVERY = 30.0


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="play until so many events have happened")
    parser.add_argument("--seeds", default="", help="from:to instead, and no more")
    parser.add_argument("--first", type=int, default=1000, help="the first seed of a run by events")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--postgres-seeds", type=int, default=0, help="so many seeds first, on PostgreSQL")
    parser.add_argument("--tickets", type=int, default=40, help="tickets in each history")
    parser.add_argument("--acts", type=int, default=900, help="what people do in each history")
    parser.add_argument("--postgres-tickets", type=int, default=8)
    parser.add_argument("--postgres-acts", type=int, default=120)
    parser.add_argument(
        "--weather", choices=WEATHERS, default="faults", help="how much goes wrong: peace is nothing"
    )
    parser.add_argument(
        "--trace", action="store_true", help="tell what happens in each seed, in this process"
    )
    return parser.parse_args(given)


def _played(asked: argparse.Namespace, script: Script) -> Iterator[list[Result]]:
    work = batches(_seeds(asked), script)
    if asked.trace:
        return (play_batch(batch, trace=print) for batch in work)
    return run(work, processes=asked.processes)


def _seeds(asked: argparse.Namespace) -> Iterator[int]:
    if not asked.seeds:
        return count(asked.first + asked.postgres_seeds)
    first, _, last = asked.seeds.partition(":")
    return iter(range(int(first), int(last)))


class _Teller:
    """Prints what fails at once, and from time to time how far the run is."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._started = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def hear(self, results: Sequence[Result], *, where: str) -> None:
        for result in results:
            self._totals.add(result)
            if result.violations:
                print(*told(result), sep="\n", flush=True)
                regressions.remember(result, where=where)
        if time.monotonic() - self._told > TELL_EVERY:
            self._told = time.monotonic()
            print(
                f"... {self._totals.seeds} seeds, {self._totals.events:,} events, {self.seconds:.0f} s",
                flush=True,
            )


def main(given: Sequence[str]) -> int:
    """Play, print, remember what failed."""
    logging.disable(logging.ERROR)  # what goes wrong on purpose is no news; the processes inherit it
    asked = _arguments(given)
    totals = Totals()
    teller = _Teller(totals)
    if asked.postgres_seeds:
        script = script_for(asked.postgres_tickets, asked.postgres_acts, asked.weather)
        with running_server() as server:
            seeds = range(asked.first, asked.first + asked.postgres_seeds)
            for results in run(batches(seeds, script, server.url()), processes=asked.processes):
                teller.hear(results, where="postgresql")
    script = script_for(asked.tickets, asked.acts, asked.weather)
    for results in _played(asked, script):
        teller.hear(results, where="memory")
        if not asked.seeds and totals.events >= asked.events:
            break
    print(*summary(totals, teller.seconds), sep="\n")
    lacking = totals.shortcomings()
    print(*(f"too little of {line}" for line in lacking), sep="\n")
    return int(bool(totals.failed or lacking))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
