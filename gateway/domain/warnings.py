"""Warnings of a clock (R22): at which shares of its target, or so long before its end, somebody is told, all in business
time. Pure judgement of one clock; who is told, and how, is `escalation`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from gateway.domain.documents import length
from gateway.domain.sla.clocks import RUNNING, Clock

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


def thresholds(marks: Iterable[Mark], target: timedelta | None) -> list[timedelta]:
    """The elapsed times at which a clock of this target is warned of, in order."""
    found = [mark.threshold(target) for mark in marks] if target is not None else []
    return sorted(at for at in found if at is not None)


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
    ranked = sorted((at, mark.word) for mark in marks if (at := mark.threshold(clock.target)) is not None)
    if clock.breached_at is not None:
        every = (*(word for _, word in ranked), BREACH)
        return None if BREACH in told else Reached(BREACH, len(ranked), every)
    passed = [word for at, word in ranked if clock.elapsed >= at]
    if clock.state != RUNNING or not passed or passed[-1] in told:
        return None
    return Reached(passed[-1], len(passed) - 1, tuple(passed))
