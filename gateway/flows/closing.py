"""Closing a customer's period (R36): the other side's list is laid beside ours and kept with every difference; lines are queried
and answered; it is issued with both names, frozen, and restated after a late fact as a further version."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.problem import suggestion
from gateway.domain.reports import closing as lists
from gateway.domain.reports import closing_page, compliance, review
from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Report
from gateway.domain.reports.lists import Comparison, Frame, Ours, Theirs
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.publication import Line as Published
from gateway.domain.reports.publication import evidence_of
from gateway.domain.reports.query import Query
from gateway.domain.reports.review import Closing
from gateway.domain.reports.their_list import ListMapping
from gateway.domain.reports.views import View
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar
from gateway.errors import NotFound, Refused
from gateway.flows import publishing, reporting
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.reporting import Wanted
from gateway.store import audit, closings, history, numbers
from gateway.store import outcomes as store
from gateway.store.db import Db

CLOSING = "closing"
_RESTATED = "clock.restated"
_TOGETHER = 500
_ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)


@dataclass(frozen=True, kw_only=True)
class TheirList:
    """The other side's list as it was read: from which file, by which mapping."""

    rows: Sequence[Theirs]
    mapping: ListMapping
    source: str
    sha256: str


def begin(context: Context, wanted: Wanted, given: TheirList, order: Order, *, days: int = 5) -> Closing:
    """Lay a list beside ours and open the review for so many working days; a list brought again takes the place of the one
    before. Raises Refused for a period that is not over or that is issued."""
    basis = reporting.gathered(context, _asked(wanted), now=order.now)
    period = basis.period
    if order.now < period.end:
        raise Refused(
            f"{period.name} is not over",
            why="its figures still change by themselves",
            cure=f"bring the list from {period.end:%Y-%m-%d} on",
        )
    frame = Frame(period=period, listed_by=given.mapping.listed_by, exported_at=given.mapping.exported_at)
    with context.database.write() as db:
        before = closings.get(db, OPERATOR, basis.customer, period.name, lock=True)
        if before is not None and before.issued_at is not None:
            raise Refused(f"{period.name} is issued", cure="interdesk close restate makes a new version")
        counts = _compared(db, basis, given.rows, frame)
        made = Closing(
            id=context.new_id("cls"),
            org_id=basis.customer,
            customer=wanted.customer,
            period=period.name,
            made_at=order.now,
            made_by=order.actor,
            review_until=review.review_end(order.now, days, _calendar(context, db, basis), period.zone),
            source=given.source,
            sha256=given.sha256,
            frame=frame,
            rows=tuple(given.rows),
            counts=counts,
            entries=review.entries(counts.lines),
        )
        closings.put(db, made)
        _audit(db, made, "closing begun", order)
    return made


def _asked(wanted: Wanted) -> Wanted:
    """The customer's own view: it is what both sign."""
    return replace(wanted, view=View.CUSTOMER, partner="", as_of=None, under="")


def _calendar(context: Context, db: Db, basis: Basis) -> Calendar:
    """The calendar whose working days the review counts: that of the promise."""
    named = {one.agreement for one in basis.promises}
    given = {one.consumer for one in basis.promises}
    every = context.directory(db).agreements
    known = (one.terms.calendar for one in every if one.code in named and one.terms.consumer in given)
    return next(known, _ALWAYS)


def _compared(db: Db, basis: Basis, rows: Sequence[Theirs], frame: Frame) -> Comparison:
    """Late facts are looked for where verdicts differ, for that means reading events."""
    ours = _ours(db, basis, rows)
    found = lists.compare(rows, ours, frame)
    restated = _restated(db, {line.ticket_id for line in found.lines if line.target is not None})
    if not restated:
        return found
    told = [replace(one, restated_at=restated.get(one.case.ticket_id)) for one in ours]
    return lists.compare(rows, told, frame)


def _ours(db: Db, basis: Basis, rows: Sequence[Theirs]) -> list[Ours]:
    """Every ticket of the customer that counts in the period, or that one of their numbers names."""
    said = {name for row in rows for name in (row.number, *row.former, row.merged_into) if name}
    named = {ticket for some in _portions(said) for ticket in numbers.called(db, OPERATOR, some)}
    named |= {one.ticket_id for one in basis.counted}
    spelled = {name.casefold() for name in said}
    cases = {
        one.ticket_id: one
        for one in (*basis.cases, *basis.unpromised)
        if one.ticket_id in named or one.number.casefold() in spelled
    }
    for some in _portions(named - cases.keys()):
        query = Query(customer=basis.customer, ticket_ids=frozenset(some))
        cases |= {one.ticket_id: one for one in store.cases(db, OPERATOR, query)}
    called = {
        ticket: names for some in _portions(cases) for ticket, names in numbers.of(db, OPERATOR, some).items()
    }
    clocks: dict[str, list[Outcome]] = {}
    for one in _promises(db, basis, cases):
        clocks.setdefault(one.ticket_id, []).append(one)
    return [
        Ours(
            case=case,
            numbers=frozenset({*called.get(name, ()), case.number or name}),
            outcomes=clocks.get(name, ()),
        )
        for name, case in cases.items()
    ]


def _promises(db: Db, basis: Basis, cases: Iterable[str]) -> list[Outcome]:
    return [
        one
        for some in _portions(cases)
        for one in store.select_outcomes(
            db, OPERATOR, Query(customer=basis.customer, ticket_ids=frozenset(some))
        )
        if basis.is_promise(one)
    ]


def _restated(db: Db, cases: Iterable[str]) -> dict[str, datetime]:
    """When a late fact last changed what had been told of a ticket."""
    return {
        ticket: event.observed_at
        for some in _portions(cases)
        for ticket, events in history.events_of(db, OPERATOR, some).items()
        for event in events
        if event.type == _RESTATED
    }


def _portions(names: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(names)
    return (ordered[start : start + _TOGETHER] for start in range(0, len(ordered), _TOGETHER))


# -- the review ------------------------------------------------------------------------------------------------------------


def find(context: Context, customer: str, period: str) -> Closing:
    """The closing of a customer's period. Raises NotFound."""
    with context.database.read() as db:
        return _found(context, db, (customer, period))


def _found(context: Context, db: Db, which: tuple[str, str], *, lock: bool = False) -> Closing:
    customer, period = which
    codes = {one.code: one.id for one in context.directory(db).organizations.values()}
    if customer not in codes:
        raise NotFound(f"there is no customer {customer!r}", cure=suggestion(customer, codes))
    found = closings.get(db, OPERATOR, codes[customer], period, lock=lock)
    if found is None:
        raise NotFound(
            f"nobody began to close {period} with {customer}",
            why="a closing begins with the other side's list",
            cure="interdesk close import FILE --mapping M.yaml",
        )
    return found


def every(context: Context) -> list[Closing]:
    """All closings, the newest periods first."""
    with context.database.read() as db:
        return closings.listed(db, OPERATOR)


def query(context: Context, which: tuple[str, str], key: str, order: Order) -> Closing:
    """Ask about a line, within the review period."""
    return _change(
        context,
        which,
        lambda one: review.query(one, key, by=order.actor, words=order.reason, now=order.now),
        (f"{key} queried", order),
    )


def agree(context: Context, which: tuple[str, str], key: str, order: Order) -> Closing:
    """Agree to a line, or answer what was asked about it."""
    return _change(
        context,
        which,
        lambda one: review.settle(one, key, by=order.actor, words=order.reason),
        (f"{key} agreed", order),
    )


def _change(
    context: Context, which: tuple[str, str], act: Callable[[Closing], Closing], deed: tuple[str, Order]
) -> Closing:
    with context.database.write() as db:
        changed = act(_found(context, db, which, lock=True))
        closings.save(db, changed)
        _audit(db, changed, *deed)
    return changed


# -- issue and restatement -------------------------------------------------------------------------------------------------


def draft(context: Context, which: tuple[str, str], *, now: datetime) -> Report:
    """The closing as it stands, with the report behind it."""
    found, basis = _again(context, which, now)
    return closing_page.page(found, compliance.report(basis), now=now)


def _again(context: Context, which: tuple[str, str], now: datetime) -> tuple[Closing, Basis]:
    """The lists laid beside each other once more: what people said of lines stays with them."""
    found = find(context, *which)
    basis = reporting.gathered(context, _asked(Wanted(customer=found.customer, period=found.period)), now=now)
    with context.database.read() as db:
        counts = _compared(db, basis, found.rows, found.frame)
    return review.compared_again(found, counts, now=now), basis


def issue(
    context: Context, which: tuple[str, str], names: tuple[str, str], order: Order
) -> publishing.Published:
    """Issue a reconciled closing with both names, frozen as the first version. What changed since the review makes new lines,
    which have to be agreed to first. Raises Refused."""
    return _published(context, which, order, lambda one: review.issued(one, names, now=order.now))


def restate(context: Context, which: tuple[str, str], order: Order) -> publishing.Published:
    """A further version after a late fact, with its difference; the ones before stay. Raises Refused for what was not issued, and
    without a reason."""
    if not order.reason:
        raise Refused("a restatement needs its reason", why="the other side will ask", cure="add --reason")

    def ready(one: Closing) -> Closing:
        if one.issued_at is None:
            raise Refused(f"{one.period} is not issued yet", cure="interdesk close issue")
        return one

    return _published(context, which, order, ready)


def _published(
    context: Context, which: tuple[str, str], order: Order, ready: Callable[[Closing], Closing]
) -> publishing.Published:
    again, basis = _again(context, which, order.now)
    with context.database.write() as db:  # kept even where what is new has to be agreed to first
        kept = _found(context, db, which, lock=True)
        closings.save(db, review.compared_again(kept, again.counts, now=order.now))
    with context.database.write() as db:
        closing = ready(_found(context, db, which, lock=True))
        made = publishing.Draft(
            line=Published(
                kind=CLOSING, subject=closing.customer, period=closing.period, view=View.CUSTOMER.value
            ),
            org_id=closing.org_id,
            report=closing_page.page(closing, compliance.report(basis), now=order.now),
            evidence=evidence_of(basis.outcomes),
        )
        found = publishing.published(context, db, made, order)
        closings.save(db, closing)
        _audit(db, closing, f"closing issued, version {found.publication.version}", order)
    return found


def _audit(db: Db, closing: Closing, action: str, order: Order) -> None:
    audit.record(
        db,
        now=order.now,
        org_id=closing.org_id,
        actor=order.actor,
        action=action,
        subject=closing.id,
        before=None,
        after={"customer": closing.customer, "period": closing.period, "reason": order.reason},
    )
