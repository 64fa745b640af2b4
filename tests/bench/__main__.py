"""python -m tests.bench [names] [--json FILE] [--quick] [--clocks N] · python -m tests.bench --readme [FILE] [--json FILE]

Measures, prints a table for each bench and one of all aims, and saves the run as JSON; `--readme` writes what was saved
into the README. A part of the benches, or a quick look, is saved only where `--json` says."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import accept, clocks, compliance, fairness, machine, path, share, stock, thin, worktime
from tests.bench.figures import Bench, document, table
from tests.bench.length import QUICK, WHOLE, Length
from tests.bench.report import aims_table, with_section

RESULTS = Path(__file__).with_name("results.json")
README = Path(__file__).parent.parent.parent / "README.md"
BENCHES: Mapping[str, Callable[[Length], Bench]] = {
    "accept": accept.run,
    "path": path.run,
    "thin": thin.run,
    "share": share.run,
    "stock": stock.run,
    "fairness": fairness.run,
    "worktime": worktime.run,
    "clocks": clocks.run,
}
ALONE: Mapping[str, Callable[[Length], Bench]] = {"compliance": compliance.run}
"""Run when they are named only: they need gigabytes and minutes."""


_OFFERED = f"of {', '.join(BENCHES)}; all of these unless named. Only when named: {', '.join(ALONE)}"


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Figures beside their baselines."
    )
    parser.add_argument("names", nargs="*", metavar="name", help=_OFFERED)
    parser.add_argument("--json", type=Path, help=f"where the run is saved, or read from [{RESULTS.name}]")
    parser.add_argument("--quick", action="store_true", help="short: a look at whether it runs")
    parser.add_argument("--clocks", type=int, help="finished clocks under a year's report [1,000,000]")
    parser.add_argument(
        "--readme", type=Path, nargs="?", const=README, help="write the saved run into it and measure nothing"
    )
    told = parser.parse_args(given)
    unknown = set(told.names) - BENCHES.keys() - ALONE.keys()
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    return told


def main(given: Sequence[str]) -> int:
    """Measure, or write what was measured into a README."""
    told = _arguments(given)
    if told.readme:
        run = json.loads((told.json or RESULTS).read_text(encoding="utf-8"))
        text = told.readme.read_text(encoding="utf-8")
        told.readme.write_text(with_section(text, run), encoding="utf-8")
        return 0
    file = told.json or (None if told.names or told.quick else RESULTS)
    state = machine.state() | ({"quick": True} if told.quick else {})
    length = QUICK if told.quick else WHOLE
    if told.clocks:
        length = replace(length, clocks=told.clocks)
    run = document(_measured(told.names or list(BENCHES), length, state), state)
    if file:
        file.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        print(f"saved as {file}")
    return 0


def _measured(names: Sequence[str], length: Length, state: Mapping[str, object]) -> list[Bench]:
    """One after the other, each printed as soon as it is there."""
    print(", ".join(f"{name} {value}" for name, value in state.items()), end="\n\n", flush=True)
    benches = []
    for name in names:
        benches.append((BENCHES.get(name) or ALONE[name])(length))
        print(table(benches[-1]), flush=True)
    print(aims_table(benches), flush=True)
    return benches


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
