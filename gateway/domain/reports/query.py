"""Which outcomes and cases somebody asks for. The store answers from its rows; `takes` answers for outcomes that were
counted again under other terms or as of an earlier moment, so that both say the same."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.period import Period
from gateway.domain.sla.terms import TargetKind


@dataclass(frozen=True, kw_only=True)
class Query:
    """All that is named must fit; what is empty or None is not asked for. Customer and provider are organization ids.

    `period`: an outcome is in the one that its `counted_on` falls into, a day by the wall of its agreement's zone, whatever
    the zone of the period; one that still runs, if its ticket was opened before the period's end. A case is in every period
    in which it was open for a moment, by the period's own zone."""

    customer: str = ""
    provider: str = ""
    agreement: str = ""
    target_kind: TargetKind | None = None
    priority: str = ""
    service: str = ""
    site: str = ""
    period: Period | None = None
    verdicts: Set[Verdict] = frozenset()
    ticket_ids: Set[str] | None = None
    """Only these tickets; None: all."""

    def takes(self, outcome: Outcome) -> bool:
        """Whether the outcome is one of those asked for."""
        named = ("customer", "provider", "agreement", "target_kind", "priority", "service", "site")
        if any(getattr(self, name) not in ("", None, getattr(outcome, name)) for name in named):
            return False
        if self.verdicts and outcome.verdict not in self.verdicts:
            return False
        if self.ticket_ids is not None and outcome.ticket_id not in self.ticket_ids:
            return False
        return self.period is None or _within(self.period, outcome)


def _within(period: Period, outcome: Outcome) -> bool:
    day: date | None = outcome.counted_on
    return outcome.opened_at < period.end if day is None else period.first <= day <= period.last
