"""Due dates at the desks (R20): the downstream desk shows the due moment of that hop's own agreement; the upstream is told
when the chain above needs the work earlier than that. Moments are compared, not durations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain import facts, mapping, queueing
from gateway.domain.agreements import Agreement
from gateway.domain.binding import BOUND
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Desk, Event, Field, Hop, HopStatus
from gateway.domain.sla.budget import Budget, budget
from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.terms import AgreementKind, TargetKind
from gateway.domain.worktime import CalendarError, done_at, worktime

AGREED = facts.AGREED_DUE
KINDS = (TargetKind.RESOLUTION, TargetKind.RESTORATION, TargetKind.RESPONSE)
"""The due moment a desk shows is that of the first of these that is promised."""
LEAST = timedelta(minutes=1)
"""A due moment that moved by less is not written again, nor oftener than this."""


def at_offer(case: Case, hop: Hop) -> Hop:
    """A new hop with the due moment of its own agreement, counted from now; as it is where none is promised."""
    codes = [
        event.data["agreement"] for event in case.events if event.type == BOUND and event.hop_id == hop.id
    ]
    bound = [
        one for one in case.directory.agreements if one.code in codes and one.kind is not AgreementKind.OLA
    ]
    priority = case.ticket.facts.get(Field.PRIORITY, "")
    for kind in KINDS:
        moments = [at for one in bound if (at := _from_now(case, one, kind, priority)) is not None]
        if moments:
            return _agree(case, hop, min(moments))
    return hop


def _from_now(case: Case, agreement: Agreement, kind: TargetKind, priority: str) -> datetime | None:
    terms = agreement.terms
    amount = terms.targets.get(kind, {}).get(priority)
    if amount is None or agreement.template is not None:
        return None  # what depends on the site is bound in a sheet of its own; the first fold reads it
    try:
        return done_at(amount, worktime(terms.calendar_of(kind)), case.now)
    except CalendarError:
        return None


def _agree(case: Case, hop: Hop, due: datetime) -> Hop:
    value = due.isoformat()
    return facts.keep(case, facts.keep(case, hop, Field.DUE, value), AGREED, value)


@dataclass(frozen=True, kw_only=True)
class Dues:
    """What a fold says of due moments. `told_at`: when each hop's was last written; `needed`: by when its upstream, or the
    link's field, was last told that the hop's work is needed. That stands with no fact of the hop: it is not the hop's to know."""

    folded: Folded
    every: Sequence[Clock]
    told_at: Mapping[str, datetime]
    needed: Mapping[str, datetime]

    def of(self, hop: str) -> tuple[Clock, Budget] | None:
        """The clock that the hop's desk shows, and the hop's budget for that kind of target."""
        promised = [terms for terms in self.folded.chain.at(hop) if terms.kind is not AgreementKind.OLA]
        codes = {terms.id for terms in promised}
        for kind in KINDS:
            found = [
                clock
                for clock in self.every
                if clock.hop == hop
                and clock.target_kind is kind
                and clock.agreement in codes
                and not clock.superseded
            ]
            if found:
                return found[-1], budget(self.folded, self.every, hop, kind)
        return None

    def is_stopped_above(self, hop: str, kind: TargetKind) -> bool:
        """Whether a clock above stands still: its due moment moves with every second, and means nothing until it runs."""
        above = self.folded.chain.above(hop)
        return any(one.stopped and one.hop in above and one.target_kind is kind for one in self.every)


def follow(case: Case, dues: Dues) -> Iterator[tuple[str, datetime | None]]:
    """Write what moved: the hops of which somebody is told, and by when each is needed as far as that is known to anybody. A
    hop told of less than a minute ago waits for its turn."""
    for hop in list(case.hops.values()):
        if hop.parent_id is None or hop.status not in OPEN or hop.status is HopStatus.RESOLVED:
            continue
        found, last = dues.of(hop.id), dues.told_at.get(hop.id)
        if found is None or found[0].ended_at is not None or (last is not None and case.now - last < LEAST):
            continue
        (clock, budgeted), needed = found, dues.needed.get(hop.id)
        told = _tell_own(case, hop, clock, budgeted)
        if not dues.is_stopped_above(hop.id, clock.target_kind):
            needed = _tell_needed(case, case.hops[hop.id], budgeted, needed)
        if told or needed != dues.needed.get(hop.id):
            yield hop.id, needed


def _tell_own(case: Case, hop: Hop, clock: Clock, budgeted: Budget) -> bool:
    """The desk's due field, where the moment moved by something the desk can show. A clock that stands still is told when
    it runs again, one that waits for its start was told as if it began at the offer."""
    before, due = _known(hop, AGREED), budgeted.own_due
    waits = clock.stopped or clock.started_at is None
    if due is None or (before is not None and (waits or abs(due - before) < LEAST)):
        return False
    data = {"due": due.isoformat(), "before": before.isoformat() if before else None, "clock": clock.key}
    event = case.record("clock.due_moved", hop, Because(cause_id=_cause(clock)), data)
    write(case, _agree(case, hop, due), due, event)
    return True


def _cause(clock: Clock) -> str | None:
    last = next((piece.span.cause for piece in reversed(clock.pieces) if piece.span.cause), None)
    return last or clock.started_by


def write(case: Case, hop: Hop, due: datetime, event: Event) -> None:
    """Into the desk's due field as far as it can show it, in words what it cannot, and to those below without one of their
    own."""
    desk, value = case.desk(hop), due.isoformat()
    word = mapping.native(desk, Field.DUE, value)
    if word is not None:
        queueing.update(case, hop, {Field.DUE: word}, event)
    say(case, hop, due, event)
    facts.send_down(case, hop, Field.DUE, value, event)


def say(case: Case, hop: Hop, due: datetime, event: Event) -> None:
    """The exact moment in words, where the desk's own field cannot show it."""
    desk = case.desk(hop)
    if not mapping.is_exact(desk, Field.DUE, due.isoformat()):
        queueing.note(case, hop, "due_agreed", event, value=at_desk(desk, due))


def _tell_needed(case: Case, hop: Hop, budgeted: Budget, before: datetime | None) -> datetime | None:
    """Tell the upstream at once that the chain needs the work before the hop's own target ends; tell the downstream only
    where the link has a field for it, and never whose need it is. Returns what is known to anybody by now."""
    needed, link, parent = budgeted.needed_by, case.link(hop), case.parent(hop)
    if needed is None or parent is None or link is None or (before and abs(needed - before) < LEAST):
        return before
    field = link.crossing.needed_by
    if not budgeted.conflict and not field:
        return before
    data = {"hop": hop.id, "needed_by": needed.isoformat(), "conflict": budgeted.conflict}
    event = case.record("clock.needed_by", parent, Because(), data)
    if field:
        queueing.update(case, hop, {field: at_desk(case.desk(hop), needed)}, event)
    if budgeted.conflict and budgeted.own_due is not None and parent.status in OPEN:
        desk, who = case.desk(parent), queueing.neighbour(case, hop, parent)
        due = at_desk(desk, budgeted.own_due)
        queueing.note(case, parent, "needed_by", event, who=who, needed=at_desk(desk, needed), due=due)
    return needed


def at_desk(desk: Desk, at: datetime) -> str:
    """A moment as people at that desk read it, to the minute, with its zone. A due moment is never shown too late."""
    return f"{at.astimezone(ZoneInfo(desk.zone)):%Y-%m-%d %H:%M} {desk.zone}"


def _known(hop: Hop, name: str) -> datetime | None:
    value = hop.facts.get(name)
    return datetime.fromisoformat(value) if value else None
