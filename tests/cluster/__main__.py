"""`python -m tests.cluster --minutes 10`: the same house with the product's own lengths of leases, and one trouble after the
other until the time is over. Prints what happened; exit code 1 if anything was lost, doubled or claimed twice."""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.cluster import trials
from tests.cluster.house import Cluster, cluster
from tests.postgres import FAST_AND_LOOSE, running_server

Trial = Callable[[Cluster, Random], None]


def _kill(house: Cluster, random: Random) -> None:
    trials.kill_in_mid_work(house, random.choice(house.workers))


def _pause(house: Cluster, random: Random) -> None:
    trials.outstay_the_lease(house, random.choice(house.workers))


def _nap(house: Cluster, random: Random) -> None:
    trials.nap(house, random.choice(house.workers), seconds=random.uniform(1, 30))


def _gateway(house: Cluster, random: Random) -> None:
    trials.restart_gateway(house, random.choice(house.gateways))


def _database(house: Cluster, random: Random) -> None:
    how = random.choice((signal.SIGINT, signal.SIGQUIT))
    trials.restart_database(house, how, away=random.uniform(0, 10))


TRIALS: dict[str, tuple[Trial, int]] = {
    "a worker killed": (_kill, 4),
    "a worker paused beyond its lease": (_pause, 2),
    "a worker paused for a while": (_nap, 4),
    "a gateway killed": (_gateway, 2),
    "the database restarted or crashed": (_database, 2),
}


def main(given: Sequence[str]) -> int:
    """One run."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tickets", type=int, default=150)
    parser.add_argument("--hurry", action="store_true", help="short leases, as the test has them")
    told = parser.parse_args(given)
    with (
        tempfile.TemporaryDirectory(prefix="interdesk-cluster-") as folder,
        running_server({**FAST_AND_LOOSE, "fsync": "on", "full_page_writes": "on"}) as server,
        cluster(server, Path(folder), hurry=told.hurry, seed=told.seed, tickets=told.tickets) as house,
    ):
        met = _storm(house, Random(told.seed), told.minutes * 60)
        trials.calm_down(house, patience=600)
        return _verdict(house, trials.end_all(house), met)


def _storm(house: Cluster, random: Random, seconds: float) -> Counter[str]:
    house.town.begin()
    met: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(random.uniform(1, 5))
        names = list(TRIALS)
        name = random.choices(names, [TRIALS[each][1] for each in names])[0]
        print(f"{until - time.monotonic():6.0f} s left: {name}", flush=True)
        TRIALS[name][0](house, random)
        met[name] += 1
    return met


def _verdict(house: Cluster, codes: dict[str, int], met: Counter[str]) -> int:
    town, claims = house.town, house.witness.claims()
    wrong = [
        *(" ".join(one) for one in town.violations()),
        *house.witness.wrong(),
        *house.witness.open(),
        *(line for process in house.processes for line in process.complaints()),
        *(f"{name} ended with {code}" for name, code in codes.items() if code),
    ]
    for name, number in met.items():
        print(f"{number:8} times {name}")
    print(
        f"{len(town.book.sources):8} tickets, {len(town.book.said)} words and files, {town.crowd.acts} acts of people"
    )
    print(
        f"{claims.deliveries:8} deliveries claimed by {claims.workers} workers, {claims.again} of them again"
    )
    print(
        f"{claims.looks:8} looks, {town.hooks()[0]} hooks, {town.met()} faults of desks, {house.witness.all_late()} late"
    )
    print(f"{len(wrong):8} violations")
    for line in wrong[:50]:
        print("  " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
