"""`python -m tests.fuzz --cases 2000 [--seed 7] [--against own] [--official FOLDER]`: about so many requests, all checks of
Schemathesis; ends with 1 if anything is wrong that deviations.json does not argue."""

import argparse
import logging
import sys
import time
import warnings
from pathlib import Path

from tests.fuzz import descriptions, deviations
from tests.fuzz.asking import PHASES, Findings
from tests.fuzz.rounds import EACH, Run, run


def main() -> int:
    """Ask, and tell."""
    told = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    told.add_argument("--cases", type=int, default=2000)
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--each", type=int, default=EACH, help="random cases for each operation in a round")
    told.add_argument(
        "--against", choices=[descriptions.OWN, *descriptions.OFFICIAL], default=descriptions.OWN
    )
    told.add_argument("--official", type=Path, help="the folder with tmf621/ and mef124/")
    told.add_argument(
        "--minutes", type=float, default=float("inf"), help="end after so long, however many there are"
    )
    told.add_argument("--phases", nargs="*", default=PHASES, choices=PHASES)
    given = told.parse_args()
    if given.against != descriptions.OWN and given.official is None:
        told.error("--against an official file needs --official FOLDER")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    wanted = Run(
        of=given.against,
        cases=given.cases,
        seed=given.seed,
        folder=given.official or Path(),
        phases=tuple(given.phases),
        each=given.each,
        until=began + 60 * given.minutes,
        tell=lambda found: print(_sum(given.against, found, began), file=sys.stderr, flush=True),
    )
    found = run(wanted)
    return _tell(given.against, found, began)


def _sum(of: str, found: Findings, began: float) -> str:
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    phases = ", ".join(f"{name} {count}" for name, count in found.phases.items())
    return f"{of}: {found.cases} cases ({phases}) in {time.monotonic() - began:.0f} s; answers {statuses}"


def _tell(of: str, found: Findings, began: float) -> int:
    wrong = deviations.unlisted(of, found.wrong)
    for kind in wrong:
        print(
            f"--- {kind.check} at {kind.operation}: {kind.status} {kind.said!r} ({found.counts[kind]} times)\n{found.wrong[kind]}\n"
        )
    for name, what in found.troubles.items():
        print(f"--- not asked: {name}\n{what}\n")
    for one in deviations.gone(of, found.wrong):
        print(f"argued, and did not occur: {one.check} at {one.operation}")
    print(_sum(of, found, began))
    argued = len(found.wrong) - len(wrong)
    print(f"{len(wrong)} kinds of failure, {argued} argued, {len(found.troubles)} operations not asked")
    return 1 if wrong or found.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
