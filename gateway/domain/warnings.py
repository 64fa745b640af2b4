"""Warnings of a clock (R22): at which shares of its target, or so long before its end, somebody is told, all in business
time. Pure judgement of one clock; who is told, and how, is `escalation`."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.documents import length
from gateway.domain.sla.clocks import RUNNING, Clock
from gateway.domain.worktime import Worktime

BREACH = "breach"


class Mark(NamedTuple):
    """When a clock is warned of: at so many percent of its target, or (`share` 0) so much business time before its end."""

    word: str
    share: int = 0
    before: timedelta = timedelta()

    def threshold(self, target: timedelta) -> timedelta | None:
        """The elapsed time at which it is reached; None for a target shorter than it."""
        at = target * self.share // 100 if self.share else target - self.before
        return at if at > timedelta() else None

    def has_come(self, clock: Clock, threshold: timedelta) -> bool:
        """Whether a clock that stands so is past it. Counted back from the end, an hour that reaches an opening begins there,
        not at the closing before it, though no business time lies between the two (R8, R9)."""
        here = clock.open_now if self.before else True
        return clock.elapsed > threshold or (clock.elapsed == threshold and here)

    def comes_at(self, clock: Clock, work: Worktime, now: datetime) -> datetime | None:
        """When it will be reached if nothing happens; None if it has come, or never will. Raises CalendarError where the
        calendar has no such moment in sight."""
        threshold = None if clock.target is None else self.threshold(clock.target)
        if threshold is None or self.has_come(clock, threshold):
            return None
        at = work.add(now, threshold - clock.elapsed) if threshold > clock.elapsed else now
        return work.next_open(at) if self.before else at


DEFAULT = (Mark("50%", 50), Mark("75%", 75), Mark("90%", 90))


def mark_from(word: str) -> Mark:
    """`75%` or `1h`. Raises ValueError."""
    if not word.endswith("%"):
        return Mark(word, before=length(word))
    share = int(word[:-1])
    if not 0 < share < 100:
        raise ValueError(
            f"{word!r} is no share of a target; write 1% to 99%, or a time before its end like 1h"
        )
    return Mark(word, share)


class Reached(NamedTuple):
    """The furthest mark that a clock has newly reached, the how manieth (0 first), and all that need not be told again."""

    word: str
    step: int
    words: tuple[str, ...]


def reached(clock: Clock, marks: Sequence[Mark], told: Collection[str]) -> Reached | None:
    """What there is to warn of now. Nothing while the clock stands still, has ended, or was told; of several marks that
    are passed at once only the furthest is worth a word. A breach is the last mark of all."""
    if clock.stopped or clock.superseded or clock.ended_at is not None or clock.target is None:
        return None
    ranked = sorted((at, mark) for mark in marks if (at := mark.threshold(clock.target)) is not None)
    words = tuple(mark.word for _, mark in ranked)
    if clock.breached_at is not None:
        return None if BREACH in told else Reached(BREACH, len(ranked), (*words, BREACH))
    passed = [step for step, (at, mark) in enumerate(ranked) if mark.has_come(clock, at)]
    if clock.state != RUNNING or not passed or words[passed[-1]] in told:
        return None
    return Reached(words[passed[-1]], passed[-1], words[: passed[-1] + 1])
