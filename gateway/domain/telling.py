"""What a new fold of a ticket's clocks tells: breaches, what was told and is no longer so (R4), and what is kept for the
next fold. Who is warned of it is `warnings`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain import keeping
from gateway.domain.case import Because, Case
from gateway.domain.keeping import KeptClock, Which
from gateway.domain.model import Event
from gateway.domain.model.change import replace
from gateway.domain.sla.clocks import Clock
from gateway.domain.warnings import BREACH


@dataclass(kw_only=True)
class Tally:
    """The kept clocks of a ticket after a fold. `new`: the ids of those that were not kept before; `gone`: of those that
    are none any more. `breaches`: the events recorded, by the clocks they speak of."""

    clocks: dict[Which, KeptClock] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    breaches: dict[Which, Event] = field(default_factory=dict)

    def put(self, which: Which, **changes: Any) -> None:
        """Change what is kept of a clock."""
        self.clocks[which] = replace(self.clocks[which], **changes)


def tell(
    case: Case,
    kept: Iterable[KeptClock],
    every: Sequence[Clock],
    into: tuple[Mapping[tuple[str, str], str], Tally],
) -> None:
    """Record what the clocks now say beyond what was told. `into`: per hop and agreement the terms it is bound to, and what
    is kept from now on."""
    sheets, tally = into
    before = {clock.which: clock for clock in kept}
    for which, clock in keeping.placed(every):
        old = before.pop(which, None)
        _restate(case, old, clock)
        breach = _breach(case, old, clock)
        if breach is not None:
            tally.breaches[which] = breach
        _keep(case, tally, which, old, (clock, sheets.get((clock.hop, clock.agreement), "")))
    for old in before.values():
        _restate(case, old, None)
        tally.gone.append(old.id)


def _restate(case: Case, old: KeptClock | None, clock: Clock | None) -> None:
    data = keeping.restated(old, clock) if old is not None else None
    if old is not None and data is not None:
        case.record("clock.restated", case.hops[old.hop_id], _because(clock), data)


def _breach(case: Case, old: KeptClock | None, clock: Clock) -> Event | None:
    """A breach is told once; one that moved is a restatement."""
    if clock.breached_at is None or (old is not None and BREACH in old.warned):
        return None
    data = {
        "clock": clock.key,
        "breached_at": clock.breached_at.isoformat(),
        "target": clock.target.total_seconds() if clock.target is not None else None,
    }
    return case.record("clock.breached", case.hops[clock.hop], _because(clock), data)


def _because(clock: Clock | None) -> Because:
    """What a clock's latest stretch follows from, else what started it."""
    if clock is None:
        return Because()
    last = next((piece.span.cause for piece in reversed(clock.pieces) if piece.span.cause), None)
    return Because(cause_id=clock.ended_by or last or clock.started_by)


def _keep(case: Case, tally: Tally, which: Which, old: KeptClock | None, now: tuple[Clock, str]) -> None:
    clock, sheet = now
    figures = keeping.figures(clock) | {"sheet": sheet, "folded_at": case.now}
    if which in tally.breaches:
        figures["warned"] = (*(old.warned if old is not None else ()), BREACH)
    if old is not None:
        tally.clocks[which] = replace(old, **figures)
        return
    agreement, hop_id, target_kind, place = which
    made = KeptClock(
        id=case.new_id("clk"),
        org_id=case.hops[hop_id].org_id,
        ticket_id=case.ticket.id,
        hop_id=hop_id,
        agreement=agreement,
        target_kind=target_kind,
        place=place,
        **figures,
    )
    tally.new.add(made.id)
    tally.clocks[which] = made
