"""python -m tests.bench [names] [--json FILE] [--quick] · python -m tests.bench --readme FILE

Measures, prints a table for each bench and saves the run as JSON; `--readme` writes what was saved into a README."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import accept, fairness, machine, path, share, stock, thin
from tests.bench.figures import Bench, document, section, table
from tests.bench.length import QUICK, WHOLE, Length

RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
BENCHES: Mapping[str, Callable[[Length], Bench]] = {
    "accept": accept.run,
    "path": path.run,
    "thin": thin.run,
    "share": share.run,
    "stock": stock.run,
    "fairness": fairness.run,
}


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Figures beside their baselines."
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}; all unless named")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the run is saved")
    parser.add_argument("--quick", action="store_true", help="a look at whether it runs; saves nothing")
    parser.add_argument("--readme", type=Path, help="write the saved run into this file and measure nothing")
    told = parser.parse_args(given)
    unknown = set(told.names) - BENCHES.keys()
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    return told


def main(given: Sequence[str]) -> int:
    """Measure, or write what was measured into a README."""
    told = _arguments(given)
    if told.readme:
        told.readme.write_text(
            with_section(told.readme.read_text(encoding="utf-8"), json.loads(told.json.read_text())),
            encoding="utf-8",
        )
        return 0
    state, benches = machine.state(), []
    print(", ".join(f"{name} {value}" for name, value in state.items()), end="\n\n")
    for name in told.names or BENCHES:
        benches.append(BENCHES[name](QUICK if told.quick else WHOLE))
        print(table(benches[-1]), flush=True)
    if not told.quick:
        told.json.write_text(json.dumps(document(benches, state), indent=1) + "\n")
    return 0


def with_section(readme: str, run: dict[str, object]) -> str:
    """The README with this run between its marks."""
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{section(run)}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
