"""The compliance report of a customer or a partner for a period (R30–R33): what it needs is read in one transaction, laid beside
the kept sums, and handed to the domain; as of an earlier moment or under other terms it is counted again from events."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from gateway.domain.directory import Directory
from gateway.domain.model import Organization
from gateway.domain.problem import suggestion
from gateway.domain.reports import compliance, trend
from gateway.domain.reports.basis import Basis, Limits, is_end_to_end
from gateway.domain.reports.document import Report
from gateway.domain.reports.outcome import Case, Outcome
from gateway.domain.reports.period import Period, period_from
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import By, Rolled, rolled
from gateway.domain.reports.views import View, Viewer, cases_seen_by, chains_of, seen_by
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.terms import AgreementKind
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import recount, sla
from gateway.flows.context import OPERATOR, Context
from gateway.flows.recount import Other
from gateway.flows.remaking import remade
from gateway.flows.weighing import Source, weighed
from gateway.store import cases, unpromised
from gateway.store import numbers as store_numbers
from gateway.store import outcomes as store
from gateway.store.db import Db

_DAY = timedelta(days=1)
_TOGETHER = 5_000
"""So many tickets are asked for in one statement."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for, by codes. `partner` is named in a partner's view, and there alone. `as_of`: as it was known then;
    `under`: AGREEMENT, a sheet, /CALENDAR or both joined, as if tickets had been bound to it."""

    customer: str
    period: str
    view: View = View.OPERATOR
    partner: str = ""
    as_of: datetime | None = None
    under: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the store or a second count tells of a customer: every clock and ticket, of everybody in the chain."""

    outcomes: Sequence[Outcome]
    cases: Sequence[Case]
    notes: tuple[str, ...] = ()
    unpromised: Sequence[Case] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for, looked up. `at`: the moment that everything is told as of."""

    wanted: Wanted
    customer: Organization
    partner: Organization | None
    period: Period
    at: datetime

    @property
    def window(self) -> Period:
        """The period, and what is looked back over."""
        return replace(
            self.period, first=min(self.period.first, self.period.last + _DAY - self.wanted.limits.look_back)
        )

    @property
    def reader(self) -> str:
        """The organization that reads; none for the operator."""
        if self.wanted.view is View.PARTNER and self.partner is not None:
            return self.partner.id
        return self.customer.id if self.wanted.view is View.CUSTOMER else ""


def compose(context: Context, wanted: Wanted, *, now: datetime) -> Report:
    """The report. Raises NotFound for an unknown customer, partner or period without any ticket, Refused for a period that
    has not begun, Invalid for what makes no sense together."""
    return compliance.report(gathered(context, wanted, now=now))


def gathered(context: Context, wanted: Wanted, *, now: datetime) -> Basis:
    """What the report is made of, as its reader may know it."""
    other = recount.other_terms(context, wanted.under) if wanted.under else None
    with context.database.read() as db:
        known = context.directory(db)
        asked = _asked(known, wanted, now=now)
        again = other is not None or wanted.as_of is not None
        told = _again(context, db, asked, other) if again else _kept(db, asked)
        if wanted.view is not View.PARTNER:
            missing = unpromised.opened(db, OPERATOR, asked.customer.id, asked.period)
            told = replace(told, unpromised=missing)
        if not told.cases and not told.unpromised:
            raise _nothing(db, asked)
        return _basis(known, db, asked, told)


def clock(context: Context, key: str, *, now: datetime) -> tuple[sla.Reading, Clock]:
    """The clock that a report calls so, and its ticket. Raises NotFound."""
    parts = key.split("/")
    with context.database.read() as db:
        context.directory(db)
        ticket = cases.ticket_of(db, OPERATOR, parts[1]) if len(parts) == 3 else None
    if ticket is None:
        raise NotFound(
            f"there is no clock {key!r}",
            why="a clock is called AGREEMENT/ASSIGNMENT/TARGET",
            cure="the last column of a report's breaches names them",
        )
    found = sla.read(context, ticket, now=now)
    every = {one.key: one for one in found.clocks}
    if key not in every:
        raise NotFound(f"there is no clock {key!r}", cure=suggestion(key, every))
    return found, every[key]


def _asked(known: Directory, wanted: Wanted, *, now: datetime) -> Asked:
    if bool(wanted.partner) != (wanted.view is View.PARTNER):
        raise Invalid("a partner's report is read by that partner", cure="say --partner CODE --view partner")
    customer = _organization(known, wanted.customer, "customer")
    partner = _organization(known, wanted.partner, "partner") if wanted.partner else None
    period = period_from(wanted.period, zone=(partner or customer).zone)
    at = wanted.as_of or now
    if at > now:
        raise Refused(f"{at:%Y-%m-%d %H:%M} UTC has not come yet", cure="name an earlier moment")
    if period.start >= at:
        raise Refused(
            f"{period.name} had not begun by {at:%Y-%m-%d}",
            why="nothing can have been met or fallen due in it",
            cure=f"the last that is over is {_last_whole(at)}",
        )
    return Asked(wanted=wanted, customer=customer, partner=partner, period=period, at=at)


def _last_whole(at: datetime) -> str:
    """The last whole month before a moment."""
    return f"{at.date().replace(day=1) - _DAY:%Y-%m}"


def _organization(known: Directory, code: str, what: str) -> Organization:
    codes = {one.code: one for one in known.organizations.values()}
    if code not in codes:
        raise NotFound(f"there is no {what} {code!r}", cure=suggestion(code, codes))
    return codes[code]


def _kept(db: Db, asked: Asked) -> Told:
    """What is kept of the tickets of the period and of what is looked back over, laid beside the sums."""
    query = Query(customer=asked.customer.id, period=asked.window)
    cases = store.cases(db, OPERATOR, query)
    outcomes = _clocks(db, asked, {one.ticket_id for one in cases})
    notes = _checked(db, asked, outcomes)
    if notes:  # days by another wall than the period's may hold one more ticket
        counted = store.select_outcomes(db, OPERATOR, replace(query, period=asked.period))
        missing = {one.ticket_id for one in counted} - {one.ticket_id for one in cases}
        outcomes += _clocks(db, asked, missing)
        for names in _portions(missing):
            cases += store.cases(db, OPERATOR, Query(customer=asked.customer.id, ticket_ids=names))
        notes = _checked(db, asked, outcomes) if missing else notes
    return Told(outcomes=outcomes, cases=cases, notes=notes)


def _clocks(db: Db, asked: Asked, tickets: Iterable[str]) -> list[Outcome]:
    """All clocks of these tickets."""
    return [
        one
        for names in _portions(tickets)
        for one in store.select_outcomes(db, OPERATOR, Query(customer=asked.customer.id, ticket_ids=names))
    ]


def _portions(names: Iterable[str]) -> Iterator[frozenset[str]]:
    ordered = sorted(names)
    for start in range(0, len(ordered), _TOGETHER):
        yield frozenset(ordered[start : start + _TOGETHER])


def _again(context: Context, db: Db, asked: Asked, other: Other | None) -> Told:
    """The same counted from the events: as they were known then, under the terms that are asked for."""
    kept = store.cases(db, OPERATOR, Query(customer=asked.customer.id))
    names = [one.ticket_id for one in kept if one.opened_at < asked.period.end]
    found = list(remade(context, db, names, at=asked.at, other=other))
    silent, under = sum(one.silent for one in found), asked.wanted.under
    bound = "1 ticket is" if silent == 1 else f"{silent} tickets are"
    note = f"{bound} bound to nothing that {under} could stand for, and told as bound."
    return Told(
        outcomes=[one for ticket in found for one in ticket.outcomes],
        cases=[one.case for one in found],
        notes=(note,) if silent else (),
    )


def _checked(db: Db, asked: Asked, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Whether the kept sums of the period are those of the clocks (R34): a warning if not."""
    query, by = Query(customer=asked.customer.id, period=asked.period), (By.AGREEMENT, By.TARGET_KIND)
    if store.rolled(db, OPERATOR, query, by) == rolled(filter(query.takes, outcomes), by):
        return ()
    return ("The kept sums are not those of the clocks listed here: run `interdesk report rebuild`.",)


def _nothing(db: Db, asked: Asked) -> NotFound:
    """Why there is nothing to tell."""
    name, period = asked.customer.code, asked.period.name
    first = next(iter(store.cases(db, OPERATOR, Query(customer=asked.customer.id))), None)
    if first is None:
        return NotFound(
            f"no ticket of {name} is known",
            why="none was seen that an agreement holds for, or its history was not counted yet",
            cure="interdesk agreements list; interdesk report rebuild",
        )
    return NotFound(
        f"nothing is known of {name} in {period}",
        why=f"its first ticket was opened on {first.opened_at:%Y-%m-%d}",
        cure=f"ask for {first.opened_at:%Y-%m} or later, or import its history",
    )


def _basis(known: Directory, db: Db, asked: Asked, told: Told) -> Basis:
    viewer = _viewer(known, db, asked, told)
    chains = chains_of(told.outcomes)
    shown = seen_by(viewer, told.outcomes, chains)
    basis = Basis(
        customer=asked.customer.id,
        groups=known.line_of(asked.customer.id)[1:],
        period=asked.period,
        as_of=asked.at,
        viewer=viewer,
        outcomes=shown,
        cases=cases_seen_by(viewer, told.cases, chains),
        unpromised=told.unpromised,
        parameters=_parameters(asked, shown),
        notes=(*told.notes, *_unpromised(known, asked, shown)),
        limits=asked.wanted.limits,
    )
    again = asked.wanted.as_of is not None or bool(asked.wanted.under)
    months = _months_of(basis) if again else _months(known, db, asked, told.outcomes)
    source = Source(known=known, db=db, again=told.outcomes if again else None, under=asked.wanted.under)
    return weighed(replace(basis, months=months, others=() if again else _others(known, db, asked)), source)


def _viewer(known: Directory, db: Db, asked: Asked, told: Told) -> Viewer:
    names = {one: known.organization_name(one) for one in known.organizations}
    names |= {one.hop_id: known.organization_name(one.provider) for one in told.outcomes}
    numbers: dict[str, str] = {}
    if asked.partner is not None:
        mine = {one.ticket_id for one in told.outcomes if asked.partner.id in (one.provider, one.consumer)}
        mine |= {one.ticket_id for one in told.cases if asked.partner.id in one.parties}
        for tickets in _portions(mine):
            numbers |= store_numbers.at(db, OPERATOR, asked.partner.id, sorted(tickets))
    groups = known.line_of(asked.reader)[1:]
    return Viewer(view=asked.wanted.view, org=asked.reader, groups=groups, names=names, numbers=numbers)


def _parameters(asked: Asked, shown: Sequence[Outcome]) -> dict[str, str]:
    """What the report was made from, in order."""
    period, wanted = asked.period, asked.wanted
    who = asked.partner if asked.partner is not None else asked.customer
    local = asked.at.astimezone(ZoneInfo(period.zone))
    return {
        "partner" if asked.partner is not None else "customer": who.name or who.code,
        "period": f"{period.name}: {period.first} to {period.last}",
        "zone": period.zone,
        "view": wanted.view.value,
        "as of": f"{local:%Y-%m-%d %H:%M:%S %Z}",
        "under": wanted.under or "the terms each ticket is bound to",
        "agreements": ", ".join(sorted({one.agreement for one in shown})) or "none",
    }


def _unpromised(known: Directory, asked: Asked, shown: Sequence[Outcome]) -> tuple[str, ...]:
    if shown:
        return ()
    who = asked.partner or asked.customer
    line = known.line_of(who.id)
    promised = any(one.terms.consumer in line or one.terms.provider == who.id for one in known.agreements)
    if promised:
        return ()
    return (f"No agreement promises anything to {who.name or who.code}: nothing can be met or breached.",)


# -- other months, other partners ------------------------------------------------------------------------------------------


def _longer(period: Period) -> Period:
    """Thirteen months up to the period's last."""
    months = list(period.months(trend.MONTHS))
    return replace(period, first=months[0].first, last=months[-1].last)


def _months_of(basis: Basis) -> dict[str, Rolled]:
    every = Query(period=_longer(basis.period))
    return {one.place[0]: one for one in rolled(filter(every.takes, basis.promises), (By.MONTH,))}


def _months(known: Directory, db: Db, asked: Asked, outcomes: Sequence[Outcome]) -> dict[str, Rolled]:
    """Month → the sum of the promise that the report is about."""
    partner = asked.partner.id if asked.partner is not None else ""
    query = Query(customer=asked.customer.id, provider=partner, period=_longer(asked.period))
    found = store.rolled(db, OPERATOR, query, (By.PROVIDER, By.AGREEMENT, By.MONTH))
    named = {one.place[:2] for one in found}
    wanted = named if partner else named & _end_to_end(known, db, asked, (named, outcomes))
    return _merged((one.place[2], one) for one in found if one.place[:2] in wanted)


def _end_to_end(
    known: Directory, db: Db, asked: Asked, told: tuple[set[tuple[str, ...]], Sequence[Outcome]]
) -> set[tuple[str, ...]]:
    """Which agreements, by provider and code, promise something to the customer itself; those that nobody knows any more are
    looked up."""
    named, outcomes = told
    customers = known.line_of(asked.customer.id)
    kinds: dict[tuple[str, ...], bool] = {
        (one.provider, one.agreement): is_end_to_end(one, *customers) for one in outcomes
    }
    for one in known.agreements:
        promises = one.kind is AgreementKind.SLA and one.terms.consumer in customers
        kinds.setdefault((one.terms.provider, one.code), promises)
    for provider, code in named - kinds.keys():
        query = Query(customer=asked.customer.id, provider=provider, agreement=code)
        first = store.select_outcomes(db, OPERATOR, query)[:1]
        kinds[provider, code] = any(is_end_to_end(one, *customers) for one in first)
    return {name for name, holds in kinds.items() if holds}


def _merged(months: Iterable[tuple[str, Rolled]]) -> dict[str, Rolled]:
    sums: dict[str, Rolled] = {}
    for name, one in months:
        old = sums.get(name, Rolled())
        sums[name] = Rolled(
            place=(name,),
            met=old.met + one.met,
            breached=old.breached + one.breached,
            excluded=old.excluded + one.excluded,
            cancelled=old.cancelled + one.cancelled,
            provisional=old.provisional + one.provisional,
        )
    return sums


def _others(known: Directory, db: Db, asked: Asked) -> tuple[Fraction, ...]:
    """The shares of the other partners of whoever this one works for, without their names (R32)."""
    if asked.partner is None:
        return ()
    me = asked.partner.id
    terms = {(one.terms.provider, one.code): one.terms for one in known.agreements}
    above = {one.consumer for one in terms.values() if one.provider == me}
    found = store.rolled(db, OPERATOR, Query(period=asked.period), (By.PROVIDER, By.AGREEMENT))
    sums = _merged(
        (one.place[0], one)
        for one in found
        if one.place[0] != me
        and (held := terms.get((one.place[0], one.place[1]))) is not None
        and held.consumer in above
    )
    return tuple(one.gross for one in sums.values() if one.gross is not None)
