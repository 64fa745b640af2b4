"""Crashes at the product's failpoints: a process that dies there loses all it had in memory."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random


class Crash(BaseException):
    """The process is gone. Not an Exception: nothing may catch it but the simulator."""


@dataclass(kw_only=True)
class CrashDice:
    """Armed as the hook of `gateway.failpoints`. `rate` is the chance to die at each passed step while `armed`; rarely
    passed steps get a larger one, so that all are hit about as often."""

    random: Random
    rate: float
    armed: bool = True
    passed: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)

    def __call__(self, step: str) -> None:
        self.passed[step] += 1
        if not self.armed:
            return
        rarity = max(self.passed.values()) / self.passed[step]
        if self.random.random() < min(0.2, self.rate * rarity):
            self.crashed[step] += 1
            raise Crash(step)
