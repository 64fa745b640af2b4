"""Objectives (R27): which share of the clocks of a period must be within the target, how late the rest may be, and what a
small sample counts. Shares are exact: 94.96 % is not 95 %. What a miss costs is another page (`credits`)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.period import Period
from gateway.domain.reports.promises import WHOLE, Objective, Small


class Standing(StrEnum):
    """What an objective came to in a period."""

    MET = "met"
    MISSED = "missed"
    TOO_SMALL = "too_small"
    """Not judged: its cases count in the next period."""
    NO_CASE = "no_case"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Clocks counted for one objective. `beyond`: how many are outside of the target and of each tail, in that order;
    `certain`: those of them that stay so whatever is still decided; `running`: of those inside, how many have not ended.
    Two tallies of different clocks add up, in any order."""

    total: int = 0
    provisional: int = 0
    beyond: tuple[int, ...] = (0,)
    certain: tuple[int, ...] = (0,)
    running: tuple[int, ...] = (0,)
    missed: tuple[Outcome, ...] = field(default=(), repr=False)
    """The clocks outside of the target, by the moment they count at: the proof. Empty where only counts were kept."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            total=self.total + other.total,
            provisional=self.provisional + other.provisional,
            beyond=_sums(self.beyond, other.beyond),
            certain=_sums(self.certain, other.certain),
            running=_sums(self.running, other.running),
            missed=tuple(sorted((*self.missed, *other.missed), key=proof_order)),
        )


def _sums(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    longest = max(len(one), len(other))
    padded = ((*some, *(0,) * (longest - len(some))) for some in (one, other))
    return tuple(map(sum, zip(*padded, strict=True)))


def proof_order(outcome: Outcome) -> tuple[datetime, str]:
    """By the moment it counts at, then by id."""
    return (outcome.counted_at or _NEVER, outcome.id)


_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One share that is asked for: of the target, or of a tail (`within` says which). `spare`: so many more may be outside
    before it is missed; None if it is missed. `needed`: so many more must be inside before it is met again; None if it is
    met, or cannot be met any more."""

    within: str
    asked: Fraction
    numerator: int
    denominator: int
    spare: int | None
    needed: int | None

    @property
    def met(self) -> bool:
        """Whether the share is reached."""
        return self.spare is not None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an objective came to: counted with what was carried over. `final`: what it comes to if all that is provisional
    turns out well; only that is billed (R29)."""

    objective: Objective
    tally: Tally
    standing: Standing
    final: Standing
    steps: tuple[Step, ...] = ()
    carried: int = 0
    """How many clocks of earlier periods are in it, because their sample was too small."""
    small: bool = False
    """Judged by the rule for small samples, not by its share."""
    spare: int | None = None
    """So many more breaches and it is still met; None if it is not met now."""
    period: Period | None = None

    @property
    def numerator(self) -> int:
        """How many were within the target."""
        return self.tally.total - self.tally.beyond[0]

    @property
    def denominator(self) -> int:
        """How many counted."""
        return self.tally.total

    @property
    def share(self) -> Fraction | None:
        """Exactly; None without a case."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def provisional(self) -> bool:
        """Whether what is undecided or still runs may change what it came to."""
        worst = _sums(self.tally.beyond, self.tally.running)
        return self.final is not _standing(self.objective, self.tally.total, worst)

    @property
    def margin(self) -> str:
        """How far it is from the other verdict, in words: `2 more breaches and it is missed`."""
        if self.standing is Standing.NO_CASE:
            return "no case"
        if self.standing is Standing.TOO_SMALL:
            return f"{self.denominator:,} of at least {self.objective.smallest}; counted with the next period"
        if self.standing is Standing.MET:
            return "; ".join(_left(self))
        return "; ".join(_lacking(self))


def _left(result: Result) -> Iterator[str]:
    spare = result.spare or 0
    yield f"{spare + 1:,} more breaches and it is missed" if spare else "one more breach and it is missed"
    for step in () if result.small else result.steps[1:]:
        if step.spare is not None and step.spare < spare:
            yield f"{step.spare + 1:,} more over {step.within} and it is missed"


def _lacking(result: Result) -> Iterator[str]:
    if result.small:
        yield f"{result.tally.beyond[0]} breached, at most {result.objective.at_most} may be"
        return
    lost = [step for step in result.steps if not step.met and step.needed is None]
    if lost:  # what everything had to keep, no good ticket mends
        yield from (f"every one had to be within {step.within}" for step in lost)
        return
    needed, late = max(((step.needed, step) for step in result.steps if step.needed is not None), key=_first)
    why = f": too many over {late.within}" if late is not result.steps[0] else ""
    yield f"{needed:,} more within the target would meet it{why}"


def _first(needed: tuple[int, Step]) -> int:
    return needed[0]


def counts(outcome: Outcome, *, net: bool) -> bool | None:
    """Whether a clock is inside its target; None if it does not count: it runs, or it was cancelled before it was due. What
    breached only by excluded time is outside in gross and inside in net (R19)."""
    if outcome.verdict is Verdict.MET:
        return True
    if outcome.verdict is Verdict.BREACHED:
        return False
    return net if outcome.verdict is Verdict.EXCLUDED else None


def counted_on(outcome: Outcome, zone: str) -> date | None:
    """The day that puts a clock into a period: by the wall of its agreement's zone, else of this one."""
    if outcome.counted_on is not None or outcome.counted_at is None:
        return outcome.counted_on
    return outcome.counted_at.astimezone(ZoneInfo(zone)).date()


def is_final(outcome: Outcome) -> bool:
    """Whether its verdict may be billed: nothing undecided, and under terms that were in force (R25, R29)."""
    return not outcome.provisional and not outcome.unmeasured


def tally(
    objective: Objective, outcomes: Iterable[Outcome], *, groups: Mapping[str, str] | None = None
) -> Tally:
    """Count the clocks of one agreement and period that the objective selects."""
    total = provisional = 0
    beyond, certain, still = ([0] * (1 + len(objective.tails)) for _ in range(3))
    missed = []
    for outcome in outcomes:
        inside = counts(outcome, net=objective.net)
        if inside is None or not objective.selection.holds(outcome, groups):
            continue
        total += 1
        provisional += not is_final(outcome)
        if inside:
            continue
        missed.append(outcome)
        for place, outside in enumerate((True, *_outside(objective, outcome))):
            beyond[place] += outside
            certain[place] += outside and is_final(outcome)
            still[place] += not outside and outcome.ended_at is None
    return Tally(
        total=total,
        provisional=provisional,
        beyond=tuple(beyond),
        certain=tuple(certain),
        running=tuple(still),
        missed=tuple(sorted(missed, key=proof_order)),
    )


def _outside(objective: Objective, outcome: Outcome) -> Iterator[bool]:
    time = outcome.net_elapsed if objective.net else outcome.elapsed
    return (tail.beyond(time, outcome.target) for tail in objective.tails)


def evaluate(
    objective: Objective,
    outcomes: Iterable[Outcome],
    *,
    carried: Tally | None = None,
    groups: Mapping[str, str] | None = None,
) -> Result:
    """What an objective came to over the clocks of its agreement that count in one of its periods; `carried` is
    `carried_on` of the period before."""
    return judge(objective, tally(objective, outcomes, groups=groups), carried=carried)


def judge(objective: Objective, counted: Tally, *, carried: Tally | None = None) -> Result:
    """The same from a tally, however it was counted."""
    every = counted + carried if carried is not None else counted
    small = 0 < every.total < objective.smallest
    standing = _standing(objective, every.total, every.beyond)
    return Result(
        objective=objective,
        tally=every,
        standing=standing,
        final=_standing(objective, every.total, every.certain),
        steps=tuple(_steps(objective, every)),
        carried=carried.total if carried is not None else 0,
        small=small,
        spare=_spare(objective, every) if standing is Standing.MET else None,
    )


def carried_on(result: Result) -> Tally | None:
    """What the next period has to count as well."""
    return result.tally if result.standing is Standing.TOO_SMALL else None


def course(
    objective: Objective,
    within: Callable[[Period], Iterable[Outcome]],
    periods: Iterable[Period],
    *,
    groups: Mapping[str, str] | None = None,
) -> list[Result]:
    """The results of one of its periods after the other; `within` gives the clocks that count in a period. Small samples are
    carried over until the end of a calendar year: in January counting begins anew, so that it does not matter from which
    year on one looks."""
    results: list[Result] = []
    before: Period | None = None
    for period in periods:
        same_year = period.first.year == before.first.year if before is not None else False
        carried = carried_on(results[-1]) if results and same_year else None
        found = evaluate(objective, within(period), carried=carried, groups=groups)
        results.append(replace(found, period=period))
        before = period
    return results


def weighted(results: Iterable[Result]) -> Fraction | None:
    """The share of what was judged that was met, each objective by its weight; None if nothing was judged."""
    judged = [one for one in results if one.standing in (Standing.MET, Standing.MISSED)]
    weight = sum((one.objective.weight for one in judged), Fraction())
    met = sum((one.objective.weight for one in judged if one.standing is Standing.MET), Fraction())
    return met / weight if weight else None


def _asked(objective: Objective) -> tuple[Fraction, ...]:
    return (objective.share, *(tail.share for tail in objective.tails))


def _standing(objective: Objective, total: int, beyond: Sequence[int]) -> Standing:
    if not total:
        return Standing.NO_CASE
    if total < objective.smallest:
        if objective.small is Small.CARRY:
            return Standing.TOO_SMALL
        few = objective.small is Small.MET or beyond[0] <= objective.at_most
        return Standing.MET if few else Standing.MISSED
    kept = all(
        total - outside >= asked * total for asked, outside in zip(_asked(objective), beyond, strict=True)
    )
    return Standing.MET if kept else Standing.MISSED


def _steps(objective: Objective, counted: Tally) -> Iterator[Step]:
    names = ("the target", *(tail.words for tail in objective.tails))
    for name, asked, outside in zip(names, _asked(objective), counted.beyond, strict=True):
        inside, total = counted.total - outside, counted.total
        missing = asked * total - inside
        yield Step(
            within=name,
            asked=asked,
            numerator=inside,
            denominator=total,
            spare=None if missing > 0 else int(inside / asked) - total,
            needed=-(-missing // (1 - asked)) if missing > 0 and asked < WHOLE else None,
        )


def _spare(objective: Objective, counted: Tally) -> int:
    """How many more breaches, each just over the target, leave it met."""
    more = 0
    while counted.total + more < objective.smallest:
        later = (counted.beyond[0] + more + 1, *counted.beyond[1:])
        if _standing(objective, counted.total + more + 1, later) is not Standing.MET:
            return more
        more += 1
    return int((counted.total - counted.beyond[0]) / objective.share) - counted.total
