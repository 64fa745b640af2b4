"""What a run is told as: its table of counts, its failing seeds."""

from collections.abc import Iterator

from gateway.testing.simulator.judge import MOST_TOLD, Result
from gateway.testing.simulator.run import Totals

_FIRST = ("tickets", "acts of people", "events", "deliveries")


def summary(totals: Totals, seconds: float) -> Iterator[str]:
    """The lines of the table; `seconds` on the wall."""
    deep, parallel = totals.shares()
    yield f"{'seeds':<28}{totals.seeds:>12,}"
    for name in _FIRST:
        yield f"{name:<28}{totals.counts[name]:>12,}"
    yield f"{'events per second':<28}{totals.events / max(seconds, 0.001):>12,.0f}"
    yield f"{'tickets over three hops':<28}{deep:>12.1%}"
    yield f"{'tickets with branches':<28}{parallel:>12.1%}"
    for name, number in sorted(totals.counts.items()):
        if name not in (*_FIRST, "parallel"):
            yield f"{name:<28}{number:>12,}"
    yield f"{'seeds with violations':<28}{len(totals.failed):>12,}"


def told(result: Result) -> Iterator[str]:
    """What is wrong with one seed."""
    yield f"seed {result.seed}: {len(result.violations)} violations"
    for kind, text in result.violations[:MOST_TOLD]:
        yield f"    {kind}: {text}"
