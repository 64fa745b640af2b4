"""Live clocks: tickets whose clocks may have moved are folded again, in batches, and what follows is recorded and kept. A
ticket comes here when something happened to it, and when the next moment that its last fold named has come."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway import failpoints
from gateway.domain import alarms, disagreement, duedates, keeping, telling
from gateway.domain.alarms import Alarm, Alarms
from gateway.domain.case import Case
from gateway.domain.keeping import KeptClock
from gateway.domain.model import Event
from gateway.domain.telling import Tally
from gateway.domain.warnings import Mark
from gateway.flows import outcomes, sla, worklists
from gateway.flows.context import OPERATOR, Context
from gateway.store import alarms as alarm_store
from gateway.store import cases, clocks, history, views
from gateway.store import outcomes as outcome_store
from gateway.store import worklists as worklist_store
from gateway.store.db import Db

log = logging.getLogger(__name__)

LIMIT = 200
AGAIN = timedelta(hours=1)
"""When a ticket whose clocks could not be folded is tried again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """One ticket's turn: what was kept of it, and what becomes of that."""

    case: Case
    events: list[Event]
    kept: Sequence[KeptClock]
    alarms: Alarms
    tally: Tally
    came_to: list[outcome_store.Kept] = field(default_factory=list)
    """What the ticket and its clocks came to, once it is folded."""
    to_decide: list[worklist_store.Row] = field(default_factory=list)
    """The stops that somebody has to decide."""


def run(context: Context, *, now: datetime) -> int:
    """All that is due, batch by batch; returns how many tickets had their turn."""
    total = done = _batch(context, now=now)
    while done == LIMIT:
        total += (done := _batch(context, now=now))
    return total


def _batch(context: Context, *, now: datetime) -> int:
    with context.database.read() as db:
        due = clocks.due(db, OPERATOR, now=now, limit=LIMIT)
    if not due:
        return 0
    with context.database.write() as db:
        loaded = cases.load(db, OPERATOR, due, context.occasion(db, now))
        waiting = [
            case for case in loaded.values() if _is_due(case)
        ]  # somebody may have been faster than our lock
        turns = _turns(db, waiting)
        taken = [turn for turn in turns if _is_taken(context, db, turn)]
        cases.save(db, [turn.case for turn in taken])
        _keep(db, taken)
        clocks.postpone(db, [turn.case.ticket.id for turn in turns if turn not in taken], until=now + AGAIN)
        failpoints.step("sweep.before_commit")
    failpoints.step("sweep.committed")
    return len(due)


def _is_due(case: Case) -> bool:
    return case.ticket.fold_at is not None and case.ticket.fold_at <= case.now


def _turns(db: Db, waiting: Sequence[Case]) -> list[Turn]:
    names = [case.ticket.id for case in waiting]
    events = history.events_of(db, OPERATOR, names)
    kept, standing = clocks.of_tickets(db, OPERATOR, names), alarm_store.standing(db, OPERATOR, names)
    return [
        Turn(
            case=case,
            events=events.get(case.ticket.id, []),
            kept=kept.get(case.ticket.id, ()),
            alarms=Alarms(case=case, open=standing.get(case.ticket.id, list[Alarm]())),
            tally=Tally(),
        )
        for case in waiting
    ]


def _is_taken(context: Context, db: Db, turn: Turn) -> bool:
    """Whether the ticket could be folded. One that cannot, because its terms make no sense, is left as it was and harms no
    other."""
    try:
        turn.case.put_ticket(fold_at=_take(context, db, turn))
    except outcomes.UNREADABLE:
        log.exception("the clocks of a ticket could not be folded", extra={"ticket": turn.case.ticket.id})
        return False
    return True


def _take(context: Context, db: Db, turn: Turn) -> datetime | None:
    """Fold one ticket and tell what follows; when it is to be folded next."""
    case = turn.case
    hops = sorted(case.hops.values(), key=lambda hop: (hop.created_at or case.now, hop.id))
    found = sla.of_events(context, db, (hops, turn.events), now=case.now)
    sheets = {place: agreement.sheet for place, agreement in found.bound.items()}
    telling.tell(case, turn.kept, found.clocks, (sheets, turn.tally))
    _note_disagreements(db, case, found)
    turn.to_decide.extend(worklists.undecided(found))
    if not case.ticket.test:
        turn.came_to.append(outcomes.came_to(found, turn.events))
    marks = _warn(turn, found)
    always = frozenset(terms.hop for terms in found.folded.chain.agreements if terms.calendar.always)
    moments = [
        keeping.next_look(found.folded, found.clocks, marks),
        _write_dues(case, found, turn.tally),
        alarms.page(turn.alarms, always),
        # written down by somebody else since this round began: this fold, as of its beginning, leaves it out
        *(event.observed_at for event in turn.events),
    ]
    return min((at for at in moments if at is not None and at > case.now), default=None)


def _note_disagreements(db: Db, case: Case, found: sla.Reading) -> None:
    """Times of desks that cannot be true become rows (R24), once each."""
    told = found.folded.told
    if told.discrepancies:
        rows = views.discrepancies(db, OPERATOR, case.ticket.id)
        known = {(row["kind"], row["data"].get("event", "")) for row in rows if row["data"]}
        disagreement.note(case, told, known)


def _warn(turn: Turn, found: sla.Reading) -> dict[str, Sequence[Mark]]:
    """Warn of every clock that has come so far; where there is to be warned, by agreement and target."""
    marks: dict[str, Sequence[Mark]] = {}
    for which, clock in keeping.placed(found.clocks):
        agreement = found.bound.get((clock.hop, clock.agreement))
        if agreement is None:
            continue
        watched = alarms.Watched(
            clock=clock,
            kept=turn.tally.clocks[which],
            agreement=agreement,
            breach=turn.tally.breaches.get(which),
        )
        told = alarms.warn(turn.alarms, found.folded, watched)
        turn.tally.put(which, warned=told)
        marks[f"{clock.agreement}/{clock.target_kind.value}"] = agreement.warnings
    return marks


def _write_dues(case: Case, found: sla.Reading, tally: Tally) -> datetime | None:
    """Let the desks show due moments that moved. Nobody is told twice within a minute: the moment from which all may be."""
    told_at = {clock.hop_id: clock.due_told_at for clock in tally.clocks.values() if clock.due_told_at}
    needed = {clock.hop_id: clock.needed_by for clock in tally.clocks.values() if clock.needed_by}
    dues = duedates.Dues(folded=found.folded, every=found.clocks, told_at=told_at, needed=needed)
    told = dict(duedates.follow(case, dues))
    for which, clock in list(tally.clocks.items()):
        if clock.hop_id in told:
            tally.put(which, due_told_at=case.now, needed_by=told[clock.hop_id])
    busy = [at for at in (*told_at.values(), *([case.now] if told else ())) if case.now - at < duedates.LEAST]
    return max(busy) + duedates.LEAST if busy else None


def _keep(db: Db, turns: Sequence[Turn]) -> None:
    every = [(clock, clock.id in turn.tally.new) for turn in turns for clock in turn.tally.clocks.values()]
    clocks.keep(
        db,
        new=[clock for clock, is_new in every if is_new],
        changed=[clock for clock, is_new in every if not is_new],
        gone=[name for turn in turns for name in turn.tally.gone],
    )
    alarm_store.keep(
        db,
        new=[alarm for turn in turns for alarm in turn.alarms.new],
        changed=[alarm for turn in turns for alarm in turn.alarms.changed.values()],
        letters=[letter for turn in turns for letter in turn.alarms.letters],
    )
    outcome_store.keep(db, [kept for turn in turns for kept in turn.came_to])
    undecided = [row for turn in turns for row in turn.to_decide]
    worklist_store.keep_stops(db, [turn.case.ticket.id for turn in turns], undecided)
