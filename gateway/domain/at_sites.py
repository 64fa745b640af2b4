"""Promises that differ from site to site, by a calendar of the site or by the hours in which it can be entered (R6, R13): what they
are at one site, and whether those underneath keep them at every kind of site there is (R21)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from gateway.domain.agreement_documents import agreement_of, sheet_at
from gateway.domain.agreements import Agreement, Underpinning
from gateway.domain.model import Site
from gateway.domain.sla.support import Support
from gateway.domain.worktime import CalendarError, worktime

MOST = 8
"""Kinds of sites that are looked at: a year is a long way to go at each."""


def terms_at(
    template: Mapping[str, Any], site: Site | None, *, zone: str, at: datetime
) -> tuple[str, dict[str, Any]]:
    """(name, sheet) of what an agreement promises at a site, as of a moment. Hours of access that never meet those of the
    service narrow nothing. `zone` is for a ticket without a site, or a site without a zone."""
    name, sheet = sheet_at(template, site, zone=zone)
    if site is not None and not _opens(sheet, at):
        return sheet_at(template, replace(site, hours=""), zone=zone)
    return name, sheet


def _opens(sheet: Mapping[str, Any], at: datetime) -> bool:
    """Whether there is any time left in its targets; no hours can be read where they name several zones."""
    try:
        for calendar in agreement_of(sheet).terms.calendars.values():
            if calendar.within is not None:
                worktime(calendar).next_open(at)
    except CalendarError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Whether a promise is kept, at the worst kind of site: the code of one of them, "" where all are alike."""

    found: Support
    site: str = ""


def worst(pair: Underpinning, sites: Iterable[Site], *, start: datetime, end: datetime) -> Kept:
    """The worst of the checks of a promise, at the first `MOST` kinds of its sites; sites have their zones."""
    found = [
        Kept(found=_answer(_Question(start=start, end=end, terms=_terms(one), pair=one)), site=code)
        for code, one in _kinds(pair, sites, start).items()
    ]
    return max(found, key=lambda one: one.found.gap)


@dataclass(frozen=True, kw_only=True)
class _Question:
    """A pair over a window. Equal sheets and equal amounts have equal answers, whatever the priority is called."""

    start: datetime
    end: datetime
    terms: tuple[object, ...]
    pair: Underpinning = field(compare=False)


@lru_cache(maxsize=1024)
def _answer(question: _Question) -> Support:
    return question.pair.check(start=question.start, end=question.end)


def _terms(pair: Underpinning) -> tuple[object, ...]:
    amounts = (pair.promise.terms.targets[pair.target][pair.priority], *(leg.amount for leg in pair.legs()))
    return pair.promise.sheet, pair.support.sheet, pair.target, amounts


def _kinds(pair: Underpinning, sites: Iterable[Site], at: datetime) -> dict[str, Underpinning]:
    """Site → the pair as it is there, once for all sites at which it is the same; those of other zones first."""
    if pair.promise.template is None and pair.support.template is None:
        return {"": pair}
    found: dict[tuple[str, str], tuple[str, Underpinning]] = {}
    mine: list[Site | None] = list(_spread(_of_promise(pair.promise, sites)))
    for site in mine or [None]:
        one = replace(pair, promise=_at(pair.promise, site, at), support=_at(pair.support, site, at))
        found.setdefault((one.promise.sheet, one.support.sheet), (site.code if site is not None else "", one))
        if len(found) == MOST:
            break
    return dict(found.values())


def _of_promise(promise: Agreement, sites: Iterable[Site]) -> Iterator[Site]:
    for site in sites:
        mine = not promise.sites or site.code in promise.sites
        if mine and (not promise.groups or site.group in promise.groups):
            yield site


def _spread(sites: Iterable[Site]) -> Iterator[Site]:
    """One site of each kind, zone by zone in turn: many sites of one zone must not hide the only one of another."""
    zones: dict[str, dict[tuple[str, ...], Site]] = {}
    for site in sorted(sites, key=lambda site: (site.org_id, site.code)):
        kind = (site.country, site.subdivision, site.hours)
        zones.setdefault(site.zone, {}).setdefault(kind, site)
    for row in zip_longest(*(kinds.values() for kinds in zones.values())):
        yield from (site for site in row if site is not None)


def _at(agreement: Agreement, site: Site | None, at: datetime) -> Agreement:
    if agreement.template is None:
        return agreement
    name, sheet = terms_at(agreement.template, site, zone="UTC", at=at)
    return replace(agreement_of(sheet), sheet=name)
