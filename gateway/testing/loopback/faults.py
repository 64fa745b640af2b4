"""What can go wrong between a caller and a loopback desk, and who decides when: a seeded dice or a script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random


class FaultKind(StrEnum):
    """Faults by what happens at the desk and what the caller sees of it."""

    REFUSE = "refuse"
    """No connection; nothing reaches the desk."""
    DROP = "drop"
    """The connection closes before the desk does anything."""
    TIMEOUT_BEFORE = "timeout_before"
    """Nothing is applied and no answer comes."""
    TIMEOUT_AFTER = "timeout_after"
    """Applied, and the answer is lost."""
    APPLY_LATE = "apply_late"
    """No answer; applied `after` that time."""
    ERROR_BEFORE = "error_before"
    """500, nothing applied."""
    ERROR_AFTER = "error_after"
    """500, applied all the same."""
    THROTTLE = "throttle"
    """429 with `retry_after` in the header, as it is."""
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    LOGIN_PAGE = "login_page"
    """200 and a page of HTML; nothing applied."""
    HALF_BODY = "half_body"
    """Applied; the answer is cut in the middle."""
    WRONG_ID = "wrong_id"
    """Applied; the answer speaks of another ticket."""
    SLOW = "slow"
    """Applied and answered, `after` that time."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. `after` is a length of time, `retry_after` the header's text (seconds, a date, junk)."""

    kind: FaultKind
    after: timedelta = timedelta(seconds=30)
    retry_after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a plan may look at: the how-manieth call of this desk it is, and when."""

    number: int
    method: str
    path: str
    now: datetime

    @property
    def writes(self) -> bool:
        """Whether the call would change something."""
        return self.method != "GET"


FaultPlan = Callable[[Call], Fault | None]


def no_faults(_call: Call) -> None:
    """The desk is well."""


@dataclass(kw_only=True)
class Script:
    """The next calls get these faults in turn (None = none); afterwards the desk is well."""

    steps: Sequence[Fault | None]
    writes_only: bool = False
    done: int = 0

    def __call__(self, call: Call) -> Fault | None:
        """The next step."""
        if self.done >= len(self.steps) or (self.writes_only and not call.writes):
            return None
        self.done += 1
        return self.steps[self.done - 1]


RETRY_AFTER = ("0", "1", "30", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "-5", "", None)
"""What desks have been seen to write there."""


@dataclass(kw_only=True)
class Dice:
    """Each call gets a fault of a kind with that kind's rate (their sum is below 1), until `stops_at`."""

    rates: Mapping[FaultKind, float]
    random: Random
    stops_at: datetime | None = None
    longest: timedelta = timedelta(seconds=45)

    def __call__(self, call: Call) -> Fault | None:
        """Throw once; a second throw says how long or which header."""
        if self.stops_at is not None and call.now >= self.stops_at:
            return None
        thrown = self.random.random()
        for kind, rate in self.rates.items():
            thrown -= rate
            if thrown < 0:
                return Fault(
                    kind=kind,
                    after=self.longest * self.random.random(),
                    retry_after=self.random.choice(RETRY_AFTER),
                )
        return None


@dataclass(kw_only=True)
class Outages:
    """The desk is down in these spans (from, until); otherwise the other plan decides."""

    spans: Sequence[tuple[datetime, datetime]]
    otherwise: FaultPlan = field(default=no_faults)

    def __call__(self, call: Call) -> Fault | None:
        """Refused while down."""
        if any(start <= call.now < end for start, end in self.spans):
            return Fault(kind=FaultKind.REFUSE)
        return self.otherwise(call)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, after `delay`. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class NoConnection:
    """Nothing was sent."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request was sent and no whole answer came. `applied` is what only the desk knows; `part` is what came of
    the answer, `hangs` tells silence from a closed connection."""

    applied: bool
    part: Answer | None = None
    hangs: bool = True


Outcome = Answer | NoConnection | NoAnswer
