"""How conflicts stand, and when two rules answer each other."""

from typing import Any

import pytest

from gateway.domain import conflicts
from gateway.domain.conflicts import Standing
from gateway.domain.model import ActorKind, Event, Source
from tests.builders import later

A, P, U = ActorKind.AUTOMATION, ActorKind.PERSON, ActorKind.UNKNOWN


def moved(minute: float, hop: str, to: str, by: ActorKind) -> Event:
    return event(minute, "status.changed", {"to": to}, hop=hop, actor_kind=by, source=Source.HISTORY)


def event(minute: float, kind: str, data: dict[str, Any], *, hop: str = "up", **more: Any) -> Event:
    return Event(
        id=f"evt_{minute}_{kind}",
        org_id="org",
        ticket_id="tkt",
        hop_id=hop,
        type=kind,
        data=data,
        observed_at=later(minute),
        **more,
    )


def swings(*by: ActorKind, every: float = 1) -> list[Event]:
    """One after the other: down waits, up works."""
    ends = [("down", "pending"), ("up", "in_progress")]
    return [moved(place * every, *ends[place % 2], kind) for place, kind in enumerate(by)]


# the turns, every so many minutes → whether they answer each other
RUNS = {
    "six by rules": (swings(*[A] * 6), True),
    "five are too few": (swings(*[A] * 5), False),
    "a person in between begins anew": (swings(A, A, A, P, A, A, A), False),
    "an hour of quiet begins anew": (swings(*[A] * 6, every=61), False),
    "nobody knows who": (swings(*[U] * 6), False),
    "nobody knows who, for long": (swings(*[U] * 12), True),
    "people": (swings(*[P] * 30), False),
    "one desk alone that goes to and fro": (
        [moved(place, "down", "resolved" if place % 2 else "in_progress", A) for place in range(6)],
        True,
    ),
    "work that goes on": (
        [moved(place, "down", status, A) for place, status in enumerate("abcdefgh")],
        False,
    ),
    "what somebody decided begins anew": (
        [*swings(*[A] * 6), event(7, conflicts.DECIDED, {"field": "status"})],
        False,
    ),
}


@pytest.mark.parametrize(("events", "expected"), RUNS.values(), ids=RUNS.keys())
def test_rules_that_answer_each_other(events: list[Event], expected: bool) -> None:
    assert conflicts.is_swinging(events, "status", ("up", "down")) is expected


def found(minute: float = 10, **more: Any) -> Event:
    data = {"field": "status", "edge": "down", "policy": "swing", "winner": "downstream", "insists": False}
    data |= {"upstream": {"hop": "up"}, "downstream": {"hop": "down"}, "by": "downstream"} | more
    return event(minute, conflicts.FOUND, data, hop="down")


HOLD: dict[str, Any] = {"policy": "hold", "winner": None}
# the conflict, what came after it, when it is looked at → how it stands
STANDS = {
    "settled by rule": (found(policy="owner_wins"), [], 10, Standing.SETTLED),
    "held": (found(**HOLD), [], 1000, Standing.OPEN),
    "held, and again": (found(**HOLD), [found(20, **HOLD)], 20, Standing.REPLACED),
    "a rule insists": (found(policy="owner_wins", insists=True), [], 1000, Standing.OPEN),
    "two rules, just now": (found(), [moved(11, "up", "in_progress", A)], 70, Standing.OPEN),
    "two rules, long quiet": (found(), [moved(11, "up", "in_progress", A)], 72, Standing.QUIET),
    "two rules, and a person": (found(), [moved(11, "up", "held", P)], 12, Standing.REPLACED),
    "decided": (found(), [event(12, conflicts.DECIDED, {"conflict": found().id})], 13, Standing.DECIDED),
}


@pytest.mark.parametrize(("conflict", "after", "minute", "expected"), STANDS.values(), ids=STANDS.keys())
def test_how_a_conflict_stands(
    conflict: Event, after: list[Event], minute: float, expected: Standing
) -> None:
    assert conflicts.standing(conflict, [conflict, *after], now=later(minute)) is expected
