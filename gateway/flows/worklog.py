"""Work logged at an assignment, told one link up, and decided there: each act is one transaction on the ticket's case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.domain import worklog, worktelling
from gateway.domain.case import Because, Case
from gateway.domain.directory import Directory
from gateway.domain.model import ActorKind, Hop, Source
from gateway.domain.model.change import replace
from gateway.domain.problem import suggestion
from gateway.domain.worklog import Unit, Verdict, Work, WorkLine, WorkState
from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, copies, worklogs
from gateway.store.audit import record as audit
from gateway.store.db import Db, beyond
from gateway.store.scope import Scope
from gateway.store.worklogs import Asked

LIMIT = 200


def party_of(context: Context, code: str) -> str:
    """The id of the organization of that code. Raises NotFound."""
    with context.database.read() as db:
        known = {one.code: one.id for one in context.directory(db).organizations.values()}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return known[code]


# -- acts ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What an act is given: the ticket's case, the hop, the line if it is about one that is there."""

    db: Db
    case: Case
    hop: Hop
    line: WorkLine | None = None

    @property
    def known(self) -> WorkLine:
        """The line. Raises LookupError where the act began with none."""
        if self.line is None:
            raise LookupError("this act begins with a line")
        return self.line


def _acted(
    context: Context, place: tuple[str, str], order: Order, act: Callable[[Turn], WorkLine], *, what: str
) -> WorkLine:
    """Act under the ticket's lock. `place`: the ticket's id with that of a hop, or of a line."""
    ticket_id, name = place
    with context.database.write() as db:
        case = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, order.now))[ticket_id]
        line = None if name in case.hops else worklogs.get(db, OPERATOR, name, lock=True)
        after = act(
            Turn(db=db, case=case, hop=case.hops[line.hop_id if line is not None else name], line=line)
        )
        before = line if line is not None and after.id == line.id else None
        worklogs.keep(db, new=[] if before else [after], changed=[after] if before else [])
        cases.save(db, [case])
        _audit(db, order, what, before=before, after=after)
    return after


def _audit(db: Db, order: Order, what: str, *, before: WorkLine | None, after: WorkLine) -> None:
    """Whose the audit line is: of whoever acted. It says nothing of amounts and money."""
    decided = before is not None and after.state in (WorkState.ACCEPTED, WorkState.DISPUTED)
    audit(
        db,
        org_id=after.consumer if decided else after.org_id,
        actor=order.actor,
        action=what,
        subject=after.id,
        before={"state": before.state.value} if before is not None else None,
        after={"state": after.state.value, "reason": order.reason},
        now=order.now,
    )


@dataclass(frozen=True, kw_only=True)
class Way:
    """For whom somebody acts (None: the operator), and whether a line of a closed month goes into a later statement."""

    party: str | None = None
    late: bool = False


ANYBODY = Way()


def log(context: Context, hop_id: str, work: Work, order: Order, way: Way = ANYBODY) -> WorkLine:
    """Log a line at a hop and tell it one link up. Raises NotFound, Invalid, Refused (`worktelling.log`); Refused too where
    its month is closed and nobody said `late`."""
    with context.database.read() as db:
        ticket_id = cases.ticket_of(db, Scope.of(way.party) if way.party else OPERATOR, hop_id)
    if ticket_id is None:
        raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")

    def act(turn: Turn) -> WorkLine:
        made = worktelling.log(turn.case, turn.hop, work, order.because)
        _refuse_closed(turn.db, made, way)
        return made

    return _acted(context, (ticket_id, hop_id), order, act, what="work logged")


def _refuse_closed(db: Db, line: WorkLine, way: Way) -> None:
    closed = {one.month: one for one in worklogs.closed_months(db, OPERATOR, line.link_id)}
    if line.month in closed and not way.late:
        raise Refused(
            f"{line.month} is closed for this link",
            why=f"its statement was agreed on {closed[line.month].closed_at:%Y-%m-%d}",
            cure="--late logs it into the next statement, marked as belonging to that month",
        )


def confirm(
    context: Context, line_id: str, change: dict[str, Any], order: Order, way: Way = ANYBODY
) -> WorkLine:
    """Log what a visit in vain proposed, with other figures where `change` names fields of `Work`."""

    def act(turn: Turn) -> WorkLine:
        line = turn.known
        _own(line, way)
        if line.state is not WorkState.PROPOSED:
            raise Refused(f"the line is {line.state.value} already")
        proposed = Work(kind=line.kind, amount=line.amount, unit=line.unit, at=line.at)
        made = worktelling.log(turn.case, turn.hop, replace(proposed, **change), order.because, known=line)
        _refuse_closed(turn.db, made, way)
        return made

    return _acted(context, (_ticket(context, line_id, way), line_id), order, act, what="work confirmed")


def drop(context: Context, line_id: str, order: Order, way: Way = ANYBODY) -> WorkLine:
    """Nothing is to be logged of what was proposed."""

    def act(turn: Turn) -> WorkLine:
        _own(turn.known, way)
        if turn.known.state is not WorkState.PROPOSED:
            raise Refused(
                f"the line is {turn.known.state.value}",
                why="only a proposal is dropped",
                cure="the other side may dispute it",
            )
        return replace(turn.known, state=WorkState.DROPPED, decided_at=order.now, decided_by=order.actor)

    return _acted(context, (_ticket(context, line_id, way), line_id), order, act, what="work dropped")


def _own(line: WorkLine, way: Way) -> None:
    if way.party not in (None, line.org_id):
        raise NotFound(f"there is no line {line.id}", cure="interdesk work list shows them")


def _ticket(context: Context, line_id: str, way: Way) -> str:
    """The ticket of a line that the party may read. Raises NotFound."""
    with context.database.read() as db:
        line = worklogs.get(db, Scope.of(way.party) if way.party else OPERATOR, line_id)
    if line is None:
        raise NotFound(f"there is no line {line_id}", cure="interdesk work list shows them")
    return line.ticket_id


def decide(context: Context, line_id: str, state: WorkState, order: Order, way: Way = ANYBODY) -> WorkLine:
    """Accept or dispute a line for the side above. Raises NotFound; Refused for one's own line, after the review period, twice,
    and for a dispute without a reason."""
    if state is WorkState.DISPUTED and not order.reason.strip():
        raise Refused("a dispute needs its reason", why="the other side will read it", cure="add --reason")

    def act(turn: Turn) -> WorkLine:
        names = {one.id: one.name or one.code for one in turn.case.directory.organizations.values()}
        verdict = Verdict(state=state, by=order.actor, at=order.now, party=way.party)
        after = worklog.decided(turn.known, verdict, names=names)
        reason = order.reason if state is WorkState.DISPUTED else ""
        return worktelling.judged(turn.case, turn.hop, after, order.because, reason=reason)

    return _acted(context, (_ticket(context, line_id, way), line_id), order, act, what=f"work {state.value}")


@dataclass(frozen=True, kw_only=True)
class Onward:
    """What is handed on: where nothing is said the amount is the same. Words and money are never taken over."""

    amount: Decimal | None = None
    unit: Unit | None = None
    price: Decimal | None = None
    currency: str = ""
    text: str = ""


def pass_on(context: Context, line_id: str, onward: Onward, order: Order, way: Way = ANYBODY) -> WorkLine:
    """The side above logs a line of its own towards its own upstream, after one it was told. Raises NotFound, Refused."""

    def act(turn: Turn) -> WorkLine:
        line = turn.known
        parent = turn.case.parent(turn.hop)
        if way.party not in (None, line.consumer) or parent is None or line.state in worklog.OWN:
            raise NotFound(f"there is no line {line.id} to hand on", cure="interdesk work list shows them")
        before = worklogs.passed_on(turn.db, line.id)
        if before is not None:
            raise Refused(
                f"it was handed on already, as {before}", cure=f"interdesk work log {parent.id} logs more"
            )
        work = Work(
            kind=line.kind,
            amount=onward.amount or line.amount,
            unit=onward.unit or line.unit,
            at=line.at,
            price=onward.price,
            currency=onward.currency,
            text=onward.text,
        )
        made = worktelling.log(turn.case, parent, work, order.because)
        _refuse_closed(turn.db, made, way)
        return replace(made, passed_from=line.id)

    return _acted(context, (_ticket(context, line_id, way), line_id), order, act, what="work handed on")


# -- what happens by itself ---------------------------------------------------------------------------------------------------

_BY_SILENCE = Because(source=Source.GATEWAY, actor_kind=ActorKind.GATEWAY)


def run(context: Context, *, now: datetime) -> int:
    """Lines whose note has arrived begin their review; those that nobody answered in time are accepted. How many."""
    with context.database.read() as db:
        arrived = worklogs.arrived(db, limit=LIMIT)
        over = worklogs.lapsing(db, now=now, limit=LIMIT)
    if not arrived and not over:
        return 0
    with context.database.write() as db:
        tickets = {line.ticket_id for line in (*(one for one, _ in arrived), *over)}
        loaded = cases.load(db, OPERATOR, tickets, context.occasion(db, now))
        changed = [_arrived(db, loaded, line, at) for line, at in arrived]
        changed += [_lapsed(db, loaded, line) for line in over]
        worklogs.keep(db, changed=[line for line in changed if line is not None])
        cases.save(db, loaded.values())
    return len(arrived) + len(over)


def _arrived(db: Db, loaded: dict[str, Case], line: WorkLine, at: datetime) -> WorkLine | None:
    current, case = worklogs.get(db, OPERATOR, line.id, lock=True), loaded[line.ticket_id]
    if current is None or current.state is not WorkState.LOGGED:
        return None  # somebody was faster than our lock
    link = case.directory.link(line.link_id)
    return worklog.told(current, at, link=link, zone=worklog.zone_of(case, link))


def _lapsed(db: Db, loaded: dict[str, Case], line: WorkLine) -> WorkLine | None:
    current, case = worklogs.get(db, OPERATOR, line.id, lock=True), loaded[line.ticket_id]
    if (
        current is None
        or worklog.standing(current, case.now) is not WorkState.LAPSED
        or current.state is WorkState.LAPSED
    ):
        return None
    return worktelling.judged(case, case.hops[line.hop_id], worklog.lapsed(current), _BY_SILENCE)


# -- reading ------------------------------------------------------------------------------------------------------------------


def listed(context: Context, party: str | None, asked: Asked, *, now: datetime) -> list[dict[str, Any]]:
    """Lines as one organization reads them (None: the operator), the newest first."""
    scope = Scope.of(party) if party else OPERATOR
    with context.database.read(scope) as db:
        if asked.hop_id is not None and asked.ticket_id is None:  # lines are found by their ticket
            asked = replace(asked, ticket_id=cases.ticket_of(db, OPERATOR, asked.hop_id) or "")
        found = worklogs.listed(db, scope, asked)
        with beyond(db):  # a line tells both ends' numbers
            return views(db, context.directory(db), found, party, now=now)


def views(
    db: Db, known: Directory, found: Sequence[WorkLine], party: str | None, *, now: datetime
) -> list[dict[str, Any]]:
    """Lines as documents, in words and numbers."""
    seen = [(worklog.seen_by(line, party, known.link(line.link_id)), line) for line in found]
    lines = [line for line, _ in seen if line is not None]
    texts = copies.contents(db, [one for line in lines for one in (line.content_id, line.reason_id) if one])
    numbers = worklogs.numbers(db, [line.hop_id for line in lines])
    return [_view(known, line, (texts, numbers.get(line.hop_id, ("", ""))), now=now) for line in lines]


def _view(
    known: Directory, line: WorkLine, beside: tuple[Any, tuple[str, str]], *, now: datetime
) -> dict[str, Any]:
    texts, (below, above) = beside
    text, reason = texts.get(line.content_id or ""), texts.get(line.reason_id or "")
    return {
        "id": line.id,
        "ticket_id": line.ticket_id,
        "hop_id": line.hop_id,
        "number": below,
        "number_above": above,
        "link": known.link(line.link_id).code,
        "by": _code(known, line.org_id),
        "to": _code(known, line.consumer),
        "kind": line.kind.value,
        "amount": worktelling.plain(line.amount),
        "unit": line.unit.value,
        "at": line.at,
        "month": line.month,
        "money": None if line.price is None else f"{line.price:.2f}",
        "currency": line.currency or None,
        "text": text.text if text is not None else None,
        "state": worklog.standing(line, now).value,
        "logged_at": line.logged_at,
        "told_at": line.told_at,
        "review_until": line.review_until,
        "decided_at": line.decided_at,
        "decided_by": line.decided_by or None,
        "reason": reason.text if reason is not None else None,
        "statement": line.statement or None,
        "passed_from": line.passed_from,
    }


def _code(known: Directory, org_id: str) -> str:
    found = known.organizations.get(org_id)
    return found.code if found is not None else org_id
