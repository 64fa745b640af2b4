"""What holds for every history (R4, R9, R12, R14, R16): random chains of one to four hops, branches among them, with events that
mostly follow one another as desks do and sometimes as no desk should."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.model import Reason
from gateway.domain.sla.attribution import attribute
from gateway.domain.sla.budget import budget
from gateway.domain.sla.clocks import Folded, clocks, fold, second_view
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import View
from gateway.domain.sla.terms import (
    AgreementKind,
    Chain,
    Place,
    Record,
    StartsOn,
    StopRule,
    TargetKind,
    Terms,
)
from gateway.domain.worktime import worktime
from tests.domain.sla.story import ALWAYS, MONDAY, H, M, office

NONE = timedelta()
CODES = (
    "requester_info",
    "site_access",
    "scheduled_visit",
    "carrier",
    "parts_upstream",
    "other",
    "unheard_of",
)
WORKS = ("accept", "work", "answer", "reject", "reopen")
NEXT = {
    "absent": ("offer",),
    "offered": ("receive", "accept", "decline", "expire", "withdraw", "work"),
    "working": (
        "ask",
        "hold",
        "resolve",
        "say",
        "restore",
        "visit",
        "arrive",
        "return",
        "withdraw",
        "stop",
        "close",
    ),
    "pending": ("answer", "work", "ask", "deliver"),
    "held": ("work", "hold", "resolve", "move"),
    "resolved": ("close", "reject", "work", "deliver"),
    "closed": ("reopen", "exclude"),
    "gone": ("offer", "deliver", "work"),
}
AFTER = {
    "offer": "offered",
    "receive": "offered",
    "decline": "gone",
    "expire": "gone",
    "return": "gone",
    "withdraw": "gone",
    "ask": "pending",
    "hold": "held",
    "resolve": "resolved",
    "close": "closed",
}
WHATEVER = ("priority", "ok", "dispute", "void", "uphold", "exclude", "comment.removed", "open")
TYPES = {
    **{word: f"assignment.{word}ed" for word in ("offer", "accept", "return")},
    "receive": "assignment.received",
    "decline": "assignment.declined",
    "expire": "assignment.expired",
    "withdraw": "assignment.withdrawn",
    **dict.fromkeys(("work", "ask", "hold", "resolve", "close"), "status.changed"),
    "answer": "pending.answered",
    "reject": "resolution.rejected",
    "deliver": "news.delivered",
    "reopen": "ticket.reopened",
    "say": "comment.added",
    "restore": "restoration.given",
    "visit": "visit.proposed",
    "move": "visit.moved",
    "arrive": "visit.arrived",
    "stop": "stop.requested",
    "exclude": "exclusion.added",
    "priority": "priority.changed",
    "ok": "stop.accepted",
    "dispute": "stop.disputed",
    "void": "stop.voided",
    "uphold": "stop.upheld",
    "open": "ticket.opened",
}
STATUS = {"work": "in_progress", "ask": "pending", "hold": "held", "resolve": "resolved", "close": "closed"}
SEEDS = st.integers(0, 2**40)


def chains(dice: random.Random) -> Chain:
    places: dict[str, Place] = {}
    for number in range(dice.randint(1, 4)):
        parent = f"h{dice.randrange(number)}" if number else None
        name = f"h{number}"
        places[name] = Place(id=name, org=dice.choice("abc"), parent=parent, tracked=dice.random() < 0.5)
    agreements = (_terms(dice, f"A{number}", places) for number in range(dice.randint(1, 4)))
    return Chain(customer="customer", places=places, agreements=tuple(agreements))


def _terms(dice: random.Random, name: str, places: dict[str, Place]) -> Terms:
    hop = dice.choice(sorted(places))
    codes = dice.sample(CODES, dice.randint(0, 5))
    return Terms(
        id=name,
        hop=hop,
        provider=places[hop].org,
        consumer="",
        calendar=dice.choice((ALWAYS, office(), office(7, 12, "1234567"))),
        targets={
            kind: {"P1": 2 * H, "P2": 9 * H} for kind in dice.sample(list(TargetKind), dice.randint(1, 4))
        },
        kind=dice.choice((AgreementKind.SLA, AgreementKind.UC, AgreementKind.OLA)),
        starts_on=dice.choice(list(StartsOn)),
        stops={code: StopRule(automatic=dice.random() < 0.6) for code in codes},
        review_period=dice.choice((H, 72 * H)),
        reserve=dice.choice(({}, {"P1": H})),
        from_change=dice.random() < 0.5,
        continuous=dice.random() < 0.5,
        reopen_resumes=dice.random() < 0.5,
    )


def _data(dice: random.Random, verb: str, at: datetime, asked: list[str]) -> dict[str, object]:
    one, other = sorted((at + dice.randint(-300, 900) * M).isoformat() for _ in range(2))
    if verb in STATUS:
        data: dict[str, object] = {"status": STATUS[verb], "reason": dice.choice(CODES)}
        return {**data, "until": other} if dice.random() < 0.5 else data
    if verb in ("visit", "move"):
        return {"by": dice.choice(("consumer", "provider")), "window": [one, other]}
    if verb in ("stop", "exclude"):
        return {"start": one, "stop": other, "reason": dice.choice(CODES)}
    if verb in ("ok", "dispute", "void", "uphold"):
        return {"request": dice.choice([*asked, "nothing"])}
    if verb in ("priority", "open"):
        return {"priority": dice.choice(("P1", "P2", "P7")), "outage_at": one}
    return {"public": True, "by": "provider"} if verb == "say" else {}


def histories(seed: int) -> tuple[Chain, list[Record], datetime]:
    """A chain, what happened, and when one looks."""
    dice = random.Random(seed)
    chain = chains(dice)
    state = dict.fromkeys(chain.places, "absent") | {"h0": "working"}
    told: list[Record] = []
    asked: list[str] = []
    at = MONDAY + 7 * H
    for number in range(dice.randint(1, 22)):
        at += dice.choice((0, dice.randint(0, 200))) * M
        hop, strange = dice.choice(sorted(chain.places)), dice.random() < 0.1
        verb = dice.choice(WHATEVER + tuple(TYPES) if strange else NEXT[state[hop]])
        if not number and dice.random() < 0.9:
            hop, verb = "h0", "open"
        state[hop] = AFTER.get(verb, "working" if verb in WORKS else state[hop])
        told.append(_record(dice, (hop, verb), at, _data(dice, verb, at, asked), told))
        if verb in ("ask", "hold", "stop", "visit", "move"):
            asked.append(f"e{number}")
    return chain, told, at + dice.randint(0, 5000) * M


def _record(
    dice: random.Random, act: tuple[str, str], at: datetime, data: dict[str, object], told: list[Record]
) -> Record:
    (hop, verb), number = act, len(told)
    caused = told and verb in ("answer", "reject", "deliver", "accept", "receive", "work")
    return Record(
        id=f"e{number}",
        type=TYPES.get(verb, verb),
        hop=None if verb == "deliver" else hop,
        desk=hop,
        reported_at=at + dice.randint(-3, 3) * M if dice.random() < 0.8 else None,
        observed_at=at + dice.randint(0, 30) * M,
        stated_at=at - dice.randint(0, 40) * M if dice.random() < 0.2 else None,
        cause=dice.choice(told[-4:]).id if caused else None,
        seq=dice.choice((None, number)),
        data=data,
    )


def folded(chain: Chain, told: list[Record], now: datetime) -> Folded:
    return fold(chain, reconcile(chain, told, now=now), View(now=now))


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r12_the_ledger_has_no_gap_or_overlap_and_sums_over_parties_equal_the_elapsed_time(seed: int) -> None:
    chain, told, now = histories(seed)
    found = folded(chain, told, now)
    spans = found.spans
    if not any(one.observed_at <= now for one in told):
        return
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert all(span.start < span.end for span in spans[:-1])
    assert (spans[-1].start, spans[-1].end) == (now, now)
    assert all(len({one.holder for one in span.entries}) == len(span.entries) for span in spans)
    every = clocks(found)
    assert len({clock.key for clock in every}) == len(every)
    for clock in every:
        split = attribute(found, every, clock)
        assert sum(split.time.values(), NONE) == clock.elapsed
        assert sum(split.parts.values(), NONE) == split.breach
        assert all(split.parts[party] <= amount for party, amount in split.overrun.items())
    for hop in chain.places:
        assert budget(found, every, hop).hop == hop


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r4_any_order_of_arrival_and_doubled_sightings_give_the_same(seed: int) -> None:
    chain, told, now = histories(seed)
    dice = random.Random(seed)
    again = [replace(one, observed_at=one.observed_at + dice.randrange(60) * M) for one in told]
    mixed = told + again
    dice.shuffle(mixed)
    first, second = folded(chain, told, now), folded(chain, mixed, now)
    assert first.spans == second.spans
    assert first.told.effective == second.told.effective
    assert first.told.discrepancies == second.told.discrepancies
    assert clocks(first) == clocks(second)
    assert [one.pieces for one in clocks(first)] == [one.pieces for one in clocks(second)]


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r16_a_stop_voided_later_equals_never_having_been_stopped(seed: int) -> None:
    chain, told, now = histories(seed)
    decisions = ("stop.accepted", "stop.upheld", "stop.disputed", "stop.voided")
    kept = [one for one in told if one.type not in decisions]
    asked = [
        one.id
        for one in kept
        if one.type in ("status.changed", "stop.requested", "visit.moved", "visit.proposed")
    ]
    voids = [
        Record(
            id=f"v{name}{terms.id}",
            type="stop.voided",
            hop=None,
            observed_at=now,
            data={"request": name, "agreement": terms.id},
        )
        for name in asked
        for terms in chain.agreements
    ]
    never = replace(chain, agreements=tuple(replace(one, stops={}) for one in chain.agreements))
    with_voids = {one.key: one for one in clocks(folded(chain, kept + voids, now))}
    for clock in clocks(folded(never, kept, now)):
        same = with_voids[clock.key]
        assert (same.elapsed, same.stopped_time, same.state) == (
            clock.elapsed,
            clock.stopped_time,
            clock.state,
        )


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r9_elapsed_and_stopped_are_the_open_time_of_the_clocks_windows(seed: int) -> None:
    chain, told, now = histories(seed)
    found = folded(chain, told, now)
    for clock in clocks(found):
        terms = next(one for one in chain.agreements if one.id == clock.agreement)
        work = worktime(terms.calendar_of(clock.target_kind))
        if clock.started_at is None or "reopen" in clock.key:
            continue
        windows = all(before.end == after.start for before, after in pairwise(clock.pieces))
        if windows and clock.pieces:
            whole = work.between(clock.pieces[0].start, clock.pieces[-1].end)
            assert clock.elapsed + clock.stopped_time == whole
        if clock.target is not None and clock.state != "breached" and not clock.superseded:
            assert clock.elapsed <= clock.target


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r14_a_hop_that_waits_for_what_hangs_below_it_never_stops_its_clock(seed: int) -> None:
    """Questions asked by hops below, offers, transit and verification below: none stops the clock of a hop that is itself
    neither pending nor held, nor has anything held below it."""
    chain, told, now = histories(seed)
    quiet = [
        one
        for one in told
        if one.data.get("status") != "held"
        and one.type not in ("stop.requested", "visit.proposed", "visit.moved")
    ]
    for terms in chain.agreements:
        own = [one for one in quiet if one.hop != terms.hop or one.data.get("status") != "pending"]
        alone = replace(chain, agreements=(terms,))
        if terms.kind is not AgreementKind.OLA:
            assert all(clock.stopped_time == NONE for clock in clocks(folded(alone, own, now)))


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_r4_as_of_every_sighting_something_can_be_said(seed: int) -> None:
    chain, told, _ = histories(seed)
    for seen in sorted({one.observed_at for one in told}):
        found = folded(chain, told, seen)
        assert len(clocks(second_view(found))) == len(clocks(found))


def test_every_code_of_the_generator_but_one_is_known() -> None:
    assert {*CODES} - {one.value for one in Reason} == {"unheard_of"}
