"""Agreements (R25–R28) as far as clocks need them: who promises what to whom, which one holds for a hop, and which
agreements underneath support it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gateway.domain.reports.promises import Objective
from gateway.domain.reports.schemes import Credits
from gateway.domain.sla.support import Leg, Support, support
from gateway.domain.sla.terms import AgreementKind, StartsOn, TargetKind, Terms
from gateway.domain.warnings import DEFAULT, Mark
from gateway.domain.worktime import worktime

NONE = timedelta()


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A promise of `terms.provider` to `terms.consumer` (organization ids), valid on days from `valid_from` up to and
    including `valid_until`. `link_id` narrows it to one link; empty `services`, `sites` and `groups` mean all."""

    id: str
    code: str
    terms: Terms
    sheet: str = ""
    """The name of the terms as they stand, calendars included: what a ticket is bound to (R17)."""
    link_id: str = ""
    services: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    warnings: tuple[Mark, ...] = DEFAULT
    """At which marks of a target somebody is warned (R22)."""
    objectives: tuple[Objective, ...] = ()
    """Which share of a period must be within the targets (R27)."""
    credits: Credits | None = None
    """What a miss costs the provider (R29)."""
    template: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """Its sheet, where what it promises differs from site to site: a ticket is bound to the sheet of its own site."""
    version: int = 1
    """The how manieth of its versions this is; each is valid on its own days (domain/agreement_versions)."""
    last_on: date | None = None
    """The last day before the next version, or before somebody ended it."""
    goes_on: bool = False
    """Whether work goes on under it after its end, until it is renewed or ended (R25)."""
    owner: str = ""
    """The code of its provider."""
    supports: frozenset[str] = frozenset()
    supported_by: frozenset[str] = frozenset()
    """Agreements that it supports or stands on, as `CODE` or `ORGANIZATION/CODE` (R28)."""

    @property
    def kind(self) -> AgreementKind:
        """Customer–provider, provider–supplier, or inside one organization."""
        return self.terms.kind

    def is_valid(self, day: date) -> bool:
        """Whether it is in force on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)

    def is_in_renewal(self, day: date) -> bool:
        """Whether it has ended by then, and work goes on under it all the same: contracts are signed late (R25)."""
        ended = self.valid_until is not None and day > self.valid_until
        return self.goes_on and ended and (self.last_on is None or day <= self.last_on)

    def holds_on(self, day: date) -> bool:
        """Whether a ticket of that day counts under it."""
        return self.is_valid(day) or self.is_in_renewal(day)

    def is_called(self, name: str) -> bool:
        """Whether that is its name, with or without its provider's."""
        return name in (self.code, f"{self.owner}/{self.code}")


@dataclass(frozen=True, kw_only=True)
class Underpinning:
    """An agreement, one that supports it, and a target of one priority that both name."""

    promise: Agreement
    support: Agreement
    target: TargetKind
    priority: str

    def legs(self) -> list[Leg]:
        """What may pass one after the other: acceptance where the clock starts on it, the target, the reserve after."""
        below, above = self.support.terms, self.promise.terms
        amount = below.targets[self.target][self.priority]
        accepted = below.targets.get(TargetKind.ACCEPTANCE, {}).get(self.priority, NONE)
        legs = []
        if below.starts_on is StartsOn.ACCEPTED and accepted:
            work = worktime(below.calendar_of(TargetKind.ACCEPTANCE))
            legs.append(Leg(who=f"{self.support.code} (acceptance)", work=work, amount=accepted))
        legs.append(Leg(who=self.support.code, work=worktime(below.calendar_of(self.target)), amount=amount))
        reserve = above.reserve.get(self.priority)
        if reserve:
            calendar = above.reserve_calendar or above.calendar
            legs.append(Leg(who=f"{self.promise.code} (reserve)", work=worktime(calendar), amount=reserve))
        return legs

    def check(self, *, start: datetime, end: datetime) -> Support:
        """Whether the support keeps the promise from every start in the window (R21)."""
        terms = self.promise.terms
        amount = terms.targets[self.target][self.priority]
        promise = Leg(who=self.promise.code, work=worktime(terms.calendar_of(self.target)), amount=amount)
        return support(promise, self.legs(), start=start, end=end)


def underpinnings(agreements: Iterable[Agreement]) -> Iterator[Underpinning]:
    """Every promise with everything that supports it, for the targets and priorities that both name: the agreements that
    one of the two lists (R28); where there is no list, a supplier's agreement with the provider or an OLA inside it with a
    service common to both."""
    every = list(agreements)
    for promise in every:
        listed = [below for below in every if _is_listed(below, promise)]
        for below in listed or every:
            if below is promise or promise.kind is AgreementKind.OLA:
                continue
            if not (_overlap(below, promise) if listed else _supports(below, promise)):
                continue
            for target, amounts in promise.terms.targets.items():
                theirs = below.terms.targets.get(target, {})
                for priority in amounts:
                    if priority in theirs and target in _CHECKED:
                        yield Underpinning(promise=promise, support=below, target=target, priority=priority)


_CHECKED = (TargetKind.RESOLUTION, TargetKind.RESTORATION, TargetKind.ATTENDANCE)


def _is_listed(below: Agreement, promise: Agreement) -> bool:
    return any(map(below.is_called, promise.supported_by)) or any(map(promise.is_called, below.supports))


def _supports(below: Agreement, promise: Agreement) -> bool:
    provider = promise.terms.provider
    if below.kind is AgreementKind.OLA:
        underneath = below.terms.provider == provider
    else:
        underneath = below.terms.consumer == provider and below.terms.provider != promise.terms.consumer
    common = not below.services or not promise.services or below.services & promise.services
    return underneath and bool(common) and _overlap(below, promise)


def _overlap(one: Agreement, other: Agreement) -> bool:
    starts = [day for day in (one.valid_from, other.valid_from) if day is not None]
    ends = [day for day in (one.valid_until, other.valid_until) if day is not None]
    return not starts or not ends or max(starts) <= min(ends)
