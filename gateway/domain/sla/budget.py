"""The hand-over budget (R20): by when a hop must be done so that every clock above it can be kept. Moments are compared,
not durations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.terms import AgreementKind, TargetKind, Terms
from gateway.domain.worktime import worktime


@dataclass(frozen=True, kw_only=True)
class BudgetRow:
    """One clock above: what it has left, when it is due, and that less all reserves on the way down."""

    agreement: str
    remaining: timedelta
    due: datetime
    less_reserves: datetime


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a hop's own agreement gives it, and what the chain above needs. `conflict`: the chain needs it earlier."""

    hop: str
    own_due: datetime | None
    needed_by: datetime | None
    rows: tuple[BudgetRow, ...]

    @property
    def conflict(self) -> bool:
        return self.own_due is not None and self.needed_by is not None and self.needed_by < self.own_due


def budget(
    folded: Folded, every: Sequence[Clock], hop: str, kind: TargetKind = TargetKind.RESOLUTION
) -> Budget:
    """The budget of a hop as of the fold's moment."""
    rows = []
    for level in folded.chain.above(hop):
        for terms in folded.chain.at(level):
            clock = _clock(every, terms, kind)
            if (
                terms.kind is AgreementKind.OLA
                or clock is None
                or clock.due is None
                or clock.ended_at is not None
            ):
                continue
            rows.append(
                BudgetRow(
                    agreement=terms.id,
                    remaining=clock.remaining or timedelta(),
                    due=clock.due,
                    less_reserves=_less_reserves(folded, hop, level, clock.due),
                )
            )
    own = (_own_due(folded, every, terms, kind) for terms in folded.chain.at(hop))
    return Budget(
        hop=hop,
        own_due=min((due for due in own if due is not None), default=None),
        needed_by=min((row.less_reserves for row in rows), default=None),
        rows=tuple(rows),
    )


def _clock(every: Sequence[Clock], terms: Terms, kind: TargetKind) -> Clock | None:
    found = [
        one for one in every if one.agreement == terms.id and one.target_kind is kind and not one.superseded
    ]
    return found[-1] if found else None


def _own_due(folded: Folded, every: Sequence[Clock], terms: Terms, kind: TargetKind) -> datetime | None:
    """The hop's own due moment; of a clock that has not started, as if it did now."""
    clock = _clock(every, terms, kind)
    if terms.kind is AgreementKind.OLA or clock is None or clock.target is None:
        return None
    return clock.due or worktime(terms.calendar_of(kind)).add(folded.now, clock.target)


def _less_reserves(folded: Folded, hop: str, level: str, due: datetime) -> datetime:
    """The due moment less the reserves from its level down to the hop's parent, each in its owner's calendar."""
    way = folded.chain.above(hop)
    priority = folded.priorities[-1][1] if folded.priorities else ""
    for name in reversed(way[: way.index(level) + 1]):
        for terms in folded.chain.at(name):
            reserve = terms.reserve.get(priority)
            if reserve:
                due = worktime(terms.reserve_calendar or terms.calendar).add(due, -reserve)
    return due
