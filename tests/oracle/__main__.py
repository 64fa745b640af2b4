"""python -m tests.oracle [--cases N] [--seed S]: generated business-time questions, our answers against the oracle's. The last
line is `N of M agree`; exit 1 if any does not. A case is named by its seed and scene and comes back with the same numbers."""

import argparse
import sys

from tests.oracle.comparing import compare

SHOWN = 20
"""Disagreements that are printed whole."""


def main(given: list[str]) -> int:
    """Compare."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle", description="Business time, counted twice."
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(given)
    total = wrong = 0
    for text in compare(told.seed, told.cases):
        total += 1
        wrong += bool(text)
        if text and wrong <= SHOWN:
            print(text)
    print(f"{total - wrong} of {total} agree")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
