"""`python -m tests.hostile --inputs 100000 --seed 1`: always a refusal, never a failure of ours, and memory stays as it was."""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.api.furnished import furnished
from tests.hostile.attack import Count, run

MOST_GROWN = 60.0
"""MB."""


def main(given: Sequence[str]) -> int:
    """Run, print the table, 1 for a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(given)
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as here:
        began = time.monotonic()
        found = run(here, seed=asked.seed, count=asked.inputs)
        sys.stdout.write(told(found, seed=asked.seed, seconds=time.monotonic() - began))
    return int(bool(found.faults) or found.grown() > MOST_GROWN)


def told(found: Count, *, seed: int, seconds: float) -> str:
    """The table, and each fault with a request that made it."""
    lines = [
        f"seed {seed}: {found.asked} inputs in {seconds:.0f} s, {sum(found.times.values())} faults of {len(found.faults)} kinds"
    ]
    lines.append(
        "statuses: " + ", ".join(f"{status} ×{times}" for status, times in sorted(found.statuses.items()))
    )
    lines.append(f"memory: {' '.join(f'{size:.0f}' for size in found.memory)} MB, grown {found.grown():.1f}")
    for key, request in found.faults.items():
        route, kind, wrong = key
        lines += [
            "",
            f"{route} · {kind} ×{found.times[key]}",
            f"  {request.target[:200]} {request.body[:200]!r}",
        ]
        lines += [f"  {dict(request.headers)!r}"[:400], wrong]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
