"""What a clock came to, and what a ticket came to: the rows that every report counts. They follow from a fold and nothing
else, so that counting all tickets again gives the same rows (R34)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from gateway.domain.sla.terms import NONE, AgreementKind, TargetKind


class Verdict(StrEnum):
    """How a clock counts (R30). Open past due is breached; what was cancelled or excluded is listed, never hidden."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    EXCLUDED = "excluded"
    """Breached, but not when what author and consumer left out is taken off (R19)."""
    CANCELLED = "cancelled"
    """Ended without a verdict before it was due: cancelled, merged, withdrawn, or replaced by another target."""


class Coverage(StrEnum):
    """By what a ticket was measured, from the best to the worst; the worst of its hops counts (R30)."""

    HISTORY = "history"
    DIFFERENCE = "difference"
    PERSON = "person"
    UNLINKED = "unlinked"
    LINK_DOWN = "link_down"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One clock. Parties, customer, provider and consumer are organization ids; `link:<hop>` is transit, `outside:<code>`
    somebody without a hop. `counted_at` puts it into one period only: its stop if met, its due moment if breached; None
    while it runs. `place`: the how manieth of its agreement, hop and target."""

    id: str
    org_id: str
    ticket_id: str
    hop_id: str
    number: str = ""
    """What the customer calls the ticket."""
    customer: str
    provider: str
    consumer: str
    agreement: str
    agreement_kind: AgreementKind = AgreementKind.SLA
    sheet: str = ""
    target_kind: TargetKind
    place: int = 1
    key: str = ""
    priority: str = ""
    service: str = ""
    site: str = ""
    asset: str = ""
    opened_at: datetime
    started_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    breached_at: datetime | None = None
    counted_at: datetime | None = None
    counted_on: date | None = None
    """The day of `counted_at` by the wall of the agreement's zone: the periods it falls into."""
    verdict: Verdict
    provisional: bool = False
    """May still change: an undecided request, or a resolution that nobody has confirmed yet. Never billed (R29)."""
    unmeasured: bool = False
    """Counted under terms that were not in force: a contract in renewal, a service without an agreement (R25, R26)."""
    target: timedelta | None = None
    elapsed: timedelta = NONE
    """Zero, as all lengths below, while the verdict is `running`: nothing is measured of what has come to nothing yet."""
    net_elapsed: timedelta = NONE
    stopped_time: timedelta = NONE
    coverage: Coverage = Coverage.HISTORY
    time: Mapping[str, timedelta] = field(default_factory=dict)
    """The running time by party; sums up to `elapsed` (R23)."""
    stopped: Mapping[str, timedelta] = field(default_factory=dict)
    """The open time it stood still, by reason code; sums up to `stopped_time`."""
    parts: Mapping[str, timedelta] = field(default_factory=dict)
    """Of a breach: each party's part, `contract_gap` what nobody's target explains; sums up to the breach."""

    @property
    def over(self) -> timedelta:
        """By how much more than the target it ran; zero if it did not."""
        return max(NONE, self.elapsed - self.target) if self.target is not None else NONE


@dataclass(frozen=True, kw_only=True)
class Case:
    """One ticket, beside its clocks. `parties`: the organizations that worked on it, in the order they came in. Counts are
    of the whole life so far; `silence` is the longest time without a public word or a change while somebody held it."""

    ticket_id: str
    org_id: str
    number: str = ""
    customer: str
    parties: tuple[str, ...] = ()
    priority: str = ""
    service: str = ""
    site: str = ""
    asset: str = ""
    opened_at: datetime
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    cancelled: bool = False
    coverage: Coverage = Coverage.HISTORY
    reopened: int = 0
    returned: int = 0
    """How often it was handed back: declined, returned, expired, rejected."""
    hops: int = 1
    visits: int = 0
    abortive: int = 0
    no_fault_found: bool = False
    fixed_first_time: bool | None = None
    """Closed after one visit, never reopened and never repeated; None: no visit, or not over yet."""
    rating: int | None = None
    """As told by the requester, in per cent of the best."""
    silence: timedelta = NONE
    discrepancies: int = 0
    time: Mapping[str, timedelta] = field(default_factory=dict)
    """Wall time by party, transit as `link:<hop>`, from opening to close (or now); sums up to it."""
