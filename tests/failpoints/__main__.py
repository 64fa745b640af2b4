"""`python -m tests.failpoints`: the full matrix. Each named step, on SQLite and on PostgreSQL, in an installation of its own
with the product's own leases: killed at its nth passing, started again, judged by what the desks hold."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from gateway.failpoints import STEPS
from tests.failpoints.house import House, house
from tests.postgres import PostgresServer, running_server

WORK_ON = 3.0
"""Seconds that people go on working after the restart."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the matrix and what came of it."""

    step: str
    nth: int
    store: str
    wrong: tuple[str, ...] = ()
    seconds: float = 0.0


def trial(cell: Cell, server: PostgresServer, *, hurry: bool, keep: Path | None = None) -> Cell:
    """Kill once, restart, let everything come to rest, judge. What a failed one leaves behind goes to `keep`."""
    started = time.monotonic()
    name = f"kill_{cell.step.replace('.', '_')}_{cell.nth}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interdesk-kill-")))
        url = stack.enter_context(server.database(name)) if cell.store == "postgresql" else ""
        seed = STEPS.index(cell.step) * 10 + cell.nth
        try:
            made = stack.enter_context(house(folder, url=url, hurry=hurry, seed=seed, tickets=4))
        except AssertionError as error:
            return replace(cell, wrong=(str(error),))
        wrong = _judged(cell, made)
        if wrong and keep is not None:
            _put_by(made, keep / f"{name}_{cell.store}")
    return replace(cell, wrong=wrong, seconds=time.monotonic() - started)


def _judged(cell: Cell, made: House) -> tuple[str, ...]:
    made.town.pace = 0.3
    made.town.begin()
    try:
        made.die_at(f"{cell.step}:{cell.nth}")
        made.live()
        time.sleep(WORK_ON)
        made.calm_down(patience=600.0)
    except AssertionError as error:
        return (str(error),)
    return tuple(made.violations())


def _put_by(made: House, place: Path) -> None:
    """The gateway's files and log, and what every desk holds."""
    made.gateway.discard()
    shutil.copytree(made.folder, place, dirs_exist_ok=True)
    with made.town.everything():
        held = {code: server.app.desk.tickets() for code, server in made.town.servers.items()}
    (place / "desks.json").write_text(json.dumps(held, indent=1, default=str, ensure_ascii=False))


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints", description=__doc__)
    parser.add_argument("--at-once", type=int, default=4, help="trials at the same time; they mostly wait")
    parser.add_argument("--hurry", action="store_true", help="with short leases")
    parser.add_argument("--nth", default="1,3", help="at which passings of a step")
    parser.add_argument("--keep", type=Path, help="a folder for what failed trials leave behind")
    parser.add_argument("--store", default="sqlite,postgresql", help="on which databases")
    parser.add_argument("--step", default="", help="only this step")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run the matrix and print it."""
    asked = _arguments(given)
    passings = [int(word) for word in asked.nth.split(",")]
    steps = [asked.step] if asked.step else list(STEPS)
    cells = [
        Cell(step=step, nth=nth, store=store)
        for step, nth, store in product(steps, passings, asked.store.split(","))
    ]
    failed = 0
    with running_server() as server, ThreadPoolExecutor(max_workers=asked.at_once) as pool:
        for cell in pool.map(lambda one: trial(one, server, hurry=asked.hurry, keep=asked.keep), cells):
            failed += bool(cell.wrong)
            verdict = "; ".join(cell.wrong[:3]) or "no harm"
            print(
                f"{cell.step:<24}{cell.nth:>3}  {cell.store:<11}{cell.seconds:>6.0f} s  {verdict}", flush=True
            )
    print(f"{len(cells) - failed} passed, {failed} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
