"""Clocks: whole tickets folded again from their events, and what one more event costs on short and on long histories."""

import gc
import json
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from statistics import mean, median

from gateway.domain.sla.clocks import clocks, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.running import Watch, to_document
from gateway.domain.sla.stops import View
from gateway.domain.sla.terms import Chain, Place, Record, StartsOn, StopRule, TargetKind, Terms
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, Hours
from tests.bench.figures import Bench, Row
from tests.bench.length import Length

NOTE = (
    "Three desks in a row, a contract of the customer round the clock and one of the vendor in the hours of an office, each "
    "with two targets. Folded again: tickets of 12 to 20 events, from reconciling to all their clocks, a sample on two "
    "processes at once, scaled to a million. One more event: CPU to take it in and have all clocks and the open ledger, "
    "its ratio to that on the shortest history, and what is kept of the ticket in between."
)
PROCESSES, MILLION, SAMPLE = 2, 1_000_000, 400
SIZES, NEWS, TURNS = (10, 1_000, 10_000), 24, 15
BEGIN = datetime(2026, 1, 5, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
Step = tuple[str, str | None, dict[str, object]]
"""Type of an event, its hop, its data."""


def chain() -> Chain:
    """The customer's desk, the vendor's, and a partner's below it."""
    weekly = ((Hours(8 * 3600, 18 * 3600),),) * 5 + ((),) * 2
    always, office = (
        Calendar(code="always", weekly=ROUND_THE_CLOCK),
        Calendar(code="office", zone="Europe/Berlin", weekly=weekly),
    )
    places = {"h0": None, "h1": "h0", "h2": "h1"}
    stops = {"requester_info": StopRule(automatic=True), "site_access": StopRule()}
    sla = _terms("h0", always, 8, {**stops}, StartsOn.OPENED)
    return Chain(
        customer="customer",
        places={
            name: Place(id=name, org=name, parent=parent, tracked=parent is not None)
            for name, parent in places.items()
        },
        agreements=(sla, _terms("h1", office, 6, stops, StartsOn.HANDED_OVER)),
    )


def _terms(
    hop: str, calendar: Calendar, hours: int, stops: dict[str, StopRule], starts_on: StartsOn
) -> Terms:
    targets = {TargetKind.RESPONSE: HOUR, TargetKind.RESOLUTION: hours * HOUR}
    return Terms(
        id=f"agreement of {hop}",
        hop=hop,
        provider=hop,
        consumer="customer",
        calendar=calendar,
        targets={kind: {"P1": amount, "P2": 2 * amount} for kind, amount in targets.items()},
        starts_on=starts_on,
        stops=stops,
    )


def _status(hop: str, status: str, **more: object) -> Step:
    return "status.changed", hop, {"status": status, **more}


_SAID: Step = ("comment.added", "h1", {"public": True, "by": "provider"})
_ASKED: Sequence[Step] = (_status("h2", "pending", reason="requester_info"), ("pending.answered", "h2", {}))
_HELD: Sequence[Step] = (_status("h2", "held", reason="site_access"), _status("h2", "in_progress"))
_HANDED_DOWN: Sequence[Step] = (
    _status("h0", "in_progress"),
    ("assignment.offered", "h1", {}),
    ("assignment.accepted", "h1", {}),
    _status("h1", "in_progress"),
    ("assignment.offered", "h2", {}),
    ("assignment.accepted", "h2", {}),
)
_DONE = (*(_status(hop, "resolved") for hop in ("h2", "h1", "h0")), _status("h0", "closed"))


def _short(chance: random.Random) -> Iterator[Step]:
    """A ticket that goes down two desks and comes back solved, or is still on its way."""
    yield "ticket.opened", "h0", {"priority": chance.choice(("P1", "P2"))}
    yield from _HANDED_DOWN
    for _ in range(chance.randint(1, 3)):
        yield from chance.choice((_ASKED, _HELD))
    yield from [_SAID] * chance.randint(1, 2)
    yield from _DONE[: chance.randint(2, 4)]


def _long(events: int) -> Iterator[Step]:
    """A ticket that goes on and on: three words, then a question and its answer."""
    steps: list[Step] = [("ticket.opened", "h0", {"priority": "P2"}), *_HANDED_DOWN]
    while len(steps) < events:
        steps += [_SAID, _SAID, _SAID, *_ASKED]
    yield from steps[:events]


def _records(chance: random.Random, steps: Sequence[Step]) -> list[Record]:
    at = BEGIN + timedelta(minutes=chance.randrange(300_000))
    told: list[Record] = []
    for number, (kind, hop, data) in enumerate(steps):
        at += timedelta(seconds=chance.randint(20, 5_400))
        told.append(
            Record(
                id=f"e{number}",
                type=kind,
                hop=hop,
                desk=hop,
                reported_at=at,
                observed_at=at + timedelta(seconds=chance.randint(1, 15)),
                cause=f"e{number - 1}" if kind == "pending.answered" else None,
                data=data,
            )
        )
    return told


def _folded(where: Chain, told: Sequence[Record]) -> None:
    now = told[-1].observed_at + HOUR
    clocks(fold(where, reconcile(where, told, now=now), View(now=now)))


def refolded(seed: int, seconds: float) -> tuple[float, float]:
    """Tickets folded from their events, by one process: how many a second, and seconds of CPU for each."""
    chance, where = random.Random(seed), chain()
    tickets = [_records(chance, list(_short(chance))) for _ in range(SAMPLE)]
    for told in tickets:  # calendars are compiled once, for however many tickets
        _folded(where, told)
    gc.freeze()  # the sample stands for tickets that come and go
    begun, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begun < seconds:
        _folded(where, tickets[done % SAMPLE])
        done += 1
    return done / (time.perf_counter() - begun), (time.process_time() - cpu) / done


def _a_million(seconds: float) -> Row:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = [*pool.map(refolded, range(PROCESSES), [seconds] * PROCESSES)]
    rate, chance = sum(rate for rate, _ in found), random.Random(0)
    figures = {
        "events": mean(len(list(_short(chance))) for _ in range(SAMPLE)),
        "µs of CPU": mean(cost for _, cost in found) * 1e6,
        "tickets/s": rate,
        "s for 1 M": MILLION / rate,
    }
    return Row(what="folded again", figures=figures)


class _Ticket:
    """A ticket of some length, looked at after each of a few more events."""

    def __init__(self, events: int) -> None:
        self._watch = Watch(chain())
        told = _records(random.Random(events), list(_long(events + NEWS)))
        self._known = {one.id for one in told}
        self._news = told[events:]
        self._watch.begin(told[:NEWS], now=told[NEWS - 1].observed_at)  # compiles the calendars
        begun = time.process_time()
        self._look = self._watch.begin(told[:events], now=told[events - 1].observed_at)
        self.whole = time.process_time() - begun

    def turn(self) -> tuple[float, int]:
        """Seconds of CPU that one more event takes, and the bytes that are kept."""
        running, begun = self._look.running, time.process_time()
        for record in self._news:
            look = self._watch.follow(running, [record], now=record.observed_at, known=self._known)
            running = look.running
        used = time.process_time() - begun
        return used / NEWS, len(json.dumps(to_document(running)))


def _one_more() -> Iterator[Row]:
    tickets = {events: _Ticket(events) for events in SIZES}
    gc.freeze()  # what holds the histories is no part of the cost
    turns = [{events: one.turn() for events, one in tickets.items()} for _ in range(TURNS)]
    gc.unfreeze()
    costs = {events: median(turn[events][0] for turn in turns) for events in SIZES}
    ratios = {events: median(turn[events][0] / turn[SIZES[0]][0] for turn in turns) for events in SIZES}
    kept = {events: turns[-1][events][1] for events in SIZES}

    def row(what: str, found: dict[int, float]) -> Row:
        return Row(what=what, figures={f"at {events:,} events": value for events, value in found.items()})

    yield row("one more event, µs", {events: cost * 1e6 for events, cost in costs.items()})
    yield row("times the cost at 10", ratios)
    yield row("kept in between, kB", {events: size / 1000 for events, size in kept.items()})
    whole = {events: one.whole * 1e6 for events, one in tickets.items()}
    figures = {f"at {events:,} events": value for events, value in whole.items()}
    yield Row(what="the whole history, µs", figures=figures, baseline=True)


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="clocks", title="Clocks", note=NOTE)
    bench.rows.append(_a_million(length.closed))
    bench.rows.extend(_one_more())
    return bench
