"""Random histories with what few contracts and desks have: limits of stops, evidence, business days, statements of milestones,
measured offsets of desks' clocks, looks that still showed the old state."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.domain.sla.terms import Chain, EndsOn, OffsetSample, Place, Record, StopRule, Terms
from gateway.domain.worktime import DayTarget
from tests.domain.sla.story import H, M
from tests.domain.sla.test_properties import histories

DECISIONS = ("stop.accepted", "stop.disputed", "stop.upheld", "stop.voided")


def varied(seed: int) -> tuple[Chain, list[Record], datetime]:
    """As `histories`: a chain, what happened, when one looks."""
    chain, told, now = histories(seed)
    dice = random.Random(seed + 1)
    seen = told[0].observed_at
    agreements = tuple(_terms(dice, one) for one in chain.agreements)
    places = {name: _place(dice, place, seen) for name, place in chain.places.items()}
    names = ["", *(one.id for one in agreements)]
    every = [one for record in told for one in _records(dice, record, names)]
    return replace(chain, agreements=agreements, places=places), every, now


def _terms(dice: random.Random, one: Terms) -> Terms:
    stops = {
        code: StopRule(
            automatic=rule.automatic,
            longest=dice.choice((None, H)),
            expected_end=dice.random() < 0.2,
            evidence=frozenset(dice.choice(((), ("photo",)))),
        )
        for code, rule in one.stops.items()
    }
    targets = {
        kind: {name: DayTarget(days=1) if dice.random() < 0.15 else amount for name, amount in found.items()}
        for kind, found in one.targets.items()
    }
    return replace(
        one,
        stops=stops,
        targets=targets,
        ends_on={kind: dice.choice(list(EndsOn)) for kind in targets},
        confirmation=dice.choice((None, 5 * H)),
        dispute_period=dice.choice((None, 3 * H)),
        visit_grace=dice.choice((H, timedelta())),
        updates_wait=dice.random() < 0.5,
    )


def _place(dice: random.Random, place: Place, seen: datetime) -> Place:
    samples = [
        OffsetSample(measured_at=seen + dice.randint(-60, 600) * M, offset=dice.randint(-20, 20) * M, error=M)
        for _ in range(dice.choice((0, 0, 2)))
    ]
    observed = dice.choice((None, None, seen + 300 * M))
    return replace(
        place, samples=tuple(samples), observed_from=observed, granularity=dice.choice((timedelta(), M))
    )


def _records(dice: random.Random, record: Record, agreements: list[str]) -> Iterator[Record]:
    """The record, with more said about it, and at times somebody's opinion of it."""
    seen, data = record.observed_at, dict(record.data)
    if data.get("status") in ("pending", "held") or record.type == "stop.requested":
        data |= {"evidence": ["photo"]} if dice.random() < 0.4 else {}
        data |= (
            {"expected_end": (seen + dice.randint(-30, 200) * M).isoformat()} if dice.random() < 0.4 else {}
        )
    contrary = seen - dice.randint(0, 40) * M if dice.random() < 0.15 else None
    yield replace(record, data=data, contrary_seen_at=contrary)
    later = seen + dice.randint(0, 60) * M
    if dice.random() < 0.12:
        accepted = {"event": record.id}
        yield Record(
            id=f"s{record.id}", type="statement.accepted", hop=None, observed_at=later, data=accepted
        )
    if dice.random() < (0.3 if "evidence" in data else 0.05):
        about = {"request": record.id, "agreement": dice.choice(agreements)}
        yield Record(id=f"d{record.id}", type=dice.choice(DECISIONS), hop=None, observed_at=later, data=about)
