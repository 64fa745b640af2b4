"""The objectives and service credits of a report (R27, R29): which agreements they are of, and the clocks that they are counted
over, those of earlier periods and of other customers included where a scheme asks for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.reports import judging, owing
from gateway.domain.reports.basis import Basis
from gateway.domain.reports.credits import Known, Statement, assess, since
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import Period
from gateway.domain.reports.query import Query
from gateway.domain.reports.views import View, chains_of, seen_by
from gateway.domain.sla.terms import AgreementKind
from gateway.flows.context import OPERATOR
from gateway.store import outcomes as store
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where clocks come from: the store, or `again`, what was counted again. `under`: the code of an agreement that stands
    in for those between the same parties."""

    known: Directory
    db: Db
    again: Sequence[Outcome] | None = None
    under: str = ""


def weighed(basis: Basis, source: Source) -> Basis:
    """The same with objectives and credits."""
    promised, below = _agreements(basis, source)
    groups = {code: site.group for (_, code), site in source.known.sites.items() if site.group}
    judged = [
        one
        for agreement in promised
        if agreement.objectives
        for one in judging.judged(
            agreement,
            _clocks(basis, source, agreement, judging.span(agreement, basis.period)),
            basis.period,
            groups,
        )
    ]
    owed, due = (
        [one for agreement in group if (one := _statement(basis, source, agreement, groups)) is not None]
        for group in (promised, below)
    )
    own = None if basis.viewer.view is View.PARTNER else basis.customer
    chapter = owing.section(owed, due, basis.viewer, customer=own)
    return replace(basis, judged=judged, money=(chapter,) if chapter is not None else ())


def _agreements(basis: Basis, source: Source) -> tuple[list[Agreement], list[Agreement]]:
    """(what the report is about, what stands underneath), each agreement once, as it stood at the period's end."""
    seen = {(one.provider, one.agreement) for one in basis.outcomes}
    promised = {(one.provider, one.agreement) for one in basis.promises}
    about, below = [], []
    for agreement in _in_force(source, basis.period):
        kind, terms = agreement.kind, agreement.terms
        name = (terms.provider, agreement.code)
        if name in promised or (
            kind is AgreementKind.SLA
            and terms.consumer in (basis.customer, *basis.groups)
            and basis.viewer.view is not View.PARTNER
        ):
            about.append(agreement)
        elif name in seen and kind is AgreementKind.UC and basis.viewer.view is not View.CUSTOMER:
            below.append(agreement)
    return about, below


def _in_force(source: Source, period: Period) -> Iterator[Agreement]:
    """Each agreement in the version that holds on the period's last day, else in its newest."""
    versions: dict[tuple[str, str], list[Agreement]] = {}
    for one in source.known.agreements:
        versions.setdefault((one.terms.provider, one.code), []).append(one)
    wanted = source.under.partition("/")[0]
    stand_in = next((one for one in reversed(source.known.agreements) if one.code == wanted), None)
    for found in versions.values():
        chosen = next((one for one in reversed(found) if one.holds_on(period.last)), found[-1])
        yield _swapped(chosen, stand_in)


def _swapped(agreement: Agreement, other: Agreement | None) -> Agreement:
    """The objectives and credits of the other, where it is between the same parties."""
    parts = ("provider", "consumer", "kind")
    if other is None or any(getattr(other.terms, part) != getattr(agreement.terms, part) for part in parts):
        return agreement
    return replace(agreement, objectives=other.objectives, credits=other.credits)


def _clocks(basis: Basis, source: Source, agreement: Agreement, span: Period) -> list[Outcome]:
    """An agreement's clocks of some days. What is promised to the customer itself is its own; a partner's is counted over
    all that it did under it."""
    query = Query(agreement=agreement.code, provider=agreement.terms.provider, period=span)
    if source.again is not None:
        found = list(filter(query.takes, source.again))
    else:
        found = store.select_outcomes(source.db, OPERATOR, query)
    shown = seen_by(basis.viewer, found, chains_of(found))
    mine = agreement.kind is AgreementKind.SLA and agreement.terms.consumer in (basis.customer, *basis.groups)
    return [one for one in shown if not mine or basis.is_promise(one)]


def _statement(
    basis: Basis, source: Source, agreement: Agreement, groups: Mapping[str, str]
) -> Statement | None:
    if agreement.credits is None:
        return None
    period = basis.period
    span = replace(period, first=min(period.first, since(agreement, period).date()))
    known = Known(as_of=basis.as_of.date(), groups=groups)
    return assess(agreement, _clocks(basis, source, agreement, span), period=period, known=known)
