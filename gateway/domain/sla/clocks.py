"""Clocks (R13–R19): ledger and course and target and calendar → what a clock shows at a moment, in two views: the headline,
and the one in which undecided and disputed stop requests count too (R16)."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from gateway.domain.sla.aims import Agreed, Aim, Aims, Priority, Visit
from gateway.domain.sla.clock import BREACHED, CANCELLED, MET, RUNNING, WAITING, Clock
from gateway.domain.sla.course import Course, Cycle, Progress, part_of, priorities, relevant
from gateway.domain.sla.footing import Footing, Key, Lived
from gateway.domain.sla.ledger import Passage, Span, siblings
from gateway.domain.sla.life import NO_PAST, Life, Past
from gateway.domain.sla.pieces import pieces, runs
from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.standstill import Ceaseless, Stand, Standstill, Stretch
from gateway.domain.sla.stops import Standing, Stops, View, standing, stops_of, visits_of
from gateway.domain.sla.terms import Chain, Record, TargetKind, Terms, moment
from gateway.domain.worktime import CalendarError

__all__ = [
    "BREACHED",
    "CANCELLED",
    "MET",
    "RUNNING",
    "WAITING",
    "Clock",
    "Folded",
    "clocks",
    "fold",
    "lived",
    "second_view",
]
_LASTING = frozenset({TargetKind.RESOLUTION, TargetKind.RESTORATION})


@dataclass(frozen=True, kw_only=True)
class Folded:
    """Everything the clocks of a ticket need in one view, folded once."""

    chain: Chain
    told: Reconciled
    stops: Stops
    view: View
    spans: tuple[Span, ...]
    exclusions: tuple[tuple[datetime, datetime], ...] = ()
    priorities: tuple[Priority, ...] = ()
    visits: tuple[Visit, ...] = ()
    footing: Footing | None = None
    """From where it was folded; None: from the beginning."""
    until: datetime | None = None
    """Clocks are read up to this moment, earlier than now."""

    @property
    def now(self) -> datetime:
        """The moment of evaluation."""
        return self.view.now

    @cached_property
    def order(self) -> Sequence[str]:
        """All hops in the order of R12: each before what hangs below it, siblings by offer then id."""
        below, found, waiting = self._below, [], [self.chain.top.id]
        while waiting:
            found.append(waiting.pop())
            waiting += reversed(below[found[-1]])
        return found

    @property
    def _below(self) -> Mapping[str, Sequence[str]]:
        return siblings(self.chain, self.told, self.footing.holding if self.footing else None)

    @cached_property
    def offered(self) -> frozenset[str | None]:
        """The hops that somebody handed on to."""
        return frozenset(one.hop for one in self.told.records if one.type == "assignment.offered")

    def stretches(self, terms: Terms) -> Sequence[Stretch]:
        """The ledger as the clocks of an agreement live it."""
        return self.standstill(terms).stretches(self.spans)

    def standstill(self, terms: Terms) -> Standstill:
        """Who judges when the clocks of an agreement stand still."""
        known = self._standstills.get((terms.hop, terms.id))
        if known is None or known.terms is not terms:
            known = Standstill(self.chain, self.stops, terms, self.view)
            self._standstills[terms.hop, terms.id] = known
        return known

    @cached_property
    def _standstills(self) -> dict[tuple[str, str], Standstill]:
        return {}

    @cached_property
    def undecided(self) -> bool:
        """Whether some request still waits for a decision, so that the second view may differ."""
        return any(
            standing(self.chain, self.stops, request, terms, now=self.now) is Standing.OPEN
            for request in self.stops.requests.values()
            for terms in self.chain.agreements
        )


def fold(chain: Chain, told: Reconciled, view: View, footing: Footing | None = None) -> Folded:
    """Fold reconciled records into what the clocks read: all there are, or those after a footing."""
    stops = stops_of(chain, told, now=view.now, kept=footing.kept if footing else None)
    return Folded(
        chain=chain,
        told=told,
        stops=stops,
        view=view,
        spans=Passage(chain, told, stops, view, footing.holding if footing else None).spans(),
        exclusions=tuple(_exclusions(told)),
        priorities=(*(footing.priorities if footing else ()), *priorities(told)),
        visits=(*(footing.kept.visits if footing else ()), *visits_of(told)),
        footing=footing,
    )


def second_view(folded: Folded) -> Folded:
    """The same ticket as if undecided and disputed requests counted."""
    chain, told, stops, footing = folded.chain, folded.told, folded.stops, folded.footing
    view = View(now=folded.now, undecided=True)
    since = footing.holding if footing else None
    same = not any(request.afterwards for request in stops.requests.values())
    return replace(
        folded, view=view, spans=folded.spans if same else Passage(chain, told, stops, view, since).spans()
    )


def _exclusions(told: Reconciled) -> Iterator[tuple[datetime, datetime]]:
    """Spans that author and consumer leave out of net figures (R19)."""
    for record in told.records:
        if record.type == "exclusion.added" and record.data.get("agreed", True):
            start, stop = moment(record.data.get("start")), moment(record.data.get("stop"))
            if start is not None and stop is not None:
                yield start, stop


def clocks(folded: Folded) -> list[Clock]:
    """All clocks of the ticket, agreements in order. A breach that only undecided requests make is provisional (R16)."""
    found: list[Clock] = []
    for reader, records in _readers(folded):
        found += reader.clocks(records)
    if folded.view.undecided or not any(clock.breached_at for clock in found) or not folded.undecided:
        return found
    breached = {(clock.agreement, clock.target_kind) for clock in found if clock.breached_at}
    spared = {
        clock.key
        for reader, records in _readers(second_view(folded), breached)
        for clock in reader.clocks(records)
        if clock.breached_at is None
    }
    return [
        replace(clock, provisional=True) if clock.breached_at and clock.key in spared else clock
        for clock in found
    ]


def lived(folded: Folded, at: datetime) -> dict[tuple[int, TargetKind], Lived]:
    """The clocks up to an earlier moment at which records end, so that later ones can be folded from there."""
    effective = folded.told.effective
    then = replace(
        folded,
        until=at,
        priorities=tuple(one for one in folded.priorities if one[0] <= at),
        visits=tuple(one for one in folded.visits if one[0] <= at),
    )
    return {
        reader.key: reader.lived([record for record in records if effective[record.id] <= at])
        for reader, records in _readers(then)
    }


def _readers(
    folded: Folded, wanted: Container[tuple[str, TargetKind]] | None = None
) -> Iterator[tuple["_Reader", Sequence[Record]]]:
    """For each target of each agreement, or those wanted, who reads its clocks and the records it reads."""
    for place, terms in enumerate(folded.chain.agreements):
        targets = [one for one in terms.targets if wanted is None or (terms.id, one) in wanted]
        if targets:
            records, still = relevant(terms, folded.told), folded.standstill(terms)
            stands = still.stands(folded.spans)
            for target in targets:
                yield _Reader(folded, (place, target), still, stands), records


class _Reader:
    """Reads the clocks of one target of one agreement."""

    def __init__(
        self, folded: Folded, key: tuple[int, TargetKind], still: Standstill, stands: Sequence[Stand]
    ) -> None:
        self._folded, self.key, self._target = folded, key, key[1]
        self._terms = terms = folded.chain.agreements[key[0]]
        target = self._target
        self._until = folded.until or folded.now
        self._work = terms.work_of(target)
        self._aims = Aims(terms, target, folded.priorities, folded.visits)
        self._before = folded.footing.lived[key] if folded.footing is not None else None
        self._superseded = 0
        self._still, self._stands = still, stands
        if target is TargetKind.UPDATE and not terms.updates_wait:
            self._still = Ceaseless(folded.chain, folded.stops, terms, folded.view)
            self._stands = self._still.stands(folded.spans)

    def clocks(self, records: Sequence[Record]) -> list[Clock]:
        found = list[Clock]()
        for number, cycle in enumerate(self._progress(records).cycles, start=1):
            if self._target is TargetKind.UPDATE:
                found += self._updates(cycle, len(found))
            else:
                found += self._cycle(cycle, number)
        return found

    def lived(self, records: Sequence[Record]) -> Lived:
        """How far the clocks came with these records."""
        progress = self._progress(records)
        return Lived(
            progress=progress,
            pasts={
                self._key(number, agreed): self._past(part, number, agreed)
                for number, cycle in enumerate(progress.cycles, start=1)
                for part, agreed, _ in list(self._parts(cycle)) or [(cycle, [], False)]
            },
        )

    def _progress(self, records: Sequence[Record]) -> Progress:
        so_far = self._before.progress if self._before is not None else None
        course = Course(self._folded.chain, self._terms, self._target, so_far)
        for record in records:
            course.read(record, self._folded.told)
        return course.progress

    # -- one cycle --------------------------------------------------------------------------------------------------------

    def _cycle(self, cycle: Cycle, number: int) -> list[Clock]:
        found = []
        for part, agreed, replaced in self._parts(cycle):
            one = self._clock(part, number, agreed)
            if replaced:
                self._superseded += 1
                one = replace(one, superseded=self._superseded)
            found.append(one)
        return found

    def _parts(self, cycle: Cycle) -> Iterator[tuple[Cycle, list[Agreed], bool]]:
        """The clocks of a cycle, each with what it is held to: one, or one for each target that counts from its change;
        whether another replaced it."""
        every = list(self._aims.agreed(cycle))
        if not every:
            return
        if not self._counts_from_change:
            yield cycle, every, False
            return
        for agreed, after in zip(every, [*every[1:], None], strict=True):
            until = after.since if after is not None else None
            yield part_of(cycle, agreed.since, until), [agreed], after is not None

    @property
    def _counts_from_change(self) -> bool:
        return self._terms.from_change and self._target is not TargetKind.ATTENDANCE

    def _key(self, number: int, agreed: Sequence[Agreed]) -> Key:
        return number, agreed[0].since if agreed and self._counts_from_change else None

    def _life(self, cycle: Cycle, number: int, agreed: Sequence[Agreed]) -> Life:
        before = self._before
        past = before.pasts.get(self._key(number, agreed), NO_PAST) if before is not None else NO_PAST
        return Life(past, [*runs(self._stands, cycle.windows, self._until, self._work)], self._work)

    def _past(self, cycle: Cycle, number: int, agreed: list[Agreed]) -> Past:
        if not cycle.windows:
            return NO_PAST
        life, until = self._life(cycle, number, agreed), cycle.ended_at or self._until
        aims = self._aims.aims(cycle, agreed, life, self._until)
        asked = {*self._aims.amounts(cycle), *(aim.target for aim in aims)}
        return replace(
            life.as_past(asked),
            until=until,
            net_elapsed=life.net(self._folded.exclusions),
            breached_at=self._breached_at(aims, life, until),
            opened=self._aims.openings(life),
        )

    def _clock(self, cycle: Cycle, number: int, agreed: list[Agreed]) -> Clock:
        now = self._folded.now
        life = self._life(cycle, number, agreed)
        aims = self._aims.aims(cycle, agreed, life, now)
        breached_at = self._breached_at(aims, life, cycle.ended_at or now)
        target = aims[-1].target
        live = not cycle.ended and bool(cycle.windows)
        return Clock.made(
            agreement=self._terms.id,
            hop=self._terms.hop,
            target_kind=self._target,
            cycle=number,
            state=BREACHED if breached_at else _state(cycle),
            target=target,
            started_at=cycle.started_at,
            ended_at=cycle.ended_at if cycle.ended else None,
            due=self._due(cycle, life, target),
            breached_at=breached_at,
            elapsed=life.elapsed,
            stopped_time=life.stopped_time,
            net_elapsed=life.net(self._folded.exclusions),
            stopped=live and self._stands_still(),
            open_now=live and self._work.is_open(now),
            provisional=breached_at is None and self._provisional(cycle),
            started_by=cycle.started_by,
            ended_by=cycle.ended_by,
            lived=lambda: pieces(
                self._still.stretches(self._folded.spans), cycle.windows, self._until, self._work
            ),
        )

    def _provisional(self, cycle: Cycle) -> bool:
        """Met, but its hop is not closed yet, nor has the time to object to it passed (R13)."""
        if self._target not in _LASTING or cycle.ended != "met" or cycle.confirmed:
            return False
        lapses, at = self._terms.confirmation, cycle.ended_at
        return lapses is None or at is None or self._folded.now < at + lapses

    def _stands_still(self) -> bool:
        """Whether it is stopped now: a stop that has run out is none, though the status goes on."""
        stopped, until = self._still.judged(self._folded.spans[-1])
        return stopped and (until is None or self._folded.now < until)

    # -- breached and due --------------------------------------------------------------------------------------------------

    def _breached_at(self, aims: Sequence[Aim], life: Life, end: datetime) -> datetime | None:
        """The first moment at which more than the target then in force had passed; no earlier than the change that made
        it so (R17)."""
        if life.past.breached_at is not None:
            return life.past.breached_at
        for place, aim in enumerate(aims):
            until = aims[place + 1].since if place + 1 < len(aims) else None
            if not life.judged(until) and life.passed(min(until or end, end)) > aim.target:
                crossed = life.used_up(aim.target)
                return crossed if aim.since is None else max(crossed, aim.since)
        return None

    def _due(self, cycle: Cycle, life: Life, target: timedelta) -> datetime | None:
        """The due moment (R18); None before the start, and where the calendar has not enough open time in sight."""
        if not cycle.windows:
            return None
        if life.elapsed >= target and life.elapsed:
            return life.used_up(target)
        try:
            return self._work.add(cycle.ended_at or self._folded.now, target - life.elapsed)
        except CalendarError:
            return None

    # -- updates ----------------------------------------------------------------------------------------------------------

    def _updates(self, cycle: Cycle, before: int) -> list[Clock]:
        """A public update at least every so often: a cycle for each silence (R13), numbered from `before`."""
        aims, found = list(self._aims.agreed(cycle)), list[Clock]()
        if not aims or not cycle.windows:
            return found
        starts = [*aims[1:]] if self._terms.from_change else []
        marks = sorted({*cycle.updates, *(aim.since for aim in starts if aim.since is not None)})
        since: datetime | None = None
        for until in (*marks, None):
            part = part_of(cycle, since, until)
            if until is not None and until in cycle.updates:
                part.ended, part.confirmed = "met", True
            if part.windows:
                within = [aim for aim in aims if until is None or aim.since is None or aim.since < until]
                older = [
                    aim for aim in within if aim.since is None or (since is not None and aim.since <= since)
                ]
                within = within[max(len(older) - 1, 0) :] if within else aims[:1]
                found.append(self._clock(part, before + len(found) + 1, within))
            since = until
        return found


def _state(cycle: Cycle) -> str:
    if cycle.ended:
        return MET if cycle.ended == "met" else CANCELLED
    return RUNNING if cycle.windows else WAITING
