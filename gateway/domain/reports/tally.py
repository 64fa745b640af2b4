"""What the chapters of a report count with: the sum of some outcomes, groups of them, the middle of some shares."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.rollup import Rolled
from gateway.domain.sla.terms import NONE

COUNTED = (Verdict.MET, Verdict.BREACHED, Verdict.EXCLUDED)


def tally(outcomes: Iterable[Outcome]) -> Rolled:
    """One sum of them all; of none, nothing. As `rollup.rolled`, without what these chapters do not tell."""
    every = list(outcomes)
    counted = [one for one in every if one.verdict in COUNTED]
    verdicts = Counter(one.verdict for one in every)
    return Rolled(
        met=verdicts[Verdict.MET],
        breached=verdicts[Verdict.BREACHED],
        excluded=verdicts[Verdict.EXCLUDED],
        cancelled=verdicts[Verdict.CANCELLED],
        provisional=sum(one.provisional for one in counted),
        unmeasured=sum(one.unmeasured for one in counted),
        elapsed=sum((one.elapsed for one in counted), NONE),
    )


def running(outcomes: Iterable[Outcome]) -> int:
    """How many have no verdict yet."""
    return sum(one.verdict is Verdict.RUNNING for one in outcomes)


def grouped(
    outcomes: Iterable[Outcome], key: Callable[[Outcome], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Outcome]]:
    """By some words of theirs, in the order of the words."""
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault(key(one), []).append(one)
    return dict(sorted(groups.items()))


def is_breached(outcome: Outcome) -> bool:
    """Whether it is in the breach list: what was excluded stays in it, marked."""
    return outcome.verdict in (Verdict.BREACHED, Verdict.EXCLUDED)


def numbered(outcome: Outcome) -> str:
    """What people call its ticket."""
    return outcome.number or outcome.ticket_id


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle one, of an even number the mean of the two in the middle. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing has no median")
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def so_many(count: int, thing: str) -> str:
    """`1 ticket`, `2 tickets`, `1 clock was`, `2 clocks were`."""
    if count == 1:
        return f"{count:,} {thing}"
    noun, _, verb = thing.partition(" ")
    return f"{count:,} {noun}s {'were' if verb == 'was' else verb}".rstrip()
