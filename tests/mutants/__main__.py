"""`python -m tests.mutants`: every mutant is hunted over seeds until the checker catches it; one that survives fails the run.
A seed counts only if the whole product passes it."""

import argparse
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from gateway.testing.simulator.play import Play, Script
from gateway.testing.simulator.run import played
from tests.mutants.mutants import MUTANTS, at_work


@dataclass(frozen=True, kw_only=True)
class Caught:
    """Where a mutant was caught and by which check; `seed` None: it survived."""

    name: str
    tried: int
    seed: int | None = None
    check: str = ""
    text: str = ""


def hunt(name: str, seeds: range) -> Caught:
    """Play seeds with the mutant until one fails that the whole product passes."""
    script = MUTANTS[name][1]
    for tried, seed in enumerate(seeds, 1):
        with at_work(name):
            found = _violations(seed, script)
        if found and not _violations(seed, script):
            check, text = found[0]
            return Caught(name=name, tried=tried, seed=seed, check=check, text=text)
    return Caught(name=name, tried=len(seeds))


def _violations(seed: int, script: Script) -> Sequence[tuple[str, str]]:
    play = Play(seed=seed, script=script)
    try:
        return played(play).violations
    finally:
        play.hub.database.close()


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=150, help="so many before a mutant counts as a survivor")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="parts of names, with commas between")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Hunt them all and print the table."""
    logging.disable(logging.ERROR)  # what goes wrong on purpose is no news; the processes inherit it
    asked = _arguments(given)
    names = [name for name in MUTANTS if any(part in name for part in asked.only.split(","))]
    survivors = 0
    with ProcessPoolExecutor(max_workers=asked.processes) as pool:
        for caught in pool.map(hunt, names, [range(asked.seeds)] * len(names)):
            survivors += caught.seed is None
            fate = f"seed {caught.seed}" if caught.seed is not None else "SURVIVED"
            print(
                f"{caught.name:<30}{caught.tried:>5} tried  {fate:<10} {caught.check}: {caught.text[:90]}",
                flush=True,
            )
    print(f"{len(names) - survivors} passed, {survivors} failed")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
