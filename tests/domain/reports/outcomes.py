"""Random outcomes and tickets: few customers, agreements and days, so that many share a sum."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.domain.reports.outcome import Case, Coverage, Outcome, Verdict
from gateway.domain.sla.attribution import GAP
from gateway.domain.sla.terms import NONE, AgreementKind, TargetKind

START = datetime(2026, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
_COUNTED = (Verdict.MET, Verdict.BREACHED, Verdict.EXCLUDED, Verdict.CANCELLED)


def kept(dice: random.Random, number: int) -> tuple[Case, list[Outcome]]:
    """A ticket of that number with up to four clocks."""
    case = _case(dice, number)
    return case, [_outcome(dice, case, place) for place in range(1, dice.randint(0, 4) + 1)]


def _case(dice: random.Random, number: int) -> Case:
    opened_at = START + dice.randint(0, 900) * HOUR
    closed_at = opened_at + dice.randint(1, 300) * HOUR if dice.random() < 0.7 else None
    return Case(
        ticket_id=f"tkt_{number:04}",
        org_id=dice.choice(("org_a", "org_b")),
        number=f"T-{number}",
        customer=dice.choice(("acme", "best")),
        parties=("acme", "vendor"),
        priority=dice.choice(("high", "low")),
        service=dice.choice(("", "tills")),
        site=dice.choice(("", "S-1", "S-2")),
        opened_at=opened_at,
        resolved_at=closed_at,
        closed_at=closed_at,
        cancelled=dice.random() < 0.1,
        coverage=dice.choice(list(Coverage)),
        visits=dice.randint(0, 2),
        fixed_first_time=dice.choice((None, True, False)),
        rating=dice.choice((None, 40)),
        silence=_length(dice),
        time={"vendor": _length(dice), "link:h2": _length(dice)},
    )


def _length(dice: random.Random) -> timedelta:
    return timedelta(microseconds=dice.randint(0, 10**12))


def _outcome(dice: random.Random, case: Case, place: int) -> Outcome:
    verdict = dice.choice((*_COUNTED, Verdict.RUNNING))
    one = Outcome(
        id=f"out_{case.ticket_id}_{place}",
        org_id=case.org_id,
        ticket_id=case.ticket_id,
        hop_id="h1",
        number=case.number,
        customer=case.customer,
        provider=dice.choice(("vendor", "north")),
        consumer=case.customer,
        agreement=dice.choice(("gold", "silver")),
        agreement_kind=dice.choice(list(AgreementKind)),
        target_kind=dice.choice((TargetKind.RESPONSE, TargetKind.RESOLUTION)),
        place=place,
        key=f"gold/h1/resolution#{place}",
        priority=case.priority,
        service=case.service,
        site=case.site,
        opened_at=case.opened_at,
        started_at=case.opened_at,
        verdict=verdict,
        provisional=dice.random() < 0.2,
        unmeasured=dice.random() < 0.2,
        target=4 * HOUR,
        coverage=case.coverage,
    )
    return one if verdict is Verdict.RUNNING else _counted(dice, one)


def _counted(dice: random.Random, one: Outcome) -> Outcome:
    at = one.opened_at + dice.randint(0, 500) * HOUR
    time = {name: _length(dice) for name in ("vendor", "link:h1", "link:h2")}
    stopped = {"requester_info": _length(dice)}
    elapsed = sum(time.values(), NONE)
    late = one.verdict in (Verdict.BREACHED, Verdict.EXCLUDED)
    return replace(
        one,
        counted_at=at,
        counted_on=at.date(),
        ended_at=at,
        breached_at=at if late else None,
        elapsed=elapsed,
        net_elapsed=elapsed,
        stopped_time=stopped["requester_info"],
        time=time,
        stopped=stopped,
        parts={GAP: max(NONE, elapsed - 4 * HOUR)} if late else {},
    )
