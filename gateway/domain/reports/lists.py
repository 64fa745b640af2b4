"""Two lists of tickets of one period: the other side's and ours, and what is said of a difference (R36)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.period import Period
from gateway.domain.reports.tally import COUNTED
from gateway.domain.sla.terms import TargetKind


class Place(StrEnum):
    """On whose list a ticket stands."""

    BOTH = "both"
    ONLY_THERE = "only there"
    ONLY_HERE = "only here"


class Cause(StrEnum):
    """What makes a difference."""

    DOUBLED = "doubled"
    RENAMED = "renamed"
    MERGED = "merged"
    OUTSIDE = "outside the period"
    RUNNING = "not due yet"
    CANCELLED = "cancelled"
    NO_AGREEMENT = "no agreement"
    NOT_LINKED = "not linked"
    MISSING = "missing there"
    PRIORITY = "priority"
    STOP = "stopped time"
    EXCLUSION = "exclusion"
    PROVISIONAL = "provisional"
    LATE_FACT = "late fact"
    TRANSIT = "transit"
    CUSTOMER = "customer's time"
    CALENDAR = "calendar"
    START = "start"
    UNEXPLAINED = "unexplained"


class ListedBy(StrEnum):
    """What puts a ticket on the other side's list of a period."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """A row of the other side's list. `former`: numbers that it had before; `merged_into`: the number that goes on instead."""

    row: int
    number: str
    former: tuple[str, ...] = ()
    merged_into: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    priority: str = ""
    verdicts: Mapping[TargetKind, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ours:
    """A ticket as we have it: every number that a desk calls it by, and its clocks that are promised to the customer.
    `restated_at`: when a late fact last changed what had been told of it."""

    case: Case
    numbers: frozenset[str]
    outcomes: Sequence[Outcome]
    restated_at: datetime | None = None

    @property
    def name(self) -> str:
        """What the customer calls it."""
        return self.case.number or self.case.ticket_id


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Of which period the lists are; `listed_by`: how the other one was drawn up, and `exported_at` when."""

    period: Period
    listed_by: ListedBy = ListedBy.OPENED
    exported_at: datetime | None = None

    def counts(self, outcome: Outcome) -> bool:
        """Whether a clock is one of the period's."""
        day = outcome.counted_on
        return outcome.verdict in COUNTED and day is not None and self.period.first <= day <= self.period.last


@dataclass(frozen=True, kw_only=True)
class Line:
    """One difference. `ours` and `theirs`: what each side has. `target` is None for the ticket itself."""

    place: Place
    ticket: str
    ticket_id: str = ""
    target: TargetKind | None = None
    cause: Cause
    words: str
    ours: str = ""
    theirs: str = ""

    @property
    def key(self) -> str:
        """Names it among the lines of a closing, whichever is first: `INC-4711`, `INC-4711/resolution`."""
        return f"{self.ticket}/{self.target.value}" if self.target is not None else self.ticket


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`both`: tickets on both lists; `agreed`: verdicts that both sides give alike. Every other ticket has a line."""

    theirs: int
    ours: int
    both: int
    agreed: int
    lines: tuple[Line, ...]
